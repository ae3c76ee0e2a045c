"""Training on finished runs as they are: each file once an epoch, one order in any world, the next group made ahead."""

from __future__ import annotations

import json
import re
import shutil
import threading
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
import torch
from chats import N_IDS, byte_tokenizer
from runs_by_hand import corpus, document, make_run

import train.loop as loop
import train.streamed as module
from curate.errors import RunFailed, WrongUse
from curate.shards import Run
from train.batches import Batch, Batches
from train.config import PretrainConfig
from train.packed import Packed, PackedWriter
from train.parallel import World
from train.pretrain import batches_for, pretrain
from train.sequences import Cursor
from train.settings import parse
from train.special_tokens import ids
from train.streamed import Streamed, StreamedSource, values_of
from train.tokenizer import Tokenizer

END = ids()["<|endoftext|>"]


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Blocks of 4 files, windows of 3 blocks, groups of about 3 files."""
    for name, value in {"BLOCK_ROWS": 4, "BLOCKS_A_WINDOW": 3, "GROUP_BYTES": 800}.items():
        monkeypatch.setattr(module, name, value)


@pytest.fixture(scope="module")
def tokenizer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return byte_tokenizer(tmp_path_factory.mktemp("tokenizer") / "tokenizer.json")


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return corpus(tmp_path_factory.mktemp("run") / "curated")


def config_of(run: Run, tokenizer: Path, *more: Path, **data: Any) -> PretrainConfig:
    """A configuration of a mixture: the run, and folders of packed tokens."""
    raw = {
        "out": "unused",
        "model": "tiny-llama",
        "model_changes": {"vocab_size": N_IDS},
        "tokenizer": str(tokenizer),
        "data": {"sources": [{"path": str(one)} for one in (run.folder, *more)], "sequence_length": 128} | data,
        "steps": 1,
        "global_batch": 8,
    }
    return parse(PretrainConfig, raw, where="test")


def batches(config: PretrainConfig, *corpora: Any, rank: int = 0, world: int = 1) -> Batches:
    made = batches_for(config, corpora, World(device=torch.device("cpu")))
    return Batches(**vars(made) | {"rank": rank, "world": world})


def streamed(run: Run, tokenizer: Path) -> Streamed:
    return Streamed(run, Tokenizer(tokenizer), values_of(run, ["module"]))


def source_of(made: Batches, number: int = 0) -> StreamedSource:
    found = made.sources[number]
    assert isinstance(found, StreamedSource)
    return found


def whole(parts: list[Batch]) -> torch.Tensor:
    """All that a model gets to see, ranks one after the other."""
    return torch.cat([torch.stack((one.tokens, one.targets, one.positions, one.labels[0].long()), 1) for one in parts])


def texts(batch: Batch, tokenizer: Tokenizer) -> list[tuple[str, list[int]]]:
    """The text and the labels' numbers of each piece of a batch."""
    assert batch.documents is not None
    found = []
    for row, (tokens, documents) in enumerate(zip(batch.tokens, batch.documents, strict=True)):
        for number in documents[batch.labels[0, row] >= 0].unique():
            here = documents == number
            found.append((tokenizer.decode(tokens[here].tolist()), batch.labels[:, row, here][:, 0].tolist()))
    return found


def test_blocks_are_all_rows_whatever_the_row_groups(run: Run, tokenizer: Path, tmp_path: Path, small: None) -> None:
    cut = make_run(tmp_path / "cut", [document(f"f{i}.py", f"x = {i}\n") for i in range(23)])
    (shard,) = cut.files("shards/")
    pq.write_table(pq.read_table(shard, partitioning=None), shard, row_group_size=7)
    one = streamed(cut, tokenizer)
    found = [one.block(i)["content"].to_pylist() for i in range(one.n_blocks)]
    assert [len(block) for block in found] == [4, 4, 4, 4, 4, 3]
    assert [text for block in found for text in block] == pq.read_table(shard, partitioning=None)["content"].to_pylist()
    pq.write_table(pq.read_table(shard, partitioning=None).slice(1), shard)
    with pytest.raises(RunFailed, match="has 22 rows and the manifest 23"):
        one.block(0)


@pytest.mark.parametrize("lanes", [1, 4])
def test_an_epoch_has_every_file_once(run: Run, tokenizer: Path, small: None, lanes: int) -> None:
    rates = {"repo_name_rate": 0.0, "path_rate": 0.0, "stars_rate": 0.0}
    made = batches(config_of(run, tokenizer, lanes=lanes, **rates), streamed(run, tokenizer))
    seen: Counter[bytes] = Counter()
    for lane in range(lanes):
        source, number, held = source_of(made, lane), 0, bytearray()
        while True:
            group, pieces = source.find(number)
            if source.cursor.epoch:
                break
            number += 1
            assert sum(group.pieces.size[pieces]) <= 128
            for piece in pieces:
                document_ids = group.ids[int(group.starts[group.pieces.document[piece]]) :]
                length = int(np.argmax(document_ids == END))
                if group.pieces.start[piece] == 0:
                    held = bytearray(Tokenizer(tokenizer).decode(document_ids[:length].tolist()).encode())
                    seen[bytes(held)] += 1
        source.close()
    wanted = Counter(row["content"].encode() for batch in run.documents(["content"]) for row in batch.to_pylist())
    assert seen == wanted


@pytest.mark.parametrize("world", [2, 4, 8])
def test_ranks_together_see_what_one_would_alone(
    run: Run, tokenizer: Path, small: None, world: int, tmp_path: Path
) -> None:
    """Four lanes of a run and of packed tokens; eight ranks read each lane twice. Some epochs long."""
    special = {name: ids()[f"<{name}>"] for name in ("fim_prefix", "fim_middle", "fim_suffix")} | {"end_of_text": END}
    with PackedWriter(tmp_path, special_tokens=special) as writer:
        for i in range(40):
            writer.add([80 + i] * (20 + i) + [END], language="Go")
    config = config_of(run, tokenizer, tmp_path, lanes=4, fim_rate=0.5)

    def made(rank: int, world: int) -> Batches:
        return batches(config, streamed(run, tokenizer), Packed(tmp_path), rank=rank, world=world)

    alone, ranks = made(0, 1), [made(rank, world) for rank in range(world)]
    for step in range(80):
        wanted = alone.batch(step)
        assert torch.equal(whole([wanted]), whole([rank.batch(step) for rank in ranks])), step
    assert min(cursor.epoch for cursor in wanted.cursors[::2]) > 0
    for one in (alone, *ranks):
        for source in one.sources:
            source.close()


def test_a_rank_reads_its_own_lanes_only(
    run: Run, tokenizer: Path, small: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[set[int]] = []
    block = Streamed.block
    monkeypatch.setattr(Streamed, "block", lambda self, number: read[-1].add(number) or block(self, number))
    for rank in range(2):
        read.append(set())
        made = batches(config_of(run, tokenizer, lanes=2), streamed(run, tokenizer), rank=rank, world=2)
        made.batch(0)
        made.batch(1)
        assert source_of(made, 1 - rank)._background is None
        source_of(made, rank).close()
    assert read[0]
    assert read[1]
    assert not read[0] & read[1]


def test_a_cursor_saves_tokenising_and_changes_nothing(
    run: Run, tokenizer: Path, small: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = config_of(run, tokenizer, lanes=2, fim_rate=0.5)
    straight = batches(config, streamed(run, tokenizer))
    before, last = [straight.batch(step) for step in range(7)][-2:]
    made: list[Cursor] = []
    tokenised = StreamedSource._tokenised
    monkeypatch.setattr(StreamedSource, "_tokenised", lambda self, at: made.append(at) or tokenised(self, at))
    stream = batches(config, streamed(run, tokenizer)).from_step(6, [list(one) for one in before.cursors])
    assert torch.equal(whole([next(stream)]), whole([last]))
    stream.close()
    assert min(made) == min(one._replace(base=0) for one in before.cursors) > Cursor()


def test_the_next_group_is_made_while_this_one_is_trained_on(
    run: Run, tokenizer: Path, small: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[tuple[Cursor, str]] = []
    tokenised = StreamedSource._tokenised

    def told(self: StreamedSource, cursor: Cursor) -> Any:
        made.append((cursor, threading.current_thread().name))
        return tokenised(self, cursor)

    monkeypatch.setattr(StreamedSource, "_tokenised", told)
    one = batches(config_of(run, tokenizer, lanes=1), streamed(run, tokenizer))
    source = source_of(one)
    group, _ = source.find(0)
    source._ahead[group.after].result()
    assert [cursor for cursor, _ in made] == [Cursor(), group.after]
    assert all(thread.startswith("tokenising") for _, thread in made)
    source.find(len(group.sequences))
    assert made[2:] == [] or made[2][0] > group.after
    source.close()
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("tokenising")]


def test_files_are_rendered_anew_in_each_epoch(run: Run, tokenizer: Path, small: None) -> None:
    config = config_of(run, tokenizer, lanes=1, fim_rate=0.5, path_rate=0.5)
    made = batches(config, streamed(run, tokenizer))
    source = source_of(made)
    epochs: list[Counter[str]] = [Counter(), Counter()]
    number = 0
    while True:
        group, pieces = source.find(number)
        if source.cursor.epoch > 1:
            break
        for piece in pieces:
            ids_ = source.tokens(group, piece).tolist()
            text = Tokenizer(tokenizer).decode(ids_)
            kinds = [mark for mark in ("<fim_prefix>", "<file_sep>", "<repo_name>", "<gh_stars>") if mark in text]
            epochs[source.cursor.epoch].update(kinds)
        number += 1
    source.close()
    for epoch in epochs:
        assert 15 < epoch["<fim_prefix>"] < 45  # of 60 files, half
        assert 15 < epoch["<file_sep>"] < 45
        assert 0 < epoch["<repo_name>"] < 20  # a fifth of 26 that have one
        assert 0 < epoch["<gh_stars>"] < 12  # a fifth of 13
    assert epochs[0] != epochs[1]


def test_labels_are_those_of_the_files(run: Run, tokenizer: Path, small: None) -> None:
    made = batches(config_of(run, tokenizer, lanes=2, tags=["module"]), streamed(run, tokenizer))
    language, module_kind = made.labels
    assert language.names == ["C", "Markdown", "Python"]
    assert module_kind.names == ["", "main", "test"]
    found_texts = [one for step in range(9) for one in texts(made.batch(step), Tokenizer(tokenizer))]
    for source in made.sources:
        source.close()
    seen: Counter[int] = Counter()
    for text, numbers in found_texts:
        if found := re.search(r"def total_(\d+)", text):
            number = int(found[1])
            assert numbers == [2 if number % 2 else 0, 2 if number % 4 else 1]
        elif "paragraph" in text:
            assert numbers == [1, 0]  # prose has no module
        seen[numbers[0]] += 1
    assert len(seen) == 3


def test_a_run_without_text_is_an_error_and_not_a_wait(tmp_path: Path, tokenizer: Path) -> None:
    empty = make_run(tmp_path / "empty", [document("a.py", "")])
    with pytest.raises(RunFailed, match="has no text in any file"):
        batches(config_of(empty, tokenizer), streamed(empty, tokenizer)).batch(0)
    (tmp_path / "none").mkdir()
    (tmp_path / "none" / "manifest.json").write_text('{"files": []}')
    with pytest.raises(WrongUse, match="kept no files"):
        streamed(Run(tmp_path / "none"), tokenizer)


@pytest.fixture
def raw(run: Run, tokenizer: Path, tmp_path: Path) -> dict[str, Any]:
    """A run of the trainer, as parsed YAML."""
    return {
        "out": str(tmp_path / "run"),
        "model": "tiny-llama",
        "model_changes": {"vocab_size": N_IDS},
        "tokenizer": str(tokenizer),
        "data": {"sources": [{"path": str(run.folder)}], "sequence_length": 64, "lanes": 2, "tags": ["module"]},
        "validation": {"sources": [str(run.folder)], "every": 3, "tags": ["module"], "max_sequences": 12},
        "optimizer": {"lr": 3e-3, "warmup_steps": 0, "schedule": "constant"},
        "checkpoint": {"every": 2},
        "steps": 6,
        "global_batch": 4,
        "micro_batch": 4,
        "precision": "float32",
    }


def trained(raw: dict[str, Any]) -> list[dict[str, Any]]:
    pretrain(parse(PretrainConfig, raw, where="test"), face="quiet")
    return [json.loads(line) for line in (Path(raw["out"]) / "trace.jsonl").read_text().splitlines()]


def test_pretraining_straight_from_a_run_resumes_as_if_it_had_not_stopped(
    raw: dict[str, Any], tmp_path: Path, small: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    straight = trained(raw)
    assert straight[-1]["loss"] < 0.8 * straight[0]["loss"]
    assert straight[2]["validation"]["by"]["module"].keys() == {"", "main", "test"}
    assert straight[2]["validation"]["bits_per_byte"] > 1
    step = loop.train_step

    def failing(state: loop.TrainState, *rest: Any) -> dict[str, Any]:
        if state.step == 5:
            raise KeyboardInterrupt
        return step(state, *rest)

    interrupted = raw | {"out": str(tmp_path / "interrupted")}
    monkeypatch.setattr(loop, "train_step", failing)
    with pytest.raises(KeyboardInterrupt):
        trained(interrupted)
    monkeypatch.setattr(loop, "train_step", step)
    assert trained(interrupted) == straight


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"tokenizer": None}, "is a finished run, whose text is tokenised while training: name a tokenizer"),
        ({"model_changes": {"vocab_size": 200}}, f"has {N_IDS} ids of tokens and the model's vocab_size is 200"),
        ({"lanes": 3}, "data.lanes is 3 and must divide global_batch, 4, and be at most 3"),
        ({"lanes": 4}, "data.lanes is 4 and must divide global_batch, 4, and be at most 3"),
    ],
)
def test_what_cannot_run_is_told_in_a_sentence(raw: dict[str, Any], changes: dict[str, Any], told: str) -> None:
    if lanes := changes.pop("lanes", None):
        raw["data"] |= {"lanes": lanes}
    with pytest.raises(WrongUse, match=told):
        trained(raw | changes)


def test_a_benchmark_is_refused_unless_the_run_was_decontaminated(
    raw: dict[str, Any], run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked: list[list[Path]] = []
    monkeypatch.setattr("train.evaluate.refusal.refuse_evaluation_files", looked.append)
    trained(raw | {"steps": 1, "validation": None})
    assert looked == [run.files("shards/")]
    clean = tmp_path / "clean"
    shutil.copytree(run.folder, clean)
    told = json.loads((clean / "manifest.json").read_text()) | {"recipe": {"stages": [{"decontaminate": {}}]}}
    (clean / "manifest.json").write_text(json.dumps(told))
    data = raw["data"] | {"sources": [{"path": str(clean)}]}
    trained(raw | {"steps": 1, "validation": None, "data": data, "out": str(tmp_path / "other")})
    assert len(looked) == 1
