"""How well a classifier's answers agree with labels: area under the curve, and precision and recall at thresholds."""

from __future__ import annotations

from typing import Any

import numpy as np

THRESHOLDS = (0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 0.9)


def auc(scores: np.ndarray, is_high: np.ndarray) -> float | None:
    """How often the high one of a high and a low file has the higher score, ties counting half; None without a pair."""
    n_high, n_low = int(is_high.sum()), int((~is_high).sum())
    if not n_high or not n_low:
        return None
    _, inverse, counts = np.unique(scores, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[inverse]
    return float((ranks[is_high].sum() - n_high * (n_high + 1) / 2) / (n_high * n_low))


def at(threshold: float, scores: np.ndarray, is_high: np.ndarray) -> dict[str, Any]:
    """Of a gate that keeps scores at or above a threshold: agreement with the labels over all files, the share of those
    kept that are high, of high ones that are kept, and of low ones that are dropped; None where there are none."""
    keeps = scores >= threshold
    right = int((keeps & is_high).sum())
    return {
        "threshold": threshold,
        "agreement": _share(int((keeps == is_high).sum()), len(scores)),
        "precision": _share(right, int(keeps.sum())),
        "recall": _share(right, int(is_high.sum())),
        "low_dropped": _share(int((~keeps & ~is_high).sum()), int((~is_high).sum())),
    }


def measures(scores: np.ndarray, is_high: np.ndarray) -> dict[str, Any]:
    """Files, how many of them are labelled high, area under the curve, and the figures of a gate at one half."""
    half = at(0.5, scores, is_high)
    told = {name: half[name] for name in ("agreement", "precision", "recall", "low_dropped")}
    return {"files": len(scores), "high": int(is_high.sum()), "auc": _rounded(auc(scores, is_high)), **told}


def _share(part: int, whole: int) -> float | None:
    return _rounded(part / whole) if whole else None


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)
