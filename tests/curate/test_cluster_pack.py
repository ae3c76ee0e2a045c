"""What is packed for a cluster, what is refused before a run relies on it, and the settings that ship it. No Spark."""

from __future__ import annotations

import io
import json
import platform
import subprocess
import tarfile
from pathlib import Path
from typing import Any

import pytest

from curate import cluster, cluster_check, cluster_pack, session
from curate.errors import RunFailed, WrongUse


def archive(path: Path, **told: Any) -> Path:
    """An archive that says it was made of this codemill and Python, but for what is given."""
    says = {"python": platform.python_version(), "code": cluster.code_hash()} | told
    content = json.dumps(says).encode()
    with tarfile.open(path, "w:gz") as packed:
        member = tarfile.TarInfo(cluster.TOLD)
        member.size = len(content)
        packed.addfile(member, io.BytesIO(content))
    return path


@pytest.mark.parametrize(
    ("master", "setting"),
    [
        ("spark://host:7077", "spark.archives"),
        ("k8s://https://host", "spark.archives"),
        ("yarn", "spark.yarn.dist.archives"),
    ],
)
def test_an_archive_is_shipped_by_the_setting_of_its_cluster(master: str, setting: str, tmp_path: Path) -> None:
    path = archive(tmp_path / "env.tar.gz")
    assert cluster.settings(master, str(path)) == {setting: f"file://{path}#environment"}
    url = "hdfs:///shared/env.tgz"  # can be looked at by workers only
    assert cluster.settings(master, url) == {setting: f"{url}#environment"}


@pytest.mark.parametrize(
    ("told", "refusal"),
    [({"python": "3.9.1"}, "has Python 3.9.1 and this is"), ({"code": "0"}, "has another codemill than this one")],
)
def test_an_archive_of_another_making_is_refused(told: dict[str, str], refusal: str, tmp_path: Path) -> None:
    path = archive(tmp_path / "env.tar.gz", **told)
    with pytest.raises(WrongUse, match=refusal):
        cluster.settings("yarn", str(path))


def test_what_is_no_archive_of_ours_is_refused(tmp_path: Path) -> None:
    (tmp_path / "broken.tar.gz").write_bytes(b"no archive")
    with tarfile.open(tmp_path / "other.tar.gz", "w:gz") as packed:
        packed.add(__file__, "file")
    for name, refusal in (
        ("env.tar", "codemill cluster pack"),  # Spark would unpack it without the right to run anything in it
        ("absent.tar.gz", "there is no such file"),
        ("broken.tar.gz", "cannot be read"),
        ("other.tar.gz", "is not of codemill's making"),
    ):
        with pytest.raises(WrongUse, match=refusal):
            cluster.settings("yarn", str(tmp_path / name))


def test_a_single_machine_takes_no_archive(tmp_path: Path) -> None:
    with pytest.raises(WrongUse, match="is for a cluster"):
        cluster.settings("local[2]", str(archive(tmp_path / "env.tar.gz")))


def test_settings_of_spark_are_words_with_a_value() -> None:
    given = ["spark.executor.memory=4g", "spark.executorEnv.A=b=c"]
    assert cluster.spark_settings(given) == {"spark.executor.memory": "4g", "spark.executorEnv.A": "b=c"}
    for word in ("spark.executor.memory", "executor.memory=4g", ""):
        with pytest.raises(WrongUse, match=r"write spark\.NAME=VALUE"):
            cluster.spark_settings([word])


def test_variables_are_as_before_when_a_session_has_started(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYSPARK_PYTHON", "mine")
    monkeypatch.delenv("PYSPARK_DRIVER_PYTHON", raising=False)
    with session._variables(PYSPARK_PYTHON="a", PYSPARK_DRIVER_PYTHON="b"):
        assert session.os.environ["PYSPARK_PYTHON"] == "a"
    assert session.os.environ["PYSPARK_PYTHON"] == "mine"
    assert "PYSPARK_DRIVER_PYTHON" not in session.os.environ


def test_what_codemill_requires_is_packed_and_nothing_of_development() -> None:
    names = set(cluster_pack._required(()))
    assert {"codemill", "pyarrow", "numba", "llvmlite", "pyspark", "py4j", "tree-sitter", "duckdb"} <= names
    assert not {"torch", "pytest", "ruff", "mypy", "s3fs", "pip"} & names
    assert "s3fs" in cluster_pack._required(["remote"])
    assert "pytest" in cluster_pack._required(["pytest"])
    with pytest.raises(RunFailed, match="no-such-thing is not installed here"):
        cluster_pack._required(["no-such-thing"])


def test_files_of_a_distribution_are_those_that_run() -> None:
    files = dict(cluster_pack._files_of(cluster_pack._distribution("pyspark"), with_spark=False))
    assert "pyspark/worker.py" in files
    assert not [name for name in files if "/tests/" in name or name.startswith(("..", "pyspark/jars"))]
    more = dict(cluster_pack._files_of(cluster_pack._distribution("pyspark"), with_spark=True))
    assert {Path(name).parts[:2] for name in more.keys() - files.keys()} == {("pyspark", "jars")}
    assert "Name: codemill" in cluster_pack._metadata()


def test_a_module_that_is_not_packed_is_missed_before_the_cluster_misses_it() -> None:
    with pytest.raises(RunFailed, match="No module named 'numpy'"):
        cluster_pack._try(["curate/__init__.py", "analyzers/__init__.py", "dedup/__init__.py"])


def test_the_same_files_are_the_same_archive_that_tar_unpacks(tmp_path: Path) -> None:
    (tmp_path / "program").write_text("#!/bin/sh\n")
    (tmp_path / "program").chmod(0o755)
    made = {"bin/python": cluster_pack._PYTHON.format(name="echo")}
    outs = [tmp_path / "one.tar.gz", tmp_path / "two.tar.gz"]
    for out in outs:
        cluster_pack._write(out, {"bin/program": tmp_path / "program"}, made, "{}")
    assert outs[0].read_bytes() == outs[1].read_bytes()
    assert cluster.told_in(outs[0]) == {}
    subprocess.run(["tar", "-xzf", outs[0], "-C", tmp_path], check=True)
    assert (tmp_path / "bin" / "program").stat().st_mode & 0o777 == 0o755
    (tmp_path / "bin" / "echo").symlink_to("/bin/echo")
    (tmp_path / "link").symlink_to("bin/python")
    ran = subprocess.run([tmp_path / "link", "a b", "c"], capture_output=True, text=True, check=True)
    assert ran.stdout == "a b c\n"


def test_an_out_that_is_not_shared_or_another_code_makes_a_machine_unfit() -> None:
    row = {"host": "h", "process": 1, "python": "3.11.7", "place": "/p", "seconds": 2.0, "compiled": 0}
    good = row | {"code": cluster.code_hash(), "shares_out": True}
    assert cluster_check._machine([good, good | {"process": 2, "seconds": 5.0}]).fit
    assert not cluster_check._machine([good, good | {"shares_out": False}]).fit
    assert not cluster_check._machine([good | {"code": "0"}]).fit


def test_a_probe_tells_of_a_folder_that_it_cannot_see(tmp_path: Path) -> None:
    (tmp_path / "word").write_text("w")
    (seen,) = cluster_check.probe(iter(()), str(tmp_path))
    row = seen.to_pylist()[0]
    assert row["told"] == "w"
    assert (tmp_path / row["wrote"]).exists()
    (blind,) = cluster_check.probe(iter(()), str(tmp_path / "elsewhere"))
    assert (blind.to_pylist()[0]["told"], blind.to_pylist()[0]["wrote"]) == (None, None)
