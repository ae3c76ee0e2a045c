"""The commands `commits` and `issues`: functions that curate.cli registers."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer
import yaml
from pydantic import BaseModel, ValidationError

from curate.errors import WrongUse

_Rules = TypeVar("_Rules", bound=BaseModel)
_Out = Annotated[Path, typer.Option("--out", help="the folder to write the data set into")]
_Set = Annotated[list[str] | None, typer.Option("--set", metavar="K=V", help="a limit; the rules' module has them")]
_Workers = Annotated[int, typer.Option(min=1, help="processes")]
_Fresh = Annotated[bool, typer.Option("--fresh", help="make anew what is there")]
_Json = Annotated[bool, typer.Option("--json", help="the counts as JSON")]


def commits(
    inputs: Annotated[list[str], typer.Argument(metavar="REPO...", help="git repositories, or folders that hold some")],
    out: _Out,
    settings: _Set = None,
    workers: _Workers = 1,
    part: Annotated[str, typer.Option(metavar="I/N", help="the I-th of N shares of the repositories")] = "1/1",
    fresh: _Fresh = False,
    as_json: _Json = False,
) -> None:
    """Make a data set of commits (message, files before and after) for `codemill run`. The same command goes on.

    Example: codemill commits mirror/ --out out/commits --workers 8 --set max_files=4
    """
    from curate.history.commit_rules import CommitRules
    from curate.history.write_commits import write_commits

    rules = _rules(CommitRules, settings)
    counts = write_commits(inputs, out, rules, workers=workers, part=_part(part), fresh=fresh, say=_say)
    _tell(counts, out, as_json)


def issues(
    inputs: Annotated[list[str], typer.Argument(metavar="EVENTS...", help="GH Archive's .json.gz, folders, globs")],
    out: _Out,
    settings: _Set = None,
    workers: _Workers = 1,
    fresh: _Fresh = False,
    as_json: _Json = False,
) -> None:
    """Make a data set of issues and pull requests, each a conversation without names, for `codemill run`.

    Example: codemill issues 'gharchive/2024-*.json.gz' --out out/issues --workers 8 --set max_lines=60
    """
    from curate.history.conversations import ConversationRules
    from curate.history.write_conversations import write_conversations

    rules = _rules(ConversationRules, settings)
    _tell(write_conversations(inputs, out, rules, workers=workers, fresh=fresh, say=_say), out, as_json)


def _rules(kind: type[_Rules], settings: list[str] | None) -> _Rules:
    """Rules with settings over them. WrongUse where one is none, or out of its bounds."""
    given: dict[str, Any] = {}
    for setting in settings or ():
        name, equals, value = setting.partition("=")
        if not equals:
            raise WrongUse(f"--set {setting!r} has no value: write {name}=VALUE")
        given[name] = yaml.safe_load(value)
    try:
        return kind(**given)
    except ValidationError as error:
        first = error.errors()[0]
        known = ", ".join(kind.model_fields)
        raise WrongUse(f"--set {'.'.join(map(str, first['loc']))}: {first['msg']}; there are {known}") from None


def _part(text: str) -> tuple[int, int]:
    number, _, of = text.partition("/")
    if not (number.isdigit() and of.isdigit() and 1 <= int(number) <= int(of)):
        raise WrongUse(f"--part {text!r} is no share: write I/N, as 1/8 to 8/8")
    return int(number) - 1, int(of)


def _say(text: str) -> None:
    typer.echo(text, err=True)


def _tell(counts: Counter[str], out: Path, as_json: bool) -> None:
    if as_json:
        print(json.dumps(dict(counts)))
        return
    print(f"taken {counts['taken']:,}: {out}")
    for name, count in counts.most_common():
        if name != "taken" and count:
            print(f"  {name.replace('_', ' '):<24} {count:>12,}")
