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
from functools import reduce
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow.parquet as pq

from curate import layout, listing, manifest, report
from curate.errors import RunFailed, WrongUse
from curate.inputs import Root, resolve
from curate.narrow import WORKED, NarrowPass, WorkWriter, packed, work_schema
from curate.progress import Reporter, job_group
from curate.recipe import Recipe
from curate.schema import DECISION, LEDGER
from curate.session import parallelism
from curate.shards import Run
from curate.stage import Keep, Stage, Wide, check_contracts
from curate.stages import STAGES
from curate.work import Work, glob_url, read_parquet, url, write_whole

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

# Ids that wide stages and the layout need of every live file, beyond the keys that stages write.
_IDS = ("file_id", "content_id", "language", "repo", "size_bytes", "rank", "licence", "stars")
_DELIVERED = tuple(name for stage in STAGES.values() for name in stage.delivers)
_BATCH_ROWS = "spark.sql.execution.arrow.maxRecordsPerBatch"
_BROADCAST_BYTES = 64 << 20  # decisions below this size go to every task; larger ones are joined by a shuffle


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
        _refuse_strangers(folder)
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


def clear(folder: Path) -> None:
    """Remove what an earlier run left in OUT, and nothing else."""
    for name in ("manifest.json", "report.html", "summary.txt", "shards", "ledger", "_work", *_DELIVERED):
        if (folder / name).is_dir():
            shutil.rmtree(folder / name, ignore_errors=True)
        else:
            (folder / name).unlink(missing_ok=True)


def check_places(inputs: Sequence[str | Path], out: str | Path, *, fresh: bool) -> None:
    """WrongUse where an input names nothing or OUT is no place for a run; touches nothing."""
    resolve(inputs)
    folder = Path(os.path.abspath(out))
    if not fresh and not (folder / manifest.NAME).exists():
        _refuse_strangers(folder)


def _refuse_strangers(folder: Path) -> None:
    if folder.exists() and not folder.is_dir():
        raise WrongUse(f"--out {folder} is a file: name a folder")
    unfinished = {f"{name}.unfinished" for name in (report.NAME, manifest.NAME)}
    ours = {"shards", "ledger", "_work", report.NAME, *unfinished, *_DELIVERED}
    strangers = sorted(path.name for path in folder.glob("*") if path.name not in ours) if folder.is_dir() else []
    if strangers:
        raise WrongUse(f"--out {folder} holds {strangers[0]!r}, which is no run's: name an empty or new folder")


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
                self._stage(_settled(stage), self.fingerprint, self._settling(stage))
            self._stage(stage.name, self.fingerprint, self._deciding(stage))

    def _settling(self, stage: Wide):
        def write(folder: str) -> dict[str, Any]:
            kept = Path(f"{folder}.kept")
            shutil.rmtree(kept, ignore_errors=True)
            rows = self._rows(before=stage).drop("content", "signals")
            stage.settle(rows, self._keeping(kept)).write.parquet(url(folder))
            shutil.rmtree(kept, ignore_errors=True)
            return {"rows": _rows_below(Path(folder))}

        return write

    def _deciding(self, stage: Wide):
        def write(folder: str) -> dict[str, Any]:
            kept = Path(f"{folder}.kept")
            shutil.rmtree(kept, ignore_errors=True)
            live = self._live(before=stage).select(*dict.fromkeys((*_IDS, *stage.keys)))
            decided = stage.decide(live, self._keeping(kept))
            decided.decisions.write.parquet(url(folder))
            shutil.rmtree(kept, ignore_errors=True)
            return decided.notes | {"dropped": _rows_below(Path(folder))}

        return write

    def _keeping(self, folder: Path) -> Keep:
        """Tables of a stage at work, below `folder`."""

        def keep(name: str, frame: DataFrame, *, batch_rows: int | None = None) -> DataFrame:
            place, before = folder / name, str(self.spark.conf.get(_BATCH_ROWS))
            self.spark.conf.set(_BATCH_ROWS, str(batch_rows) if batch_rows else before)
            try:
                frame.write.parquet(url(place))
            finally:
                self.spark.conf.set(_BATCH_ROWS, before)
            return self.spark.read.schema(frame.schema).parquet(glob_url(place))

        return keep

    def lay_out(self) -> None:
        """Shards and ledger into `_work`, at the same time: of small input each is one or few tasks."""
        from pyspark import inheritable_thread_target

        settings = self.recipe.stage("layout")
        self.fingerprint = _digest(self.fingerprint, [settings])

        def write_shards(folder: str) -> list[dict[str, Any]]:
            plan, large = layout.plan(self._live().select(*_IDS), settings.shard_bytes)
            return layout.write_shards(self._live(), plan, large, folder, self.cores)

        def write_ledger(folder: str) -> list[dict[str, Any]]:
            rows = layout.ledger_rows(self._rows().drop("content"), self._decisions())
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
                self._stage(_delivered(stage), self.fingerprint, self._delivering(stage))

    def _delivering(self, stage: Stage):
        def write(folder: str) -> dict[str, Any]:
            return {"files": stage.deliver(self._live().drop("content"), self._rows().drop("content"), folder)}

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
        page = report.page(told)
        write_whole(self.folder / report.NAME, page)
        told["report"] = {"path": report.NAME, "sha256": hashlib.sha256(page.encode()).hexdigest()}
        write_whole(self.folder / manifest.NAME, json.dumps(told, indent=1, ensure_ascii=False) + "\n")

    def _live(self, before: Wide | None = None) -> DataFrame:
        """Work rows that no stage has dropped, up to a stage or in the end."""
        rows = self._rows(before, settled=True).where("drop_stage is null")
        gone = self._decisions(before)
        return rows if gone is None else rows.join(gone.select("file_id"), "file_id", "left_anti")

    def _rows(self, before: Wide | None = None, *, settled: bool = False) -> DataFrame:
        """All work rows as stages before one have settled them, with `settled` that one too; by default all stages."""
        from pyspark.sql import functions as F

        rows = self.work.read(self.spark, "narrow", self.packed)
        stages = list(self.recipe.wide)
        for stage in stages[: stages.index(before) + settled] if before else stages:
            if stage.settles is not None and self.notes[_settled(stage)]["rows"]:
                table = self.work.read(self.spark, _settled(stage), stage.settles)
                small = _bytes_below(self.work.folder / _settled(stage)) < _BROADCAST_BYTES
                rows = stage.settled(rows, F.broadcast(table) if small else table)
        return rows

    def _decisions(self, before: Wide | None = None) -> DataFrame | None:
        """Decisions of all wide stages, or of those before one; None where there are none."""
        from pyspark.sql import functions as F

        stages = list(self.recipe.wide)
        names = [stage.name for stage in (stages[: stages.index(before)] if before else stages)]
        tables = [self.work.read(self.spark, name, DECISION) for name in names if self.notes[name]["dropped"]]
        if not tables:
            return None
        joined = reduce(lambda a, b: a.unionByName(b), tables)
        small = sum(_bytes_below(self.work.folder / name) for name in names) < _BROADCAST_BYTES
        return F.broadcast(joined) if small else joined

    def _stage(self, name: str, fingerprint: str, write: Any, n_bytes: int = 0) -> dict[str, Any]:
        if self.work.finished(name, fingerprint) is not None:
            self.reporter.skipped(name)
            notes, _ = self.work.stage(name, fingerprint, write)
        else:
            with self.reporter.stage(name, self.spark.sparkContext, n_bytes):
                notes, _ = self.work.stage(name, fingerprint, write)
        self.notes[name] = notes
        return notes


def _settled(stage: Wide) -> str:
    """Where in `_work` the table of settle() lies."""
    return f"{stage.name}_settled"


def _delivered(stage: Stage) -> str:
    """Where in `_work` lies what a stage delivers, until the run is finished."""
    return f"{stage.name}_delivered"


def _rows_below(folder: Path) -> int:
    """Rows of a finished stage, by its files' footers."""
    return sum(pq.read_metadata(path).num_rows for path in folder.glob("*.parquet"))


def _bytes_below(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.glob("*.parquet"))


def _digest(*parts: Any) -> str:
    """sha256 of values and stages, the order counting."""

    def plain(value: Any) -> Any:
        if isinstance(value, Stage):
            return [value.name, value.model_dump(mode="json")]
        return [plain(one) for one in value] if isinstance(value, list) else value

    return hashlib.sha256(json.dumps([plain(part) for part in parts], sort_keys=True).encode()).hexdigest()
