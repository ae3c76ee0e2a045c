"""Histograms of signals in bins that are fixed beforehand: they add up over any number of files, in bounded memory."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np

Scale = Literal["yes_or_no", "fraction", "points", "log"]

_LINEAR = 50  # bins of 0..1 and of 0..100
_LEAST, _MOST, _PER_DECADE = -2, 9, 8  # of a logarithmic scale: .01 to 10^9, eight bins to a power of ten
_LOG = (_MOST - _LEAST) * _PER_DECADE + 1  # the first holds 0 and what is below it
_N_BINS: dict[Scale, int] = {"yes_or_no": 2, "fraction": _LINEAR, "points": _LINEAR, "log": _LOG}


def scale_of(signal: str, *, is_bool: bool) -> Scale:
    """The scale of a signal by its name: shares in 0..1, scores in 0..100, and counts, sizes and lengths."""
    if is_bool:
        return "yes_or_no"
    if signal.endswith("_fraction"):
        return "fraction"
    return "points" if signal.endswith(("_score", "_maintainability")) else "log"


def places(scale: Scale, values: np.ndarray) -> np.ndarray:
    """Where values stand, in bins from the left; what is off the scale stands at its end."""
    if scale == "yes_or_no":
        at = np.asarray(values, float)
    elif scale == "log":
        with np.errstate(divide="ignore", invalid="ignore"):
            at = 1 + (np.log10(np.maximum(values, 0)) - _LEAST) * _PER_DECADE
        at = np.where(values > 0, np.maximum(at, 1), 0)
    else:
        at = np.asarray(values, float) * (_LINEAR / (1 if scale == "fraction" else 100))
    return np.clip(at, 0, _N_BINS[scale])


def edge(scale: Scale, place: int) -> float:
    """The value at the left of a bin."""
    if scale == "yes_or_no":
        return float(place)
    if scale == "log":
        return 0.0 if place == 0 else 10.0 ** (_LEAST + (place - 1) / _PER_DECADE)
    return place * (1 if scale == "fraction" else 100) / _LINEAR


@dataclass
class Sketch:
    """How many kept and dropped files have a value in each bin."""

    scale: Scale
    kept: np.ndarray = field(init=False)
    dropped: np.ndarray = field(init=False)

    def __post_init__(self) -> None:
        self.kept, self.dropped = (np.zeros(_N_BINS[self.scale], np.int64) for _ in range(2))

    def add(self, values: np.ndarray, is_kept: np.ndarray) -> None:
        """Count values (float64; NaN is not measured) of files that were kept or not."""
        measured = ~np.isnan(values)
        last = _N_BINS[self.scale] - 1
        at = np.minimum(places(self.scale, values[measured]).astype(np.int64), last)
        kept = is_kept[measured]
        self.kept += np.bincount(at[kept], minlength=last + 1)
        self.dropped += np.bincount(at[~kept], minlength=last + 1)

    @property
    def n_files(self) -> int:
        """Files with a value."""
        return int(self.kept.sum() + self.dropped.sum())
