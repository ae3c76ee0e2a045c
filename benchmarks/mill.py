"""Whole runs of `codemill run` on a corpus: MB/s, seconds of every stage, peak memory of JVM and Python workers.

    python benchmarks/mill.py S M --cores 1 2 --runs 3 --without simhash
    python benchmarks/mill.py S --forms files git tar zip --recipe minimal
    python benchmarks/mill.py S --masters local cluster --recipe minimal

Corpora come from benchmarks/corpus.py. A run is a process of its own, started as a user starts it. Rates are given for
the whole, and after start-up: from the beginning of listing to the end. `--warm` runs twice in one session and gives
the second run, without session and process. Memory is the largest sum of resident sizes of all JVMs, and of all Python
processes, looked at five times a second (shared pages are counted in each). `--forms` gives the same files as folders,
as bare git repositories, or as archives, one for each package; these are made before the clock starts. MB are of the
input as listed: of an archive as packed, so that rates of different forms are compared by their seconds. The master
`cluster` is a standalone one on this machine, with as many workers of one core as there are cores, each an executor of
its own that unpacks an environment; what the daemons hold counts, and the time until they are there does not.
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from functools import cache
from itertools import product
from pathlib import Path

import psutil
from one_machine_cluster import standalone
from source_forms import FORMS, input_of

DATA = Path(__file__).parent / "data"


def main() -> None:
    """Measure every asked corpus, recipe and number of cores, and print a table in Markdown."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("corpora", nargs="+", help="S, M or L, or folders")
    parser.add_argument("--recipe", default="codefuse")
    parser.add_argument("--without", nargs="+", default=[], help="stages to take out of the recipe")
    parser.add_argument("--warm", action="store_true")
    parser.add_argument("--cores", nargs="+", type=int, default=[2])
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--masters", nargs="+", choices=["local", "cluster"], default=["local"])
    parser.add_argument("--forms", nargs="+", choices=["files", *FORMS], default=["files"])
    parser.add_argument("--scratch", type=Path, default=DATA, help="where other forms of a corpus are kept")
    asked = parser.parse_args()
    columns = [
        "corpus",
        "form",
        "MB",
        "master",
        "cores",
        "whole s",
        "MB/s",
        "after start-up s",
        "MB/s",
        "CPU s",
        "JVM GB",
    ]
    columns += ["Python GB", "stages, s"]
    print(f"| {' | '.join(columns)} |")
    print("|---" * len(columns) + "|")
    recipe = _recipe(asked.recipe, asked.without)
    for corpus in asked.corpora:
        folder = DATA / corpus / "files" if (DATA / corpus / "files").is_dir() else Path(corpus)
        for form in asked.forms:
            given = input_of(folder, form, asked.scratch / "forms" / Path(corpus).name)
            for master, cores in product(asked.masters, asked.cores):
                runs = [measure(given, recipe, cores, master, warm=asked.warm) for _ in range(asked.runs)]
                print(row(corpus, form, master, cores, runs), flush=True)


def _recipe(name: str, without: list[str]) -> Path:
    """A recipe without some stages, as a file."""
    from curate.recipe import load

    told = load(name).as_dict()
    told["stages"] = [stage for stage in told["stages"] if not set(stage) & set(without)]
    path = Path(tempfile.mkdtemp(prefix="mill-")) / "recipe.yaml"
    path.write_text(json.dumps(told), encoding="utf-8")  # JSON is YAML
    return path


# What the command does, twice in one session; the first run's events are told to nobody.
_TWICE = """
import sys
from curate import api, session
from curate.progress import Reporter

recipe, given, out, master = sys.argv[1:]
spark = session.start(master)
api.run(recipe, given, out, spark)
api.run(recipe, given, out, spark, fresh=True, reporter=Reporter("json"))
print('{"state": "ended"}', file=sys.stderr, flush=True)
spark.stop()
"""


def measure(given: str, recipe: Path, cores: int, master: str = "local", *, warm: bool = False) -> dict:
    """One run in a process of its own, on this machine or on a cluster that is there for it alone."""
    out = Path(tempfile.mkdtemp(prefix="mill-"))
    if master == "local":
        return _measured(given, recipe, out, [f"local[{cores}]"], [], warm=warm)
    if warm:
        raise SystemExit("--warm is for --masters local")
    with standalone(cores) as cluster:
        words = [cluster.address, "--env", _environment(), "--conf", "spark.executor.memory=1500m"]
        return _measured(given, recipe, out, words, cluster.daemons)


@cache
def _environment() -> str:
    """This Python packed for a cluster, once."""
    archive = Path(tempfile.mkdtemp(prefix="mill-")) / "env.tar.gz"
    command = [str(Path(sys.executable).with_name("codemill")), "cluster", "pack", "--out", str(archive)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return str(archive)


def _measured(
    given: str, recipe: Path, out: Path, master: list[str], daemons: list[psutil.Popen], *, warm: bool = False
) -> dict:
    if warm:
        command = [sys.executable, "-c", _TWICE, str(recipe), given, str(out / "run"), *master]
    else:
        command = [str(Path(sys.executable).with_name("codemill")), "run", str(recipe), given]
        command += ["--out", str(out / "run"), "--master", *master, "--json"]
    began = time.monotonic()
    process = psutil.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    watch = Watch([process, *daemons])
    first = ended = None
    stages: dict[str, float] = {}
    for line in process.stderr:
        if line.startswith("{") and (told := json.loads(line)).get("state") == "done":
            stages[told["stage"]] = told["seconds"]
            first = first or time.monotonic() - told["seconds"]
        elif line.startswith('{"state": "ended"'):
            ended = time.monotonic()
    code = process.wait()
    ended = ended or time.monotonic()
    watch.stop()
    if code:
        raise SystemExit(f"{' '.join(command)} ended with {code}")
    manifest = json.loads((out / "run" / "manifest.json").read_text(encoding="utf-8"))
    shutil.rmtree(out)
    return {
        "mb": manifest["inputs"]["bytes"] / 1e6, "seconds": ended - began, "after_start": ended - (first or began),
        "stages": stages, "jvm": watch.peak["jvm"], "python": watch.peak["python"], "cpu": sum(watch.cpu.values()),
    }  # fmt: skip


class Watch:
    """Looks at processes and their children until stopped."""

    def __init__(self, roots: list[psutil.Popen]):
        self.roots, self.peak = roots, {"jvm": 0, "python": 0}
        self.cpu: dict[int, float] = {}
        self.ended = threading.Event()
        self.thread = threading.Thread(target=self._look, daemon=True)
        self.thread.start()

    def stop(self) -> None:
        self.ended.set()
        self.thread.join()

    def _look(self) -> None:
        while not self.ended.wait(0.2):
            held = {"jvm": 0, "python": 0}
            try:
                family = [one for root in self.roots for one in (root, *root.children(recursive=True))]
            except psutil.Error:
                continue
            for one in family:
                try:
                    held["jvm" if one.name() == "java" else "python"] += one.memory_info().rss
                    times = one.cpu_times()
                    self.cpu[one.pid] = times.user + times.system
                except psutil.Error:
                    continue
            self.peak = {name: max(size, self.peak[name]) for name, size in held.items()}


def row(corpus: str, form: str, master: str, cores: int, runs: list[dict]) -> str:
    """A line of the table: medians of runs."""

    def median(key: str) -> float:
        return statistics.median(run[key] for run in runs)

    mb = runs[0]["mb"]
    stages = {name: statistics.median(run["stages"][name] for run in runs) for name in runs[0]["stages"]}
    return (
        f"| {corpus} | {form} | {mb:.0f} | {master} | {cores} | {median('seconds'):.1f} | {mb / median('seconds'):.1f} "
        f"| {median('after_start'):.1f} | {mb / median('after_start'):.1f} | {median('cpu'):.1f} "
        f"| {median('jvm') / 1e9:.2f} | {median('python') / 1e9:.2f} "
        f"| {', '.join(f'{name} {value:.1f}' for name, value in stages.items())} |"
    )


if __name__ == "__main__":
    main()
