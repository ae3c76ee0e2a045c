"""The command that lists the rules for bugs."""

from __future__ import annotations

import json

import pytest
import typer
from typer.testing import CliRunner

from analyzers.syntax.bugs.rules import RULES
from curate.cli_rules import rules
from curate.errors import WrongUse

app = typer.Typer()
app.command()(rules)


def listed(*words: str) -> list[str]:
    ended = CliRunner().invoke(app, list(words))
    assert ended.exit_code == 0, ended.output
    return ended.output.splitlines()


def test_a_line_for_each_rule_with_severity_meaning_and_languages() -> None:
    lines = listed()
    assert [line.split()[1] for line in lines] == [rule.name for rule in RULES]
    (line,) = (line for line in lines if "division-by-zero" in line)
    assert line.split() == ["Fatal", "division-by-zero", "a", "literal", "zero", "divides", "(all)"]
    assert any(line.endswith("(Python)") for line in lines)


def test_those_of_a_language_for_machines() -> None:
    found = [json.loads(line) for line in listed("--language", "Go", "--json")]
    assert {row["rule"] for row in found} == {rule.name for rule in RULES if "Go" in rule.languages}
    assert found[0].keys() == {"rule", "severity", "meaning", "languages"}


def test_a_language_without_rules_is_told_of() -> None:
    ended = CliRunner().invoke(app, ["--language", "Cobol"])
    assert isinstance(ended.exception, WrongUse)
    with pytest.raises(WrongUse, match="no rules for 'Cobol'; there are some for Python, Java"):
        raise ended.exception
