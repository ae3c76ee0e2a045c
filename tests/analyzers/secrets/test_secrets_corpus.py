"""Recall and precision on the marked corpus, which was frozen before the patterns were written."""

from __future__ import annotations

import hashlib
import re
from collections import Counter

import marked
import pytest

from analyzers.secrets.scan import RULES, spans

DIGEST = "8560b77e4a60d678fde7aeae91d2aee4b9947062ec92cea20aa45567dbf774c5"
PARTS = {"connection_string", "user", "azure_storage_key"}
"""Kinds of which only the secret part of the marked text is replaced."""


@pytest.fixture(scope="module")
def corpus() -> tuple[list[marked.Sample], list[marked.Sample]]:
    return marked.positives(), marked.negatives()


def is_found(sample: marked.Sample) -> bool:
    """Whether one finding covers the value, or lies within it where only a part is secret."""
    assert sample.start is not None
    assert sample.end is not None
    found = spans(sample.text.encode())
    if sample.kind in PARTS:
        return any(sample.start <= start < end <= sample.end for _, start, end in found)
    return any(start <= sample.start and sample.end <= end for _, start, end in found)


def test_the_corpus_is_the_frozen_one(corpus) -> None:
    positives, negatives = corpus
    texts = "\0".join(sample.text for sample in positives + negatives)
    assert hashlib.sha256(texts.encode()).hexdigest() == DIGEST
    assert (len(positives), len(negatives)) >= (1000, 2000)
    assert all(count >= 10 for count in Counter(sample.kind for sample in positives).values())


def test_there_are_rules_for_eighty_kinds_of_keys() -> None:
    assert len({rule.kind for rule in RULES if rule.placeholder == "KEY"}) >= 80


def test_recall_of_every_kind(corpus) -> None:
    total, found = Counter[str](), Counter[str]()
    for sample in corpus[0]:
        total[sample.kind] += 1
        found[sample.kind] += is_found(sample)
    low = {kind: found[kind] / total[kind] for kind in total if found[kind] < 0.9 * total[kind]}
    assert low == {}
    assert sum(found.values()) >= 0.98 * sum(total.values())


def test_nothing_is_found_beside_the_marked_values(corpus) -> None:
    wrong = Counter[str]()
    for sample in corpus[0] + corpus[1]:
        inside = (sample.start or 0, sample.end or 0)
        wrong[sample.kind] += sum(
            not (start < inside[1] and inside[0] < end) for _, start, end in spans(sample.text.encode())
        )
    assert +wrong == Counter()


def test_no_group_repeats_possessively() -> None:
    """Private keys were not found by Python 3.11.2, which Debian 12 has."""
    assert [rule.kind for rule in RULES if re.search(rb"\)(?:[*+?]|\{[0-9,]+\})\+", rule.pattern.pattern)] == []
