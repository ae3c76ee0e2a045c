"""Points for a law: from folders of finished pretraining runs, or from a table.

N counts every parameter, embeddings included, as Hoffmann et al. (2022) do. D is the tokens of the language that the
run was trained on: its share of the packed tokens, times the mixture's weight, times all tokens of the run.
"""

from __future__ import annotations

import csv
import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from curate.errors import WrongUse
from train.config import PretrainConfig
from train.packed import Packed
from train.presets import n_parameters
from train.scaling.fit import Point
from train.settings import parse

ALL = "all"  # the name of the law over every language together
COLUMNS = ("parameters", "tokens", "language", "loss")


def read_points(places: Sequence[Path], *, on_the_way: bool = False) -> dict[str, list[Point]]:
    """Points by language from run folders and CSV files with COLUMNS; `on_the_way` takes every validation of a run and
    not the last alone. WrongUse for what cannot be read, and for runs whose losses are of different tokenizers."""
    found: dict[str, list[Point]] = defaultdict(list)
    tokenizers: dict[str, Path] = {}
    for place in places:
        points = _table(place) if place.is_file() else _run(place, on_the_way, tokenizers)
        for language, point in points:
            found[language].append(point)
    if len(tokenizers) > 1:
        one, other = list(tokenizers.values())[:2]
        raise WrongUse(
            f"{one} and {other} were packed with different tokenizers, whose losses a token are not the same measure: "
            "pack both with one tokenizer"
        )
    return dict(sorted(found.items(), key=lambda item: (item[0] != ALL, item[0])))


def _table(path: Path) -> Iterator[tuple[str, Point]]:
    with path.open(encoding="utf-8", newline="") as stream:
        rows = csv.DictReader(stream)
        if missing := [name for name in COLUMNS if name not in (rows.fieldnames or ())]:
            raise WrongUse(f"{path} has no column {', '.join(missing)}: a table has {','.join(COLUMNS)}")
        for row in rows:
            try:
                parameters, tokens, loss = (float(row[name]) for name in ("parameters", "tokens", "loss"))
            except (TypeError, ValueError):
                raise WrongUse(f"{path}, line {rows.line_num}: {row} has a value that is no number: mend it") from None
            yield row["language"] or ALL, Point(parameters, tokens, loss, f"{path.name}:{rows.line_num}")


def _run(folder: Path, on_the_way: bool, tokenizers: dict[str, Path]) -> Iterator[tuple[str, Point]]:
    try:
        raw = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        lines = (folder / "trace.jsonl").read_text(encoding="utf-8").splitlines()
    except (OSError, ValueError) as error:
        raise WrongUse(f"{folder} is no pretraining run and no CSV file: {error}") from None
    config = parse(PretrainConfig, raw, where=str(folder / "config.json"))
    if on_the_way and config.optimizer.schedule != "constant":
        raise WrongUse(
            f"{folder} has the schedule {config.optimizer.schedule}, whose losses on the way are not those of a run of "
            "that length: leave --on-the-way out, or train with optimizer.schedule=constant"
        )
    packed = [Packed(source.path) for source in config.data.sources]
    tokenizers.setdefault(str(packed[0].meta["tokenizer_hash"]), folder)
    shares = _shares(packed, [source.weight for source in config.data.sources])
    size, n_tokens, rows = n_parameters(config.model_config_of()), 0, 0
    for line in lines:
        row = json.loads(line)
        n_tokens += row["n_tokens"]
        last = row["step"] + 1 == config.steps
        if row.get("validation") and (last or on_the_way):
            rows += 1
            yield from _points(row["validation"], size, n_tokens, shares, folder)
    if not rows:
        raise WrongUse(
            f"{folder} has no validation at its last step, {config.steps}: finish it, with held-out tokens in "
            "`validation`"
        )


def _points(
    validation: dict[str, Any], size: int, n_tokens: int, shares: dict[str, float], folder: Path
) -> Iterator[tuple[str, Point]]:
    yield ALL, Point(size, n_tokens, validation["loss"], str(folder))
    for language, found in validation["by"]["language"].items():
        if shares.get(language):
            yield language, Point(size, n_tokens * shares[language], found["loss"], str(folder))


def _shares(packed: Sequence[Packed], weights: Sequence[float]) -> dict[str, float]:
    """Each language's share of the tokens trained on."""
    shares: dict[str, float] = defaultdict(float)
    for one, weight in zip(packed, weights, strict=True):
        numbers, names = one.languages
        tokens = np.bincount(numbers, weights=one.lengths, minlength=len(names))
        for name, share in zip(names, tokens / tokens.sum(), strict=True):
            shares[name] += share * weight / sum(weights)
    return dict(shares)
