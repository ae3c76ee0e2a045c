"""`codemill classifier train`: from a finished run and its scores, or labels, to a classifier and how good it is.

    choose    files by ledger and labels, split by repository          classifier_labels
    read      their texts, as words, into one file in the order of a hash   classifier_files
    fit       fastText, one thread, in a process of its own            classifier_fit
    judge     on the files held back                                   classifier_measures
    write     the model, then its card

The same run, labels and settings give the same bytes, on the same fastText build.
"""

from __future__ import annotations

import importlib.metadata
import json
import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import pyarrow as pa

from analyzers import classifier as folded
from analyzers.classifier_tokens import VERSION, lines_of
from curate.classifier import CARD, FORMAT, MODEL, Trained, sha256_of
from curate.classifier_files import contents
from curate.classifier_fit import fit
from curate.classifier_labels import Choice, Example, Labels, examples
from curate.classifier_measures import THRESHOLDS, at, measures
from curate.errors import WrongUse
from curate.shards import Run

_BATCH_BYTES = 16 << 20
_PACKAGES = ("fasttext-numpy2", "fasttext-wheel", "fasttext")


@dataclass(frozen=True, kw_only=True)
class FitConfig:
    """fastText's settings. Defaults are those of the best area under the curve of a few tried on one corpus."""

    lr: float = 0.3
    epochs: int = 10
    dim: int = 8  # two classes need one direction; a few make it easier to find
    n_grams: int = 2  # words in a row that are told as one, at most
    buckets: int = 1 << 20  # of runs of words, by hash
    min_count: int = 5  # of a word; rarer ones are told by their runs alone
    seed: int = 0

    def __post_init__(self) -> None:
        if min(self.lr, self.epochs, self.dim, self.buckets, self.min_count) <= 0:
            raise WrongUse(f"lr {self.lr}, epochs, dim, buckets and min_count must be above 0")
        if not 1 <= self.n_grams <= folded.MOST_NGRAMS:
            raise WrongUse(f"n-grams are {self.n_grams} and must be 1 to {folded.MOST_NGRAMS}")

    def arguments(self) -> dict[str, Any]:
        """By fastText's names."""
        return {
            "lr": self.lr, "epoch": self.epochs, "dim": self.dim, "wordNgrams": self.n_grams, "bucket": self.buckets,
            "minCount": self.min_count, "seed": self.seed + 1, "label": folded.LABEL_PREFIX, "loss": "softmax",
        }  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What training gave: the card that was written, and what it took, which no card holds."""

    card: dict[str, Any]
    fit_seconds: float
    judge_mb_s: float  # of held-back text, one thread, processor time


def train(run: Run, out: Path, choice: Choice, config: FitConfig, labels: Labels | None = None) -> Outcome:
    """Train a classifier of a run's files into the folder `out`, which is made or, where it holds one, replaced."""
    Trained(out).check_package()
    if out.exists() and any(out.iterdir()) and not (out / CARD).exists():
        raise WrongUse(f"--out {out} is neither empty nor a classifier: name a new folder")
    chosen = examples(run, choice, labels)
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out) as scratch:
        texts = _Texts(Path(scratch))
        with texts:
            for one, text in contents(run, chosen):
                texts.add(one, text)
        began = time.monotonic()
        fit(texts.to_learn(), texts.folder / MODEL, config.arguments())
        fit_seconds = time.monotonic() - began
        model = folded.read(texts.folder / MODEL)
        judged = _Judged(model, texts.held_back())
        (out / CARD).unlink(missing_ok=True)  # a folder without a card is no classifier
        shutil.move(texts.folder / MODEL, out / MODEL)
    card = _card(out, run, choice, config, labels, texts, judged)
    (out / CARD).write_text(json.dumps(card, indent=1) + "\n", encoding="utf-8")
    return Outcome(card=card, fit_seconds=fit_seconds, judge_mb_s=judged.mb_s)


class _Texts:
    """Texts on disk: those to learn as lines of words, those held back as they are."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.learnt: list[tuple[Example, int, int]] = []  # with place and length of the line
        self.found = Counter[str]()
        self._lines: BinaryIO = (folder / "lines").open("wb")
        self._held = pa.OSFile(str(folder / "held"), "wb")
        fields = [
            ("rank", pa.uint64()),
            ("language", pa.string()),
            ("is_high", pa.bool_()),
            ("content", pa.large_string()),
        ]
        self._schema = pa.schema(fields)
        self._writer = pa.ipc.new_file(self._held, self._schema)
        self._waiting: list[tuple[Example, str]] = []
        self._waiting_bytes = 0

    def __enter__(self) -> _Texts:
        return self

    def __exit__(self, *_: object) -> None:
        self._flush()
        self._lines.close()
        self._writer.close()
        self._held.close()

    def add(self, one: Example, text: str) -> None:
        """One more file, in any order."""
        self._waiting.append((one, text))
        self._waiting_bytes += len(text)
        if self._waiting_bytes > _BATCH_BYTES:
            self._flush()

    def _flush(self) -> None:
        learnt = [(one, text) for one, text in self._waiting if not one.held_back]
        lines = lines_of(pa.array([text for _, text in learnt], pa.large_string()))
        for (one, _), line in zip(learnt, lines, strict=True):
            whole = (
                f"{folded.LABEL_PREFIX}{folded.POSITIVE if one.is_high else folded.NEGATIVE} ".encode() + line + b"\n"
            )
            self.learnt.append((one, self._lines.tell(), len(whole)))
            self._lines.write(whole)
        rows = [
            {"rank": one.rank, "language": one.language, "is_high": one.is_high, "content": text}
            for one, text in self._waiting
            if one.held_back
        ]
        if rows:
            self._writer.write_batch(pa.RecordBatch.from_pylist(rows, schema=self._schema))
        self._waiting, self._waiting_bytes = [], 0

    def to_learn(self) -> Path:
        """The lines in the order of their files' hashes, so that neither shards nor tasks show in the model."""
        target = self.folder / "sorted"
        with (self.folder / "lines").open("rb") as lines, target.open("wb") as out:
            for _, place, length in sorted(self.learnt, key=lambda row: row[0].rank):
                lines.seek(place)
                out.write(lines.read(length))
        return target

    def held_back(self) -> Iterator[pa.RecordBatch]:
        """Columns rank, language, is_high and content."""
        with pa.OSFile(str(self.folder / "held")) as file:
            reader = pa.ipc.open_file(file)
            for i in range(reader.num_record_batches):
                yield reader.get_batch(i)


class _Judged:
    """A model's answers on files that it has not seen."""

    def __init__(self, model: folded.Classifier, batches: Iterator[pa.RecordBatch]):
        rows: list[tuple[int, str, bool, float]] = []
        seconds, n_bytes = 0.0, 0
        for batch in batches:
            model.scores(batch["content"][:1])  # compiled before the clock starts
            began = time.process_time()
            scores = model.scores(batch["content"])
            seconds += time.process_time() - began
            n_bytes += batch["content"].nbytes
            columns = (batch["rank"].to_pylist(), batch["language"].to_pylist(), batch["is_high"].to_pylist())
            rows += zip(*columns, scores.tolist(), strict=True)
        rows.sort()
        self.languages = np.array([row[1] for row in rows], object)
        self.is_high = np.array([row[2] for row in rows], bool)
        self.scores = np.nan_to_num(np.array([row[3] for row in rows]), nan=0.5)
        self.mb_s = n_bytes / 1e6 / max(seconds, 1e-9)

    def all(self) -> dict[str, Any]:
        """Over all languages, with a row for each threshold."""
        gates = [at(threshold, self.scores, self.is_high) for threshold in THRESHOLDS]
        return {**measures(self.scores, self.is_high), "thresholds": gates}

    def of(self, language: str) -> dict[str, Any]:
        """Those of one language."""
        mine = self.languages == language
        return measures(self.scores[mine], self.is_high[mine])


def _card(
    out: Path, run: Run, choice: Choice, config: FitConfig, labels: Labels | None, texts: _Texts, judged: _Judged
) -> dict[str, Any]:
    learnt = Counter(one.language for one, _, _ in texts.learnt)
    version = next(f"{name} {v}" for name in _PACKAGES if (v := _version(name)) is not None)
    return {
        "format": FORMAT,
        "text_form": VERSION,
        "model": {"file": MODEL, "bytes": (out / MODEL).stat().st_size, "sha256": sha256_of(out / MODEL)},
        "package": version,
        "labels": "quality_score" if labels is None else labels.source,
        "recipe": run.manifest.get("recipe", {}).get("hash"),
        "choice": asdict(choice),
        "settings": asdict(config),
        "files": {"learnt": len(texts.learnt), "held_back": len(judged.scores)},
        "held_back": judged.all(),
        "languages": {name: {"learnt": learnt[name], "held_back": judged.of(name)} for name in sorted(learnt)},
    }


def _version(package: str) -> str | None:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None
