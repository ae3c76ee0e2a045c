"""How a kernel is compiled: one decorator, and the one machine instruction that Numba has no name for.

Kernels take arrays and make none: scratch comes from the caller. So Numba's reference counting can be off (`_nrt`, an
option that Numba keeps for itself). With it, every array handed to a function costs two atomic additions: line and
lexical measures ran at a third and a fifth of their speed.
What is compiled is kept on the disk, and known again by the bytes of all modules of kernels beside it and beside this
one: Numba asks for the size and time of the kernel's own file alone, and would go on with old code after a change of
what is inlined from another.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import xxhash
from numba import njit, types
from numba.extending import intrinsic

_OPTIONS: dict[str, Any] = {"cache": True, "nogil": True, "_nrt": False}


def kernel(function: Callable[..., Any], **options: Any) -> Any:
    """Compiles a function that runs over bytes, releasing the GIL."""
    compiled = njit(**_OPTIONS, **options)(function)
    kept = getattr(getattr(compiled, "_cache", None), "_cache_file", None)
    if kept is not None:  # with NUMBA_DISABLE_JIT there is none
        folders = Path(function.__code__.co_filename).parent, Path(__file__).parent
        kept._source_stamp = kept._source_stamp, *map(_sources, folders)
    return compiled


def inlined(function: Callable[..., Any]) -> Any:
    """Compiles a small one inside the hot loop of another: a call with arrays costs what ten bytes of scanning do."""
    return kernel(function, forceinline=True)


@cache
def _sources(folder: Path) -> str:
    """A hash of a folder's modules of kernels."""
    texts = [path.read_bytes() for path in sorted(folder.glob("*.py"))]
    return xxhash.xxh3_128_hexdigest(b"\0".join(text for text in texts if b"kernel" in text))


def _lowest_bit(typingctx, bits):
    """Index of the lowest bit that is set, of a uint64 that is not 0."""

    def generate(context, builder, signature, arguments):
        return builder.cttz(arguments[0], context.get_constant(types.boolean, True))

    return types.int64(types.uint64), generate


lowest_bit: Any = intrinsic(_lowest_bit)
