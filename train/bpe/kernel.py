"""How a kernel of this package is compiled, and the load of eight bytes that Numba has no name for.

Kernels take arrays and make none, so that Numba's reference counting can be off (`_nrt`, an option that Numba keeps for
itself). Numba's cache looks at the file of the outermost function only: after an edit of a shared one, remove
__pycache__.
"""

from __future__ import annotations

from typing import Any

from numba import njit, types
from numba.extending import intrinsic
from numba.np.arrayobj import make_array

_OPTIONS: dict[str, Any] = {"cache": True, "nogil": True, "_nrt": False}

kernel = njit(**_OPTIONS)
"""For a function over arrays, releasing the GIL."""

inlined = njit(**_OPTIONS, forceinline=True)
"""For a small one inside the hot loop of another."""


def _eight_bytes(typingctx, array, index):
    """data[index:index + 8] of a uint8 array as a little-endian uint64. The caller sees to it that they are there."""

    def generate(context, builder, signature, arguments):
        from llvmlite import ir

        held = make_array(signature.args[0])(context, builder, arguments[0])
        word = builder.bitcast(builder.gep(held.data, [arguments[1]]), ir.IntType(64).as_pointer())
        return builder.load(word, align=1)

    return types.uint64(array, types.int64), generate


eight_bytes: Any = intrinsic(_eight_bytes)
