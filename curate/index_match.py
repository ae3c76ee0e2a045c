"""Which of a run's kept files an index holds, exactly or nearly: by the rules of a run with an index."""

from __future__ import annotations

import shutil
from functools import reduce
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.dataset as ds

from curate.errors import WrongUse
from curate.index import Index, run_id
from curate.index_build import dedup_stages, signed
from curate.index_known import Known
from curate.index_write import write_buckets
from curate.progress import Reporter
from curate.shards import Run
from curate.stages import STAGES
from curate.work import glob_url, url

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame, SparkSession

MATCHES = pa.schema(
    [
        ("file_id", pa.string()),
        ("path", pa.string()),
        ("size_bytes", pa.int64()),
        ("stage", pa.string()),  # whose rule it matches
        ("similarity", pa.float64()),
        ("duplicate_of", pa.string()),  # file_id in that run
        ("run", pa.string()),
        ("folder", pa.string()),
    ]
)
"""A row for each file that matches one of the index, ascending by file_id."""

FILE_ROWS = 5_000_000  # of the run, whose matches make one file


def match(
    run_folder: str | Path, index_folder: str | Path, out: str | Path, spark: SparkSession, *,
    reporter: Reporter | None = None,
) -> ds.Dataset:  # fmt: skip
    """Rows of MATCHES for what a run kept, written as Parquet into the folder `out`, which must be new or empty.

    The stages of the index look one after another, each at what the ones before did not match. Files of the run are not
    compared with each other; those of a run that is in the index match themselves.
    """
    run, index, folder = Run(run_folder), Index(index_folder), Path(out).absolute()
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise WrongUse(f"--out {folder} holds something already: name a new or empty folder")
    scratch = folder / "_work"
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with (reporter or Reporter()).stage("match", spark.sparkContext):
            rows = _matches(run, index, scratch, spark)
            n_files = -(-int(run.summary["kept"]["files"]) // FILE_ROWS)
            written = write_buckets(rows.withColumn("bucket", _range(n_files)), MATCHES, n_files, scratch, ("file_id",))
        for file in written:
            Path(file["written"]).replace(folder / f"{file['bucket']:05d}.parquet")
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    files = sorted(str(path) for path in folder.glob("*.parquet"))
    return ds.dataset(files, format="parquet") if files else ds.dataset(MATCHES.empty_table())


def _matches(run: Run, index: Index, scratch: Path, spark: SparkSession) -> DataFrame:
    from pyspark.sql import functions as F

    place: dict[str, Any] = {"index": str(index.folder), "index_sha256": index.sha256}
    stages: list[Any] = [STAGES[name](**settings, **place) for name, settings in index.stages.items()]
    dedup_stages(run, index)  # a run of other signatures is told of
    keep = _Keeping(scratch)
    live = keep("files", signed(run, run_id(run), tuple(stages), spark, with_content=True))
    found = []
    for stage in stages:
        keep.under = stage.name
        known = Known(index=index, spark=spark, alone=True)
        gone = keep("matched", stage.compared(live, keep, known).decisions)
        of_stage = gone.select("file_id", "similarity", "duplicate_of", F.col("match").alias("run"))
        found.append(of_stage.withColumn("stage", F.lit(stage.name)))
        live = live.join(gone.select("file_id"), "file_id", "left_anti")
    folders = [(one.id, one.folder) for one in index.runs]
    of_run = spark.createDataFrame(folders, "run string, folder string")
    files = spark.read.schema(live.schema).parquet(glob_url(scratch / "files")).select("file_id", "path", "size_bytes")
    joined = reduce(lambda a, b: a.unionByName(b), found).join(files, "file_id").join(F.broadcast(of_run), "run")
    return joined.select(*MATCHES.names)


class _Keeping:
    """Tables of stages at work, below a folder."""

    def __init__(self, folder: Path):
        self.folder, self.under = folder, ""

    def __call__(self, name: str, frame: DataFrame, *, batch_rows: int | None = None) -> DataFrame:
        place = self.folder / self.under / name
        frame.write.parquet(url(place))
        return frame.sparkSession.read.schema(frame.schema).parquet(glob_url(place))


def _range(n_files: int) -> Column:
    """Which of so many files a row is in: ranges of file_id."""
    from pyspark.sql import functions as F

    place = F.conv(F.substring("file_id", 1, 8), 16, 10).cast("long")
    return F.floor(place * n_files / F.lit(1 << 32)).cast("int")
