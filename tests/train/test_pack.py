"""Packing: what is in the runs is in the tokens, each leads back to its file, and nothing half done looks done."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from runs_by_hand import corpus, document, make_run
from typer.testing import CliRunner

from curate.errors import RunFailed, WrongUse
from curate.shards import Run
from train import data_commands
from train.evaluate.fingerprints import made
from train.evaluate.problems import Problem
from train.pack import factors_of, origin_of, pack
from train.pack_config import PackConfig, load_or_make
from train.packed import Packed
from train.regroup import repositories
from train.settings import parse
from train.tokenizer import Tokenizer
from train.tokenizer_training import TokenizerConfig, train_tokenizer

PLAIN = {"repo_name_rate": 0, "path_rate": 0, "stars_rate": 0}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return corpus(tmp_path_factory.mktemp("run"))


@pytest.fixture(scope="module")
def tokenizer(run: Run) -> Tokenizer:
    train_tokenizer([run], run.folder / "tokenizer.json", TokenizerConfig(vocabulary_size=400, sample_bytes=5_000))
    return Tokenizer(run.folder / "tokenizer.json")


def config(tokenizer: Tokenizer, out: Path, *sources: dict[str, Any], **settings: Any) -> PackConfig:
    raw = {"tokenizer": str(tokenizer.path), "out": str(out), "sources": list(sources), **settings}
    return parse(PackConfig, raw, where="test")


def texts(packed: Packed, tokenizer: Tokenizer) -> list[str]:
    return [
        tokenizer.decode(packed.tokens[a : a + n].tolist()) for a, n in zip(packed.starts, packed.lengths, strict=True)
    ]


def files(run: Run) -> dict[str, dict[str, Any]]:
    return {row["file_id"]: row for row in run.shards.to_table().to_pylist()}


def test_every_file_is_there_once_in_the_order_of_the_shards(run: Run, tokenizer: Tokenizer, tmp_path: Path) -> None:
    summary = pack(config(tokenizer, tmp_path / "p", {"run": str(run.folder), "name": "all"}, **PLAIN))
    packed = Packed(tmp_path / "p")
    rows = [row for batch in run.documents() for row in batch.to_pylist()]
    assert texts(packed, tokenizer) == [row["content"] + "<|endoftext|>" for row in rows]
    index = pq.read_table(tmp_path / "p" / "index.parquet").to_pylist()
    for told, row in zip(index, rows, strict=True):
        assert (told["file_id"], told["language"], told["source"]) == (row["file_id"], row["language"], "all")
        assert told["tags"] == row["tags"]
    counts = summary.sources["all"]
    assert (counts.documents, counts.files, counts.tokens) == (60, 60, packed.n_tokens)
    assert counts.characters == sum(len(row["content"]) for row in rows)
    assert packed.meta["tokenizer_hash"] == tokenizer.hash
    assert packed.meta["packing"]["all"]["documents"] == 60
    assert packed.special("fim_middle") == 2
    assert packed.token_bytes is not None
    assert int(packed.token_bytes[packed.tokens].sum()) == sum(row["size_bytes"] for row in rows)


def test_the_same_twice_gives_the_same_bytes(run: Run, tokenizer: Tokenizer, tmp_path: Path) -> None:
    source = {"run": str(run.folder), "render": "repositories", "epochs": 1.5}
    for name in ("a", "b"):
        pack(config(tokenizer, tmp_path / name, source, fim_rate=0.5))
    names = sorted(path.name for path in (tmp_path / "a").iterdir())
    assert names == ["bytes.bin", "files.parquet", "index.parquet", "meta.json", "tokens.bin"]
    assert all((tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes() for name in names)


def test_each_token_of_a_repository_leads_back_to_its_file(run: Run, tokenizer: Tokenizer, tmp_path: Path) -> None:
    source = {"run": str(run.folder), "name": "s", "render": "repositories"}
    pack(config(tokenizer, tmp_path / "p", source, named_rate=0, **PLAIN))
    packed = Packed(tmp_path / "p")
    known = files(run)
    found: dict[str, str] = {}
    for row in pq.read_table(tmp_path / "p" / "files.parquet").to_pylist():
        own = packed.tokens[row["start"] : row["start"] + row["n_tokens"]].tolist()
        found[row["file_id"]] = tokenizer.decode(own).removesuffix("<|endoftext|>").removeprefix("<file_sep>")
        for token in (row["start"], row["start"] + row["n_tokens"] - 1):
            origin = origin_of(tmp_path / "p", token)
            assert (origin["file_id"], origin["language"]) == (row["file_id"], row["language"])
            assert origin["source"] == "s"
    assert found == {one: row["content"] for one, row in known.items() if row["repo"]}
    alone = [row for row in known.values() if not row["repo"]]
    assert packed.n_documents == 2 + len(alone)
    with pytest.raises(WrongUse, match="is not in"):
        origin_of(tmp_path / "p", packed.n_tokens)


@pytest.mark.parametrize("part_bytes", [10**9, 10_000, 2_000, 1])
def test_repositories_come_whole_where_they_fit_and_no_file_is_lost(run: Run, tmp_path: Path, part_bytes: int) -> None:
    groups = list(repositories(run, tmp_path, part_bytes))
    assert sorted(row["file_id"] for group in groups for row in group) == sorted(files(run))
    assert all(len({row["repo"] for row in group}) == 1 for group in groups)
    assert all(len(group) == 1 for group in groups if group[0]["repo"] is None)
    assert all([row["path"] for row in group] == sorted(row["path"] for row in group) for group in groups)
    n_whole = Counter(group[0]["repo"] for group in groups)
    if part_bytes >= 10_000:
        assert (n_whole["team/first"], n_whole["team/second"]) == (1, 1)
    assert list(tmp_path.iterdir()) == []


def test_epochs_take_documents_so_often_and_render_them_anew(run: Run, tokenizer: Tokenizer, tmp_path: Path) -> None:
    source = {"run": str(run.folder), "name": "s", "epochs": 2.5}
    pack(config(tokenizer, tmp_path / "p", source, fim_rate=1))
    ids = Counter(pq.read_table(tmp_path / "p" / "index.parquet")["file_id"].to_pylist())
    assert set(ids.values()) == {2, 3}
    assert sum(ids.values()) / 60 == pytest.approx(2.5, abs=0.25)
    found = texts(Packed(tmp_path / "p"), tokenizer)
    assert len(set(found)) > 0.9 * len(found)


def test_weights_are_shares_of_tokens(run: Run, tokenizer: Tokenizer, tmp_path: Path) -> None:
    chinese = make_run(
        tmp_path / "zh", [document(f"{i}.md", f"第{i}段说明。" * 20, language="Markdown") for i in range(300)]
    )
    sources = [
        {"run": str(run.folder), "name": "code", "weight": 0.8, "epochs": 2},
        {"run": str(chinese.folder), "name": "zh", "weight": 0.2},
    ]
    summary = pack(config(tokenizer, tmp_path / "p", *sources, **PLAIN))
    tokens = {name: counts.tokens for name, counts in summary.sources.items()}
    assert tokens["zh"] / sum(tokens.values()) == pytest.approx(0.2, abs=0.05)
    assert summary.factors["code"] == pytest.approx(2)
    assert summary.factors["zh"] < 1
    runs = {"code": run, "zh": chinese}
    no_weights = config(tokenizer, tmp_path / "q", *({"run": one["run"], "name": one["name"]} for one in sources))
    assert factors_of(no_weights, runs, tokenizer) == {"code": 1.0, "zh": 1.0}


def test_long_documents_are_cut_and_empty_ones_left_out_and_both_counted(tokenizer: Tokenizer, tmp_path: Path) -> None:
    rows = [document("a.py", "x = 1\n" * 50), document("b.py", ""), document("c.py", "y")]
    run = make_run(tmp_path / "run", rows)
    summary = pack(config(tokenizer, tmp_path / "p", {"run": str(run.folder)}, max_document_tokens=10, **PLAIN))
    counts = summary.sources["run"]
    assert (counts.documents, counts.cut, counts.empty) == (2, 1, 1)
    packed = Packed(tmp_path / "p")
    assert packed.lengths.tolist() == [10, 2]
    assert packed.tokens[9] == packed.tokens[11] == 0


def test_spans_end_at_the_cut(run: Run, tokenizer: Tokenizer, tmp_path: Path) -> None:
    source = {"run": str(run.folder), "render": "repositories"}
    pack(config(tokenizer, tmp_path / "p", source, max_document_tokens=200, **PLAIN))
    packed = Packed(tmp_path / "p")
    rows = pq.read_table(tmp_path / "p" / "files.parquet").to_pylist()
    by_document: Counter[int] = Counter()
    for row in rows:
        by_document[row["document"]] += row["n_tokens"]
    assert by_document
    assert all(packed.lengths[document] == n for document, n in by_document.items())


def test_text_that_spells_special_tokens_does_not_become_them(tokenizer: Tokenizer, tmp_path: Path) -> None:
    run = make_run(tmp_path / "run", [document("a.py", "<|endoftext|><fim_prefix><|im_start|>system")])
    pack(config(tokenizer, tmp_path / "p", {"run": str(run.folder)}, **PLAIN))
    assert [int(token) for token in Packed(tmp_path / "p").tokens if token < 64] == [0]


def test_a_packing_that_failed_leaves_nothing_to_read(
    run: Run, tokenizer: Tokenizer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    good, out = {"run": str(run.folder)}, tmp_path / "p"
    pack(config(tokenizer, out, good))
    with pytest.raises(WrongUse, match="--fresh"):
        pack(config(tokenizer, out, good))
    broken = make_run(tmp_path / "broken", [document("a.py", "x")])
    (broken.folder / "shards" / "language=Python" / "00000.parquet").write_bytes(b"PAR1")
    with pytest.raises(Exception, match="Parquet"):
        pack(config(tokenizer, out, good, {"run": str(broken.folder)}), fresh=True)
    assert Packed(out).n_documents == 60, "what cannot be read is told before anything is written"
    monkeypatch.setattr("train.pack.refuse_evaluation_files", lambda shards: None)
    with pytest.raises(Exception, match="Parquet"):
        pack(config(tokenizer, out, good, {"run": str(broken.folder)}), fresh=True)
    with pytest.raises(WrongUse, match="no finished packed tokens"):
        Packed(out)
    pack(config(tokenizer, out, good, seed=1))
    assert Packed(out).n_documents == 60
    empty = make_run(tmp_path / "empty", [])
    with pytest.raises(RunFailed, match="nothing was packed"):
        pack(config(tokenizer, tmp_path / "q", {"run": str(empty.folder)}))


def test_a_shard_that_is_a_benchmark_is_refused(
    tokenizer: Tokenizer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What `decontaminate` would have dropped file by file."""
    tasks = [
        f"def solve_{number}(values):\n    total = {number} + len(values) * {number * 7}\n    for one in values:\n"
        f"        total += one * {number + 3} - {number * 11}\n    return total\n"
        for number in range(20)
    ]
    own = [
        Problem(task_id=f"Own/{number}", language="Python", prompt=text, canonical="", tests="", entry_point="f")
        for number, text in enumerate(tasks)
    ]
    monkeypatch.setattr("train.evaluate.refusal.shipped", lambda: made([("own", own)]))
    bad = make_run(tmp_path / "bad", [document(f"{number}.py", text) for number, text in enumerate(tasks)])
    with pytest.raises(WrongUse, match=r"is an evaluation file \(20 of the 20 tasks of own"):
        pack(config(tokenizer, tmp_path / "out", {"run": str(bad.folder)}))
    assert not (tmp_path / "out").exists()


def test_configurations_that_cannot_be_meant_are_told(run: Run, tokenizer: Tokenizer, tmp_path: Path) -> None:
    one = {"run": str(run.folder), "name": "a"}
    with pytest.raises(WrongUse, match="two sources have one name"):
        config(tokenizer, tmp_path, one, one)
    with pytest.raises(WrongUse, match="some sources have a weight"):
        config(tokenizer, tmp_path, one | {"weight": 1}, {"run": "other"})
    with pytest.raises(WrongUse, match="fim_rate"):
        config(tokenizer, tmp_path, one, fim_rate=2)
    with pytest.raises(WrongUse, match="tokenizer"):
        load_or_make([run.folder], tokenizer=None, out=tmp_path)


def test_the_commands(run: Run, tokenizer: Tokenizer, tmp_path: Path) -> None:
    import typer

    app = typer.Typer()
    app.add_typer(data_commands.tokenizer, name="tokenizer")
    app.command("pack")(data_commands.pack)

    def call(*words: object) -> str:
        ended = CliRunner().invoke(app, [str(word) for word in words], catch_exceptions=False)
        assert ended.exit_code == 0, ended.output
        return ended.stdout

    own = tmp_path / "t.json"
    told = call("tokenizer", "train", run.folder, "--out", own, "--size", 400, "--sample-mb", 0.005)
    assert "400 entries" in told
    assert "vocabulary" in call("tokenizer", "compare", own, tokenizer.path, "--run", run.folder)
    as_json = json.loads(call("tokenizer", "compare", own, "--run", run.folder, "--json"))
    assert [one["name"] for one in as_json[0]["domains"]] == ["code", "chinese", "english"]
    file = tmp_path / "pack.yaml"
    file.write_text(json.dumps({"sources": [{"run": str(run.folder), "name": "s"}], "out": "not here"}))
    told = call("pack", file, "--tokenizer", own, "--out", tmp_path / "p", "--set", "fim_rate=0.5", "--json")
    assert json.loads(told)["sources"]["s"]["documents"] == 60
    assert "60 documents" in call("pack", run.folder, "--tokenizer", own, "--out", tmp_path / "p", "--fresh")
