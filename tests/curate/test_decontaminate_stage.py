"""The stage decontaminate on batches and inside the fused pass: verdict, task, limit; settings; files of one's own."""

from __future__ import annotations

import json
from pathlib import Path
from typing import get_args

import pyarrow as pa
import pytest

from curate.errors import WrongUse
from curate.narrow import mill, work_schema
from curate.recipe import parse
from curate.sources.raw import RAW
from curate.stage import Stage, check_contracts
from curate.stages.decode import Decode
from curate.stages.decontaminate import Benchmark, Decontaminate, marks_of
from curate.stages.language import DetectLanguage
from curate.stages.read import Read
from dedup.benchmark_tables import SHIPPED, save
from dedup.benchmark_tables import read as read_table
from dedup.ngrams import HASH_COMMENTS, SLASH_COMMENTS, TAGS

TASK = {
    "task_id": "Mine/7",
    "prompt": "Find the two harbours between which a ferry waits longest, and tell how long it waits there in minutes.",
    "canonical_solution": "def longest(stops):\n"
    "    waits = [(b.leaves - a.arrives, a.name) for a, b in zip(stops, stops[1:])]\n"
    "    return max(waits, key=lambda wait: wait[0])\n",
}
COPY = TASK["canonical_solution"].replace("waits", "w").replace("stops", "route").replace("longest", "f")
CLEAN = "import os\n\n\ndef main():\n    print(os.environ)\n"


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    path = tmp_path / "Mine.jsonl"
    path.write_text(json.dumps(TASK) + "\n", encoding="utf-8")
    return path


def told(stage: Stage, *files: tuple[str, str]) -> list[dict]:
    columns = {
        "language": pa.array([language for language, _ in files]),
        "content": pa.array([content for _, content in files], pa.large_string()),
    }
    return stage.measure(pa.RecordBatch.from_pydict(columns)).to_pylist()


def test_a_copy_is_dropped_with_its_task_part_share_and_limit(mine: Path) -> None:
    stage = Decontaminate(benchmarks=(), extra=(str(mine),), min_text_share=0.25)
    text, renamed, clean, unknown, empty = told(
        stage, ("Markdown", "# Ferries\n\n> " + TASK["prompt"]), ("Python", CLEAN * 30 + COPY), ("Python", CLEAN),
        ("no such language", CLEAN), ("Text", ""),
    )  # fmt: skip
    assert (text["drop_reason"], text["match"], text["drop_text"]) == ("contaminated", "Mine/7", "text")
    assert (text["drop_value"], text["drop_limit"]) == (1.0, 0.25)
    assert (renamed["drop_reason"], renamed["match"], renamed["drop_text"]) == ("contaminated", "Mine/7", "renamed")
    assert renamed["drop_value"] >= renamed["drop_limit"] == 0.6
    for row in (clean, unknown, empty):
        assert {row[name] for name in ("drop_reason", "drop_value", "drop_text", "drop_limit", "match")} == {None}


def test_a_prompt_of_humaneval_is_found_by_the_tables_that_come_along() -> None:
    """The first sentence of one task, as everyone quotes it, and its example."""
    quoted = (
        "def has_close_elements(numbers: List[float], threshold: float) -> bool:\n"
        '    """ Check if in given list of numbers, '
        "are any two numbers closer to each other than\n    given threshold.\n"
    )
    (row,) = told(Decontaminate(), ("Python", quoted))
    assert (row["drop_reason"], row["match"]) == ("contaminated", "HumanEval/0")
    assert told(Decontaminate(benchmarks=("MBPP",)), ("Python", quoted))[0]["drop_reason"] is None
    assert set(get_args(Benchmark)) == set(SHIPPED)


def test_the_fused_pass_puts_the_task_into_the_ledger_and_leaves_others_alone(mine: Path) -> None:
    again = type("Again", (Decontaminate,), {"name": "again", "__doc__": "Twice. Reason to drop: contaminated."})
    stages = (
        Decode(), DetectLanguage(), Decontaminate(benchmarks=(), extra=(str(mine),)), again(benchmarks=("MBPP",)),
    )  # fmt: skip
    files = [("a.py", COPY), ("b.py", CLEAN)]
    rows = [
        {"file_id": f"{n:032}", "path": path, "size_bytes": len(text), "raw": text.encode()}
        for n, (path, text) in enumerate(files)
    ]
    raw = pa.RecordBatch.from_pylist([{name: row.get(name) for name in RAW.names} for row in rows], schema=RAW)
    schema = work_schema(check_contracts((Read(), *stages)))
    milled = sorted(mill(raw, "file", stages, schema).to_pylist(), key=lambda row: row["file_id"])
    assert [(row["drop_stage"], row["drop_reason"], row["match"]) for row in milled] == [
        ("decontaminate", "contaminated", "Mine/7"), (None, None, None)
    ]  # fmt: skip
    assert [row["content"] for row in milled] == [None, CLEAN]


def test_marks_are_those_of_the_language() -> None:
    assert [marks_of(name) for name in ("Python", "C++", "PHP", "HTML", "Markdown", "Text", None, "nothing")] == [
        HASH_COMMENTS, SLASH_COMMENTS, HASH_COMMENTS | SLASH_COMMENTS, TAGS, 0, 0, 0, 0
    ]  # fmt: skip


def recipe_with(**fields: object) -> Stage:
    stages = ["read", "decode", "language", {"decontaminate": fields}, "exact", "layout"]
    return parse({"stages": stages}, where="test").stage("decontaminate")


def test_files_of_ones_own_are_part_of_the_recipe(mine: Path, tmp_path: Path) -> None:
    stage = recipe_with(extra=[str(mine)])
    assert len(stage.extra_sha256) == 1
    assert Decontaminate(**stage.model_dump(mode="json")) == stage
    table = tmp_path / "Mine.parquet"
    save(read_table(mine), table)
    assert told(recipe_with(benchmarks=[], extra=[str(table)]), ("Python", COPY))[0]["match"] == "Mine/7"
    mine.write_text(json.dumps(TASK | {"prompt": "Another."}) + "\n", encoding="utf-8")
    assert recipe_with(extra=[str(mine)]).extra_sha256 != stage.extra_sha256
    with pytest.raises(WrongUse, match="extra_sha256"):
        recipe_with(extra=[str(mine)], extra_sha256=stage.extra_sha256)


@pytest.mark.parametrize(
    ("fields", "told_so"),
    [
        ({"benchmarks": ["HumanEvil"]}, "HumanEvil"),
        ({"benchmarks": []}, "take the stage out"),
        ({"extra": ["no/such/file.jsonl"]}, "cannot be read"),
        ({"min_code_share": 0}, "greater than 0"),
    ],
)
def test_settings_that_check_nothing_are_refused(fields: dict, told_so: str) -> None:
    with pytest.raises(WrongUse, match=told_so):
        recipe_with(**fields)


def test_an_extra_file_that_holds_no_tasks_is_refused_before_anything_runs(tmp_path: Path) -> None:
    path = tmp_path / "bad.jsonl"
    path.write_text('{"id": 1}\n')
    with pytest.raises(WrongUse, match="neither a prompt"):
        recipe_with(extra=[str(path)])
