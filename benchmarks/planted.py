"""Near-duplicates with a known origin, planted into a corpus: what forks and vendored copies look like.

Every choice is a pure function of a seed and the original's path, so that the plants of a smaller corpus are among
those of a larger one. Contents are lines of bytes; no encoding is assumed.
"""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import PurePosixPath

import xxhash

MIN_ORIGINAL_BYTES = 400
FORKS = 40

COMMENT_MARKS = {
    b"//": ".c .cc .cpp .cs .cxx .d .dart .go .h .hh .hpp .java .js .jsx .kt .mjs .mm .pas .php .pp .rs .scala "
    ".scss .sol .swift .ts .tsx",
    b"#": ".bash .cmake .pl .pm .py .pyi .r .rb .sh .t .tcl .toml .yaml .yml .zsh",
    b"--": ".adb .ads .hs .lua .sql",
    b"%": ".erl .hrl .tex",
    b";;": ".clj .el .lisp .rkt .scm",
    b'"': ".vim",
}
"""Line comment mark of each extension; licence headers are planted in these files only."""

MARK_OF_SUFFIX = {suffix: mark for mark, suffixes in COMMENT_MARKS.items() for suffix in suffixes.split()}

LICENCE_NOTICES = (
    b"""Copyright (c) 2016 The Northern Lights Project. All rights reserved.
Use of this file is governed by the terms in the LICENSE file
at the top of the distribution.

SPDX-License-Identifier: BSD-3-Clause""",
    b"""Copyright 2021 Example Systems Ltd.

You may use, copy and change this file under the conditions of the Apache
License, version 2.0. It comes without warranty of any kind, to the
extent that the law permits.""",
    b"""This file belongs to a fork. It is free software: pass it on and modify it
as the GNU General Public License (version 3, or any later one) allows.
The authors are listed in the file CONTRIBUTORS.
(C) 2019 the contributors""",
)

_LICENCE_WORDS = re.compile(rb"licen[cs]e|copyright|all rights reserved", re.IGNORECASE)
_FIRST_LINE = re.compile(rb"#!|<\?|<!DOCTYPE", re.IGNORECASE)
_IDENTIFIER = re.compile(rb"(?<![A-Za-z0-9_])[A-Za-z_][A-Za-z0-9_]{2,}")
_KEYWORDS = frozenset(
    b"""
    abstract and array async await begin bool boolean break case catch char class const continue def default defer
    del delete double elif else elsif end endif enum except export extends extern false final finally float for
    foreach from func function goto has if impl implements import include inline instanceof int interface is
    lambda let local long loop map match mod module mut mutable namespace new nil none not null operator or
    package pass private proc protected pub public raise require return self set short signed sizeof static string
    struct sub super switch template then this throw throws trait true try type typedef typename typeof undefined
    union unless unsigned until use using val var virtual void volatile when where while with yield
    """.split()
)
"""Of any common language: a fork renames what its authors named."""


@dataclass(frozen=True, kw_only=True)
class Plant:
    """A planted file. `edit_rate`: lines replaced, deleted, inserted, touched or moved, over the original's lines."""

    path: str
    original: str
    kind: str
    edit_rate: float
    content: bytes


Edit = Callable[[random.Random, list[bytes], str], tuple[list[bytes], int]]


def _exact(rng: random.Random, lines: list[bytes], suffix: str) -> tuple[list[bytes], int]:
    return lines, 0


def _licence(rng: random.Random, lines: list[bytes], suffix: str) -> tuple[list[bytes], int]:
    """Changes the licence header, or adds one; files without line comments stay as they are."""
    mark = MARK_OF_SUFFIX.get(suffix)
    if mark is None:
        return lines, 0
    first = 1 if _FIRST_LINE.match(lines[0]) else 0
    end = _header_end(lines, first, mark)
    if not _LICENCE_WORDS.search(b"".join(lines[first:end])):
        end = first
    notice = [(mark + b" " + line).rstrip() + b"\n" for line in rng.choice(LICENCE_NOTICES).split(b"\n")]
    return lines[:first] + notice + lines[end:], max(len(notice), end - first)


def _header_end(lines: list[bytes], first: int, mark: bytes) -> int:
    """The line after the leading comment: line comments and blank lines, or one block comment."""
    in_block = False
    for i, line in enumerate(lines[first:], first):
        text = line.strip()
        in_block = in_block or text.startswith(b"/*")
        if in_block and b"*/" in text:
            return i + 1
        if not in_block and text and not text.startswith(mark):
            return i
    return len(lines)


def _edited(rng: random.Random, lines: list[bytes], suffix: str) -> tuple[list[bytes], int]:
    """Replaces, deletes or inserts 1 to 5 % of the lines, at least one."""
    n_edits = max(1, round(rng.uniform(0.01, 0.05) * len(lines)))
    edited = list(lines)
    for index in sorted(rng.sample(range(len(lines)), min(n_edits, len(lines))), reverse=True):
        new_line = _IDENTIFIER.sub(rb"\g<0>%02x" % rng.randrange(256), rng.choice(lines))
        edited[index : index + 1] = rng.choice(((), (new_line,), (new_line, lines[index])))
    return edited, n_edits


def _renamed(rng: random.Random, lines: list[bytes], suffix: str) -> tuple[list[bytes], int]:
    """Renames identifiers consistently until 2 to 6 % of all identifiers read differently."""
    counts = Counter(name for line in lines for name in _IDENTIFIER.findall(line))
    candidates = sorted(name for name in counts if name.lower() not in _KEYWORDS)
    rng.shuffle(candidates)
    budget = rng.uniform(0.02, 0.06) * counts.total()
    names: dict[bytes, bytes] = {}
    for name in candidates:
        if counts[name] <= budget:
            budget -= counts[name]
            names[name] = b"%s_%03x" % (name, rng.randrange(4096))
    renamed = [_IDENTIFIER.sub(lambda m: names.get(m[0], m[0]), line) for line in lines]
    return renamed, sum(a != b for a, b in zip(lines, renamed, strict=True))


def _moved(rng: random.Random, lines: list[bytes], suffix: str) -> tuple[list[bytes], int]:
    """Permutes a third of the blocks between blank lines, at least two; the first block stays on top."""
    blocks: list[list[bytes]] = [[]]
    for line in lines:
        blocks[-1].append(line)
        if not line.strip():
            blocks.append([])
    places = range(1, len(blocks) - 1)  # the last block may lack its blank line
    if len(places) < 2:
        return lines, 0
    old = rng.sample(places, max(2, len(places) // 3))
    new = old[1:] + old[:1]
    moved = dict(zip(old, new, strict=True))
    permuted = [line for i in range(len(blocks)) for line in blocks[moved.get(i, i)]]
    return permuted, sum(len(blocks[i]) for i in old)


EDITS: dict[str, Edit] = {
    "exact": _exact,
    "licence": _licence,
    "edited": _edited,
    "renamed": _renamed,
    "moved": _moved,
}


def plant(original: str, content: bytes, *, seed: int, fraction: float) -> Plant | None:
    """The planted copy of the file at `original`, or None for most files.

    A share `fraction` of the files of at least MIN_ORIGINAL_BYTES is copied. Where an edit changes nothing (no comment
    mark, one block only) the kind is "exact", as it is then.
    """
    rng = random.Random(xxhash.xxh3_64_intdigest(f"plant/{original}".encode(), seed))
    if len(content) < MIN_ORIGINAL_BYTES or rng.random() >= fraction:
        return None
    fork, kind = rng.randrange(FORKS), rng.choice(sorted(EDITS))
    lines = content.splitlines(keepends=True)
    copy_lines, n_changed = EDITS[kind](rng, lines, PurePosixPath(original).suffix)
    copy = b"".join(copy_lines)
    if copy == content:
        kind, n_changed = "exact", 0
    edit_rate = min(1.0, n_changed / len(lines))
    return Plant(path=f"forks/{fork:02d}/{original}", original=original, kind=kind, edit_rate=edit_rate, content=copy)
