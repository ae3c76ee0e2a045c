"""Small corpora with near-duplicates of every degree, a pure function of a random generator."""

from __future__ import annotations

import random


def edited(chance: random.Random, words: list[str], n_edits: int) -> str:
    """Words with some of them replaced, joined by what separates tokens."""
    words = list(words)
    for _ in range(n_edits):
        words[chance.randrange(len(words))] = f"new{chance.getrandbits(32)}"
    return "".join(word + chance.choice([" ", "\n", "(", ".\t"]) for word in words)


def family(chance: random.Random, n: int) -> list[str]:
    """Texts of a few ancestors of 6 to 120 words, with up to 5 edits; some too short to have a shingle."""
    ancestors = [[f"w{chance.getrandbits(20)}" for _ in range(chance.choice([6, 30, 60, 120]))] for _ in range(4)]
    ancestors.append(["only", "three", "words"])
    return [edited(chance, chance.choice(ancestors), chance.choice([0, 0, 1, 1, 2, 3, 5])) for _ in range(n)]


def chain(n: int) -> list[str]:
    """Every text resembles the next ones and none that is far: a window of 60 words that moves on by 4."""
    return [" ".join(f"w{i}" for i in range(4 * first, 4 * first + 60)) for first in range(n)]
