"""Batches: every token once an epoch, the same order for every world, fill-in-the-middle that loses nothing."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from curate.errors import WrongUse
from train.batches import Batch, Batches
from train.config import DataConfig
from train.fim import FimTokens, fill_in_the_middle
from train.labels import labels_of
from train.model import IGNORED
from train.order import MIXTURE_PERIOD, Lanes, Mixture, shuffled, uniform
from train.packed import Packed, PackedWriter
from train.packing import best_fit, cut
from train.sequences import Cursor, Source
from train.settings import parse

SPECIAL = {"end_of_text": 999, "fim_prefix": 1000, "fim_middle": 1001, "fim_suffix": 1002}
ROOM = 64


def packed(folder: Path, n_documents: int = 120, seed: int = 0) -> Packed:
    """Documents whose every token is their number, so that it can be seen where each went; some longer than ROOM."""
    random = np.random.default_rng(seed)
    with PackedWriter(folder, special_tokens=SPECIAL) as writer:
        for i in range(n_documents):
            length = int(random.integers(1, 100))
            writer.add([i] * length + [999], language=("C", "Go", "Python")[i % 3])
    return Packed(folder)


def batches(*folders: Packed, seed: int = 0, fim_rate: float = 0.0, **changes: Any) -> Batches:
    sources = [Source(one, room=ROOM, seed=seed, name=str(i), fim_rate=fim_rate) for i, one in enumerate(folders)]
    mixture = Mixture([1.0] * len(sources), seed)
    fields = {"global_batch": 8, "mixture": mixture, "labels": [labels_of(folders)]} | changes
    return Batches(sources=sources, **fields)


@pytest.fixture(scope="module")
def one(tmp_path_factory: pytest.TempPathFactory) -> Packed:
    return packed(tmp_path_factory.mktemp("one"))


def whole(parts: list[Batch]) -> torch.Tensor:
    """All that a model gets to see, ranks one after the other."""
    rows = [torch.stack((part.tokens, part.targets, part.positions, part.labels[0].long()), 1) for part in parts]
    return torch.cat(rows)


@pytest.mark.parametrize("world", [2, 4])
def test_ranks_together_see_what_one_would_alone(one: Packed, world: int) -> None:
    alone = batches(one, fim_rate=0.5)
    ranks = [batches(one, fim_rate=0.5, rank=rank, world=world) for rank in range(world)]
    for step in range(12):
        assert torch.equal(whole([alone.batch(step)]), whole([rank.batch(step) for rank in ranks]))


def test_a_step_is_the_same_however_it_was_reached(one: Packed) -> None:
    straight = batches(one, fim_rate=0.5)
    for step in range(30):
        last = straight.batch(step)
    assert last.cursors[0].epoch > 0
    jumped = batches(one, fim_rate=0.5)
    assert torch.equal(whole([jumped.batch(29)]), whole([last]))
    back = jumped.batch(3)
    assert torch.equal(whole([batches(one, fim_rate=0.5).batch(3)]), whole([back]))


def test_a_cursor_saves_packing_and_changes_nothing(one: Packed, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("train.sequences.DOCUMENTS_A_GROUP", 16)
    straight = batches(one)
    before, after = straight.batch(5), straight.batch(6)
    ready = batches(one)
    packs: list[Cursor] = []
    pack = Source._pack
    monkeypatch.setattr(Source, "_pack", lambda self, cursor: packs.append(cursor) or pack(self, cursor))
    stream = ready.from_step(6, before.cursors)
    assert torch.equal(whole([next(stream)]), whole([after]))
    stream.close()
    assert min(packs) == before.cursors[0] > Cursor()


def test_an_epoch_has_every_token_once(one: Packed) -> None:
    source = Source(one, room=ROOM, seed=0, name="x")
    seen: Counter[int] = Counter()
    for number in range(source.n_sequences()):
        group, pieces = source.find(number)
        for piece in pieces:
            seen.update(source.tokens(group, piece).tolist())
        assert sum(group.pieces.size[pieces]) <= ROOM
    assert seen == Counter(one.tokens.tolist())


def test_epochs_and_seeds_differ_in_order(one: Packed) -> None:
    n = Source(one, room=ROOM, seed=0, name="0").n_sequences()
    firsts = [batches(one, seed=seed, global_batch=1).batch(step).tokens for seed, step in ((0, 0), (0, n), (1, 0))]
    assert not any(torch.equal(a, b) for a, b in zip(firsts, firsts[1:] + firsts[:1], strict=True))


def test_documents_are_apart(one: Packed) -> None:
    batch = batches(one).batch(0)
    assert batch.documents is not None
    for tokens, targets, positions, documents in zip(
        batch.tokens, batch.targets, batch.positions, batch.documents, strict=True
    ):
        for number in documents.unique():
            here = documents == number
            assert positions[here].tolist() == list(range(int(here.sum())))
            if targets[here][0] != IGNORED:
                assert targets[here][:-1].tolist() == tokens[here][1:].tolist()
            assert targets[here][-1] == IGNORED
    padded = batch.labels[0] == -1
    assert int(padded.sum()) == batch.n_padded
    assert (batch.targets[padded] == IGNORED).all()


def test_without_masks_a_row_is_one_text(one: Packed) -> None:
    batch = batches(one, mask_documents=False).batch(0)
    assert batch.documents is None
    used = int((batch.labels[0, 0] >= 0).sum())
    assert batch.positions[0].tolist() == list(range(ROOM))
    assert batch.targets[0, : used - 1].tolist() == batch.tokens[0, 1:used].tolist()
    assert (batch.targets[0, used - 1 :] == IGNORED).all()


def test_labels_are_those_of_the_document(one: Packed) -> None:
    batch = batches(one).batch(0)
    known = (batch.labels[0] >= 0) & (batch.tokens < 999)
    assert torch.equal(batch.tokens[known] % 3, batch.labels[0][known].long())


def test_micro_batches_are_the_batch_in_parts(one: Packed) -> None:
    batch = batches(one).batch(0)
    assert torch.equal(whole(list(batch.micro(2))), whole([batch]))


def test_sources_come_by_their_weights(tmp_path: Path) -> None:
    folders = packed(tmp_path / "a"), packed(tmp_path / "b", seed=1)
    mixture = Mixture([3.0, 1.0], 5)
    places = [mixture.place(i) for i in range(2 * MIXTURE_PERIOD)]
    assert Counter(source for source, _ in places) == {0: 1.5 * MIXTURE_PERIOD, 1: 0.5 * MIXTURE_PERIOD}
    for source in (0, 1):
        assert [number for own, number in places if own == source] == list(range(len(places)))[
            : mixture.counts[source] * 2
        ]
    early = Counter(source for source, _ in places[:200])
    assert 30 < early[1] < 70
    mixed = batches(*folders, mixture=mixture)
    assert mixed.batch(3).tokens.shape == (8, ROOM)


@pytest.mark.parametrize("lanes", [1, 4])
def test_a_curriculum_changes_shares_at_its_steps(lanes: int) -> None:
    """No sequence of a source is left out or comes twice where the shares change, wherever that is in a period."""
    phases = [(0, (3.0, 1.0)), (700, (0.0, 1.0)), (1000, (1.0, 1.0))]
    order = Lanes(phases, 5, lanes=lanes, global_batch=8)
    steps = 2000
    places = [order.place(number) for number in range(steps * 8)]
    for own in range(2 * lanes):
        numbers = [number for source, number in places if source == own]
        assert numbers == list(range(len(numbers)))
    shares = [
        Counter(source % 2 for source, _ in places[first * 8 : end * 8])[0] / (end - first) / 8
        for first, end in ((0, 700), (700, 1000), (1000, steps))
    ]
    assert shares == pytest.approx([0.75, 0, 0.5], abs=0.02)
    assert shares[1] == 0


def test_one_phase_is_a_mixture() -> None:
    order, mixture = Lanes([(0, (3.0, 1.0))], 5, lanes=1, global_batch=8), Mixture([3.0, 1.0], 5)
    assert [order.place(i) for i in range(9000)] == [mixture.place(i) for i in range(9000)]


@pytest.mark.parametrize(
    ("curriculum", "told"),
    [
        ([{"from_step": 5, "weights": [1]}], "one for each of the 2 sources"),
        ([{"from_step": 5, "weights": [0, 0]}], "not all 0"),
        ([{"from_step": 5, "weights": [1, 0]}, {"from_step": 5, "weights": [0, 1]}], "put them in order"),
    ],
)
def test_a_curriculum_that_cannot_be_meant(curriculum: list, told: str) -> None:
    sources = [{"path": "a"}, {"path": "b"}]
    with pytest.raises(WrongUse, match=told):
        parse(DataConfig, {"sources": sources, "curriculum": curriculum}, where="test")


def test_what_fails_in_the_background_is_raised_in_front(one: Packed, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = batches(one)
    monkeypatch.setattr(Source, "tokens", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        next(broken.from_step(0))


def test_background_and_foreground_give_the_same(one: Packed) -> None:
    stream = batches(one).from_step(2)
    assert [next(stream).step for _ in range(6)] == [2, 3, 4, 5, 6, 7]
    stream.close()


@given(n=st.integers(1, 5000), key=st.integers(0, 2**64 - 1))
def test_a_shuffle_has_each_once(n: int, key: int) -> None:
    assert sorted(shuffled(np.arange(n), n, key)) == list(range(n))


def test_shuffles_and_chances_are_even() -> None:
    firsts = [int(shuffled(np.arange(1), 10, key)[0]) for key in range(2000)]
    assert all(150 < count < 250 for count in Counter(firsts).values())  # 200 expected, standard deviation 13
    drawn = uniform(np.arange(20_000), 3)
    assert abs(drawn.mean() - 0.5) < 0.01
    assert abs(np.corrcoef(drawn[:-1], drawn[1:])[0, 1]) < 0.03


@given(lengths=st.lists(st.integers(1, 200), min_size=1, max_size=200), fim=st.booleans())
def test_packing_loses_nothing_and_fits(lengths: list[int], fim: bool) -> None:
    pieces = cut(np.arange(len(lengths)), np.array(lengths), np.full(len(lengths), 3 * fim), 50)
    sequences = best_fit(pieces.size, 50)
    assert sorted(piece for sequence in sequences for piece in sequence) == list(range(len(pieces.size)))
    assert all(pieces.size[sequence].sum() <= 50 for sequence in sequences)
    assert all(
        [(int(pieces.start[i]), int(pieces.n_tokens[i])) for i in np.flatnonzero(pieces.document == document)]
        == [(at, min(50 - 3 * fim, length - at)) for at in range(0, length, 50 - 3 * fim)]
        for document, length in enumerate(lengths)
    )
    # Best-fit decreasing never needs more than 11/9 of the fewest, plus 4 (Johnson 1974).
    assert len(sequences) <= 11 / 9 * -(-pieces.size.sum() // 50) + 4 or max(pieces.size) > 25


@given(
    body=st.lists(st.integers(0, 900), max_size=30),
    ended=st.booleans(),
    chances=st.tuples(*[st.floats(0, 1, exclude_max=True)] * 3),
)
def test_fill_in_the_middle_can_be_undone(body: list[int], ended: bool, chances: tuple[float, float, float]) -> None:
    special = FimTokens(prefix=1000, middle=1001, suffix=1002, end_of_text=999)
    tokens = np.array(body + [999] * ended, np.uint32)
    changed = fill_in_the_middle(tokens, special, chances).tolist()
    assert len(changed) == len(tokens) + 3
    if ended:
        assert changed.pop() == 999
    at_suffix, at_middle = changed.index(1002), changed.index(1001)
    assert changed[0] == 1000
    suffix, rest = changed[at_suffix + 1 : at_middle], changed[at_middle + 1 :]
    if chances[2] < 0.5:
        assert changed[1:at_suffix] + rest + suffix == body
    else:
        assert at_suffix == 1
        assert rest + suffix == body


def test_half_of_the_documents_are_filled_in_the_middle(one: Packed) -> None:
    source = Source(one, room=ROOM, seed=0, name="0", fim_rate=0.5)
    seen: Counter[int] = Counter()
    for number in range(source.n_sequences()):
        group, pieces = source.find(number)
        for piece in pieces:
            tokens = source.tokens(group, piece)
            assert len(tokens) == group.pieces.size[piece]
            seen.update(tokens.tolist())
    plain = Counter(one.tokens.tolist())
    assert {token: n for token, n in seen.items() if token < 1000} == plain
    assert seen[1000] == seen[1001] == seen[1002]
    n_pieces = int(np.ceil(one.lengths / (ROOM - 3)).sum())
    assert 0.35 < seen[1000] / n_pieces < 0.65


@pytest.mark.parametrize(
    ("changes", "told"),
    [({"world": 3}, "multiple of 3"), ({"global_batch": 6, "world": 4}, "global_batch is 6")],
)
def test_ranks_that_do_not_divide_are_refused(one: Packed, changes: dict[str, int], told: str) -> None:
    with pytest.raises(WrongUse, match=told):
        batches(one, **changes)


def test_sources_without_documents_and_rows_without_room_are_refused(one: Packed, tmp_path: Path) -> None:
    with pytest.raises(WrongUse, match="has no documents"):
        Source(packed(tmp_path, 0), room=ROOM, seed=0, name="x")
    with pytest.raises(WrongUse, match="must be over 3"):
        Source(one, room=3, seed=0, name="x")
