"""Spark sessions: one for this machine, sized by it and quick to start, or one on a cluster."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import sys
import threading
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import xxhash

from curate import cluster, java, memory
from curate.errors import RunFailed, WrongUse

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

# What results depend on or memory is bounded by, on any master.
_SETTINGS = {
    "spark.sql.parquet.outputTimestampType": "TIMESTAMP_MICROS",
    "spark.sql.session.timeZone": "UTC",
    # Few rows, so that even the longest fit; asking Spark for a bound in bytes makes it measure every column each row.
    "spark.sql.execution.arrow.maxRecordsPerBatch": "64",
    "spark.sql.execution.pythonUDF.arrow.enabled": "true",
    "spark.sql.adaptive.enabled": "true",
    "spark.sql.parquet.compression.codec": "zstd",
    "spark.sql.sources.partitionColumnTypeInference.enabled": "false",
    "spark.hadoop.mapreduce.fileoutputcommitter.marksuccessfuljobs": "true",
    "spark.hadoop.parquet.enable.summary-metadata": "false",
    "spark.python.daemon.module": "curate.daemon",
    "spark.ui.showConsoleProgress": "false",  # progress is ours to tell, one JSON object a line where it is asked for
    **memory.SETTINGS,
}

# What makes one machine start sooner. The web page and its log cost a second; a block of one core needs no big buffers.
_LOCAL = {
    "spark.ui.enabled": "false",
    "spark.sql.ui.retainedExecutions": "1",
    "spark.driver.host": "127.0.0.1",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.shuffle.compress": "true",
    "spark.io.compression.codec": "lz4",
    "spark.sql.sources.parallelPartitionDiscovery.threshold": "100000",
}

# The second compiler spends more on a job of minutes than it saves: half of the JVM's work went into it. Without it
# Java keeps a fifth of the room for compiled code, which a run of all stages fills.
_JVM = "-XX:+UseParallelGC -XX:TieredStopAtLevel=1 -XX:ReservedCodeCacheSize=240m"


def heap_bytes(memory: int, cores: int) -> int:
    """Heap of a local JVM: 1 GiB and half a GiB a core, at most a quarter of the machine's memory.

    Content passes it only in shuffles, which go to disk beyond that; a larger heap is filled before it is cleaned, and
    touching new memory costs more than cleaning.
    """
    return max(1 << 30, min((1 << 30) + (cores << 29), memory // 4))


def start(
    master: str | None = None, settings: dict[str, str] | None = None, environment: str | None = None
) -> SparkSession:
    """A session on `master` (all cores of this machine by default), with Spark settings put over ours.

    `environment` is an archive of curate.cluster_pack, which gives a cluster's machines their Python; without one they
    have this process's Python at the same path, or what PYSPARK_PYTHON names. CODEMILL_MASTER and CODEMILL_ENV stand
    for what is not given.
    """
    master = master or os.environ.get("CODEMILL_MASTER") or "local[*]"
    if environment is None and not master.startswith("local"):
        environment = os.environ.get("CODEMILL_ENV")
    shipped = cluster.settings(master, environment) if environment else {}
    found = java.find()
    from pyspark.sql import SparkSession

    python = cluster.PYTHON if environment else os.environ.get("PYSPARK_PYTHON", sys.executable)
    builder = SparkSession.builder.appName("codemill").master(master)
    config = _SETTINGS | shipped
    if master.startswith("local"):
        config |= _LOCAL
        asked = re.fullmatch(r"local\[(\d+).*", master)
        cores = int(asked[1]) if asked else 1 if master == "local" else os.cpu_count() or 1
        config["spark.driver.memory"] = f"{heap_bytes(psutil.virtual_memory().total, cores) >> 20}m"
        config["spark.driver.extraJavaOptions"] = f"{_JVM} {shared_classes(found)}"
        config["spark.pyspark.python"] = python
        config["spark.driver.defaultJavaOptions"] = f"-Dlog4j2.configurationFile={_log_settings()}"
    for key, value in (config | (settings or {})).items():
        builder = builder.config(key, value)
    try:
        with _variables(PYSPARK_PYTHON=python, PYSPARK_DRIVER_PYTHON=sys.executable):
            session = builder.getOrCreate()
    except Exception as error:  # py4j and pyspark raise a dozen kinds here
        lines = str(error).splitlines()
        cause = next((line.removeprefix(": ") for line in lines if line.startswith(": ")), lines[0])  # Java's, if any
        raise RunFailed(f"Spark did not start on {master!r}: {cause}") from error
    session.sparkContext.setLogLevel("ERROR")
    if master.startswith("local"):
        threading.Thread(target=_warm_up, args=(session,), daemon=True).start()
    if threading.current_thread() is threading.main_thread():
        # pyspark's own handler calls into the JVM in the middle of whatever call Ctrl-C met.
        signal.signal(signal.SIGINT, signal.default_int_handler)
    return session


@contextlib.contextmanager
def _variables(**given: str) -> Iterator[None]:
    """The environment with these in it; pyspark reads them once, when a session starts."""
    before = {name: os.environ.get(name) for name in given}
    os.environ.update(given)
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name, None)
            os.environ.update({name: value} if value is not None else {})


def _warm_up(session: SparkSession) -> None:
    """One row through a Python worker: the first such job takes seconds, and the listing need not wait for it."""

    def same(batches):
        yield from batches

    with contextlib.suppress(Exception):  # the session may be stopped before it is through
        session.range(0, 1, 1, 1).mapInArrow(same, "id long").collect()


def parallelism(session: SparkSession) -> int:
    """Cores that work at the same time."""
    return max(1, session.sparkContext.defaultParallelism)


def shared_classes(java_path: str) -> str:
    """Options by which a JVM maps Spark's classes from an archive, or writes one for the next start as it ends.

    Loading and verifying them is half of Spark's start. The JVM ignores an archive of another Java or class path.
    """
    place = Path(java_path).resolve()
    known = f"{place}\0{place.stat().st_mtime_ns}\0{metadata.version('pyspark')}"
    archive = java.cache_folder() / f"spark-{xxhash.xxh3_64_hexdigest(known.encode())}.jsa"
    quiet = "-Xshare:auto -Xlog:disable -Xlog:all=error:stderr"
    if archive.is_file():
        with archive.open("rb") as handle:
            # Its header is written last: without one it is being written, or was cut off.
            if handle.read(4).strip(b"\0"):
                return f"-XX:SharedArchiveFile={archive} {quiet}"
    archive.parent.mkdir(parents=True, exist_ok=True)
    return f"-XX:ArchiveClassesAtExit={archive} {quiet}"


def _log_settings() -> Path:
    return Path(__file__).with_name("log4j2.properties")


def check_master(master: str | None) -> None:
    """WrongUse for a master that Spark would answer with a page of Java."""
    known = ("local", "spark://", "yarn", "k8s://")
    if master is not None and not master.startswith(known):
        raise WrongUse(f"--master {master!r}: write local[N], spark://HOST:PORT, yarn or k8s://URL")
