"""From a source's name to the source: the one place that knows every kind."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from curate.errors import WrongUse
from train.evaluate.generators.endpoint import Endpoint, Manners
from train.evaluate.generators.huggingface import Huggingface
from train.evaluate.generators.own import OwnModel
from train.evaluate.generators.protocol import Generator
from train.evaluate.generators.written import Written

KEY = "CODEMILL_API_KEY"  # the environment variable with an endpoint's key


@dataclass(frozen=True, kw_only=True)
class Options:
    """What some kinds of source take besides their name."""

    model: str | None = None  # the model's name at an endpoint
    batch: int = 16  # prompts at a time, where the model runs here
    device: str | None = None  # None: a GPU where there is one
    concurrency: int = 8  # calls to an endpoint at a time
    calls_per_minute: float | None = None


def _own(folder: Path, options: Options) -> Generator:
    return OwnModel(folder, batch=options.batch, device=options.device)


# A folder is the kind of which it holds the file or folder, the first that it holds: a run's has a config.json, too.
FOLDERS: Mapping[str, Callable[[Path, Options], Generator]] = {
    "checkpoints": _own,
    "trainer.json": _own,
    "config.json": lambda folder, options: Huggingface(folder, batch=options.batch, device=options.device),
}


def open_generator(source: str, options: Options) -> Generator:
    """The source of a name: http(s)://... an endpoint, a .jsonl(.gz) file, or a folder with a model.

    Raises WrongUse for a name that is none of these.
    """
    if source.startswith(("http://", "https://")):
        if options.model is None:
            raise WrongUse(f"{source}: an endpoint may serve several models: name one with --model")
        manners = Manners(concurrency=options.concurrency, calls_per_minute=options.calls_per_minute)
        return Endpoint(source, options.model, api_key=os.environ.get(KEY), manners=manners)
    path = Path(source)
    if path.is_file():
        return Written(path)
    if path.is_dir():
        for name, opened in FOLDERS.items():
            if (path / name).exists():
                return opened(path, options)
        raise WrongUse(f"{source} is a folder without {' or '.join(FOLDERS)}: give a folder that holds a model")
    raise WrongUse(
        f"{source} is not there: give a JSONL file of completions, a folder with a model, or an http address"
    )
