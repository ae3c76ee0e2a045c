"""Segments that similar files share, what is done within tasks: functions of Arrow batches, which work without Spark.

What goes is decided by dedup.segments. Files go by the names that near-duplicates have there (curate.near_tasks): the
place where there are many rows, the node where it is decided. Content is never needed: ids and offsets of segments,
packed as the stage `syntax` packs them, are enough.
"""

from __future__ import annotations

import marshal
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import pyarrow as pa

from analyzers.syntax.segments import Segment
from curate.near_tasks import file_id
from dedup.segments import File, Least, Outcome, Piece, decide, deduplicate

_BATCH_ROWS = 500

REMOVAL = pa.struct(
    [("start", pa.int64()), ("end", pa.int64()), ("segment_id", pa.string()), ("kind", pa.string()),
     ("duplicate_of", pa.string())]
)  # fmt: skip
CHANGED = pa.schema(
    [("file_id", pa.string()), ("removals", pa.list_(REMOVAL)), ("reason", pa.string()), ("value", pa.float64()),
     ("limit", pa.float64()), ("keeper", pa.string())]
)  # fmt: skip
"""A row for each file from which something goes, by start; `reason` where the whole file goes."""

FILES = pa.schema(
    [("part", pa.int32()), ("place", pa.int64()), ("node", pa.binary()), ("size_bytes", pa.int64()),
     ("segments", pa.large_binary())]
)  # fmt: skip
ENDS = pa.schema([("better", pa.int64()), ("worse", pa.int64())])
DECIDED = pa.schema([*CHANGED, ("node", pa.binary()), ("left", pa.list_(pa.string()))])
"""The same for every file of a round, with what it still has."""

Batches = Iterator[pa.RecordBatch]


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """Which segments are compared, and what must be left of a file. Licence headers are not compared: they stay."""

    kinds: tuple[Literal["code", "comment"], ...] = ("code", "comment")
    same: Literal["normalised", "bytes"] = "normalised"
    min_code_tokens: int = 20
    min_comment_tokens: int = 10
    least: Least = Least()  # noqa: RUF009  (frozen)

    def compared(self, packed: bytes) -> tuple[list[Segment], list[Piece], int]:
        """Segments that count, the same as pieces, and the bytes of headers. Smaller ones neither go nor hold."""
        segments = [Segment(*row) for row in marshal.loads(packed)]
        headers = [(one.start, one.end) for one in segments if is_header(one)]
        counted = [one for one in segments if not is_header(one) and self._counts(one)]
        pieces = [
            Piece(
                one.segment_id if self.same == "normalised" else f"{one.kind}{one.text_hash}", one.start, one.end,
                # A header stays, so what it stands in does.
                one.removable and one.kind in self.kinds
                and not any(one.start < end and start < one.end for start, end in headers),
            )
            for one in counted
        ]  # fmt: skip
        return counted, pieces, sum(end - start for start, end in headers)

    def solve(self, rows: Batches) -> Batches:
        """Rows of CHANGED for whole components: rows with a node are FILES, the others pairs of their places, ENDS."""
        batches = [batch for batch in rows if batch.num_rows]
        if not batches:
            return
        files, pairs, segments = self._read(pa.Table.from_batches(batches))
        outcomes = deduplicate(files, pairs, self.least)
        found = zip(files, outcomes, segments, strict=True)
        yield from _batches((row(file.node, outcome, own) for file, outcome, own in found if outcome.cuts), CHANGED)

    def _read(self, table: pa.Table) -> tuple[list[File], list[tuple[int, int]], list[list[Segment]]]:
        files: list[File] = []
        segments: list[list[Segment]] = []
        at: dict[int, list[int]] = {}
        pairs = []
        for told in _rows(table, (*FILES.names[1:], *ENDS.names)):
            place, node, size_bytes, packed, better, worse = told
            if node is None:
                pairs.append((better, worse))
                continue
            counted, pieces, header_bytes = self.compared(packed)
            at.setdefault(place, []).append(len(files))
            files.append(File(node, size_bytes - header_bytes, pieces))
            segments.append(counted)
        # Two files may share a place: what one of them met, both are compared with.
        return files, [(a, b) for one, other in pairs for a in at[one] for b in at[other]], segments

    def choose(self, rows: Batches) -> Batches:
        """Rows of DECIDED for files whose better neighbours are all decided, in the order of node and of `of`: a file's
        own row (size_bytes, segments; `of` is null) comes before those of its neighbours (`of`, left)."""
        own: tuple[bytes, int, bytes] | None = None
        keepers: list[tuple[bytes, frozenset[str]]] = []

        def decided() -> Iterator[dict[str, Any]]:
            nonlocal own, keepers
            for node, of, size_bytes, packed, left in (
                told for batch in rows for told in _rows(batch, ("node", "of", "size_bytes", "segments", "left"))
            ):
                if of is not None:
                    keepers.append((of, frozenset(left)))
                    continue
                if own is not None:
                    yield self._decided(own, keepers)
                own, keepers = (node, size_bytes, packed), []
            if own is not None:
                yield self._decided(own, keepers)

        yield from _batches(decided(), DECIDED)

    def _decided(self, own: tuple[bytes, int, bytes], keepers: list[tuple[bytes, frozenset[str]]]) -> dict[str, Any]:
        node, size_bytes, packed = own
        counted, pieces, header_bytes = self.compared(packed)
        outcome = decide(File(node, size_bytes - header_bytes, pieces), keepers, self.least)
        return row(node, outcome, counted) | {"node": node, "left": sorted(outcome.left)}

    def _counts(self, one: Segment) -> bool:
        return one.n_tokens >= (self.min_code_tokens if one.kind == "code" else self.min_comment_tokens)


def is_header(one: Segment) -> bool:
    """Whether a segment is a comment before any code, as licences are."""
    return one.kind == "comment" and one.node == "header"


def row(node: bytes, outcome: Outcome, segments: Sequence[Segment]) -> dict[str, Any]:
    """What becomes of a file, as a row of CHANGED."""
    removals = []
    for cut in outcome.cuts:
        one = segments[cut.piece]
        removals.append(
            {"start": one.start, "end": one.end, "segment_id": one.segment_id, "kind": one.kind,
             "duplicate_of": file_id(cut.keeper)}
        )  # fmt: skip
    return {
        "file_id": file_id(node), "removals": removals, "reason": outcome.reason, "value": outcome.value,
        "limit": outcome.limit, "keeper": outcome.keeper and file_id(outcome.keeper),
    }  # fmt: skip


def _rows(table: pa.Table | pa.RecordBatch, names: Iterable[str]) -> Iterator[tuple]:
    return zip(*(table.column(name).to_pylist() for name in names), strict=True)


def _batches(rows: Iterator[dict[str, Any]], schema: pa.Schema) -> Batches:
    held: list[dict[str, Any]] = []
    for one in rows:
        held.append(one)
        if len(held) == _BATCH_ROWS:
            yield pa.RecordBatch.from_pylist(held, schema=schema)
            held = []
    if held:
        yield pa.RecordBatch.from_pylist(held, schema=schema)
