"""The maintainability index of the functions of a file, 0 to 100.

    MI = max(0, 171 - 5.2 ln V - 0.23 G - 16.2 ln L) * 100 / 171

V Halstead's volume, G cyclomatic complexity, L lines of a function: Oman and Hagemeister 1992 in the form of Coleman
et al. 1994 without the part for comments, scaled to 0..100 as Visual Studio does since 2008. As there, a file has the
mean of its functions; a file without any is measured as one. Higher is better: over 20 counts as good there, under 10
as bad. Deviation: lines are all lines of a function, not lines of code alone; operators include closing brackets; a
function inside another belongs to the outer one, but for its complexity.
"""

from __future__ import annotations

from math import log
from typing import NamedTuple

import numpy as np

from analyzers.syntax.report import Report
from analyzers.syntax.token_stream import Stream
from analyzers.text.kernel import kernel


class Maintainability(NamedTuple):
    """Of functions that stand in no other; of the file itself where there is none."""

    mean: float
    lowest: float


def index(volume: float, cyclomatic: float, n_lines: int) -> float:
    """The index. A volume or number of lines under 1 counts as 1."""
    raw = 171 - 5.2 * log(max(1.0, volume)) - 0.23 * cyclomatic - 16.2 * log(max(1, n_lines))
    return max(0.0, raw) * 100 / 171


@kernel
def _volumes(hashes, first, last, table, stamps, out):
    """Halstead's volume of tokens first[i]:last[i]. `table` and `stamps` are zeroed, of a power of two long."""
    mask = np.uint64(len(table) - 1)
    for place in range(len(first)):
        different = 0
        for i in range(first[place], last[place]):
            value = hashes[i]
            slot = (value ^ (value >> np.uint64(29))) & mask
            while stamps[slot] == place + 1 and table[slot] != value:
                slot = (slot + np.uint64(1)) & mask
            if stamps[slot] != place + 1:
                stamps[slot], table[slot] = place + 1, value
                different += 1
        out[place] = (last[place] - first[place]) * np.log2(max(1, different))


def measure(stream: Stream, report: Report) -> Maintainability | None:
    """Maintainability of a file; None for a language whose functions are not measured, and for one without tokens."""
    if report.definitions is None or report.cyclomatic is None or not len(stream.kinds):
        return None
    outer = []
    last_end = -1
    for place, one in enumerate(report.definitions):
        if one.kind != "class" and one.start >= last_end:
            outer.append(place)
            last_end = one.end
    if outer:
        first, last = stream.first[outer], stream.last[outer]
        functions = [report.definitions[place] for place in outer]
        shapes = [(one.cyclomatic, one.end_line - one.start_line + 1) for one in functions]
    else:
        first, last = np.array([0]), np.array([len(stream.kinds)])
        n_lines = int((stream.data == 10).sum()) + 1
        shapes = [(report.cyclomatic + sum(one.cyclomatic - 1 for one in report.definitions), n_lines)]
    volumes = np.empty(len(first))
    size = 1 << max(4, (2 * int((last - first).max())).bit_length())
    _volumes(stream.hashes, first, last, np.zeros(size, np.uint64), np.zeros(size, np.int32), volumes)
    found = [index(volume, *shape) for volume, shape in zip(volumes.tolist(), shapes, strict=True)]
    return Maintainability(sum(found) / len(found), min(found))
