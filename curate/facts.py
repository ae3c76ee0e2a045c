"""Facts on disk: extracted from inputs by the fused pass, laid out in buckets by file_id, and read again.

    OUT/facts/RELATION/00000.parquet     rows of one bucket, by file_id, as analyzers.syntax.facts.relations has them
    OUT/facts/facts.json                 what is there, written last: a file counts only if it is listed here

A file's facts travel packed, one value of bytes, so that one shuffle serves all relations. Buckets are ranges of
file_id, which is a hash: every relation is sorted by it, and the facts of a file are in the same bucket of each.
"""

from __future__ import annotations

import hashlib
import json
import math
import shutil
import uuid
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq

from analyzers.syntax.facts.packed import ALL
from analyzers.syntax.facts.relations import RELATIONS
from curate import listing, manifest, nested
from curate.errors import RunFailed, WrongUse
from curate.fact_files import NAME, publish
from curate.inputs import Root, resolve
from curate.narrow import NarrowPass
from curate.progress import Reporter
from curate.schema import VERDICT_COLUMNS
from curate.session import parallelism
from curate.stages.decode import Decode
from curate.stages.language import DetectLanguage
from curate.stages.read import Read
from curate.stages.syntax import Syntax
from curate.work import Work, write_whole

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

EVERYTHING = Syntax(facts=ALL, refusals=())
"""All relations; a file without a tree has none and is told of."""
PACKED = pa.schema([("file_id", pa.string()), ("facts", pa.large_binary())])
"""What a run's `_work` has of facts: a row for each file that has any."""

_TOLD = pa.schema([("written", pa.string()), ("reason", pa.string()), ("count", pa.int64())])
_EXTRACTED = pa.schema(
    [
        *PACKED,
        ("syntax_refusal", pa.string()),
        ("drop_stage", pa.string()),
        *VERDICT_COLUMNS,
        ("unit_kind", pa.string()),
    ]
)


class FactBase:
    """Facts that were written. Needs pyarrow and nothing of Spark."""

    def __init__(self, folder: str | Path):
        """`folder` is OUT or OUT/facts. WrongUse where it holds no finished facts."""
        given = Path(folder)
        self.folder = given if (given / NAME).is_file() else given / "facts"
        try:
            self.contents: dict[str, Any] = json.loads((self.folder / NAME).read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise WrongUse(
                f"{given} holds no facts: there is no {NAME}; `codemill facts INPUT --out {given}`"
            ) from None
        except (OSError, ValueError) as error:
            raise WrongUse(f"{self.folder / NAME} cannot be read: {error}") from None

    def files(self, relation: str) -> list[Path]:
        """Files of a relation, in the order of file_id."""
        return [self.folder / file["path"] for file in self.contents["relations"][relation]["files"]]

    def table(self, relation: str) -> ds.Dataset:
        """A relation; WrongUse for one that is none."""
        if relation not in RELATIONS:
            raise WrongUse(f"no relation {relation!r}; there are {', '.join(RELATIONS)}")
        files = [str(file) for file in self.files(relation)]
        schema = RELATIONS[relation]
        return ds.dataset(files, schema=schema, format="parquet") if files else ds.dataset(schema.empty_table())


def write_facts(
    inputs: Sequence[str | Path], out: str | Path, spark: SparkSession, *, stage: Syntax | None = None,
    bucket_bytes: int = nested.BUCKET_BYTES, fresh: bool = False, reporter: Reporter | None = None,
) -> FactBase:  # fmt: skip
    """Extract facts from inputs into OUT/facts. An interrupted extraction goes on, a finished one is given back.

    WrongUse where OUT/facts holds facts of something else, RunFailed where no file had any.
    """
    folder = Path(out).absolute()
    roots = resolve(inputs)
    if fresh:
        shutil.rmtree(folder / "facts", ignore_errors=True)
        shutil.rmtree(folder / "_work", ignore_errors=True)
    job = _Extraction(roots, folder, spark, stage or EVERYTHING, bucket_bytes, reporter or Reporter())
    found = job.list_inputs()
    if (folder / "facts" / NAME).exists():
        base = FactBase(folder)
        if base.contents["fingerprint"] != job.fingerprint:
            raise WrongUse(
                f"{folder / 'facts'} holds facts of another input or setting: name another --out, or --fresh"
            )
        job.work.remove()
        return base
    if not found["n_units"]:
        raise RunFailed(f"nothing was read: there is no file in {', '.join(root.location for root in roots)}")
    job.extract()
    job.lay_out()
    job.work.remove()
    return FactBase(folder)


@dataclass
class _Extraction:
    """One extraction under way; its methods are its stages, in order."""

    roots: Sequence[Root]
    folder: Path
    spark: SparkSession
    stage: Syntax
    bucket_bytes: int
    reporter: Reporter

    def __post_init__(self) -> None:
        self.work = Work(self.folder / "_work")
        self.cores = parallelism(self.spark)
        self.reading = Read()

    def list_inputs(self) -> dict[str, Any]:
        """Units of all inputs, packed; also what the result depends on."""
        self.folder.mkdir(parents=True, exist_ok=True)
        place = self.work.folder / "listing"
        shutil.rmtree(place, ignore_errors=True)
        self.listing = listing.write(
            self.spark, self.roots, str(self.folder), self.reading.pack_bytes, self.cores, place
        )
        settings = [self.stage.model_dump(mode="json"), self.bucket_bytes, manifest.versions(), self.listing["hash"]]
        self.fingerprint = hashlib.sha256(json.dumps(settings, sort_keys=True).encode()).hexdigest()
        return self.listing

    def extract(self) -> None:
        """Packed facts of every file into `_work`, and how many files have none, by reason."""
        from pyspark.sql.pandas.types import from_arrow_schema

        stages = (Decode(), DetectLanguage(), self.stage)
        narrow = NarrowPass(read=self.reading, stages=stages, schema=_EXTRACTED)

        def write(folder: str) -> dict[str, Any]:
            writer = PackedWriter(narrow=narrow, folder=str(Path(folder, "_attempts")))

            def mill(packs):  # Spark pickles a plain function
                return writer(packs)

            packs = self.work.read(self.spark, "listing", listing.PACK)
            by_bytes = -(-self.listing["bytes"] // self.reading.task_bytes)
            n_tasks = max(1, by_bytes, min(self.listing["n_packs"], 4 * self.cores))
            told = packs.repartition(n_tasks).mapInArrow(mill, from_arrow_schema(_TOLD)).collect()
            without: Counter[str] = Counter()
            for number, row in enumerate(sorted(told, key=lambda row: row["written"] or "")):
                if row["written"]:
                    Path(row["written"]).replace(Path(folder, f"{number:06d}.parquet"))
                else:
                    without[row["reason"]] += row["count"]
            shutil.rmtree(Path(folder, "_attempts"), ignore_errors=True)
            if not any(row["written"] for row in told):
                reasons = ", ".join(f"{count} {reason}" for reason, count in sorted(without.items()))
                raise RunFailed(f"no file of {self.listing['n_units']} had facts: {reasons}")
            return {"without": dict(sorted(without.items()))}

        with self.reporter.stage("facts", self.spark.sparkContext, self.listing["bytes"]):
            self.notes, _ = self.work.stage("facts", self.fingerprint, write)

    def lay_out(self) -> None:
        """Buckets of all relations into their places, and facts.json, last of all."""
        n_buckets = max(1, math.ceil(self.listing["bytes"] / self.bucket_bytes))
        place = self.work.folder / "buckets"
        shutil.rmtree(place, ignore_errors=True)
        with self.reporter.stage("buckets", self.spark.sparkContext, self.listing["bytes"]):
            packed = self.work.read(self.spark, "facts", PACKED)
            files = nested.write_buckets(packed, nested.Facts(), n_buckets, str(place))
        target = self.folder / "facts"
        target.mkdir(parents=True, exist_ok=True)
        contents = publish(files, target)
        counts = {"with": contents["relations"]["file"]["rows"], "without": self.notes["without"]}
        contents |= {"fingerprint": self.fingerprint, "files": counts, "versions": manifest.versions()}
        write_whole(target / NAME, json.dumps(contents, indent=1, ensure_ascii=False, sort_keys=True) + "\n")


@dataclass(frozen=True, kw_only=True)
class PackedWriter:
    """The fused pass with its facts written where they are made. Packs in; out the file, and files without facts."""

    narrow: NarrowPass
    folder: str

    def __call__(self, packs: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Rows of _TOLD: one for the file that was written, one for each reason why files have no facts."""
        path = Path(self.folder) / f"{uuid.uuid4().hex}.parquet"
        without: Counter[str] = Counter()
        writer: pq.ParquetWriter | None = None
        for rows in self.narrow(packs):
            columns = (rows.column(name).to_pylist() for name in ("drop_stage", "drop_reason", "syntax_refusal"))
            for stage, reason, refusal in zip(*columns, strict=True):
                if stage or refusal:
                    without[f"{stage}.{reason}" if stage else refusal] += 1
            there = rows.filter(rows.column("facts").is_valid()).select(PACKED.names)
            if there.num_rows:
                if writer is None:
                    path.parent.mkdir(parents=True, exist_ok=True)
                    writer = pq.ParquetWriter(
                        path, PACKED, compression="zstd", compression_level=1, use_dictionary=False
                    )
                writer.write_batch(there)
        told: list[dict[str, Any]] = [
            {"written": None, "reason": reason, "count": count} for reason, count in sorted(without.items())
        ]
        if writer is not None:
            writer.close()
            told.append({"written": str(path), "reason": None, "count": 0})
        if told:
            yield pa.RecordBatch.from_pylist(told, schema=_TOLD)
