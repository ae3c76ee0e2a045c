"""OUT: what a run may find there, and what it may remove."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from pathlib import Path

from curate import manifest, report
from curate.errors import WrongUse
from curate.inputs import resolve
from curate.stages import STAGES

_DELIVERED = tuple(name for stage in STAGES.values() for name in stage.delivers)


def clear(folder: Path) -> None:
    """Remove what an earlier run left in OUT, and nothing else."""
    for name in ("manifest.json", "report.html", "summary.txt", "shards", "ledger", "_work", *_DELIVERED):
        if (folder / name).is_dir():
            shutil.rmtree(folder / name, ignore_errors=True)
        else:
            (folder / name).unlink(missing_ok=True)


def check_places(inputs: Sequence[str | Path], out: str | Path, *, fresh: bool) -> None:
    """WrongUse where an input names nothing or OUT is no place for a run; touches nothing."""
    resolve(inputs)
    if "://" in str(out):
        raise WrongUse(f"--out {out} is a URL: name a folder on a file system that all workers see")
    folder = Path(os.path.abspath(out))
    if not fresh and not (folder / manifest.NAME).exists():
        refuse_strangers(folder)


def refuse_strangers(folder: Path) -> None:
    """WrongUse where OUT holds what is no run's."""
    if folder.exists() and not folder.is_dir():
        raise WrongUse(f"--out {folder} is a file: name a folder")
    unfinished = {f"{name}.unfinished" for name in (report.NAME, manifest.NAME)}
    ours = {"shards", "ledger", "_work", report.NAME, *unfinished, *_DELIVERED}
    strangers = sorted(path.name for path in folder.glob("*") if path.name not in ours) if folder.is_dir() else []
    if strangers:
        raise WrongUse(f"--out {folder} holds {strangers[0]!r}, which is no run's: name an empty or new folder")
