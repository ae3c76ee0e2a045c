"""Which files a classifier learns from, and how they are labelled: a run's ledger and a score's extremes, or labels."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.json
import pyarrow.parquet as pq

from curate.errors import WrongUse
from curate.held_out.repositories import hash_of, keys_of
from curate.shards import Run

GOOD_WORDS = frozenset({"1", "good", "high", "keep", "pos", "positive", "true", "yes"})
_COLUMNS = (
    "file_id", "repo", "path", "source", "language", "size_bytes", "quality_score", "drop_stage", "duplicate_of",
)  # fmt: skip
_MOST_WAITING = 1_000_000  # rows held before those that cannot be needed are let go


@dataclass(frozen=True, kw_only=True)
class Choice:
    """Which files are taken of each language."""

    share: float = 0.25  # of the files by score, at either end
    most_files: int = 4000  # of a language, drawn by hash before the ends of its scores are taken
    least_files: int = 50  # of a language in either class; one with fewer is left out
    largest_bytes: int = 1_000_000  # a larger file is not taken
    languages: tuple[str, ...] = ()  # these only; all where empty
    folders: int = 1  # of a path, which stand for a repository where none is named
    held_back: float = 0.2  # of the repositories, by a hash of their names
    seed: int = 0

    def __post_init__(self) -> None:
        if not 0 < self.share <= 0.5:
            raise WrongUse(f"the share at either end is {self.share} and must be above 0 and at most 0.5")
        if not 0 < self.held_back < 1:
            raise WrongUse(f"the held-back share is {self.held_back} and must be between 0 and 1")
        if self.least_files < 1 or self.folders < 1 or self.most_files < 2 * self.least_files:
            raise WrongUse(
                f"files of a language are {2 * self.least_files} at least (twice {self.least_files}) and "
                f"{self.most_files} at most, and folders {self.folders}: each must be 1 or more, and these two in order"
            )


class Example(NamedTuple):
    """A file to learn from, or held back."""

    rank: int  # by a hash of its id: the order in which it is learnt
    file_id: str
    language: str
    value: float  # the score that it is labelled by, or 1 and 0
    held_back: bool
    kept: bool  # it stands in the shards; otherwise it is read again from its source
    source: Mapping[str, Any]
    is_high: bool = False


class Labels(NamedTuple):
    """A user's labels: by `file_id` or `path`, the number or the class (1 is the good one) of each file."""

    key: str
    values: dict[str, float]
    are_classes: bool
    source: str


def read_labels(file: Path, positive: str | None) -> Labels:
    """Labels from Parquet, CSV or JSONL with the columns `label` and `file_id` or `path`."""
    table = _table(file)
    key = next((name for name in ("file_id", "path") if name in table.column_names), None)
    if key is None or "label" not in table.column_names:
        raise WrongUse(
            f"{file} has the columns {', '.join(table.column_names)}: `label` and `file_id` or `path` it needs"
        )
    given = table["label"].to_pylist()
    names = sorted({str(value).lower() for value in given if value is not None})
    numeric = pa.types.is_floating(table["label"].type) or pa.types.is_integer(table["label"].type)
    if numeric and len(names) > 2 and positive is None:
        found = {str(name): float(value) for name, value in zip(table[key].to_pylist(), given, strict=True)
                 if name is not None and value is not None and value == value}  # fmt: skip
        return Labels(key, found, False, file.name)
    good = {positive.lower()} if positive is not None else GOOD_WORDS & set(names)
    if len(good & set(names)) != 1 or len(names) != 2:
        told = ", ".join(map(repr, names[:5]))
        raise WrongUse(f"{file} has the labels {told}: two are needed, and --positive names the good one of them")
    values = [None if value is None else float(str(value).lower() in good) for value in given]
    pairs = zip(table[key].to_pylist(), values, strict=True)
    return Labels(key, {str(k): v for k, v in pairs if k is not None and v is not None}, True, file.name)


def _table(file: Path) -> pa.Table:
    readers = {".parquet": pq.read_table, ".csv": pyarrow.csv.read_csv, ".jsonl": pyarrow.json.read_json}
    if file.suffix not in readers:
        raise WrongUse(f"{file}: labels are read from .parquet, .csv and .jsonl")
    try:
        return readers[file.suffix](str(file))
    except (OSError, pa.ArrowInvalid) as error:
        raise WrongUse(f"{file} cannot be read: {str(error).splitlines()[0]}") from None


def is_held_back(repository: str, choice: Choice) -> bool:
    """Whether files of a repository are there to judge by, and never to learn from."""
    return hash_of(repository, choice.seed + 1) < choice.held_back * 2**64


def examples(run: Run, choice: Choice, labels: Labels | None = None) -> list[Example]:
    """Labelled files in the order of learning: to learn, as many high as low ones of each language; and those held back
    of the same languages as they are.

    Duplicates are left out: they would teach twice, and stand on both sides. WrongUse where nothing is left.
    """
    found = [one for of_language in _drawn(run, choice, labels).values() for one in _ends(of_language, choice, labels)]
    learnt = list(_even([one for one in found if not one.held_back], choice))
    languages = {one.language for one in learnt}
    held_back = [one for one in found if one.held_back and one.language in languages]
    if not learnt or not held_back:
        what = "quality_score" if labels is None else f"label of {labels.source}"
        side = "held back" if learnt else "to learn from"
        raise WrongUse(
            f"no language of {run.folder} has {choice.least_files} files with a high and as many with a low {what} "
            f"{side}: mill more, with the stage `score`, or take a smaller --least-files, another --held-back or more "
            "--folders"
        )
    return sorted(learnt + held_back, key=_order)


def _drawn(run: Run, choice: Choice, labels: Labels | None) -> dict[str, list[Example]]:
    """Files with a label by language: of each the `most_files` of lowest hash."""
    found: dict[str, list[Example]] = {}
    waiting = 0
    seen = Counter[str]()
    for batch in run.ledger.to_batches(columns=list(_COLUMNS)):
        for one, key in _labelled(batch, choice, labels):
            seen[key] += 1
            found.setdefault(one.language, []).append(one)
            waiting += 1
        if waiting > _MOST_WAITING:
            found, waiting = {name: sorted(rows, key=_order)[: choice.most_files] for name, rows in found.items()}, 0
    if labels is not None and labels.key == "path" and any(count > 1 for count in seen.values()):
        raise WrongUse(
            f"{labels.source} names {seen.most_common(1)[0][0]!r}, which is {seen.most_common(1)[0][1]} files of the "
            "run: give file_id instead of path"
        )
    return {name: sorted(rows, key=_order)[: choice.most_files] for name, rows in sorted(found.items())}


def _labelled(batch: pa.RecordBatch, choice: Choice, labels: Labels | None) -> Iterator[tuple[Example, str]]:
    """Files of a ledger's batch that have a label, with the label's key."""
    for row, repository in zip(batch.to_pylist(), keys_of(batch, choice.folders), strict=True):
        key = str(row["file_id"] if labels is None else row[labels.key])
        value = row["quality_score"] if labels is None else labels.values.get(key)
        if value is None or row["duplicate_of"] is not None or not 0 < (row["size_bytes"] or 0) <= choice.largest_bytes:
            continue
        if row["language"] is None or (choice.languages and row["language"] not in choice.languages):
            continue
        yield (
            Example(
                rank=hash_of(row["file_id"], choice.seed),
                file_id=row["file_id"],
                language=row["language"],
                value=value,
                held_back=is_held_back(repository, choice),
                kept=row["drop_stage"] is None,
                source=row["source"],
            ),
            key,
        )


def _ends(rows: list[Example], choice: Choice, labels: Labels | None) -> list[Example]:
    """The lowest and the highest of a language, labelled; none where its scores do not differ enough."""
    values = np.array([one.value for one in rows])
    if labels is not None and labels.are_classes:
        low, high = 0.0, 1.0
    else:
        low, high = np.quantile(values, [choice.share, 1 - choice.share])
    if low >= high:
        return []
    return [one._replace(is_high=bool(one.value >= high)) for one in rows if one.value <= low or one.value >= high]


def _even(rows: list[Example], choice: Choice) -> Iterator[Example]:
    """As many high as low ones of each language, so that a language says nothing about the class; a language with fewer
    than `least_files` of either is left out."""
    sides: dict[str, tuple[list[Example], list[Example]]] = {}
    for one in sorted(rows, key=_order):
        sides.setdefault(one.language, ([], []))[one.is_high].append(one)
    for low, high in sides.values():
        n = min(len(low), len(high))
        if n >= choice.least_files:
            yield from low[:n] + high[:n]


def _order(one: Example) -> tuple[int, str]:
    """Its place among all: no two files have the same."""
    return one.rank, one.file_id
