"""Fuzzing of the syntax stage's child with mutated real files: is every file answered for, and does memory stay flat?

    python -m benchmarks.fuzz [FOLDER ...] [--files 50000] [--whole 0] [--seed 0] [--languages Python,C] [--keep FOLDER]
    python -m benchmarks.fuzz --files 50000 --whole 50000       # as many more as they are: memory over 100,000 files

Every language in its turn (three turns for one with ten files or more) gets a file of its own, of the corpora by
extension, of data/languages by label or of the tests' fixtures, made worse in one to three ways (mutated_files.py), and
everything is asked for: signals, measures, bugs, pairs, segments, all facts. A file counts as answered where the child
gives a report or a reason that analyzers.syntax.limits.Refusal names, and where the parent can make signals and rows of
the report. Memory is what is resident, of child and parent, at fifty places of the run; a child that dies begins anew,
which the table tells. Files that crash, hang or raise are written to `--keep`, with a traceback where the child raised.
The same seed and folders give the same files.

Exit code 1 where a file was lost, or a measurement raised.
"""

from __future__ import annotations

import argparse
import marshal
import os
import random
import sys
import time
import traceback
from collections import Counter
from pathlib import Path
from typing import Any, NamedTuple, get_args

import psutil
import pyarrow.parquet as pq

from analyzers.languages import BY_NAME
from analyzers.syntax.facts.packed import unpack
from analyzers.syntax.facts.relations import RELATIONS
from analyzers.syntax.languages import MODULES
from analyzers.syntax.limits import Limits, Refusal
from analyzers.syntax.parser import Parser
from analyzers.syntax.report import from_plain
from analyzers.syntax.signals import signals_of
from analyzers.syntax.task import examine
from benchmarks.mutated_files import mutated

DATA = Path(__file__).parent / "data"
FIXTURES = Path(__file__).parents[1] / "tests" / "analyzers" / "syntax" / "fixtures"
MEASURES = ("ending", "naming", "redundancy", "coupling", "maintainability")
EVERYTHING: dict[str, Any] = {
    "measures": MEASURES, "bugs": True, "segments": True, "pairs": {}, "facts": list(RELATIONS),
}  # fmt: skip
BATCH = 100
FILES_A_LANGUAGE = 400
MAX_FILE_BYTES = 16_000
MANY_FILES = 10
TURNS = 3
PLACES = 50
LOOKED_AT = ("hung", "crashed", "failed")


class Job(NamedTuple):
    """One file to ask about."""

    number: int
    language: str
    source: bytes
    ways: tuple[str, ...]  # in which it was made worse, in order


class Pool:
    """Real files by language: paths, and contents where they stand in a table."""

    def __init__(self, folders: list[Path], languages: list[str]) -> None:
        """Lists the folders; reads the table of labelled files and the fixtures."""
        self.languages = languages
        self._held: dict[str, list[Path | bytes]] = {name: _fixtures(name) for name in languages}
        labelled = DATA / "languages" / "files.parquet"
        if labelled.is_file():
            rows = pq.read_table(labelled, columns=["language", "content"]).to_pylist()
            for row in rows:
                if row["language"] in self._held and len(row["content"].encode()) <= MAX_FILE_BYTES:
                    self._held[row["language"]].append(row["content"].encode())
        for name, paths in _by_language(folders, languages).items():
            self._held[name] += paths[:: 1 + len(paths) // FILES_A_LANGUAGE]
        rich = [name for name in languages if len(self._held[name]) >= MANY_FILES]
        self.turns = [*languages, *rich * (TURNS - 1)]

    def draw(self, language: str, rng: random.Random) -> bytes:
        """The content of one of a language's files."""
        one = rng.choice(self._held[language])
        return one if isinstance(one, bytes) else one.read_bytes()

    def sizes(self) -> dict[str, int]:
        """Files by language."""
        return {name: len(held) for name, held in self._held.items()}


def _fixtures(language: str) -> list[Path | bytes]:
    return sorted(FIXTURES.glob(f"{MODULES[language]}.*"))


def _by_language(folders: list[Path], languages: list[str]) -> dict[str, list[Path]]:
    claimed: dict[str, list[str]] = {}
    for name in languages:
        for extension in BY_NAME[name].extensions:
            claimed.setdefault(extension, []).append(name)
    found: dict[str, list[Path]] = {name: [] for name in languages}
    for folder in folders:
        for above, inner, names in os.walk(folder):
            inner.sort()
            for name in sorted(names):
                for language in claimed.get(os.path.splitext(name)[1], ()):
                    found[language].append(Path(above, name))
    return {
        language: [path for path in paths[:: 1 + len(paths) // (4 * FILES_A_LANGUAGE)] if _is_fit(path)]
        for language, paths in found.items()
    }


def _is_fit(path: Path) -> bool:
    return not path.is_symlink() and 0 < path.stat().st_size <= MAX_FILE_BYTES


def job(number: int, pool: Pool, seed: int, is_whole: bool) -> Job:
    """The file of that number, as it is or made worse: a function of the seed and of what the pool holds."""
    rng = random.Random(f"{seed}:{number}")
    language = pool.turns[number % len(pool.turns)]
    source = pool.draw(language, rng)
    if is_whole:
        return Job(number, language, source, ())
    other = pool.draw(language if rng.random() < 0.7 else rng.choice(pool.languages), rng)
    return Job(number, language, *mutated(source, other, rng))


class Tally:
    """What has been seen so far."""

    def __init__(self, keep: Path | None) -> None:
        """keep: where files that were not measured go."""
        self.keep = keep
        self.n_files = self.n_bytes = self.n_lost = 0
        self.outcomes: Counter[str] = Counter()
        self.noted: list[str] = []
        self.memory: list[tuple[int, float, float, int]] = []

    def add(self, jobs: list[Job], answers: list[Any]) -> None:
        """The answers for a batch; raises where the parent cannot read one."""
        self.n_lost += len(jobs) - len(answers)
        known = get_args(Refusal)
        for one, answer in zip(jobs, answers, strict=False):
            self.n_files += 1
            self.n_bytes += len(one.source)
            outcome = answer if isinstance(answer, str) else "measured"
            self.outcomes[outcome] += 1
            self.n_lost += outcome != "measured" and outcome not in known
            if outcome in LOOKED_AT:
                self._note(one, outcome)
        _read(answers)

    def _note(self, one: Job, outcome: str) -> None:
        ways = ", ".join(one.ways) or "whole"
        line = f"{outcome}: file {one.number}, {one.language}, {len(one.source)} bytes, {ways}"
        if outcome == "failed":
            try:
                examine((one.language, "0" * 32, None, None), one.source, Limits(), EVERYTHING)
            except Exception:
                line += "\n" + traceback.format_exc()
        self.noted.append(line)
        if self.keep is not None:
            self.keep.mkdir(parents=True, exist_ok=True)
            (self.keep / f"{outcome}-{one.number}-{MODULES[one.language]}").write_bytes(one.source)
            with (self.keep / "noted.txt").open("a", encoding="utf-8") as notes:
                notes.write(line + "\n")

    def sample(self, parser: Parser) -> None:
        """Resident megabytes of the child and of this process, and how many children there have been."""
        me = psutil.Process()
        child = sum(one.memory_info().rss for one in me.children()) / 1e6
        self.memory.append((self.n_files, child, me.memory_info().rss / 1e6, parser.n_started))


def _read(answers: list[Any]) -> None:
    """Makes of a batch's answers what the stage makes of them."""
    told = [one if isinstance(one, dict) else {} for one in answers]
    reports = [from_plain(one["report"]) if one else "failed" for one in told]
    signals_of(reports, [one.get("bugs") for one in told], [one.get("counts") for one in told])
    for one in told:
        for name in ("segments", "pairs"):
            if one:
                marshal.loads(one[name])
        if one:
            unpack(one["facts"])


def run(pool: Pool, given: argparse.Namespace) -> Tally:
    """Sends all files through one Parser, which starts its child again where it dies."""
    tally = Tally(given.keep)
    n_files = given.files + given.whole
    every = max(BATCH, n_files // PLACES // BATCH * BATCH)
    with Parser(("analyzers.syntax.task", "examine"), (EVERYTHING,)) as parser:
        for first in range(0, n_files, BATCH):
            numbers = range(first, min(first + BATCH, n_files))
            jobs = [job(number, pool, given.seed, number >= given.files) for number in numbers]
            asked = [((one.language, f"{one.number:032x}", "repo", "path"), one.source) for one in jobs]
            tally.add(jobs, parser.answers(asked))
            if (first + BATCH) % every == 0:
                tally.sample(parser)
                outcomes = ", ".join(f"{name} {count}" for name, count in tally.outcomes.most_common())
                print(f"{tally.n_files}: {outcomes}; child {tally.memory[-1][1]:.0f} MB", flush=True)
    return tally


def main() -> int:
    """Prints outcomes and memory."""
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("folders", nargs="*", type=Path, default=[DATA / size / "files" for size in "SML"])
    arguments.add_argument("--files", type=int, default=50_000, help="files that are made worse")
    arguments.add_argument("--whole", type=int, default=0, help="files after them that stay as they are")
    arguments.add_argument("--seed", type=int, default=0)
    arguments.add_argument("--languages", default=",".join(MODULES))
    arguments.add_argument("--keep", type=Path, help="folder for files that crash, hang or raise")
    given = arguments.parse_args()
    pool = Pool(given.folders, given.languages.split(","))
    print("files by language: " + ", ".join(f"{name} {count}" for name, count in pool.sizes().items()), flush=True)
    begin = time.perf_counter()
    tally = run(pool, given)
    print(f"{tally.n_files} files, {tally.n_bytes / 1e6:.0f} MB in {time.perf_counter() - begin:.0f} s,"
          f" {tally.n_lost} lost")  # fmt: skip
    for outcome, count in tally.outcomes.most_common():
        print(f"  {outcome:16}{count:8}")
    print("\n".join(tally.noted))
    print("files".rjust(10) + "child MB".rjust(10) + "parent MB".rjust(11) + "children".rjust(10))
    for n_files, child, parent, n_started in tally.memory:
        print(f"{n_files:10}{child:10.0f}{parent:11.0f}{n_started:10}")
    return int(tally.n_lost > 0 or tally.outcomes["failed"] > 0)


if __name__ == "__main__":
    sys.exit(main())
