"""The definitions, slowly, in plain Python, and the inputs on which kernels must agree with them."""

from __future__ import annotations

import re

import numpy as np
import pyarrow as pa
from hypothesis import strategies as st

from dedup.shingles import ShingleSets
from dedup.tokens import CHUNK_BYTES, Tokenizer, tokenize

_ALL = (1 << 64) - 1
_LEADS = rb"[\xe3-\xed\xf0](?=[\x80-\xbf])"
_WORD = re.compile(rb"%s[\x80-\xbf]*|(?:(?!%s)[A-Za-z0-9_\x80-\xff])+" % (_LEADS, _LEADS))
_SPLIT = re.compile(rb"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|_+")

BYTES = st.lists(
    st.binary(max_size=6)
    | st.text("aZb9_ \n.éя中文한\U00020000", max_size=12).map(str.encode)
    | st.sampled_from([b"parseJson", b"HTTPServer", b"\xe4\xb8", b"\xed", b"\xf0\x80", b"\x80\x80", b"x" * 600]),
    max_size=12,
).map(b"".join)
TOKENIZERS = st.builds(Tokenizer, lower=st.booleans(), split_identifiers=st.booleans())
FILLERS = st.integers(500, 530) | st.integers(CHUNK_BYTES - 20, CHUNK_BYTES + 20)
"""Plain text up to the edge of a segment or a chunk, so that what follows lies across it."""
LONG = st.lists(st.tuples(FILLERS, BYTES), min_size=1, max_size=3).map(
    lambda parts: b"".join((b"ab c,dEf " * (n // 9 + 1))[:n] + rest for n, rest in parts)
)


def column(*texts: str | bytes) -> pa.LargeBinaryArray:
    """Texts as kernels take them."""
    return pa.array([text.encode() if isinstance(text, str) else text for text in texts], pa.large_binary())


def tokens(text: bytes, tokenizer: Tokenizer) -> list[bytes]:
    """By regular expression."""
    found = _WORD.findall(text)
    if tokenizer.split_identifiers:
        found = [part for token in found for part in _SPLIT.split(token) if part]
    return found


def mixed(word: int) -> int:
    """splitmix64's finaliser."""
    word = (word ^ (word >> 30)) * 0xBF58476D1CE4E5B9 & _ALL
    word = (word ^ (word >> 27)) * 0x94D049BB133111EB & _ALL
    return word ^ (word >> 31)


def shingles(text: bytes, tokenizer: Tokenizer, width: int) -> list[int]:
    """From the hashes of the tokens, each window by itself."""
    hashes = [int(one) for one in tokenize(column(text), tokenizer).hashes]
    found = []
    for first in range(len(hashes) - width + 1):
        window = 0
        for age, token in enumerate(reversed(hashes[first : first + width])):
            turn = 13 * age % 64
            window ^= (token << turn | token >> (64 - turn)) & _ALL
        found.append(mixed(window))
    return found


def majority(hashes: list[int]) -> int:
    """SimHash bit by bit."""
    return sum(1 << bit for bit in range(64) if 2 * sum(h >> bit & 1 for h in hashes) > len(hashes))


def as_sets(sets: list[set[int]]) -> ShingleSets:
    """Sorted runs."""
    sizes = np.cumsum([0] + [len(one) for one in sets])
    return ShingleSets(sizes, np.array([h for one in sets for h in sorted(one)], np.uint64))


def similarity(a: set[int], b: set[int]) -> float:
    """Jaccard."""
    return len(a & b) / len(a | b)
