"""Translation: functions and classes that people wrote in two languages, as chats.

Two pairs are taken for one thing where they have the same name (in any spelling: `read_all`, `readAll`), stand in the
same repository in different languages, and either lie in files of the same folder and name but for the ending
(`0001/solution.py`, `0001/Solution.java`), or have descriptions of at least 8 words whose ROUGE-L is at least .8. Both
are strict because a name says nothing: over two runs of packages, 34,000 and 8,000 pairs, 343 names came in several
languages; descriptions of 3 words at .6 let 8 of these pass, of which one was a translation.

Memory: 16 bytes a pair, and the pairs whose name comes in several languages of their repository.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import PurePosixPath

import numpy as np

from train.instruct.markdown import fenced
from train.instruct.prose import description
from train.instruct.tasks import InstructionConfig, Pair, Sample, is_trivial, question, sample
from train.order import key_of
from train.self_instruct.novelty import common_words, words

MIN_SIMILARITY = 0.8  # ROUGE-L of two descriptions that say the same
MAX_SIZE_RATIO = 4.0  # of code; more is not the same thing
MIN_WORDS = 8  # of a description that is compared
_NO_LETTER = re.compile(r"[\W_]+")


def translations(pairs: Callable[[], Iterable[Pair]], config: InstructionConfig) -> Iterator[Sample]:
    """Chats of all pairs that have a parallel, each pair at most once, in the order of names' hashes.

    `pairs` gives all pairs anew at each call, as it is gone through twice.
    """
    shared = _names_of_several_languages(pairs())
    groups: dict[int, list[Pair]] = defaultdict(list)
    for pair in pairs():
        key = _key(pair)
        place = np.searchsorted(shared, np.uint64(key))
        if place < len(shared) and shared[place] == key and not is_trivial(pair, config):
            groups[key].append(pair)
    for key in sorted(groups):
        yield from _of_group(groups[key], config)


def _key(pair: Pair) -> int:
    return key_of("parallel", pair["repo"] or "", _folded(pair["name"]))


def _names_of_several_languages(pairs: Iterable[Pair]) -> np.ndarray:
    """Keys, sorted."""
    found = np.array([(_key(pair), key_of(pair["language"])) for pair in pairs], np.uint64).reshape(-1, 2)
    keys, counts = np.unique(np.unique(found, axis=0)[:, 0], return_counts=True)
    return keys[counts > 1]


def _of_group(pairs: Sequence[Pair], config: InstructionConfig) -> Iterator[Sample]:
    """Each pair with the first that is not taken yet; chance says which way it is translated."""
    left = sorted(pairs, key=lambda pair: key_of(config.seed, "parallel", pair["pair_id"]))
    while left:
        source = left.pop(0)
        target = next((other for other in left if is_parallel(source, other)), None)
        if target is None:
            continue
        left.remove(target)
        language = source["language"]
        asked_for = question(
            source, "translation", config, target=target["language"], code=fenced(source["code"], language)
        )
        yield sample(
            target, "translation", asked_for, fenced(target["code"], target["language"]),
            source_language=language, source_pair_id=source["pair_id"], source_licence=source["licence"],
        )  # fmt: skip


def is_parallel(a: Pair, b: Pair) -> bool:
    """Whether two pairs of one name are one thing in two languages."""
    sizes = sorted((len(a["code"]), len(b["code"])))
    if (
        a["language"] == b["language"]
        or (a["kind"] == "class") != (b["kind"] == "class")
        or sizes[1] > MAX_SIZE_RATIO * sizes[0]
    ):
        return False
    return _file(a) == _file(b) or (a["repo"] is not None and _say_the_same(a, b))


def _say_the_same(a: Pair, b: Pair) -> bool:
    told = [words(description(pair["comment"], pair["language"])) for pair in (a, b)]
    if min(map(len, told)) < MIN_WORDS:
        return False
    return 2 * common_words(*told) >= MIN_SIMILARITY * sum(map(len, told))


def _folded(name: str) -> str:
    return _NO_LETTER.sub("", re.split(r"\.|::", name)[-1]).lower()


def _file(pair: Pair) -> tuple[str, str]:
    path = PurePosixPath(pair["path"])
    return str(path.parent), _folded(path.name.partition(".")[0])
