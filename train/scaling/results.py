"""fit.json and plan.json: what the commands write, and read again."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from curate.errors import WrongUse
from train.scaling.fit import Fit, Point
from train.scaling.law import Law

FIT, PLAN, PAGE, MIXTURE = "fit.json", "plan.json", "report.html", "mixture.yaml"


def write_json(path: Path, told: Mapping[str, Any]) -> None:
    """A JSON file, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.part")
    part.write_text(json.dumps(told, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    part.replace(path)


def read_fits(folder: Path) -> dict[str, Fit]:
    """Fits by language, of a folder that `codemill scaling fit` wrote. WrongUse where it holds none."""
    path = folder / FIT
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
        return {name: _fit(one, str(path)) for name, one in raw["laws"].items()}
    except (OSError, ValueError, KeyError, TypeError) as error:
        if isinstance(error, WrongUse):
            raise
        raise WrongUse(f"{path} cannot be read: {error}; write it with `codemill scaling fit`") from None


def _fit(told: Mapping[str, Any], where: str) -> Fit:
    return Fit(
        law=Law.of(told["law"], where),
        low=told["low"],
        high=told["high"],
        points=tuple(Point(**one) for one in told["points"]),
        rms=told["rms"],
        undetermined=tuple(told["undetermined"]),
        resampled=tuple(Law.of(one, where) for one in told["resampled"]),
    )
