"""Recall and precision on forms of other tools' published fixtures, frozen before the patterns were tried on them."""

from __future__ import annotations

import hashlib
from collections import Counter

import marked
import marked_published
import pytest

from analyzers.secrets.redact import redacted
from analyzers.secrets.scan import spans

DIGEST = "10aebab13b3cafa56656c4ebbb121fb819f72e909f69981631349a894cc6caae"
PARTS = {"connection_string", "azure_storage_key"}
BEFORE = 1121 / 1260
"""Recall of the patterns as they were when the corpus was frozen; there were no false findings."""


@pytest.fixture(scope="module")
def corpus() -> tuple[list[marked.Sample], list[marked.Sample]]:
    return marked_published.positives(), marked_published.negatives()


def test_the_corpus_is_the_frozen_one_and_three_tenths_of_all(corpus) -> None:
    positives, negatives = corpus
    texts = "\0".join(sample.text for sample in positives + negatives)
    assert hashlib.sha256(texts.encode()).hexdigest() == DIGEST
    assert len(positives) >= 0.3 * (len(positives) + len(marked.positives()))
    assert len(negatives) >= 0.3 * (len(negatives) + len(marked.negatives()))


def test_recall_and_no_false_findings(corpus) -> None:
    total, found, wrong = Counter[str](), Counter[str](), Counter[str]()
    for sample in corpus[0] + corpus[1]:
        first, last = sample.start or 0, sample.end or 0
        hits = spans(sample.text.encode())
        wrong[sample.kind] += sum(not (start < last and first < end) for _, start, end in hits)
        if sample.start is not None:
            total[sample.kind] += 1
            whole = any(start <= first and last <= end for _, start, end in hits)
            found[sample.kind] += whole or (sample.kind in PARTS and any(first <= s < e <= last for _, s, e in hits))
    assert +wrong == Counter()
    assert found.total() >= 0.98 * total.total() > BEFORE * total.total()
    assert {kind for kind in total if found[kind] < 0.9 * total[kind]} == set()


def test_a_second_scan_finds_nothing(corpus) -> None:
    for sample in corpus[0]:
        row = sample.text.encode()
        assert spans(redacted(row, spans(row))[0]) == []
