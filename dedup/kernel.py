"""How a kernel of this package is compiled, and the machine instruction that Numba has no name for.

Kernels take arrays and make none: scratch and results come from the caller. So Numba's reference counting can be off
(`_nrt`, an option that Numba keeps for itself), which otherwise costs two atomic additions for every array handed on.
Numba's cache looks at the file of the outermost function only: after an edit of a shared one, remove __pycache__.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit, types
from numba.extending import intrinsic

_OPTIONS: dict[str, Any] = {"cache": True, "nogil": True, "_nrt": False}

kernel = njit(**_OPTIONS)
"""For a function over arrays, releasing the GIL."""

inlined = njit(**_OPTIONS, forceinline=True)
"""For a small one inside the hot loop of another; options that are constants there cost nothing."""


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
