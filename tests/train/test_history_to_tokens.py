"""Commits all the way: a repository, the data set, the recipe of the guide, and tokens of the right format."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pygit2
import pytest
import yaml
from runs_by_hand import document, make_run

import curate
from curate.history.commit_rules import CommitRules
from curate.history.write_commits import write_commits
from curate.recipe import parse
from train.pack import pack
from train.pack_config import PackConfig
from train.packed import Packed
from train.settings import parse as parse_settings
from train.tokenizer import Tokenizer
from train.tokenizer_training import TokenizerConfig, train_tokenizer

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

GUIDE = Path(__file__).parents[2] / "docs" / "formats.md"
CODE = "def total_{}(values):\n    return sum(values) + {}\n"


def recipes() -> list[dict]:
    """The recipes that the guide tells."""
    blocks = re.findall(r"```yaml\n(name: .*?)```", GUIDE.read_text(encoding="utf-8"), re.S)
    return [yaml.safe_load(block) for block in blocks]


def test_the_guide_s_recipes_are_recipes() -> None:
    assert [parse(recipe, where="guide").name for recipe in recipes()] == ["commits", "issues"]


@pytest.mark.spark
def test_commits_come_out_as_tokens(tmp_path: Path, spark: SparkSession) -> None:
    who = pygit2.Signature("Ann", "ann@example.org", 1_600_000_000, 0)
    repository = pygit2.init_repository(tmp_path / "r", bare=True, initial_head="main")
    parents: list[pygit2.Oid] = []
    index = pygit2.Index()
    for number in range(12):
        text = CODE.replace("{}", str(number)) + f"# ask mary.smith{number}@corp-mail.com\n"
        licence = b"SPDX-License-Identifier: MIT\n"
        for path, data in (("LICENSE", licence), (f"m{number}.py", text.encode())):
            index.add(pygit2.IndexEntry(path, repository.create_blob(data), pygit2.enums.FileMode.BLOB))
        tree = index.write_tree(repository)
        message = f"Add the sum of {number} values\n"
        parents = [repository.create_commit("refs/heads/main", who, who, message, tree, parents)]
    rules = CommitRules(short_rate=1, small_rate=1, large_rate=1, data_rate=1)
    assert write_commits([tmp_path / "r"], tmp_path / "set", rules)["taken"] == 12
    (tmp_path / "commits.yaml").write_text(yaml.safe_dump(recipes()[0], sort_keys=False))
    inputs = str(tmp_path / "set" / "*.parquet")
    run = curate.run(str(tmp_path / "commits.yaml"), inputs, tmp_path / "run", spark)
    rows = run.shards.to_table().to_pylist()
    assert {(row["language"], row["licence"], row["repo"]) for row in rows} == {("Diff", "MIT", "r")}
    assert len(rows) > 5, "near-duplicates may go"
    words = make_run(tmp_path / "words", [document("a.py", CODE * 50)])
    train_tokenizer([words], tmp_path / "t.json", TokenizerConfig(vocabulary_size=400, sample_bytes=5_000))
    source = {"run": str(run.folder), "render": "commits"}
    raw = {"tokenizer": str(tmp_path / "t.json"), "out": str(tmp_path / "p"), "sources": [source], "path_rate": 1}
    summary = pack(parse_settings(PackConfig, raw, where="test"))
    assert (summary.sources["run"].documents, summary.sources["run"].empty) == (len(rows), 0)
    packed, tokenizer = Packed(tmp_path / "p"), Tokenizer(tmp_path / "t.json")
    for start, length in zip(packed.starts, packed.lengths, strict=True):
        text = tokenizer.decode(packed.tokens[start : start + length].tolist())
        number = re.search(r"total_(\d+)", text)[1]  # type: ignore[index]
        last = f"m{number}.py\n{CODE.replace('{}', number)}# ask EMAIL\n<|endoftext|>"
        assert re.match(
            rf"(<repo_name>r)?<commit_before><commit_msg>Add the sum of {number} values<commit_after>", text
        )
        assert text.endswith("<file_sep>" + last)
        assert "mary" not in text
