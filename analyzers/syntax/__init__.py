"""Syntax trees of one file: parsed within limits, walked once, told as a report of plain numbers.

    from analyzers.syntax import Parser, analyze
    report = analyze("Python", b"def f(a): return a")           # here and now
    with Parser() as parser:                                      # in a child, which may crash
        reports = parser.reports([("Python", source), ...])

`analyze` gives a Report (report.py), or a string that says why there is none (limits.Refusal). `signals_of`
(signals.py) makes flat Arrow columns of a batch. A language is a file in languages/.

How rules hook in. A rule wants nodes of some kinds: `kind_table(spec, wanted=(...))` adds them to the table, and
`visit` brings them home in `taken` beside the parts, in the same walk and in source order, outer before inner
(that walk goes everywhere, which costs about twice as much as the one that follows signs);
`table.parts[node.kind_id]` tells the part, the id itself the kind. A module with rules parses once (`parse`), visits
once, calls `report_on` for the numbers, and hands each taken node to the rules of its kind. It puts a function of
(language, source, limits) beside task.report and names it to Parser. Queries are slower than the walk; where one is
needed, compile it once for each grammar, without predicates (they crash tree-sitter 0.26.1). Nodes must not leave the
function that parsed. Never ask a node for `text` or `str`, nor for `parent` in a loop: slice the source by bytes, and
keep what encloses on a stack.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from analyzers.syntax.measure import analyze
    from analyzers.syntax.parser import Parser
    from analyzers.syntax.report import Report

__all__ = ["Parser", "Report", "analyze"]

_WHERE = {"Parser": "parser", "Report": "report", "analyze": "measure"}


def __getattr__(name: str) -> Any:  # so that a child does not load what its task has no use for
    if name not in _WHERE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_WHERE[name]}"), name)
