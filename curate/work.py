"""OUT/_work: finished stages, so that an interrupted run goes on where it stopped.

A stage is finished when its `.done.json` says so for the same fingerprint and every file it lists is there in full.
Anything else in the folder is the rest of an interruption, and is written over.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession


class Work:
    """The folder of finished stages of one run."""

    def __init__(self, folder: Path):
        self.folder = folder

    def finished(self, name: str, fingerprint: str) -> dict[str, Any] | None:
        """The notes of a finished stage, None where it has to be done."""
        try:
            done = json.loads(self._done(name).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        if done["fingerprint"] != fingerprint or _sizes(self.folder / name) != done["files"]:
            return None
        return done["notes"]

    def finish(self, name: str, fingerprint: str, notes: dict[str, Any]) -> None:
        """Say that a stage's files are complete; the last thing a stage does."""
        done = {"fingerprint": fingerprint, "files": _sizes(self.folder / name), "notes": notes}
        write_whole(self._done(name), json.dumps(done, indent=1, sort_keys=True))

    def stage(self, name: str, fingerprint: str, write: Callable[[str], dict[str, Any]]) -> tuple[dict[str, Any], bool]:
        """Notes of a stage, and whether it was finished before. Calls `write` with its folder where it was not."""
        notes = self.finished(name, fingerprint)
        if notes is not None:
            return notes, True
        self._done(name).unlink(missing_ok=True)
        shutil.rmtree(self.folder / name, ignore_errors=True)
        self.folder.mkdir(parents=True, exist_ok=True)
        began = time.monotonic()
        notes = write(str(self.folder / name))
        notes["seconds"] = round(time.monotonic() - began, 3)
        self.finish(name, fingerprint, notes)
        return notes, False

    def read(self, spark: SparkSession, name: str, schema: pa.Schema) -> DataFrame:
        """A finished stage's table. With its schema given, Spark need not start a job to look for it."""
        return read_parquet(spark, [self.folder / name], schema)

    def remove(self) -> None:
        """Take the whole folder away."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def _done(self, name: str) -> Path:
        return self.folder / f"{name}.done.json"


def url(path: str | Path) -> str:
    """A local path as Spark takes it: Hadoop's paths are not percent-encoded."""
    return f"file://{path}"


def glob_url(path: str | Path) -> str:
    """The same for reading, where Spark takes paths for globs."""
    return url(re.sub(r"([\\\[\]{}*?])", r"\\\1", str(path)))


def read_parquet(spark: SparkSession, paths: Sequence[Path], schema: pa.Schema) -> DataFrame:
    """Parquet files or folders of a known schema."""
    from pyspark.sql.pandas.types import from_arrow_schema

    return spark.read.schema(from_arrow_schema(schema)).parquet(*(glob_url(path) for path in paths))


def write_parquet(rows: DataFrame | pa.Table, folder: Path) -> None:
    """A table, Spark's or the driver's own, into a folder that is not there yet."""
    if isinstance(rows, pa.Table):
        folder.mkdir(parents=True)
        pq.write_table(rows, folder / "rows.parquet", compression="zstd")
    else:
        rows.write.parquet(url(folder))


def write_whole(path: Path, text: str) -> None:
    """A text file that is there in full or not at all, also after a crash."""
    unfinished = path.with_name(path.name + ".unfinished")
    with unfinished.open("w", encoding="utf-8") as handle:
        handle.write(text)
        handle.flush()
        os.fsync(handle.fileno())
    unfinished.replace(path)


def _sizes(folder: Path) -> dict[str, int]:
    """Size of every data file below a folder, by relative path."""
    if not folder.is_dir():
        return {}
    files = {path.relative_to(folder): path for path in sorted(folder.rglob("*")) if path.is_file()}
    ours = {place: path for place, path in files.items() if not any(part[0] in "._" for part in place.parts)}
    return {place.as_posix(): path.stat().st_size for place, path in ours.items()}
