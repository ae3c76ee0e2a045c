"""A run with segment dedup on real files and near copies of them: what goes is proved, the rest is as it should be."""

from __future__ import annotations

import ast
import marshal
import re
import sysconfig
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import curate
import curate.near_pairs
import curate.segments
from analyzers.syntax.segments import Segment
from curate.stages.decode import content_ids
from curate.stages.syntax import Syntax

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

RECIPE = """
name: shared
description: segments
stages:
- read: {}
- decode: {}
- licence: {}
- language: {}
- redact: {}
- text: {}
- syntax: {segments: true, pairs: {min_code_lines: null}, facts: [function]}
- simhash: {min_similarity: 1, min_jaccard: 1}
- segments: {min_similarity: 0.8, min_own_share: 0.03, boilerplate: {min_files: 5, strip: true}}
- layout: {}
"""
LICENCE = "Permission is hereby granted, free of charge, to any person obtaining a copy of this very piece of software."
OWN = '''

def of_{name}(value):
    """Tells what {name} makes of a value, and writes to <harriet.lindqvist.{name}@nordvik-systems.se> about it."""
    total = [value * {number} + place for place in range({number})]
    return sum(total) - len("{name}")
'''
LARGE_ENOUGH = 6_000
LEAST_SHARE = 0.03


def corpus(folder: Path) -> dict[str, str]:
    """Modules of the library, each with two near copies: one with a function more, one with hardly anything less."""
    library = Path(sysconfig.get_path("stdlib"))
    modules = [*sorted((library / "json").glob("*.py")), *sorted((library / "unittest").glob("*.py"))]
    headers = sorted(Path(np.get_include(), "numpy").glob("*.h"))
    found = {}
    for number, path in enumerate([*modules, *headers[:8]]):
        text = path.read_text(encoding="utf-8")
        if len(text) < LARGE_ENOUGH:
            continue
        mark, own = "#", OWN.format(name=path.stem.strip("_"), number=number)
        if path.suffix == ".h":
            mark, own = "//", f"\nint of_{number}(int a) {{ return a + {number}; }}\n"
        found[f"one/{path.name}"] = f"{mark} {LICENCE}\n\n{text}"
        found[f"two/{path.name}"] = f"{mark} {LICENCE}\n\n{text}{own}"
        found[f"three/{path.name}"] = f"{text}{mark} {number}\n" + own.replace("of_", "other_")
    for name, text in found.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return found


def segments_of(files: list[dict]) -> dict[str, list[Segment]]:
    """By file_id."""
    schema = pa.schema([("content", pa.large_string()), *((name, pa.string()) for name in ("language", "file_id"))])
    batch = pa.RecordBatch.from_pylist([{name: one[name] for name in schema.names} for one in files], schema=schema)
    for name in ("repo", "path"):
        batch = batch.append_column(name, pa.nulls(batch.num_rows, pa.string()))
    column = Syntax(segments=True).measure(batch).column("segments").to_pylist()
    return {
        one["file_id"]: [Segment(*row) for row in marshal.loads(packed or marshal.dumps(()))]
        for one, packed in zip(files, column, strict=True)
    }


def compared(segments: list[Segment]) -> set[str]:
    least = {"code": 20, "comment": 10}
    return {one.segment_id for one in segments if one.node != "header" and one.n_tokens >= least[one.kind]}


class Found(NamedTuple):
    """A run, and its files before and after."""

    run: curate.Run
    ledger: dict[str, dict]
    shipped: dict[str, dict]
    was: dict[str, str]
    before: dict[str, list[Segment]]
    now: dict[str, list[Segment]]


def found(folder: Path) -> Found:
    """What a run left, with its _work."""
    run = curate.Run(folder)
    shipped = {one["file_id"]: one for one in run.shards.to_table().to_pylist()}
    work = pq.read_table(folder / "_work" / "narrow", columns=["file_id", "content", "segments"]).to_pylist()
    return Found(
        run,
        {one["file_id"]: one for one in run.ledger.to_table().to_pylist()},
        shipped,
        {one["file_id"]: one["content"] for one in work},
        {one["file_id"]: [Segment(*row) for row in marshal.loads(one["segments"])] for one in work},
        segments_of(list(shipped.values())),
    )


def check_removals(files: Found) -> None:
    """Each is of a segment that was there, and is in what is shipped of the file it names; nothing else is lost."""
    kinds = set()
    shipped = set().union(*map(compared, files.now.values()))
    for file_id, row in files.ledger.items():
        gone = {one["segment_id"] for one in row["segments_removed"] or ()}
        spans = [(one.start, one.end) for one in files.before[file_id] if one.segment_id in gone]
        for one in row["segments_removed"] or ():
            kinds.add(one["kind"])
            assert one["segment_id"] in {other.segment_id for other in files.before[file_id]}
            if one["kind"] != "header":
                assert one["segment_id"] in {other.segment_id for other in files.now[one["duplicate_of"]]}
        own = [one for one in files.before[file_id] if file_id in files.shipped or inside(one, spans)]
        assert compared(own) <= shipped
    assert kinds == {"code", "comment", "header"}


def inside(one: Segment, spans: list[tuple[int, int]]) -> bool:
    return any(start <= one.start and one.end <= end for start, end in spans)


def check_dropped(files: Found) -> None:
    """Files with little of their own, each as a limit says."""
    gone = [row for row in files.ledger.values() if row["drop_stage"] == "segments"]
    assert gone
    for row in gone:
        assert row["drop_reason"] == "little_of_its_own"
        assert row["drop_value"] < row["drop_limit"] == LEAST_SHARE
        assert row["duplicate_of"] in files.shipped
    changed = [file_id for file_id, one in files.shipped.items() if one["content"] != files.was[file_id]]
    assert len(changed) == files.run.manifest["stages"]["segments_changed"]["rows"] - len(gone) > 5


def check_shipped(files: Found) -> None:
    """Sizes, ids and places are of the content as shipped, and what parsed parses."""
    for file_id, one in files.shipped.items():
        text = one["content"]
        assert one["segments_removed"] == files.ledger[file_id]["segments_removed"]
        assert (one["segments_removed"] is None) == (text == files.was[file_id])
        assert one["size_bytes"] == files.ledger[file_id]["size_bytes"] == len(text.encode())
        assert one["content_id"] == content_ids(pa.array([text], pa.large_string()))[0].as_py()
        assert one["n_lines"] == len(text.splitlines())
        for span in one["redactions"]:
            assert re.fullmatch(rb"<?[A-Z_0-9]+>?", text.encode()[span["start"] : span["end"]])
        if one["language"] == "Python":
            ast.parse(text)
    assert any(one["redactions"] and one["segments_removed"] for one in files.shipped.values())


def check_pairs_and_facts(files: Found) -> None:
    """They are found where they say."""

    def text_of(one: dict) -> str:
        return files.shipped[one["file_id"]]["content"].encode()[one["start"] : one["end"]].decode()

    pairs = files.run.pairs.to_table().to_pylist()
    functions = pq.read_table(files.run.folder / "facts" / "function").to_pylist()
    changed = {file_id for file_id, one in files.shipped.items() if one["segments_removed"]}
    for rows in (pairs, functions):
        assert changed & {one["file_id"] for one in rows}
    for one in pairs:
        assert text_of(one).startswith(one["code_with_comment"].split("\n")[0])
    for one in functions:
        assert one["name"] in text_of(one).split("(")[0]


def check_headers(files: Found) -> None:
    """Counted as they are, and taken out."""
    headers = pq.read_table(files.run.folder / "boilerplate.parquet").to_pylist()
    top = next(one for one in headers if LICENCE in one["text"])
    live = [file_id for file_id, text in files.was.items() if LICENCE in text]
    assert (top["files"], top["repos"], top["n_tokens"]) == (len(live), 0, len(re.findall(r"\w+", LICENCE)))
    assert top["example"] in live
    assert [one["files"] for one in headers] == sorted((one["files"] for one in headers), reverse=True)
    assert not any(LICENCE in one["content"] for one in files.shipped.values())


@pytest.mark.spark
def test_what_goes_is_proved_and_nothing_is_lost(
    tmp_path: Path, spark: SparkSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same bytes where neither the driver nor a task may hold a component, so that all is decided in rounds."""
    source = corpus(tmp_path / "in")
    (tmp_path / "recipe.yaml").write_text(RECIPE)
    run = curate.run(tmp_path / "recipe.yaml", tmp_path / "in", tmp_path / "out", spark, keep_work=True)
    files = found(tmp_path / "out")
    assert len(files.ledger) == len(source)
    for check in (check_removals, check_dropped, check_shipped, check_pairs_and_facts, check_headers):
        check(files)
    monkeypatch.setattr(curate.segments, "PART_BYTES", 0)
    monkeypatch.setattr(curate.near_pairs, "FEW_ENTRIES", 0)
    monkeypatch.setattr(curate.near_pairs, "LABEL_PAIRS", 0)
    again = curate.run(tmp_path / "recipe.yaml", tmp_path / "in", tmp_path / "again", spark)
    assert again.manifest["files"] == run.manifest["files"]
    assert again.manifest["stages"]["segments"]["rounds"] > 1
    told = run.manifest["stages"]["segments"].keys(), again.manifest["stages"]["segments"].keys()
    assert [name in keys for keys in told for name in ("rounds", "label_rounds")] == [False, False, True, True]
