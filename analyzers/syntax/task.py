"""What the child does with a file by default."""

from __future__ import annotations

from analyzers.syntax.limits import Limits
from analyzers.syntax.measure import analyze
from analyzers.syntax.report import to_plain


def report(language: str, source: bytes, limits: Limits) -> tuple | str:
    """The report in plain values, or the reason why there is none."""
    made = analyze(language, source, limits)
    return made if isinstance(made, str) else to_plain(made)
