"""Facts: what stands in a file, as rows of relations that Datalog rules can join.

    from analyzers.syntax.facts import facts_of
    rows = facts_of(tree, report, source, "Python", file_id, repo, path)     # relation -> list of tuples

`relations.py` has the columns. From the report come definitions, comments, imports, errors and complexity; one more
walk over the tree brings calls, identifiers, branches, parameters and bases. Names are resolved inside the file,
through its scopes and imports (resolve.py); control flow and def-use chains are built for Python and Java (flow.py).
A language is a line in `languages.py`. Everything is linear in the file: text that is read again is bounded, nothing is
recursive, and what a broken file does not tell is null or left out.
"""

from __future__ import annotations

from analyzers.syntax.facts.extract import facts_of
from analyzers.syntax.facts.relations import RELATIONS

__all__ = ["RELATIONS", "facts_of"]
