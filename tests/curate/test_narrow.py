"""The fused pass over batches: every row once, a dropped one without content, a fault at the cost of one file."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curate import inputs
from curate.errors import WrongUse
from curate.narrow import NarrowPass, mill, work_schema
from curate.recipe import load
from curate.rules import Rule
from curate.sources.raw import RAW
from curate.stage import Stage, check_contracts
from curate.stages.decode import Decode
from curate.stages.exact import Exact
from curate.stages.language import DetectLanguage
from curate.stages.read import Read
from curate.stages.text import Text


class Fragile(Stage):
    """Fails on files that say so. Reason to drop: analysis_error."""

    name = "fragile"
    reads = ("content",)
    writes = {"strength": pa.int64()}

    def measure(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        texts = batch.column("content").to_pylist()
        if any("BREAK" in text for text in texts):
            raise RuntimeError("it broke")
        if any("MODEL" in text for text in texts):
            raise WrongUse("the model changed: say the same again with --fresh")
        if any("SHRINK" in text for text in texts):
            return batch.slice(1)
        return batch.append_column("strength", pa.array([len(text) for text in texts], pa.int64()))


STAGES: tuple[Stage, ...] = (
    Decode(),
    DetectLanguage(),
    Fragile(),
    Text(rules={"lines": Rule(signal="n_lines", max=3), "short": Rule(signal="n_chars", min=3)}),
    Exact(),
)


def raw_batch(files: Sequence[tuple[str, bytes | None]]) -> pa.RecordBatch:
    rows = [
        {
            "file_id": f"{number:032}", "source": {"uri": path, "member": None, "row": None, "revision": None},
            "path": path, "size_bytes": len(raw or b""), "raw": raw,
            "drop_reason": "unreadable" if raw is None else None,
        }
        for number, (path, raw) in enumerate(files)
    ]  # fmt: skip
    return pa.RecordBatch.from_pylist([{name: row.get(name) for name in RAW.names} for row in rows], schema=RAW)


def milled(files: Sequence[tuple[str, bytes | None]], stages: tuple[Stage, ...] = STAGES) -> list[dict]:
    schema = work_schema(check_contracts((Read(), *stages)))
    batch = mill(raw_batch(files), "file", stages, schema)
    assert batch.schema == schema
    batch.validate(full=True)
    return sorted(batch.to_pylist(), key=lambda row: row["file_id"])


CASES = [
    ("ok.py", b"x = 1\n", None, None),
    ("unread.py", None, "read", "unreadable"),
    ("empty.py", b"", "decode", "empty"),
    ("nul.py", b"\0\1\2\3" * 50, "decode", "binary"),
    ("what.klingon", b"nuqneH\n", "language", "unknown_language"),
    ("broken.py", b"BREAK\n", "fragile", "analysis_error"),
    ("long.py", b"x\n" * 4, "text", "lines"),
    ("tiny.py", b"x\n", "text", "short"),
    ("utf16.py", "x = 'é'\n".encode("utf-16"), None, None),
    ("shrunk.py", b"SHRINK\n", "fragile", "analysis_error"),
]


def test_every_file_has_one_row_with_stage_and_reason() -> None:
    found = milled([(path, raw) for path, raw, _, _ in CASES])
    told = [(row["path"], row["drop_stage"], row["drop_reason"]) for row in found]
    assert told == [(path, stage, reason) for path, _, stage, reason in CASES]
    rows = {row["path"]: row for row in found}
    assert rows["broken.py"]["drop_text"] == "RuntimeError: it broke"
    assert "gave 0 rows for 1" in rows["shrunk.py"]["drop_text"]
    assert (rows["long.py"]["drop_value"], rows["long.py"]["drop_limit"]) == (4, 3)
    assert rows["utf16.py"]["content"] == "x = 'é'\n"
    assert (rows["utf16.py"]["encoding"], rows["utf16.py"]["size_bytes"]) == ("UTF-16LE", 9)


def test_a_dropped_file_keeps_what_was_measured_and_no_content() -> None:
    for row in milled([(path, raw) for path, raw, _, _ in CASES]):
        kept = row["drop_stage"] is None
        assert (row["content"] is not None) == kept
        assert all((row[name] is not None) == kept for name in ("exact_key", "rank", "repo_key", "path_key"))
        measured = kept or row["drop_stage"] == "text"
        assert (row["signals"]["n_chars"] is not None) == measured
        assert (row["content_id"] is not None) == (row["drop_stage"] not in ("read", "decode"))
        assert row["unit_kind"] == "file"


def test_a_stage_sees_only_what_earlier_ones_left() -> None:
    seen: list[str] = []

    class Watching(Fragile):
        def measure(self, batch: pa.RecordBatch) -> pa.RecordBatch:
            seen.extend(batch.column("path").to_pylist())
            return super().measure(batch)

    milled([("a.py", b"x = 1\n"), ("b.py", None), ("c.py", b"")], (Decode(), DetectLanguage(), Watching()))
    assert seen == ["a.py"]


def test_a_fault_costs_one_file_of_many() -> None:
    files = [(f"{n}.py", b"BREAK" if n in (3, 30, 31) else b"x = %d\n" % n) for n in range(64)]
    found = milled(files)
    assert [int(row["path"][:-3]) for row in found if row["drop_reason"]] == [3, 30, 31]
    assert all(row["strength"] == len(row["content"]) for row in found if row["drop_stage"] is None)


def test_what_a_user_can_mend_is_no_files_fault() -> None:
    """A worker that cannot read a model would drop all its files, and the run would end well."""
    files = [(f"{n}.py", b"MODEL" if n == 3 else b"x = 1\n") for n in range(8)]
    with pytest.raises(WrongUse, match="the model changed"):
        milled(files)


@settings(deadline=None, max_examples=40)
@given(st.lists(st.sampled_from([(path, raw) for path, raw, _, _ in CASES]), min_size=1, max_size=12), st.data())
def test_how_files_are_batched_makes_no_difference(files: list, data: st.DataObject) -> None:
    cut = data.draw(st.integers(1, len(files)))
    parts = [milled(part) for part in (files[:cut], files[cut:]) if part]
    together = milled(files)
    assert [without_id(row) for row in together] == [without_id(row) for part in parts for row in part]


def without_id(row: dict) -> dict:
    return {name: value for name, value in row.items() if name != "file_id"}


def test_equal_repositories_and_texts_have_equal_keys() -> None:
    one, same, other = milled([("a.py", b"x = 1\n"), ("b.py", b"x = 1\n"), ("a.py", b"x = 2\n")])
    assert one["repo_key"] == same["repo_key"] != other["repo_key"]  # without a repository by content
    assert one["path_key"] == other["path_key"] != same["path_key"]
    assert one["exact_key"] == same["exact_key"] != other["exact_key"]
    assert all(row[key] >= 0 for row in (one, same, other) for key in ("repo_key", "path_key"))


@pytest.mark.parametrize("name", ["codefuse", "minimal", "opencoder", "starcoder"])
def test_shipped_recipes_mill_a_folder(name: str, tmp_path: Path) -> None:
    real = sorted(Path(inputs.__file__).parent.glob("*.py"))
    for number, path in enumerate(real):
        (tmp_path / f"{number}.py").write_bytes(b"# Doubles\n" + path.read_bytes())
    (tmp_path / "none.py").touch()
    (tmp_path / "gone.py").symlink_to("nowhere")
    _, units = inputs.starts(inputs.resolve([tmp_path]), 1000)
    packs = pa.RecordBatch.from_pylist(list(inputs.pack(iter(units), 1 << 16)), schema=inputs.PACKS)
    recipe = load(name, ["stages.read.batch_bytes=9000"])
    stages = tuple(stage for stage in recipe.stages if type(stage).measure is not Stage.measure)
    narrow = NarrowPass(read=recipe.stage("read"), stages=stages, schema=work_schema(check_contracts(recipe.stages)))
    rows = [row for batch in narrow(iter([packs])) for row in batch.to_pylist()]
    assert len({row["file_id"] for row in rows}) == len(rows) == len(real) + 2
    reasons = {(row["drop_stage"], row["drop_reason"]) for row in rows}
    assert {("read", "symlink"), ("decode", "empty"), (None, None)} <= reasons
    assert all(row["drop_reason"] != "analysis_error" for row in rows)
    assert {row["unit_kind"] for row in rows} == {"file", "refused"}
    assert os.fspath(tmp_path) not in str([row["source"] for row in rows])  # moving the data changes nothing
