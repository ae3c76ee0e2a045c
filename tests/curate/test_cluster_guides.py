"""What docs/ledger.md, docs/cluster.md and docs/stages.md show is run: queries, commands and the stage."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path
from typing import Any

import made_run
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import typer

from curate import cli
from curate.api import Run
from curate.schema import PAIR

DOCS = Path(__file__).parents[2] / "docs"


def blocks(name: str, language: str) -> list[str]:
    """The fenced blocks of a language in a guide, in order."""
    return re.findall(
        rf"^```{language}\n(.*?)^```$", (DOCS / name).read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL
    )


QUERIES = blocks("ledger.md", "sql")
MAIL = [{"kind": "email", "start": 0, "end": 7}, {"kind": "email", "start": 9, "end": 16}]
ONE, TWO = {"repo": "o/one", "licence": "MIT"}, {"repo": "o/two"}
COPY = TWO | {"duplicate_of": "id of a.py"}
LONG = {"drop_stage": "text", "drop_reason": "lines", "drop_limit": 100.0}
ROWS = [
    made_run.row("a.py", quality_score=90.0, signals={"max_cyclomatic": 60}, redactions=MAIL, **ONE),
    made_run.row("b.py", quality_score=40.0, signals={"max_cyclomatic": 3}, **ONE),
    made_run.row("c.go", language="Go", licence=None),
    made_run.row("d.py", drop_stage="minhash", drop_reason="near_duplicate", similarity=0.8, **COPY),
    made_run.row("e.py", drop_stage="exact", drop_reason="exact_duplicate", similarity=1.0, **COPY),
    made_run.row("f.py", drop_value=120.0, **LONG, **TWO),
    made_run.row("g.py", drop_value=900.0, **LONG),
    made_run.row("h.py", drop_stage="decontaminate", drop_reason="benchmark", match="HumanEval/7"),
]
ANSWERS: list[list[tuple[Any, ...]]] = [
    [("Python", 7, 2, 0.002), ("Go", 1, 1, 0.001)],
    [
        ("text.lines", 2, 2000), ("decontaminate.benchmark", 1, 1000), ("exact.exact_duplicate", 1, 1000),
        ("minhash.near_duplicate", 1, 1000),
    ],
    [("lines", 100.0, 2, 120.0, 510.0, 900.0)],
    [("Python", 2, 1)],
    [("a.py", 2, 0.8, 2000)],
    [("o/two", 3, 0.67)],
    [("HumanEval/7", 1, "h.py")],
    [("email", 2, 1)],
    [("MIT", 2, 0.002), ("unknown", 1, 0.001)],
    [("a.py", "long_told", 30, 10)],
    [("a.py", 90.0, "a.py"), ("b.py", 40.0, "b.py")],
]  # fmt: skip


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    folder = tmp_path_factory.mktemp("made")
    pairs = [
        {"file_id": "id of a.py", "path": "a.py", "name": "long_told", "comment": "c" * 30, "code": "x" * 10},
        {"file_id": "id of a.py", "path": "a.py", "name": "short", "comment": "c" * 5, "code": "x" * 10},
        {
            "file_id": "id of c.go",
            "path": "c.go",
            "name": "gone",
            "comment": "c" * 30,
            "code": "x",
            "drop_reason": "odd",
        },
    ]
    (folder / "pairs").mkdir()
    full = [{name: pair.get(name) for name in PAIR.names} for pair in pairs]
    pq.write_table(pa.Table.from_pylist(full, schema=PAIR), folder / "pairs" / "00000.parquet")
    told = made_run.make(folder, ROWS).manifest
    told["files"].append({"path": "pairs/00000.parquet", "rows": len(pairs)})
    (folder / "manifest.json").write_text(json.dumps(told), encoding="utf-8")
    return Run(folder)


def test_every_query_has_an_answer_here() -> None:
    assert len(QUERIES) == len(ANSWERS) >= 10


@pytest.mark.parametrize(("query", "answer"), list(zip(QUERIES, ANSWERS, strict=True)))
def test_a_query_of_the_guide_answers(query: str, answer: list[tuple[Any, ...]], run: Run) -> None:
    assert run.duckdb().sql(query).fetchall() == answer


COMMANDS = [line for block in blocks("cluster.md", "sh") for line in block.splitlines() if line.startswith("codemill ")]


@pytest.mark.parametrize("line", COMMANDS)
def test_a_command_of_the_guide_parses(line: str) -> None:
    command: Any = typer.main.get_command(cli.app)
    words = shlex.split(line)[1:]
    while getattr(command, "commands", {}):
        command = command.commands[words.pop(0)]
    command.make_context("codemill", words)


def test_the_stage_of_the_guide_drops_what_it_says() -> None:
    scope: dict[str, Any] = {}
    (stage, tried) = blocks("stages.md", "python")
    exec(stage, scope)  # the guide's own code
    exec(tried, scope)
    assert scope["gone"] == ["todo", None, None]
    raw = pa.RecordBatch.from_pydict({"content": pa.array(["# TODO", "x = 1"], pa.large_string())})
    assert scope["Todo"](max_share=1.0).measure(raw).column("drop_reason").null_count == 2
