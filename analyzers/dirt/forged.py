"""Special tokens that content spells out, broken so that text cannot pass for structure.

A blank goes in before a token's last character: `<|im_start|>` becomes `<|im_start| >`. A string stays a string and a
tag a tag (`<file_sep >`): what was code still parses. Every occurrence is broken, overlapping ones too, and no token
holds white space, so what comes out has none, and a second pass changes nothing.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from functools import cache
from itertools import pairwise
from typing import Any

import pyarrow as pa

from analyzers.automaton import automaton
from analyzers.buffers import Text, offsets_and_bytes
from analyzers.rows import with_rows

KIND = "special_token"
_MIN_BYTES = 3

Mark = dict[str, Any]
"""kind, start, end: a row's entry in `redactions`."""


def check_tokens(tokens: tuple[str, ...]) -> None:
    """ValueError where one of the tokens could not be broken: shorter than three bytes, or with white space in it."""
    for token in tokens:
        if len(token.encode()) < _MIN_BYTES or re.search(r"\s", token) or not token.isascii():
            raise ValueError(f"special token {token!r} must have three or more ASCII characters and no white space")


@cache
def _engine(tokens: tuple[str, ...]) -> Any:
    """All tokens as one automaton of literals."""
    return automaton([re.escape(token).encode() for token in tokens])


def _found(row: memoryview, tokens: tuple[str, ...]) -> list[tuple[int, int]]:
    """(start, end) of every token in a file, in order of their ends."""
    places: list[tuple[int, int]] = []

    def note(number: int, _start: int, end: int, _flags: int, _context: object) -> None:
        places.append((end - len(tokens[number]), end))

    _engine(tokens).scan(row, match_event_handler=note)
    return sorted(set(places), key=lambda place: place[1]) if places else places


def broken(row: bytes, places: list[tuple[int, int]], marks: list[Mark]) -> tuple[bytes, list[Mark]]:
    """A file with the tokens at these places broken, and its marks moved along, with one more for each token."""
    cuts = sorted({end - 1 for _, end in places})
    edges = [0, *cuts, len(row)]
    text = b" ".join(row[start:end] for start, end in pairwise(edges))
    moved = [
        {
            **mark,
            "start": mark["start"] + bisect_right(cuts, mark["start"]),
            "end": mark["end"] + bisect_left(cuts, mark["end"]),
        }
        for mark in marks
    ]
    added = [
        {"kind": KIND, "start": start + bisect_left(cuts, start), "end": end + bisect_left(cuts, end)}
        for start, end in places
    ]
    return text, sorted([*moved, *added], key=lambda mark: (mark["start"], mark["end"]))


def neutralise(content: Text, tokens: tuple[str, ...], redactions: pa.Array) -> tuple[Text, pa.Array]:
    """(new content, redactions with a `special_token` more for each that was broken) of a column and its redactions.

    The types are those that came in. A null row stays null.
    """
    if not tokens:
        return content, redactions
    offsets, data = offsets_and_bytes(content)
    view = data.data
    changed: dict[int, bytes | None] = {}
    marks: list[list[Mark] | None] = []
    for row, (start, end) in enumerate(pairwise(offsets.tolist())):
        if places := _found(view[start:end], tokens):
            marks = marks or redactions.to_pylist()
            changed[row], marks[row] = broken(view[start:end].tobytes(), places, marks[row] or [])
    return with_rows(content, changed), pa.array(marks, redactions.type) if changed else redactions
