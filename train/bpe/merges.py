"""The bytes of a piece joined pair by pair, the pair of lowest rank first and of equals the leftmost: BPE (Sennrich et
al. 2016).

Short pieces look through all their pairs for the best one each time. Long ones keep the ranks in a tournament, a tree
whose nodes hold the lower of two: the best pair is at its top, and a merge changes three leaves and what is above them.
So a piece of n bytes takes n log n steps, whatever is in it.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from train.bpe.kernel import inlined, kernel

SHORT = 64  # bytes up to which looking through beats the tree

_NONE = np.int32(0x7FFFFFFF)
"""The rank of a pair that no merge is for."""
_EMPTY = np.uint64(0xFFFFFFFFFFFFFFFF)
_SPREAD = np.uint64(0x9E3779B97F4A7C15)


class Merges(NamedTuple):
    """A vocabulary's merges."""

    byte_ids: np.ndarray  # int32[256]
    pairs: np.ndarray  # uint64[slots, 2]: left id << 32 | right id, and its rank; _EMPTY where there is none
    shift: int  # 64 - bits of the number of slots
    made: np.ndarray  # int32[merges]: the id that the merge of a rank makes


class Scratch(NamedTuple):
    """Room for one piece, int32, as long as its bytes; `tree` four times that and at least four."""

    ids: np.ndarray
    ranks: np.ndarray
    after: np.ndarray
    before: np.ndarray
    tree: np.ndarray

    @classmethod
    def of(cls, n_bytes: int) -> Scratch:
        """For pieces of up to so many bytes; memory that no piece needs is never touched."""
        n = max(n_bytes, SHORT)
        ids, ranks, after, before = (np.empty(n, np.int32) for _ in range(4))
        return cls(ids, ranks, after, before, np.empty(4 * n, np.int32))


def tables(byte_ids: np.ndarray, left: np.ndarray, right: np.ndarray, made: np.ndarray) -> Merges:
    """Of merges by rank: the ids of a pair, and of what it makes. A pair that comes twice has its later rank."""
    bits = max(4, int(2 * len(made)).bit_length())
    pairs = np.full((1 << bits, 2), _EMPTY, np.uint64)
    _fill(pairs, 64 - bits, left.astype(np.int32), right.astype(np.int32))
    return Merges(byte_ids.astype(np.int32), pairs, 64 - bits, made.astype(np.int32))


@inlined
def _slot(pairs, shift, key):
    """Where a pair is, or the empty slot where it would be."""
    last = np.uint64(pairs.shape[0] - 1)
    slot = (key * _SPREAD) >> np.uint64(shift)
    while pairs[slot, 0] != key and pairs[slot, 0] != _EMPTY:
        slot = (slot + np.uint64(1)) & last
    return slot


@inlined
def _key(left, right):
    return np.uint64(left) << np.uint64(32) | np.uint64(right)


@kernel
def _fill(pairs, shift, left, right):
    for rank in range(left.size):
        key = _key(left[rank], right[rank])
        slot = _slot(pairs, shift, key)
        pairs[slot, 0] = key
        pairs[slot, 1] = rank


@inlined
def _rank(merges, left, right):
    key = _key(left, right)
    slot = _slot(merges.pairs, merges.shift, key)
    return np.int32(merges.pairs[slot, 1]) if merges.pairs[slot, 0] == key else _NONE


@inlined
def merge_short(data, start, n, merges, scratch, out, n_out):
    """Ids of the piece data[start:start + n] into `out` from n_out on; gives the number of ids in `out` then."""
    ids, ranks = scratch.ids, scratch.ranks
    for i in range(n):
        ids[i] = merges.byte_ids[data[start + i]]
    for i in range(n - 1):
        ranks[i] = _rank(merges, ids[i], ids[i + 1])
    while n > 1:
        best, at = _NONE, 0
        for i in range(n - 1):
            if ranks[i] < best:
                best, at = ranks[i], i
        if best == _NONE:
            break
        ids[at] = merges.made[best]
        n -= 1
        for i in range(at + 1, n):
            ids[i] = ids[i + 1]
            ranks[i - 1] = ranks[i]
        if at + 1 < n:
            ranks[at] = _rank(merges, ids[at], ids[at + 1])
        if at > 0:
            ranks[at - 1] = _rank(merges, ids[at - 1], ids[at])
    for i in range(n):
        out[n_out + i] = ids[i]
    return n_out + n


@inlined
def _set(tree, leaf, rank):
    """A leaf's new rank, and the nodes above that change by it."""
    tree[leaf] = rank
    while leaf > 1:
        leaf >>= 1
        lower = min(tree[2 * leaf], tree[2 * leaf + 1])
        if tree[leaf] == lower:
            break
        tree[leaf] = lower


@inlined
def _grow(data, start, n, merges, scratch):
    """The tree of a piece's bytes: leaf size + i is the pair of i and what comes after it. Gives size."""
    ids, tree = scratch.ids, scratch.tree
    size = 1
    while size < n:
        size *= 2
    for i in range(n):
        ids[i] = merges.byte_ids[data[start + i]]
        scratch.after[i], scratch.before[i] = i + 1, i - 1
    for i in range(size):
        tree[size + i] = _rank(merges, ids[i], ids[i + 1]) if i + 1 < n else _NONE
    for node in range(size - 1, 0, -1):
        tree[node] = min(tree[2 * node], tree[2 * node + 1])
    return size


@inlined
def merge_long(data, start, n, merges, scratch, out, n_out):
    """The same by a tournament."""
    ids, after, before, tree = scratch.ids, scratch.after, scratch.before, scratch.tree
    size = _grow(data, start, n, merges, scratch)
    while tree[1] != _NONE:
        rank, node = tree[1], 1
        while node < size:
            node *= 2
            if tree[node] != rank:
                node += 1
        at = node - size
        gone = after[at]
        behind = after[gone]
        ids[at] = merges.made[rank]
        after[at] = behind
        _set(tree, size + gone, _NONE)
        if behind < n:
            before[behind] = at
            _set(tree, size + at, _rank(merges, ids[at], ids[behind]))
        else:
            _set(tree, size + at, _NONE)
        if at > 0:
            _set(tree, size + before[at], _rank(merges, ids[before[at]], ids[at]))
    at = 0
    while at < n:
        out[n_out] = ids[at]
        n_out += 1
        at = after[at]
    return n_out
