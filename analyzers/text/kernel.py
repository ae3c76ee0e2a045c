"""How a kernel is compiled: one decorator, and the one machine instruction that Numba has no name for.

Kernels take arrays and make none: scratch comes from the caller. So Numba's reference counting can be off (`_nrt`, an
option that Numba keeps for itself). With it, every array handed to a function costs two atomic additions: line and
lexical measures ran at a third and a fifth of their speed.
Numba's cache looks at the file of the outermost function only: after an edit of a shared one, remove __pycache__.
"""

from __future__ import annotations

from typing import Any

from numba import njit, types
from numba.extending import intrinsic

_OPTIONS: dict[str, Any] = {"cache": True, "nogil": True, "_nrt": False}

kernel = njit(**_OPTIONS)
"""For a function that runs over bytes, releasing the GIL."""

inlined = njit(**_OPTIONS, forceinline=True)
"""For a small one inside the hot loop of another: a call with arrays costs as much as ten bytes of scanning."""


def _lowest_bit(typingctx, bits):
    """Index of the lowest bit that is set, of a uint64 that is not 0."""

    def generate(context, builder, signature, arguments):
        return builder.cttz(arguments[0], context.get_constant(types.boolean, True))

    return types.int64(types.uint64), generate


lowest_bit: Any = intrinsic(_lowest_bit)
