"""Fill-in-the-middle on characters, so that cuts fall inside words as cursors do (Bavarian et al. 2022).

Drawn once, when documents are packed; train/fim.py draws anew in every epoch, but between tokens.
"""

from __future__ import annotations

from train.chance import chance
from train.renderers.document import FIM_MIDDLE, FIM_PREFIX, FIM_SUFFIX


def fill_in_the_middle(code: str, seed: int, content_id: str, head: str = "") -> list[str]:
    """`code` cut at two uniform places, as prefix-suffix-middle or suffix-prefix-middle, half of the time each:

    PSM `<fim_prefix>P<fim_suffix>S<fim_middle>M`, SPM `<fim_prefix><fim_suffix>S<fim_middle>PM`. `head`, a file's path,
    stands before P and is never cut.
    """
    cuts = sorted(int(chance(seed, name, content_id) * (len(code) + 1)) for name in ("first cut", "second cut"))
    prefix, middle, suffix = head + code[: cuts[0]], code[cuts[0] : cuts[1]], code[cuts[1] :]
    if chance(seed, "fim order", content_id) < 0.5:
        return [FIM_PREFIX, prefix, FIM_SUFFIX, suffix, FIM_MIDDLE, middle]
    return [FIM_PREFIX, FIM_SUFFIX, suffix, FIM_MIDDLE, prefix + middle]


def maybe_filled(code: str, rate: float, seed: int, content_id: str, head: str = "") -> list[str]:
    """The code after its head, filled in the middle where chance says so."""
    if chance(seed, "fim", content_id) < rate:
        return fill_in_the_middle(code, seed, content_id, head)
    return [head + code]
