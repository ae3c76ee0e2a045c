"""The engine: a recipe over inputs, stage by stage, each finished on disk before the next, every file accounted for."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from curate import layout, listing, manifest, report
from curate.errors import RunFailed, WrongUse
from curate.inputs import Root, resolve
from curate.memory import Watch
from curate.narrow import WORKED, NarrowPass, WorkWriter, packed, work_schema
from curate.out_folder import clear, refuse_strangers
from curate.progress import Reporter, job_group
from curate.recipe import Recipe
from curate.schema import LEDGER
from curate.session import parallelism
from curate.shards import Run
from curate.so_far import (
    BROADCAST_BYTES,
    SoFar,
    bytes_below,
    changed_name,
    delivered_name,
    rows_below,
    settled_name,
    table_name,
)
from curate.stage import CHANGES, Keep, Stage, Wide, check_contracts
from curate.work import Work, glob_url, read_parquet, url, write_parquet, write_whole

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

# Ids that wide stages and the layout need of every live file, beyond the keys that stages write.
_IDS = ("file_id", "content_id", "language", "repo", "size_bytes", "rank", "licence", "stars")
_BATCH_ROWS = "spark.sql.execution.arrow.maxRecordsPerBatch"


def run(
    recipe: Recipe, inputs: Sequence[str | Path], out: str | Path, spark: SparkSession, *, fresh: bool = False,
    keep_work: bool = False, reporter: Reporter | None = None,
) -> Run:  # fmt: skip
    """Mill inputs into OUT and give the finished run.

    An interrupted run goes on where it stopped; a finished one is given back as it is. WrongUse where OUT holds
    something else, RunFailed where nothing was read or a file is unaccounted for.
    """
    folder = Path(os.path.abspath(out))
    roots = resolve(inputs)
    if fresh:
        clear(folder)
    earlier = manifest.read(folder)
    if earlier is None:
        refuse_strangers(folder)
    mill = _Mill(recipe, roots, folder, spark, reporter or Reporter())
    found = mill.list_inputs()
    if earlier is not None:
        mill.work.remove()
        if earlier["recipe"]["hash"] != recipe.hash or earlier["inputs"]["hash"] != found["hash"]:
            raise WrongUse(
                f"{folder} holds a finished run of another recipe or input: name another --out, or say --fresh"
            )
        return Run(folder)
    if found["n_units"] == 0:
        raise RunFailed(f"nothing was read: there is no file in {', '.join(root.location for root in roots)}")
    mill.read_and_measure()
    mill.decide()
    mill.lay_out()
    mill.deliver()
    mill.finish()
    if not keep_work:
        mill.work.remove()
    return Run(folder)


@dataclass
class _Mill:
    """One run under way. Its methods are its stages, in order."""

    recipe: Recipe
    roots: Sequence[Root]
    folder: Path
    spark: SparkSession
    reporter: Reporter

    def __post_init__(self) -> None:
        self.work = Work(self.folder / "_work")
        self.cores = parallelism(self.spark)
        self.extra = check_contracts(self.recipe.stages)
        self.schema = work_schema(self.extra)  # of rows as stages see them
        self.packed = packed(self.schema)  # as they lie in `_work`
        self.notes: dict[str, dict[str, Any]] = {}
        self.so_far = SoFar(
            work=self.work, spark=self.spark, schema=self.packed, wide=self.recipe.wide, notes=self.notes
        )
        self.fingerprint = _digest(manifest.versions())
        self.reading = self.recipe.stage("read")

    def list_inputs(self) -> dict[str, Any]:
        """Units of all inputs, packed. Done at every start: what changed since the last one must be seen."""

        def write(folder: str) -> dict[str, Any]:
            pack_bytes = self.reading.pack_bytes
            return listing.write(self.spark, self.roots, str(self.folder), pack_bytes, self.cores, Path(folder))

        self.listing = self._stage("listing", os.urandom(8).hex(), write)
        self.fingerprint = _digest(self.fingerprint, self.listing["hash"], [vars(root) for root in self.roots])
        if self.listing["n_jsonl_files"]:
            self.reporter.say(
                f"note: {self.listing['n_jsonl_files']} .jsonl files inside folders are read as plain files; "
                f"to read their lines as documents, name them: 'FOLDER/*.jsonl'"
            )
        if self.listing["n_archives"]:
            self.reporter.say(
                f"note: {self.listing['n_archives']} archives inside folders are read as plain files; "
                f"to open them, name them: 'FOLDER/*.zip'"
            )
        for root in self.roots:
            if root.is_repository and not root.revision and (Path(root.location) / ".git").exists():
                self.reporter.say(
                    f"note: {root.location} is a git repository: HEAD is read; for its files as they lie name "
                    f"{root.location}@"
                )
        return self.listing

    def read_and_measure(self) -> None:
        """The fused narrow pass, into `_work/narrow`."""
        from pyspark.sql.pandas.types import from_arrow_schema

        stages = tuple(stage for stage in self.recipe.stages if type(stage).measure is not Stage.measure)
        narrow = NarrowPass(read=self.reading, stages=stages, schema=self.schema)
        self.fingerprint = _digest(self.fingerprint, [self.reading, *stages])

        def write(folder: str) -> dict[str, Any]:
            attempts = Path(folder, "_attempts")
            writer = WorkWriter(narrow=narrow, folder=str(attempts))

            def mill(packs):  # Spark pickles a plain function
                return writer(packs)

            packs = self.work.read(self.spark, "listing", listing.PACK)
            by_bytes = -(-self.listing["bytes"] // self.reading.task_bytes)
            n_tasks = max(1, by_bytes, min(self.listing["n_packs"], 4 * self.cores))
            found = packs.repartition(n_tasks).mapInArrow(mill, from_arrow_schema(WORKED)).collect()
            by_unit: Counter[str] = Counter()
            for number, row in enumerate(found):
                Path(row["written"]).replace(Path(folder, f"{number:06d}.parquet"))
                by_unit.update(row["units"])
            shutil.rmtree(attempts, ignore_errors=True)  # an attempt that comes late may be writing there
            return {"rows": sum(row["rows"] for row in found), "by_unit": dict(by_unit)}

        self._stage("narrow", self.fingerprint, write, n_bytes=self.listing["bytes"])

    def decide(self) -> None:
        """The wide stages, each over what the ones before it left."""
        for stage in self.recipe.wide:
            self.fingerprint = _digest(self.fingerprint, [stage])
            if stage.settles is not None:
                self._stage(settled_name(stage), self.fingerprint, self._settling(stage))
            self._stage(stage.name, self.fingerprint, self._deciding(stage))
            if CHANGES in stage.tables:
                self._stage(changed_name(stage), self.fingerprint, self._changing(stage))

    def _settling(self, stage: Wide):
        def write(folder: str) -> dict[str, Any]:
            kept = Path(f"{folder}.kept")
            shutil.rmtree(kept, ignore_errors=True)
            rows = self.so_far.rows(before=stage).drop("content", "signals")
            stage.settle(rows, self._keeping(kept)).write.parquet(url(folder))
            shutil.rmtree(kept, ignore_errors=True)
            return {"rows": rows_below(Path(folder))}

        return write

    def _deciding(self, stage: Wide):
        def write(folder: str) -> dict[str, Any]:
            kept = Path(f"{folder}.kept")
            shutil.rmtree(kept, ignore_errors=True)
            live = self.so_far.live(before=stage).select(*dict.fromkeys((*_IDS, *stage.decides_by())))
            decided = stage.decide(live, self._keeping(kept))
            for name, table in decided.tables.items():
                shutil.rmtree(self.work.folder / table_name(stage, name), ignore_errors=True)
                table.write.parquet(url(self.work.folder / table_name(stage, name)))
            write_parquet(decided.decisions, Path(folder))
            shutil.rmtree(kept, ignore_errors=True)
            return decided.notes | {"dropped": rows_below(Path(folder))}

        return write

    def _changing(self, stage: Wide):
        """Whole work rows of the files that a stage changes. Their content is read, and written, once."""
        from pyspark.sql import functions as F
        from pyspark.sql.pandas.types import from_arrow_schema

        measure = next(one for one in self.recipe.stages if stage.measured_by in one.writes).measure

        def change(batches):  # Spark pickles a plain function
            return stage.change(batches, measure)

        def write(folder: str) -> dict[str, Any]:
            name = table_name(stage, CHANGES)
            changes = self.work.read(self.spark, name, stage.tables[CHANGES])
            if not rows_below(self.work.folder / name):
                return {"rows": 0}
            small = bytes_below(self.work.folder / name) < BROADCAST_BYTES
            rows = self.so_far.live(before=stage).join(F.broadcast(changes) if small else changes, "file_id")
            rows = rows.select(*dict.fromkeys((*self.packed.names, *changes.columns)))  # Spark takes them by place
            rows.mapInArrow(change, from_arrow_schema(self.packed)).write.parquet(url(folder))
            return {"rows": rows_below(Path(folder))}

        return write

    def _keeping(self, folder: Path) -> Keep:
        """Tables of a stage at work, below `folder`."""

        def keep(name: str, rows: DataFrame | pa.Table, *, batch_rows: int | None = None) -> DataFrame:
            place, before = folder / name, str(self.spark.conf.get(_BATCH_ROWS))
            self.spark.conf.set(_BATCH_ROWS, str(batch_rows) if batch_rows else before)
            try:
                write_parquet(rows, place)
            finally:
                self.spark.conf.set(_BATCH_ROWS, before)
            if isinstance(rows, pa.Table):
                return read_parquet(self.spark, [place], rows.schema)
            return self.spark.read.schema(rows.schema).parquet(glob_url(place))

        return keep

    def lay_out(self) -> None:
        """Shards and ledger into `_work`, at the same time: of small input each is one or few tasks."""
        from pyspark import inheritable_thread_target

        settings = self.recipe.stage("layout")
        self.fingerprint = _digest(self.fingerprint, [settings])

        def write_shards(folder: str) -> list[dict[str, Any]]:
            plan, large = layout.plan(self.so_far.live().select(*_IDS), settings.shard_bytes)
            return layout.write_shards(self.so_far.live(), plan, large, folder, self.cores)

        def write_ledger(folder: str) -> list[dict[str, Any]]:
            rows = layout.ledger_rows(self.so_far.rows().drop("content"), self.so_far.decisions())
            return layout.write_ledger(rows, self.notes["narrow"]["rows"], settings.ledger_rows, folder)

        def write(folder: str) -> dict[str, Any]:
            pool = ThreadPoolExecutor(2)
            try:
                parts = [
                    pool.submit(inheritable_thread_target(self.spark)(part), os.path.join(folder, name))
                    for name, part in (("shards", write_shards), ("ledger", write_ledger))
                ]
                return {"files": [file for part in parts for file in part.result()]}
            except BaseException:
                self.spark.sparkContext.cancelJobGroup(job_group("layout"))  # the other part must not go on alone
                raise
            finally:
                pool.shutdown(wait=False, cancel_futures=True)

        self._stage("layout", self.fingerprint, write, n_bytes=self.listing["bytes"])

    def deliver(self) -> None:
        """Files that stages write beside shards and ledger."""
        for stage in self.recipe.stages:
            if stage.asked():
                self._stage(delivered_name(stage), self.fingerprint, self._delivering(stage))

    def _delivering(self, stage: Stage):
        def write(folder: str) -> dict[str, Any]:
            own = {name: schema for name, schema in getattr(stage, "tables", {}).items() if name != CHANGES}
            if isinstance(stage, Wide) and own:
                tables = {name: self.work.read(self.spark, table_name(stage, name), own[name]) for name in own}
                return {"files": stage.deliver_tables(tables, folder)}
            return {
                "files": stage.deliver(self.so_far.live().drop("content"), self.so_far.rows().drop("content"), folder)
            }

        return write

    def finish(self) -> None:
        """Check that nothing is lost, move the files to their places, and write the manifest, last of all."""
        files = [file for notes in self.notes.values() for file in notes.get("files", ())]
        parts = [Path(file["written"]) for file in files if file["path"].startswith("ledger/")]
        ledger = read_parquet(self.spark, parts, LEDGER)
        counts = manifest.count(ledger)
        manifest.check_nothing_lost(self.listing, counts, self.notes)
        by_clock = manifest.ended_by_clock(ledger, counts)
        for file in files:
            written, place = Path(file.pop("written")), self.folder / file["path"]
            place.parent.mkdir(parents=True, exist_ok=True)
            written.replace(place)
            file.pop("number", None)
        told = manifest.build(
            recipe=self.recipe, roots=self.roots, listing=self.listing, counts=counts, notes=self.notes, files=files,
            seconds=self.reporter.seconds, by_clock=by_clock,
        )  # fmt: skip
        page = report.page_of(self.folder, told)
        write_whole(self.folder / report.NAME, page)
        told["report"] = {"path": report.NAME, "sha256": hashlib.sha256(page.encode()).hexdigest()}
        write_whole(self.folder / manifest.NAME, json.dumps(told, indent=1, ensure_ascii=False) + "\n")

    def _stage(self, name: str, fingerprint: str, write: Any, n_bytes: int = 0) -> dict[str, Any]:
        if self.work.finished(name, fingerprint) is not None:
            self.reporter.skipped(name)
            notes, _ = self.work.stage(name, fingerprint, write)
        else:
            with self.reporter.stage(name, self.spark.sparkContext, n_bytes):
                watch = Watch(self.spark.sparkContext, job_group(name))
                notes, _ = self.work.stage(name, fingerprint, lambda at: write(at) | {"memory": watch.peaks()})
        self.notes[name] = notes
        return notes


def _digest(*parts: Any) -> str:
    """sha256 of values and stages, the order counting."""

    def plain(value: Any) -> Any:
        if isinstance(value, Stage):
            return [value.name, value.model_dump(mode="json")]
        return [plain(one) for one in value] if isinstance(value, list) else value

    return hashlib.sha256(json.dumps([plain(part) for part in parts], sort_keys=True).encode()).hexdigest()
