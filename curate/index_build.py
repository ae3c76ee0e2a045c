"""Building an index on Spark: the files that a run kept are signed from its shards, and laid out in tables and buckets.

A run is added whole or not at all: its files are written aside and moved to their places, and the list that makes them
count is written last, in one piece. What an addition that was cut off has left is removed by the next one.
"""

from __future__ import annotations

import fcntl
import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from curate.errors import WrongUse
from curate.index import ENTRIES, EQUAL, FORMAT, NAME, STAGES, TABLES, Index, IndexedRun, checked_number, run_id
from curate.index_compact import compacted, sweep
from curate.index_known import known_place
from curate.index_sign import SIGNED, Signer
from curate.index_stage import Indexed, NearIndexed
from curate.index_write import put, write_buckets
from curate.progress import Reporter
from curate.shards import Run
from curate.spreading import mapped
from curate.stages import STAGES as ALL_STAGES
from curate.work import read_parquet, url, write_whole

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

FEWEST = 1_000_000  # files that an index is cut for at least
GROWTH = 10  # an index is cut for so many times the files that it begins with
BUCKET_ENTRIES = 20_000_000  # keys of files in a bucket then
_ADDING = "_adding"


def add(
    run_folder: str | Path, folder: str | Path, spark: SparkSession, *, reporter: Reporter | None = None
) -> IndexedRun:
    """Add what a run kept to an index, which is begun where the folder holds none.

    Settings of the signatures are those of the first run's recipe. WrongUse where a run is there already, has kept
    nothing, or was compared by other signatures than those of the index.
    """
    run, place = Run(run_folder), Path(folder).absolute()
    n_files = int(run.summary["kept"]["files"])
    if n_files == 0:
        raise WrongUse(f"{run.folder} has kept no file: there is nothing to add")
    with _alone(place):
        before = Index(place) if (place / NAME).is_file() else None
        added = IndexedRun(id=run_id(run), folder=str(run.folder.absolute()), files=n_files)
        _check_new(added, before, place)
        stages = dedup_stages(run, before)
        told = before.contents if before else _begun(stages, n_files)
        aside = place / _ADDING
        shutil.rmtree(aside, ignore_errors=True)
        sweep(place, told["files"])
        with (reporter or Reporter()).stage(f"index {run.folder.name}", spark.sparkContext):
            new = _write(run, added.id, tuple(stages), told, place, aside, spark)
            files = compacted([*told["files"], *new], told["buckets"], place, aside, spark)
        files.sort(key=lambda file: file["path"])
        contents = {**told, "runs": [*told["runs"], vars(added)], "files": files}
        write_whole(place / NAME, json.dumps(contents, indent=1) + "\n")
        shutil.rmtree(aside, ignore_errors=True)
    return added


def dedup_stages(run: Run, index: Index | None) -> list[Indexed]:
    """The stages by whose settings a run's files are signed: those of an index, or else of the run's recipe."""
    own = {
        name: settings for one in run.manifest["recipe"]["stages"] for name, settings in one.items() if name in STAGES
    }
    if index is None:
        if not own:
            raise WrongUse(
                f"the recipe of {run.folder} has none of the stages {', '.join(STAGES)}: begin with a run that has"
            )
        return [_stage(name, settings) for name, settings in own.items()]
    for name, settings in own.items():
        if name in index.stages:
            index.check(name, _stage(name, settings).version())
    return [_stage(name, settings) for name, settings in index.stages.items()]


def _stage(name: str, settings: dict[str, Any]) -> Indexed:
    """The stage without an index."""
    own = {key: value for key, value in settings.items() if key not in ("index", "index_sha256")}
    stage: Any = ALL_STAGES[name](**own)
    assert isinstance(stage, Indexed)
    return stage


def _check_new(run: IndexedRun, index: Index | None, folder: Path) -> None:
    runs = index.runs if index else []
    checked_number(len(runs), folder)
    known = next((one for one in runs if one.id == run.id), None)
    if known is not None:
        raise WrongUse(f"{run.folder} is in the index {folder} already, as run {known.id} of {known.folder}")


def _begun(stages: list[Indexed], n_files: int) -> dict[str, Any]:
    """What is fixed when an index is begun."""
    cut_for = _room(stages, n_files)
    near = [stage for stage in stages if isinstance(stage, NearIndexed)]
    n_keys = max((stage.search(cut_for).n_keys for stage in near), default=1)
    n_buckets = max(1, n_files * GROWTH * n_keys // BUCKET_ENTRIES)
    told = {
        stage.name: {
            "version": stage.version(),
            "settings": stage.model_dump(mode="json", exclude={"index", "index_sha256"}),
        }
        for stage in stages
    }
    return {"format": FORMAT, "buckets": n_buckets, "cut_for": cut_for, "stages": told, "runs": [], "files": []}


def _room(stages: list[Indexed], n_files: int) -> int:
    """So many files keys are made for; of SimHashes of a large distance only so many can be."""
    for room in (max(FEWEST, GROWTH * n_files), n_files):
        with suppress(ValueError):
            for stage in stages:
                if isinstance(stage, NearIndexed):
                    stage.search(room)
            return room
    raise WrongUse(f"{n_files:,} files are too many for the keys of stage simhash: take a higher min_similarity")


def _write(
    run: Run,
    run_id: str,
    stages: tuple[Indexed, ...],
    told: dict[str, Any],
    folder: Path,
    aside: Path,
    spark: SparkSession,
) -> list[dict[str, Any]]:
    """The run's files in every table, at their places; gives what the list says of each."""
    from pyspark.sql import functions as F

    signed(run, run_id, stages, spark).drop("content", "path").write.parquet(url(aside / "signed"))
    rows = read_parquet(spark, [aside / "signed"], SIGNED)
    found = []
    for table, frame in _tables(rows, stages, told):
        schema, n_buckets = TABLES[table], told["buckets"]
        placed = frame.withColumn("bucket", F.pmod("key", F.lit(n_buckets)).cast("int"))
        for file in write_buckets(placed, schema, n_buckets, aside / table):
            found.append({"run": run_id, **put(file, table, run_id, folder)})
    return found


def signed(
    run: Run, run_id: str, stages: tuple[Indexed, ...], spark: SparkSession, *, with_content: bool = False
) -> DataFrame:
    """Rows of curate.index_sign.SIGNED for what a run kept, a shard a task."""
    from pyspark.sql.types import StringType

    shards = [file["path"] for file in run.manifest["files"] if file["path"].startswith("shards/")]
    n_tasks = min(len(shards), 10_000)
    named = spark.createDataFrame(sorted(shards), StringType()).toDF("shard").repartition(n_tasks)
    signer = Signer(stages=stages, run=run_id, folder=str(run.folder.absolute()), with_content=with_content)
    return mapped(named, signer, SIGNED)


def _tables(rows: DataFrame, stages: tuple[Indexed, ...], told: dict[str, Any]) -> Iterator[tuple[str, DataFrame]]:
    """The tables of an index for rows of SIGNED."""
    from pyspark.sql import functions as F

    named = rows.withColumn("key", known_place())
    yield "files", named.select(*TABLES["files"].names)
    for stage in stages:
        is_near = isinstance(stage, NearIndexed)
        table, value = (f"{stage.name}_tokens",) * 2 if is_near else (stage.name, "exact_key")
        there = named.where(F.col(value).isNotNull()).withColumns({"value": F.col(value), "place": F.col("key")})
        yield table, there.withColumn("key", F.xxhash64("value")).select(*EQUAL.names)
        if isinstance(stage, NearIndexed):
            signature = there.select("place", F.col(stage.name).alias("signature"))
            yield stage.name, mapped(signature, stage.search(told["cut_for"]).entries, ENTRIES)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """No other process adds to the index meanwhile; WrongUse where one does."""
    folder.mkdir(parents=True, exist_ok=True)
    ours = {NAME, f"{NAME}.unfinished", _ADDING, ".lock", *TABLES}
    strangers = sorted(path.name for path in folder.iterdir() if path.name not in ours)
    if strangers:
        raise WrongUse(f"--index {folder} holds {strangers[0]!r}, which is no index's: name an empty or new folder")
    with (folder / ".lock").open("w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise WrongUse(f"another process adds to the index {folder}: say the same again when it is done") from None
        yield
