"""classify: how much a file looks like good ones, by a trained classifier, and the recipe's limits on it."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from pydantic import Field, field_validator, model_validator

from analyzers.signals import CLASSIFIER_SIGNALS, arrow_types
from curate.classifier import Trained
from curate.errors import WrongUse
from curate.rules import Rule, check, judge
from curate.stage import Stage

_TYPES = arrow_types(CLASSIFIER_SIGNALS)


class Classify(Stage):
    """classifier_score by a model of `codemill classifier train`: before `syntax` with rules a gate that spares
    parsing, without rules a second opinion beside it.

    It guesses from words what the score measures on trees, so a gate loses good files: the model's card says how many
    at which limit. Languages that the model was not trained on, and empty files, have none and are not judged. The
    model is part of the recipe; its folder must be readable for all workers, which load it once. Reason to drop: the
    names of its rules.
    """

    name = "classify"
    reads = ("content", "language")
    writes = _TYPES

    model: str = Field(description="a folder of `codemill classifier train`")
    model_sha256: str | None = Field(None, description="of the model; filled in, and checked where it is given")
    rules: dict[str, Rule] = {}

    @model_validator(mode="before")
    @classmethod
    def _digest(cls, fields: dict[str, Any]) -> dict[str, Any]:
        if not isinstance(fields.get("model"), str):
            return fields
        found = Trained(fields["model"])
        found.check_package()
        if fields.get("model_sha256") not in (None, found.sha256):
            raise WrongUse(f"the classifier {found.folder} has sha256 {found.sha256}, not {fields['model_sha256']}")
        return {**fields, "model": str(found.folder.absolute()), "model_sha256": found.sha256}

    @field_validator("rules")
    @classmethod
    def _signals_exist(cls, rules: dict[str, Rule]) -> dict[str, Rule]:
        check(rules, _TYPES)
        return rules

    def measure(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """The score as a column, and the verdict."""
        trained = Trained(self.model)
        if trained.sha256 != self.model_sha256:
            raise WrongUse(f"the classifier {self.model} changed since the run began: say the same again with --fresh")
        known = pc.is_in(batch.column("language"), pa.array(sorted(trained.languages), pa.string()))
        scores = pa.array(trained.read().scores(batch.column("content")), pa.float64(), from_pandas=True)
        batch = batch.append_column("classifier_score", pc.if_else(known, scores, pa.scalar(None, pa.float64())))
        for name, column in judge(batch, self.rules).items():
            batch = batch.append_column(name, column)
        return batch
