"""Our narrow stages as a block of datatrove, for pipelines that its executors run.

LocalPipelineExecutor([JsonlReader("in"), NarrowStages("codefuse"), JsonlWriter("out")])
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
from datatrove.data import Document
from datatrove.pipeline.base import PipelineStep
from datatrove.pipeline.writers.disk_base import DiskWriter

from curate.narrow import mill, work_schema
from curate.readers import BATCH_ROWS
from curate.recipe import load
from curate.sources import datasets
from curate.sources.raw import RAW
from curate.stage import Stage, Wide, check_contracts

_TOLD = ("language", "encoding", "licence", "content_id", "size_bytes", "n_lines", "redactions", "signals")


class NarrowStages(PipelineStep):
    """The stages of a recipe that look into one file at a time, over Documents; those that compare files are left out.

    Path, repository, language, licence and stars are taken from the metadata, under the names that data sets give them;
    a document without a path has its id for one. A document that stays has its text as shipped, and in its metadata
    what the stages wrote. One that goes is counted as `dropped_STAGE.REASON`, and written by `exclusion_writer` with
    this as its `filter_reason`. Documents keep their order.
    """

    name = "codemill"
    type = "🔻 - FILTER"

    def __init__(
        self,
        recipe: str | Path,
        settings: tuple[str, ...] = (),
        *,
        batch_bytes: int = 4 << 20,
        exclusion_writer: DiskWriter | None = None,
    ) -> None:
        """A recipe by name or from a file, with settings over it as on the command line; batches of about that size."""
        super().__init__()
        self.stages: tuple[Stage, ...] = tuple(
            stage for stage in load(recipe, settings).stages if not isinstance(stage, Wide)
        )
        self.schema = work_schema(check_contracts(self.stages))
        self.batch_bytes = batch_bytes
        self.exclusion_writer = exclusion_writer

    def run(self, data: Iterator[Document], rank: int = 0, world_size: int = 1) -> Iterator[Document]:
        """The documents that stay."""
        with self.exclusion_writer or contextlib.nullcontext() as writer:
            for documents in self._batches(data):
                with self.track_time("batch"):
                    rows = self._milled(documents)
                for document, row in zip(documents, rows, strict=True):
                    self.stat_update("total")
                    if row["drop_reason"] is None:
                        document.text = row["content"]
                        document.metadata |= _told(row)
                        self.stat_update("forwarded")
                        self.update_doc_stats(document)
                        yield document
                        continue
                    reason = f"{row['drop_stage']}.{row['drop_reason']}"
                    self.stat_update("dropped", f"dropped_{reason}")
                    if writer is not None:
                        document.metadata["filter_reason"] = reason
                        writer.write(document, rank)

    def _batches(self, data: Iterator[Document]) -> Iterator[list[Document]]:
        held: list[Document] = []
        n_chars = 0
        for document in data:
            held.append(document)
            n_chars += len(document.text)
            if n_chars >= self.batch_bytes or len(held) >= BATCH_ROWS:
                yield held
                held, n_chars = [], 0
        if held:
            yield held

    def _milled(self, documents: list[Document]) -> list[dict[str, Any]]:
        """A row for each document, in their order."""
        rows = [_raw(number, document) for number, document in enumerate(documents)]
        raw = pa.RecordBatch.from_pylist(rows, schema=RAW)
        done = mill(raw, "datatrove", self.stages, self.schema).to_pylist()
        return sorted(done, key=lambda row: int(row["file_id"]))


def _raw(number: int, document: Document) -> dict[str, Any]:
    text = document.text.encode("utf-8", "surrogatepass")
    described: Mapping[str, Any] = document.metadata
    path = _first(described, datasets.PATH) or document.id
    stars, licence = _first(described, datasets.STARS), _first(described, datasets.LICENCE)
    return {
        "file_id": str(number),
        "source": {"uri": document.id, "member": None, "row": None, "revision": None},
        "repo": _first(described, datasets.REPO),
        "path": str(path),
        "licence": licence if isinstance(licence, str) else None,
        "stars": stars if isinstance(stars, int) else None,
        "claimed_language": _first(described, datasets.LANGUAGE),
        "size_bytes": len(text),
        "raw": text,
        "drop_reason": None,
        "drop_value": None,
        "drop_text": None,
        "drop_limit": None,
    }


def _first(fields: Mapping[str, Any], names: tuple[str, ...]) -> Any:
    return next((fields[name] for name in names if fields.get(name) is not None), None)


def _told(row: Mapping[str, Any]) -> dict[str, Any]:
    """What was measured, without what was not."""
    told = {name: row[name] for name in _TOLD if row[name] is not None}
    told["signals"] = {name: value for name, value in (told.get("signals") or {}).items() if value is not None}
    return told
