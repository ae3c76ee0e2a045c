"""Rules: limits on measured columns, judged in the order of the recipe. Measuring is elsewhere."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Literal

import numpy as np
import pyarrow as pa
from pydantic import BaseModel, ConfigDict, model_validator

from analyzers.languages import BY_NAME, canonical

TEXTS = ("generated_by", "path", "repo", "licence", "encoding", "language")
"""Columns that can explain a drop."""


class Rule(BaseModel):
    """One limit. A file is kept while min <= value <= max, and dropped if a yes-or-no signal equals `drop_if`.

    A null value is not judged: what was not measured cannot break a limit. Limits are finite; only null switches one
    off.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)  # nothing is above or below NaN

    signal: str
    min: float | None = None  # inclusive
    max: float | None = None  # inclusive
    drop_if: bool | None = None
    languages: tuple[str, ...] | None = None  # judge these only; null judges all
    except_languages: tuple[str, ...] = ()
    kinds: tuple[Literal["programming", "markup", "data", "prose"], ...] | None = None  # judge languages of these kinds
    told_by: str | None = None  # the column whose text explains a drop

    @model_validator(mode="after")
    def _check(self) -> Rule:
        if self.min is not None and self.max is not None and self.min > self.max:
            raise ValueError(f"min {self.min} is above max {self.max}: every file would go")
        for name in (*(self.languages or ()), *self.except_languages):
            if name != "Unknown" and canonical(name) != name:
                meant = f", write {canonical(name)!r}" if canonical(name) else ""
                raise ValueError(f"{name!r} is no language of the table{meant}")
        return self

    def applies_to(self, language: str) -> bool:
        """Whether files of a language are judged."""
        if language in self.except_languages or (self.languages is not None and language not in self.languages):
            return False
        row = BY_NAME.get(language)
        return self.kinds is None or (row is not None and row.kind in self.kinds)


def check(rules: Mapping[str, Rule], signals: Collection[str]) -> None:
    """ValueError where a rule names what is none of these signals, or is told by no column of texts."""
    for name, rule in rules.items():
        if rule.signal not in signals:
            raise ValueError(
                f"rule {name!r} names {rule.signal!r}, which is no signal of this stage: `codemill signals` lists them"
            )
        if rule.told_by is not None and rule.told_by not in TEXTS:
            raise ValueError(f"rule {name!r} is told by {rule.told_by!r}, which is none of {', '.join(TEXTS)}")


def judge(batch: pa.RecordBatch, rules: Mapping[str, Rule]) -> dict[str, pa.Array]:
    """The four verdict columns: for each row the first rule that it breaks, with its value and limit; null if none."""
    n_rows = batch.num_rows
    reason = np.full(n_rows, None, object)
    value = np.full(n_rows, np.nan)
    limit = np.full(n_rows, np.nan)
    text = np.full(n_rows, None, object)
    languages = batch.column("language").dictionary_encode()
    names, codes = languages.dictionary.to_pylist(), languages.indices.to_numpy(zero_copy_only=False)
    columns: dict[str, np.ndarray] = {}
    for name, rule in rules.items():
        if rule.signal not in columns:
            columns[rule.signal] = _numbers(batch.column(rule.signal))
        numbers = columns[rule.signal]
        judged = np.array([rule.applies_to(language) for language in names] or [True])[codes]
        for broken, bound in _broken(rule, numbers):
            hit = judged & broken & (reason == None)  # noqa: E711  elementwise
            if hit.any():
                reason[hit], value[hit], limit[hit] = name, numbers[hit], np.nan if bound is None else bound
                if rule.told_by is not None:
                    text[hit] = np.array(batch.column(rule.told_by).to_pylist(), object)[hit]
    return {
        "drop_reason": pa.array(reason, pa.string()),
        "drop_value": pa.array(value, pa.float64(), mask=np.isnan(value)),
        "drop_text": pa.array(text, pa.string()),
        "drop_limit": pa.array(limit, pa.float64(), mask=np.isnan(limit)),
    }


def _numbers(column: pa.Array) -> np.ndarray:
    """A column as float64 with NaN, which breaks no limit, for null."""
    return column.cast(pa.float64()).to_numpy(zero_copy_only=False)


def _broken(rule: Rule, numbers: np.ndarray) -> list[tuple[np.ndarray, float | None]]:
    """Where each limit of a rule is broken, with that limit."""
    limits: list[tuple[np.ndarray, float | None]] = []
    if rule.drop_if is not None:
        limits.append((numbers == float(rule.drop_if), None))
    if rule.min is not None:
        limits.append((numbers < rule.min, rule.min))
    if rule.max is not None:
        limits.append((numbers > rule.max, rule.max))
    return limits
