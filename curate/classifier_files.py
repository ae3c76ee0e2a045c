"""The contents of a run's files by their ids: kept ones from the shards, dropped ones from where they came."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from curate.again import text_again
from curate.classifier_labels import Example
from curate.shards import Run


def contents(run: Run, wanted: Sequence[Example]) -> Iterator[tuple[Example, str]]:
    """Each example with its text, in no particular order; one whose source is gone is left out.

    Of the shards only row groups that hold one are read. What is read again is as it lies there: without what stages
    replaced.
    """
    kept = {one.file_id: one for one in wanted if one.kept}
    ids = pa.array(sorted(kept), pa.string())
    for place in run.files("shards/"):
        with pq.ParquetFile(place) as file:
            for group in range(file.num_row_groups):
                hits = pc.is_in(file.read_row_group(group, ["file_id"])["file_id"], ids)
                if not pc.any(hits).as_py():
                    continue
                rows = file.read_row_group(group, ["file_id", "content"]).filter(hits)
                for file_id, text in zip(rows["file_id"], rows["content"], strict=True):
                    yield kept[file_id.as_py()], text.as_py()
    for one in wanted:
        if not one.kept:
            text = text_again(run, {"source": one.source})[1]
            if text is not None:
                yield one, text
