"""Licence headers: what is taken off the top, in several languages, and that nothing is ever taken beyond the file."""

from __future__ import annotations

import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from analyzers.header import HEAD_BYTES, header_end, header_ends
from analyzers.languages import LANGUAGES

PIECES = st.sampled_from(
    ["# ", "// ", "/* ", " */", "<!-- ", " -->", "-- ", '"""', "; ", "copyright ", "(c) 2020", "licence", "SPDX-", "\n",
     "\r\n", " ", "\t", "#!", "# -*- coding: utf-8 -*-", "<?php ", "x = 1", "é", "(*", "*)", "{-", "-}", "=begin", "%"]
)  # fmt: skip
HEADS = st.lists(PIECES, max_size=25).map(lambda pieces: "".join(pieces).encode()) | st.binary(max_size=80)
NAMES = st.sampled_from([row.name for row in LANGUAGES] + ["Unknown", ""])


@pytest.mark.parametrize(
    ("language", "header", "body"),
    [
        ("Python", "# Copyright 2020 me\n# All rights reserved\n", "x = 1\n"),
        ("Python", "#!/usr/bin/python\n# -*- coding: utf-8 -*-\n# Copyright 2020 me\n", "\nx = 1\n"),
        ("Python", "\n\n# SPDX-License-Identifier: MIT\n", "import os\n"),
        ("Python", "# a word first\n\n# licence: MIT\n", "\n# and now the code\nx = 1\n"),
        ("Python", "# Copyright (C) 2020", ""),
        ("Python", "", "x = 1\n# Copyright 2020\n"),  # not at the top
        ("Python", "", "# what this file does\nx = 1\n"),
        ("Python", "", ""),
        ("C", "/* Copyright 2020\n * me */", "\nint x;\n"),
        ("C", "/* (c) 2020 */ /* licensed */", " int x;\n"),
        ("C", "// Copyright 2020\n// me\n", "#include <x.h>\n"),
        ("C", "/* about */\n// Licence: MIT\n", "/* what x is */\nint x;\n"),
        ("C", "/* Copyright 2020 */", "\n/* what x is */\n/* and its licence */\nint x;\n"),
        ("C", "", "/* Copyright 2020, and never closed\nint x;\n"),
        ("C", "", 'char *s = "copyright";\n'),
        ("Java", "/* Licensed to the ASF */", "\npackage a;\n/* Copyright */\n"),
        ("HTML", "<!-- Copyright 2020 -->", "\n<html></html>\n"),
        ("PHP", "<?php\n/* Copyright 2020 */", "\n$x = 1;\n"),
        ("SQL", "-- Copyright 2020\n", "select 1;\n"),
        ("COBOL", "      * Copyright 2020\n      * me\n", "       IDENTIFICATION DIVISION.\n"),
        ("Batchfile", "@REM Copyright 2020\n", "echo\n"),
        ("JSON", "", '{"licence": "MIT"}\n'),
        ("Unknown", "", "# Copyright 2020\n"),
    ],
)
def test_what_is_header_and_what_is_not(language: str, header: str, body: str) -> None:
    assert header_end((header + body).encode(), language) == len(header.encode())


@settings(deadline=None, max_examples=400)
@given(HEADS, NAMES)
@example(b"# copyright" + b"\t" * 200, "Python")
@example(b"/*" * 100 + b"licence", "C")
def test_never_raises_and_stays_within_the_file(head: bytes, language: str) -> None:
    end = header_end(head, language)
    assert 0 <= end <= len(head)
    if end:  # what is taken off speaks of rights, and what remains is not grown by cutting it off
        assert any(word in head[:end].lower() for word in (b"copyright", b"licen", b"spdx-", b"reserved", b"(c)"))
        assert header_end(head[:end], language) == end


@settings(deadline=None)
@given(
    st.lists(st.tuples(HEADS.map(lambda head: head.decode("utf-8", "replace")), NAMES), max_size=6), st.integers(0, 6)
)
def test_a_batch_is_its_files(files: list[tuple[str, str]], first: int) -> None:
    content = pa.array([text for text, _ in files], pa.large_string()).slice(first)
    languages = [language for _, language in files][first:]
    expected = [header_end(text.encode(), language) for text, language in files[first:]]
    assert header_ends(content, languages).tolist() == expected


def test_only_the_head_is_looked_at() -> None:
    line = "# Copyright 2020\n"
    text = line * (2 * HEAD_BYTES // len(line))
    (end,) = header_ends(pa.array([text], pa.large_string()), ["Python"]).tolist()
    assert end == HEAD_BYTES
    (end,) = header_ends(pa.array([" " * HEAD_BYTES + line], pa.large_string()), ["Python"]).tolist()
    assert end == 0
