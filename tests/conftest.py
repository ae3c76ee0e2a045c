"""What all tests share: one Spark session for those marked `spark`, and none for any other."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


# A busy machine is no defect, and what passes must pass again; HYPOTHESIS_PROFILE=explore looks at new examples.
settings.register_profile("steady", deadline=None, derandomize=True)
settings.register_profile("explore", deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "steady"))


@pytest.fixture(scope="session")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SparkSession]:
    """A session on two cores with a small heap, started when a test first asks. Such tests are marked `spark`."""
    from curate import session

    small = {
        "spark.driver.memory": "1g",
        "spark.local.dir": str(tmp_path_factory.mktemp("spark")),
    }
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)  # py4j closes its sockets when it is collected
        own = session.start("local[2]", small)
        yield own
        own.stop()


@pytest.fixture(autouse=True)
def _no_java_unasked(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """A test without the mark `spark` must not start a JVM: it would cost ten seconds, unseen."""
    if request.node.get_closest_marker("spark") is None:
        if "spark" in request.fixturenames:
            pytest.fail("this test uses the fixture `spark`: mark it with pytest.mark.spark")
        monkeypatch.setattr("curate.session.start", _refuse)


def _refuse(*_: object) -> None:
    raise AssertionError("this test starts a JVM: mark it with pytest.mark.spark")
