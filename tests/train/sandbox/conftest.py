"""A sandbox for all tests of a session. Where a machine allows none, they fail and say what is closed."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from train.sandbox.pool import Sandbox


@pytest.fixture(scope="session")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(workers=2) as own:
        yield own
