"""What a stage held is told if it can be known, and never ends a run."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from curate.memory import Watch

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


@pytest.mark.spark
def test_a_spark_that_does_not_tell_ends_no_run(spark: SparkSession) -> None:
    """One without what is asked for, as others build it, and one whose JVM died behind a stage that was done."""
    context = spark.sparkContext
    context.setJobGroup("watched", "watched")
    told = SimpleNamespace(statusTracker=context.statusTracker)
    other: Any = SimpleNamespace(**vars(told), _jsc=SimpleNamespace(sc=context._jvm.java.lang.Object))
    watches = [Watch(context, "watched"), Watch(other, "watched")]
    assert spark.range(10).count() == 10
    assert watches[0].peaks().keys() <= {"jvm_bytes", "python_bytes"}
    assert watches[1].peaks() == {}

    def gone() -> None:
        raise ConnectionRefusedError("the JVM is not there")

    other._jsc.sc = gone
    assert watches[1].peaks() == {}
