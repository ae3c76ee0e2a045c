"""How a file ends: with its line, and with its brackets closed. A file that was cut off mostly does neither."""

from __future__ import annotations

from typing import NamedTuple

from analyzers.syntax.token_stream import PUNCTUATION, Stream
from analyzers.text.kernel import kernel


class Ending(NamedTuple):
    """Counts of one file."""

    ends_in_line: int  # 1 where code or comment stands behind the last line end, 0 where none does
    n_unbalanced_brackets: int  # of each kind, opened and not closed or closed and not opened; order is no matter


@kernel
def _n_unbalanced(data, kinds, starts, ends):
    """Brackets of each kind that are opened and not closed, or the other way round."""
    rounds = squares = braces = 0
    for i in range(len(kinds)):
        if kinds[i] != PUNCTUATION or ends[i] - starts[i] != 1:
            continue
        byte = data[starts[i]]
        rounds += (byte == 40) - (byte == 41)
        squares += (byte == 91) - (byte == 93)
        braces += (byte == 123) - (byte == 125)
    return abs(rounds) + abs(squares) + abs(braces)


def measure(stream: Stream) -> Ending:
    """The ending of a file. Brackets that the grammar has within longer operators are none."""
    last = stream.data[-400:].tobytes()
    unbalanced = _n_unbalanced(stream.data, stream.kinds, stream.starts, stream.ends)
    return Ending(int(bool(last.rpartition(b"\n")[2].strip())), unbalanced)
