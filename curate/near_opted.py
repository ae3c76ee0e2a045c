"""Near-duplicates of opted-out files on Spark: everything that is like one of them goes, whatever else it is like.

Not a search for the best of each cluster: opted-out files all count, also those that are like each other, so that
nothing hides behind a file that went before. They are few, so that their keys are looked for among all others' keys.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from curate.spreading import mapped
from curate.stage import Keep
from dedup.banding import Bands, band_keys
from dedup.buffers import offsets_and_bytes
from dedup.shingles import shingle_sets
from dedup.signatures import Signature
from dedup.verify import jaccard

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

MOST_LEADERS = 64  # opted-out files under one key that others are compared with; copies of each other count as one
_SET_ROWS = 64  # files whose sets are made at a time

KEYS = pa.schema([("key", pa.int64()), ("file_id", pa.string())])
SETS = pa.schema([("file_id", pa.string()), ("hashes", pa.large_binary())])
PROVED = pa.schema([("file_id", pa.string()), ("witness", pa.string()), ("similarity", pa.float64())])

Batches = Iterator[pa.RecordBatch]


@dataclass(frozen=True, kw_only=True)
class OptedSearch:
    """What makes files alike. Its methods run in tasks, over Arrow batches."""

    signature: Signature
    bands: Bands
    min_similarity: float

    def keys(self, files: Batches) -> Batches:
        """Rows of KEYS for file_id and minhash: one for each band."""
        for batch in (rows for rows in files if rows.num_rows):
            offsets, data = offsets_and_bytes(batch.column("minhash").cast(pa.large_binary()))
            values = data[offsets[0] : offsets[-1]].view(np.uint32).reshape(batch.num_rows, -1)
            keys = band_keys(values, self.bands)
            ids = batch.column("file_id").take(pa.array(np.tile(np.arange(batch.num_rows), len(keys))))
            yield pa.RecordBatch.from_arrays([pa.array(keys.ravel().view(np.int64)), ids], schema=KEYS)

    def sets(self, files: Batches) -> Batches:
        """Rows of SETS for file_id and content."""
        for whole in files:
            for batch in (whole.slice(at, _SET_ROWS) for at in range(0, whole.num_rows, _SET_ROWS)):
                content = batch.column("content").cast(pa.large_string())
                found = shingle_sets(content, self.signature.tokenizer, width=self.signature.shingle_tokens)
                buffers = [None, pa.py_buffer(found.offsets * 8), pa.py_buffer(np.ascontiguousarray(found.hashes))]
                hashes = pa.LargeBinaryArray.from_buffers(pa.large_binary(), batch.num_rows, buffers)
                yield pa.RecordBatch.from_arrays([batch.column("file_id"), hashes], schema=SETS)

    def prove(self, pairs: Batches) -> Batches:
        """Rows of PROVED for file_id, hashes, witness, its hashes: pairs at or above the threshold."""
        for batch in (rows for rows in pairs if rows.num_rows):
            both = [batch.column(name).cast(pa.large_binary()) for name in ("hashes", "witness_hashes")]
            offsets, data = offsets_and_bytes(pa.concat_arrays(both))
            n, hashes = batch.num_rows, data[: offsets[-1]].view(np.uint64)
            similarity = jaccard(offsets // 8, hashes, np.arange(n), np.arange(n, 2 * n), at_least=self.min_similarity)
            found = [batch.column("file_id"), batch.column("witness"), pa.array(similarity)]
            yield pa.RecordBatch.from_arrays(found, schema=PROVED).filter(pa.array(~np.isnan(similarity)))


def find(files: DataFrame, keep: Keep, search: OptedSearch) -> tuple[DataFrame, dict[str, Any]]:
    """Rows of PROVED for files (file_id, tokens, minhash, content, is_opted), one for each file that is like an
    opted-out one, with the one it is most like; and counts for the manifest. Null tokens are too few to compare."""
    from pyspark.sql import Window
    from pyspark.sql import functions as F

    signed = files.where("tokens is not null")
    opted = keep("opted", signed.where("is_opted").groupBy("tokens").agg(F.min("file_id").alias("witness")))
    others = signed.where("not is_opted")
    copies = others.join(opted, "tokens").select("file_id", "witness", F.lit(1.0).alias("similarity"))
    leaders = signed.join(opted.select(F.col("witness").alias("file_id")), "file_id", "left_semi")
    under_key = Window.partitionBy("key").orderBy("witness")
    lines = (
        mapped(leaders.select("file_id", "minhash"), search.keys, KEYS)
        .select("key", F.col("file_id").alias("witness"))
        .withColumn("place", F.row_number().over(under_key))
    )
    shelf = keep("keys", lines)
    keys = mapped(others.select("file_id", "minhash"), search.keys, KEYS)
    met = keys.join(shelf.where(F.col("place") <= MOST_LEADERS).select("key", "witness"), "key")
    pairs = keep("pairs", met.select("file_id", "witness").distinct())
    notes = {
        "opted_out_compared": opted.count(),
        "keys_left_out": shelf.where(F.col("place") > MOST_LEADERS).count(),
        "pairs": pairs.count(),
    }
    in_doubt = pairs.select("file_id").union(pairs.select("witness")).distinct()
    contents = files.select("file_id", "content").join(in_doubt, "file_id", "left_semi")
    sets = keep("sets", mapped(contents, search.sets, SETS))
    of_witness = sets.withColumnsRenamed({"file_id": "witness", "hashes": "witness_hashes"})
    in_pairs = pairs.join(sets, "file_id").join(of_witness, "witness")
    proved = mapped(in_pairs.select("file_id", "hashes", "witness", "witness_hashes"), search.prove, PROVED)
    best = F.max(F.struct("similarity", "witness")).alias("best")
    found = copies.unionByName(proved).groupBy("file_id").agg(best)
    return found.select("file_id", "best.witness", "best.similarity"), notes
