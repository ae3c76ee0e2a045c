"""What the stages exact, simhash and minhash share: the setting that names an index of earlier runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import Field, model_validator

from curate.errors import WrongUse
from curate.index import Index
from curate.index_known import Known
from curate.near import find
from curate.near_tasks import Search
from curate.stage import Decided, Keep, Wide

if TYPE_CHECKING:
    from pyspark.sql import DataFrame


class Indexed(Wide):
    """A stage whose files may be compared with those of an index too, which stay and stand before all others.

    The index is a part of the recipe: with another one, or one that has grown, it is another recipe.
    """

    index: str | None = Field(None, description="a folder of `codemill index build`")
    index_sha256: str | None = Field(None, description="of its list; filled in, and checked where it is given")

    @model_validator(mode="before")
    @classmethod
    def _digest(cls, fields: dict[str, Any]) -> dict[str, Any]:
        if not fields.get("index"):
            return fields
        found = Index(fields["index"])
        if fields.get("index_sha256") not in (None, found.sha256):
            raise WrongUse(
                f"the index {found.folder} has sha256 {found.sha256}, not {fields['index_sha256']}: it changed"
            )
        return {**fields, "index": str(found.folder), "index_sha256": found.sha256}

    @model_validator(mode="after")
    def _index_fits(self) -> Indexed:
        index = self.opened()
        if index is not None:
            index.check(self.name, self.version())
        return self

    def version(self) -> str:
        """What two files' values must be made by to be compared."""
        raise TypeError(f"{type(self).__name__} must define version()")

    def opened(self) -> Index | None:
        """The index, None where none is named. WrongUse where it changed since the recipe was read."""
        if self.index is None:
            return None
        found = Index(self.index)
        if found.sha256 != self.index_sha256:
            raise WrongUse(f"the index {found.folder} changed since the run began: say the same again with --fresh")
        return found

    def decide(self, files: DataFrame, keep: Keep) -> Decided:
        """Decisions about files, compared with each other and with the index where one is named."""
        index = self.opened()
        known = None if index is None else Known(index=index, spark=files.sparkSession)
        return self.compared(files, keep, known)

    def compared(self, files: DataFrame, keep: Keep, known: Known | None) -> Decided:
        """The same with what an index knows."""
        raise TypeError(f"{type(self).__name__} must define compared()")


class NearIndexed(Indexed):
    """One that looks for near-duplicates, and writes a signature of its own name and `NAME_tokens`."""

    min_similarity: float

    @model_validator(mode="after")
    def _runs_are_there(self) -> NearIndexed:
        """Better told now than after hours: pairs are proved on the files of the index's runs."""
        index = self.opened()
        if index is not None and self.search(index.n_files).evidence == "content":
            for run in index.runs:
                run.open()
        return self

    def search(self, n_files: int) -> Search:
        """How pairs are looked for among so many files, under keys that an index may have; with one, under its own.
        ValueError where there are none for so many."""
        raise TypeError(f"{type(self).__name__} must define search()")

    def search_alone(self, n_files: int) -> Search:
        """The same without an index, for any number."""
        return self.search(n_files)

    def compared(self, files: DataFrame, keep: Keep, known: Known | None) -> Decided:
        """Those that are near to a better file that stays."""
        search_of = self.search_alone if known is None else self.search
        return find(files, keep, stage=self.name, search_of=search_of, min_similarity=self.min_similarity, known=known)
