"""syntax: what the syntax tree of a file says, and the recipe's limits on it."""

from __future__ import annotations

import atexit
import json
from dataclasses import asdict
from functools import cache
from typing import TYPE_CHECKING, Any, Literal

import pyarrow as pa
import pyarrow.compute as pc
from pydantic import Field, field_validator

from analyzers.signals import SYNTAX_SIGNALS, arrow_types
from analyzers.syntax.facts.relations import RELATIONS
from analyzers.syntax.limits import Limits, Refusal
from analyzers.syntax.pairs_rules import PairRules
from analyzers.syntax.parser import Parser
from analyzers.syntax.report import from_plain
from analyzers.syntax.signals import signals_of
from curate import fact_files, nested
from curate.rules import Rule, check, judge
from curate.stage import Stage

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

_TYPES = arrow_types(SYNTAX_SIGNALS)
_PACKED = ("segments", "pairs", "facts")
Measure = Literal["ending", "naming", "redundancy", "coupling", "maintainability"]


class Syntax(Stage):
    """Syntax signals and the rules on them, judged in the recipe's order; the first one names the reason.

    Files are parsed in a child of the worker, within `limits`: one that hangs or crashes there is dropped, as are those
    that `refusals` names. Without a grammar nothing is measured or judged. From the same tree come function-comment
    pairs (OUT/pairs), facts (OUT/facts, and for the stage datalog) and segments, where they are asked for, and with
    `bugs` and `measures` the signals that the stage score goes by.
    Reason to drop: analysis_error. The names of rules are reasons too.
    """

    name = "syntax"
    reads = ("content", "language", "file_id", "repo", "path")
    writes = {**_TYPES, **dict.fromkeys(_PACKED, pa.large_binary()), "syntax_refusal": pa.string()}
    delivers = ("pairs", "facts")

    limits: Limits = Limits()
    refusals: tuple[Refusal, ...] = Field(
        ("too_much_work", "too_many_nodes", "hung", "crashed", "failed"),
        description="reasons for having no tree that drop a file, as analysis_error",
    )
    bugs: bool = Field(False, description="look for bugs; twice as much work as parsing")
    measures: tuple[Measure, ...] = Field(
        (), description="of ending, naming, redundancy, coupling, maintainability; all take .4 to 1 times the parse"
    )
    segments: bool = Field(False, description="for the removal of segments that other files have")
    pairs: PairRules | None = Field(None, description="limits on function-comment pairs; null makes none")
    facts: tuple[str, ...] = Field((), description="relations to extract; cfg and def_use take half of the time")
    rules: dict[str, Rule] = {}

    @field_validator("rules")
    @classmethod
    def _signals_exist(cls, rules: dict[str, Rule]) -> dict[str, Rule]:
        check(rules, _TYPES)
        return rules

    @field_validator("facts")
    @classmethod
    def _relations_exist(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        for name in names:
            if name not in RELATIONS:
                raise ValueError(f"{name!r} is no relation of facts; there are {', '.join(RELATIONS)}")
        return tuple(name for name in RELATIONS if name in names)

    def measure(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """Signals and what is packed as columns, and the verdict."""
        answers = _parser(self.limits, self._wanted()).answers(_requests(batch))
        reports = [one if isinstance(one, str) else from_plain(one["report"]) for one in answers]
        bugs = [None if isinstance(one, str) else one.get("bugs") for one in answers]
        counts = [None if isinstance(one, str) else one.get("counts") for one in answers]
        for name, column in signals_of(reports, bugs, counts).items():
            batch = batch.append_column(name, column)
        for name in _PACKED:
            packed = [None if isinstance(one, str) else one.get(name) for one in answers]
            batch = batch.append_column(name, pa.array(packed, pa.large_binary()))
        refusals = pa.array([one if isinstance(one, str) else None for one in answers], pa.string())
        batch = batch.append_column("syntax_refusal", refusals)
        refused = [one if isinstance(one, str) and one in self.refusals else None for one in answers]
        verdict = judge(batch, self.rules)
        texts = pa.array(refused, pa.string())
        verdict["drop_reason"] = pc.if_else(texts.is_valid(), "analysis_error", verdict["drop_reason"])
        verdict["drop_text"] = pc.coalesce(texts, verdict["drop_text"])
        for name, column in verdict.items():
            batch = batch.append_column(name, column)
        return batch

    def asked(self) -> tuple[str, ...]:
        """The folders of what the recipe asks for."""
        return tuple(name for name in self.delivers if getattr(self, name))

    def deliver(self, kept: DataFrame, rows: DataFrame, folder: str) -> list[dict[str, Any]]:
        """Pairs and facts of kept files, into OUT/pairs and OUT/facts."""
        files = []
        if self.pairs is not None:
            files += nested.delivered(nested.write(kept, nested.Pairs(), folder))
        if self.facts:
            files += fact_files.listed(nested.write(kept, nested.Facts(), folder), folder)
        return files

    def _wanted(self) -> str:
        """What analyzers.syntax.task.examine is asked for, as JSON, so that it can be a key."""
        pairs = None if self.pairs is None else asdict(self.pairs)
        wanted = {name: getattr(self, name) for name in ("bugs", "measures", "segments", "facts")} | {"pairs": pairs}
        return json.dumps(wanted, sort_keys=True)


def _requests(batch: pa.RecordBatch) -> list[tuple[tuple[Any, ...], bytes]]:
    """For each file what examine() wants to know of it, and its bytes."""
    told = zip(*(batch.column(name).to_pylist() for name in ("language", "file_id", "repo", "path")), strict=True)
    sources = (bytes(value.as_buffer() or b"") for value in batch.column("content"))
    return list(zip(told, sources, strict=True))


@cache
def _parser(limits: Limits, wanted: str) -> Parser:
    """One child for all batches of a worker: starting it takes longer than parsing a batch."""
    parser = Parser(("analyzers.syntax.task", "examine"), (json.loads(wanted),), limits=limits)
    atexit.register(parser.close)
    return parser
