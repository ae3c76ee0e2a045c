"""A trained classifier beside the static score: agreement, what a gate saves and costs, and speed.

    python -m benchmarks.classifier RUN MODEL [--files 4000] [--measured-mb 4]

RUN is a run with the stage `score`, the one that MODEL was trained on. Judged are files of the repositories that
training held back, all of them and not the ends alone. For each language: the rank correlation of both scores, and the
area under the curve for the poorest quarter. For gates that drop 5 to 40 % of the files of each language: which share
of the poorest quarter goes, and which of the other files. Speed is processor time of one thread, the stage `classify`
and the stage `syntax` on the same files, best of three.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np
import pyarrow as pa

from analyzers.syntax.languages import spec_of
from analyzers.syntax.limits import Limits
from analyzers.syntax.task import examine
from curate.classifier import Trained
from curate.classifier_labels import Choice, is_held_back
from curate.classifier_measures import auc
from curate.held_out.repositories import keys_of
from curate.shards import Run
from curate.stages.classify import Classify

COLUMNS = ["file_id", "repo", "source", "language", "quality_score", "content"]
WANTED = {"measures": ["ending", "naming", "redundancy", "coupling", "maintainability"]}
POOR = 0.25
DROPPED = (0.05, 0.1, 0.2, 0.3, 0.4)
LEAST_FILES = 20


def held_back(run: Run, trained: Trained, most_files: int) -> pa.Table:
    """Kept files with a score, of repositories that training held back; of each language the first so many."""
    given = trained.card["choice"]
    choice = Choice(**given | {"languages": tuple(given["languages"])})
    batches, n = [], dict.fromkeys(trained.languages, 0)
    for batch in run.documents(columns=COLUMNS):
        keep = []
        for key, language, score in zip(
            keys_of(batch, choice.folders),
            batch["language"].to_pylist(),
            batch["quality_score"].to_pylist(),
            strict=True,
        ):
            taken = score is not None and n.get(language, most_files) < most_files and is_held_back(key, choice)
            n[language] = n.get(language, 0) + taken
            keep.append(taken)
        batches.append(batch.filter(pa.array(keep, pa.bool_())))
    table = pa.Table.from_batches(batches)
    place = table.schema.get_field_index("content")
    return table.set_column(place, "content", table["content"].cast(pa.large_string())).combine_chunks()


def ranks(values: np.ndarray) -> np.ndarray:
    """Ranks, of equal values the mean of theirs."""
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    return (np.cumsum(counts) - (counts - 1) / 2)[inverse]


def poorest(scores: np.ndarray, share: float) -> np.ndarray:
    """Which are the lowest by score, all of equal ones or none, at most that share."""
    order = np.sort(scores)
    return scores < order[min(len(order) - 1, int(share * len(order)))]


def agreement(table: pa.Table, likeness: np.ndarray) -> None:
    """Prints a line for each language, and what gates do."""
    languages = np.array(table["language"].to_pylist(), object)
    quality = table["quality_score"].to_numpy(zero_copy_only=False)
    gone: dict[float, list[np.ndarray]] = {share: [] for share in DROPPED}
    poor_files, n_judged = [], 0
    print(f"{'':14}{'files':>7}{'correlation':>13}{'AUC':>8}")
    for language in sorted(set(languages)):
        mine = languages == language
        poor = poorest(quality[mine], POOR)
        if mine.sum() < LEAST_FILES or not poor.any():
            continue
        correlation = np.corrcoef(ranks(quality[mine]), ranks(likeness[mine]))[0, 1]
        print(f"{language:14}{mine.sum():7}{correlation:13.2f}{auc(likeness[mine], ~poor) or 0:8.3f}")
        poor_files.append(poor)
        n_judged += len(poor)
        for share in DROPPED:
            gone[share].append(poorest(likeness[mine], share))
    poor = np.concatenate(poor_files)
    print(f"\n{n_judged} files, {poor.mean():.1%} of them in the poorest quarter of their language")
    for share in DROPPED:
        drops = np.concatenate(gone[share])
        told = (
            f"{drops.mean():.1%} dropped: {drops[poor].mean():.1%} of the poor, {drops[~poor].mean():.1%} of the others"
        )
        print(f"{told}; {poor[drops].mean():.1%} of what it drops is poor")


def speed(table: pa.Table, stage: Classify, measured_bytes: int) -> None:
    """Prints MB/s of a core by language for both stages."""
    print(f"\n{'MB/s a core':14}{'classify':>10}{'syntax':>10}")
    for language in sorted(set(table["language"].to_pylist())):
        rows = table.filter(pa.compute.equal(table["language"], language)).select(["language", "content"])
        sizes = np.cumsum([len(text.encode()) for text in rows["content"].to_pylist()])
        rows = rows.slice(0, max(1, int(np.searchsorted(sizes, measured_bytes))))
        if len(rows) < LEAST_FILES or spec_of(language) is None:
            continue
        batch = rows.combine_chunks().to_batches()[0]
        sources = [text.encode() for text in batch["content"].to_pylist()]
        megabytes = sum(map(len, sources)) / 1e6
        stage.measure(batch)
        found = [float("inf")] * 2
        for _ in range(3):
            begin = time.process_time()
            stage.measure(batch)
            middle = time.process_time()
            for source in sources:
                examine((language, "", None, None), source, Limits(), WANTED)
            found = [min(found[0], middle - begin), min(found[1], time.process_time() - middle)]
        print(f"{language:14}{megabytes / max(found[0], 1e-9):10.0f}{megabytes / found[1]:10.1f}", flush=True)


def main() -> None:
    """Prints agreement, gates and speed."""
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("run", type=Path)
    arguments.add_argument("model", type=Path)
    arguments.add_argument("--files", type=int, default=4000, help="of a language, at most")
    arguments.add_argument("--measured-mb", type=float, default=4, help="of a language, for speed; 0 measures none")
    given = arguments.parse_args()
    trained, stage = Trained(given.model), Classify(model=str(given.model))
    table = held_back(Run(given.run), trained, given.files)
    likeness = np.nan_to_num(trained.read().scores(table["content"].combine_chunks()), nan=0.5)
    agreement(table, likeness)
    if given.measured_mb:
        speed(table, stage, int(given.measured_mb * 1e6))


if __name__ == "__main__":
    main()
