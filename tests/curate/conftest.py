"""What tests of the engine share: the small corpus, and runs of it on the shared session."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import small_corpus
from command import Command, Ended, Said

import curate

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


@pytest.fixture(scope="session")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> small_corpus.Corpus:
    """The small corpus. Read only."""
    return small_corpus.make(tmp_path_factory.mktemp("corpus"))


@pytest.fixture(scope="session")
def minimal(corpus: small_corpus.Corpus, tmp_path_factory: pytest.TempPathFactory, spark: SparkSession) -> curate.Run:
    """The corpus milled by the recipe `minimal`. Read only."""
    return curate.run("minimal", corpus.inputs, tmp_path_factory.mktemp("minimal") / "out", spark)


@pytest.fixture(scope="session")
def codefuse(corpus: small_corpus.Corpus, tmp_path_factory: pytest.TempPathFactory, spark: SparkSession) -> curate.Run:
    """The corpus milled by the recipe `codefuse`. Read only."""
    return curate.run("codefuse", corpus.inputs, tmp_path_factory.mktemp("codefuse") / "out", spark)


@pytest.fixture(scope="session")
def commanded(corpus: small_corpus.Corpus, tmp_path_factory: pytest.TempPathFactory) -> tuple[curate.Run, Ended]:
    """The same by the command, on one core and in seven partitions where the other has two and Spark's own choice."""
    folder = tmp_path_factory.mktemp("commanded")
    (folder / "spark-defaults.conf").write_text("spark.default.parallelism 7\nspark.sql.shuffle.partitions 7\n")
    arguments = ["codefuse", *corpus.inputs, "--out", str(folder / "out"), "--master", "local[1]"]
    ended = Command(arguments, folder / "log", {"SPARK_CONF_DIR": str(folder)}).wait()
    assert (ended.code, ended.said) == (0, [])
    return curate.Run(folder / "out"), ended


@pytest.fixture
def main(
    spark: SparkSession, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., Said]:
    """`codemill ARGUMENTS...` in this process, with the shared session in the place of one of its own."""
    from curate import cli

    monkeypatch.setattr("curate.session.start", lambda *_: spark)
    monkeypatch.setattr(spark, "stop", lambda: None)

    def call(*arguments: str | Path) -> Said:
        with pytest.raises(SystemExit) as ended:
            cli.main([str(word) for word in arguments])
        told = capsys.readouterr()
        assert isinstance(ended.value.code, int)
        return Said(code=ended.value.code, out=told.out, err=told.err)

    return call
