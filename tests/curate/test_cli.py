"""The command line: help with an example everywhere, one line for an error, exit codes; no Spark."""

from __future__ import annotations

import json
import re
import shlex
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import made_run
import pytest
import typer
import yaml

from analyzers.signals import ALL_SIGNALS
from curate import cli, recipe
from curate.errors import RunFailed, WrongUse

README = Path(__file__).parents[2] / "README.md"


def commands(command: Any, words: tuple[str, ...] = ("codemill",)) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every command that can be given, with its words."""
    inner = getattr(command, "commands", {})
    if not inner or command.invoke_without_command:
        yield words, command
    for name, one in sorted(inner.items()):
        yield from commands(one, (*words, name))


COMMANDS = list(commands(typer.main.get_command(cli.app)))
IDS = [" ".join(words) for words, _ in COMMANDS]


def called(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    """Exit code, what went to stdout and what to stderr."""
    with pytest.raises(SystemExit) as ended:
        cli.main(list(words))
    out, err = capsys.readouterr()
    assert isinstance(ended.value.code, int)
    return ended.value.code, out, err


def refusal(capsys: pytest.CaptureFixture[str], code: int, *words: str) -> str:
    """The one line on stderr with which a call ends in an exit code."""
    found, _, err = called(capsys, *words)
    lines = err.splitlines()
    assert (found, len(lines)) == (code, 1), err
    assert lines[0].startswith("codemill: ")
    assert "Traceback" not in err
    return lines[0].removeprefix("codemill: ")


def test_the_commands_there_are() -> None:
    assert {"codemill run", "codemill recipes", "codemill recipes show", "codemill signals", "codemill why"} <= set(IDS)


@pytest.mark.parametrize(("words", "command"), COMMANDS, ids=IDS)
def test_every_command_has_help_with_an_example_that_parses(words: tuple[str, ...], command: Any) -> None:
    summary, _, example = (command.help or "").partition("Example: ")
    assert len(summary.strip()) > 20
    (line,) = example.strip().splitlines()
    given = shlex.split(line.partition(" > ")[0])
    assert tuple(given[: len(words)]) == words
    command.make_context(words[-1], given[len(words) :])


@pytest.mark.parametrize(("words", "command"), COMMANDS, ids=IDS)
def test_every_option_and_argument_is_explained(words: tuple[str, ...], command: Any) -> None:
    for parameter in command.params:
        assert parameter.name == "help" or getattr(parameter, "help", None), parameter.name


@pytest.mark.parametrize("words", IDS)
def test_every_command_stands_in_the_readme(words: str) -> None:
    assert re.search(rf"\b{words}\b", README.read_text(encoding="utf-8"))


@pytest.mark.parametrize("words", IDS)
def test_help_is_printed(words: str, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = called(capsys, *words.split()[1:], "--help")
    assert code == 0
    assert "Example" in out


def test_without_words_the_help_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    _, out, err = called(capsys)
    assert "Usage" in out + err
    assert "codemill: \n" not in err


def test_recipes_are_listed_a_line_each(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = called(capsys, "recipes")
    assert code == 0
    assert [line.split()[0] for line in out.splitlines()] == recipe.names()


def test_a_recipe_is_shown_as_yaml_that_loads(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    code, out, _ = called(capsys, "recipes", "show", "codefuse", "--set", "stages.text.rules.lines.max=5")
    assert code == 0
    mine = tmp_path / "mine.yaml"
    mine.write_text(out, encoding="utf-8")
    assert recipe.load(mine) == recipe.load("codefuse", ["stages.text.rules.lines.max=5"])
    assert yaml.safe_load(out)["name"] == "codefuse"


def test_every_signal_is_listed_once(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = called(capsys, "signals")
    assert code == 0
    assert [line.split()[1] for line in out.splitlines()] == [signal.name for signal in ALL_SIGNALS]


@pytest.fixture
def run_folder(tmp_path: Path) -> str:
    dropped: dict[str, Any] = {
        "drop_stage": "text",
        "drop_reason": "lines",
        "drop_value": 20000.0,
        "drop_limit": 10000.0,
    }
    rows = [made_run.row("src/é.py"), made_run.row("src/b.py", **dropped)]
    return str(made_run.make(tmp_path / "run", rows).folder)


def test_why(run_folder: str, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = called(capsys, "why", "b.py", "--run", run_folder)
    assert code == 0
    assert "dropped by text.lines: 20000 against the limit 10000" in out
    code, out, _ = called(capsys, "why", "é.py", "--run", run_folder, "--json")
    assert code == 0
    assert [json.loads(line)["path"] for line in out.splitlines()] == ["src/é.py"]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["mill"], "No such command 'mill'"),
        (["recipes", "list"], "No such command 'list'"),
        (["recipes", "show"], "Missing argument 'name'"),
        (["recipes", "show", "codefuze"], "no recipe 'codefuze': name one of codefuse"),
        (["recipes", "show", "minimal", "--set", "lines=5"], "write stages.NAME.FIELD=VALUE"),
        (["run", "minimal"], "Missing argument 'INPUT...'"),
        (["run", "minimal", "{here}"], "Missing option '--out'"),
        (["run", "codefuze", "{here}", "--out", "{here}/out"], "no recipe 'codefuze'"),
        (["run", "minimal", "{here}", "--out", "{here}/out", "--master", "sparky"], "--master 'sparky'"),
        (["run", "minimal", "{here}/nowhere", "--out", "{here}/out"], "names nothing"),
        (["run", "minimal", "{here}", "--speed", "9"], "No such option"),
        (["why", "a.py"], "Missing option '--run'"),
        (["why", "a.py", "--run", "{here}"], "holds no finished run"),
        (["why", "a.py", "--run", "{run}"], "no file 'a.py' in the ledger"),
    ],
)
def test_wrong_use_is_one_line_and_exit_code_2(
    words: list[str], told: str, tmp_path: Path, run_folder: str, capsys: pytest.CaptureFixture[str]
) -> None:
    given = [word.format(here=tmp_path, run=run_folder) for word in words]
    assert told in refusal(capsys, 2, *given)


JAVA = "Py4JJavaError: An error\n: org.apache.spark.SparkException: Job aborted\n\tat a.b(C.java)\nCaused by: {}\n"


@pytest.mark.parametrize(
    ("error", "code", "told"),
    [
        (RunFailed("nothing was read: look there"), 1, "nothing was read: look there"),
        (WrongUse("not so"), 2, "not so"),
        (KeyboardInterrupt(), 130, "the same command goes on where it stopped"),
        (RuntimeError(JAVA.format("java.lang.Error: deep down")), 1, "deep down (--debug shows all of it)"),
        (RuntimeError(JAVA.format("java.io.IOException: No space left on device")), 1, "no space left"),
        (RuntimeError("only\n  \nthis"), 1, "this (--debug shows all of it)"),
        (RuntimeError("x" * 9999), 1, "x" * 300 + " (--debug"),
        (ZeroDivisionError(), 1, "ZeroDivisionError"),
    ],
)
def test_what_is_raised_is_told_in_one_line(
    error: BaseException, code: int, told: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail() -> list[str]:
        raise error

    monkeypatch.setattr(recipe, "names", fail)
    assert told in refusal(capsys, code, "recipes")
    with pytest.raises(type(error) if not isinstance(error, KeyboardInterrupt) else SystemExit):
        cli.main(["recipes", "--debug"])


def test_what_an_extra_would_bring_is_told(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "train.config", None)
    told = refusal(capsys, 1, "train", "pretrain", str(tmp_path / "run.yaml"))
    assert told.startswith("train.config is not installed, which this command needs: make extras")
