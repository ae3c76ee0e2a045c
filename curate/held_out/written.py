"""Small runs: shards and a manifest, without ledger or report; what reads runs reads them."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Mapping
from importlib import metadata
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pyarrow as pa
import pyarrow.parquet as pq

from curate.schema import DOCUMENT
from curate.shards import MANIFEST, Run


class RunWriter:
    """Writes a run batch by batch into the shards that it is told. Used as a context; an error leaves no manifest, so
    that what was half written is never read."""

    def __init__(self, folder: Path, **about: Any):
        self.folder, self.about = folder, about
        folder.mkdir(parents=True, exist_ok=True)
        (folder / MANIFEST).unlink(missing_ok=True)
        self.writers: dict[str, pq.ParquetWriter] = {}
        self.rows: Counter[str] = Counter()
        self.files: Counter[str] = Counter()
        self.bytes: Counter[str] = Counter()

    def __enter__(self) -> RunWriter:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        for writer in self.writers.values():
            writer.close()
        if kind is None:
            self._finish()

    def add(self, path: str, batch: pa.RecordBatch) -> None:
        """Append documents to the shard at this path below the run's folder."""
        if not batch.num_rows:
            return
        if path not in self.writers:
            (self.folder / path).parent.mkdir(parents=True, exist_ok=True)
            self.writers[path] = pq.ParquetWriter(self.folder / path, batch.schema, compression="zstd")
        self.writers[path].write_batch(batch)
        self.rows[path] += batch.num_rows
        for language, size in zip(batch["language"].to_pylist(), batch["size_bytes"].to_pylist(), strict=True):
            self.files[language] += 1
            self.bytes[language] += size

    def add_rows(self, rows: Iterable[Mapping[str, Any]]) -> None:
        """Documents as rows, into a shard a language, in the layout's order: repository, path, file_id."""
        by_language: dict[str, list[Mapping[str, Any]]] = {}
        for row in rows:
            by_language.setdefault(row["language"], []).append(row)
        for language, some in sorted(by_language.items()):
            some.sort(key=lambda row: (row["repo"] is not None, row["repo"] or "", row["path"], row["file_id"]))
            full = [{name: row.get(name) for name in DOCUMENT.names} for row in some]
            path = f"shards/language={quote(language, safe='')}/00000.parquet"
            self.add(path, pa.RecordBatch.from_pylist(full, schema=DOCUMENT))

    def _finish(self) -> None:
        kept = {name: {"kept": {"files": n, "bytes": self.bytes[name]}} for name, n in sorted(self.files.items())}
        files = [
            {"path": path, "rows": rows, "sha256": hashlib.sha256((self.folder / path).read_bytes()).hexdigest()}
            for path, rows in sorted(self.rows.items())
        ]
        total = {"files": self.files.total(), "bytes": self.bytes.total()}
        told = {
            "codemill": metadata.version("codemill"),
            "counts": {"kept": total, "languages": kept},
            "files": files,
        } | self.about
        part = self.folder / f"{MANIFEST}.part"
        part.write_text(json.dumps(told, indent=1, sort_keys=True) + "\n", encoding="utf-8")
        part.replace(self.folder / MANIFEST)


def is_finished(folder: Path) -> bool:
    """Whether a folder holds a finished run."""
    return (folder / MANIFEST).is_file()


def summary_of(run: Run) -> dict[str, Any]:
    """Files and bytes of a run."""
    return run.summary["kept"]
