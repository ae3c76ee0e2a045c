"""syntax: what the syntax tree of a file says, and the recipe's limits on it."""

from __future__ import annotations

import atexit
from functools import cache

import pyarrow as pa
import pyarrow.compute as pc
from pydantic import Field, field_validator

from analyzers.signals import SYNTAX_SIGNALS, arrow_types
from analyzers.syntax.limits import Limits, Refusal
from analyzers.syntax.parser import Parser
from analyzers.syntax.signals import signals_of
from curate.rules import Rule, check, judge
from curate.stage import Stage

_TYPES = arrow_types(SYNTAX_SIGNALS)


class Syntax(Stage):
    """Syntax signals and the rules on them, judged in the recipe's order; the first one names the reason.

    Files are parsed in a child of the worker, within `limits`: one that hangs or crashes there is dropped, as are those
    that `refusals` names. Without a grammar nothing is measured or judged. Reason to drop: analysis_error. The names of
    rules are reasons too.
    """

    name = "syntax"
    reads = ("content", "language")
    writes = _TYPES

    limits: Limits = Limits()
    refusals: tuple[Refusal, ...] = Field(
        ("too_much_work", "too_many_nodes", "hung", "crashed", "failed"),
        description="reasons for having no tree that drop a file, as analysis_error",
    )
    rules: dict[str, Rule] = {}

    @field_validator("rules")
    @classmethod
    def _signals_exist(cls, rules: dict[str, Rule]) -> dict[str, Rule]:
        check(rules, _TYPES)
        return rules

    def measure(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """Signals as columns, and the verdict."""
        sources = [(value.as_buffer() or b"") for value in batch.column("content")]
        languages = batch.column("language").to_pylist()
        reports = _parser(self.limits).reports(
            [(language, bytes(source)) for language, source in zip(languages, sources, strict=True)]
        )
        for name, column in signals_of(reports).items():
            batch = batch.append_column(name, column)
        refused = [report if isinstance(report, str) and report in self.refusals else None for report in reports]
        verdict = judge(batch, self.rules)
        texts = pa.array(refused, pa.string())
        verdict["drop_reason"] = pc.if_else(texts.is_valid(), "analysis_error", verdict["drop_reason"])
        verdict["drop_text"] = pc.coalesce(texts, verdict["drop_text"])
        for name, column in verdict.items():
            batch = batch.append_column(name, column)
        return batch


@cache
def _parser(limits: Limits) -> Parser:
    """One child for all batches of a worker: starting it takes longer than parsing a batch."""
    parser = Parser(limits=limits)
    atexit.register(parser.close)
    return parser
