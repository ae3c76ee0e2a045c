"""Rows of tokens that are equal where renaming makes them so, as a rolling hash.

A name counts only by how many tokens ago it stood in the window before, or that it did not (Baker, "A theory of
parameterized pattern matching", 1993). A token that leaves the window takes the count of its name's next place with it:
that is put right when it leaves, so that a step costs the same however wide the window is.
"""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from dedup.kernel import inlined, mix
from dedup.tokens import tokenize

FIXED = """
abstract and as assert async await bool boolean break case catch class const constexpr continue def default defer del
delete do double elif else elsif enum except export extends extern fallthrough false final finally float for foreach
from func function global go goto if implements import in include instanceof int interface is lambda let long namespace
new nil none nonlocal not null nullptr operator or package pass private protected public raise return short signed
static struct super switch template this throw throws true try typedef typename typeof union unless unsigned until using
var virtual void volatile while with yield
""".split()  # noqa: SIM905  (a list of ninety lines)
"""Words that keep their spelling when a copy is renamed, in small letters: of Python, C, C++, Java, JavaScript, Go and
their kin. Names of libraries are not among them, as `sum` and `list` are also what people call variables."""

RING = 64
"""Tokens that are remembered; a window is narrower."""
_SLOTS = 1_024
_FACTOR = 0x9E3779B97F4A7C15
_DISTANCE = 0xD1342543DE82EF95
_SALT = np.uint64(0xD6E8FEB86659FD93)


class NameTables(NamedTuple):
    """What is looked up."""

    fixed: np.ndarray  # uint64[_SLOTS], hashes of FIXED in open addressing; 0 is empty
    distances: np.ndarray  # uint64[RING], what a name counts that stood so many tokens ago; 0: that did not
    powers: np.ndarray  # uint64[RING] of the rolling factor


class Names(NamedTuple):
    """The last tokens, token n at n mod RING."""

    names: np.ndarray  # uint64[RING]; 0 for what is no name
    counted: np.ndarray  # uint64[RING], what each counts in the window
    alone: np.ndarray  # uint64[RING], what it counts once its name's earlier place has left
    later: np.ndarray  # int64[RING], where the name stands next; -1: not yet
    places: np.ndarray  # int64[256], where a name of this low byte stood last


@cache
def name_tables() -> NameTables:
    """The ones."""
    fixed = np.zeros(_SLOTS, np.uint64)
    for word in tokenize(pa.array([" ".join(FIXED)], pa.large_string())).hashes:
        slot = int(word) % _SLOTS
        while fixed[slot]:
            slot = (slot + 1) % _SLOTS
        fixed[slot] = word
    distances = [pow(_DISTANCE, n + 3, 1 << 64) for n in range(RING)]
    powers = [pow(_FACTOR, n, 1 << 64) for n in range(RING)]
    return NameTables(fixed, np.array(distances, np.uint64), np.array(powers, np.uint64))


def names() -> Names:
    """New ones."""
    rings = [np.zeros(RING, np.uint64) for _ in range(3)]
    return Names(rings[0], rings[1], rings[2], np.zeros(RING, np.int64), np.zeros(256, np.int64))


@inlined
def forget(names):
    """Before the first token of a file."""
    for k in range(256):
        names.places[k] = -RING


@inlined
def is_fixed(word, tables):
    """Whether a token's hash is that of one of FIXED."""
    slot = word & np.uint64(_SLOTS - 1)
    while tables.fixed[slot] != 0:
        if tables.fixed[slot] == word:
            return True
        slot = (slot + np.uint64(1)) & np.uint64(_SLOTS - 1)
    return False


@inlined
def _place(word, n, width, names):
    """Where a name stood before token n, within the window; n - width or less: nowhere."""
    low = word & np.uint64(255)
    place = names.places[low]
    names.places[low] = n
    if place <= n - width or names.names[place & (RING - 1)] == word:
        return place
    for earlier in range(place - 1, max(n - width, -1), -1):  # another name of this low byte stood here since
        if names.names[earlier & (RING - 1)] == word:
            return earlier
    return np.int64(-RING)


@inlined
def rolled(word, keeps, signs, n, width, roll, tables, names):
    """The hash after one more token, the n-th of its file from 0. `keeps`: it counts as written; `signs`: a hash of
    those before it."""
    if n >= width:
        leaving = (n - width) & (RING - 1)
        roll -= names.counted[leaving] * tables.powers[width - 1]
        later = names.later[leaving]
        if later >= 0:
            at = later & (RING - 1)
            roll += (names.alone[at] - names.counted[at]) * tables.powers[n - 1 - later]
            names.counted[at] = names.alone[at]
    here = n & (RING - 1)
    names.later[here] = -1
    if keeps:
        names.names[here] = 0
        counted = mix(word ^ signs)
    else:
        names.names[here] = word
        names.alone[here] = mix(tables.distances[0] ^ signs)
        place = _place(word, n, width, names)
        distance = 0
        if place > n - width:
            names.later[place & (RING - 1)] = n
            distance = n - place
        counted = mix(tables.distances[distance] ^ signs)
    names.counted[here] = counted
    return roll * np.uint64(_FACTOR) + counted


@inlined
def window_hash(roll):
    """Of the window that ends here; never that of a window of words as written, but by chance."""
    return mix(roll ^ _SALT)
