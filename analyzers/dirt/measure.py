"""One call a batch: content in, one Arrow column for each signal of the group `dirt` out."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from analyzers.buffers import Text, offsets_and_bytes
from analyzers.dirt.hidden import NAMES, kinds, measure_hidden
from analyzers.dirt.lexicon import lexicon_rates, mark_test_virus
from analyzers.dirt.listed import mark_listed


def measure_dirt(content: Text, terms: tuple[str, ...], hashes: str | None = None) -> dict[str, pa.Array]:
    """The columns by name. `terms` make up the lexicon; `hashes` is the path of a list, and None measures none.

    A null content, like an empty one, has 0 of everything.
    """
    offsets, data = offsets_and_bytes(content)
    # One array type whatever the buffer's origin: Numba compiles a kernel for each.
    offsets, data = offsets.view(), data.view()
    offsets.flags.writeable = data.flags.writeable = False
    counts = np.zeros((len(NAMES), len(content)), np.int64)
    measure_hidden(offsets, data, kinds(), np.zeros(6, np.int64), counts)
    columns: dict[str, pa.Array] = {
        name: pa.array(values, pa.int64()).cast(pa.int32()) for name, values in zip(NAMES, counts, strict=True)
    }
    return columns | {
        "lexicon_rate": pa.array(lexicon_rates(content, terms)),
        "is_test_virus": mark_test_virus(content),
        "is_listed": pa.nulls(len(content), pa.bool_()) if hashes is None else mark_listed(content, hashes),
    }
