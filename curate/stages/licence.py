"""licence: what each file says of itself, what licence files and manifests say of the folders below them, and which
kinds of licence stay."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, get_args

import pyarrow as pa
from pydantic import Field, field_validator

from analyzers.licences.copyrights import copyright_lines
from analyzers.licences.expression import Class, licence_class, normalise
from analyzers.licences.header import heads
from analyzers.licences.statement import Statement, kind_of, statement
from curate import notices, spreading
from curate.stage import Decided, Keep, Wide, decisions
from dedup.priority import CLASSES as KEEPER_CLASSES
from dedup.priority import STAR_EDGES

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

MOST_TEXT_BYTES = 512 << 10  # of a licence file that is passed on in full
_BUCKETS = len(STAR_EDGES) + 1  # of stars, below a class in keeper priority
_KEEPER_CLASS: dict[Class, int] = {
    "permissive": KEEPER_CLASSES.index("permissive"),
    "weak_copyleft": KEEPER_CLASSES.index("copyleft"),
    "copyleft": KEEPER_CLASSES.index("copyleft"),
    "none": KEEPER_CLASSES.index("none"),
    "unknown": KEEPER_CLASSES.index("other"),
    "proprietary": KEEPER_CLASSES.index("other"),
}
_DECIDED = pa.schema([("file_id", pa.string()), ("reason", pa.string()), ("licence", pa.string())])


class Licence(Wide):
    """The licence of every file, as an SPDX expression: by its own header; else by the licence files and manifests of
    the nearest folder above it, within its repository or input (column `root`); else by the data set's own column.

    It stands before stages that drop licence files, right after `decode`. Licences found so count for keeper priority.
    NOTICES.parquet has the copyright lines and texts that kept files ask to be passed on. The expression is the
    `drop_text`. Reasons to drop: licence_weak_copyleft, licence_copyleft, licence_unknown, licence_proprietary,
    licence_none, licence_permissive.
    """

    name = "licence"
    reads = ("content", "path", "repo", "source", "licence")
    writes = {
        "licence": pa.string(),
        "licence_own": pa.bool_(),
        "licence_rank": pa.int32(),
        "origin": pa.string(),
        "folder": pa.string(),
        "licence_kind": pa.string(),
        "licence_says": pa.string(),
        "licence_text": pa.large_string(),
        "copyrights": pa.list_(pa.string()),
    }
    early = True
    settles = spreading.SETTLED
    delivers = (notices.NAME,)

    allow: tuple[Class, ...] | None = Field(None, description="kinds of licence that stay; null keeps all")

    @field_validator("allow")
    @classmethod
    def _once(cls, value: tuple[Class, ...] | None) -> tuple[Class, ...] | None:
        return None if value is None else tuple(kind for kind in get_args(Class) if kind in value)

    def measure(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """What files say, one by one; spreading comes when all are read."""
        content = batch.column("content")
        said = heads(content)
        paths = batch.column("path").to_pylist()
        source = (batch.column("source").field(name).to_pylist() for name in ("uri", "member", "row"))
        rows = [spreading.place(*row) for row in zip(batch.column("repo").to_pylist(), paths, *source, strict=True)]
        statements = _statements(paths, content)
        given = [normalise(row) if row else None for row in batch.column("licence").to_pylist()]
        # What a licence file holds is no word about the file itself.
        own = [None if of_folder else head.licence for head, of_folder in zip(said, statements, strict=True)]
        licences = [one or row for one, row in zip(own, given, strict=True)]
        texts = [content[row].as_py() if _is_passed_on(one) else None for row, one in enumerate(statements)]
        columns = {name: batch.column(name) for name in batch.schema.names}
        columns |= {
            "licence": pa.array(licences, pa.string()),
            "licence_own": pa.array([one is not None for one in own], pa.bool_()),
            "licence_rank": pa.array([keeper_class(one) for one in licences], pa.int32()),
            "origin": pa.array([origin for origin, _ in rows], pa.string()),
            "folder": pa.array([folder for _, folder in rows], pa.string()),
            "licence_kind": pa.array([one and one.kind for one in statements], pa.string()),
            "licence_says": pa.array([one and one.licence for one in statements], pa.string()),
            "licence_text": pa.array([text and text[:MOST_TEXT_BYTES] for text in texts], pa.large_string()),
            "copyrights": pa.array([_copyrights(*row) for row in zip(said, texts, strict=True)], pa.list_(pa.string())),
        }
        return pa.RecordBatch.from_pydict(columns)

    def settle(self, rows: DataFrame, keep: Keep) -> DataFrame:
        """For every folder below a licence file or manifest, the nearest one and what it says."""
        return spreading.spread(rows, keep, keeper_class)

    def settled(self, rows: DataFrame, table: DataFrame) -> DataFrame:
        """Rows with their `licence`, `root` and `rank` as the folders above give them."""
        return spreading.put(rows, table, _BUCKETS)

    def decide(self, files: DataFrame, keep: Keep) -> Decided:
        """Files of a kind that is not allowed."""
        from pyspark.sql import functions as F

        judged = spreading.mapped(files.select("file_id", "licence"), self._judge, _DECIDED)
        if self.allow is None:
            judged = judged.where("false")
        decided = {"drop_stage": F.lit(self.name), "drop_reason": F.col("reason"), "drop_text": F.col("licence")}
        return Decided(decisions=decisions(judged, decided))

    def deliver(self, kept: DataFrame, rows: DataFrame, folder: str) -> list[dict[str, Any]]:
        """NOTICES.parquet."""
        return [notices.write(kept, rows, folder)]

    def _judge(self, batches: Any) -> Any:
        for batch in batches:
            kinds = [licence_class(one) for one in batch.column("licence").to_pylist()]
            reasons = [None if kind in (self.allow or ()) else f"licence_{kind}" for kind in kinds]
            found = pa.RecordBatch.from_arrays(
                [batch.column("file_id"), pa.array(reasons, pa.string()), batch.column("licence")], schema=_DECIDED
            )
            yield found.filter(found.column("reason").is_valid())


def keeper_class(licence: str | None) -> int:
    """The place of a licence among dedup.priority's classes."""
    return _KEEPER_CLASS[licence_class(licence)]


def _statements(paths: list[str | None], content: pa.LargeStringArray) -> list[Statement | None]:
    return [
        statement(path, content[row].as_py() or "") if path and kind_of(path) else None
        for row, path in enumerate(paths)
    ]


def _is_passed_on(one: Statement | None) -> bool:
    return one is not None and one.kind in ("text", "notice")


def _copyrights(head: Any, text: str | None) -> list[str]:
    return list(dict.fromkeys([*head.copyrights, *(copyright_lines(text[:MOST_TEXT_BYTES]) if text else [])]))
