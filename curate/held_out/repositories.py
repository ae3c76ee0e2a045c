"""Which repositories are held out: those of lowest hash, before any recipe has said what it thinks of them.

All that is looked at is a ledger's list of the files that were read, which is the same for every recipe.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import xxhash

from curate.errors import WrongUse
from curate.shards import Run

_COLUMNS = ("file_id", "repo", "source", "size_bytes")
_MOST_ROWS = 1_000_000  # held before what cannot be needed is let go


@dataclass(frozen=True, kw_only=True)
class Choice:
    """How repositories and files of them are chosen."""

    share: float = 0.02  # of the repositories; at least one is taken
    most_bytes: int = 20_000_000  # of files, as they lie; those of lowest hash are taken
    largest_bytes: int = 1_000_000  # a larger file is not taken: few would outweigh all others
    folders: int = 1  # of a path, which stand for a repository where none is named
    seed: int = 0

    def __post_init__(self) -> None:
        if not 0 < self.share < 1:
            raise WrongUse(f"the held-out share is {self.share} and must be between 0 and 1")
        if min(self.most_bytes, self.largest_bytes, self.folders) < 1:
            raise WrongUse(
                f"held-out bytes {self.most_bytes}, largest file {self.largest_bytes} and folders {self.folders} "
                "must each be at least 1"
            )


def keys_of(table: pa.Table | pa.RecordBatch, folders: int) -> list[str]:
    """The repository of each row with columns `repo`, `source` and `file_id`: its own, else the first folders of its
    place; a file in none, and a data set's row, stand for themselves."""
    uris, rows = (pc.struct_field(table["source"], name).to_pylist() for name in ("uri", "row"))
    found = []
    for repo, uri, row, file_id in zip(
        table["repo"].to_pylist(), uris, rows, table["file_id"].to_pylist(), strict=True
    ):
        if repo is not None:
            found.append(repo)
        elif row is not None:
            found.append(f"row {file_id}")
        else:
            label, *path = uri.split("/")
            found.append("/".join([label, *(path[:-1][:folders] or path)]))
    return found


def hash_of(key: str, seed: int) -> int:
    """64 bits of a name."""
    return xxhash.xxh3_64_intdigest(key.encode(), seed)


@dataclass(frozen=True, kw_only=True)
class Chosen:
    """What is held out: every repository whose hash is at most `highest`, and of their files those in `files`."""

    choice: Choice
    highest: int
    n_repositories: int  # there are
    files: pa.Table  # columns file_id, repository

    def holds(self, table: pa.Table | pa.RecordBatch) -> np.ndarray:
        """Whether each row's repository is held out."""
        keys = keys_of(table, self.choice.folders)
        known = {key: hash_of(key, self.choice.seed) <= self.highest for key in set(keys)}
        return np.array([known[key] for key in keys], np.bool_)


def choose(run: Run, choice: Choice) -> Chosen:
    """Repositories and files by a run's ledger. WrongUse where there are fewer than two repositories."""
    hashes = _hashes(run, choice)
    if len(hashes) < 2:
        raise WrongUse(
            f"{run.folder} read {len(hashes)} repository, of which none can be held out: name inputs with several, or "
            "count more folders of a path as its repository"
        )
    wanted = min(max(1, math.ceil(choice.share * len(hashes))), len(hashes) - 1)
    highest, n_repositories = int(hashes[wanted - 1]), len(hashes)
    chosen = Chosen(choice=choice, highest=highest, n_repositories=n_repositories, files=pa.table({}))
    rows: list[_Row] = []
    for batch in _ledger(run):
        rows += _rows(batch, chosen)
        if len(rows) > _MOST_ROWS:
            rows = _first(rows, choice.most_bytes)
    rows = _first(rows, choice.most_bytes)
    if not rows:
        raise WrongUse(
            f"the repositories held out have no file of 1 to {choice.largest_bytes} bytes: hold out a larger share"
        )
    files = pa.table({"file_id": [row.file_id for row in rows], "repository": [row.repository for row in rows]})
    return Chosen(choice=choice, highest=highest, n_repositories=n_repositories, files=files)


class _Row(NamedTuple):
    rank: int
    file_id: str
    repository: str
    size: int


def _first(rows: list[_Row], most_bytes: int) -> list[_Row]:
    """The longest prefix by rank that holds at most so many bytes: what comes behind it is left out even where it would
    fit, so that size does not decide."""
    rows.sort()
    held = 0
    for i, row in enumerate(rows):
        held += row.size
        if held > most_bytes:
            return rows[:i]
    return rows


def _hashes(run: Run, choice: Choice) -> np.ndarray:
    """The repositories' hashes, ascending, each once: 8 bytes a repository."""
    found, waiting, n_waiting = np.zeros(0, np.uint64), [], 0
    for batch in _ledger(run):
        keys = set(keys_of(batch, choice.folders))
        waiting.append(np.fromiter((hash_of(key, choice.seed) for key in keys), np.uint64, len(keys)))
        n_waiting += len(keys)
        if n_waiting > _MOST_ROWS:
            found, waiting, n_waiting = np.unique(np.concatenate([found, *waiting])), [], 0
    return np.unique(np.concatenate([found, *waiting]))


def _ledger(run: Run) -> Iterator[pa.RecordBatch]:
    return (batch for batch in run.ledger.to_batches(columns=list(_COLUMNS)) if batch.num_rows)


def _rows(batch: pa.RecordBatch, chosen: Chosen) -> Iterator[_Row]:
    """Files that may be taken."""
    taken: Any = batch.filter(pa.array(chosen.holds(batch)))
    keys = keys_of(taken, chosen.choice.folders)
    for file_id, key, size in zip(taken["file_id"].to_pylist(), keys, taken["size_bytes"].to_pylist(), strict=True):
        if size and size <= chosen.choice.largest_bytes:
            yield _Row(hash_of(file_id, chosen.choice.seed), file_id, key, size)
