"""What an arm's weak languages ask for: more of their tokens where the other arm had more, else a look at the rules.

A language is weak in an arm where its held-out loss is clearly above the other arm's. If the other arm trained on a
larger share of it, the arm's share is raised towards that, by repeating at most `MOST_EPOCHS` times (Muennighoff et al.
2023). If it had no larger share, tokens are not what is missing: the rules that dropped most of the language are named.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from curate.shards import Run
from train.packed import Packed
from train.scaling.mixture import languages_of, views, write_mixture

MOST_EPOCHS = 4.0
_RULES = 5  # named of a language


def shares_of(packed: Packed) -> dict[str, float]:
    """Each language's share of a folder's tokens."""
    numbers, names = packed.languages
    tokens = np.bincount(numbers, weights=packed.lengths, minlength=len(names))
    return dict(zip(names, (tokens / tokens.sum()).tolist(), strict=True))


def weak_languages(by_language: Mapping[str, Mapping[str, Any]], *, first: bool) -> list[str]:
    """Languages in which an arm, the first or the second, is clearly worse than the other."""
    wanted = "better" if first else "worse"  # of the second arm
    return [name for name, found in by_language.items() if found["verdict"] == wanted]


def propose(weak: list[str], run: Run, own: Mapping[str, float], other: Mapping[str, float]) -> dict[str, Any]:
    """{"languages": {name: why, epochs, rules}}: for a run whose arm trained on the shares `own`."""
    found: dict[str, Any] = {}
    for name in weak:
        mine, theirs = own.get(name, 0.0), other.get(name, 0.0)
        told: dict[str, Any] = {"share": mine, "other_share": theirs, "rules": _rules(run, name)}
        if mine and theirs > mine:
            told["epochs"] = min(MOST_EPOCHS, theirs / mine)
        found[name] = told
    return found


def write_proposal(proposed: Mapping[str, Any], run: Run, folder: Path, tokenizer: Path) -> Path | None:
    """A mixture for `codemill pack` over the whole run; None where no language asks for more tokens."""
    epochs = {name: one["epochs"] for name, one in proposed.items() if "epochs" in one}
    if not epochs:
        return None
    names = languages_of(run)
    sources = views(run, names, folder / "languages")
    wanted = {name: epochs.get(name, 1.0) for name in names}
    return write_mixture(folder / "mixture.yaml", sources, wanted, tokenizer=tokenizer)


def _rules(run: Run, language: str) -> list[dict[str, Any]]:
    """The rules of a run that dropped most files of a language."""
    found = [
        {"rule": f"{row['stage']}.{row['reason']}", "files": row["languages"][language]}
        for row in run.summary.get("reasons", ())
        if language in row["languages"]
    ]
    return sorted(found, key=lambda one: -one["files"])[:_RULES]
