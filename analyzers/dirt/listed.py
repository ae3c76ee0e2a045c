"""A user's list of hashes, and which files stand in it."""

from __future__ import annotations

import hashlib
import re
from functools import cache
from itertools import pairwise
from pathlib import Path

import pyarrow as pa

from analyzers.buffers import Text, offsets_and_bytes

_LENGTHS = {32: "md5", 40: "sha1", 64: "sha256"}


@cache
def read_hashes(path: str) -> dict[str, frozenset[bytes]]:
    """Digests by algorithm, from a file with one MD5, SHA-1 or SHA-256 in hexadecimal at the start of each line.

    What follows a digest after white space is not read, nor are empty lines and those that start with #. ValueError
    names the first line that is none of these. A process reads a file once.
    """
    found: dict[str, set[bytes]] = {}
    with Path(path).open(encoding="utf-8") as lines:
        for number, line in enumerate(lines, 1):
            word = line.split(maxsplit=1)[0] if line.strip() else "#"
            if word.startswith("#"):
                continue
            if len(word) not in _LENGTHS or not re.fullmatch(r"[0-9a-fA-F]+", word):
                raise ValueError(f"{path}, line {number}: {word[:80]!r} is no MD5, SHA-1 or SHA-256 in hexadecimal")
            found.setdefault(_LENGTHS[len(word)], set()).add(bytes.fromhex(word))
    return {name: frozenset(digests) for name, digests in found.items()}


def mark_listed(content: Text, path: str) -> pa.BooleanArray:
    """Whether a row's bytes have a hash in the list; null for null.

    The bytes are those of the text as UTF-8: the file's own unless it was in another encoding or had a byte-order mark.
    """
    hashes = read_hashes(path)
    offsets, data = offsets_and_bytes(content)
    view = data.data
    found = [
        any(hashlib.new(name, view[start:end]).digest() in digests for name, digests in hashes.items())
        for start, end in pairwise(offsets.tolist())
    ]
    return pa.array(found, pa.bool_(), mask=content.is_null().to_numpy(zero_copy_only=False))
