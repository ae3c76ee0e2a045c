"""An index of files that earlier runs kept: keys and signatures as Parquet in buckets, so that a new batch is compared
with them and not with their content.

    DIR/index.json                        what there is; a file of the index counts only if it is listed here
    DIR/TABLE/bucket=00000/RUN.parquet    rows of one run and bucket, ascending by key, and by file within a key;
                                          merged-SUM.parquet: of several runs (curate.index_compact)

The tables: `files` (FILES) has a row for each kept file, with all signatures; `exact`, `simhash_tokens` and
`minhash_tokens` (EQUAL) say under which value a file stands; `simhash` and `minhash` (ENTRIES) have a row for each key
of a file, those under which near-duplicates meet. A row's bucket is `key mod buckets`, not negative. A run is added by
adding files, and the list is written last: a half-written addition is none.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from curate.errors import WrongUse
from curate.shards import MANIFEST, Run

NAME = "index.json"
FORMAT = 1
STAGES = ("exact", "simhash", "minhash")
"""Stages that an index can serve."""

FILES = pa.schema(
    [
        ("key", pa.int64()),  # the file's place (curate.near_tasks), below 0
        ("run", pa.string()),
        ("file_id", pa.string()),
        ("content_id", pa.string()),
        ("rank", pa.int32()),  # keeper priority, see dedup.priority
        ("shard", pa.string()),  # below the run's folder
        ("row", pa.int64()),  # in the shard, from 0
        ("exact_key", pa.binary()),
        ("simhash", pa.int64()),
        ("simhash_tokens", pa.binary()),
        ("minhash", pa.binary()),
        ("minhash_tokens", pa.binary()),
    ]
)
"""A row for each file. Columns of stages that the index does not serve are null, and signatures of short files."""

EQUAL = pa.schema(
    [
        ("key", pa.int64()),  # Spark's xxhash64 of the value
        ("value", pa.binary()),
        ("run", pa.string()),
        ("file_id", pa.string()),
        ("content_id", pa.string()),
        ("rank", pa.int32()),
    ]
)
"""A row for each file that has a value, by which files are equal."""

ENTRIES = pa.schema([("key", pa.int64()), ("place", pa.int64()), ("simhash", pa.int64())])
"""A row for each key of a file; `place` is the key of its row in `files`."""

TABLES = {
    "files": FILES, "exact": EQUAL, "simhash_tokens": EQUAL, "simhash": ENTRIES, "minhash_tokens": EQUAL,
    "minhash": ENTRIES,
}  # fmt: skip

_ALL_RUNS = 1 << 16  # a run's number has two bytes in the names by which files are compared


@dataclass(frozen=True, kw_only=True)
class IndexedRun:
    """A run that an index holds."""

    id: str
    folder: str
    files: int

    def open(self) -> Run:
        """The run, or WrongUse where it is not at its place any more."""
        run = Run(self.folder)
        if not (run.folder / MANIFEST).is_file() or run_id(run) != self.id:
            raise WrongUse(
                f"run {self.id} of the index is not at {self.folder} any more, and pairs are proved on its files: "
                f"bring it back, or set `proof: estimate` in stage minhash, which needs signatures only"
            )
        return run


class Index:
    """An index as its list says. WrongUse where the folder holds none."""

    def __init__(self, folder: str | Path):
        self.folder = Path(folder).absolute()
        try:
            self.text = (self.folder / NAME).read_text(encoding="utf-8")
            self.contents: dict[str, Any] = json.loads(self.text)
        except (FileNotFoundError, NotADirectoryError):
            raise WrongUse(
                f"{self.folder} holds no index, it has no {NAME}: make one by `codemill index build`"
            ) from None
        except (OSError, ValueError) as error:
            raise WrongUse(f"{self.folder / NAME} cannot be read: {error}") from None
        if self.contents.get("format") != FORMAT:
            raise WrongUse(
                f"{self.folder} is an index of format {self.contents.get('format')!r} and {FORMAT} is read here: "
                f"build it anew"
            )

    @property
    def sha256(self) -> str:
        """Of the list, and so of all that the index holds."""
        return hashlib.sha256(self.text.encode()).hexdigest()

    @property
    def runs(self) -> list[IndexedRun]:
        """The runs, in the order in which they were added."""
        return [IndexedRun(**run) for run in self.contents["runs"]]

    @property
    def n_buckets(self) -> int:
        """Buckets of every table."""
        return int(self.contents["buckets"])

    @property
    def n_files(self) -> int:
        """Files of all runs."""
        return sum(run.files for run in self.runs)

    @property
    def stages(self) -> dict[str, dict[str, Any]]:
        """Settings of the stages that it serves, as they were when it was begun."""
        return {name: told["settings"] for name, told in self.contents["stages"].items()}

    def buckets(self, table: str) -> dict[int, tuple[str, ...]]:
        """The files of each bucket of a table."""
        found: dict[int, list[str]] = {}
        for file in self.contents["files"]:
            if file["table"] == table:
                found.setdefault(file["bucket"], []).append(str(self.folder / file["path"]))
        return {bucket: tuple(paths) for bucket, paths in found.items()}

    def check(self, stage: str, version: str) -> None:
        """WrongUse where a stage cannot be compared with what the index holds."""
        told = self.contents["stages"].get(stage)
        if told is None:
            raise WrongUse(
                f"the index {self.folder} serves {', '.join(self.contents['stages'])} and not {stage}: "
                f"build one of runs whose recipe has that stage, or leave `index` out of it"
            )
        if told["version"] != version:
            raise WrongUse(
                f"the index {self.folder} has signatures {told['version']} and stage {stage} makes {version}: "
                f"give the stage the settings of the index, or build another one"
            )


def run_id(run: Run) -> str:
    """16 hexadecimal digits of what a run kept: of its shards' places and sums."""
    shards = [(file["path"], file["sha256"]) for file in run.manifest["files"] if file["path"].startswith("shards/")]
    return hashlib.sha256(json.dumps(sorted(shards)).encode()).hexdigest()[:16]


def earlier_runs(run: Run) -> dict[str, str]:
    """The runs that a run's files were compared with by an index: id, as in the ledger's `match`, and folder."""
    stages = run.manifest["stages"].values()
    return {name: folder for told in stages for name, folder in told.get("index", {}).get("runs", {}).items()}


def checked_number(n_runs: int, folder: Path) -> int:
    """The number of one more run; WrongUse where an index can hold no more."""
    if n_runs >= _ALL_RUNS:
        raise WrongUse(f"the index {folder} holds {n_runs} runs, as many as there may be: build one of merged runs")
    return n_runs


def settings_for(recipe: Any, folder: str | Path) -> list[str]:
    """The `--set` arguments by which the dedup stages of a recipe compare with an index too.

    WrongUse where the recipe has no such stage.
    """
    names = [stage.name for stage in recipe.stages if stage.name in STAGES]
    if not names:
        raise WrongUse(f"--index: recipe {recipe.name!r} has none of the stages {', '.join(STAGES)}: add one")
    place = json.dumps(str(Path(folder).absolute()))
    return [f"stages.{name}.index={place}" for name in names]
