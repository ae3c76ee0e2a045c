"""A standalone Spark cluster on this machine: a master, and workers of one core each, as processes of their own."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil
import pyspark

from curate import java

HOST = "127.0.0.1"
MOST_SECONDS = 120  # until all workers are there


@dataclass(frozen=True, kw_only=True)
class Cluster:
    """Where to find it, and its daemons."""

    address: str
    daemons: list[psutil.Popen]


@contextmanager
def standalone(n_workers: int, memory: str = "2g") -> Iterator[Cluster]:
    """A cluster whose workers have all come; at the end none of its processes is left."""
    port, page = _free_port(), _free_port()
    address = f"spark://{HOST}:{port}"
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="mill-cluster-")))
        daemons: list[psutil.Popen] = []
        stack.callback(_end, daemons)  # those that have been started by then
        daemons.append(_daemon(folder, "master.Master", "--port", str(port), "--webui-port", str(page)))
        for number in range(n_workers):
            arguments = (
                "--cores",
                "1",
                "--memory",
                memory,
                "--webui-port",
                "0",
                "--work-dir",
                str(folder / f"{number}"),
            )
            daemons.append(_daemon(folder, "worker.Worker", *arguments, address))
        until = time.monotonic() + MOST_SECONDS
        while _workers(page) < n_workers:
            if time.monotonic() > until:
                raise SystemExit(f"of {n_workers} workers {_workers(page)} came within {MOST_SECONDS} s")
            time.sleep(0.2)
        yield Cluster(address=address, daemons=daemons)


def _daemon(folder: Path, what: str, *arguments: str) -> psutil.Popen:
    home = Path(pyspark.__path__[0])
    own = {
        "SPARK_HOME": str(home), "JAVA_HOME": str(Path(java.find()).resolve().parents[1]), "SPARK_LOCAL_IP": HOST,
        "SPARK_LOCAL_DIRS": str(folder), "SPARK_DAEMON_MEMORY": "256m", "PATH": os.defpath,
    }  # fmt: skip
    command = [str(home / "bin" / "spark-class"), f"org.apache.spark.deploy.{what}", "--host", HOST, *arguments]
    with (folder / "log").open("ab") as log:
        return psutil.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=own, cwd=folder)


def _workers(page: int) -> int:
    """Workers that the master knows of; 0 while it does not answer."""
    with (
        suppress(OSError, ValueError),
        urllib.request.urlopen(f"http://{HOST}:{page}/json/", timeout=10) as answer,
    ):
        return json.load(answer)["aliveworkers"]
    return 0


def _end(daemons: list[psutil.Popen]) -> None:
    for daemon in daemons:
        family = [daemon, *daemon.children(recursive=True)] if daemon.is_running() else []
        for process in family:
            with suppress(psutil.Error):
                process.kill()
        psutil.wait_procs(family, timeout=30)


def _free_port() -> int:
    with socket.socket() as own:
        own.bind((HOST, 0))
        return own.getsockname()[1]
