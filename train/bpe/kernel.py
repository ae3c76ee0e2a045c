"""How a kernel of this package is compiled, and the load of eight bytes that Numba has no name for.

Kernels take arrays and make none, so that Numba's reference counting can be off (`_nrt`, an option that Numba keeps for
itself). What is compiled is kept on the disk, and known again by the bytes of all modules of kernels beside it and
beside this one: Numba asks for the size and time of the kernel's own file alone, and would go on with old code after a
change of what is inlined from another.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import xxhash
from numba import njit, types
from numba.extending import intrinsic
from numba.np.arrayobj import make_array

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
    """Compiles a small one inside the hot loop of another."""
    return kernel(function, forceinline=True)


@cache
def _sources(folder: Path) -> str:
    """A hash of a folder's modules of kernels."""
    texts = [path.read_bytes() for path in sorted(folder.glob("*.py"))]
    return xxhash.xxh3_128_hexdigest(b"\0".join(text for text in texts if b"kernel" in text))


def _eight_bytes(typingctx, array, index):
    """data[index:index + 8] of a uint8 array as a little-endian uint64. The caller sees to it that they are there."""

    def generate(context, builder, signature, arguments):
        from llvmlite import ir

        held = make_array(signature.args[0])(context, builder, arguments[0])
        word = builder.bitcast(builder.gep(held.data, [arguments[1]]), ir.IntType(64).as_pointer())
        return builder.load(word, align=1)

    return types.uint64(array, types.int64), generate


eight_bytes: Any = intrinsic(_eight_bytes)
