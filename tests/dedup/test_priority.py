"""Keeper priority: which licence and which stars go first, and that it is one total order of coarse classes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dedup.priority import CLASSES, PERMISSIVE, STAR_EDGES, licence_class, rank

LICENCES = st.none() | st.sampled_from(["", "MIT", "GPL-3.0-only", "Proprietary", "MIT AND Apache-2.0", "LGPL-2.1+"])
STARS = st.none() | st.integers(0, 2**31 - 1)


@pytest.mark.parametrize(
    ("licence", "expected"),
    [
        (None, "none"),
        ("", "none"),
        ("MIT", "permissive"),
        ("mit", "permissive"),
        ("Apache-2.0", "permissive"),
        ("BSL-1.0", "permissive"),  # Boost, not the Business Source License
        ("BUSL-1.1", "other"),
        ("GPL-2.0", "copyleft"),
        ("GPL-2.0-only WITH Classpath-exception-2.0", "copyleft"),
        ("Apache-2.0 WITH LLVM-exception", "permissive"),
        ("Apache-2.0 WITH LLVM-exception AND Proprietary", "other"),
        ("AGPL-3.0-or-later", "copyleft"),
        ("LGPL-2.1", "copyleft"),
        ("MPL-2.0", "copyleft"),
        ("CC-BY-SA-4.0", "copyleft"),
        ("CC-BY-NC-4.0", "other"),
        ("LicenseRef-scancode-commercial", "other"),
        ("MIT AND Apache-2.0", "permissive"),
        ("MIT AND GPL-3.0", "copyleft"),
        ("(MIT OR Apache-2.0) AND Unlicense", "permissive"),
        ("MIT AND Proprietary", "other"),
        ("GPL-3.0 AND Proprietary", "other"),
    ],
)
def test_classes_of_licences(licence: str | None, expected: str) -> None:
    assert licence_class(licence) == expected


def test_every_permissive_licence_is_spelt_as_it_is_looked_up() -> None:
    assert {name for name in PERMISSIVE if licence_class(name.upper()) != "permissive"} == set()


def test_the_order_of_worked_examples() -> None:
    """Licence before stars, more stars before fewer, nothing within a bucket."""
    ordered: list[tuple[str | None, int | None]]
    ordered = [("MIT", 5000), ("MIT", 1000), ("MIT", 999), ("MIT", 10), ("MIT", 9), ("MIT", 0), ("MIT", None)]
    ordered += [
        ("GPL-3.0", 5000),
        ("GPL-3.0", 0),
        (None, 5000),
        (None, None),
        ("Proprietary", 5000),
        ("Proprietary", 0),
    ]
    found = rank([licence for licence, _ in ordered], [stars for _, stars in ordered])
    assert found.tolist() == [0, 0, 1, 2, 3, 4, 4, 5, 9, 10, 14, 15, 19]
    assert found.dtype == np.int32


@given(st.lists(st.tuples(LICENCES, STARS), max_size=20))
def test_a_rank_is_a_file_s_own_and_keeps_class_and_stars_in_order(files: list) -> None:
    found = rank([licence for licence, _ in files], [stars for _, stars in files]).tolist()
    alone = [int(rank([licence], [stars])[0]) for licence, stars in files]
    assert found == alone
    assert all(0 <= one < len(CLASSES) * (len(STAR_EDGES) + 1) for one in found)
    for (licence, stars), one in zip(files, found, strict=True):
        for (other_licence, other_stars), other in zip(files, found, strict=True):
            classes = [CLASSES.index(licence_class(which)) for which in (licence, other_licence)]
            if classes[0] < classes[1] or (classes[0] == classes[1] and (stars or 0) > (other_stars or 0)):
                assert one <= other
            if classes[0] < classes[1]:
                assert one < other
