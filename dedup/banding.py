"""Banding: which files' MinHash signatures agree in one of many bands, and with what odds similar files do.

Two sets of Jaccard similarity j agree in all `rows` values of a band with probability j^rows, hence in at least one of
`bands` with 1 - (1 - j^rows)^bands (Leskovec, Rajaraman and Ullman, Mining of Massive Datasets, 3.4).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dedup.kernel import kernel, mix

_SPREAD = np.uint64(0x9E3779B97F4A7C15)


def collision_probability(jaccard: float | np.ndarray, bands: int, rows: int) -> float | np.ndarray:
    """Odds that two sets of this similarity are candidates: 1 - (1 - j^rows)^bands."""
    return -np.expm1(bands * np.log1p(-np.minimum(np.asarray(jaccard, float) ** rows, 1 - 1e-16)))


@dataclass(frozen=True, kw_only=True)
class Bands:
    """How a signature is cut. 42 x 6 finds .995 of the pairs at Jaccard similarity .7, all but 2 in 10^9 at .85."""

    bands: int = 42
    rows: int = 6

    def __post_init__(self) -> None:
        if self.bands < 1 or self.rows < 1:
            raise ValueError(f"{self.bands} bands of {self.rows} rows: both are at least 1")

    @property
    def name(self) -> str:
        """The part of a signature's version that names them."""
        return f"{self.bands}x{self.rows}"


def choose_bands(threshold: float, permutations: int, *, min_recall: float = 0.99) -> Bands:
    """The cut that makes the fewest candidates below the threshold and has odds of `min_recall` or more at it.

    Fewest: the smallest mean of the odds over similarities from 0 to the threshold; of equal ones the fewer bands.
    """
    if not (0 < threshold < 1 and 0 < min_recall < 1):
        raise ValueError(f"threshold {threshold} and recall {min_recall} must lie between 0 and 1")
    below = (np.arange(1000) + 0.5) / 1000 * threshold
    best: tuple[float, int, int] | None = None
    for rows in range(1, permutations + 1):
        most = permutations // rows
        if collision_probability(threshold, most, rows) < min_recall:
            break  # longer rows only lower the odds, and leave fewer bands
        bands = next(n for n in range(1, most + 1) if collision_probability(threshold, n, rows) >= min_recall)
        found = (float(np.mean(collision_probability(below, bands, rows))), bands, rows)
        best = min(best, found) if best else found
    if best is None:
        raise ValueError(
            f"{permutations} permutations reach a recall of {collision_probability(threshold, permutations, 1):.4f} at "
            f"{threshold}, less than {min_recall}: take more permutations or ask for less"
        )
    return Bands(bands=best[1], rows=best[2])


@kernel
def _keys(minhashes, bands, rows, out):
    for i in range(minhashes.shape[0]):
        for band in range(bands):
            key = np.uint64(band + 1) * _SPREAD
            for k in range(band * rows, (band + 1) * rows):
                key = mix(key ^ np.uint64(minhashes[i, k])) + _SPREAD
            out[band, i] = key


def band_keys(minhashes: np.ndarray, bands: Bands) -> np.ndarray:
    """Keys (uint64[bands, files]) of signatures (uint32[files, permutations]).

    The band's number is part of the key, so all bands may be thrown together. ValueError where a signature has too few
    values for them.
    """
    needed = bands.bands * bands.rows
    if minhashes.shape[1] < needed:
        raise ValueError(
            f"{bands.bands} bands of {bands.rows} rows need {needed} values and signatures have {minhashes.shape[1]}: "
            f"take more permutations, or fewer bands or rows"
        )
    out = np.empty((bands.bands, len(minhashes)), np.uint64)
    _keys(minhashes, bands.bands, bands.rows, out)
    return out
