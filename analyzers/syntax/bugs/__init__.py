"""Bugs that can be told from a file's syntax tree alone: named rules in three severities, for the languages of tier A.

    from analyzers.syntax.bugs import RULES, bugs_of
    bugs_of(tree, source, "Python")  ->  (Bug(rule="self-comparison", severity=2, start=120, end=126, line=7), ...)

A rule is a row of the table in rules.py and a function in one of the files here; what differs between languages is data
in dialects/. A rule is for code that compiles and code that never did: some find what a compiler would have refused.

To add a rule, write its function (a node and the file in, the nodes at fault out), add its row, and mark lines for it
in the fixtures under tests/fixtures/bugs, at least one to report and one look-alike for each of its languages. Rules
must be linear in the size of the node's own children: what lies deeper comes to them by itself.
"""

from __future__ import annotations

from analyzers.syntax.bugs.report import ERROR, FATAL, SEVERITIES, WARNING, Bug
from analyzers.syntax.bugs.rules import RULES
from analyzers.syntax.bugs.run import bugs_of

__all__ = ["ERROR", "FATAL", "RULES", "SEVERITIES", "WARNING", "Bug", "bugs_of"]
