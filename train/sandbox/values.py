"""How Python values cross between two processes that do not trust each other: as plain data, by value.

JSON, where an object is a tag and its content: {"t": [...]} tuple, {"d": [[key, value], ...]} dict, {"s"} set,
{"f"} frozenset, {"b": hex} bytes, {"y": hex} bytearray, {"c": [re, im]} complex, {"q": [n, d]} Fraction, {"m": text}
Decimal, {"g": [start, stop, step]} range, {"i": hex} integers beyond 63 bits. None, bool, other int, float, str and
list are themselves. A subclass crosses as its base: what it redefines, `__eq__` above all, stays behind.

Anything else stays where it is and crosses as {"r": number}, a reference; the other side asks for what it needs.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from typing import Any

MAX_DEPTH = 150


class CannotCross(Exception):
    """A value that is no plain data, where no reference can be made of it."""


def encode(value: Any, reference: Callable[[Any], int], depth: int = 0) -> Any:
    """The value as JSON-ready data; `reference` numbers what cannot be copied, or raises CannotCross."""
    if depth > MAX_DEPTH:
        raise CannotCross(f"a value nested more than {MAX_DEPTH} deep")
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        plain = int.__index__(value)
        return plain if -(1 << 63) < plain < 1 << 63 else {"i": hex(plain)}
    if isinstance(value, float):
        return float.__float__(value)
    if isinstance(value, str):
        return str.__str__(value)
    for base, tag, walk in _SEQUENCES:
        if isinstance(value, base):
            items = [encode(item, reference, depth + 1) for item in walk(value)]
            return {tag: items} if tag else items
    if isinstance(value, dict):
        pairs = dict.items(value)
        return {"d": [[encode(k, reference, depth + 1), encode(v, reference, depth + 1)] for k, v in pairs]}
    if isinstance(value, bytes | bytearray):
        return {"b" if isinstance(value, bytes) else "y": bytes(value).hex()}
    if isinstance(value, complex):
        return {"c": [value.real, value.imag]}
    if isinstance(value, Fraction):
        return {"q": [encode(part, reference) for part in (value.numerator, value.denominator)]}
    if isinstance(value, Decimal):
        return {"m": Decimal.__str__(value)}
    if isinstance(value, range):
        return {"g": [encode(part, reference) for part in (value.start, value.stop, value.step)]}
    return {"r": reference(value)}


_SEQUENCES: tuple[tuple[Any, str, Callable[[Any], Any]], ...] = (
    (list, "", list.__iter__),
    (tuple, "t", tuple.__iter__),
    (set, "s", set.__iter__),
    (frozenset, "f", frozenset.__iter__),
    (type({}.keys()), "s", iter),  # equal to sets, as they are
)


def decode(data: Any, resolve: Callable[[int], Any]) -> Any:
    """The value of JSON data; `resolve` gives what a reference stands for. Raises ValueError for what means nothing.

    The data may come from an enemy: it can build large or slow values, within the reader's limits, but only plain ones.
    """
    if isinstance(data, list):
        return [decode(item, resolve) for item in data]
    if not isinstance(data, dict):
        return data
    if len(data) != 1:
        raise ValueError("a tag and its content were expected")
    tag, content = next(iter(data.items()))
    try:
        return _decode_tagged(tag, content, resolve)
    except (TypeError, KeyError, ArithmeticError, AttributeError) as error:
        raise ValueError(f"bad content of tag {tag!r}: {type(error).__name__}") from None


def _decode_tagged(tag: str, content: Any, resolve: Callable[[int], Any]) -> Any:
    if tag in _BUILDERS:
        return _BUILDERS[tag](decode(item, resolve) for item in content)
    if tag == "d":
        return {decode(key, resolve): decode(value, resolve) for key, value in content}
    if tag == "i":
        return int(content, 16)
    if tag in ("b", "y"):
        return (bytes if tag == "b" else bytearray).fromhex(content)
    if tag == "c":
        return complex(*map(float, content))
    if tag == "q":
        return Fraction(*(decode(part, resolve) for part in content))
    if tag == "m":
        return Decimal(content)
    if tag == "g":
        return range(*(decode(part, resolve) for part in content))
    if tag == "r":
        return resolve(content)
    raise ValueError(f"unknown tag {tag!r}")


_BUILDERS: dict[str, Callable[[Any], Any]] = {"t": tuple, "s": set, "f": frozenset}
