"""Instruction data: every kept pair becomes a chat whose answer is its own, and chance decides by pair alone."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from curate.errors import RunFailed, WrongUse
from curate.schema import PAIR
from curate.shards import Run
from train import data_commands
from train.instructions import InstructionConfig, fenced, samples_of, write_instructions


def pair(i: int, **changes: Any) -> dict[str, Any]:
    code = f"def f{i}(a):\n    b = a + {i}\n    return b"
    return {
        "pair_id": f"p{i}",
        "file_id": f"file {i}",
        "language": "Python",
        "kind": "function",
        "name": f"f{i}",
        "signature": f"def f{i}(a):",
        "comment": f"Adds {i} to what it is given, and gives the sum back.",
        "comment_language": "English",
        "code": code,
        "code_with_comment": f'"""{i}"""\n{code}',
        "repo": "r",
        "path": "f.py",
        "licence": "MIT",
        "drop_reason": None,
        **changes,
    }


def run_with(folder: Path, rows: list[dict[str, Any]]) -> Run:
    (folder / "pairs").mkdir(parents=True)
    full = [{name: row.get(name) for name in PAIR.names} for row in rows]
    pq.write_table(pa.Table.from_pylist(full, schema=PAIR), folder / "pairs" / "00000.parquet")
    (folder / "manifest.json").write_text(json.dumps({"files": [{"path": "pairs/00000.parquet", "rows": len(rows)}]}))
    return Run(folder)


def test_each_kept_pair_is_a_chat_and_the_tasks_are_even(tmp_path: Path) -> None:
    rows = [pair(i) for i in range(900)] + [pair(900, drop_reason="short", code=None, comment=None)]
    out = tmp_path / "sft.jsonl"
    counts = write_instructions([run_with(tmp_path / "run", rows)], out, InstructionConfig())
    chats = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    assert [chat["meta"]["pair_id"] for chat in chats] == [f"p{i}" for i in range(900)]
    assert counts == dict(sorted(Counter(chat["task"] for chat in chats).items()))
    assert all(count == pytest.approx(300, abs=60) for count in counts.values())
    for chat, row in zip(chats, rows, strict=False):
        question, answer = chat["messages"]
        assert (question["role"], answer["role"]) == ("user", "assistant")
        holds = {
            "generation": (row["comment"], row["code"]),
            "comment": (row["code"], row["code_with_comment"]),
            "explanation": (row["code"], row["comment"]),
        }[chat["task"]]
        assert holds[0] in question["content"]
        assert holds[1] in answer["content"]
        if chat["task"] == "generation":
            assert row["code"] not in question["content"]


def test_phrasings_vary_and_do_not_depend_on_the_neighbours() -> None:
    config = InstructionConfig(tasks=["explanation"])
    alone = [next(samples_of(pair(i), config)) for i in range(60)]
    shapes = Counter(chat["messages"][0]["content"].replace(f"f{i}(", "f(")[:9] for i, chat in enumerate(alone))
    assert len(shapes) >= 4
    assert alone == [next(samples_of(pair(i), config)) for i in range(60)]
    other = [next(samples_of(pair(i), InstructionConfig(tasks=["explanation"], seed=1))) for i in range(60)]
    assert alone != other


def test_chinese_comments_are_asked_for_in_chinese() -> None:
    row = pair(1, comment="计算总和", comment_language="Chinese", kind="method")
    [made, commented] = samples_of(row, InstructionConfig(every_task=True))
    assert (made["task"], commented["task"]) == ("generation", "comment")
    for chat in (made, commented):
        assert "请" in chat["messages"][0]["content"]
        assert "方法" in chat["messages"][0]["content"]


def test_short_comments_explain_nothing() -> None:
    assert list(samples_of(pair(1, comment="Adds."), InstructionConfig(tasks=["explanation"]))) == []


@given(code=st.text(alphabet="`\n ab{}", max_size=30))
def test_a_fence_holds_any_code(code: str) -> None:
    first, *lines, last = fenced(code, "C++").split("\n")
    assert first == f"{last}cpp"
    assert "\n".join(lines) == code.rstrip()
    assert last not in "\n".join(lines)
    [chat] = samples_of(pair(1, code=code), InstructionConfig(tasks=["comment"]))
    assert code.rstrip() in chat["messages"][0]["content"]


def test_runs_without_pairs_and_unknown_tasks_are_told(tmp_path: Path) -> None:
    run = run_with(tmp_path / "run", [])
    with pytest.raises(RunFailed, match="hold no pairs"):
        write_instructions([run], tmp_path / "sft.jsonl", InstructionConfig())
    assert [path.name for path in tmp_path.iterdir()] == ["run"]
    with pytest.raises(WrongUse, match="the tasks are poetry"):
        InstructionConfig(tasks=["poetry"])


def test_the_command(tmp_path: Path) -> None:
    import typer

    run = run_with(tmp_path / "run", [pair(i) for i in range(3)])
    app = typer.Typer()
    app.command()(data_commands.instructions)
    words = [str(run.folder), "--out", str(tmp_path / "sft.jsonl"), "--every-task"]
    ended = CliRunner().invoke(app, words, catch_exceptions=False)
    assert "comment 3, explanation 3, generation 3" in ended.stdout.replace("\n", "")
