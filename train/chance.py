"""Chance of a single thing: a number that depends on a seed and a name of the thing, and on nothing drawn before."""

from __future__ import annotations

from train.order import key_of


def chance(seed: int, *place: int | str) -> float:
    """A number in [0, 1)."""
    return (key_of(seed, *place) >> 11) * 2.0**-53


def copies(factor: float, seed: int, *place: int | str) -> int:
    """How often a thing is taken that should be taken `factor` times on average: its floor, or one more."""
    whole = int(factor)
    return whole + (chance(seed, *place) < factor - whole)
