"""Stars: how many a repository has, from a table beside the input."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.json
import pyarrow.parquet as pq
import xxhash

from curate.errors import WrongUse
from curate.sources.datasets import REPO, STARS

_BLOCK = 16 << 20


class Stars:
    """Stars by repository, compared without regard to case. It holds 12 bytes a repository: ten million come to 120 MB
    in each of Spark's Python workers. Of a repository that is named twice the greater number counts."""

    def __init__(self, table: str) -> None:
        """From a .csv (with a header), .jsonl or .parquet file with columns named as data sets name them."""
        keys, counts = [np.zeros(0, np.uint64)], [np.zeros(0, np.int32)]
        for batch in _batches(table):
            names, found = (_column(batch, named, table) for named in (REPO, STARS))
            stars = found.cast(pa.float64(), safe=False).fill_null(-1)
            known = pc.and_(pc.greater_equal(stars, 0), pc.fill_null(pc.not_equal(names, ""), False))
            keys.append(np.array([_key(name) for name in names.filter(known).to_pylist()], np.uint64))
            counts.append(np.minimum(stars.filter(known).to_numpy(zero_copy_only=False), 2**31 - 1).astype(np.int32))
        all_keys, all_counts = np.concatenate(keys), np.concatenate(counts)
        order = np.lexsort((-all_counts, all_keys))
        self._keys, first = np.unique(all_keys[order], return_index=True)
        self._counts = all_counts[order][first]

    def __len__(self) -> int:
        return len(self._keys)

    def of(self, repo: str) -> int | None:
        """Stars of a repository; None where the table does not have it."""
        key = np.uint64(_key(repo))
        at = int(np.searchsorted(self._keys, key))
        return int(self._counts[at]) if at < len(self._keys) and self._keys[at] == key else None


@lru_cache(maxsize=2)
def load(table: str, sha256: str) -> Stars:
    """A table of this content, once in a process."""
    return Stars(table)


def digest_of(table: str) -> str:
    """sha256 of a table. WrongUse where it cannot be read."""
    try:
        with open(table, "rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise WrongUse(f"the table of stars {table!r} cannot be read: {error.strerror}") from None


def check(table: str) -> None:
    """WrongUse where a table has not the columns that are needed; by its first rows."""
    for batch in _batches(table):
        for names in (REPO, STARS):
            _column(batch, names, table)
        return


def _batches(table: str) -> Iterator[pa.RecordBatch]:
    suffix = Path(table).suffix
    try:
        if suffix == ".parquet":
            yield from pq.ParquetFile(table).iter_batches(65_536)
        elif suffix == ".csv":
            yield from pyarrow.csv.open_csv(table, pyarrow.csv.ReadOptions(block_size=_BLOCK))
        elif suffix == ".jsonl":
            yield from pyarrow.json.open_json(table, pyarrow.json.ReadOptions(block_size=_BLOCK))
        else:
            raise WrongUse(f"the table of stars {table!r} ends in {suffix!r}: it must be .csv, .jsonl or .parquet")
    except (OSError, pa.ArrowException) as error:
        raise WrongUse(f"the table of stars {table!r} cannot be read: {error}") from None


def _column(batch: pa.RecordBatch, names: tuple[str, ...], table: str) -> pa.Array:
    for name in names:
        if name in batch.schema.names:
            return batch.column(name)
    raise WrongUse(f"the table of stars {table!r} has no column {names[0]!r}: it has {', '.join(batch.schema.names)}")


def _key(repo: str) -> int:
    return xxhash.xxh3_64_intdigest(str(repo).lower().encode("utf-8", "replace"))
