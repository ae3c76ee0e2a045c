"""Which tasks are new: those whose ROUGE-L to every task of the pool is under a limit, found exactly.

ROUGE-L is 2 LCS(a, b) / (|a| + |b|), with LCS the longest common subsequence of words (Lin 2004, F-measure with beta
1); Self-Instruct drops at .7. A near-duplicate by MinHash would be the other rule at hand; but tasks are a sentence or
two, of which sets of 5-word shingles say little, the paper's limit is one of ROUGE-L, and no estimate is needed:

LCS is at most the number of words in common, so a pair at the limit L shares at least L / (2 - L) of either's words.
Then the rarest words of both, so many that this share cannot do without all of them, have one in common ("prefix
filter", Chaudhuri et al. 2006). Only such pairs are compared, by bits (Hyyrö 2004): a word costs one addition.
"""

from __future__ import annotations

import math
import re
from array import array
from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Sequence

_IDEOGRAPH = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af"
_WORD = re.compile(rf"[{_IDEOGRAPH}]|[^\W{_IDEOGRAPH}]+")
_ROUNDING = 1e-9


def words(text: str) -> list[str]:
    """Runs of letters, digits and underscores in small letters; an ideograph is a word."""
    return _WORD.findall(text.lower())


def common_words(a: Sequence[Hashable], b: Sequence[Hashable]) -> int:
    """Length of the longest common subsequence."""
    places: dict[Hashable, int] = defaultdict(int)
    for place, word in enumerate(a):
        places[word] |= 1 << place
    full = (1 << len(a)) - 1
    free = full
    for word in b:
        both = free & places.get(word, 0)
        free = ((free + both) | (free - both)) & full
    return len(a) - free.bit_count()


class Pool:
    """Tasks so far. Memory is 4 bytes a word, and about 100 for each rare one (half of a task's words)."""

    def __init__(self, first: Iterable[str], max_similarity: float):
        self.limit = max_similarity
        self._numbers: dict[str, int] = {}
        self._tasks = [self._numbered(task) for task in first]
        self._counts = Counter(word for task in self._tasks for word in set(task))
        self._by_rare: dict[int, array[int]] = {}
        for i, task in enumerate(self._tasks):
            self._note(i, self._rare(task))

    def add(self, text: str) -> bool:
        """Whether a task is new; then it is of the pool from now on."""
        task = self._numbered(text)
        rare = self._rare(task)
        if any(self._resembles(task, self._tasks[i]) for i in {i for key in rare for i in self._by_rare.get(key, ())}):
            return False
        self._note(len(self._tasks), rare)
        self._tasks.append(task)
        return True

    def _numbered(self, text: str) -> array[int]:
        """A number for each word, by the order in which words are first met."""
        return array("I", (self._numbers.setdefault(word, len(self._numbers)) for word in words(text)))

    def _note(self, number: int, rare: Iterable[int]) -> None:
        for key in rare:
            self._by_rare.setdefault(key, array("I")).append(number)

    def _rare(self, task: Sequence[int]) -> list[int]:
        """The rarest words of a task, one of which a task that resembles it has among its own.

        The second time that a word comes counts as another word, so that sets have the sizes of texts.
        """
        seen: Counter[int] = Counter()
        keys = []
        for word in task:
            keys.append((self._counts[word], word | seen[word] << 32))
            seen[word] += 1
        least_shared = math.ceil(len(task) * self.limit / (2 - self.limit) - _ROUNDING)
        return [key for _, key in sorted(keys)[: len(task) - least_shared + 1]]

    def _resembles(self, a: Sequence[int], b: Sequence[int]) -> bool:
        least_common = (len(a) + len(b)) * self.limit / 2 - _ROUNDING
        return min(len(a), len(b)) >= least_common and common_words(a, b) >= least_common
