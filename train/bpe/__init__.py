"""Byte-level BPE as kernels over Arrow's buffers: the ids that `tokenizers` gives, at many times its speed.

`pieces` cuts text where the pattern of our tokenizers does, `merges` joins the bytes of a piece by rank, `encoder` does
both for a column of texts and remembers pieces; `vocabulary` reads a tokenizer.json and tells whether it is of the kind
that the kernels know. All others are left to `tokenizers`, which also trains, and defines what is right.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

import numpy as np


class TokenRows(NamedTuple):
    """Ids of a column of texts: those of text i are ids[offsets[i]:offsets[i + 1]]."""

    offsets: np.ndarray  # int64[texts + 1]
    ids: np.ndarray  # uint32

    def by_text(self) -> Iterator[np.ndarray]:
        """The ids of each text."""
        return (self.ids[start:end] for start, end in pairwise(self.offsets.tolist()))
