"""segments: functions, classes, blocks and comments that similar files have in common stay in one of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import pyarrow as pa
from pydantic import BaseModel, ConfigDict, Field, field_validator

from curate import segments, segments_change, segments_headers
from curate.errors import WrongUse
from curate.near_tasks import Search
from curate.segments_tasks import CHANGED, Comparison
from curate.stage import CHANGES, Batches, Decided, Keep, Measure, Stage, Wide, decisions
from dedup.banding import Bands
from dedup.candidates import SIMHASH_BOUND, Bound
from dedup.minhash import MinHash
from dedup.segments import Least
from dedup.signatures import Signature
from dedup.simhash import most_distance
from dedup.simhash_tables import choose_tables

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

_TOKENS = {"simhash": "simhash_tokens", "minhash": "minhash_tokens"}
_HEADERS = "headers"


class Boilerplate(BaseModel):
    """Headers that very many files have, into OUT/boilerplate.parquet."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    min_files: int = Field(10, ge=1, description="kept files that have a header, for it to be in the table; inclusive")
    most: int = Field(10_000, ge=1, le=100_000, description="headers in the table, most frequent first")
    strip: bool = Field(
        False,
        description="take the table's headers out of what is shipped. Licences ask that their notices stay: only with "
        "the stage `licence`, whose NOTICES.parquet then has to go along with the shards",
    )


class Segments(Wide):
    """Segment dedup among the final keepers (CodeFuse-13B 2.1, step 3), after `simhash`, `minhash` and `resample`.

    Between files that are similar as documents, a segment that a better one has and keeps goes, whole, and with it what
    is inside, as far as better files have that too; where what is left would parse worse, it stays. The file's
    `segments_removed` names the segment and the file that has it; content_id, size_bytes, n_lines, redactions, pairs
    and facts are of the content as shipped, signals of the content as it was judged. Comments before any code are no
    segments here: they are licences, told of in boilerplate.parquet.
    Reasons to drop: little_of_its_own, too_little_left.
    """

    name = "segments"
    reads = ("content", "segments")
    keys = ("segments", "simhash", "simhash_tokens", "minhash", "minhash_tokens", "content")
    tables: ClassVar[Mapping[str, pa.Schema]] = {CHANGES: CHANGED, _HEADERS: segments_headers.HEADERS}
    measured_by = "segments"
    delivers = (segments_headers.NAME,)

    candidates: tuple[Literal["simhash", "minhash"], ...] = Field(
        ("simhash",),
        description="how pairs of files are found: `simhash` within min_similarity, by construction, or within fewer "
        "bits where there are too many files for that, which is told; `minhash` where they share a band",
    )
    min_similarity: float = Field(0.90, gt=0, le=1, description="inclusive; 1 - distance / 64 of SimHashes")
    bands: int = Field(42, ge=1)
    rows: int = Field(6, ge=1)
    kinds: tuple[Literal["code", "comment"], ...] = ("code", "comment")
    same: Literal["normalised", "bytes"] = Field(
        "normalised", description="of code without comments and indentation, of comments their words; or all bytes"
    )
    min_code_tokens: int = Field(20, ge=1, description="of a segment of code that is compared; inclusive")
    min_comment_tokens: int = Field(10, ge=1, description="words of a comment that is compared; inclusive")
    min_own_share: float = Field(
        0.2, ge=0, le=1, description="of a file's bytes without its header, for the file to stay; inclusive"
    )
    min_own_bytes: int = Field(64, ge=0, description="inclusive")
    boilerplate: Boilerplate | None = Field(None, description="null makes no table")

    @field_validator("candidates", "kinds")
    @classmethod
    def _once(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if not value:
            raise ValueError("name at least one")
        return tuple(sorted(set(value)))

    def decides_by(self) -> tuple[str, ...]:
        """Segments, the signatures that are asked for, and content where the table shows it."""
        signatures = [name for one in self.candidates for name in (one, _TOKENS[one])]
        return ("segments", *signatures, *(("content",) if self.boilerplate else ()))

    def asked(self) -> tuple[str, ...]:
        """The table of headers, where there is one."""
        return self.delivers if self.boilerplate else ()

    def check_among(self, stages: Sequence[Stage]) -> None:
        """Also that segments are made, nothing is compared afterwards, and no licence is lost."""
        told = {stage.name: stage.model_dump() for stage in stages}
        maker = next(stage.name for stage in stages if "segments" in stage.writes)
        if not told[maker].get("segments", True):
            raise WrongUse(f"stage 'segments' needs what {maker!r} does not make: set stages.{maker}.segments=true")
        later = [stage.name for stage in stages[list(stages).index(self) + 1 :] if isinstance(stage, Wide)]
        if later:
            raise WrongUse(f"stage 'segments' changes files that {later[0]!r} compares: put it after {later[0]!r}")
        if "minhash" in self.candidates and self.bands * self.rows > (n := told["minhash"].get("permutations", 0)):
            raise WrongUse(f"stage 'segments': {self.bands} bands of {self.rows} rows need more than {n} permutations")
        if self.boilerplate and self.boilerplate.strip and "licence" not in told:
            raise WrongUse(
                "stages.segments.boilerplate.strip takes licences out of files, and without the stage 'licence' "
                "nothing passes them on: add `- licence` after decode, or set strip to false"
            )

    def decide(self, files: DataFrame, keep: Keep) -> Decided:
        """Files with little of their own; and what goes from others, as the table CHANGES."""
        from pyspark.sql import functions as F

        spark = files.sparkSession
        n_files = files.where("segments is not null").count()
        searches = [(one, _TOKENS[one], self._search(one, n_files)) for one in self.candidates]
        found, notes = segments.find(files, keep, searches=searches, comparison=self._comparison())
        if "simhash" in self.candidates:
            notes["distance"] = self.distance(n_files)
        headers = None
        if self.boilerplate is not None:
            headers = keep(_HEADERS, segments_headers.count(
                files, keep, min_files=self.boilerplate.min_files, most=self.boilerplate.most,
                min_tokens=self.min_comment_tokens,
            ))  # fmt: skip
            if self.boilerplate.strip:
                stripped = segments_headers.to_strip(files, headers)
                found = stripped if found is None else _merged(found.unionByName(stripped))
        if found is None:
            found = _none(spark, CHANGED)
        changes = keep(CHANGES, found)
        gone = changes.where("reason is not null")
        decided = {
            "drop_stage": F.lit(self.name), "drop_reason": F.col("reason"), "drop_value": F.col("value"),
            "drop_limit": F.col("limit"), "duplicate_of": F.col("keeper"),
        }  # fmt: skip
        tables = {CHANGES: changes, _HEADERS: _none(spark, segments_headers.HEADERS) if headers is None else headers}
        return Decided(decisions=decisions(gone, decided), notes=notes | _planned(changes), tables=tables)

    def change(self, rows: Batches, measure: Measure) -> Batches:
        """The files without what goes."""
        return segments_change.change(rows, measure)

    def deliver_tables(self, tables: Mapping[str, DataFrame], folder: str) -> list[dict[str, Any]]:
        """boilerplate.parquet."""
        return [segments_headers.write(tables[_HEADERS], folder)]

    def _comparison(self) -> Comparison:
        return Comparison(
            kinds=self.kinds, same=self.same, min_code_tokens=self.min_code_tokens,
            min_comment_tokens=self.min_comment_tokens,
            least=Least(own_share=self.min_own_share, own_bytes=self.min_own_bytes),
        )  # fmt: skip

    def _search(self, candidates: str, n_files: int) -> Search:
        """How candidates meet. They are not proved: what goes is compared by itself."""
        if candidates == "minhash":
            bands = Bands(bands=self.bands, rows=self.rows)
            signature = Signature(minhash=MinHash(permutations=self.bands * self.rows), bands=bands)
            return Search(signature=signature, keys=bands, bound=Bound(), min_proof=0)
        tables = choose_tables(self.distance(n_files), n_files)
        signature = Signature(minhash=None, bands=None)
        return Search(signature=signature, keys=tables, bound=SIMHASH_BOUND, min_proof=0)

    def distance(self, n_files: int) -> int:
        """Bits that SimHashes may differ in: those of min_similarity, or as many as all pairs are found at among so
        many files. A job of days must not fail in its last stage: the manifest and a warning tell what was compared."""
        asked = most_distance(self.min_similarity)
        for distance in range(asked, 0, -1):
            with suppress(ValueError):
                choose_tables(distance, n_files)
                return distance
        return 0


def _merged(changes: DataFrame) -> DataFrame:
    """One row for each file, of at most two."""
    from pyspark.sql import functions as F

    others = [F.max(name).alias(name) for name in CHANGED.names[2:]]
    removals = F.sort_array(F.flatten(F.collect_list("removals"))).alias("removals")
    return changes.groupBy("file_id").agg(removals, *others)


def _planned(changes: DataFrame) -> dict[str, Any]:
    """What is to go from files that stay, by kind."""
    from pyspark.sql import functions as F

    each = changes.where("reason is null").select(F.explode("removals").alias("one"))
    n_bytes = F.sum(F.expr("one.end - one.start"))
    rows = each.groupBy("one.kind").agg(F.count("*").alias("n"), n_bytes.alias("bytes")).sort("kind").collect()
    return {"planned": {row["kind"]: {"segments": row["n"], "bytes": row["bytes"]} for row in rows}}


def _none(spark: Any, schema: pa.Schema) -> DataFrame:
    from pyspark.sql.pandas.types import from_arrow_schema

    return spark.createDataFrame([], from_arrow_schema(schema))
