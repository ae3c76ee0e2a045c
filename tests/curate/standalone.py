"""A standalone Spark cluster on this machine: a master and workers as processes of their own, which see no checkout."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import psutil
import pyspark
import pytest

from curate import java

HOST = "127.0.0.1"
MOST_SECONDS = 120  # until a daemon answers


class Cluster:
    """A master, and workers of one core and 1 GB that come and go. Each has a folder of its own, where it starts, and
    an address of its own: Spark begins no task a second time on the machine that it hangs on.

    Their environment has nothing but Java, Spark's home and the system's programs: no Python, no path to one.
    """

    def __init__(self, folder: Path):
        self.folder, self.workers = folder, list[subprocess.Popen]()
        port, self.page = _free_port(), _free_port()
        self.address = f"spark://{HOST}:{port}"
        self.master = self._daemon(
            "master.Master", "--host", HOST, "--port", str(port), "--webui-port", str(self.page), name="master"
        )

    def add_worker(self) -> None:
        """Start one; it is not waited for."""
        name, host = f"worker{len(self.workers)}", f"127.0.0.{len(self.workers) + 2}"
        arguments = (self.address, "--host", host, "--cores", "1", "--memory", "1g", "--webui-port", "0")
        work = str(self.folder / name)
        self.workers.append(self._daemon("worker.Worker", *arguments, "--work-dir", work, name=name, host=host))

    def wait_for_workers(self) -> None:
        """Come back when the master knows all that live."""
        until = time.monotonic() + MOST_SECONDS
        while time.monotonic() < until:
            assert self.master.poll() is None, "the master ended by itself: see its log"
            page = f"http://{HOST}:{self.page}/json/"
            with contextlib.suppress(OSError, ValueError), urllib.request.urlopen(page, timeout=10) as answer:
                if json.load(answer)["aliveworkers"] == sum(worker.poll() is None for worker in self.workers):
                    return
            time.sleep(0.1)
        pytest.fail(f"the workers are not there after {MOST_SECONDS} s")

    def pythons(self, worker: subprocess.Popen) -> list[psutil.Process]:
        """Spark's Python processes on a worker, and the parsers that these started."""
        with contextlib.suppress(psutil.NoSuchProcess):
            family = psutil.Process(worker.pid).children(recursive=True)
            return [process for process in family if process.name().startswith("python")]
        return []

    def stop(self) -> None:
        """End all of it."""
        for process in [*self.workers, self.master]:
            kill(process)

    def _daemon(self, what: str, *arguments: str, name: str, host: str = HOST) -> subprocess.Popen:
        place = self.folder / name
        place.mkdir(parents=True)
        home = Path(pyspark.__path__[0])
        variables = {
            "SPARK_HOME": str(home), "JAVA_HOME": str(Path(java.find()).resolve().parents[1]), "SPARK_LOCAL_IP": host,
            "SPARK_LOCAL_DIRS": str(place), "SPARK_DAEMON_MEMORY": "256m", "PATH": os.defpath, "HOME": str(place),
        }  # fmt: skip
        with (place / "log").open("wb") as log:
            command = [str(home / "bin" / "spark-class"), f"org.apache.spark.deploy.{what}", *arguments]
            return subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=variables, cwd=place,
                start_new_session=True,
            )  # fmt: skip


def kill(process: subprocess.Popen) -> None:
    """SIGKILL to a daemon, its executors and their Python, all at once."""
    with contextlib.suppress(psutil.NoSuchProcess):
        doomed = psutil.Process(process.pid).children(recursive=True)
        process.kill()
        for child in doomed:
            with contextlib.suppress(psutil.NoSuchProcess):
                child.kill()
        psutil.wait_procs(doomed, timeout=60)
    process.wait(60)


@contextlib.contextmanager
def cluster(folder: Path, n_workers: int = 2) -> Iterator[Cluster]:
    """A cluster whose workers have come; in the end all of it is gone, its folder too, which holds gigabytes."""
    own = Cluster(folder)
    try:
        for _ in range(n_workers):
            own.add_worker()
        own.wait_for_workers()
        yield own
    finally:
        own.stop()
        shutil.rmtree(folder, ignore_errors=True)


def _free_port() -> int:
    with socket.socket() as own:
        own.bind((HOST, 0))
        return own.getsockname()[1]
