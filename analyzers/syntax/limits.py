"""What is refused before it is parsed, and how much work a parse may cost."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

import numpy as np

Refusal = Literal[
    "no_grammar", "too_large", "has_nul", "flood", "too_much_work", "too_many_nodes", "hung", "crashed",
    "failed",
]  # fmt: skip
"""Why a file has no report. The first six depend on its bytes alone. hung: the processor time is over; crashed: the
process died, twice; failed: an exception."""


@dataclass(frozen=True, kw_only=True)
class Limits:
    """Bounds on one file; all inclusive. Depth has none: nothing here is recursive."""

    max_bytes: int = 1_000_000
    max_flood_bytes: int = 4_000  # a run of one byte, blanks included: scanners of some grammars are quadratic in it
    base_calls: int = 2_000  # progress calls of the parser, one for each hundred of its steps
    calls_per_kilobyte: int = 200  # real code takes 3 to 40
    max_nodes: int = 2_000_000
    base_seconds: float = 5.0  # of processor time, for parsing and measuring; the last resort
    seconds_per_megabyte: float = 5.0

    def calls(self, n_bytes: int) -> int:
        """Progress calls that a file of this size may cost."""
        return self.base_calls + n_bytes * self.calls_per_kilobyte // 1000

    def seconds(self, n_bytes: int) -> float:
        """Processor time after which a file counts as hung."""
        return self.base_seconds + self.seconds_per_megabyte * n_bytes / 1e6


def refusal(source: bytes, limits: Limits) -> Refusal | None:
    """The reason not to parse, None where there is none."""
    if len(source) > limits.max_bytes:
        return "too_large"
    if b"\0" in source:
        return "has_nul"
    if _has_run(source, limits.max_flood_bytes + 1):
        return "flood"
    return None


def _has_run(source: bytes, length: int) -> bool:
    """Whether one byte stands there `length` times in a row.

    Such a run covers a whole block of half the length, so that only the sides of uniform blocks are looked at.
    """
    size = max(1, length // 2)
    n_blocks = len(source) // size
    if length <= 1 or not n_blocks:
        return length <= len(source)
    blocks = np.frombuffer(source, np.uint8, n_blocks * size).reshape(n_blocks, size)
    uniform = np.flatnonzero(blocks[:, 0] == blocks[:, -1])
    if not len(uniform):
        return False
    for block in uniform[(blocks[uniform] == blocks[uniform, :1]).all(axis=1)]:
        around = source[max(0, int(block) * size - length) : (int(block) + 1) * size + length]
        byte = re.escape(source[int(block) * size : int(block) * size + 1])
        if re.search(byte + b"{%d}" % length, around):
            return True
    return False
