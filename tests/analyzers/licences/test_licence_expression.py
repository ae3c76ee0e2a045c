"""SPDX expressions: one way of writing, deprecated and everyday names, and the algebra of classes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzers.licences.expression import CLASSES, UNKNOWN, joined, licence_class, normalise, table
from analyzers.licences.texts import spdx_texts

CASES = [
    ("MIT", "MIT", "permissive"),
    ("mit", "MIT", "permissive"),
    ("Apache 2.0", "Apache-2.0", "permissive"),
    ("The MIT License (MIT)", "MIT", "permissive"),
    ("License :: OSI Approved :: Apache Software License", "Apache-2.0", "permissive"),
    ("GPL-2.0", "GPL-2.0-only", "copyleft"),  # deprecated
    ("GPL-2.0+", "GPL-2.0-or-later", "copyleft"),
    ("LGPL-2.1+", "LGPL-2.1-or-later", "weak_copyleft"),
    ("GPL-2.0-with-classpath-exception", "GPL-2.0-only WITH Classpath-exception-2.0", "weak_copyleft"),
    ("eCos-2.0", "GPL-2.0-or-later WITH eCos-exception-2.0", "weak_copyleft"),
    ("Apache-2.0 WITH LLVM-exception", "Apache-2.0 WITH LLVM-exception", "permissive"),
    ("GPL-2.0-only WITH Made-up-exception", "GPL-2.0-only", "copyleft"),
    ("GNU General Public License v3 or later (GPLv3+)", "GPL-3.0-or-later", "copyleft"),
    ("GNU Lesser General Public License v2 or later (LGPLv2+)", "LGPL-2.0-or-later", "weak_copyleft"),
    ("GNU Affero General Public License v3", "AGPL-3.0-only", "copyleft"),
    ("GPLv2", "GPL-2.0-only", "copyleft"),
    ("MIT/Apache-2.0", "Apache-2.0 OR MIT", "permissive"),
    ("BSD or Apache License, Version 2.0", "Apache-2.0 OR BSD-3-Clause", "permissive"),
    ("(MIT OR GPL-3.0) AND Zlib", "(GPL-3.0-only OR MIT) AND Zlib", "permissive"),
    ("MIT AND MPL-2.0", "MIT AND MPL-2.0", "weak_copyleft"),
    ("MPL-2.0 AND AGPL-3.0-only", "AGPL-3.0-only AND MPL-2.0", "copyleft"),
    ("Apache-2.0+", "Apache-2.0", "permissive"),
    ("LicenseRef-Our-Own", "LicenseRef-Our-Own", "unknown"),
    ("MIT OR LicenseRef-Our-Own", "LicenseRef-Our-Own OR MIT", "permissive"),
    ("MIT AND LicenseRef-Our-Own", "LicenseRef-Our-Own AND MIT", "unknown"),
    ("CC-BY-NC-4.0", "CC-BY-NC-4.0", "proprietary"),
    ("BUSL-1.1", "BUSL-1.1", "proprietary"),
    ("Proprietary", "LicenseRef-proprietary", "proprietary"),
    ("public domain", "LicenseRef-public-domain", "permissive"),
    ("NONE", None, "none"),
    ("  ", None, "none"),
    ("MIT OR", UNKNOWN, "unknown"),
    ("((((", UNKNOWN, "unknown"),
    ("see the website", UNKNOWN, "unknown"),
]


@pytest.mark.parametrize(("text", "expected", "kind"), CASES)
def test_normalise_and_class(text: str, expected: str | None, kind: str) -> None:
    assert normalise(text) == expected
    assert licence_class(expected) == kind
    assert expected is None or normalise(expected) == expected


def test_every_identifier_of_the_list_has_a_class_and_stands_as_it_is() -> None:
    known = [name for name in spdx_texts() if name.lower() in table()]
    assert len(known) > 0.97 * len(spdx_texts())  # the two packages follow the list at their own pace
    assert [name for name in known if normalise(name) != name] == []
    kinds = [licence_class(name) for name in known]
    assert {kind: kinds.count(kind) > 20 for kind in ("permissive", "weak_copyleft", "copyleft", "proprietary")} == {
        "permissive": True, "weak_copyleft": True, "copyleft": True, "proprietary": True,
    }  # fmt: skip
    assert kinds.count("unknown") < 10


LEAVES = st.sampled_from(
    ["MIT", "Zlib", "MPL-2.0", "GPL-3.0-only", "LicenseRef-x", "BUSL-1.1", "GPL-2.0-only WITH Classpath-exception-2.0"]
)
TREES = st.recursive(LEAVES, lambda inner: st.tuples(inner, st.sampled_from(["AND", "OR"]), inner), max_leaves=6)


def written(tree: object) -> str:
    return tree if isinstance(tree, str) else f"({written(tree[0])}) {tree[1]} ({written(tree[2])})"  # type: ignore[index]


def place(tree: object) -> int:
    """The class by its definition: of AND the strictest, of OR the freest."""
    if isinstance(tree, str):
        return CLASSES.index(licence_class(tree))
    left, operator, right = tree  # type: ignore[misc]
    return (max if operator == "AND" else min)(place(left), place(right))


@given(TREES)
def test_class_is_that_of_the_definition(tree: object) -> None:
    expression = normalise(written(tree))
    assert expression is not None
    assert CLASSES.index(licence_class(expression)) == place(tree)
    assert normalise(expression) == expression


@given(LEAVES, LEAVES, LEAVES)
def test_algebra(a: str, b: str, c: str) -> None:
    def kind(*parts: str, operator: str) -> str:
        return licence_class(normalise(f" {operator} ".join(parts)))

    for operator in ("AND", "OR"):
        assert kind(a, b, operator=operator) == kind(b, a, operator=operator)
        assert kind(a, a, operator=operator) == licence_class(a)
        assert kind(a, b, c, operator=operator) == kind(c, a, b, operator=operator)
    assert licence_class(f"{a} AND ({a} OR {b})") == licence_class(a)  # absorption


@given(
    st.text(max_size=80) | st.text("MITANDORWH()-+.0123 ", max_size=80) | st.just("(" * 900) | st.just("MIT AND " * 120)
)
def test_no_text_raises(text: str) -> None:
    found = normalise(text)
    assert found is None or licence_class(found) in CLASSES
    assert licence_class(text) in CLASSES


def test_joined() -> None:
    assert joined([], "AND") is None
    assert joined(["MIT", "MIT"], "AND") == "MIT"
    assert joined(["Zlib", "MIT OR ISC"], "AND") == "(MIT OR ISC) AND Zlib"
    assert joined(["Zlib", "MIT AND ISC"], "OR") == "(MIT AND ISC) OR Zlib"
    assert joined([f"LicenseRef-{n}" for n in range(500)], "AND") == UNKNOWN
