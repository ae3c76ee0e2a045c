"""Heads of source files: tags, notices in many comment styles, copyright lines, and what says nothing."""

from __future__ import annotations

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzers.licences.copyrights import MOST_CHARS, MOST_LINES, copyright_lines
from analyzers.licences.header import HEAD_BYTES, Head, heads
from analyzers.licences.notices import noticed, tagged
from analyzers.licences.texts import spdx_texts

APACHE = (
    'Copyright 2019 Ann Other\n\nLicensed under the Apache License, Version 2.0 (the "License");\n'
    "you may not use this file except in compliance with the License.\nYou may obtain a copy of the License at\n\n"
    "    http://www.apache.org/licenses/LICENSE-2.0\n"
)
GPL = (
    "This file is part of Thing. Thing is free software; you can redistribute it and/or\n"
    "modify it under the terms of the GNU General Public\nLicense as published by the Free Software Foundation;\n"
    "either version 2 of the License, or (at your option) any later version.\n"
)
TRI = (
    'The contents of this file are subject to the Mozilla Public License Version\n1.1 (the "License"); you may not use '
    "this file except in compliance with it.\nAlternatively, the contents of this file may be used under the terms of\n"
    'either the GNU General Public License Version 2 or later (the "GPL"), or\nthe GNU Lesser General Public License '
    'Version 2.1 or later (the "LGPL")\n'
)
NOTICES = [
    (APACHE, "Apache-2.0"),
    (GPL, "GPL-2.0-or-later"),
    (TRI, "GPL-2.0-or-later OR LGPL-2.1-or-later OR MPL-1.1"),
    ("This program is free software; GNU General Public License version 2 as published.", "GPL-2.0-only"),
    ("terms of the GNU Lesser General Public License as published by the Free Software Foundation; version 2.1.",
     "LGPL-2.1-only"),
    ("This Source Code Form is subject to the terms of the Mozilla Public\nLicense, v. 2.0.", "MPL-2.0"),
    ("Use of this source code is governed by a BSD-style\nlicense that can be found in the LICENSE file.",
     "BSD-3-Clause"),
    ("Released under the MIT license", "MIT"),
    ("Distributed under the Boost Software License, Version 1.0.", "BSL-1.0"),
    ("Licensed under the Apache License, Version 2.0 or the MIT license, at your option.", "Apache-2.0 OR MIT"),
    ("This code is placed in the public domain. No license is needed.", "LicenseRef-public-domain"),
    ("Proprietary and confidential. Unauthorized copying of this file is forbidden.", "LicenseRef-proprietary"),
    ("under the Apache License v2.0 with LLVM Exceptions.", "Apache-2.0 WITH LLVM-exception"),
    ("All rights reserved, see the license file.", None),
]  # fmt: skip
STYLES = {
    "lines": lambda text: "".join(f"# {line}\n" for line in text.splitlines()) + "import os\n",
    "slashes": lambda text: "".join(f"// {line}\n" for line in text.splitlines()) + "package x;\n",
    "stars": lambda text: "/*\n" + "".join(f" * {line}\n" for line in text.splitlines()) + " */\nint x;\n",
    "block": lambda text: f"/* {text}*/\nint x;\n",
    "docstring": lambda text: f'#!/usr/bin/env python\n"""A module.\n\n{text}"""\nimport os\n',
    "markup": lambda text: f"<?xml version='1.0'?>\n<!--\n{text}-->\n<a/>\n",
    "dashes": lambda text: "".join(f"-- {line}\n" for line in text.splitlines()) + "SELECT 1;\n",
    "windows": lambda text: "".join(f"# {line}\r\n" for line in text.splitlines()) + "x = 1\r\n",
}


def head(text: str) -> Head:
    return heads(pa.array([text], pa.large_string()))[0]


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize(("notice", "expected"), NOTICES)
def test_notices_in_every_style(notice: str, expected: str | None, style: str) -> None:
    assert head(STYLES[style](notice)).licence == expected


@pytest.mark.parametrize("style", STYLES)
def test_tags_and_copyright(style: str) -> None:
    text = "SPDX-FileCopyrightText: 2020 Ann Other <ann@other.org>\nSPDX-License-Identifier: GPL-2.0+ OR mit\n"
    found = head(STYLES[style](text))
    assert found.licence == "GPL-2.0-or-later OR MIT"
    assert found.copyrights == ("SPDX-FileCopyrightText: 2020 Ann Other <ann@other.org>",)


def test_a_tag_goes_before_words_and_two_tags_bind() -> None:
    assert head(f"# SPDX-License-Identifier: MIT\n#\n{STYLES['lines'](APACHE)}").licence == "MIT"
    assert tagged("SPDX-License-Identifier: MIT\nSPDX-License-Identifier: Zlib\n") == "MIT AND Zlib"
    assert tagged("/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */") == "BSD-2-Clause OR GPL-2.0-only"


@pytest.mark.parametrize(
    "name", ["MIT", "BSD-2-Clause", "BSD-3-Clause", "BSD-4-Clause", "ISC", "0BSD", "Zlib", "Unlicense"]
)
def test_short_licences_pasted_whole(name: str) -> None:
    assert noticed(spdx_texts()[name]) == name


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x = 1\n",
        "import copy\nconfig = copy.copy(x)\n",
        "def license(self):\n    return self._license\n",
        "c",
        "c" * 9_000,
    ],
)
def test_code_says_nothing(text: str) -> None:
    assert head(text) == Head(licence=None, copyrights=())


def test_only_the_head_is_looked_at() -> None:
    late = "x = 1\n" * (HEAD_BYTES // 6 + 1) + STYLES["lines"](APACHE)
    assert head(late).licence is None


def test_rows_and_slices() -> None:
    texts = [None, STYLES["lines"](APACHE), "", STYLES["stars"](GPL), "x"]
    column = pa.array(texts, pa.large_string())
    licences = [one.licence for one in heads(column)]
    assert licences == [None, "Apache-2.0", None, "GPL-2.0-or-later", None]
    assert [one.licence for one in heads(column.slice(2))] == licences[2:]
    assert heads(column.slice(0, 0)) == []


@given(st.text("licenspdx-copyr(c) ,:*/#\n\"'GNUMITv2.0", max_size=300))
def test_nothing_raises(text: str) -> None:
    found = head(text)
    assert all(len(line) <= MOST_CHARS for line in found.copyrights)


def test_copyright_lines() -> None:
    text = (
        "Copyright (c) 2019, Ann Other\n   (c) Copyright 2020 by B. Other. All rights reserved.\n© 2021 Größe GmbH\n"
        "# Copyright (c) 2019, Ann Other\nThe above\ncopyright notice and this permission notice shall stay\n"
        "Copyright (C) <year>  <name of author>\nCopyright [yyyy] [name of copyright owner]\n"
        "copyright holder is not liable\n"
    )
    assert copyright_lines(text) == [
        "Copyright (c) 2019, Ann Other", "(c) Copyright 2020 by B. Other. All rights reserved.", "© 2021 Größe GmbH",
    ]  # fmt: skip
    many = "".join(f"Copyright {number} {'Somebody ' * 90}\n" for number in range(1_000, 1_200))
    assert len(copyright_lines(many)) == MOST_LINES
    assert max(map(len, copyright_lines(many))) <= MOST_CHARS
