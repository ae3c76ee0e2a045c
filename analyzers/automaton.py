"""Many regular expressions looked for at once, by Hyperscan; each set of them is compiled once on a machine.

Compiling takes from some hundredths to some tenths of a second a set, and a run over many languages has dozens of them
in each of its workers; reading what was compiled before takes less than a thousandth. It is kept beside this module, as
compiled Python is, under a hash of the expressions. What another version of Hyperscan made, or one for another kind of
machine, is made anew; where nothing can be written, every process compiles for itself.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import hyperscan
import xxhash

_KEPT = Path(__file__).parent / "__pycache__"


def automaton(
    expressions: Sequence[bytes], *, flags: int = 0, numbers: Sequence[int] | None = None
) -> hyperscan.Database:
    """What scans blocks of bytes for all expressions, at least one, in Hyperscan's syntax (no look-around, no
    back-references). Those found are told of by their numbers, by default their places. hyperscan.error where an
    expression is none."""
    numbers = list(range(len(expressions))) if numbers is None else list(numbers)
    told = repr((flags, numbers, list(expressions)))
    kept = _KEPT / f"automaton-{xxhash.xxh3_128_hexdigest(told.encode())}.hs"
    with suppress(OSError, hyperscan.error):
        return _read(kept)
    made = hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK)
    made.compile(
        expressions=list(expressions), ids=numbers, elements=len(numbers), flags=[flags] * len(numbers),
    )  # fmt: skip
    with suppress(OSError):
        _KEPT.mkdir(exist_ok=True)
        written = kept.with_suffix(f".{uuid.uuid4().hex}")  # machines that share a disk share numbers of processes
        written.write_bytes(hyperscan.dumpb(made))
        written.replace(kept)
    return made


def _read(path: Path) -> hyperscan.Database:
    found = hyperscan.loadb(path.read_bytes(), mode=hyperscan.HS_MODE_BLOCK)
    found.scratch = hyperscan.Scratch(found)
    return found
