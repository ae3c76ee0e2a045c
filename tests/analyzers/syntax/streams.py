"""A source as the measures on tokens take it, for tests of this folder."""

from __future__ import annotations

from analyzers.syntax.kinds import KindTable, kind_table
from analyzers.syntax.languages import spec_of
from analyzers.syntax.limits import Limits
from analyzers.syntax.measure import report_on
from analyzers.syntax.parse import parse
from analyzers.syntax.report import Report
from analyzers.syntax.token_stream import Stream, token_stream


def read(language: str, source: bytes) -> tuple[Stream, Report, KindTable]:
    """Tokens, report and table of a file that parses within limits."""
    spec = spec_of(language)
    assert spec is not None
    table = kind_table(spec)
    tree = parse(table.grammar, source, Limits())
    assert not isinstance(tree, str)
    report = report_on(tree, source, table)
    return token_stream(report, source, table), report, table


HOSTILE = {
    "empty": b"",
    "blank": b" \n\t\n",
    "cut": b"def f(a, b",
    "brackets": b"(" * 3_000 + b"{[" * 3_000,
    "names": b" ".join(b"x%d" % i for i in range(5_000)),
    "deep": b"".join(b"%sdef f%d(a):\n" % (b" " * i, i) for i in range(500)) + b" " * 500 + b"pass\n",
    "deep braces": b"function f(a) { " * 3_000,
    "comment": b"# x = f(1)\n" * 3_000,
    "long comment": b"".join(b"%s if =%s x\n" % (mark, b"=)" * 9_000) for mark in (b"#", b"//")) * 5,
    "bytes": bytes(range(1, 256)) * 20,
}
"""Files that no one writes, by what is wrong with them."""
