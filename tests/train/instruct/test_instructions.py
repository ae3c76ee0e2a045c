"""Instruction data: every kept pair becomes a chat whose answer is its own, and chance decides by pair alone."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pairs_at_hand import CLAMP_PYTHON, REAL, TESTS, document, pair
from typer.testing import CliRunner

from curate.errors import RunFailed, WrongUse
from curate.schema import DOCUMENT, PAIR
from curate.shards import Run
from train import data_commands
from train.instruct.phrasings import CHINESE, ENGLISH, kind_of
from train.instruct.tasks import OF_ONE_PAIR, TASKS
from train.instructions import InstructionConfig, fenced, samples_of, write_instructions


def run_with(folder: Path, rows: list[dict[str, Any]], documents: list[dict[str, Any]] | None = None) -> Run:
    """A run's folder with pairs and, where some are given, Python files."""
    tables = {"pairs/00000.parquet": pa.Table.from_pylist([{n: row.get(n) for n in PAIR.names} for row in rows], PAIR)}
    if documents:
        full = [{name: row.get(name) for name in DOCUMENT.names} for row in documents]
        tables["shards/language=Python/00000.parquet"] = pa.Table.from_pylist(full, DOCUMENT)
    for name, table in tables.items():
        (folder / name).parent.mkdir(parents=True)
        pq.write_table(table, folder / name)
    files = [{"path": name, "rows": table.num_rows} for name, table in tables.items()]
    (folder / "manifest.json").write_text(json.dumps({"files": files}))
    return Run(folder)


def chats_in(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_each_kept_pair_is_a_chat_and_the_tasks_are_even(tmp_path: Path) -> None:
    rows = [pair(i) for i in range(800)]
    rows += [pair(800, drop_reason="short", code=None, comment=None), pair(801, code="def f801(a):\n    return a")]
    out = tmp_path / "sft.jsonl"
    counts = write_instructions([run_with(tmp_path / "run", rows)], out, InstructionConfig())
    chats = chats_in(out)
    assert [chat["meta"]["pair_id"] for chat in chats] == [f"p{i}" for i in range(800)]
    assert counts == dict(sorted(Counter(chat["task"] for chat in chats).items())) | {"pairs_without_a_task": 1}
    assert all(counts[task] == pytest.approx(200, abs=50) for task in OF_ONE_PAIR)
    for chat, row in zip(chats, rows, strict=False):
        question, answer = chat["messages"]
        assert (question["role"], answer["role"]) == ("user", "assistant")
        holds = {
            "generation": (row["comment"], row["code"]),
            "comment": (row["code"], row["code_with_comment"]),
            "explanation": (row["code"], row["comment"]),
            "completion": (row["signature"], "return c\n```"),
        }[chat["task"]]
        assert holds[0] in question["content"]
        assert holds[1] in answer["content"]
        if chat["task"] in ("generation", "completion"):
            assert row["code"] not in question["content"]
        if chat["task"] == "completion":
            start, rest = (
                message["content"].split("```python\n")[1].partition("\n```")[0] for message in chat["messages"]
            )
            assert start + "\n" + rest in (row["code"], row["code_with_comment"]) or rest.startswith(start)
            assert f'"""{row["pair_id"][1:]}"""' in start or '"""' not in rest, "the comment is never what is missing"


def test_parallels_and_tests_come_behind_and_again_the_same(tmp_path: Path) -> None:
    rows = [*REAL, CLAMP_PYTHON]
    run = run_with(tmp_path / "run", rows, [document("web/tests/test_text.py", TESTS), document("a.py", "x = (")])
    counts = write_instructions([run], tmp_path / "sft.jsonl", InstructionConfig())
    chats = chats_in(tmp_path / "sft.jsonl")
    assert [chat["task"] for chat in chats[-2:]] == ["translation", "test"]
    assert (counts["translation"], counts["test"], len(chats)) == (1, 1, 7)
    assert len({chat["id"] for chat in chats}) == len(chats)
    write_instructions([run], tmp_path / "again.jsonl", InstructionConfig())
    assert (tmp_path / "again.jsonl").read_bytes() == (tmp_path / "sft.jsonl").read_bytes()


@pytest.mark.parametrize(
    ("changes", "tasks"),
    [
        ({}, ["generation", "comment", "explanation", "completion"]),
        ({"comment": "Adds some, gives one."}, ["generation", "comment", "completion"]),
        ({"comment": "Adds some.", "code": "def f(a):\n    return [a, a, a, a, a]"}, []),
        ({"comment": "@since 2.0.0\n@category sums"}, ["completion"]),
        ({"comment": "Adds up."}, ["completion"]),
        ({"doc_style": "plain"}, ["completion"]),
        ({"doc_style": "plain", "language": "C"}, ["generation", "comment", "explanation", "completion"]),
        ({"code": "def f(a):\n\n\n\n\n\n    return a"}, []),
        ({"kind": "class", "signature": "public interface A"}, ["comment", "explanation"]),
        ({"kind": "class", "signature": "class A:", "code": "class A:" + "\n    a = b" * 40},
         ["comment", "explanation", "completion"]),
        ({"kind": "class", "signature": "class A:", "code": "class A:" + "\n    a = b" * 39},
         ["generation", "comment", "explanation", "completion"]),
        ({"comment": "计算总和", "comment_language": "Chinese"}, ["generation", "comment", "completion"]),
    ],
)  # fmt: skip
def test_a_pair_is_asked_about_where_it_can_be_answered(changes: dict[str, Any], tasks: list[str]) -> None:
    assert [one["task"] for one in samples_of(pair(1, **changes), InstructionConfig(every_task=True))] == tasks


def test_what_is_missing_begins_behind_a_long_comment() -> None:
    told = '    """Adds.\n\n' + "".join(f"    line {i}\n" for i in range(9)) + '    """\n'
    row = pair(1, code_with_comment=pair(1)["code"].replace("\n", f"\n{told}", 1))
    cut = [
        one["messages"]
        for seed in range(40)
        for one in samples_of(row, InstructionConfig(tasks=["completion"], seed=seed))
    ]
    with_comment = [asked["content"] for asked, _ in cut if "Adds." in asked["content"]]
    assert 5 < len(with_comment) < 35
    assert all("line 8" in asked and "b = a + 1" in asked for asked in with_comment)


@pytest.mark.parametrize("phrasings", [ENGLISH, CHINESE])
def test_every_phrasing_holds_what_the_answer_needs(phrasings: dict[str, tuple[str, ...]]) -> None:
    needed = {task: {"code"} for task in phrasings} | {
        "generation": {"signature", "told"},
        "translation": {"code", "target"},
    }
    needed |= {"completion": {"start"}, "completion_rest": {"start"}}
    assert phrasings.keys() == {*TASKS, "completion_rest"}
    for task, own in phrasings.items():
        assert len(set(own)) == len(own) >= 2
        for phrasing in own:
            assert needed[task] <= set(re.findall(r"\{(\w+)\}", phrasing))


@pytest.mark.parametrize(
    ("kind", "signature", "code", "noun"),
    [
        ("method", "void f()", "", "method"),
        ("class", "type Image", "type Image interface {", "interface"),
        ("class", "type Id", "type Id = string", "type"),
        ("class", "pub struct A<'a>", "", "struct"),
        ("class", "class Struct:", "", "class"),
        ("class", "enum class Colour : int", "", "enum"),
        ("class", "@interface A : B", "", "class"),
        ("class", "template <>", "", "class"),
    ],
)
def test_kinds_are_called_by_their_names(kind: str, signature: str, code: str, noun: str) -> None:
    assert kind_of(kind, signature, code) == noun


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
    made = list(samples_of(row, InstructionConfig(every_task=True)))
    assert [chat["task"] for chat in made] == ["generation", "comment", "completion"]
    for chat in made:
        assert re.search("请|写", chat["messages"][0]["content"])
        assert "方法" in chat["messages"][0]["content"]


def test_short_comments_explain_nothing() -> None:
    assert list(samples_of(pair(1, comment="Adds."), InstructionConfig(tasks=["explanation"]))) == []


@given(code=st.text(alphabet="`\n ab{}", max_size=30))
def test_a_fence_holds_any_code(code: str) -> None:
    first, *lines, last = fenced(code, "C++").split("\n")
    assert first == f"{last}cpp"
    assert "\n".join(lines) == code.rstrip()
    assert last not in "\n".join(lines)
    [chat] = samples_of(pair(1, code=code), InstructionConfig(tasks=["comment"], min_body_words=-9))
    assert code.rstrip() in chat["messages"][0]["content"]


def test_runs_without_pairs_and_unknown_tasks_are_told(tmp_path: Path) -> None:
    run = run_with(tmp_path / "run", [])
    with pytest.raises(RunFailed, match="hold no pairs"):
        write_instructions([run], tmp_path / "sft.jsonl", InstructionConfig())
    assert [path.name for path in tmp_path.iterdir()] == ["run"], "no half-written file"
    unfit = run_with(tmp_path / "unfit", [pair(1, code="def f1(a):\n    return a")])
    with pytest.raises(RunFailed, match="none of 1 pairs is fit for a task asked for"):
        write_instructions([unfit], tmp_path / "sft.jsonl", InstructionConfig())
    with pytest.raises(WrongUse, match="chinese is 2: a share"):
        InstructionConfig(chinese=2)
    with pytest.raises(WrongUse, match="the tasks are poetry"):
        InstructionConfig(tasks=["poetry"])


def test_the_command(tmp_path: Path) -> None:
    import typer

    run = run_with(tmp_path / "run", [pair(i) for i in range(3)])
    app = typer.Typer()
    app.command()(data_commands.instructions)
    words = [str(run.folder), "--out", str(tmp_path / "sft.jsonl"), "--every-task"]
    ended = CliRunner().invoke(app, words, catch_exceptions=False)
    assert "comment 3, completion 3, explanation 3, generation 3" in ended.stdout.replace("\n", "")
