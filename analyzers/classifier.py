"""How much a file looks like one of two classes, by a fastText classifier, at the speed of a scan.

fastText's answer for two classes is softmax(B mean(A_i)) over the rows A_i of a file's words and runs of words. With
two classes it needs only the difference of B's rows: sigmoid(mean(A_i (B_1 - B_0))), one number for each row of A. So a
model is folded into such numbers once, and a file is read once, tokens, hashes and sum in one kernel. The answer is
that of fastText's own predict on the same words, but for rounding and the 1e-5 that it adds to probabilities.

Bojanowski et al. 2017, Joulin et al. 2017; hashes and n-grams as in fastText 0.9.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa

from analyzers.buffers import offsets_and_bytes
from analyzers.classifier_tokens import (
    BLANK,
    FNV_START,
    MOST_BYTES,
    NOTHING,
    WIDE_START,
    hashes_of,
    mix,
    token_at,
    whole_characters,
)
from analyzers.text.kernel import inlined, kernel

LABEL_PREFIX = "|="  # no text can make a word that begins so
POSITIVE, NEGATIVE = "high", "low"
END_OF_LINE = b"</s>"  # what fastText puts behind the last word
MOST_NGRAMS = 5
_NGRAM_PRIME = np.uint64(116049371)


@dataclass(frozen=True, kw_only=True)
class Classifier:
    """A folded model. Words stand in an open-addressed table, which is at most half full, under their wide hash."""

    keys: np.ndarray  # uint64, a power of two of them, 0 where free
    weights: np.ndarray  # float32, beside the keys
    runs: np.ndarray  # float32, of runs of words, by fastText's bucket; empty where the model has none
    n_grams: int

    def scores(self, content: pa.LargeStringArray) -> np.ndarray:
        """The probability of the class POSITIVE for each file, float64; NaN for one without a known word or run."""
        offsets, data = offsets_and_bytes(content)
        out = np.empty(len(content), np.float64)
        state = np.zeros(MOST_NGRAMS, np.uint64)
        _scores(data, offsets, self.keys, self.weights, self.runs, self.n_grams, state, out)
        return out


def fold(
    words: Sequence[str], inputs: np.ndarray, outputs: np.ndarray, positive: int, n_grams: int, n_buckets: int
) -> Classifier:
    """A classifier from fastText's matrices: `inputs` has a row a word, then one a bucket; `outputs` one a class."""
    if len(outputs) != 2:
        raise ValueError(f"a classifier has two classes, and this model has {len(outputs)}")
    numbers = inputs @ (outputs[positive] - outputs[1 - positive])
    size = 1 << max(4, (2 * len(words)).bit_length())
    keys, weights = np.zeros(size, np.uint64), np.zeros(size, np.float32)
    encoded = [word.encode() for word in words]
    joined = np.frombuffer(b"".join(encoded), np.uint8)
    places = np.concatenate([[0], np.cumsum([len(one) for one in encoded])]).astype(np.int64)
    _fill(joined, places, numbers[: len(words)].astype(np.float32), keys, weights)
    runs = numbers[len(words) : len(words) + n_buckets] if n_grams > 1 else numbers[:0]
    return Classifier(keys=keys, weights=weights, runs=runs.astype(np.float32), n_grams=n_grams)


def read(path: Path) -> Classifier:
    """The classifier in a fastText model (.bin). Needs a fasttext package; ValueError for a model of another kind."""
    from fasttext.FastText import _FastText

    model = _FastText(str(path))
    arguments, labels = model.f.getArgs(), model.get_labels()
    if LABEL_PREFIX + POSITIVE not in labels or arguments.maxn or not 1 <= arguments.wordNgrams <= MOST_NGRAMS:
        raise ValueError(f"{path} is no classifier made by `codemill classifier train`")
    return fold(
        model.f.getVocab("strict")[0],
        np.array(model.f.getInputMatrix()),
        np.array(model.f.getOutputMatrix()),
        labels.index(LABEL_PREFIX + POSITIVE),
        arguments.wordNgrams,
        arguments.bucket,
    )


@kernel
def _fill(data, places, numbers, keys, weights):
    mask = np.uint64(len(keys) - 1)
    for row in range(len(places) - 1):
        narrow, wide = FNV_START, WIDE_START
        for k in range(places[row], places[row + 1]):
            narrow, wide = mix(narrow, wide, data[k])
        at = wide & mask
        while keys[at] != 0:
            at = (at + np.uint64(1)) & mask
        keys[at], weights[at] = wide, numbers[row]


@inlined
def _weigh(narrow, wide, keys, weights, runs, n_grams, state, n_words, total, n_rows):
    """A word's row, and those of the runs that end with it, onto the sum. state[k] is the run that began k + 1 words
    before this one."""
    mask = np.uint64(len(keys) - 1)
    at = wide & mask
    while keys[at] != 0 and keys[at] != wide:
        at = (at + np.uint64(1)) & mask
    if keys[at] == wide:
        total += weights[at]
        n_rows += 1
    signed = np.uint64(narrow) | (np.uint64(0xFFFFFFFF00000000) if narrow >> np.uint32(31) else np.uint64(0))
    for k in range(min(n_grams - 1, n_words)):
        state[k] = state[k] * _NGRAM_PRIME + signed
        total += runs[state[k] % np.uint64(len(runs))]
        n_rows += 1
    for k in range(n_grams - 2, 0, -1):
        state[k] = state[k - 1]
    state[0] = signed
    return total, n_rows


@kernel
def _scores(data, offsets, keys, weights, runs, n_grams, state, out):
    for row in range(len(out)):
        i, end = offsets[row], offsets[row + 1]
        end = whole_characters(data, i, min(end, i + MOST_BYTES))
        total, n_rows, n_words, at_line_start = 0.0, 0, 0, True
        while i < end:
            kind, first, last, i = token_at(data, i, end, at_line_start)
            at_line_start = kind in (BLANK, NOTHING)
            if kind != NOTHING:
                narrow, wide = hashes_of(data, kind, first, last)
                total, n_rows = _weigh(narrow, wide, keys, weights, runs, n_grams, state, n_words, total, n_rows)
                n_words += 1
        narrow, wide = FNV_START, WIDE_START
        for k in range(len(END_OF_LINE)):
            narrow, wide = mix(narrow, wide, END_OF_LINE[k])
        total, n_rows = _weigh(narrow, wide, keys, weights, runs, n_grams, state, n_words, total, n_rows)
        out[row] = 1 / (1 + np.exp(-total / n_rows)) if n_rows else np.nan
