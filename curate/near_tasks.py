"""Near-duplicates, what is done within tasks: functions of Arrow batches, which work without Spark as well.

Everything is decided by the functions of `dedup`, and the answer is that of dedup.near in memory. Files go by names
that ascend in keeper priority, so that no step has to look it up: the place (8 bytes: rank and the first bits of
content_id) where there are many rows, the node (36 bytes: rank, content_id, file_id) where it is decided. Two files of
different contents may share a place, one pair among 10^9 files or so; both are compared with what either met.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields
from typing import Any, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from curate.files import gathered
from dedup.banding import Bands, band_keys
from dedup.buffers import offsets_and_bytes
from dedup.candidates import Bound, Compared, Entries, streamed_pairs
from dedup.minhash import equal_values
from dedup.selection import components, select, select_closure
from dedup.shingles import shingle_sets
from dedup.signatures import Signature, sign
from dedup.simhash_tables import SimHashTables, table_keys
from dedup.verify import containment, jaccard

NODE_BYTES = 36  # rank (4), content_id (16), file_id (16)
_FILE_ID_BYTES = 16
SET_BYTES = 8 << 20  # content that is made into sets at a time; that takes eight times as much
LARGE = -1  # the part of files of components too large for one task

_PIECE_ENTRIES = 500_000  # entries or pairs that a task works on at a time

COUNTS = tuple(field.name for field in fields(Compared))
ENTRIES = pa.schema([("key", pa.int64()), ("place", pa.int64()), ("simhash", pa.int64())])
"""A row for each key of a file."""
PAIRS = pa.schema(
    [("better", pa.int64()), ("worse", pa.int64()), ("near", pa.float64()), *((name, pa.int64()) for name in COUNTS)]
)
"""A row for each pair of places; `near` is that of their SimHashes. A row without `better` has a task's counts."""
NODES = pa.schema([("place", pa.int64()), ("part", pa.int32())])
SETS = pa.schema([("place", pa.int64()), ("node", pa.binary()), ("hashes", pa.large_binary())])
REMOVED = pa.schema([("node", pa.binary()), ("witness", pa.binary()), ("similarity", pa.float64())])
"""A row for each file that goes; `similarity` is null where chains count and none was proved with the witness."""
PROVED = pa.schema([*REMOVED, ("goes", pa.bool_())])
"""The same; and where it is not known yet what `goes`, a row for each pair that was proved, the better the witness."""

Batches = Iterator[pa.RecordBatch]


@dataclass(frozen=True, kw_only=True)
class Search:
    """How near-duplicates are looked for and proved: under keys of SimHash, of MinHash, or of MinHash within so many
    bits of SimHash, which is for more files than there are SimHash keys for; no stage measures MinHash for that, and
    it is taken from content."""

    signature: Signature
    keys: Bands | SimHashTables
    within: int | None = None
    """Bits in which SimHashes of a pair that meets under Bands may differ; None does not ask them."""
    bound: Bound
    min_proof: float
    proof: Literal["jaccard", "containment", "estimate"] = "jaccard"
    closure: bool = False

    @property
    def n_keys(self) -> int:
        """Keys of a file."""
        return self.keys.bands if isinstance(self.keys, Bands) else self.keys.n_tables

    @property
    def distance(self) -> int | None:
        """Bits in which SimHashes may differ, None where they are not compared."""
        return self.keys.distance if isinstance(self.keys, SimHashTables) else self.within

    @property
    def asks(self) -> tuple[str, ...]:
        """What entries are made from, beside the place."""
        return ("signature",) if self.within is None else ("signature", "content")

    @property
    def evidence(self) -> str:
        """What a pair is proved by: the files' `content`, or their `signature`."""
        return "signature" if self.proof == "estimate" else "content"

    def entries(self, files: Batches) -> Batches:
        """Rows of ENTRIES for batches of place, signature, and content where it is asked for."""
        pieces = files if self.within is None else (p for rows in files for p in _pieces(rows, "content", SET_BYTES))
        for batch in (rows for rows in pieces if rows.num_rows):
            signature = batch.column("signature")
            found = {"place": batch.column("place")} | ({} if self.distance is None else {"simhash": signature})
            keys = self._keys(batch, signature)
            rows = pa.array(np.tile(np.arange(batch.num_rows), len(keys)))
            found = {name: column.take(rows) for name, column in found.items()}
            yield _batch({**found, "key": keys.ravel().view(np.int64)}, ENTRIES)

    def _keys(self, batch: pa.RecordBatch, signature: pa.Array) -> np.ndarray:
        """Keys (uint64[tables or bands, rows]) of a batch."""
        if isinstance(self.keys, SimHashTables):
            return table_keys(signature.to_numpy().view(np.uint64), self.keys)
        if self.within is None:
            return band_keys(_fixed(signature, np.uint32), self.keys)
        found = sign(batch.column("content").cast(pa.large_string()), self.signature)
        assert found.minhash is not None
        return band_keys(found.minhash, self.keys)

    def pairs(self, entries: Batches) -> Batches:
        """Rows of PAIRS for ENTRIES in the order of key and place; a partition has all of a key."""
        by_simhash = self.distance is not None
        yield from self._compared([(_entries(table, by_simhash) for table in _joined(entries, _PIECE_ENTRIES))])

    def pairs_of_all(self, files: pa.Table) -> Batches:
        """The same for all files (place, signature): one band or table at a time, as their keys are their own."""
        batches = [batch for batch in files.to_batches() if batch.num_rows]
        none = np.zeros((self.n_keys, 0), np.uint64)
        keys = np.concatenate([none, *(self._keys(batch, batch.column("signature")) for batch in batches)], axis=1)
        by_place = np.argsort(places := files.column("place").to_numpy(), kind="stable")
        simhashes = np.zeros(0, np.uint64)
        if self.distance is not None:
            simhashes = files.column("signature").to_numpy().view(np.uint64)[by_place]
        whole = Entries(none[0], places[by_place], simhashes)

        def under(column: np.ndarray) -> Iterator[Entries]:
            order = np.argsort(column := column[by_place], kind="stable")
            yield Entries(column, *whole[1:]).take(order)

        yield from self._compared(under(column) for column in keys)

    def _compared(self, runs: Iterable[Iterable[Entries]]) -> Batches:
        """Rows of PAIRS for runs of entries, each in order; no key is in two of them."""
        most_distance = 64 if self.distance is None else self.distance
        compared = Compared()
        held: list[tuple[np.ndarray, ...]] = []
        for run in runs:
            for pairs in streamed_pairs(run, bound=self.bound, compared=compared, most_distance=most_distance):
                held.append(pairs)
                if sum(len(better) for better, *_ in held) >= _PIECE_ENTRIES:
                    yield _pairs(held)
                    held = []
        if held:
            yield _pairs(held)
        counts = {name: [getattr(compared, name)] for name in COUNTS}
        yield _batch({"worse": [uuid.uuid4().int >> 65], **counts}, PAIRS)  # an id, so that no two rows are alike

    def prove(self, rows: Batches, n_whole: int) -> Batches:
        """Rows of PROVED for the rows of one part: those with a node are files (place, node, and the evidence), the
        others pairs of places. Parts below `n_whole` have whole components, and it is decided what goes of them."""
        sets, pairs, part = [], [], LARGE
        for batch in gathered(rows):  # of content there is only one batch in memory at a time
            part, is_file = batch.column("part")[0].as_py(), pc.is_valid(batch.column("node"))
            pairs.append(batch.filter(pc.invert(is_file)).select(["better", "worse", "near"]))
            sets += [self._sets(piece) for piece in _pieces(batch.filter(is_file), self.evidence, SET_BYTES)]
        if not sets:
            return
        nodes, better, worse, similarity = self._proved(pa.Table.from_batches(sets), pa.Table.from_batches(pairs))
        if part < n_whole:
            found = self._chosen(nodes, better, worse, similarity)
        else:
            ends = {"node": _binary(nodes[worse]), "witness": _binary(nodes[better])}
            found = _batch({**ends, "similarity": similarity}, REMOVED)
        yield found.append_column(PROVED.field("goes"), pa.repeat(pa.scalar(part < n_whole), found.num_rows))

    def _sets(self, files: pa.RecordBatch) -> pa.RecordBatch:
        """Rows of SETS for files: the shingles of their content, or the signature."""
        names = {name: files.column(name) for name in ("place", "node")}
        if self.proof == "estimate":
            return _batch({**names, "hashes": files.column("signature").cast(pa.large_binary())}, SETS)
        content = files.column("content").cast(pa.large_string())
        found = shingle_sets(content, self.signature.tokenizer, width=self.signature.shingle_tokens)
        buffers = [None, pa.py_buffer(found.offsets * 8), pa.py_buffer(np.ascontiguousarray(found.hashes))]
        hashes = pa.LargeBinaryArray.from_buffers(pa.large_binary(), files.num_rows, buffers)
        return _batch({**names, "hashes": hashes}, SETS)

    def choose(self, edges: Batches) -> Batches:
        """Rows of REMOVED for all proved pairs (node, witness, similarity) of some components."""
        batches = [batch for batch in edges if batch.num_rows]
        if batches:
            table = pa.Table.from_batches(batches)
            ends = [_nodes(table.column(name)) for name in ("witness", "node")]
            nodes, dense = np.unique(np.concatenate(ends), return_inverse=True)
            better, worse = dense[: table.num_rows], dense[table.num_rows :]
            yield self._chosen(nodes, better, worse, table.column("similarity").to_numpy())

    def _proved(self, sets: pa.Table, pairs: pa.Table) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """The nodes of a part, ascending, and its proved pairs (better, worse, similarity) by places among them."""
        nodes, order = np.unique(_nodes(sets.column("node")), return_index=True)
        hashes = sets.column("hashes").combine_chunks().take(pa.array(order))
        places = sets.column("place").to_numpy()[order]
        better, worse, pair = _at(places, pairs.column("better").to_numpy(), pairs.column("worse").to_numpy())
        similarity = self._similarity(hashes, better, worse)
        proved = ~np.isnan(similarity)
        if self.distance is not None:
            similarity = pairs.column("near").to_numpy()[pair]
        return nodes, better[proved], worse[proved], similarity[proved]

    def _similarity(self, hashes: pa.LargeBinaryArray, better: np.ndarray, worse: np.ndarray) -> np.ndarray:
        """That of pairs of files, NaN below the bound."""
        offsets, data = offsets_and_bytes(hashes)
        if self.proof == "estimate":
            values = data[offsets[0] : offsets[-1]].view(np.uint32).reshape(len(hashes), -1)
            estimate = equal_values(values, better, worse) / values.shape[1]
            return np.where(estimate >= self.min_proof, estimate, np.nan)
        sets = offsets // 8, data[: offsets[-1]].view(np.uint64)
        if self.proof == "containment":
            return containment(*sets, worse, better, at_least=self.min_proof)
        return jaccard(*sets, better, worse, at_least=self.min_proof)

    def _chosen(
        self, nodes: np.ndarray, better: np.ndarray, worse: np.ndarray, similarity: np.ndarray
    ) -> pa.RecordBatch:
        chosen = (select_closure if self.closure else select)(len(nodes), better, worse, similarity)
        gone = np.flatnonzero(~chosen.kept)
        found = {"node": _binary(nodes[gone]), "witness": _binary(nodes[chosen.witness[gone]])}
        similarity = chosen.similarity[gone]  # NaN where chains count and nothing was measured with the witness
        return _batch({**found, "similarity": pa.array(similarity, mask=np.isnan(similarity))}, REMOVED)


def file_id(node: bytes) -> str:
    """The file_id in a node."""
    return node[-_FILE_ID_BYTES:].hex()


def first_of_each(files: pa.Table) -> tuple[pa.Table, pa.Table]:
    """Of files (node, place, value, signature) the first of each value, without it; and rows (node, first) of all
    others."""
    names = files.select(["value", "node"]).combine_chunks()
    order = pc.sort_indices(names, [("value", "ascending"), ("node", "ascending")])
    values, nodes = (names.column(name).take(order) for name in names.column_names)
    changes = np.ones(len(values), np.bool_)
    changes[1:] = pc.not_equal(values[1:], values[:-1]).to_numpy()
    first = nodes.take(pa.array(np.maximum.accumulate(np.where(changes, np.arange(len(values)), 0))))
    others = pa.array(~changes)
    is_first = np.zeros(len(values), np.bool_)
    is_first[order.to_numpy()[changes]] = True
    copies = pa.table({"node": nodes.filter(others), "first": first.filter(others)})
    return files.drop(["value"]).filter(pa.array(is_first)), copies


def with_copies(removed: pa.Table, copies: pa.Table) -> pa.Table:
    """Rows of REMOVED, and of copies (node, first): one of a file that stays goes because of it, and one of a file that
    goes as that does."""
    stay = copies.append_column("similarity", pa.repeat(pa.scalar(1.0), copies.num_rows)).rename_columns(REMOVED.names)
    if not removed.num_rows:
        return stay.cast(REMOVED)
    gone, first = _nodes(removed.column("node")), _nodes(copies.column("first"))
    order = np.argsort(gone)
    at = order[np.searchsorted(gone, first, sorter=order).clip(max=len(gone) - 1)]
    goes = gone[at] == first
    moved = removed.take(pa.array(at[goes])).set_column(
        0, REMOVED.field(0), copies.column("node").filter(pa.array(goes))
    )
    return pa.concat_tables([removed, stay.cast(REMOVED).filter(pa.array(~goes)), moved])


def parts(pairs: Batches, part_files: int) -> Batches:
    """Rows of NODES for all pairs: whole components put together up to so many files, larger ones LARGE."""
    table = pa.Table.from_batches(list(pairs))
    both = np.concatenate([table.column(name).to_numpy() for name in ("better", "worse")])
    places, dense = np.unique(both, return_inverse=True)
    label = components(len(places), dense[: table.num_rows], dense[table.num_rows :])
    sizes = np.bincount(label, minlength=len(places))
    heads = np.flatnonzero((sizes > 0) & (sizes <= part_files))  # the best files of components
    part = np.full(len(places), LARGE, np.int32)
    # A component goes whole to where its first file falls. Parts without any would cost a task each: number anew.
    before = np.cumsum(sizes[heads]) - sizes[heads]
    part[heads] = np.unique(before // part_files, return_inverse=True)[1]
    yield _batch({"place": places, "part": part[label]}, NODES)


def in_blocks(pairs: pa.Table, part_files: int) -> tuple[pa.Table, pa.Table]:
    """Rows of NODES, and the pairs with their `part`: whole components put together up to so many files, and of larger
    ones so many worse files and all that they met. A file may be in several parts."""
    placed = pa.Table.from_batches(parts(iter(pairs.to_batches()), part_files))
    better, worse = (pairs.column(name).to_numpy() for name in ("better", "worse"))
    of_place = placed.column("part").to_numpy()
    part = of_place[np.searchsorted(placed.column("place").to_numpy(), better)]
    large = part == LARGE
    part[large] = of_place.max(initial=LARGE) + 1 + np.unique(worse[large], return_inverse=True)[1] // part_files
    places, twice = np.concatenate([better, worse]), np.concatenate([part, part])
    order = np.lexsort((places, twice))
    places, twice = places[order], twice[order]
    first = (np.diff(twice, prepend=LARGE) != 0) | (np.diff(places, prepend=0) != 0)
    nodes = pa.table([places[first], twice[first]], schema=NODES)
    return nodes, pairs.append_column(NODES.field("part"), pa.array(part))


def _entries(table: pa.Table, by_simhash: bool) -> Entries:
    keys = table.column("key").to_numpy().view(np.uint64) ^ np.uint64(1 << 63)  # sorted with their signs, now without
    simhashes = table.column("simhash").to_numpy().view(np.uint64) if by_simhash else np.zeros(0, np.uint64)
    return Entries(keys, table.column("place").to_numpy(), simhashes)


def _pairs(found: list[tuple[np.ndarray, ...]]) -> pa.RecordBatch:
    """Each pair of two places once."""
    better, worse, apart = (np.concatenate(column) for column in zip(*found, strict=True))
    order = np.lexsort((worse, better))
    better, worse = better[order], worse[order]
    first = (np.diff(better, prepend=-1) != 0) | (np.diff(worse, prepend=-1) != 0)
    first &= better < worse
    columns: dict[str, Any] = {"better": better[first], "worse": worse[first]}
    if len(apart):
        columns["near"] = 1 - apart[order][first].astype(np.float64) / 64
    return _batch(columns, PAIRS)


def _joined(batches: Batches, least_rows: int) -> Iterator[pa.Table]:
    """Batches put together to tables of at least so many rows, but for the last."""
    held: list[pa.RecordBatch] = []
    n_rows = 0
    for batch in batches:
        held.append(batch)
        n_rows += batch.num_rows
        if n_rows >= least_rows:
            yield pa.Table.from_batches(held)
            held, n_rows = [], 0
    if n_rows:
        yield pa.Table.from_batches(held)


def _batch(columns: dict[str, Any], schema: pa.Schema) -> pa.RecordBatch:
    """Columns in the order of a schema, null for those not given."""
    n_rows = len(next(iter(columns.values())))
    return pa.RecordBatch.from_arrays(
        [
            pa.array(columns[field.name], field.type) if field.name in columns else pa.nulls(n_rows, field.type)
            for field in schema
        ],
        schema=schema,
    )


def _at(places: np.ndarray, better: np.ndarray, worse: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Pairs of files for pairs of places (ascending, where they may repeat), and which pair each one comes from."""
    first_better, first_worse = np.searchsorted(places, better), np.searchsorted(places, worse)
    n_worse = np.searchsorted(places, worse, "right") - first_worse
    times = (np.searchsorted(places, better, "right") - first_better) * n_worse
    if (times == 0).any():
        raise ValueError(f"{int((times == 0).sum())} pairs of files have no shingles: this is a defect")
    pair = np.repeat(np.arange(len(times)), times)
    number = np.arange(len(pair)) - np.repeat(np.cumsum(times) - times, times)
    return first_better[pair] + number // n_worse[pair], first_worse[pair] + number % n_worse[pair], pair


def _pieces(batch: pa.RecordBatch, column: str, most_bytes: int) -> Batches:
    """The batch in parts of at most so many bytes of a column, or one row."""
    sizes = pc.fill_null(pc.binary_length(batch.column(column)), 0).to_numpy().astype(np.int64)
    ends = np.cumsum(sizes)
    start = 0
    while start < batch.num_rows:
        before = ends[start] - sizes[start]
        end = max(start + 1, int(np.searchsorted(ends, before + most_bytes, "right")))
        yield batch.slice(start, end - start)
        start = end


def _fixed(column: pa.Array | pa.ChunkedArray, kind: type) -> np.ndarray:
    """Binary values of one length as rows of numbers; there must be a row."""
    column = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    offsets, data = offsets_and_bytes(column.cast(pa.large_binary()))
    return data[offsets[0] : offsets[-1]].view(kind).reshape(len(column), -1)


def _nodes(column: pa.ChunkedArray) -> np.ndarray:
    """Nodes as NumPy's bytes, which sort as the nodes do: all have the same length."""
    if len(column) == 0:
        return np.zeros(0, f"S{NODE_BYTES}")
    return np.ascontiguousarray(_fixed(column, np.uint8)).view(f"S{NODE_BYTES}").ravel()


def _binary(nodes: np.ndarray) -> pa.Array:
    ends = pa.py_buffer(np.arange(len(nodes) + 1, dtype=np.int32) * NODE_BYTES)
    return pa.BinaryArray.from_buffers(pa.binary(), len(nodes), [None, ends, pa.py_buffer(np.ascontiguousarray(nodes))])
