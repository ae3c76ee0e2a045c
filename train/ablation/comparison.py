"""From scores to what is told: the whole difference, and that of every value of every dimension."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq

from curate.errors import RunFailed
from train.ablation.statistics import Difference, difference

LANGUAGE, REPOSITORY = "language", "repository"
_LEAST_FILES = 3  # of a value that is told of


@dataclass(frozen=True, kw_only=True)
class Scores:
    """Losses of both arms on the same documents, in the same order."""

    nats: Mapping[str, np.ndarray]  # arm: seeds x documents
    n_bytes: np.ndarray
    dimensions: Mapping[str, Sequence[str]]  # name: each document's value

    def difference(self, arms: tuple[str, str], chosen: np.ndarray | None = None) -> Difference:
        """Over all documents, or those chosen."""
        rows = np.flatnonzero(self.n_bytes > 0 if chosen is None else chosen & (self.n_bytes > 0))
        repositories = np.array(self.dimensions[REPOSITORY], object)[rows].astype(str)
        a, b = (self.nats[name][:, rows] for name in arms)
        return difference(a, b, self.n_bytes[rows], repositories)


def read_scores(files: Mapping[str, Sequence[Path]]) -> Scores:
    """Scores of each arm's models, by arm in the order of seeds. RunFailed where they are of different documents."""
    tables = {arm: [pq.read_table(path) for path in paths] for arm, paths in files.items()}
    first = next(iter(tables.values()))[0]
    for arm, some in tables.items():
        if any(not one["file_id"].equals(first["file_id"]) for one in some):
            raise RunFailed(f"scores of {arm} are of other documents than the first: remove scores/ and start again")
    tags = [dict(one) for one in first["tags"].to_pylist()]
    names = sorted({name for one in tags for name in one})
    dimensions = {LANGUAGE: first["language"].to_pylist()} | {
        name: [one.get(name, "") for one in tags] for name in names
    }
    nats = {arm: np.stack([one["nats"].to_numpy() for one in some]) for arm, some in tables.items()}
    return Scores(nats=nats, n_bytes=first["n_bytes"].to_numpy(), dimensions=dimensions)


def compare(scores: Scores, arms: tuple[str, str]) -> dict[str, Any]:
    """{"all": a difference, "by": {dimension: {value: a difference with its files}}}; A is the first arm."""
    by: dict[str, dict[str, Any]] = {}
    for name, values in scores.dimensions.items():
        array = np.array(values, object)
        found = {}
        for value in sorted(set(values)):
            chosen = (array == value) & (scores.n_bytes > 0)
            if value and int(chosen.sum()) >= _LEAST_FILES:
                found[value] = scores.difference(arms, chosen).to_json() | {"files": int(chosen.sum())}
        if len(found) > 1 or name == LANGUAGE:
            by[name] = dict(sorted(found.items(), key=lambda item: -item[1]["n_bytes"]))
    whole = scores.difference(arms).to_json() | {"files": int((scores.n_bytes > 0).sum())}
    return {"all": whole, "by": by}
