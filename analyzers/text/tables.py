"""Counting tables for kernels: open addressing on 64-bit hashes, in memory that is reused from file to file."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from analyzers.text.kernel import inlined, kernel


class Scratch(NamedTuple):
    """Working memory for files of up to `n` words or lines; a capacity is a power of two of at least 2 n."""

    hashes: np.ndarray  # uint64 (n,): of words or lines
    lengths: np.ndarray  # int32 (n,): their characters
    grams: np.ndarray  # uint64 (n,): running hashes of n-grams
    slots: np.ndarray  # int32 (n,): where an n-gram is counted, or -1
    repeated: np.ndarray  # bool (n,)
    keys: np.ndarray  # uint64 (capacity,): 0 is an empty slot
    counts: np.ndarray  # int32 (capacity,)
    firsts: np.ndarray  # int32 (capacity,): where the key was first seen


def new_scratch(n: int) -> Scratch:
    """Working memory for n words; pages that no file needs are never touched."""
    capacity = 1 << max(2 * n - 1, 1).bit_length()
    by_word = (np.uint64, np.int32, np.uint64, np.int32, np.bool_)
    by_slot = (np.uint64, np.int32, np.int32)
    return Scratch(*(np.empty(n, kind) for kind in by_word), *(np.empty(capacity, kind) for kind in by_slot))


@kernel
def clear(n, scratch):
    """Empties the table for n keys; gives the capacity used, a power of two of at least 2 n."""
    capacity = 2
    while capacity < 2 * n:
        capacity *= 2
    for slot in range(capacity):
        scratch.keys[slot] = 0
    return capacity


@inlined
def count_key(key, at, capacity, scratch):
    """Counts a hash that is not 0; gives its slot. At most half of the slots are ever full, so probes are short."""
    mask = np.uint64(capacity - 1)
    slot = key & mask
    while True:
        found = scratch.keys[slot]
        if found == key:
            scratch.counts[slot] += 1
            return slot
        if found == 0:
            scratch.keys[slot] = key
            scratch.counts[slot] = 1
            scratch.firsts[slot] = at
            return slot
        slot = (slot + np.uint64(1)) & mask
