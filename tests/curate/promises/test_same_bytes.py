"""Promise 2: same input, recipe and versions, same bytes: for any cores, partitions, order of listing and place."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import small_corpus
from command import Ended, sums

import curate
from curate.listing import _packed

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

pytestmark = pytest.mark.spark

SMALL_SHARDS = ("stages.layout.shard_bytes=4000", "stages.layout.ledger_rows=50")


@pytest.fixture(scope="module")
def cut_small(
    corpus: small_corpus.Corpus, tmp_path_factory: pytest.TempPathFactory, spark: SparkSession
) -> dict[str, str]:
    """Sums of a run with several shards a language and several files of the ledger."""
    out = tmp_path_factory.mktemp("cut_small") / "out"
    told = sums(curate.run("codefuse", corpus.inputs, out, spark, settings=SMALL_SHARDS))
    assert sum(path.startswith("ledger/") for path in told) > 3
    assert sum(path.startswith("shards/language=Go/") for path in told) > 1
    return told


@pytest.fixture
def partitions(spark: SparkSession, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The engine told of so many cores, and as many partitions in every shuffle."""
    settings = {
        "spark.sql.shuffle.partitions": str(request.param),
        "spark.sql.execution.arrow.maxRecordsPerBatch": "13" if request.param == 7 else "2000",
        "spark.sql.adaptive.enabled": "false",  # it would put small partitions together again
        "spark.sql.autoBroadcastJoinThreshold": "-1" if request.param == 7 else "10485760",
    }
    before = {name: str(spark.conf.get(name)) for name in settings}
    monkeypatch.setattr("curate.engine.parallelism", lambda _: request.param)
    for name, value in settings.items():
        spark.conf.set(name, value)
    yield
    for name, value in before.items():
        spark.conf.set(name, value)


@pytest.mark.parametrize("partitions", [1, 7], indirect=True)
@pytest.mark.usefixtures("partitions")
def test_cores_and_partitions(
    corpus: small_corpus.Corpus, spark: SparkSession, tmp_path: Path, cut_small: dict[str, str]
) -> None:
    assert sums(curate.run("codefuse", corpus.inputs, tmp_path / "out", spark, settings=SMALL_SHARDS)) == cut_small


def test_another_process_with_another_master(codefuse: curate.Run, commanded: tuple[curate.Run, Ended]) -> None:
    assert sums(commanded[0]) == sums(codefuse)


def test_sizes_of_packs_tasks_and_batches(
    corpus: small_corpus.Corpus, spark: SparkSession, tmp_path: Path, codefuse: curate.Run
) -> None:
    sizes = {"pack_bytes": 30_000, "task_bytes": 1_000_000, "batch_bytes": 3_000}
    settings = [f"stages.read.{name}={size}" for name, size in sizes.items()]
    other = curate.run("codefuse", corpus.inputs, tmp_path / "out", spark, settings=settings)
    assert other.manifest["recipe"]["hash"] != codefuse.manifest["recipe"]["hash"]
    assert sums(other) == sums(codefuse)


def test_order_of_listing_and_place(
    spark: SparkSession, tmp_path: Path, codefuse: curate.Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same corpus in another folder, its folders listed in a random order and its units packed backwards."""
    (tmp_path / "moved here").mkdir()
    moved = small_corpus.make(tmp_path / "moved here")
    rng, scandir = random.Random(1), os.scandir

    @contextmanager
    def shuffled(folder: bytes) -> Iterator[Iterator[os.DirEntry]]:
        with scandir(folder) as entries:
            found = list(entries)
        rng.shuffle(found)
        yield iter(found)

    monkeypatch.setattr("curate.inputs.os.scandir", shuffled)
    monkeypatch.setattr("curate.listing._packed", _backwards)
    assert sums(curate.run("codefuse", moved.inputs[::-1], tmp_path / "out", spark)) == sums(codefuse)


def test_a_folder_with_an_awkward_name(
    corpus: small_corpus.Corpus, spark: SparkSession, tmp_path: Path, minimal: curate.Run
) -> None:
    """Spark takes paths for globs and Hadoop for URLs."""
    out = tmp_path / "out [1] {a,b} *? #%20 统计"
    assert sums(curate.run("minimal", corpus.inputs, out, spark)) == sums(minimal)


def _backwards(units: list[dict], pack_bytes: int) -> Iterator[dict]:
    """Packs of the units in the opposite order."""
    yield from _packed(list(units)[::-1], pack_bytes)
