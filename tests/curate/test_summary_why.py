"""What a person reads: the end of a run, and the story of one file; from a run made by hand."""

from __future__ import annotations

import io
from pathlib import Path

import made_run
import pytest
from made_run import row
from rich.console import Console

from curate import summary, why
from curate.errors import WrongUse
from curate.shards import Run


def drop(stage: str, reason: str, **columns) -> dict:
    return {"drop_stage": stage, "drop_reason": reason, **columns}


ROWS = [
    row("src/a.py", repo="me/it", licence="MIT", signals={"n_chars": 12, "alnum_fraction": 0.5, "is_xml": False}),
    row("src/b.py", **drop("text", "lines", drop_value=20000.0, drop_limit=10000.0)),
    row("lib/a.py", **drop("exact", "exact_duplicate", duplicate_of="id of src/b2.py", similarity=1.0)),
    row("src/b2.py", **drop("minhash", "near_duplicate", duplicate_of="id of src/a.py", similarity=0.875)),
    row("gen.py", **drop("text", "generated", drop_text="DO NOT EDIT")),
    row("odd.py", **drop("text", "[/]odd[x]", drop_text="[red]markup[/]")),
    row("data/rows.jsonl", source={"uri": "rows.jsonl", "member": None, "row": 17, "revision": None}),
]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    mixture = [
        {"domain": "code", "asked_share": 0.8, "got_share": 0.9, "tokens": 2_500_000},
        {"domain": "zh", "asked_share": None, "got_share": 0.1, "tokens": 10},
    ]
    stages = {"resample": {"asked_and_got": {"languages": [], "domains": mixture}}}
    folder = tmp_path_factory.mktemp("runs") / "[bold]run[x]"
    return made_run.make(folder, ROWS, stages=stages, warnings=["mind the [gap]"])


def printed(show, *arguments) -> str:
    stream = io.StringIO()
    show(*arguments, Console(file=stream, width=120))
    return stream.getvalue()


@pytest.mark.parametrize(
    ("number", "told"),
    [
        (0, "kept"),
        (1, "dropped by text.lines: 20000 against the limit 10000"),
        (2, "dropped by exact.exact_duplicate, similarity 1"),
        (3, "dropped by minhash.near_duplicate, similarity 0.875"),
        (4, "dropped by text.generated (DO NOT EDIT)"),
    ],
)
def test_a_decision_in_one_sentence(run: Run, number: int, told: str) -> None:
    (found,) = why.find(run, ROWS[number]["file_id"])
    assert why.decision(found) == told


@pytest.mark.parametrize(
    ("asked", "paths"),
    [
        ("id of src/a.py", ["src/a.py"]),
        ("src/a.py", ["src/a.py"]),
        ("a.py", ["src/a.py", "lib/a.py"]),
        ("in/src/a.py", ["src/a.py"]),  # as source.uri has it
        ("/b.py", ["src/b.py"]),
        ("gen.py", ["gen.py"]),
        ("rows.jsonl", ["data/rows.jsonl"]),
    ],
)
def test_a_file_is_found_by_id_place_path_or_its_end(run: Run, asked: str, paths: list[str]) -> None:
    assert [found["path"] for found in why.find(run, asked)] == paths


@pytest.mark.parametrize("asked", [".py", "c/a.py", "SRC/A.PY", "src", "", "nowhere.py"])
def test_a_file_that_is_not_there(run: Run, asked: str) -> None:
    with pytest.raises(WrongUse, match="name a file_id, a path"):
        why.find(run, asked)


def test_too_many_files(tmp_path: Path) -> None:
    many = made_run.make(tmp_path, [row(f"{n}/a.py") for n in range(why.MOST_FILES + 1)])
    with pytest.raises(WrongUse, match=f"more than {why.MOST_FILES} files end in 'a.py'"):
        why.find(many, "a.py")
    assert len(why.find(many, "3/a.py")) == 1


def test_the_chain_of_duplicates_ends_at_the_kept_file(run: Run) -> None:
    (copy,) = why.find(run, "lib/a.py")
    assert [found["path"] for found in why.chain(run, copy)] == ["src/b2.py", "src/a.py"]
    assert why.chain(run, why.find(run, "src/a.py")[0]) == []


def test_a_chain_that_bites_its_tail_ends_too(tmp_path: Path) -> None:
    circle = [
        row(name, **drop("minhash", "near_duplicate", duplicate_of=f"id of {other}")) for name, other in ("ab", "ba")
    ]
    run = made_run.make(tmp_path, circle)
    assert [found["path"] for found in why.chain(run, why.find(run, "a")[0])] == ["b"]


def test_the_story_of_a_file(run: Run) -> None:
    story = printed(why.show, run, why.find(run, "lib/a.py"))
    assert "in/lib/a.py" in story
    assert "same as       in/src/b2.py (id of src/b2.py; dropped too, by minhash.near_duplicate)" in story
    assert "and that as   in/src/a.py (id of src/a.py; kept)" in story
    story = printed(why.show, run, why.find(run, "src/a.py"))
    for told in ("repo          me/it", "licence       MIT", "decision      kept", "n_chars                      12"):
        assert told in story
    assert "alnum_fraction               0.5000" in story
    assert "is_xml                       False" in story  # measured and none found
    assert "n_words" not in story  # not measured
    assert "row           17" in printed(why.show, run, why.find(run, "rows.jsonl"))


def test_nothing_of_a_run_is_taken_for_markup(run: Run) -> None:
    story = printed(why.show, run, why.find(run, "odd.py"))
    assert "dropped by text.[/]odd[x] ([red]markup[/])" in story
    told = printed(summary.show, run)
    assert "text.[/]odd[x]" in told
    assert "warning: mind the [gap]" in told
    assert str(run.folder / "shards") in told


def test_the_summary_tells_what_was_read_what_stayed_and_why(run: Run) -> None:
    told = printed(summary.show, run)
    assert "read 7 files (0.0 MB), kept 2 files (0.0 MB) (28.6% of bytes), dropped 5 files (0.0 MB)" in told
    assert "text.lines" in told
    assert "minhash.near_duplicate" in told
    assert ["code", "80.0%", "90.0%", "2.50"] in [line.split() for line in told.splitlines()]
    assert ["zh", "10.0%", "0.00"] in [line.split() for line in told.splitlines()]
    assert "report.html" not in told
    (run.folder / "report.html").touch()
    assert str(run.folder / "report.html") in printed(summary.show, run)


def test_a_long_summary_adds_up_what_it_leaves_out(tmp_path: Path) -> None:
    n_reasons, n_languages = summary.MOST_REASONS + 3, summary.MOST_LANGUAGES + 2
    rows = [row(f"{k}.py", **drop("text", f"rule {k}"), language="Gone") for k in range(n_reasons)]
    rows += [row(f"{k}.kept", language=f"Language {k}") for k in range(n_languages)]
    told = [line.split() for line in printed(summary.show, made_run.make(tmp_path, rows)).splitlines()]
    assert ["3", "other", "reasons", "3", "0.0"] in told
    assert ["2", "other", "languages", "2", "0.0", f"{2 / n_languages:.1%}"] in told
    assert not any(line[:1] == ["Gone"] for line in told)  # of which nothing was kept


def test_a_run_that_dropped_nothing_has_no_table_of_reasons(tmp_path: Path) -> None:
    told = printed(summary.show, made_run.make(tmp_path, [row("a.py")]))
    assert "dropped by" not in told
    assert "mixture" not in told
