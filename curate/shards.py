"""The one door to a run's results. Needs pyarrow and nothing of Spark; the trainer comes in here too."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.dataset as ds

from curate.errors import WrongUse
from curate.schema import DOCUMENT, LEDGER, NOTICES, PAIR
from curate.special_tokens import RESERVED_IDS as RESERVED_IDS
from curate.special_tokens import SPECIAL_TOKENS as SPECIAL_TOKENS

MANIFEST = "manifest.json"


class Run:
    """A finished run. Only files that its manifest lists are ever read."""

    def __init__(self, folder: str | Path):
        self.folder = Path(folder)

    def __repr__(self) -> str:
        return f"Run({str(self.folder)!r})"

    @cached_property
    def manifest(self) -> dict[str, Any]:
        """manifest.json as it is. WrongUse where the folder holds no finished run."""
        try:
            return json.loads((self.folder / MANIFEST).read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise WrongUse(f"{self.folder} holds no finished run: it has no {MANIFEST}") from None
        except ValueError as error:
            raise WrongUse(f"{self.folder / MANIFEST} cannot be read: {error}") from None

    @property
    def summary(self) -> dict[str, Any]:
        """Files and bytes read, kept and dropped, by stage, reason and language."""
        return self.manifest["counts"]

    @property
    def shards(self) -> ds.Dataset:
        """Kept files, curate.schema.DOCUMENT."""
        return self._table("shards/", DOCUMENT)

    @property
    def ledger(self) -> ds.Dataset:
        """All files that were read, curate.schema.LEDGER."""
        return self._table("ledger/", LEDGER)

    @property
    def pairs(self) -> ds.Dataset:
        """Functions and their comments, curate.schema.PAIR; none where the recipe did not ask for them."""
        return self._table("pairs/", PAIR)

    @property
    def notices(self) -> ds.Dataset:
        """What licences ask to be passed on, curate.schema.NOTICES; none where the recipe has no stage `licence`."""
        return self._table("NOTICES.parquet", NOTICES)

    def files(self, prefix: str) -> list[Path]:
        """Files of the manifest below a folder of the run, in its order."""
        return [self.folder / file["path"] for file in self.manifest["files"] if file["path"].startswith(prefix)]

    def documents(self, columns: Sequence[str] | None = None, batch_rows: int = 1024) -> Iterator[pa.RecordBatch]:
        """Kept files in the order of the shards, batch by batch."""
        for file in self.files("shards/"):
            yield from ds.dataset(file, format="parquet").to_batches(
                columns=list(columns) if columns else None, batch_size=batch_rows
            )

    def _table(self, prefix: str, schema: pa.Schema) -> ds.Dataset:
        files = [str(file) for file in self.files(prefix)]
        return ds.dataset(files, format="parquet") if files else ds.dataset(schema.empty_table())
