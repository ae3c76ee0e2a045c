"""Licence files by their text: SPDX's own, those of installed packages against what they declare, and composed ones."""

from __future__ import annotations

import random
from importlib import metadata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzers.licences.expression import UNKNOWN, ids, licence_class, normalise
from analyzers.licences.manifests import declared
from analyzers.licences.statement import Statement, kind_of, licence_of, of_folder, statement
from analyzers.licences.texts import recognise, spdx_texts

COMMON = Path("/usr/share/common-licenses")  # Debian's
DEBIAN = {
    "Apache-2.0",
    "Artistic",
    "BSD",
    "GPL-1",
    "GPL-2",
    "GPL-3",
    "LGPL-2",
    "LGPL-2.1",
    "LGPL-3",
    "MPL-1.1",
    "MPL-2.0",
}


def family(name: str) -> str:
    return name.removesuffix("-only").removesuffix("-or-later")


def test_every_text_of_the_list_is_found_again() -> None:
    texts = {name: text for name, text in spdx_texts().items() if len(text.split()) > 20}
    rng = random.Random(0)
    sample = [*rng.sample(sorted(texts), 120), "MIT", "Apache-2.0", "GPL-2.0-only", "LGPL-3.0-only", "BSD-3-Clause"]
    missed = [name for name in sample if family(name) not in map(family, recognise(texts[name]))]
    # Texts that differ from another one by a name or a word, and become that one.
    assert len(missed) <= 8, missed
    kinds = [(licence_class(name), licence_class((recognise(texts[name]) or (UNKNOWN,))[0])) for name in missed]
    assert all(mine == found for mine, found in kinds) or len(set(kinds)) < 5, list(zip(missed, kinds, strict=True))


def test_filled_in_and_reflowed() -> None:
    for name in (
        "MIT",
        "BSD-2-Clause",
        "BSD-3-Clause",
        "ISC",
        "Apache-2.0",
        "MPL-2.0",
        "GPL-3.0-only",
        "Zlib",
        "BSL-1.0",
    ):
        text = spdx_texts()[name].replace("<year> <owner>", "2011-2020, Ann Other and others")
        words = text.split()
        lines = [" ".join(words[at : at + 7]) for at in range(0, len(words), 7)]
        for changed in (text, "My Project\n\n" + text, "\r\n".join(lines), "\n".join(f"  {line}" for line in lines)):
            assert recognise(changed) == (name,), name


def test_several_licences_in_one_file() -> None:
    texts = spdx_texts()
    whole = "\n\n--------\n\n".join(
        ["Bundled works\n", texts["Apache-2.0"], texts["MIT"], "Some prose " * 50, texts["Zlib"]]
    )
    assert set(recognise(whole)) == {"Apache-2.0", "MIT", "Zlib"}
    assert recognise(texts["MIT"] + "\nThe Software shall be used for Good, not Evil.\n")[0] in ("JSON", "MIT")


@given(st.text(max_size=300) | st.text("abc licence.\n", max_size=600))
def test_other_text_is_no_licence(text: str) -> None:
    assert recognise(text) == ()


@pytest.mark.skipif(not COMMON.is_dir(), reason="Debian's licence texts are not installed")
def test_debian_texts() -> None:
    found = {path.name: licence_of(path.read_text()) for path in COMMON.iterdir() if path.name in DEBIAN}
    expected = {"Artistic": "Artistic-1.0-Perl", "BSD": "BSD-3-Clause", "GPL-1": "GPL-1.0", "GPL-2": "GPL-2.0",
                "GPL-3": "GPL-3.0",
                "LGPL-2": "LGPL-2.0", "LGPL-3": "LGPL-3.0"}  # fmt: skip
    assert {name: family(one) for name, one in found.items()} == {name: expected.get(name, name) for name in found}


def test_installed_packages_by_what_they_declare() -> None:
    """Of packages with one declared licence and one licence file, how many files say the same."""
    n, wrong = 0, []
    for package in metadata.distributions():
        raw = package.read_text("METADATA")
        licence = declared("METADATA", raw) if raw else None
        files = [file for file in package.files or () if ".dist-info/" in str(file) and kind_of(str(file)) == "text"]
        if licence in (None, UNKNOWN) or len(files) != 1 or len(ids(str(licence))) != 1:
            continue
        text = Path(str(package.locate_file(files[0]))).read_text(encoding="utf-8", errors="replace")
        n += 1
        if {family(one) for one in ids(licence_of(text))}.isdisjoint({family(one) for one in ids(str(licence))}):
            wrong.append((package.name, licence, licence_of(text)))
    assert n > 25
    assert len(wrong) <= 0.08 * n, wrong  # BSD by classifier, two clauses by text; texts that name and do not hold


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("LICENSE", "text"), ("a/LICENCE.md", "text"), ("COPYING", "text"), ("COPYING.LESSER", "text"),
        ("LICENSE-MIT", "text"),
        ("LICENSE_APACHE.txt", "text"), ("MIT-LICENSE", "text"), ("UNLICENSE", "text"), ("LICENSE.MIT", "text"),
        ("NOTICE", "notice"), ("NOTICE.txt", "notice"), ("THIRD_PARTY_NOTICES.md", "notice"),
        ("LICENSE.thirdparty", "notice"),
        ("package.json", "manifest"), ("x/Cargo.toml", "manifest"), ("debian/copyright", "manifest"),
        ("a.gemspec", "manifest"),
        ("license.py", None), ("src/License.java", None), ("licenses.go", None), ("x.py", None),
        ("licensing.html", None),
        ("package-lock.json", None), ("COPYRIGHT.py", None),
    ],
)  # fmt: skip
def test_kinds(path: str, kind: str | None) -> None:
    assert kind_of(path) == kind


FOLDERS = [
    ([("LICENSE", "text", "MIT")], "MIT"),
    ([("LICENSE", "text", UNKNOWN)], UNKNOWN),
    ([("NOTICE", "notice", None)], None),
    ([("LICENSE", "text", "GPL-3.0-only"), ("package.json", "manifest", "GPL-3.0-or-later")], "GPL-3.0-or-later"),
    ([("LICENSE", "text", "MIT"), ("Cargo.toml", "manifest", "Apache-2.0 OR MIT")], "Apache-2.0 OR MIT"),
    ([("LICENSE", "text", "GPL-3.0-only"), ("package.json", "manifest", "ISC")], "GPL-3.0-only AND ISC"),
    ([("LICENSE-APACHE", "text", "Apache-2.0"), ("LICENSE-MIT", "text", "MIT")], "Apache-2.0 OR MIT"),
    ([("LICENSE", "text", "MIT"), ("COPYING", "text", "Zlib")], "MIT AND Zlib"),
    ([("COPYING", "text", "GPL-3.0-only"), ("COPYING.LESSER", "text", "LGPL-3.0-only")], "LGPL-3.0-only"),
    ([("LICENSE", "text", UNKNOWN), ("setup.py", "manifest", "BSD-3-Clause")], "BSD-3-Clause"),
]


@pytest.mark.parametrize(("said", "expected"), FOLDERS)
def test_folders(said: list[tuple], expected: str | None) -> None:
    for order in (said, said[::-1]):
        assert of_folder([Statement(*one) for one in order]) == expected


def test_statements() -> None:
    assert statement("a/LICENSE", spdx_texts()["ISC"]) == Statement("LICENSE", "text", "ISC")
    assert statement("LICENSE", "Licensed under the Apache License, Version 2.0") == Statement(
        "LICENSE", "text", "Apache-2.0"
    )
    assert statement("LICENSE", "Ask me.") == Statement("LICENSE", "text", UNKNOWN)
    assert statement("package.json", "{}") is None
    assert statement("main.py", "x") is None
    llvm = (
        spdx_texts()["Apache-2.0"]
        + "\n---- LLVM Exceptions to the Apache 2.0 License ----\n"
        + "As an exception, if " * 40
    )
    assert licence_of(llvm) == "Apache-2.0 WITH LLVM-exception"
    assert normalise(licence_of(spdx_texts()["LGPL-2.1-only"])) == "LGPL-2.1-only"
