"""Packed tokens as a token file of datatrove, which its data sets and the trainers that use them read.

    NAME.ds            all tokens, little-endian: uint16, or uint32 where the vocabulary has more than 65,536 ids
    NAME.ds.index      where each document ends, in tokens, little-endian uint64
    NAME.ds.metadata   the tokenizer's hash and the bytes a token, the number of tokens, and the same for people

The layout is that of datatrove 0.10's pipeline/tokens/tokenizer.py; its readers want the size of a token named.
"""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

from train.packed import Packed

NAME = "00000_tokens.ds"  # datatrove's RANK_NAME: a folder of several is read in this order
_NARROW = 1 << 16  # ids that fit into two bytes
_AT_ONCE = 1 << 22  # tokens
_PREFIXES = ("", "k", "M", "G", "T", "P")


def write_token_file(packed: Packed, folder: str | Path) -> Path:
    """Write a folder of packed tokens as one token file, its metadata last; gives the token file's path."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / NAME
    kind = np.dtype("<u2" if packed.n_ids <= _NARROW else "<u4")
    about = path.with_name(f"{NAME}.metadata")
    about.unlink(missing_ok=True)
    with path.open("wb") as file:
        for start in range(0, packed.n_tokens, _AT_ONCE):
            packed.tokens[start : start + _AT_ONCE].astype(kind).tofile(file)
    (packed.starts + packed.lengths).astype("<u8").tofile(path.with_name(f"{NAME}.index"))
    name = packed.meta["tokenizer_hash"] or "Unknown Tokenizer"
    part = path.with_name(f"{NAME}.metadata.part")
    lines = (f"{name}|{kind.itemsize}", str(packed.n_tokens), _told(packed.n_tokens))
    part.write_text("\n".join(lines), encoding="utf-8")
    os.replace(part, about)
    return path


def _told(n_tokens: int) -> str:
    """Three digits and a prefix: 1.23 MT."""
    digits = len(str(n_tokens)) - 1
    thousands = min(digits // 3, len(_PREFIXES) - 1)
    return f"{n_tokens / 1000**thousands:.{max(0, 2 - digits + 3 * thousands)}f} {_PREFIXES[thousands]}T"
