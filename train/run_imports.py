"""The imports of a run's files with the repository of each, from the facts that the run has.

Facts have file_id and no repository, and shards are not sorted by file_id. Ranges of file_id, which is a hash, are
joined one after another, so that memory holds the places of a few million files whatever the run.
"""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds

from curate.errors import WrongUse
from curate.shards import Run

FILES_A_RANGE = 4_000_000  # 350 bytes each, at most
_ROWS = 65_536


def imports_of(run: Run, files_a_range: int = FILES_A_RANGE) -> Iterator[pa.RecordBatch]:
    """file_id, repo, module and name of each import of a kept file that has a repository. WrongUse where the run has
    no facts of imports."""
    facts = [str(path) for path in run.files("facts/import/")]
    if not facts:
        raise WrongUse(
            f"{run.folder} has no facts of imports: run its recipe with `facts: [import]` under syntax, "
            f"or choose render: repositories"
        )
    n_files = sum(file.count_rows() for file in _shards(run))
    n_ranges = max(1, -(-n_files // files_a_range))
    for number in range(n_ranges):
        low, high = (_edge(at, n_ranges) for at in (number, number + 1))
        known = _places(run, low, high)
        within = (ds.field("file_id") >= low) & (ds.field("file_id") < high)
        columns = ["file_id", "module", "name"]
        for batch in ds.dataset(facts, format="parquet").to_batches(columns=columns, filter=within, batch_size=_ROWS):
            place = pc.index_in(batch["file_id"], value_set=known["file_id"])
            is_known = pc.and_(pc.is_valid(place), pc.is_valid(batch["module"]))
            repos = pc.take(known["repo"], place.filter(is_known))
            found = batch.filter(is_known)
            if found.num_rows:
                yield pa.RecordBatch.from_arrays(
                    [found["file_id"], repos, found["module"], found["name"]],
                    names=["file_id", "repo", "module", "name"],
                )


def _places(run: Run, low: str, high: str) -> dict[str, pa.Array]:
    """file_id and repo of the files of a range that have one."""
    within = (ds.field("file_id") >= low) & (ds.field("file_id") < high) & ds.field("repo").is_valid()
    tables = [file.to_table(columns=["file_id", "repo"], filter=within) for file in _shards(run)]
    table = (
        pa.concat_tables(tables)
        if tables
        else pa.table({"file_id": pa.array([], pa.string()), "repo": pa.array([], pa.string())})
    )
    return {name: table[name].combine_chunks() for name in ("file_id", "repo")}


def _shards(run: Run) -> Iterator[ds.Dataset]:
    return (ds.dataset(file, format="parquet") for file in run.files("shards/"))


def _edge(number: int, n_ranges: int) -> str:
    """Where a range of file_id begins; behind the last one, beyond all of them."""
    return f"{(number << 32) // n_ranges:08x}" if number < n_ranges else "g"
