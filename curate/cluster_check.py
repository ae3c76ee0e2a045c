"""What a cluster's machines are like, before a run of days relies on them: their Python, code, kernels, and OUT."""

from __future__ import annotations

import os
import platform
import socket
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil
import pyarrow as pa

import curate
from curate.cluster import code_hash
from curate.session import parallelism

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

WAIT_FOR_ALL = {
    "spark.scheduler.minRegisteredResourcesRatio": "1.0",
    "spark.scheduler.maxRegisteredResourcesWaitingTime": "60s",
}
"""Spark settings by which the tasks begin when all executors are there."""

_TASKS_A_CORE = 2
_SEEN = pa.schema(
    [
        ("host", pa.string()), ("process", pa.int64()), ("python", pa.string()), ("place", pa.string()),
        ("code", pa.string()), ("seconds", pa.float64()), ("compiled", pa.int64()), ("told", pa.string()),
        ("wrote", pa.string()),
    ]
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Machine:
    """A machine as its workers see it. `seconds`: the longest from the start of a Python to its first batch."""

    host: str
    processes: int
    python: str
    place: str  # of the package curate
    same_code: bool
    seconds: float
    compiled: int  # kernels that were not found compiled
    shares_out: bool

    @property
    def fit(self) -> bool:
        """Whether a run may rely on it."""
        return self.same_code and self.shares_out


def look(spark: SparkSession, out: Path) -> list[Machine]:
    """The machines that take part, by name. A file is written into a new folder beside OUT by each, and removed."""
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".codemill-check-", dir=out.parent) as folder:
        Path(folder).chmod(0o777)  # workers may belong to another user
        word = uuid.uuid4().hex
        Path(folder, "word").write_text(word, encoding="ascii")

        def task(batches):  # Spark pickles a plain function
            return probe(batches, folder)

        n_tasks = _TASKS_A_CORE * parallelism(spark)
        types = {pa.string(): "string", pa.int64(): "long", pa.float64(): "double"}
        schema = ", ".join(f"{field.name} {types[field.type]}" for field in _SEEN)
        rows = [row.asDict() for row in spark.range(0, n_tasks, 1, n_tasks).mapInArrow(task, schema).collect()]
        arrived = {path.name for path in Path(folder).iterdir()}
        for row in rows:
            row["shares_out"] = row["told"] == word and row["wrote"] in arrived
    return [_machine([row for row in rows if row["host"] == host]) for host in sorted({row["host"] for row in rows})]


def probe(batches: Iterator[pa.RecordBatch], folder: str) -> Iterator[pa.RecordBatch]:
    """What a task sees of the machine it is on, as a row."""
    began = psutil.Process(os.getppid()).create_time()  # Spark's daemon, which loads everything before it forks
    for _ in batches:
        pass
    row: dict[str, Any] = {
        "host": socket.gethostname(), "process": os.getpid(), "python": platform.python_version(),
        "place": os.path.dirname(curate.__file__), "seconds": time.time() - began, "code": code_hash(),
        "compiled": _compiled_here(), "told": None, "wrote": None,
    }  # fmt: skip
    try:
        row["told"] = Path(folder, "word").read_text(encoding="ascii")
        name = uuid.uuid4().hex
        Path(folder, name).touch()
        row["wrote"] = name
    except OSError:
        pass  # the folder is not shared, or not writable: the row says so
    yield pa.RecordBatch.from_pylist([row], schema=_SEEN)


def _compiled_here() -> int:
    """Kernels that this process, or the one it was forked from, compiled because it found none compiled."""
    from numba.core.dispatcher import Dispatcher

    modules = [module for name, module in sys.modules.items() if name.split(".")[0] in ("analyzers", "curate", "dedup")]
    kernels = {value for module in modules for value in vars(module).values() if isinstance(value, Dispatcher)}
    return sum(sum(kernel.stats.cache_misses.values()) for kernel in kernels)


def _machine(rows: Sequence[dict[str, Any]]) -> Machine:
    first = rows[0]
    return Machine(
        host=first["host"], processes=len({row["process"] for row in rows}), python=first["python"],
        place=first["place"], same_code=all(row["code"] == code_hash() for row in rows),
        seconds=max(row["seconds"] for row in rows), compiled=max(row["compiled"] for row in rows),
        shares_out=all(row["shares_out"] for row in rows),
    )  # fmt: skip
