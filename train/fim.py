"""Fill-in-the-middle on tokens, drawn anew in every epoch (Bavarian et al. 2022).

Cuts fall between tokens. Whoever wants cuts between characters, which spares the model whole tokens at the cuts that it
will not meet when a cursor stands inside a word, renders documents so before they are packed and leaves `rate` at 0.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from train.packed import Packed

N_EXTRA = 3  # special tokens that it adds


@dataclass(frozen=True, kw_only=True)
class FimTokens:
    """Ids of the special tokens."""

    prefix: int
    middle: int
    suffix: int
    end_of_text: int

    @classmethod
    def of(cls, packed: Packed) -> FimTokens:
        """Those of a folder of packed tokens. WrongUse where it names none."""
        ids = [packed.special(name) for name in ("fim_prefix", "fim_middle", "fim_suffix", "end_of_text")]
        return cls(prefix=ids[0], middle=ids[1], suffix=ids[2], end_of_text=ids[3])


def fill_in_the_middle(tokens: np.ndarray, special: FimTokens, chances: tuple[float, float, float]) -> np.ndarray:
    """`tokens` in another order, with three special tokens; the end-of-text token stays at the end.

    `chances`, each in [0, 1), are the two cuts and the order: below .5 prefix, suffix, middle (PSM: `<fim_prefix>P
    <fim_suffix>S<fim_middle>M`), else suffix, prefix, middle (SPM: `<fim_prefix><fim_suffix>S<fim_middle>PM`).
    """
    ended = len(tokens) > 0 and tokens[-1] == special.end_of_text
    body, end = (tokens[:-1], tokens[-1:]) if ended else (tokens, tokens[:0])
    first, second = sorted(int(chance * (len(body) + 1)) for chance in chances[:2])
    prefix, middle, suffix = body[:first], body[first:second], body[second:]
    marks = np.array([special.prefix, special.suffix, special.middle], tokens.dtype)
    at_prefix, at_suffix, at_middle = marks[:1], marks[1:2], marks[2:]
    if chances[2] < 0.5:
        return np.concatenate((at_prefix, prefix, at_suffix, suffix, at_middle, middle, end))
    return np.concatenate((at_prefix, at_suffix, suffix, at_middle, prefix, middle, end))
