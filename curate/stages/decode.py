"""decode: bytes to UTF-8 text, with the encoding that was found."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc
import xxhash

from analyzers.buffers import offsets_and_bytes
from analyzers.decode import decode_batch
from curate.stage import Stage


class Decode(Stage):
    """Content as text from here on. Reasons to drop: empty, binary, lfs_pointer, undecodable."""

    name = "decode"
    reads = ("raw",)
    writes = {
        "content": pa.large_string(),
        "content_id": pa.string(),
        "encoding": pa.string(),
        "size_bytes": pa.int64(),
    }

    def measure(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """Text, its id and encoding; `size_bytes` becomes that of the UTF-8, except where nothing was decoded."""
        decoded = decode_batch(batch.column("raw"))
        shipped = pc.binary_length(decoded.content).cast(pa.int64())
        columns = {name: batch.column(name) for name in batch.schema.names if name != "raw"}
        columns |= {
            "content": decoded.content,
            "content_id": content_ids(decoded.content),
            "encoding": decoded.encoding,
            "size_bytes": pc.coalesce(shipped, columns["size_bytes"]),
            "drop_reason": decoded.refused,
        }
        return pa.RecordBatch.from_pydict(columns)


def content_ids(content: pa.LargeStringArray) -> pa.StringArray:
    """xxh3-128 of every row's UTF-8 bytes, as 32 hexadecimal characters; null for null."""
    offsets, data = offsets_and_bytes(content)
    view, edges = data.data, offsets.tolist()
    valid = content.is_valid().to_pylist()
    ids = [
        xxhash.xxh3_128_hexdigest(view[start:end]) if is_valid else None
        for start, end, is_valid in zip(edges, edges[1:], valid, strict=False)
    ]
    return pa.array(ids, pa.string())
