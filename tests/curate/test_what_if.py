"""what-if: a run decided again from its ledger, against what a run by the other recipe gives."""

from __future__ import annotations

import io
import json
import tempfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import made_run
import pyarrow.compute as pc
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_run import row
from rich.console import Console

import curate
from curate import cli, recipe
from curate.errors import WrongUse
from curate.recipe import Recipe
from curate.shards import Run
from curate.stages.resample import BINS
from curate.what_if_answer import WhatIf, what_if
from curate.what_if_show import show
from curate.what_if_verdicts import bins

if TYPE_CHECKING:
    from pyspark.sql import SparkSession
    from small_corpus import Corpus

RULES = {"lines": {"signal": "n_lines", "max": 100}, "alnum": {"signal": "alnum_fraction", "min": 0.25}}
ERRORS = {"errors": {"signal": "error_bytes_fraction", "max": 0.5, "languages": ["Python"]}}


def made(*behind: Any, text: Any = RULES, syntax: Any = ERRORS) -> Recipe:
    stages = ["read", "decode", "language", {"text": {"rules": text}}, {"syntax": {"rules": syntax}}, *behind, "layout"]
    return recipe.parse({"name": "mine", "stages": stages}, where="mine")


def run_of(folder: Path, rows: list[dict[str, Any]], by: Recipe) -> Run:
    return made_run.make(folder, rows, recipe=by.as_dict())


def file(path: str, lines: int = 10, alnum: float = 0.9, errors: float | None = 0.0, **columns: Any) -> dict[str, Any]:
    measured = {"alnum_fraction": alnum, "error_bytes_fraction": errors, "han_fraction": 0.0}
    return row(path, signals=measured, n_lines=lines, content_id=f"{path:x>32}"[-32:], **columns)


def gone(stage: str, reason: str, **columns: Any) -> dict[str, Any]:
    return {"drop_stage": stage, "drop_reason": reason, **columns}


def changes(answer: WhatIf) -> Counter[tuple[str, str, str]]:
    told: Counter[tuple[str, str, str]] = Counter()
    for one in answer.rows:
        told[one["change"], one["stage"], one["reason"]] += one["files"]
    return told


def differences(before: list[dict[str, Any]], after: list[dict[str, Any]]) -> Counter[tuple[str, str, str]]:
    """What changed between two ledgers of the same files, in the words of what-if."""
    names = ("drop_stage", "drop_reason")
    new = {one["file_id"]: tuple(one.get(name) for name in names) for one in after}
    told: Counter[tuple[str, str, str]] = Counter()
    for one in before:
        was, now = tuple(one.get(name) for name in names), new[one["file_id"]]
        if was != now:
            change = "lost" if was[0] is None else "gained" if now[0] is None else "told otherwise"
            told[change, *(was if change == "gained" else now)] += 1
    return told


def milled(files: list[tuple[int, float, float]], by: Recipe) -> list[dict[str, Any]]:
    """The ledger of files with these signals, as a run of such stages leaves it: what comes late is not measured."""
    rules = {stage.name: stage.rules for stage in by.stages if stage.name in ("text", "syntax")}
    rows = []
    for number, (lines, alnum, errors) in enumerate(files):
        signals = {"n_lines": lines, "alnum_fraction": alnum, "error_bytes_fraction": errors}
        verdict: dict[str, Any] = {}
        for stage in rules:
            broken = [
                name
                for name, rule in rules[stage].items()
                if (rule.min is not None and signals[rule.signal] < rule.min)
                or (rule.max is not None and signals[rule.signal] > rule.max)
            ]
            if broken:
                verdict = gone(stage, broken[0])
                break
        late = None if verdict.get("drop_stage") == "text" else errors
        rows.append(file(f"{number}.py", lines, alnum, late, **verdict))
    return rows


limits = st.tuples(st.sampled_from([2, 5, 8]), st.sampled_from([0.2, 0.5]), st.sampled_from([0.1, 0.6]), st.booleans())
measures = st.tuples(st.integers(0, 9), st.sampled_from([0.1, 0.3, 0.7]), st.sampled_from([0.0, 0.3, 0.9]))


def by_limits(chosen: tuple[int, float, float, bool]) -> Recipe:
    lines, alnum, errors, turned = chosen
    text = [("lines", RULES["lines"] | {"max": lines}), ("alnum", RULES["alnum"] | {"min": alnum})]
    return made(text=dict(reversed(text) if turned else text), syntax={"errors": ERRORS["errors"] | {"max": errors}})


@settings(max_examples=40)
@given(st.lists(measures, min_size=1, max_size=12), limits, limits)
def test_no_answer_is_wrong_and_what_is_not_known_is_said(
    files: list[tuple[int, float, float]], was: tuple, now: tuple
) -> None:
    before, after = by_limits(was), by_limits(now)
    with tempfile.TemporaryDirectory() as folder:
        answer = what_if(run_of(Path(folder), milled(files, before), before), after)
    true = milled(files, after)
    kept = sum(one.get("drop_stage") is None for one in true)
    unknown = answer.totals["unmeasured"]["files"]
    assert answer.after["files"] <= kept <= answer.after["files"] + unknown
    if now[0] <= was[0] and now[1] >= was[1] and now[2] <= was[2]:
        assert unknown == 0
        assert changes(answer) == differences(milled(files, before), true)


def test_its_own_recipe_changes_nothing(tmp_path: Path) -> None:
    rows = [file("a.py"), file("b.py", 200, errors=None, **gone("text", "lines"))]
    answer = what_if(run_of(tmp_path, rows, made("exact")))
    assert (answer.rows, answer.notes, answer.before, answer.after) == ([], [], *2 * ({"files": 1, "bytes": 1000},))


def test_a_tighter_limit_names_rule_language_and_bytes(tmp_path: Path) -> None:
    rows = [file("a.py", 60), file("b.go", 70, language="Go", size_bytes=7), file("c.py", 5), file("d.py", 60, 0.3)]
    run = run_of(tmp_path, rows, made())
    answer = what_if(run, None, ["stages.text.rules.lines.max=50", "stages.text.rules.alnum.min=0.4"])
    by = {(one["reason"], one["language"]): (one["files"], one["bytes"]) for one in answer.rows}
    assert by == {("lines", "Python"): (2, 2000), ("lines", "Go"): (1, 7)}
    assert answer.totals["lost"] == {"files": 3, "bytes": 2007}
    assert answer.after == {"files": 1, "bytes": 1000}


def test_a_looser_limit_leaves_files_that_later_stages_never_saw(tmp_path: Path) -> None:
    rows = [
        file("a.py"),
        file("long.py", 200, errors=None, **gone("text", "lines")),
        file("odd.py", 200, 0.1, errors=None, **gone("text", "lines")),
        file("bad.py", errors=0.7, **gone("syntax", "errors")),
    ]
    run = run_of(tmp_path, rows, made())
    answer = what_if(run, None, ["stages.syntax.rules.errors.max=0.8"])
    assert changes(answer) == {("gained", "syntax", "errors"): 1}  # nothing comes behind
    answer = what_if(run, None, ["stages.text.rules.lines.max=500"])
    assert changes(answer) == {("unmeasured", "text", "lines"): 1, ("told otherwise", "text", "alnum"): 1}
    assert "unmeasured: 1 files, which only a run can decide" in answer.notes
    assert answer.after == answer.before


def test_rules_on_what_was_never_measured_are_told(tmp_path: Path) -> None:
    run = run_of(tmp_path, [file("a.py"), file("b.go", language="Go")], made())
    rule = "stages.text.rules.dupes={signal: dupe_line_fraction, max: 0.3, languages: [Python]}"
    answer = what_if(run, None, [rule])
    assert changes(answer) == {("unmeasured", "text", "dupes"): 1}
    assert "text.dupes asks for dupe_line_fraction, which the run never measured" in answer.notes


def test_a_file_without_the_signal_is_not_judged_where_others_have_it(tmp_path: Path) -> None:
    rows = [file("a.py"), file("b.txt", errors=None, language="Text")]
    rules = {"errors": {"signal": "error_bytes_fraction", "max": 0.5}}
    answer = what_if(run_of(tmp_path, rows, made(syntax={})), made(syntax=rules))
    assert (answer.rows, answer.notes) == ([], [])


DUPLICATES = [
    file("keeper.py", 60),
    file("copy.py", 60, **gone("exact", "exact_duplicate", duplicate_of="id of keeper.py", similarity=1.0)),
    file("near.py", 10, **gone("simhash", "near_duplicate", duplicate_of="id of keeper.py", similarity=0.96875)),
    file("known.py", 10, **gone("exact", "exact_duplicate", duplicate_of="id of keeper.py", match="run 1")),
    file("other.py", 10, **gone("simhash", "near_duplicate", duplicate_of="id of stays.py", similarity=1.0)),
    file("stays.py", 10),
]
DEDUP = ("exact", {"simhash": {"min_similarity": 0.95}})


def test_duplicates_of_a_file_that_goes_are_in_doubt(tmp_path: Path) -> None:
    answer = what_if(run_of(tmp_path, DUPLICATES, made(*DEDUP)), None, ["stages.text.rules.lines.max=50"])
    assert changes(answer) == {
        ("lost", "text", "lines"): 1,
        ("told otherwise", "text", "lines"): 1,  # the copy is as long
        ("in doubt", "simhash", "near_duplicate"): 1,
    }
    assert answer.notes[0].startswith("1 files are in doubt: duplicates of a file that would go now")


def test_a_higher_threshold_gives_back_what_is_below_it(tmp_path: Path) -> None:
    run = run_of(tmp_path, DUPLICATES, made(*DEDUP))
    answer = what_if(run, None, ["stages.simhash.min_similarity=0.98"])
    assert changes(answer) == {("gained", "simhash", "near_duplicate"): 1}
    assert answer.notes[0].startswith("simhash: at most 1 files come back: the ledger has one witness of each")
    answer = what_if(run, None, ["stages.simhash.min_similarity=0.96875"])  # inclusive
    assert answer.rows == []


def test_what_the_ledger_cannot_decide_is_named_and_left(tmp_path: Path) -> None:
    run = run_of(tmp_path, DUPLICATES, made(*DEDUP))
    asked = ["stages.simhash.min_similarity=0.9", "stages.exact.ignore=[whitespace]", "stages.syntax.bugs=true"]
    answer = what_if(run, None, [*asked, "stages.read.pack_bytes=1000", "stages.read.max_bytes=5"])
    assert answer.rows == []
    assert answer.notes == [
        "stages.read.max_bytes is 5 and was 16000000: taken as in the run",
        "stages.syntax.bugs is True and was False: taken as in the run",
        "stages.exact.ignore is ['whitespace'] and was []: taken as in the run",
        "stages.simhash.min_similarity is 0.9 and was 0.95: taken as in the run",
    ]


def test_stages_that_are_left_out_or_new(tmp_path: Path) -> None:
    run = run_of(tmp_path, DUPLICATES, made(*DEDUP))
    assert changes(what_if(run, made("exact"))) == {("gained", "simhash", "near_duplicate"): 2}
    answer = what_if(run, made(DEDUP[1]))
    assert changes(answer) == {("unmeasured", "exact", "exact_duplicate"): 2}  # simhash never saw them
    answer = what_if(run, made(*DEDUP, "minhash"))
    assert answer.notes == ["stage minhash is new: taken to drop nothing, which is not known"]


def test_what_could_not_be_analysed_stays_away(tmp_path: Path) -> None:
    rows = [file("a.py"), file("hung.py", errors=None, **gone("syntax", "analysis_error", drop_text="hung")),
            file("odd.py", errors=None, **gone("exact", "analysis_error"))]  # fmt: skip
    run = run_of(tmp_path, rows, made("exact"))
    assert what_if(run, made("exact", syntax={})).rows == []
    assert what_if(run, made()).rows == []


def test_the_score_is_computed_anew(tmp_path: Path) -> None:
    poor = {"poor": {"signal": "quality_score", "min": 101}}
    run = run_of(tmp_path, [file("a.py"), file("b.txt", errors=None, language="Text")], made("score"))
    assert changes(what_if(run, made({"score": {"rules": poor}}))) == {("lost", "score", "poor"): 1}
    run = run_of(tmp_path / "without", [file("a.py")], made())
    assert changes(what_if(run, made({"score": {"rules": poor}}))) == {("lost", "score", "poor"): 1}


def test_kinds_of_licence_are_judged_again(tmp_path: Path) -> None:
    rows = [file("a.py", licence="MIT"), file("b.py", licence="GPL-3.0-only"), file("c.py")]
    stages: list[Any] = ["read", "decode", {"licence": {}}, "language", "layout"]
    run = run_of(tmp_path, rows, recipe.parse({"name": "mine", "stages": stages}, where="mine"))
    answer = what_if(run, None, ["stages.licence.allow=[permissive, none]"])
    assert changes(answer) == {("lost", "licence", "licence_copyleft"): 1}


def test_the_draw_is_held_again(tmp_path: Path) -> None:
    rows = [file(f"{number}.py") for number in range(200)]
    run = run_of(tmp_path, rows, made("resample"))
    answer = what_if(run, None, ["stages.resample.keep_rates={Python: 0.5}"])
    places = bins(run.ledger.to_table(columns=["content_id"]).column(0).combine_chunks(), 0)
    assert changes(answer) == {("lost", "resample", "keep_rate"): int((places >= BINS // 2).sum())}
    assert 60 < answer.after["files"] < 140


def test_a_size_that_was_changed_later_is_in_doubt(tmp_path: Path) -> None:
    removed = [{"segment_id": "s", "kind": "code", "duplicate_of": "id of b.py"}]
    run = run_of(tmp_path, [file("a.py", segments_removed=removed), file("b.py")], made())
    assert what_if(run, None, ["stages.text.rules.alnum.min=0.3"]).rows == []
    answer = what_if(run, None, ["stages.text.rules.lines.max=50"])
    assert changes(answer) == {("in doubt", "text", ""): 1}


def test_files_without_a_language_are_counted(tmp_path: Path) -> None:
    rows = [file("a.bin", errors=None, language=None, **gone("decode", "binary")), file("b.py")]
    ledger = [one | {"language": one["language"] or "Unknown"} for one in rows]
    run = run_of(tmp_path, ledger, made())
    assert what_if(run, None, ["stages.text.rules.lines.max=5"]).totals["lost"]["files"] == 1


def test_a_recipe_that_is_none_is_told_by_its_name(tmp_path: Path) -> None:
    run = run_of(tmp_path, [file("a.py")], made())
    with pytest.raises(WrongUse, match=r"^mine: stages.text.rules"):
        what_if(run, None, ["stages.text.rules.lines={signal: nothing}"])


@pytest.fixture
def said(capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    def call(*arguments: str) -> str:
        with pytest.raises(SystemExit) as ended:
            cli.main(list(arguments))
        assert ended.value.code == 0
        return capsys.readouterr().out

    return call


def test_the_command_tells_and_gives_json(tmp_path: Path, said: Callable[..., str]) -> None:
    run_of(tmp_path, DUPLICATES, made(*DEDUP))
    asked = ["what-if", "--run", str(tmp_path), "--set", "stages.text.rules.lines.max=50"]
    told = said(*asked)
    assert "kept 2 files (0.00 MB), would be 1 files (0.00 MB), and 1 files are not" in told
    assert ["text.lines", "1", "0.00", "Python", "1"] in [line.split() for line in told.splitlines()]
    found = json.loads(said(*asked, "--json"))
    assert found["after"] == {"files": 1, "bytes": 1000}
    assert found["totals"]["in doubt"]["files"] == 1
    assert "nothing changes" in said("what-if", "--run", str(tmp_path))


def test_long_tables_add_up_and_nothing_is_markup(tmp_path: Path) -> None:
    rules = {f"[b]{number}": {"signal": "n_lines", "max": number} for number in range(30, 10, -1)}
    rows = [file(f"{number}.py", number) for number in range(12, 42)]
    answer = what_if(run_of(tmp_path, rows, made()), made(text=rules))
    stream = io.StringIO()
    show(answer, Console(file=stream, width=100))
    assert "text.[b]30" in stream.getvalue()
    assert "8 other rules" in stream.getvalue()


@pytest.mark.spark
def test_a_real_second_run_gives_the_same_counts(
    corpus: Corpus, codefuse: curate.Run, tmp_path: Path, spark: SparkSession
) -> None:
    halved = "{Python: 0.5, Java: 0.5, JavaScript: 0.5, Go: 0.5, Rust: 0.5, C: 0.5, Ruby: 0.5, PHP: 0.5}"
    asked = ["stages.text.rules.lines.max=100", "stages.syntax.rules.syntax_errors.max=0.001",
             f"stages.resample.keep_rates={halved}"]  # fmt: skip
    second = curate.run("codefuse", corpus.inputs, tmp_path / "out", spark, settings=asked)
    answer = what_if(codefuse, "codefuse", asked)
    assert answer.totals["lost"]["files"] > 0
    assert answer.totals["in doubt"] == answer.totals["unmeasured"] == {"files": 0, "bytes": 0}
    assert answer.after == {key: second.summary["kept"][key] for key in ("files", "bytes")}
    ledgers = [run.ledger.to_table(columns=["file_id", "drop_stage", "drop_reason"]) for run in (codefuse, second)]
    assert changes(answer) == differences(*(table.to_pylist() for table in ledgers))
    drawn = second.ledger.filter(pc.field("drop_stage") == "resample").to_table(columns=["content_id", "drop_value"])
    assert drawn.num_rows
    seed = second.manifest["recipe"]["seed"]
    told = bins(drawn.column("content_id").combine_chunks(), seed) / BINS
    assert told.tolist() == drawn.column("drop_value").to_pylist()
