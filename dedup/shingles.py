"""Shingles: every run of w tokens as a 64-bit hash, and a file as the sorted set of them.

A file of fewer than w tokens has no shingle. It has no signature either and is compared exactly only: were it given
one, all such files would be alike.

A shingle's hash is mix(r) of r <- rotate(r) ^ token ^ rotate(the token that leaves, w times): order counts, and equal
rows of tokens give equal hashes wherever they stand. Among 10^8 different shingles two equal hashes are to be expected
once in some 4,000 corpora (n^2 / 2^65).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from dedup.buffers import Text, offsets_and_bytes
from dedup.kernel import inlined, kernel, mix, rotated
from dedup.tokens import CHUNK_BYTES, N_STATE, Tokenizer, scan, token_hash

MOST_TOKENS = 32
"""Widest shingle; at 64 the rotation would come back to where it began."""

ROLL, N_TOKENS, LOW_KEY, HIGH_KEY, N_STREAM_STATE = range(N_STATE, N_STATE + 5)
_TURN = 13
_LOW_PRIME, _HIGH_PRIME = np.uint64(0x9FB21C651E98DF25), np.uint64(0xD6E8FEB86659FD93)


class Scratch(NamedTuple):
    """What `next_shingles` works in: of one thread, for one width of shingle."""

    state: np.ndarray  # uint64[N_STREAM_STATE]
    tokens: np.ndarray  # uint64[MOST_TOKENS + CHUNK_BYTES + 1]; the first `width` are the last of the chunk before
    shingles: np.ndarray  # uint64[CHUNK_BYTES + 1]
    none: np.ndarray  # int64[0]


class ShingleSets(NamedTuple):
    """Sets of a batch, each ascending and without repetition: that of row i is hashes[offsets[i]:offsets[i + 1]]."""

    offsets: np.ndarray  # int64[rows + 1]
    hashes: np.ndarray  # uint64


def scratch() -> Scratch:
    """A new one, about 400 kB."""
    return Scratch(
        np.zeros(N_STREAM_STATE, np.uint64),
        np.zeros(MOST_TOKENS + CHUNK_BYTES + 1, np.uint64),
        np.zeros(CHUNK_BYTES + 1, np.uint64),
        np.zeros(0, np.int64),
    )


def checked_width(width: int) -> int:
    """The width, or ValueError."""
    if not 1 <= width <= MOST_TOKENS:
        raise ValueError(f"a shingle of {width} tokens: 1 to {MOST_TOKENS} are possible, 5 is usual")
    return width


@inlined
def begin_file(state, tokens, width):
    """Forgets the file before."""
    for k in range(state.size):
        state[k] = 0
    for k in range(width):
        tokens[k] = 0


@inlined
def next_shingles(data, start, stop, end, tables, split, width, work):
    """Scans data[start:stop], at most CHUNK_BYTES of a file that ends at `end`; gives (first, n).

    The shingles that end in it are work.shingles[first:n], in order. The state goes on counting tokens, and keeps two
    64-bit keys of the row of all tokens so far.
    """
    state, tokens, shingles = work.state, work.tokens, work.shingles
    n = scan(data, start, stop, end, tables, split, state, tokens, width, work.none) - width
    roll, low, high = state[ROLL], state[LOW_KEY], state[HIGH_KEY]
    leaving = np.uint64(_TURN * width % 64)
    ahead = np.uint64(width)  # unsigned, as a signed index costs a comparison with 0 each time
    for k in range(np.uint64(n)):
        token = token_hash(tokens[ahead + k])
        tokens[ahead + k] = token
        roll = rotated(roll, _TURN) ^ token ^ rotated(tokens[k], leaving)
        shingles[k] = mix(roll)
        low = (low ^ token) * _LOW_PRIME
        high = rotated(high + token, 27) * _HIGH_PRIME
    for k in range(width):
        tokens[k] = tokens[n + k]
    before = np.int64(state[N_TOKENS])
    state[ROLL], state[LOW_KEY], state[HIGH_KEY] = roll, low, high
    state[N_TOKENS] = np.uint64(before + n)
    return min(max(0, width - 1 - before), n), n


@inlined
def sort_unique(values, first, n, buckets, spare):
    """Sorts values[first:first + n], hashes evenly spread, and drops repetitions; gives how many remain.

    Distribution over n buckets by the leading bits, then insertion: linear for hashes, whatever their repetitions.
    `buckets` needs room for twice n + 1, `spare` for n.
    """
    bits = 0
    while (1 << bits) < n:
        bits += 1
    shift = np.uint64(min(64 - bits, 63))
    n_buckets = max(1 << bits, 2)
    for b in range(n_buckets + 1):
        buckets[b] = 0
    for k in range(first, first + n):
        buckets[np.int64(values[k] >> shift) + 1] += 1
    for b in range(n_buckets):
        buckets[b + 1] += buckets[b]
    for k in range(first, first + n):
        bucket = np.int64(values[k] >> shift)
        spare[buckets[bucket]] = values[k]
        buckets[bucket] += 1
    kept = first
    for k in range(n):
        value = spare[k]
        at = kept
        while at > first and values[at - 1] > value:
            at -= 1
        if at > first and values[at - 1] == value:
            continue
        for j in range(kept, at, -1):
            values[j] = values[j - 1]
        values[at] = value
        kept += 1
    return kept - first


@kernel
def _fill_sets(offsets, data, rows, tables, split, width, work, buckets, spare, set_offsets, out):
    n = 0
    for i in range(rows.size):
        set_offsets[i] = n
        at, end = offsets[rows[i]], offsets[rows[i] + 1]
        begin_file(work.state, work.tokens, width)
        first = n
        while at < end:
            stop = min(at + CHUNK_BYTES, end)
            skipped, found = next_shingles(data, at, stop, end, tables, split, width, work)
            for k in range(skipped, found):
                out[n] = work.shingles[k]
                n += 1
            at = stop
        n = first + sort_unique(out, first, n - first, buckets, spare)
    set_offsets[rows.size] = n


def shingle_sets(
    content: Text, tokenizer: Tokenizer | None = None, *, width: int = 5, rows: np.ndarray | None = None
) -> ShingleSets:
    """The shingle set of every row, or of the given ones in their order; empty under `width` tokens.

    Takes 8 bytes of scratch for each byte of these rows, and 24 for each of the longest, little of which is touched
    unless tokens have a byte each.
    """
    tokenizer, width = tokenizer or Tokenizer(), checked_width(width)
    offsets, data = offsets_and_bytes(content)
    rows = np.arange(len(content)) if rows is None else np.asarray(rows, np.int64)
    sizes = np.diff(offsets)[rows] if len(rows) else np.zeros(0, np.int64)
    longest = int(sizes.max(initial=0))
    out = np.empty(int(sizes.sum()) + 1, np.uint64)
    set_offsets = np.zeros(len(rows) + 1, np.int64)
    buckets, spare = np.empty(2 * longest + 3, np.int64), np.empty(longest + 1, np.uint64)
    split = tokenizer.split_identifiers
    _fill_sets(offsets, data, rows, tokenizer.tables, split, width, scratch(), buckets, spare, set_offsets, out)
    return ShingleSets(set_offsets, out[: set_offsets[-1]].copy())
