"""text: what can be measured on the characters of a file, and the recipe's limits on it."""

from __future__ import annotations

import pyarrow as pa
from pydantic import field_validator

from analyzers.origin import mark_batch
from analyzers.signals import ORIGIN_SIGNALS, SIGNALS, arrow_types
from analyzers.text.measure import measure
from curate.rules import Rule, check, judge
from curate.stage import Stage

ALWAYS = frozenset(
    {"chars", "lines", "encoded", "lexical", "script"}
)  # cheap enough to measure whatever the rules name

_TYPES = arrow_types(SIGNALS + ORIGIN_SIGNALS)
_JUDGED = {*_TYPES, "size_bytes", "n_lines"}


class Text(Stage):
    """Text signals and the rules on them, judged in the recipe's order; the first one names the reason. Everyday groups
    are always measured, the others where a rule needs them or `measure_all` asks.
    """

    name = "text"
    reads = ("content", "language", "path", "size_bytes")
    writes = {"n_lines": pa.int32(), **_TYPES}

    rules: dict[str, Rule] = {}
    measure_all: bool = False

    @field_validator("rules")
    @classmethod
    def _signals_exist(cls, rules: dict[str, Rule]) -> dict[str, Rule]:
        check(rules, _JUDGED)
        return rules

    def groups(self) -> frozenset[str]:
        """The groups of signals to be measured."""
        named = {rule.signal for rule in self.rules.values()}
        needed = {signal.group for signal in SIGNALS if signal.name in named or self.measure_all}
        return frozenset({*ALWAYS, *needed})

    def measure(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """Signals as columns, and the verdict of the rules."""
        languages = batch.column("language").to_pylist()
        columns = measure(batch.column("content"), languages, self.groups())
        columns |= mark_batch(batch.column("path").to_pylist(), languages, batch.column("content"))
        for name, column in columns.items():
            batch = batch.append_column(name, column)
        for name, column in judge(batch, self.rules).items():
            batch = batch.append_column(name, column)
        return batch
