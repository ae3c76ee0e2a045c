"""decontaminate: files that contain the tasks of benchmarks, by which models made from the data would be judged."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path
from typing import Literal, get_args

import numpy as np
import pyarrow as pa
from pydantic import Field, model_validator

from analyzers.languages import BY_NAME
from curate.stage import Stage
from dedup.benchmark_tables import read, shipped
from dedup.contamination import KINDS, Finder, Limits, joined
from dedup.ngrams import HASH_COMMENTS, SLASH_COMMENTS, TAGS

Benchmark = Literal["HumanEval", "HumanEval-CN", "HumanEval-X", "MBPP"]


class Decontaminate(Stage):
    """Files that share enough n-grams of ten tokens with the prompt, the solution or the tests of a task, or of eight
    with its solution whatever the names in it. `match` in the ledger is the task, `drop_text` the part that was found.

    Others drop a file for a single n-gram of ten words (OpenCoder, DeepSeek-Coder, Qwen2.5-Coder) or for the text of a
    prompt or solution as a whole (StarCoder). A share tells a copy from a phrase, and holds where lines were changed;
    the defaults gave no false alarm in 750 MB of source that had no part in the tables.
    Reason to drop: contaminated.
    """

    name = "decontaminate"
    reads = ("content", "language")

    benchmarks: tuple[Benchmark, ...] = Field(get_args(Benchmark), description="tables that come along")
    extra: tuple[str, ...] = Field((), description="files of JSON lines, or tables, that every worker can open")
    extra_sha256: tuple[str, ...] = Field((), description="of the files of `extra`; filled in, and checked where given")
    min_text_share: float = Field(
        Limits.text, gt=0, description="of a prompt's n-grams, inclusive; above 1 switches off"
    )
    min_code_share: float = Field(Limits.code, gt=0, description="of a solution's, as written")
    min_renamed_share: float = Field(Limits.renamed, gt=0, description="of a solution's, whatever its names")
    min_test_share: float = Field(Limits.test, gt=0, description="of the tests'")

    @model_validator(mode="before")
    @classmethod
    def _name_extra(cls, fields: dict) -> dict:
        """The files are part of the recipe, not their names alone."""
        extra = fields.get("extra") or ()
        names = [str(Path(name).absolute()) for name in ([extra] if isinstance(extra, str) else extra)]
        found = []
        for name in names:
            try:
                found.append(hashlib.sha256(Path(name).read_bytes()).hexdigest())
            except OSError as error:
                raise ValueError(
                    f"extra: {name} cannot be read ({error.strerror}): name a file of JSON lines"
                ) from None
        given = tuple(fields.get("extra_sha256") or found)
        if given != tuple(found):
            raise ValueError("extra: a file is not the one that extra_sha256 was made of: leave extra_sha256 out")
        return {**fields, "extra": tuple(names), "extra_sha256": given}

    @model_validator(mode="after")
    def _has_tables(self) -> Decontaminate:
        if not self.benchmarks and not self.extra:
            raise ValueError("neither benchmarks nor extra names a table: take the stage out to leave files unchecked")
        for name in self.extra:
            read(Path(name))
        return self

    def measure(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """The verdict, with the task as `match`."""
        finder = finder_of(self)
        languages = batch.column("language").to_pylist()
        found = finder.find(batch.column("content"), np.array([marks_of(one) for one in languages], np.uint8))
        reasons = ["contaminated" if reached else None for reached in found.reached]
        table, rows, missing = finder.table, batch.num_rows, ~found.reached
        tasks, parts, shares = np.full(rows, None, object), np.full(rows, None, object), np.full(rows, np.nan)
        for row in np.flatnonzero(found.reached):
            part = found.part[row]
            tasks[row], parts[row] = table.tasks[table.part_tasks[part]], KINDS[table.part_kinds[part]]
            shares[row] = finder.limits[part]
        columns = {
            "drop_reason": pa.array(reasons, pa.string()),
            "drop_value": pa.array(found.share, pa.float64(), mask=missing),
            "drop_text": pa.array(parts, pa.string()),
            "drop_limit": pa.array(shares, pa.float64(), mask=missing),
            "match": pa.array(tasks, pa.string()),
        }
        for name, column in columns.items():
            batch = batch.append_column(name, column)
        return batch


@cache
def marks_of(language: str | None) -> int:
    """How a language marks comments and tags, as dedup.ngrams asks; 0 for one that is not in the table."""
    row = BY_NAME.get(language or "")
    if row is None:
        return 0
    marks = HASH_COMMENTS if "#" in row.line_comments else 0
    marks |= SLASH_COMMENTS if "//" in row.line_comments else 0
    return marks | (TAGS if ("<!--", "-->") in row.block_comments and row.kind in ("markup", "data") else 0)


@cache
def finder_of(stage: Decontaminate) -> Finder:
    """One for all batches of a worker."""
    tables = [*map(shipped, stage.benchmarks), *(read(Path(name)) for name in stage.extra)]
    limits = Limits(
        text=stage.min_text_share, code=stage.min_code_share, renamed=stage.min_renamed_share, test=stage.min_test_share
    )
    return Finder(joined(tables), limits)
