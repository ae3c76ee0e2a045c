"""The writer of shards and ledger: files cut by number, bytes by rows alone, repeated rows told of."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from curate.files import WRITTEN, FileWriter
from curate.packed import pack

SIGNALS = pa.struct([("alpha", pa.float64()), ("flag", pa.bool_())])
SCHEMA = pa.schema([("file_id", pa.string()), ("size_bytes", pa.int64()), ("signals", SIGNALS)])


def rows(numbers: list[int], ids: list[str]) -> pa.RecordBatch:
    """Rows as Spark hands them over: sorted, signals packed, the number of the file beside them."""
    signals = pack(pa.array([{"alpha": float(at), "flag": None} for at, _ in enumerate(ids)], SIGNALS))
    columns = {"file_id": ids, "size_bytes": [len(one) for one in ids], "signals": signals.cast(pa.binary())}
    return pa.RecordBatch.from_pydict({**columns, "_file": pa.array(numbers, pa.int32())})


def write(folder: Path, batches: list[pa.RecordBatch], ascending: str | None = None) -> list[dict]:
    written = FileWriter(folder=str(folder), schema=SCHEMA, ascending=ascending)(iter(batches))
    return pa.Table.from_batches(list(written), schema=WRITTEN).to_pylist()


@given(numbers=st.lists(st.integers(0, 3), min_size=1, max_size=40).map(sorted), size=st.integers(1, 9))
def test_bytes_do_not_depend_on_how_rows_arrive(
    tmp_path_factory: pytest.TempPathFactory, numbers: list[int], size: int
) -> None:
    whole = rows(numbers, [f"{at:03d}" for at in range(len(numbers))])
    parts = [whole.slice(start, size) for start in range(0, len(numbers), size)]
    folder = tmp_path_factory.mktemp("files")
    at_once, in_parts = write(folder, [whole]), write(folder, [whole.slice(0, 0), *parts])
    assert [row["number"] for row in at_once] == sorted(set(numbers))
    assert [row["sha256"] for row in in_parts] == [row["sha256"] for row in at_once]
    read = [pq.read_table(row["written"], partitioning=None) for row in at_once]
    assert pa.concat_tables(read).column("signals").to_pylist() == [
        {"alpha": float(at), "flag": None} for at in range(len(numbers))
    ]


@pytest.mark.parametrize("cut", [1, 2, 3])
def test_a_repeated_row_is_told_of(tmp_path: Path, cut: int) -> None:
    """Also where it comes in another batch; the next file begins anew."""
    whole = rows([0, 0, 0, 1], ["a", "b", "b", "a"])
    told = write(tmp_path, [whole.slice(0, cut), whole.slice(cut)], ascending="file_id")
    assert [row["fault"] for row in told] == ["b before b", None]


def test_rising_rows_have_no_fault(tmp_path: Path) -> None:
    assert [row["fault"] for row in write(tmp_path, [rows([0, 0], ["a", "b"])], ascending="file_id")] == [None]
