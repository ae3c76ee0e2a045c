"""Promise 4: kill -9 at any moment, run again: the same result, and finished stages are not done again."""

from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import pytest
from command import Command, Ended, sums
from small_corpus import Corpus

import curate
from curate import manifest
from curate.progress import Reporter

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

pytestmark = pytest.mark.spark

KILLS = 12
CHAINS = 2  # at the same time: a JVM that starts leaves a core idle
SEED = 4
STAGES = ["narrow", "licence_settled", "licence", "exact", "simhash", "resample", "segments", "segments_changed"]
STAGES += ["layout", "licence_delivered", "syntax_delivered", "portrait_delivered"]
PLACED = {"layout", "licence_delivered", "syntax_delivered", "portrait_delivered"}
"""Stages whose files are moved to their places in the end."""


class Chain:
    """Runs on one folder, each killed after some seconds but the last; after each the folder is looked at."""

    def __init__(self, corpus: Corpus, folder: Path):
        folder.mkdir()
        self.corpus, self.folder, self.n_runs = corpus, folder, 0
        self.finished: set[str] = set()
        self.fresh()

    def fresh(self) -> None:
        """A folder that does not exist, and nothing finished."""
        self.out = self.folder / f"out{self.n_runs}"
        self.finished.clear()

    def start(self) -> Command:
        self.n_runs += 1
        arguments = ["codefuse", *self.corpus.inputs, "--out", str(self.out), "--master", "local[2]"]
        return Command(arguments, self.folder / f"log{self.n_runs}")

    def kill_after(self, seconds: float, expected: dict[str, str]) -> None:
        running = self.start()
        try:
            running.process.wait(seconds)
        except Exception:  # still at work, which is what we wait for
            running.kill()
        self.look(running.events())
        if (self.out / manifest.NAME).exists():
            assert sums(curate.Run(self.out)) == expected
            self.fresh()

    def look(self, events: list[dict]) -> None:
        """No stage is done twice; what an earlier run finished, this one says so of as far as it came."""
        moved = (self.out / "shards").exists()  # files are on the way to their places: `_work` has them no longer
        done = {event["stage"] for event in events if event.get("state") == "done"} - {"listing"}
        again = done & self.finished - (PLACED if moved else set())
        assert not again, f"done twice: {again}"
        self.finished |= done


def test_killed_at_any_moment(
    corpus: Corpus, tmp_path: Path, codefuse: curate.Run, commanded: tuple[curate.Run, Ended]
) -> None:
    """Kills spread over the whole duration of a run, in chains: what one run leaves behind the next one finds."""
    rng, expected, duration = random.Random(SEED), sums(codefuse), commanded[1].seconds
    moments = [(number + rng.random()) / KILLS * duration for number in range(KILLS)]
    rng.shuffle(moments)

    def follow(number: int) -> None:
        chain = Chain(corpus, tmp_path / f"chain{number}")
        for seconds in moments[number::CHAINS]:
            chain.kill_after(seconds, expected)
        ended = chain.start().wait()
        assert (ended.code, ended.said) == (0, [])
        chain.look(ended.events)
        assert chain.finished == set(commanded[1].stages("done")) - {"listing"}
        assert sums(curate.Run(chain.out)) == expected
        assert {path.name for path in chain.out.iterdir()} == {path.name for path in codefuse.folder.iterdir()}

    with ThreadPoolExecutor(CHAINS) as pool:
        list(pool.map(follow, range(CHAINS)))


class Told(Reporter):
    """Remembers which stages were done and which had been finished before."""

    def __init__(self) -> None:
        super().__init__("none")
        self.before: list[str] = []

    def skipped(self, name: str) -> None:
        self.before.append(name)


@pytest.fixture
def interrupted(corpus: Corpus, tmp_path: Path, spark: SparkSession, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder in which all stages are finished and nothing is in its place."""
    out = tmp_path / "out"
    with monkeypatch.context() as patched:
        patched.setattr("curate.engine._Mill.finish", _interrupt)
        with pytest.raises(KeyboardInterrupt):
            curate.run("codefuse", corpus.inputs, out, spark)
    return out


def _interrupt(_: object) -> None:
    raise KeyboardInterrupt


@pytest.mark.parametrize("damaged", [None, "narrow", "exact", "layout"])
def test_finished_stages_are_not_done_again_unless_damaged(
    damaged: str | None, interrupted: Path, corpus: Corpus, spark: SparkSession, codefuse: curate.Run
) -> None:
    if damaged:
        file = max((interrupted / "_work" / damaged).rglob("*.parquet"), key=lambda path: path.stat().st_size)
        file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])
    told = Told()
    run = curate.run("codefuse", corpus.inputs, interrupted, spark, reporter=told)
    assert told.before == [name for name in STAGES if name != damaged]
    assert sums(run) == sums(codefuse)


def test_killed_while_the_manifest_was_written(
    interrupted: Path, corpus: Corpus, spark: SparkSession, codefuse: curate.Run
) -> None:
    (interrupted / f"{manifest.NAME}.unfinished").write_text('{"codemill": "0.')
    assert sums(curate.run("codefuse", corpus.inputs, interrupted, spark)) == sums(codefuse)
    assert not (interrupted / f"{manifest.NAME}.unfinished").exists()


def test_ctrl_c(corpus: Corpus, tmp_path: Path) -> None:
    """Exit code 130, one sentence, no traceback, and nothing left running."""
    arguments = ["codefuse", *corpus.inputs, "--out", str(tmp_path / "out"), "--master", "local[1]"]
    running = Command(arguments, tmp_path / "log")
    running.wait_for("listing")
    started = running.descendants()
    assert any("java" in process.name() for process in started)
    running.interrupt()
    ended = running.wait()
    assert ended.code == 130
    assert len(ended.said) == 1
    assert ended.said[0].startswith("codemill: interrupted")
    _, left = psutil.wait_procs(started, timeout=30)  # Java ends when it sees that its parent has
    assert not [process for process in left if process.status() != psutil.STATUS_ZOMBIE]
