"""How a kernel of this package is compiled, and the machine instruction that Numba has no name for.

Kernels take arrays and make none: scratch and results come from the caller. So Numba's reference counting can be off
(`_nrt`, an option that Numba keeps for itself), which otherwise costs two atomic additions for every array handed on.
What is compiled is kept on the disk, and known again by the bytes of all modules of kernels beside it and beside this
one: Numba asks for the size and time of the kernel's own file alone, and would go on with old code after a change of
what is inlined from another.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import xxhash
from numba import njit, types
from numba.extending import intrinsic

_OPTIONS: dict[str, Any] = {"cache": True, "nogil": True, "_nrt": False}


def kernel(function: Callable[..., Any], **options: Any) -> Any:
    """Compiles a function over arrays, releasing the GIL."""
    compiled = njit(**_OPTIONS, **options)(function)
    kept = getattr(getattr(compiled, "_cache", None), "_cache_file", None)
    if kept is not None:  # with NUMBA_DISABLE_JIT there is none
        folders = Path(function.__code__.co_filename).parent, Path(__file__).parent
        kept._source_stamp = kept._source_stamp, *map(_sources, folders)
    return compiled


def inlined(function: Callable[..., Any]) -> Any:
    """Compiles a small one inside the hot loop of another; options that are constants there cost nothing."""
    return kernel(function, forceinline=True)


@cache
def _sources(folder: Path) -> str:
    """A hash of a folder's modules of kernels."""
    texts = [path.read_bytes() for path in sorted(folder.glob("*.py"))]
    return xxhash.xxh3_128_hexdigest(b"\0".join(text for text in texts if b"kernel" in text))


def _popcount(typingctx, word):
    """Number of bits that are set in a uint64."""

    def generate(context, builder, signature, arguments):
        return builder.ctpop(arguments[0])

    return types.int64(types.uint64), generate


popcount: Any = intrinsic(_popcount)


@inlined
def mix(word):
    """Spreads the bits of a uint64 over all of it (the finaliser of splitmix64)."""
    word = (word ^ (word >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    word = (word ^ (word >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return word ^ (word >> np.uint64(31))


@inlined
def rotated(word, n_bits):
    """A uint64 rotated to the left by 1 to 63 bits."""
    return (word << np.uint64(n_bits)) | (word >> np.uint64(64 - n_bits))
