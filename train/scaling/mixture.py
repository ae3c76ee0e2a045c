"""A plan's mixture as a configuration of `codemill pack`: a source a language, each taken as often as the plan asks.

A source is a view of the run: a folder whose manifest lists the shards of one language, which lie where they lay. What
reads runs reads views.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from urllib.parse import quote

import yaml

from curate.errors import WrongUse
from curate.shards import MANIFEST, Run

_SHARDS = "shards"


def write_view(run: Run, language: str, folder: Path) -> Run:
    """A view of one language of a run. WrongUse where the run has none of it."""
    prefix = f"{_SHARDS}/language={quote(language, safe='')}/"
    files = [file for file in run.manifest["files"] if file["path"].startswith(prefix)]
    if not files:
        raise WrongUse(f"{run.folder} has no {language}: leave the language out")
    folder.mkdir(parents=True, exist_ok=True)
    link = folder / _SHARDS
    link.unlink(missing_ok=True)
    link.symlink_to(os.path.relpath(run.folder.resolve() / _SHARDS, folder.resolve()), target_is_directory=True)
    told = {"view_of": str(run.folder.resolve()), "languages": [language], "files": files}
    (folder / MANIFEST).write_text(json.dumps(told, indent=2) + "\n", encoding="utf-8")
    return Run(folder)


def views(run: Run, languages: Sequence[str], folder: Path) -> dict[str, Run]:
    """A view of each language below a folder."""
    return {name: write_view(run, name, folder / quote(name, safe="")) for name in languages}


def languages_of(run: Run) -> list[str]:
    """The languages that a run has shards of."""
    kept = run.manifest["counts"]["languages"]
    return [name for name, amounts in kept.items() if amounts["kept"]["files"]]


def write_mixture(path: Path, sources: Mapping[str, Run], epochs: Mapping[str, float], *, tokenizer: Path) -> Path:
    """The configuration: languages that are taken not at all are left out."""
    told = {
        "tokenizer": str(tokenizer.resolve()),
        "out": str((path.parent / "packed").resolve()),
        "sources": [
            {"run": str(run.folder.resolve()), "name": name, "epochs": round(epochs[name], 6)}
            for name, run in sources.items()
            if epochs[name] >= 1e-6
        ],
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(yaml.safe_dump(told, sort_keys=False, allow_unicode=True), encoding="utf-8")
    return path
