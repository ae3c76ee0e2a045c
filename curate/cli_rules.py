"""The command `rules`: a function that curate.cli registers."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from curate.errors import WrongUse


def rules(
    language: Annotated[str | None, typer.Option(help="only those for a language, by Linguist's name")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="JSON lines, for machines")] = False,
) -> None:
    """List the rules that find bugs (`bugs: true` of the stage syntax): severity, name, meaning and languages.

    Example: codemill rules --language Go
    """
    from analyzers.syntax.bugs.report import SEVERITIES
    from analyzers.syntax.bugs.rules import ALL, RULES

    if language is not None and language not in ALL:
        raise WrongUse(f"there are no rules for {language!r}; there are some for {', '.join(ALL)}")
    for rule in RULES:
        if language is not None and language not in rule.languages:
            continue
        severity = SEVERITIES[rule.severity]
        if as_json:
            told = {"rule": rule.name, "severity": severity, "meaning": rule.summary, "languages": rule.languages}
            print(json.dumps(told))
        else:
            where = "all" if set(rule.languages) == set(ALL) else ", ".join(rule.languages)
            print(f"{severity:<8} {rule.name:<24} {rule.summary} ({where})")
