"""What stays: the definition on random graphs, in one go, in rounds, in any order of the edges; chains and closure."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dedup.selection import components, next_state, select, select_closure, select_in_rounds

Edge = tuple[int, int, float]
GRAPHS = st.integers(0, 14).flatmap(
    lambda n: st.tuples(
        st.just(n),
        st.lists(
            st.tuples(st.integers(0, max(n - 1, 0)), st.integers(0, max(n - 1, 0)), st.sampled_from([0.7, 0.8, 0.9]))
            .filter(lambda edge: edge[0] != edge[1])
            .map(lambda edge: (min(edge[:2]), max(edge[:2]), edge[2])),
            max_size=40,
            unique_by=lambda edge: edge[:2],
        )
        if n > 1
        else st.just([]),
    )
)


def columns(edges: list[Edge]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    better, worse, similarity = zip(*edges, strict=True) if edges else ((), (), ())
    return np.array(better, np.int64), np.array(worse, np.int64), np.array(similarity, np.float64)


def by_definition(n: int, edges: list[Edge]) -> list[tuple[int, float] | None]:
    """For each file None where it stays, else its witness and their similarity."""
    found: list[tuple[int, float] | None] = []
    for file in range(n):
        proofs = [(-how, one) for one, other, how in edges if other == file and found[one] is None]
        found.append((min(proofs)[1], -min(proofs)[0]) if proofs else None)
    return found


def plainly(selection: Any) -> list[tuple[int, float] | None]:
    return [
        None if kept else (witness, similarity)
        for kept, witness, similarity in zip(*(column.tolist() for column in selection), strict=True)
    ]


@given(GRAPHS, st.randoms())
def test_in_one_go_in_rounds_and_by_definition_in_any_order(graph: tuple[int, list[Edge]], random: Any) -> None:
    n, edges = graph
    expected = by_definition(n, edges)
    for _ in range(3):
        assert plainly(select(n, *columns(edges))) == expected
        assert plainly(select_in_rounds(n, *columns(edges))[0]) == expected
        random.shuffle(edges)
    assert plainly(select(n, *columns(edges + edges))) == expected


@given(GRAPHS)
def test_component_by_component_is_the_same(graph: tuple[int, list[Edge]]) -> None:
    """So a component may be solved by itself, with its files numbered anew in the same order."""
    n, edges = graph
    together = plainly(select(n, *columns(edges)))
    label = components(n, *columns(edges)[:2])
    for root in set(label.tolist()):
        members = np.flatnonzero(label == root).tolist()
        inside = [(members.index(a), members.index(b), how) for a, b, how in edges if label[a] == root]
        alone = plainly(select(len(members), *columns(inside)))
        assert [one and (members[one[0]], one[1]) for one in alone] == [together[member] for member in members]


@given(GRAPHS)
def test_components_are_those_of_a_search(graph: tuple[int, list[Edge]]) -> None:
    n, edges = graph
    label = components(n, *columns(edges)[:2]).tolist()
    for file in range(n):
        reached, grown = {file}, True
        while grown:
            more = {b for a, b, _ in edges if a in reached} | {a for a, b, _ in edges if b in reached}
            grown = not more <= reached
            reached |= more
        assert label[file] == min(reached)


@given(GRAPHS)
def test_closure_keeps_one_of_each_component_and_measures_nothing_it_has_not(graph: tuple[int, list[Edge]]) -> None:
    n, edges = graph
    found = select_closure(n, *columns(edges))
    label = components(n, *columns(edges)[:2]).tolist()
    measured = {(a, b): how for a, b, how in edges}
    for file, best in enumerate(label):
        assert found.kept[file] == (best == file)
        if best != file:
            assert found.witness[file] == best
            assert found.similarity[file] == pytest.approx(measured.get((best, file), np.nan), nan_ok=True)


def test_a_chain_falls_by_halves_and_not_as_a_whole() -> None:
    n = 100_000
    chain = np.arange(n - 1), np.arange(1, n), np.full(n - 1, 0.8)
    assert np.flatnonzero(select(n, *chain).kept).tolist() == list(range(0, n, 2))
    assert select_closure(n, *chain).kept.sum() == 1


def test_a_star_and_the_best_witness() -> None:
    found = select(4, *columns([(0, 3, 0.8), (1, 3, 0.9), (2, 3, 0.9), (0, 1, 0.7)]))
    assert found.kept.tolist() == [True, False, True, False]
    assert found.witness.tolist() == [-1, 0, -1, 2]  # 1 is as near and better, but does not stay
    assert found.similarity[[1, 3]].tolist() == [0.7, 0.9]


def test_rounds_are_few_in_a_random_order_and_capped() -> None:
    random = np.random.default_rng(2)
    n = 20_000
    a, b = random.integers(0, n, (2, 60_000))
    ends = np.minimum(a, b)[a != b], np.maximum(a, b)[a != b]
    similarity = np.full(len(ends[0]), 0.9)
    found, rounds = select_in_rounds(n, *ends, similarity)
    assert rounds < 20
    assert plainly(found) == plainly(select(n, *ends, similarity))
    with pytest.raises(RuntimeError, match="undecided: allow more rounds"):
        select_in_rounds(n, *ends, similarity, most_rounds=rounds - 1)
    assert select_in_rounds(n, *ends, similarity, most_rounds=rounds)[1] == rounds


def test_a_round_decides_what_its_better_neighbours_allow() -> None:
    edges = np.array([0, 1, 2]), np.array([1, 2, 3])
    state = np.zeros(4, np.int8)
    seen = []
    for _ in range(4):
        state = next_state(state, *edges)
        seen.append(state.tolist())
    assert seen == [[1, 0, 0, 0], [1, 2, 0, 0], [1, 2, 1, 0], [1, 2, 1, 2]]


def test_no_files_no_edges_and_wrong_edges() -> None:
    assert plainly(select(0, *columns([]))) == []
    assert plainly(select(2, *columns([]))) == [None, None]
    assert select_in_rounds(0, *columns([]))[1] == 0
    for wrong in ([(1, 0, 0.9)], [(0, 0, 0.9)], [(0, 2, 0.9)], [(-1, 0, 0.9)]):
        with pytest.raises(ValueError, match="from a better to a worse file"):
            select(2, *columns(wrong))
    with pytest.raises(ValueError, match="columns of the edges"):
        select(3, np.array([0]), np.array([1]), np.array([]))
