"""Facts of a text, with ids told as names, so that tests can be read."""

from __future__ import annotations

from analyzers.syntax.facts import RELATIONS, facts_of
from analyzers.syntax.kinds import kind_table
from analyzers.syntax.languages import spec_of
from analyzers.syntax.limits import Limits
from analyzers.syntax.measure import report_on
from analyzers.syntax.parse import parse

FILE = "the file"
Rows = dict[str, list[tuple]]


def facts(language: str, source: bytes | str, *, flow: bool = True) -> Rows:
    """Rows of all relations of a file called FILE."""
    content = source.encode() if isinstance(source, str) else source
    spec = spec_of(language)
    assert spec is not None
    table = kind_table(spec)
    tree = parse(table.grammar, content, Limits())
    assert not isinstance(tree, str), tree
    report = report_on(tree, content, table)
    return facts_of(tree, report, content, language, FILE, "repo", "a/path", flow=flow)


def named(language: str, source: bytes | str) -> dict[str, list[dict]]:
    """The same as dictionaries, functions and classes by their name instead of their id, without file_id."""
    rows = facts(language, source)
    names = {row[0]: row[3] or "?" for relation in ("function", "class") for row in rows[relation]}
    found = {}
    for relation, schema in RELATIONS.items():
        places = [(place, column) for place, column in enumerate(schema.names) if column != "file_id"]
        found[relation] = [
            {
                column: names.get(row[place], row[place]) if isinstance(row[place], str) else row[place]
                for place, column in places
            }
            for row in rows[relation]
        ]
    return found
