"""Selection: which files stay. A file goes only because of one that stays, to which it was proved to be similar.

Files are numbered in keeper priority, 0 first, and an edge (better, worse) says that their similarity was measured and
is enough. In that order a file stays unless it has an edge to a better one that stays (the lexicographically first
maximal independent set). So every removed file has a witness, and no chain of resemblances removes anything whose ends
differ. Of several possible witnesses the most similar one is named, of equals the better.

The same answer comes from `select`, in one go, and from repeating `next_state`, every round of which is a join of the
edges with the states: which rounds are needed depends on the longest chain of ever better neighbours, which is short
where priority ends in a hash (Blelloch, Fineman and Shun 2012: of order log^2 n), and as long as the chain at worst.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from dedup.kernel import kernel

UNDECIDED, KEPT, REMOVED = 0, 1, 2


class Selection(NamedTuple):
    """What stays, by file."""

    kept: np.ndarray  # bool
    witness: np.ndarray  # int64: the kept file because of which it goes; -1 where it stays
    similarity: np.ndarray  # float64: measured between the two; NaN where it stays, or where none was measured


@kernel
def _select(order, better, worse, similarity, kept, witness, best):
    for k in range(order.size):
        edge = order[k]
        one, other = better[edge], worse[edge]
        if kept[one]:  # decided, as all edges to it come before those of `other`
            kept[other] = False
            nearer = similarity[edge] > best[other] or (similarity[edge] == best[other] and one < witness[other])
            if witness[other] < 0 or nearer:
                witness[other], best[other] = one, similarity[edge]


def _checked(n_files: int, better: np.ndarray, worse: np.ndarray, similarity: np.ndarray) -> None:
    if not len(better) == len(worse) == len(similarity):
        raise ValueError(f"{len(better)}, {len(worse)} and {len(similarity)} values for the columns of the edges")
    if len(better) and not (better.min() >= 0 and worse.max() < n_files and (better < worse).all()):
        raise ValueError(f"an edge must lead from a better to a worse file, 0 <= better < worse < {n_files}")


def _nothing_removed(n_files: int) -> Selection:
    return Selection(np.ones(n_files, np.bool_), np.full(n_files, -1, np.int64), np.full(n_files, np.nan))


def select(n_files: int, better: np.ndarray, worse: np.ndarray, similarity: np.ndarray) -> Selection:
    """The selection in one go; edges (int64, int64, float64) in any order, repetitions allowed."""
    _checked(n_files, better, worse, similarity)
    found = _nothing_removed(n_files)
    _select(np.argsort(worse, kind="stable"), better, worse, similarity, *found)
    return found


def next_state(state: np.ndarray, better: np.ndarray, worse: np.ndarray) -> np.ndarray:
    """One round (state: int8 by file): removed with a better neighbour that is kept, kept once all are removed."""
    covered, waiting = np.zeros(len(state), np.bool_), np.zeros(len(state), np.bool_)
    covered[worse[state[better] == KEPT]] = True
    waiting[worse[state[better] == UNDECIDED]] = True
    return np.where(covered, REMOVED, np.where(waiting, UNDECIDED, KEPT)).astype(np.int8)


def select_in_rounds(
    n_files: int, better: np.ndarray, worse: np.ndarray, similarity: np.ndarray, *, most_rounds: int | None = None
) -> tuple[Selection, int]:
    """The same selection in rounds, and how many it took. RuntimeError where `most_rounds` do not suffice."""
    _checked(n_files, better, worse, similarity)
    state = np.zeros(n_files, np.int8)
    rounds = 0
    while (state == UNDECIDED).any():
        if rounds == most_rounds:
            n_open = int((state == UNDECIDED).sum())
            raise RuntimeError(
                f"after {rounds} rounds of selection {n_open:,} files are undecided: allow more rounds, "
                f"or solve whole components in one go"
            )
        state = next_state(state, better, worse)
        rounds += 1
    proves = state[better] == KEPT
    one, other, how = better[proves], worse[proves], similarity[proves]
    order = np.lexsort((one, -how, other))
    first = order[np.diff(other[order], prepend=-1) != 0]
    found = _nothing_removed(n_files)
    found.kept[other[first]] = False
    found.witness[other[first]] = one[first]
    found.similarity[other[first]] = how[first]
    return found, rounds


@kernel
def _unite(better, worse, label):
    """Each component's best file, by union with path halving; the root is always the best."""
    for k in range(better.size):
        a, b = better[k], worse[k]
        while label[a] != a:
            label[a] = label[label[a]]
            a = label[a]
        while label[b] != b:
            label[b] = label[label[b]]
            b = label[b]
        label[max(a, b)] = min(a, b)
    for i in range(label.size):
        label[i] = label[label[i]]  # roots come first, so one step is enough


def components(n_files: int, better: np.ndarray, worse: np.ndarray) -> np.ndarray:
    """For each file the best one of its connected component (int64), itself where it has no edge."""
    label = np.arange(n_files)
    _unite(better, worse, label)
    return label


def select_closure(n_files: int, better: np.ndarray, worse: np.ndarray, similarity: np.ndarray) -> Selection:
    """One of each connected component stays: the closure of resemblance, as most tools have it.

    Its price: a removed file need not be similar to what stays of it, only to something that is similar to something
    that is. The similarity is NaN where it was not measured with the witness.
    """
    _checked(n_files, better, worse, similarity)
    found = _nothing_removed(n_files)
    label = components(n_files, better, worse)
    gone = label != np.arange(n_files)
    found.kept[gone] = False
    found.witness[gone] = label[gone]
    direct = better == label[worse]
    found.similarity[worse[direct]] = similarity[direct]
    return found
