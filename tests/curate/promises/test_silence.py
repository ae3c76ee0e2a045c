"""Promise 7: silence is an error. What cannot be meant fails with one sentence and leaves what it found as it was."""

from __future__ import annotations

import random
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from command import Said, sums
from small_corpus import Corpus

import curate
from curate import manifest

pytestmark = pytest.mark.spark

Main = Callable[..., Said]


def one_sentence(said: Said) -> str:
    """What the command says of a failure, after `codemill: `; stages before it may have told of themselves."""
    lines = [line for line in said.err.splitlines() if line.startswith("codemill: ")]
    assert len(lines) == 1, said.err
    assert said.err.endswith(lines[0] + "\n")
    assert "Traceback" not in said.err
    return lines[0].removeprefix("codemill: ")


def state(folder: Path) -> dict[str, tuple[int, int, int]]:
    """Everything in a folder, with inode, size and time of change."""
    found = {path.relative_to(folder).as_posix(): path.lstat() for path in folder.rglob("*")}
    return {name: (status.st_ino, status.st_size, status.st_mtime_ns) for name, status in found.items()}


def test_an_empty_folder(main: Main, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    said = main("run", "minimal", tmp_path / "in", "--out", tmp_path / "out")
    assert said.code == 1
    assert "nothing was read" in one_sentence(said)
    assert not (tmp_path / "out" / manifest.NAME).exists()


def test_all_dropped_is_told(main: Main, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    for number in range(12):
        (tmp_path / "in" / f"{number}.py").write_bytes(b"\0" * 64)
    said = main("run", "minimal", tmp_path / "in", "--out", tmp_path / "out")
    assert said.code == 0
    run = curate.Run(tmp_path / "out")
    assert "no file was kept" in run.manifest["warnings"]
    assert "no file was kept" in said.out
    assert run.ledger.count_rows() == 12
    assert list(run.documents()) == []


@pytest.mark.parametrize("stranger", ["thesis.tex", "shards.old", ".hidden"])
def test_a_folder_with_other_things_is_refused(stranger: str, main: Main, corpus: Corpus, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / stranger).write_text("mine")
    before = state(tmp_path / "out")
    said = main("run", "minimal", *corpus.inputs, "--out", tmp_path / "out")
    assert said.code == 2
    assert stranger in one_sentence(said)
    assert state(tmp_path / "out") == before


def test_a_file_as_out_is_refused(main: Main, corpus: Corpus, tmp_path: Path) -> None:
    (tmp_path / "out").write_text("mine")
    said = main("run", "minimal", *corpus.inputs, "--out", tmp_path / "out")
    assert said.code == 2
    assert "is a file" in one_sentence(said)
    assert (tmp_path / "out").read_text() == "mine"


def test_a_finished_run_is_given_back_untouched(main: Main, corpus: Corpus, minimal: curate.Run) -> None:
    before = state(minimal.folder)
    said = main("run", "minimal", *corpus.inputs, "--out", minimal.folder)
    assert said.code == 0
    assert state(minimal.folder) == before


@pytest.mark.parametrize("other", ["recipe", "input"])
def test_another_recipe_or_input_on_a_finished_run_is_refused(
    other: str, main: Main, corpus: Corpus, minimal: curate.Run
) -> None:
    before = state(minimal.folder)
    recipe, inputs = ("starcoder", corpus.inputs) if other == "recipe" else ("minimal", corpus.inputs[:1])
    said = main("run", recipe, *inputs, "--out", minimal.folder)
    assert said.code == 2
    assert "--fresh" in one_sentence(said)
    assert state(minimal.folder) == before  # fails: OUT/_work/listing is left behind


def test_out_inside_the_input_is_not_read(main: Main, tmp_path: Path) -> None:
    """Not the first time, and not when what an interrupted run left lies there."""
    (tmp_path / "in" / "a").mkdir(parents=True)
    (tmp_path / "in" / "a" / "one.py").write_text("print(1)\n")
    out = tmp_path / "in" / "out"
    out.joinpath("_work", "narrow").mkdir(parents=True)
    out.joinpath("_work", "narrow", "left.py").write_text("print(2)\n")
    assert main("run", "minimal", tmp_path / "in", "--out", out).code == 0
    rows = curate.Run(out).ledger.to_table(["path", "drop_reason"]).to_pylist()
    assert {row["path"]: row["drop_reason"] for row in rows} == {"a/one.py": None, "out": "output_folder"}


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 4 MB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", disk], capture_output=True, text=True)
    if mounted.returncode:
        pytest.skip(f"a small file system cannot be mounted here: {mounted.stderr.strip()}")
    yield disk
    subprocess.run(["umount", "--lazy", disk], check=True)


@pytest.fixture
def incompressible(tmp_path: Path) -> Path:
    """Some 12 MB of text of which no compression makes less than 6."""
    folder = tmp_path / "in"
    folder.mkdir()
    rng = random.Random(0)
    for number in range(24):
        noise = "".join(f"x = '{rng.randbytes(60).hex()}'\n" for _ in range(4000))
        (folder / f"noise{number}.py").write_text(noise)
    return folder


def test_a_full_disk(main: Main, small_disk: Path, incompressible: Path, tmp_path: Path) -> None:
    arguments = ["run", "minimal", incompressible, "--out"]
    said = main(*arguments, small_disk / "out")
    assert said.code == 1
    assert "no space left" in one_sentence(said)
    assert not (small_disk / "out" / manifest.NAME).exists()
    subprocess.run(["mount", "-o", "remount,size=200m", small_disk], check=True)
    assert main(*arguments, small_disk / "out").code == 0
    assert main(*arguments, tmp_path / "elsewhere").code == 0
    assert sums(curate.Run(small_disk / "out")) == sums(curate.Run(tmp_path / "elsewhere"))
