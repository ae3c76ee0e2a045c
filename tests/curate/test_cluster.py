"""A cluster whose only Python is a packed environment: the bytes of one machine, whoever dies, whatever runs twice."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import sysconfig
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pyspark
import pytest
import small_corpus
from command import Command, sums
from standalone import HOST, Cluster, cluster, kill

import curate

pytestmark = pytest.mark.spark

DRIVER = {"SPARK_LOCAL_IP": HOST, "SPARK_HOME": str(Path(pyspark.__path__[0]))}
TWICE = {  # a task that lasts a moment longer than another is begun a second time, and one that is alone after a second
    "spark.speculation": "true", "spark.speculation.interval": "20ms", "spark.speculation.multiplier": "1.0",
    "spark.speculation.quantile": "0.05", "spark.speculation.minTaskRuntime": "1ms",
    "spark.speculation.efficiency.enabled": "false", "spark.speculation.task.duration.threshold": "1s",
    "spark.eventLog.enabled": "true", "spark.eventLog.compress": "false", "spark.eventLog.rolling.enabled": "false",
}  # fmt: skip


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """This Python, packed by the command."""
    archive = tmp_path_factory.mktemp("packed") / "env.tar.gz"
    program = "import sys; from curate.cli import main; main(sys.argv[1:])"
    words = [sys.executable, "-c", program, "cluster", "pack", "--out", str(archive)]
    subprocess.run(words, check=True, stdout=subprocess.DEVNULL)
    yield archive
    archive.unlink()


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """A master and two workers."""
    with cluster(tmp_path_factory.mktemp("cluster")) as own:
        yield own


def started(words: list[str], two: Cluster, environment: Path, folder: Path) -> Command:
    """`codemill run WORDS` on the cluster, tasks begun twice where they can be; into folder/out, Spark's events into
    folder/events."""
    (folder / "events").mkdir()
    settings = TWICE | {"spark.eventLog.dir": (folder / "events").as_uri()}
    conf = [word for name, value in settings.items() for word in ("--conf", f"{name}={value}")]
    words = [*words, "--out", str(folder / "out"), "--master", two.address, "--env", str(environment), *conf]
    return Command(words, folder / "log", DRIVER)


def test_machines_see_the_packed_environment_and_nothing_else(two: Cluster, environment: Path, tmp_path: Path) -> None:
    program = "import sys; from curate.cli import main; main(sys.argv[1:])"
    words = ["cluster", "check", "--master", two.address, "--env", str(environment), "--out", str(tmp_path / "out")]
    command = [sys.executable, "-c", program, *words, "--json"]
    ended = subprocess.run(command, capture_output=True, text=True, check=False, env=os.environ | DRIVER)
    assert ended.returncode == 0, ended.stderr
    (machine,) = map(json.loads, ended.stdout.splitlines())
    assert (machine["fit"], machine["compiled"]) == (True, 0)  # kernels came along
    place = Path(machine["place"])
    packages = "dist-packages" if "deb_system" in sysconfig.get_scheme_names() else "site-packages"  # Debian's name
    assert place.parts[-5:] == ("environment", "lib", f"python3.{sys.version_info.minor}", packages, "curate")
    assert place.is_relative_to(two.folder)
    assert list(tmp_path.iterdir()) == []  # nothing was left beside OUT


def test_a_worker_killed_and_one_that_stands_still_change_nothing(
    two: Cluster, environment: Path, corpus: small_corpus.Corpus, codefuse: curate.Run, tmp_path: Path
) -> None:
    words = ["codefuse", *corpus.inputs, "--set", "stages.read.pack_bytes=10000"]  # many tasks
    command = started(words, two, environment, tmp_path)
    pythons: list[psutil.Process] = []
    while not pythons and command.process.poll() is None:
        time.sleep(0.02)
        if any((tmp_path / "out").glob("_work/narrow*/_attempts/*")):  # a task writes, others have not begun
            victim = next((worker for worker in two.workers if two.pythons(worker)), two.workers[0])
            pythons = two.pythons(victim)
    assert pythons, "the run ended before a task was seen at work"
    for python in pythons:
        check_mapped(python, two.folder)
    kill(victim)
    assert "narrow" not in [event["stage"] for event in command.events() if event.get("state") == "done"]
    two.add_worker()
    (survivor,) = (worker for worker in two.workers[:-1] if worker.poll() is None)
    check_standing_still(two, survivor, command)
    ended = command.wait()
    assert (ended.code, ended.said) == (0, [])
    assert begun_twice(tmp_path / "events") & {"codemill simhash", "codemill segments"}  # while files are compared
    run = curate.Run(tmp_path / "out")
    assert sums(run) == sums(codefuse)
    memory = run.manifest["stages"]["narrow"]["memory"]
    assert memory["python_bytes"] > 100_000_000 < memory["jvm_bytes"]  # of executors that are elsewhere


def check_standing_still(two: Cluster, worker: subprocess.Popen, command: Command) -> None:
    """While near-duplicates are compared a worker's Python does nothing and does not die; the stage still ends."""
    command.wait_for("exact", "done")
    stopped: list[psutil.Process] = []
    try:
        while not stopped and command.process.poll() is None:
            with contextlib.suppress(psutil.NoSuchProcess):
                daemons = [python for python in two.pythons(worker) if "pyspark.worker" in python.cmdline()]
                for process in (child for daemon in daemons for child in daemon.children()):
                    process.suspend()
                    stopped.append(process)
            time.sleep(0.02)
        command.wait_for("simhash", "done")
    finally:
        for process in stopped:
            with contextlib.suppress(psutil.NoSuchProcess):  # Spark has ended it
                process.resume()


def begun_twice(folder: Path) -> set[str]:
    """Groups of jobs that had a task begun a second time beside the first, by Spark's log of events."""
    (log,) = folder.iterdir()
    groups, found = dict[int, str](), set()
    for line in log.read_text(encoding="utf-8").splitlines():
        event = json.loads(line)
        if event["Event"] == "SparkListenerJobStart":
            groups |= dict.fromkeys(event["Stage IDs"], event["Properties"].get("spark.jobGroup.id", ""))
        elif event["Event"] == "SparkListenerTaskStart" and event["Task Info"]["Speculative"]:
            found.add(groups[event["Stage ID"]])
    return found


def check_mapped(python: psutil.Process, folder: Path) -> None:
    """What a worker's process has loaded lies in the environment, or is the system's."""
    try:
        mapped = {Path(one.path) for one in python.memory_maps() if one.path.startswith("/")}
    except psutil.NoSuchProcess:
        return  # a parser that has done its work
    assert [path for path in mapped if not path.is_relative_to(folder) and not path.is_relative_to("/usr/lib")] == []
