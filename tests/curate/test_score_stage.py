"""The stage score on batches, after the stage syntax, and the story that `why` tells of lost points."""

from __future__ import annotations

import io
from pathlib import Path

import made_run
import pyarrow as pa
import pytest
from rich.console import Console

from analyzers.signals import SCORE_SIGNALS, SYNTAX_SIGNALS, arrow_types
from curate import recipe, why
from curate.errors import WrongUse
from curate.schema import VERDICT
from curate.stages.score import Score
from curate.stages.syntax import Syntax

GOOD = '''"""Rooms."""


def area(width, height):
    """Square metres of a room of this width and height."""
    return width * height
'''
BAD = "def q(x, b, c, d, e, f, g, h:\n  zqxv = (\n  retrun ) = x == x\n" * 5
TYPES = arrow_types(SYNTAX_SIGNALS)


def batch(*rows: dict) -> pa.RecordBatch:
    """Rows of syntax signals; what is not named was not measured."""
    languages = [row.get("language", "Python") for row in rows]
    columns = {name: pa.array([row.get(name) for row in rows], kind) for name, kind in TYPES.items()}
    return pa.RecordBatch.from_pydict({"language": languages, **columns})


def told(stage: Score, *rows: dict) -> list[dict]:
    return stage.measure(batch(*rows)).to_pylist()


def test_a_good_file_scores_higher_than_a_bad_one_and_prose_not_at_all() -> None:
    files = {
        "language": ["Python", "Text", "Python"],
        "content": pa.array([GOOD, "words", BAD], pa.large_string()),
        "file_id": ["1", "2", "3"],
        "repo": pa.nulls(3, pa.string()),
        "path": ["a.py", "b.txt", "c.py"],
    }
    measures = ("ending", "naming", "redundancy", "coupling", "maintainability")
    rows = Syntax(bugs=True, measures=measures).measure(pa.RecordBatch.from_pydict(files))
    made = Score(rules={"poor": {"signal": "quality_score", "min": 40}})
    live = rows.select([name for name in rows.schema.names if name not in VERDICT])
    good, prose, bad = made.measure(live).to_pylist()
    assert good["quality_score"] > 90
    assert bad["quality_score"] < 20
    assert [prose[signal.name] for signal in SCORE_SIGNALS] == [None] * 6
    assert prose["quality_score"] is None
    assert [row["drop_reason"] for row in (good, prose, bad)] == [None, None, "poor"]
    assert (bad["drop_value"], bad["drop_limit"]) == (bad["quality_score"], 40)


def test_each_language_goes_by_its_own_terms() -> None:
    terms = {
        "default": {"max_cyclomatic": [10, 20, 1]},
        "Go": {"max_cyclomatic": [10, 20, 2]},
        "C": {"max_cyclomatic": None},
    }
    rows = [
        {"language": language, "error_bytes_fraction": 0.0, "max_cyclomatic": 20}
        for language in ("Go", "Lua", "C", "Go")
    ]
    found = told(Score(terms=terms), *rows)
    assert [row["quality_score"] for row in found] == pytest.approx([25, 50, 100, 25])
    assert [row["complexity_score"] for row in found] == pytest.approx([25, 50, 100, 25])
    assert [row["naming_score"] for row in found] == [100] * 4


def test_sub_scores_can_be_limited() -> None:
    stage = Score(
        rules={"tangled": {"signal": "complexity_score", "min": 60}}, terms={"default": {"max_cyclomatic": [1, 2, 1]}}
    )
    plain, tangled = told(stage, *({"error_bytes_fraction": 0.0, "max_cyclomatic": n} for n in (1, 2)))
    assert (plain["drop_reason"], tangled["drop_reason"], tangled["drop_value"]) == (None, "tangled", 50)


def test_an_empty_batch() -> None:
    assert Score().measure(batch()).num_rows == 0


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"terms": {"python": {}}}, "'python' is no language"),
        ({"terms": {"Go": {"n_words": [0, 1, 1]}}}, "'n_words' is in no dimension"),
        ({"terms": {"Go": {"fan_out": [1, 1, 1]}}}, "finite numbers that differ"),
        ({"table": "other"}, "leave `table` out"),
        ({"rules": {"r": {"signal": "n_words", "min": 1}}}, "no signal of this stage"),
    ],
)
def test_settings_that_cannot_be_meant(fields: dict, message: str) -> None:
    stages = ["read", "decode", "language", "syntax", {"score": fields}]
    with pytest.raises(WrongUse, match=message):
        recipe.parse({"stages": stages}, where="here")


def test_it_needs_the_stage_syntax() -> None:
    with pytest.raises(WrongUse, match="needs the column"):
        recipe.parse({"stages": ["read", "decode", "language", "score"]}, where="here")


def test_why_lists_the_points_lost(tmp_path: Path) -> None:
    stage = Score(terms={"default": {"max_cyclomatic": [10, 20, 1], "fan_out": [100, 50, 1]}})
    signals = {"error_bytes_fraction": 0.0, "max_cyclomatic": 20, "fan_out": 75}
    (row,) = told(stage, signals)
    rows = [
        made_run.row("a.py", signals=signals, quality_score=row["quality_score"]),
        made_run.row("b.py", signals=signals),
    ]
    spelt = {"score": stage.model_dump(mode="json")}
    run = made_run.make(tmp_path, rows, recipe={"stages": [{"syntax": {}}, spelt]})
    (found,) = why.find(run, "a.py")
    lost = why.losses(run, found)
    assert [loss.signal for loss in lost] == ["max_cyclomatic", "fan_out"]
    assert sum(loss.points for loss in lost) == pytest.approx(100 - found["quality_score"], abs=1e-4)
    stream = io.StringIO()
    why.show(run, [found], Console(file=stream, width=120))
    assert "43.1 complexity   max_cyclomatic 20, knee 10" in stream.getvalue()
    assert why.losses(run, why.find(run, "b.py")[0]) == []  # it has no score


def test_why_does_not_explain_by_another_table(tmp_path: Path) -> None:
    signals = {"error_bytes_fraction": 0.5}
    spelt = {"score": Score().model_dump(mode="json") | {"table": "of another version"}}
    run = made_run.make(
        tmp_path, [made_run.row("a.py", signals=signals, quality_score=9.0)], recipe={"stages": [spelt]}
    )
    assert why.losses(run, why.find(run, "a.py")[0]) == []


def test_why_shows_the_least_maintainable_functions(tmp_path: Path) -> None:
    folder = tmp_path / "code"
    folder.mkdir()
    short = "def f{0}(a):\n    return a + {0}\n\n\n"
    long = "def long(a):\n    if a.b == a.b:\n" + "        a += 1\n" * 30 + "    return a\n"
    (folder / "a.py").write_text("".join(short.format(number) for number in range(8)) + long)
    place = {"uri": "in/a.py", "member": None, "row": None, "revision": None}
    rows = [made_run.row("a.py", source=place, quality_score=50.0), made_run.row("gone.py", quality_score=50.0)]
    roots = {"roots": [{"label": "in", "location": str(folder), "kind": "folder"}]}
    run = made_run.make(tmp_path / "out", rows, inputs=roots)
    (row,), (gone,) = why.find(run, "a.py"), why.find(run, "gone.py")
    worst = why.worst_functions(run, row)
    assert len(worst) == why.MOST_FUNCTIONS
    assert (worst[0].name, worst[0].n_error_bugs, worst[0].start_line) == ("long", 1, 33)
    assert [one.maintainability for one in worst] == sorted(one.maintainability for one in worst)
    assert why.worst_functions(run, gone) == []
    assert why.worst_functions(run, row | {"quality_score": None}) == []
    stream = io.StringIO()
    why.show(run, [row], Console(file=stream, width=120))
    assert "33-65 long: maintainability" in stream.getvalue()
    assert "bugs 0 fatal, 1 error, 0 warning" in stream.getvalue()
