"""score: the quality of code, 0..100, from the signals of its syntax tree, and the recipe's limits on it."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pyarrow as pa
from pydantic import Field, field_validator

from analyzers.languages import canonical
from analyzers.signals import SCORE_SIGNALS, arrow_types
from analyzers.syntax import score
from analyzers.syntax.score import DEFAULT, DIMENSION_OF, DIMENSIONS, Loss, Term
from curate.rules import Rule, check, judge
from curate.stage import Stage

_TYPES = {"quality_score": pa.float32(), **arrow_types(SCORE_SIGNALS)}


class Score(Stage):
    """quality_score and its six sub-scores, by the formula of analyzers.syntax.score.

    It reads what the stage syntax measured: with its `bugs` and `measures` left out, what they would have shown costs
    nothing. Files without a syntax tree have no score and are not judged. The score stays as it was when later stages
    change a file. Reason to drop: the names of its rules.
    """

    name = "score"
    reads = ("language", *DIMENSION_OF)
    writes = _TYPES

    table: str = Field(score.TABLE_ID, description="the shipped table of knees and weights, by its hash")
    terms: dict[str, dict[str, Term | None]] = Field(
        {}, description="over the table: signal -> [knee, worst, weight] by language, or `default` for all; null: none"
    )
    rules: dict[str, Rule] = {}

    @field_validator("table")
    @classmethod
    def _is_shipped(cls, table: str) -> str:
        if table != score.TABLE_ID:
            raise ValueError(f"this version's table is {score.TABLE_ID!r}: leave `table` out to take that one")
        return table

    @field_validator("terms")
    @classmethod
    def _terms_exist(cls, terms: dict[str, dict[str, Term | None]]) -> dict[str, dict[str, Term | None]]:
        for language, changes in terms.items():
            if language != DEFAULT and canonical(language) != language:
                raise ValueError(f"{language!r} is no language of the table, nor {DEFAULT!r}, which means all of them")
            score.check({signal: Term(0, 1, 0) if term is None else term for signal, term in changes.items()})
        return terms

    @field_validator("rules")
    @classmethod
    def _signals_exist(cls, rules: dict[str, Rule]) -> dict[str, Rule]:
        check(rules, _TYPES)
        return rules

    def measure(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """The scores as columns, and the verdict."""
        columns = {name: batch.column(name).cast(pa.float64()).to_numpy(zero_copy_only=False) for name in DIMENSION_OF}
        languages = batch.column("language").dictionary_encode()
        codes = languages.indices.to_numpy(zero_copy_only=False)
        found = {name: np.full(batch.num_rows, np.nan) for name in ("quality", *DIMENSIONS)}
        for code, language in enumerate(languages.dictionary.to_pylist()):
            rows = codes == code
            part = score.scores(
                {name: values[rows] for name, values in columns.items()}, score.terms_of(language, self.terms)
            )
            for name, values in part.items():
                found[name][rows] = values
        for name, kind in _TYPES.items():
            values = found[name.removesuffix("_score")]
            batch = batch.append_column(name, pa.array(values, pa.float64(), from_pandas=True).cast(kind))
        for name, column in judge(batch, self.rules).items():
            batch = batch.append_column(name, column)
        return batch

    def losses(self, language: str, signals: Mapping[str, float | None]) -> list[Loss]:
        """Where a file with these signals lost its points, the most first."""
        return score.losses(signals, score.terms_of(language, self.terms))
