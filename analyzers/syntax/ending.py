"""How a file ends: with its line, and with its brackets closed. A file that was cut off mostly does neither."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from analyzers.syntax.token_stream import PUNCTUATION, Stream

_PAIRS = ((b"(", b")"), (b"[", b"]"), (b"{", b"}"))


class Ending(NamedTuple):
    """Counts of one file."""

    ends_in_line: int  # 1 where code or comment stands behind the last line end, 0 where none does
    n_unbalanced_brackets: int  # of each kind, opened and not closed or closed and not opened; order is no matter


def measure(stream: Stream) -> Ending:
    """The ending of a file. Brackets that the grammar has within longer operators are none."""
    single = (stream.kinds == PUNCTUATION) & (stream.ends - stream.starts == 1)
    found = np.bincount(stream.data[stream.starts[single]], minlength=256)
    unbalanced = sum(abs(int(found[opening[0]]) - int(found[closing[0]])) for opening, closing in _PAIRS)
    last = stream.data[-400:].tobytes()
    return Ending(int(bool(last.rpartition(b"\n")[2].strip())), unbalanced)
