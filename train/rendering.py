"""How the documents of a run are rendered: each manner that `codemill pack` knows, by its name."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Literal

from curate.shards import Run
from train.chance import chance
from train.regroup import by_path, repositories
from train.renderers.commits import render_commit
from train.renderers.dependencies import by_imports
from train.renderers.document import COLUMNS, RenderConfig, Rendered, Row
from train.renderers.files import render_file
from train.renderers.issues import render_issue
from train.renderers.parallel import counterparts
from train.renderers.repositories import render_repository

Manner = Literal["files", "repositories", "dependencies", "parallel", "commits", "issues"]

_ROWS = 64  # of a shard at a time


def rendered(manner: Manner, run: Run, config: RenderConfig, scratch: Path, take: float = 1.0) -> Iterator[Rendered]:
    """A run's documents of one epoch; below 1, `take` is the share of them that is taken, by a hash of their content.

    `scratch` is a folder of its own for manners that put files together; it is gone at the end. A row that is no
    commit, or no conversation, where such are rendered gives a document without text, which is left out and counted.
    WrongUse where the run has no facts of imports and the manner needs them.
    """
    if manner in _ALONE:
        yield from _each(run, _ALONE[manner], config, take)
        return
    shutil.rmtree(scratch, ignore_errors=True)  # of a packing that was interrupted
    scratch.mkdir()
    try:
        for group in _GROUPS[manner](run, config, scratch):
            if chance(config.seed, "take", group[0]["content_id"]) < take:
                is_alone = len(group) == 1 and (manner == "parallel" or not group[0]["repo"])
                yield render_file(group[0], config) if is_alone else render_repository(group, config)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _each(
    run: Run, render: Callable[[Row, RenderConfig], Rendered | None], config: RenderConfig, take: float
) -> Iterator[Rendered]:
    for batch in run.documents(COLUMNS, batch_rows=_ROWS):
        for row in batch.to_pylist():
            if chance(config.seed, "take", row["content_id"]) < take:
                yield render(row, config) or Rendered(parts=(), file_id=row["file_id"], language=row["language"])


def _repositories(run: Run, config: RenderConfig, scratch: Path) -> Iterator[list[Row]]:
    return repositories(run, scratch, order=by_path)


def _dependencies(run: Run, config: RenderConfig, scratch: Path) -> Iterator[list[Row]]:
    return repositories(run, scratch, order=by_imports, with_imports=True)


def _parallel(run: Run, config: RenderConfig, scratch: Path) -> Iterator[list[Row]]:
    for rows in repositories(run, scratch):
        yield from counterparts(rows, config)


_ALONE: dict[str, Callable[[Row, RenderConfig], Rendered | None]] = {
    "files": render_file,
    "commits": render_commit,
    "issues": render_issue,
}
"""Manners in which each row is a document."""

_GROUPS: dict[str, Callable[[Run, RenderConfig, Path], Iterator[list[Row]]]] = {
    "repositories": _repositories,
    "dependencies": _dependencies,
    "parallel": _parallel,
}
"""Manners in which rows are put together."""
