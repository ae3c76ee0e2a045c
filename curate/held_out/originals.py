"""Held-out files as they lie in the input: read again, decoded, their language told, and nothing else done to them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from curate.again import location_of, read_again
from curate.inputs import units_of_file
from curate.narrow import mill, work_schema
from curate.readers import READERS
from curate.shards import Run
from curate.sources.raw import RAW
from curate.sources.unit import Start
from curate.stage import check_contracts
from curate.stages.decode import Decode
from curate.stages.language import DetectLanguage
from curate.stages.read import Read

_STAGES = (Read(), Decode(), DetectLanguage(keep_unknown=True))
_BATCH_ROWS = 500
_ROOM = 16 << 20  # a file's bytes when it is read: more than any that is held out


def ledger_rows(run: Run, file_ids: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Ledger rows by file_id, without signals."""
    columns = [name for name in run.ledger.schema.names if name != "signals"]
    wanted = pc.field("file_id").isin(list(file_ids))
    return {row["file_id"]: row for row in run.ledger.to_table(columns=columns, filter=wanted).to_pylist()}


def originals(run: Run, rows: Mapping[str, Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
    """Work rows of ledger rows' files, with content; what is no text, or is gone, has none and is left out."""
    schema = work_schema(check_contracts(_STAGES))
    held: list[dict[str, Any]] = []
    for row, raw in _raw(run, rows):
        held.append(_as_read(row, raw))
        if len(held) == _BATCH_ROWS:
            yield from _decoded(held, schema)
            held = []
    if held:
        yield from _decoded(held, schema)


def _decoded(rows: list[dict[str, Any]], schema: pa.Schema) -> Iterator[dict[str, Any]]:
    batch = pa.RecordBatch.from_pylist(rows, schema=RAW)
    done = mill(batch, "file", _STAGES, schema)
    yield from (row for row in done.to_pylist() if row["drop_reason"] is None)


def _as_read(row: Mapping[str, Any], raw: bytes) -> dict[str, Any]:
    known = {name: row.get(name) for name in RAW.names}
    verdict = {name: None for name in RAW.names if name.startswith("drop_")}
    return known | verdict | {"raw": raw, "size_bytes": len(raw), "claimed_language": row["language"]}


def _raw(run: Run, rows: Mapping[str, Mapping[str, Any]]) -> Iterator[tuple[Mapping[str, Any], bytes]]:
    """Files with their bytes. What holds several of them, an archive or a data set, is read once."""
    roots = run.manifest["inputs"]["roots"]
    by_place: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for row in sorted(rows.values(), key=lambda row: (row["source"]["uri"], row["file_id"])):
        by_place[row["source"]["uri"]].append(row)
    for uri, some in by_place.items():
        location = location_of(roots, uri)
        if location is None:
            continue
        if len(some) == 1 or some[0]["source"]["revision"] is not None:
            found = ((row, read_again(location, row["source"], max_bytes=_ROOM)) for row in some)
            yield from ((row, raw) for row, raw in found if raw is not None)
        else:
            yield from _together(location, uri, some)


def _together(
    location: bytes, uri: str, rows: Sequence[Mapping[str, Any]]
) -> Iterator[tuple[Mapping[str, Any], bytes]]:
    wanted = {row["file_id"]: row for row in rows}
    for unit in units_of_file(Start(location=location, uri=uri, is_folder=False, named=True)):
        for found in READERS[unit["kind"]](unit, _ROOM):
            if found["file_id"] in wanted and found["raw"] is not None:
                yield wanted[found["file_id"]], found["raw"]
