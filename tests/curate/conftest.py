"""What tests of the engine share: the small corpus, and the command in this process on the shared session."""

from __future__ import annotations

from pathlib import Path

import pytest
import small_corpus


@pytest.fixture(scope="session")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> small_corpus.Corpus:
    """The small corpus. Read only."""
    return small_corpus.make(tmp_path_factory.mktemp("corpus"))


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """Where a test's run may write; it does not exist yet."""
    return tmp_path / "out"
