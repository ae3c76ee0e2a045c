"""Whether an identifier is made of words: by how its letters follow each other.

A name is cut into parts at _, digits and changes of case; every three letters of a part, with its ends, have a log-odds
in a table of 27 ** 3: how much likelier they are in names of real packages than in the same names mangled. The mean
over the name decides. The table and the threshold are made by `python -m benchmarks.identifier_words`, which also says
how well it does. Known gap: words of other languages than English in Latin letters, and abbreviations without vowels
(ctxt, msghdr), are judged by what programmers mostly write.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from analyzers.text.kernel import inlined, kernel

TABLE = Path(__file__).with_name("trigrams.bin")
N_LETTERS = 27  # the end of a part, a to z
MIN_LETTERS = 3  # of a name with fewer it cannot be said
SCALE = 16  # a unit of the table is 1/16 bit
THRESHOLD = 0.0  # mean log-odds, in units of the table, below which a name is no word


@cache
def log_odds() -> np.ndarray:
    """The table, int8, shape (27 ** 3,)."""
    return np.frombuffer(TABLE.read_bytes(), np.int8)


@inlined
def score(data, start, end, table):
    """Mean log-odds of a name's trigrams, and how many letters it has; 0 letters where one is outside ASCII."""
    total, n_letters = 0, 0
    first, second = 0, 0  # the two letters before, 0 for the end of a part
    for i in range(start, end + 1):
        byte: Any = np.int64(data[i]) if i < end else np.int64(95)
        if byte >= 128:
            return 0.0, 0
        is_upper = 65 <= byte <= 90
        letter = (byte | 32) - 96 if is_upper or 97 <= byte <= 122 else 0
        cut = letter == 0
        if is_upper and second and i > start:
            before_lower = 97 <= data[i - 1] <= 122
            after_lower = i + 1 < end and 97 <= data[i + 1] <= 122
            cut = before_lower or after_lower
        if cut and second:
            total += table[(first * 27 + second) * 27]
            first = second = 0
        if letter:
            n_letters += 1
            if second:
                total += table[(first * 27 + second) * 27 + letter]
            first, second = second, letter
    return (total / n_letters if n_letters else 0.0), n_letters


@kernel
def _fill_scores(data, starts, ends, table, out):
    for name in range(len(starts)):
        out[name], n_letters = score(data, starts[name], ends[name], table)
        if n_letters < MIN_LETTERS:
            out[name] = np.nan


def scores(names: Sequence[bytes], table: np.ndarray | None = None) -> np.ndarray:
    """Mean log-odds of each name, float64, in units of the table; nan for one that cannot be judged."""
    ends = np.cumsum([len(name) for name in names], dtype=np.int64)
    starts = ends - np.array([len(name) for name in names], np.int64)
    out = np.empty(len(names))
    _fill_scores(np.frombuffer(b"".join(names), np.uint8), starts, ends, log_odds() if table is None else table, out)
    return out
