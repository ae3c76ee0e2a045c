"""A standalone cluster, a master and two workers in processes of their own, gives the bytes that one machine gives."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import pyspark
import pytest
import yaml
from command import Command, sums
from test_index import RECIPE
from test_near_steps import texts

import curate
from curate import java

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

MOST_SECONDS = 120  # until both workers are there
_HOST = "127.0.0.1"


def free_port() -> int:
    with socket.socket() as own:
        own.bind((_HOST, 0))
        return own.getsockname()[1]


@contextlib.contextmanager
def cluster(folder: Path) -> Iterator[str]:
    """The address of a master with two workers of one core and 1 GB; all of them are gone in the end."""
    port, page = free_port(), free_port()
    address = f"spark://{_HOST}:{port}"
    master = ["master.Master", "--host", _HOST, "--port", str(port), "--webui-port", str(page)]
    worker = ["worker.Worker", address, "--host", _HOST, "--cores", "1", "--memory", "1g", "--webui-port", "0"]
    started: list[subprocess.Popen] = []
    try:
        for number, arguments in enumerate([master, worker, worker]):
            place = folder / f"daemon{number}"
            place.mkdir(parents=True)
            extra = ["--work-dir", str(place)] if number else []
            started.append(_daemon([*arguments, *extra], place))
        _wait(f"http://{_HOST}:{page}/json/", started)
        yield address
    finally:
        for process in started:
            _kill(process)


def _daemon(arguments: list[str], place: Path) -> subprocess.Popen:
    home = Path(pyspark.__path__[0])
    settings = {
        "SPARK_HOME": str(home), "JAVA_HOME": str(Path(java.find()).resolve().parents[1]), "SPARK_LOCAL_IP": _HOST,
        "SPARK_LOCAL_DIRS": str(place), "SPARK_DAEMON_MEMORY": "256m",
    }  # fmt: skip
    with (place / "log").open("wb") as log:
        command = [str(home / "bin" / "spark-class"), f"org.apache.spark.deploy.{arguments[0]}", *arguments[1:]]
        return subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=os.environ | settings, start_new_session=True
        )


def _wait(page: str, started: list[subprocess.Popen]) -> None:
    until = time.monotonic() + MOST_SECONDS
    while time.monotonic() < until:
        assert all(process.poll() is None for process in started), "a daemon ended by itself: see its log"
        with contextlib.suppress(OSError, ValueError), urllib.request.urlopen(page, timeout=10) as answer:
            if json.load(answer)["aliveworkers"] == 2:
                return
        time.sleep(0.1)
    pytest.fail(f"no two workers after {MOST_SECONDS} s")


def _kill(process: subprocess.Popen) -> None:
    """With executors and their Python workers."""
    with contextlib.suppress(psutil.NoSuchProcess):
        doomed = psutil.Process(process.pid).children(recursive=True)
        process.kill()
        for child in doomed:
            with contextlib.suppress(psutil.NoSuchProcess):
                child.kill()
        psutil.wait_procs(doomed, timeout=60)
    process.wait(60)


@pytest.mark.spark
def test_two_workers_give_the_bytes_of_one_machine(tmp_path: Path, spark: SparkSession) -> None:
    content = texts(21, 120)
    content += content[:9] + [text.upper() for text in content[9:15]]
    rows = [{"content": text, "path": f"{number}.py"} for number, text in enumerate(content)]
    (tmp_path / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (tmp_path / "recipe.yaml").write_text(yaml.safe_dump(RECIPE))
    arguments = [str(tmp_path / "recipe.yaml"), str(tmp_path / "rows.jsonl"), "--out", str(tmp_path / "two")]
    with cluster(tmp_path / "cluster") as address:
        environment = {"SPARK_LOCAL_IP": _HOST, "SPARK_HOME": str(Path(pyspark.__path__[0]))}
        ended = Command([*arguments, "--master", address], tmp_path / "log", environment).wait()
    assert (ended.code, ended.said) == (0, [])
    executors = [path.parent for path in (tmp_path / "cluster").glob("daemon*/app-*/*/stderr")]
    assert len({path.parents[1] for path in executors}) == 2  # both worked
    one = curate.run(tmp_path / "recipe.yaml", tmp_path / "rows.jsonl", tmp_path / "one", spark)
    assert sums(curate.Run(tmp_path / "two")) == sums(one)
    gone = one.ledger.to_table(columns=["drop_stage"]).column(0).to_pylist()
    assert {"exact", "simhash", "minhash"} <= set(gone)
