"""Splitting runs of one input: the same repositories held out of all, and what is left of each to train on.

    OUT/held_out/     a run: files of the held-out repositories as they lie in the input, near-duplicates of what any
                      arm trains on, and of each other, left out; tags tell what each arm's recipe decided about them
    OUT/train/NAME/   a run: the arm's documents of all other repositories, or a sample of them by content

Which repositories are held out depends on their names alone, so that no arm is favoured.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.dataset as ds

from curate.errors import RunFailed, WrongUse
from curate.held_out.originals import ledger_rows, originals
from curate.held_out.repositories import Choice, Chosen, choose, hash_of
from curate.held_out.resembling import Resembling
from curate.held_out.written import RunWriter, is_finished, summary_of
from curate.schema import DOCUMENT
from curate.shards import Run
from dedup.near import NearMinHash, near

HELD_OUT, TRAIN = "held_out", "train"
_BATCH_ROWS = 1024
_SIZES = ((100_000, "100 kB and over"), (10_000, "10 to 100 kB"), (1_000, "1 to 10 kB"), (0, "under 1 kB"))
NOT_MEASURED = "not measured"


@dataclass(frozen=True, kw_only=True)
class SplitConfig:
    """What is held out, and how much is left of each arm."""

    choice: Choice = field(default_factory=Choice)
    min_similarity: float = 0.7  # Jaccard of word 5-grams, inclusive: held-out files as similar to training go
    train_bytes: int | None = None  # of each arm, sampled by content; None: all

    def __post_init__(self) -> None:
        if not 0 < self.min_similarity <= 1:
            raise WrongUse(f"min_similarity is {self.min_similarity} and must be over 0 and at most 1")


def split(
    arms: Mapping[str, Run], out: Path, config: SplitConfig, say: Callable[[str], None] = lambda text: None
) -> dict[str, Any]:
    """Write the split, or find it written; gives counts. WrongUse for runs of different inputs, RunFailed where nothing
    is left to hold out."""
    _check_same_input(arms)
    told = {"arms": {name: str(run.folder.resolve()) for name, run in arms.items()}, "config": asdict(config)}
    if is_finished(out / HELD_OUT):
        found = Run(out / HELD_OUT).manifest
        if found["split"] != told:
            raise WrongUse(f"{out} was split otherwise, of {found['split']}: name another folder, or give --fresh")
        return found["split_counts"]
    chosen = choose(next(iter(arms.values())), config.choice)
    say(f"holding out files of 1 in {1 / config.choice.share:.0f} of {chosen.n_repositories:,} repositories")
    rows = _held_rows(arms, chosen)
    if not rows:
        raise RunFailed(
            f"none of {chosen.files.num_rows} held-out files could be read again as text: bring the input back to "
            "where it was when it was curated"
        )
    say(f"{len(rows):,} files read again; writing what is left of {', '.join(arms)}")
    spec = NearMinHash(min_similarity=config.min_similarity)
    resembling = Resembling(_texts(rows), [row["content_id"] for row in rows], spec)
    for name, run in arms.items():
        _write_arm(run, out / TRAIN / name, chosen, config, resembling)
    kept = _distinct([row for row, gone in zip(rows, resembling.found, strict=True) if not gone], spec)
    if not kept:
        raise RunFailed(
            f"all {len(rows)} held-out files resemble training data: hold out more repositories, or another seed"
        )
    counts = {
        "repositories": chosen.n_repositories,
        "held_out_repositories": len({row["_repository"] for row in kept}),
        "read": len(rows),
        "resembling_training": int(resembling.found.sum()),
        "resembling_each_other": len(rows) - int(resembling.found.sum()) - len(kept),
        "kept": len(kept),
        "train": {name: summary_of(Run(out / TRAIN / name)) for name in arms},
    }
    with RunWriter(out / HELD_OUT, split=told, split_counts=counts) as writer:
        writer.add_rows(kept)
    return counts


def named(places: Sequence[str]) -> dict[str, Run]:
    """Runs by name from `NAME=FOLDER` or `FOLDER`, whose name is then its own. WrongUse where two are called alike."""
    arms: dict[str, Run] = {}
    for place in places:
        name, equals, folder = place.partition("=")
        run = Run(folder if equals else place)
        label = name if equals else run.folder.resolve().name
        if label in arms:
            raise WrongUse(
                f"two runs are called {label!r}: name them, as in raw={arms[label].folder} mine={run.folder}"
            )
        arms[label] = run
    return arms


def remove(out: Path) -> None:
    """Remove an earlier split."""
    for name in (HELD_OUT, TRAIN):
        shutil.rmtree(out / name, ignore_errors=True)


def _check_same_input(arms: Mapping[str, Run]) -> None:
    hashes = {name: run.manifest["inputs"]["hash"] for name, run in arms.items()}
    if len(set(hashes.values())) > 1:
        raise WrongUse(
            f"{' and '.join(hashes)} are runs over different inputs, of which no comparison tells anything: "
            "run both recipes over the same files"
        )


def _held_rows(arms: Mapping[str, Run], chosen: Chosen) -> list[dict[str, Any]]:
    """Documents of the chosen files with tags, in the order of their ids."""
    repositories = dict(zip(*(chosen.files[name].to_pylist() for name in ("file_id", "repository")), strict=True))
    ledgers = {name: ledger_rows(run, list(repositories)) for name, run in arms.items()}
    first = next(iter(arms))
    found = []
    for row in originals(arms[first], ledgers[first]):
        decided = {name: ledger[row["file_id"]] for name, ledger in ledgers.items() if row["file_id"] in ledger}
        repository = repositories[row["file_id"]]
        found.append(row | {"tags": list(tags_of(row, decided, repository).items()), "_repository": repository})
    return sorted(found, key=lambda row: row["file_id"])


def tags_of(row: Mapping[str, Any], decided: Mapping[str, Mapping[str, Any]], repository: str) -> dict[str, str]:
    """The dimensions of a held-out file: repository, size, quality where any arm measured it, what each arm decided,
    and the tags that arms gave it."""
    tags: dict[str, str] = {}
    scores = [one["quality_score"] for one in decided.values() if one["quality_score"] is not None]
    for one in decided.values():
        tags |= dict(one["tags"] or ())
    keepers = [name for name, one in decided.items() if one["drop_stage"] is None]
    verdicts = {
        f"{name} says": "keep" if one["drop_stage"] is None else f"{one['drop_stage']}.{one['drop_reason']}"
        for name, one in decided.items()
    }
    return (
        tags
        | verdicts
        | {
            "repository": repository,
            "size": next(name for least, name in _SIZES if row["size_bytes"] >= least),
            "quality": quality_band(max(scores)) if scores else NOT_MEASURED,
            "kept by": " and ".join(keepers) or "none",
        }
    )


def quality_band(score: float) -> str:
    """One of five bands of a quality score, 0 to 100."""
    low = min(int(score // 20) * 20, 80)
    return f"{low:02d} to {low + 20}"


def _write_arm(run: Run, folder: Path, chosen: Chosen, config: SplitConfig, resembling: Resembling) -> None:
    """The arm's documents of repositories that are not held out, compared with the held-out files as they go by."""
    rate = _rate(run, chosen, config)
    with RunWriter(folder, train_of=str(run.folder.resolve()), sampled=rate) as writer:
        for path, batch in _batches(run, DOCUMENT.names):
            ranks = [hash_of(one or "", config.choice.seed) / 2**64 for one in batch["content_id"].to_pylist()]
            left = batch.filter(pa.array(~chosen.holds(batch) & (np.array(ranks) < rate)))
            if left.num_rows:
                resembling.add(left["content"].cast(pa.large_string()), left["content_id"].to_pylist())
                writer.add(path, left)


def _rate(run: Run, chosen: Chosen, config: SplitConfig) -> float:
    """The share of documents that `train_bytes` takes."""
    if config.train_bytes is None:
        return 1.0
    total = 0
    for _, batch in _batches(run, ["file_id", "repo", "source", "size_bytes"]):
        total += int(batch["size_bytes"].to_numpy()[~chosen.holds(batch)].sum())
    return min(1.0, config.train_bytes / max(1, total))


def _batches(run: Run, columns: Sequence[str]) -> Iterator[tuple[str, pa.RecordBatch]]:
    """Shards' paths below the run, with their documents."""
    for file in run.files("shards/"):
        path = file.relative_to(run.folder).as_posix()
        for batch in ds.dataset(file, format="parquet").to_batches(columns=list(columns), batch_size=_BATCH_ROWS):
            if batch.num_rows:
                yield path, batch


def _distinct(rows: list[dict[str, Any]], spec: NearMinHash) -> list[dict[str, Any]]:
    """The files without near-duplicates among themselves: what many wrote alike would be counted as many."""
    if not rows:
        return rows
    first: dict[str, int] = {}
    for i, row in enumerate(rows):
        first.setdefault(row["content_id"], i)
    removed = near([_texts(rows)], spec).removed
    return [row for i, row in enumerate(rows) if not removed[i] and first[row["content_id"]] == i]


def _texts(rows: Sequence[Mapping[str, Any]]) -> pa.LargeStringArray:
    return pa.array([row["content"] for row in rows], pa.large_string())
