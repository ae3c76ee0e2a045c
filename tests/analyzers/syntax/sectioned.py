"""A file parsed, reported on and cut into segments and pairs, for tests of this folder."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from syntax_fixtures import FIXTURES

from analyzers.syntax.kinds import KindTable, kind_table
from analyzers.syntax.languages import MODULES, spec_of
from analyzers.syntax.limits import Limits
from analyzers.syntax.measure import report_on
from analyzers.syntax.outline import Outline, outline
from analyzers.syntax.pairs import Pair, pairs_of
from analyzers.syntax.pairs_rules import PairRules
from analyzers.syntax.parse import parse
from analyzers.syntax.report import Report
from analyzers.syntax.segments import Segment, segments_of

PAIR_FIXTURES = Path(__file__).parents[2] / "fixtures" / "pairs"
NO_LIMITS = PairRules(
    min_code_lines=None,
    min_code_line_fraction=None,
    max_comment_chars=None,
    max_code_bytes=None,
    min_comment_words=None,
    drop_accessors=False,
    drop_meaningless=False,
    drop_bodiless=False,
    drop_broken=False,
)


class Sectioned(NamedTuple):
    """One file."""

    source: bytes
    report: Report
    outline: Outline
    segments: list[Segment]


def table_of(language: str) -> KindTable:
    """The kinds of a language that has a grammar."""
    spec = spec_of(language)
    assert spec is not None
    return kind_table(spec)


def is_sound(language: str, source: bytes) -> bool:
    """Whether a source parses without error."""
    tree = parse(table_of(language).grammar, source, Limits())
    assert not isinstance(tree, str), tree
    return not tree.root_node.has_error


def sectioned(language: str, source: bytes) -> Sectioned:
    """The file with its report and segments."""
    table = table_of(language)
    tree = parse(table.grammar, source, Limits())
    assert not isinstance(tree, str), tree
    report = report_on(tree, source, table)
    drawn = outline(tree.root_node, report, source, table)
    return Sectioned(source, report, drawn, segments_of(report, source, drawn))


def pairs(language: str, source: bytes, rules: PairRules | None = None) -> list[Pair]:
    """All pairs, dropped ones among them."""
    file = sectioned(language, source)
    return pairs_of(file.report, source, file.outline, file.segments, rules or PairRules())


def fixtures(language: str) -> list[bytes]:
    """The sound files at hand of a language."""
    stem = MODULES[language]
    paths = [*FIXTURES.glob(f"{stem}.*"), *PAIR_FIXTURES.glob(f"{stem}.*")]
    return [path.read_bytes() for path in paths if path.suffix != ".json" or stem == "json"]
