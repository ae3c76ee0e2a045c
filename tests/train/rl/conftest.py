"""One toy task, with a small model pretrained on it, for all tests of a session."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import torch

from train.pretrain import pretrain
from train.rl import toy
from train.sandbox.pool import Sandbox


@contextmanager
def single_threaded() -> Iterator[None]:
    """Tensors this small are slower on many threads."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    with single_threaded():
        yield


@pytest.fixture(scope="session")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(workers=2) as own:
        yield own


@pytest.fixture(scope="session")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The task's folder without a model."""
    folder = tmp_path_factory.mktemp("written")
    toy.write(folder, documents=10)
    return folder


@pytest.fixture(scope="session")
def task(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Its folder: corpus, tokenizer, prompts, and the run in `pretrained`."""
    folder = tmp_path_factory.mktemp("toy")
    toy.write(folder)
    with single_threaded():
        pretrain(toy.pretraining(folder), face="quiet")
    return folder
