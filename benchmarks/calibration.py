"""The knees and weights of the quality score, and how well it tells damaged files from good ones.

    python -m benchmarks.calibration measure [FOLDER ...] --out OUT [--files 240] [--languages Python,C]
    python -m benchmarks.calibration fit OUT [--write]

`measure` takes files spread over the packages of the folders (by default corpus L; neither planted copies nor the
test suites of compilers), damages each in every way of damaged_files.py, and writes the signals of all of them. Every
second folder of files, by a hash of its path, is held back. `fit` learns from the others and prints, of those held
back, the area under the curve of the score for each language and kind of damage: how often a damaged file has the lower
score of a damaged and a good one, ties counting half. With --write the table goes to analyzers/syntax/score_table.py.

How it learns, for each language. A term's knee is the value that KNEE of the good files keep to, its worst what WORST
of them keep to, or, further out, what REACHED of the damaged files beyond the knee do. Weights are those of a logistic
regression of damaged against good files on the terms' shares, all kinds of damage weighing alike and together as much
as the good ones; no weight is below 0, and those of a language are drawn to those of all languages together. They are
scaled so that half of the damaged files keep less than HALF points. A signal whose weight is below FLOOR is one that
damage does not touch (complexity, coupling): it costs FAR_WEIGHT, from where FAR of the good files end to twice as far.
DEFAULT is learnt from all languages together, and serves those with fewer than MIN_FILES good files to learn from.
"""

from __future__ import annotations

import argparse
import os
import random
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from analyzers.languages import BY_NAME
from analyzers.syntax import score, score_table
from analyzers.syntax.limits import Limits
from analyzers.syntax.report import from_plain
from analyzers.syntax.score import DIMENSION_OF, LOW_IS_BAD, Term
from analyzers.syntax.score_table import DEFAULT
from analyzers.syntax.signals import signals_of
from analyzers.syntax.task import examine
from benchmarks.damaged_files import BESIDE, WAYS
from benchmarks.identifier_words import area

DATA = Path(__file__).parent / "data" / "L" / "files"
LANGUAGES = ("Python", "Java", "JavaScript", "TypeScript", "C", "C++", "Go", "Rust", "C#")
WANTED = {"bugs": True, "measures": ["ending", "naming", "redundancy", "coupling", "maintainability"]}
MIN_BYTES, MAX_BYTES = 500, 30_000
PLANTED = "forks"
BAD_ON_PURPOSE = frozenset({"testsuite", "testdata", "test-data", "fixtures", "ui"})
"""Folders of what compilers and checkers are tested with."""
GOOD = "good"
KNEE, WORST, REACHED = 0.9, 0.98, 0.5
FLOOR, MOST, HALF = 0.1, 6.0, 50.0
FAR, FAR_WEIGHT = 0.98, 0.3
PENALTY, STEPS = 1e-2, 3_000
MIN_FILES = 40


def by_extension(folders: list[Path]) -> dict[str, dict[str, list[Path]]]:
    """Files of a fit size by extension and package, planted copies left out."""
    found: dict[str, dict[str, list[Path]]] = {}
    for folder in folders:
        for package in sorted(folder.iterdir()):
            if package.name == PLANTED:
                continue
            for place, inner, names in os.walk(package):
                inner[:] = sorted(set(inner) - BAD_ON_PURPOSE)
                for name in names:
                    found.setdefault(Path(name).suffix, {}).setdefault(package.name, []).append(Path(place, name))
    return found


def spread(packages: dict[str, list[Path]], n_files: int) -> list[Path]:
    """Files in turn from every package, in a fixed random order."""
    queues = [random.Random(0).sample(sorted(paths), len(paths)) for _, paths in sorted(packages.items())]
    found: list[Path] = []
    while len(found) < n_files and any(queues):
        taken = [queue.pop() for queue in queues if queue]
        found += [path for path in taken if path.is_file() and MIN_BYTES < path.stat().st_size < MAX_BYTES]
    return found[:n_files]


def is_held_back(path: Path) -> bool:
    """By the folder a file lies in, so that its neighbours are on the same side."""
    return zlib.crc32(path.parent.as_posix().encode()) % 2 == 0


def variants(language: str, path: Path, other: bytes) -> Iterator[tuple[str, bytes]]:
    """A file as it is, and damaged in each way that it gives occasion for."""
    source = path.read_bytes()
    yield GOOD, source
    for way in (*WAYS, *BESIDE):
        seed = zlib.crc32(f"{path.name} {way.__name__}".encode())
        made = way(language, source, random.Random(seed), other)
        if made is not None and made != source:
            yield way.__name__, made


def measured(language: str, paths: list[Path]) -> pa.Table:
    """A row of signals for each file and variant of it that could be parsed."""
    rows, answers = [], []
    for path, neighbour in zip(paths, paths[1:] + paths[:1], strict=True):
        for way, source in variants(language, path, neighbour.read_bytes()):
            answer = examine((language, "", None, None), source, Limits(), WANTED)
            if not isinstance(answer, str):
                rows.append({"language": language, "way": way, "path": path.as_posix(), "held": is_held_back(path)})
                answers.append(answer)
    reports = [from_plain(answer["report"]) for answer in answers]
    columns = signals_of(reports, [one["bugs"] for one in answers], [one["counts"] for one in answers])
    return pa.table({**{name: [row[name] for row in rows] for name in rows[0]}, **columns})


Columns = dict[str, np.ndarray]


def columns_of(table: pa.Table) -> Columns:
    """The signals of the score as float64, NaN for null."""
    return {name: table.column(name).cast(pa.float64()).to_numpy() for name in DIMENSION_OF}


def quantile(good: Columns, signal: str, share: float) -> float | None:
    """The value that this share of good files keep to; None where too few were measured."""
    values = good[signal][~np.isnan(good[signal])]
    if len(values) < MIN_FILES:
        return None
    return float(np.quantile(values, 1 - share if signal in LOW_IS_BAD else share))


def reach(good: Columns, damaged: Columns, signal: str) -> tuple[float, float] | None:
    """Knee and worst of a signal; None where good and damaged files do not differ enough to draw a line."""
    if signal == "ends_in_line":
        return 0.0, 1.0  # yes or no
    knee, worst = quantile(good, signal, KNEE), quantile(good, signal, WORST)
    if knee is None or worst is None:
        return None
    sign = -1 if signal in LOW_IS_BAD else 1
    beyond = sign * damaged[signal]
    beyond = beyond[beyond > sign * knee]
    worst = sign * max(sign * worst, float(np.quantile(beyond, REACHED))) if len(beyond) else worst
    return (_rounded(knee), _rounded(worst)) if _rounded(knee) != _rounded(worst) else None


def extreme(good: Columns, signal: str) -> Term | None:
    """The term of a signal that damage does not touch: it costs a little from where hardly any good file goes."""
    knee = quantile(good, signal, FAR)
    if knee is None or knee <= 0 or (signal.endswith("_fraction") and knee >= 1):
        return None
    return Term(_rounded(knee), _rounded(knee / 2 if signal in LOW_IS_BAD else 2 * knee), FAR_WEIGHT)


def _rounded(value: float) -> float:
    return float(f"{value + 0.0:.3g}")


def weights(shares: np.ndarray, is_damaged: np.ndarray, sample: np.ndarray, prior: np.ndarray) -> np.ndarray:
    """Weights of at least 0 by projected gradient descent on the logistic loss, drawn to `prior`, with a free
    intercept."""
    x = np.column_stack([shares, np.ones(len(shares))])
    start = np.append(prior, 0.0)
    drawn = np.append(np.full(len(prior), PENALTY), 0.0)
    step = 4 / (np.linalg.norm(x * np.sqrt(sample)[:, None], 2) ** 2 + 4 * PENALTY)
    lowest = np.append(np.zeros(len(prior)), -np.inf)
    before = velocity = w = start
    for number in range(STEPS):  # Nesterov's
        p = 1 / (1 + np.exp(-(x @ velocity)))
        gradient = x.T @ (sample * (p - is_damaged)) + drawn * (velocity - start)
        w = np.maximum(lowest, velocity - step * gradient)
        velocity, before = w + number / (number + 3) * (w - before), w
    return w[:-1]


def fit(table: pa.Table, prior: Mapping[str, float]) -> tuple[dict[str, Term], dict[str, float]]:
    """The terms that these files teach, and the weights before they are scaled, for a prior."""
    ways = np.array(table.column("way").to_pylist())
    columns = columns_of(table)
    good = {name: values[ways == GOOD] for name, values in columns.items()}
    known = np.isin(ways, [GOOD, *(way.__name__ for way in WAYS)])
    damaged = {name: values[known & (ways != GOOD)] for name, values in columns.items()}
    found = {signal: reach(good, damaged, signal) for signal in DIMENSION_OF}
    bounds = {signal: pair for signal, pair in found.items() if pair is not None}
    shares = np.column_stack([score.shares(columns[name][known], Term(*pair, 1)) for name, pair in bounds.items()])
    sides = ways[known]
    n_ways = len({*sides}) - 1
    sample = np.array([(1 if way == GOOD else 1 / n_ways) / (sides == way).sum() for way in sides])
    raw = weights(shares, sides != GOOD, sample, np.array([prior.get(name, 0.0) for name in bounds]))
    burden = np.median((shares @ raw)[sides != GOOD])
    scaled = dict(zip(bounds, (raw * np.log2(100 / HALF) / max(burden, 1e-9)).tolist(), strict=True))
    terms: dict[str, Term] = {}
    for signal in DIMENSION_OF:
        if scaled.get(signal, 0) >= FLOOR:
            terms[signal] = Term(*bounds[signal], _rounded(min(MOST, scaled[signal])))
        elif (term := extreme(good, signal)) is not None:
            terms[signal] = term
    return terms, dict(zip(bounds, raw.tolist(), strict=True))


def tell(language: str, table: pa.Table, terms: dict[str, Term]) -> dict[str, float]:
    """Areas under the curve on these files by way of damage, and `all` over WAYS; prints a line."""
    ways = np.array(table.column("way").to_pylist())
    columns = columns_of(table)
    found = score.scores(columns, terms)["quality"]
    burden = -np.nan_to_num(found, nan=0.0)
    good = burden[ways == GOOD].tolist()
    areas = {way.__name__: area(burden[ways == way.__name__].tolist(), good) for way in (*WAYS, *BESIDE)}
    areas["all"] = float(np.mean([areas[way.__name__] for way in WAYS]))
    counts = {name: int((ways == name).sum()) for name in areas}
    middle = {name: float(np.median(found[ways == name])) for name in (GOOD, "bugs", "mangled_names", "truncated")}
    tenth = float(np.quantile(found[ways == GOOD], 0.1))
    print(f"{language:11}{len(good):5} good (median {middle[GOOD]:.0f}, tenth {tenth:.0f});",
          " ".join(f"{name} {value:.3f}" + (f" ({counts[name]})" if counts[name] < 50 else "")
                   for name, value in areas.items()), flush=True)  # fmt: skip
    return areas


def without(table: pa.Table, signals: tuple[str, ...]) -> pa.Table:
    """The table as if these had not been measured."""
    for name in signals:
        at = table.schema.get_field_index(name)
        table = table.set_column(at, name, pa.nulls(len(table), table.column(name).type))
    return table


def written(tables: dict[str, dict[str, Term]], origin: str) -> str:
    """score_table.py."""
    lines = ['"""Knees, worst values and weights of the quality score by language, not written by hand.', "",
             f"`python -m benchmarks.calibration` made them of {origin}.", '"""', "",
             "from __future__ import annotations", "",
             f"DEFAULT = {DEFAULT!r}".replace("'", '"'),
             '"""The table of languages that have none of their own."""', "",
             "TABLE: dict[str, dict[str, tuple[float, float, float]]] = {"]  # fmt: skip
    for language, terms in tables.items():
        lines.append(f'    "{language}": {{')
        lines += [f'        "{name}": ({term.knee}, {term.worst}, {term.weight}),' for name, term in terms.items()]
        lines.append("    },")
    return "\n".join([*lines, "}", '"""By language and signal: knee, worst, weight (score.Term)."""', ""])


def learn(given: argparse.Namespace) -> None:
    """Fits, tells, writes."""
    table = pq.read_table(given.out)
    held = table.column("held").to_numpy(zero_copy_only=False)
    learnt, kept = table.filter(pa.array(~held)), table.filter(pa.array(held))
    tables: dict[str, dict[str, Term]] = {}
    tables[DEFAULT], prior = fit(learnt, {})
    areas: dict[str, list[dict[str, float]]] = {"all signals": [], "without bugs": [], "default table": []}
    for language in dict.fromkeys(table.column("language").to_pylist()):
        own, rest = (side.filter(pa.array([one == language for one in side.column("language").to_pylist()]))
                     for side in (learnt, kept))  # fmt: skip
        if own.column("way").to_pylist().count(GOOD) >= MIN_FILES:
            tables[language], _ = fit(own, prior)
        areas["all signals"].append(tell(language, rest, tables.get(language, tables[DEFAULT])))
        bare = without(rest, ("serious_bug_rate", "warning_bug_rate"))
        areas["without bugs"].append(tell("  no bugs", bare, tables.get(language, tables[DEFAULT])))
        areas["default table"].append(tell("  default", rest, tables[DEFAULT]))
    for name, found in areas.items():
        print(f"mean, {name}:", " ".join(f"{way} {np.mean([one[way] for one in found]):.3f}" for way in found[0]))
    if given.write:
        n_good = learnt.column("way").to_pylist().count(GOOD)
        Path(score_table.__file__).write_text(written(tables, f"{n_good:,} files of corpus L"), encoding="utf-8")


def collect(given: argparse.Namespace) -> None:
    """Measures and writes, a file a language."""
    given.out.mkdir(parents=True, exist_ok=True)
    found = by_extension(given.folders)
    for language in given.languages.split(","):
        packages: dict[str, list[Path]] = {}
        for extension in BY_NAME[language].extensions:
            for package, paths in found.get(extension, {}).items():
                packages.setdefault(package, []).extend(paths)
        paths = spread(packages, given.files)
        if paths:
            table = measured(language, paths)
            pq.write_table(table, given.out / f"{language}.parquet")
            print(f"{language}: {len(paths)} files, {len(table)} rows", flush=True)


def main() -> None:
    """Either step."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    steps = options.add_subparsers(required=True)
    step = steps.add_parser("measure")
    step.add_argument("folders", nargs="*", type=Path, default=[DATA])
    step.add_argument("--out", type=Path, required=True)
    step.add_argument("--files", type=int, default=240, help="of each language")
    step.add_argument("--languages", default=",".join(LANGUAGES))
    step.set_defaults(do=collect)
    step = steps.add_parser("fit")
    step.add_argument("out", type=Path)
    step.add_argument("--write", action="store_true", help="write the table into the package")
    step.set_defaults(do=learn)
    given = options.parse_args()
    given.do(given)


if __name__ == "__main__":
    main()
