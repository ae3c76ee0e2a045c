"""Licences from licence files and manifests down to the files below them, on Spark: by folders, never by content.

A folder's statements come to one expression (analyzers.licences.statement). Every folder that holds files looks up its
ancestors, and takes the nearest one that has a statement. A repository of its own inside another tree, told by its
version control folder, takes nothing from outside.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import pyarrow as pa

from analyzers.licences.expression import UNKNOWN
from analyzers.licences.statement import Statement, of_folder
from curate.stage import Keep

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

SETTLED = pa.schema(
    [
        ("origin", pa.string()),  # the repository, or the input's label without one
        ("folder", pa.string()),
        ("root", pa.string()),  # the folder whose statement holds here: itself or the nearest one above
        ("licence", pa.string()),
        ("licence_rank", pa.int32()),
    ]
)
"""A row for each folder with files that has a statement or is below one."""

MOST_DEPTH = 64  # folders above one that are looked at

_FOLDER = pa.schema([("origin", pa.string()), ("folder", pa.string()), ("above", pa.string()), ("depth", pa.int32())])
_SAYS = pa.schema(
    [("origin", pa.string()), ("above", pa.string()), ("licence", pa.string()), ("licence_rank", pa.int32())]
)

Batches = Iterator[pa.RecordBatch]


def place(
    repo: str | None, path: str | None, uri: str, member: str | None, row: int | None
) -> tuple[str | None, str | None]:
    """The tree that a file belongs to, and its folder there; (None, None) for a row that comes from no known tree.

    The tree is its repository, else the archive it is a member of, else the input that it was found in.
    """
    if path is None:
        return None, None
    folder = path.rpartition("/")[0]
    if repo is not None:
        return repo, folder
    if row is not None:  # of a data set that does not say where it is from
        return None, None
    return (uri if member is not None else uri.partition("/")[0]), folder


def spread(rows: DataFrame, keep: Keep, keeper_class: Callable[[str | None], int]) -> DataFrame:
    """Rows of SETTLED for work rows, dropped ones too: licence files seldom pass the rules for code."""
    from pyspark.sql import functions as F

    told = rows.where("licence_kind is not null and licence_says is not null").select(
        "origin", F.col("folder").alias("above"), F.struct("path", "licence_kind", "licence_says").alias("said")
    )
    each = told.where("origin is not null").groupBy("origin", "above").agg(F.collect_set("said").alias("said"))
    says = keep("says", mapped(each, _Folders(keeper_class).come_to, _SAYS).unionByName(_borders(rows)))
    # A border that has a statement of its own is no border.
    says = says.groupBy("origin", "above").agg(
        F.max("licence").alias("licence"), F.max("licence_rank").alias("licence_rank")
    )
    folders = rows.where("origin is not null").select("origin", "folder").distinct()
    nearest = (
        mapped(folders, ancestors, _FOLDER)
        .join(says, ["origin", "above"])
        .groupBy("origin", "folder")
        .agg(F.max_by(F.struct("above", "licence", "licence_rank"), "depth").alias("found"))
    )
    return nearest.where("found.licence is not null").select(
        "origin", "folder", F.col("found.above").alias("root"), "found.licence", "found.licence_rank"
    )


def put(rows: DataFrame, table: DataFrame, star_buckets: int) -> DataFrame:
    """Work rows with `licence`, `root` and `rank` as SETTLED has them: a file's own word goes before its folder's, and
    that before the data set's, unless nobody knows the licence that lies in the folder."""
    from pyspark.sql import functions as F

    found = table.withColumnsRenamed({name: f"_{name}" for name in ("root", "licence", "licence_rank")})
    by_folder = F.col("_licence").isNotNull() & ~F.col("licence_own")
    by_folder &= (F.col("_licence") != UNKNOWN) | F.col("licence").isNull()
    order = F.when(by_folder, F.col("_licence_rank")).otherwise(F.col("licence_rank"))
    joined = rows.join(found, ["origin", "folder"], "left")
    columns = {
        "licence": F.when(by_folder, F.col("_licence")).otherwise(F.col("licence")),
        "root": F.col("_root"),
        "rank": (order * star_buckets + F.col("rank") % star_buckets).cast("int"),
    }
    return joined.withColumns(columns).drop("_root", "_licence", "_licence_rank")


def ancestors(folders: Batches) -> Batches:
    """Rows of _FOLDER: each folder with itself and all above it, up to the root "" of its tree."""
    for batch in folders:
        found: list[tuple[str, str, str, int]] = []
        for origin, folder in zip(*(column.to_pylist() for column in batch.columns), strict=True):
            above = folder
            for depth in range(MOST_DEPTH, 0, -1):
                found.append((origin, folder, above, depth))
                if not above:
                    break
                above = above.rpartition("/")[0]
        columns = list(zip(*found, strict=True)) if found else [()] * len(_FOLDER)
        yield pa.RecordBatch.from_arrays(
            [pa.array(column, field.type) for column, field in zip(columns, _FOLDER, strict=True)], schema=_FOLDER
        )


class _Folders:
    """Statements of folders, folder by folder."""

    def __init__(self, keeper_class: Callable[[str | None], int]):
        self.keeper_class = keeper_class

    def come_to(self, folders: Batches) -> Batches:
        """Rows of _SAYS."""
        for batch in folders:
            licences = []
            for said in batch.column("said").to_pylist():
                given = [
                    Statement(one["path"].rpartition("/")[2], one["licence_kind"], one["licence_says"]) for one in said
                ]
                licences.append(of_folder(given))
            yield pa.RecordBatch.from_arrays(
                [
                    batch.column("origin"),
                    batch.column("above"),
                    pa.array(licences, pa.string()),
                    pa.array([self.keeper_class(one) for one in licences], pa.int32()),
                ],
                schema=_SAYS,
            )


def _borders(rows: DataFrame) -> DataFrame:
    """Folders with a version control folder: no statement, and an end to those above."""
    from pyspark.sql import functions as F

    return rows.where("drop_reason = 'version_control' and repo is null").select(
        F.substring_index("source.uri", "/", 1).alias("origin"),
        F.regexp_replace("path", "/?[^/]*$", "").alias("above"),
        F.lit(None).cast("string").alias("licence"),
        F.lit(None).cast("int").alias("licence_rank"),
    )


def mapped(frame: DataFrame, function: Callable[[Batches], Batches], schema: pa.Schema) -> DataFrame:
    """A frame through a function of Arrow batches."""
    from pyspark.sql.pandas.types import from_arrow_schema

    def each(batches):  # Spark pickles a plain function
        return function(batches)

    return frame.mapInArrow(each, from_arrow_schema(schema))
