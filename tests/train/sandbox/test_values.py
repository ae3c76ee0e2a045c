"""What crosses between program and checker arrives as it was, and arrives as plain data."""

from __future__ import annotations

import json
from collections import Counter, OrderedDict, namedtuple
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from train.sandbox import frames, values

plain = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | st.binary()
plain |= st.fractions() | st.decimals(allow_nan=False) | st.complex_numbers(allow_nan=False)
hashable = st.recursive(plain, lambda inner: st.tuples(inner, inner) | st.frozensets(inner), max_leaves=5)
anything = st.recursive(
    hashable,
    lambda inner: st.lists(inner) | st.dictionaries(hashable, inner) | st.sets(hashable) | st.tuples(inner),
    max_leaves=10,
)


def refuse(value: Any) -> int:
    raise values.CannotCross(type(value).__name__)


def crossed(value: Any) -> Any:
    data = json.loads(json.dumps(values.encode(value, refuse)))
    return values.decode(data, [].__getitem__)


@given(anything)
def test_plain_data_arrives_as_it_was(value: Any) -> None:
    arrived = crossed(value)
    assert arrived == value
    assert type(arrived) is type(value)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (Counter("aab"), {"a": 2, "b": 1}),
        (OrderedDict([("x", 1)]), {"x": 1}),
        (namedtuple("P", "x y")(1, 2), (1, 2)),
        (True, True),
        ({"a": 1}.keys(), {"a"}),
        (range(1, 9, 3), range(1, 9, 3)),
        (bytearray(b"x"), bytearray(b"x")),
        (1 << 5000, 1 << 5000),
        (Fraction(1, 3), Fraction(1, 3)),
        (Decimal("1.10"), Decimal("1.10")),
        ("\ud800", "\ud800"),
        (float("-inf"), float("-inf")),
    ],
)
def test_a_subclass_arrives_as_its_base(value: Any, expected: Any) -> None:
    arrived = crossed(value)
    assert arrived == expected
    assert type(arrived) is type(expected)


def test_what_a_class_redefines_stays_behind() -> None:
    class Evil(int):
        def __eq__(self, other: object) -> bool:
            return True

        __hash__ = int.__hash__

    assert Evil(0) == 5
    assert crossed(Evil(0)) != 5


def test_an_object_is_refused_or_referred_to() -> None:
    with pytest.raises(values.CannotCross, match="object"):
        values.encode([object()], refuse)
    assert values.encode([object()], lambda value: 7) == [{"r": 7}]
    nested: list[Any] = []
    for _ in range(1000):
        nested = [nested]
    with pytest.raises(values.CannotCross, match="nested"):
        values.encode(nested, refuse)


@pytest.mark.parametrize(
    "data",
    [{"x": 1}, {}, {"t": 5}, {"s": [[1]]}, {"d": [[1]]}, {"i": "0xzz"}, {"b": "x"}, {"q": [1, 0]}, {"m": "one"},
     {"g": [1, 2, 0]}, {"t": [1], "s": [2]}, {"r": "x"}, {"i": 5}],
)  # fmt: skip
def test_what_means_nothing_is_a_value_error(data: Any) -> None:
    with pytest.raises(ValueError):
        values.decode(data, [].__getitem__)


@pytest.mark.parametrize("body", [b"", b"{", b"\xff\xfe", b"[" * 100_000, b"nul"])
def test_a_frame_that_is_no_json_is_broken(body: bytes) -> None:
    with pytest.raises(frames.BrokenFrame):
        frames.parse(body)
