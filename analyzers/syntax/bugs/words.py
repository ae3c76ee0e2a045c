"""Where every name of a file stands, and where the same name stands next and before: what "unused" is decided by.

A name that is declared and never written again in its scope is unused, whatever the language's rules of scope say: so
the tree is asked for declarations only, and one kernel over the bytes links equal words. Words inside comments are
left out, words inside strings are not (formats and interpolations use what they name). This errs on the side of "used":
a field or another function's variable of the same name in the scope hides an unused one.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from functools import cache
from itertools import chain

import numpy as np

from analyzers.text.kernel import kernel

_WORD, _DIGIT = 1, 2


@cache
def _classes(extras: bytes) -> np.ndarray:
    classes = np.zeros(256, np.uint8)
    for byte in b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_" + extras + bytes(range(128, 256)):
        classes[byte] = _WORD
    classes[48:58] = _WORD | _DIGIT
    return classes


@kernel
def _find(data, classes, gaps, starts, hashes):
    """Starts and hashes of all words outside the gaps; gives how many. Numbers are none."""
    end = len(data)
    n_words = gap = i = 0
    while i < end:
        while gap < len(gaps) and gaps[gap, 1] <= i:
            gap += 1
        if gap < len(gaps) and gaps[gap, 0] <= i:
            i = gaps[gap, 1]
            continue
        kind = classes[data[i]]
        if not kind:
            i += 1
            continue
        start = i
        value = np.uint64(14695981039346656037)
        while i < end and classes[data[i]]:
            value = (value ^ np.uint64(data[i])) * np.uint64(1099511628211)
            i += 1
        if not kind & _DIGIT:
            starts[n_words] = start
            hashes[n_words] = value
            n_words += 1
    return n_words


@kernel
def _link(hashes, table, before, after):
    """Places of the same word before and after each, -1 for none. `table` is filled with -1, of a power of two."""
    mask = np.uint64(len(table) - 1)
    for word in range(len(hashes)):
        value = hashes[word]
        slot = (value ^ (value >> np.uint64(32))) & mask
        while table[slot] >= 0 and hashes[table[slot]] != value:
            slot = (slot + np.uint64(1)) & mask
        last = table[slot]
        before[word] = last
        after[word] = -1
        if last >= 0:
            after[last] = word
        table[slot] = word


class Words:
    """All words of a source, linked. Made once for a file, when the first rule asks."""

    def __init__(self, source: bytes, gaps: list[tuple[int, int]], extras: bytes) -> None:
        """gaps: the comments, sorted, not overlapping. extras: bytes of words beside letters, digits and _."""
        data = np.frombuffer(source, np.uint8)
        starts, hashes = np.empty(len(source) // 2 + 1, np.int32), np.empty(len(source) // 2 + 1, np.uint64)
        holes = np.frombuffer(array("q", chain.from_iterable(gaps)), np.int64).reshape(-1, 2)
        n_words = _find(data, _classes(extras), holes, starts, hashes)
        table = np.full(1 << max(4, (2 * n_words).bit_length()), -1, np.int32)
        before, after = np.empty(n_words, np.int32), np.empty(n_words, np.int32)
        _link(hashes[:n_words], table, before, after)
        self.starts = array("i", starts[:n_words].tobytes())
        self._before, self._after = array("i", before.tobytes()), array("i", after.tobytes())

    def at(self, start: int) -> int:
        """The place of the word that starts there; -1 where none does."""
        place = bisect_left(self.starts, start)
        return place if place < len(self.starts) and self.starts[place] == start else -1

    def before(self, word: int) -> int:
        """Where the same word starts last before this one; -1 for nowhere."""
        other = self._before[word]
        return -1 if other < 0 else self.starts[other]

    def after(self, word: int) -> int:
        """The place of the same word's next occurrence; -1 for none."""
        return self._after[word]

    def is_alone(self, start: int, scope_start: int, scope_end: int) -> bool:
        """Whether the word that starts there occurs nowhere else in the scope."""
        word = self.at(start)
        if word < 0 or self.before(word) >= scope_start:
            return False
        later = self.after(word)
        return later < 0 or self.starts[later] >= scope_end
