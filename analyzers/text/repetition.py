"""Repetition within a file: commonest and repeated n-grams of words (Gopher, RedPajama-V2), repeated lines (OpenCoder).

An n-gram can only be repeated where both (n-1)-grams inside it are, so each length looks at what the one before left
over: the work on ordinary text falls off quickly, and is at most ten counting passes over the words.
"""

from __future__ import annotations

import numpy as np

from analyzers.text.codepoints import byte_at, count_chars
from analyzers.text.kernel import kernel
from analyzers.text.lines import after_line_end, strip
from analyzers.text.tables import clear, count_key
from analyzers.text.words import count_words, measure_words, mix, split_words

LONGEST_NGRAM = 10
FIRST_DUPE_NGRAM = 5
"""2- to 4-grams are measured by the commonest one, 5- to 10-grams by all that are repeated."""

_PRIME = np.uint64(0x9E3779B97F4A7C15)


@kernel
def _mark_repeated_words(n, scratch):
    """repeated[i] for single words; gives how many are."""
    capacity = clear(n, scratch)
    for i in range(n):
        scratch.slots[i] = count_key(scratch.hashes[i], i, capacity, scratch)
        scratch.grams[i] = scratch.hashes[i]
    total = 0
    for i in range(n):
        scratch.repeated[i] = scratch.counts[scratch.slots[i]] > 1
        total += scratch.repeated[i]
    return total


@kernel
def _next_length(n, size, candidates, scratch):
    """repeated[i] for n-grams of `size` words, from those of size - 1; gives how many are, and the commonest one.

    (repeated, count of the commonest, its first place): the first of the commonest, with count 0 where all are single.
    """
    capacity = clear(candidates, scratch)
    best_count, best_first = 1, n
    for i in range(n):
        scratch.slots[i] = -1
        if i + size > n or not (scratch.repeated[i] and scratch.repeated[i + 1]):
            continue
        scratch.grams[i] = scratch.grams[i] * _PRIME + scratch.hashes[i + size - 1]
        slot = count_key(mix(scratch.grams[i]), i, capacity, scratch)
        scratch.slots[i] = slot
        count, first = scratch.counts[slot], scratch.firsts[slot]
        if count > best_count or (count == best_count and first < best_first):
            best_count, best_first = count, first
    total = 0
    for i in range(n):
        slot = scratch.slots[i]
        scratch.repeated[i] = slot >= 0 and scratch.counts[slot] > 1
        total += scratch.repeated[i]
    return total, (best_count if best_count > 1 else 0), best_first


@kernel
def _covered_chars(n, size, scratch):
    """Characters of the words that lie in some repeated n-gram, each word once."""
    total = until = 0
    for i in range(n):
        if scratch.repeated[i]:
            until = i + size
        if i < until:
            total += scratch.lengths[i]
    return total


@kernel
def measure_ngrams(row, n, n_chars, scratch, out):
    """Fills out[0:9, row]. Overlapping occurrences ("a a a a") could give more than the whole; 1 is the most."""
    out[0:9, row] = 0
    repeated = _mark_repeated_words(n, scratch)
    for size in range(2, LONGEST_NGRAM + 1):
        if repeated == 0:
            return
        repeated, count, first = _next_length(n, size, repeated, scratch)
        chars = 0
        if size >= FIRST_DUPE_NGRAM:
            chars = _covered_chars(n, size, scratch)
        elif count:
            for k in range(first, first + size):
                chars += scratch.lengths[k] * count
        out[size - 2, row] = min(chars / n_chars, 1.0)


@kernel
def _hash_bytes(data, start, end):
    """A 64-bit hash, eight bytes a step."""
    h = np.uint64(end - start)
    for i in range(start, end - 7, 8):
        block = np.uint64(0)
        for k in range(8):
            block |= np.uint64(byte_at(data, i + k)) << np.uint64(8 * k)
        h = (h ^ block) * _PRIME
        h ^= h >> np.uint64(31)
    for i in range(start + (end - start) // 8 * 8, end):
        h = (h ^ np.uint64(byte_at(data, i))) * _PRIME
        h ^= h >> np.uint64(31)
    return mix(h)


@kernel
def _collect_lines(data, start, end, classes, scratch):
    """Fills hashes and lengths with the stripped non-blank lines; gives (lines, characters).

    The slot of a line that may not count as a duplicate, being one character or "},", is set to -1.
    """
    n = total = 0
    line = start
    while line < end:
        i = line
        while i < end and byte_at(data, i) != 10 and byte_at(data, i) != 13:
            i += 1
        first, last = strip(data, line, i, classes)
        if last > first:
            chars = count_chars(data, first, last)
            closes = last - first == 2 and byte_at(data, first) == 125 and byte_at(data, first + 1) == 44
            scratch.hashes[n] = _hash_bytes(data, first, last)
            scratch.lengths[n] = chars
            scratch.slots[n] = -1 if chars == 1 or closes else 0
            total += chars
            n += 1
        line = after_line_end(data, i, end) if i < end else end
    return n, total


@kernel
def measure_dupe_lines(row, data, start, end, classes, scratch, out):
    """Fills out[9:11, row]: share of non-blank lines, and of their characters, in lines that occur more than once."""
    n, n_chars = _collect_lines(data, start, end, classes, scratch)
    capacity = clear(n, scratch)
    for i in range(n):
        if scratch.slots[i] >= 0:
            scratch.slots[i] = count_key(scratch.hashes[i], i, capacity, scratch)
    lines = chars = 0
    for i in range(n):
        if scratch.slots[i] >= 0 and scratch.counts[scratch.slots[i]] > 1:
            lines += 1
            chars += scratch.lengths[i]
    out[9, row] = lines / max(n, 1)
    out[10, row] = chars / max(n_chars, 1)


@kernel
def measure_words_and_repetition(
    offsets, data, ascii, classes, lower, stops, counts, scratch, with_words, with_repetition, out_words, out_repetition
):
    """Fills out_words and out_repetition [signal, row], each if asked for; words are hashed once for both.

    Scratch: counts int64 (5,), scratch for half as many words as the longest file has bytes.
    """
    for row in range(len(offsets) - 1):
        start, end = offsets[row], offsets[row + 1]
        counts[:] = 0
        n = split_words(data, start, end, ascii, classes, lower, stops, scratch.hashes, scratch.lengths, counts)
        if with_words:
            different, entropy = count_words(n, scratch) if n else (0, 0.0)
            measure_words(row, n, different, entropy, counts, out_words)
        if with_repetition:
            measure_ngrams(row, n, max(counts[4], 1), scratch, out_repetition)
            measure_dupe_lines(row, data, start, end, classes, scratch, out_repetition)
