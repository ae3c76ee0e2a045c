"""What a run removed as duplicates: pairs with their texts, and removal by threshold from the ledger's similarities."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import made_run
import pytest

from curate import duplicates
from curate.errors import WrongUse
from curate.shards import Run

RECIPE = {"stages": [{"read": {}}, {"exact": {}}, {"minhash": {"min_similarity": 0.7}}, {"layout": {}}]}


def gone(path: str, of: str, similarity: float, stage: str = "minhash", **columns: Any) -> dict[str, Any]:
    decided = {"drop_stage": stage, "drop_reason": "near_duplicate", "duplicate_of": f"id of {of}"}
    return made_run.row(path, **decided, similarity=similarity, **columns)


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Three kept files and five that went, one of them because of a file of an earlier run."""
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "near.py").write_text("kept.py\nand more\n")
    earlier = made_run.make(tmp_path / "earlier", [made_run.row("old.py")])
    rows = [
        made_run.row("kept.py"), made_run.row("other.py"), made_run.row("third.py"),
        gone("near.py", "kept.py", 0.8), gone("nearer.py", "kept.py", 0.9), gone("same.py", "kept.py", 1.0, "exact"),
        gone("again.py", "old.py", 0.75, match="run1"), gone("bad.py", "", 0.0, "text", size_bytes=1),
    ]  # fmt: skip
    rows[-1]["duplicate_of"] = None
    inputs = {"roots": [{"label": "in", "location": str(tmp_path / "in"), "is_folder": True}]}
    index = {"folder": "index", "runs": {"run1": str(earlier.folder), "run2": str(tmp_path / "gone")}}
    stages = {"minhash": {"index": index}}
    return made_run.make(tmp_path / "run", rows, recipe=RECIPE, inputs=inputs, stages=stages)


def test_pairs_name_both_files_the_least_alike_first(run: Run) -> None:
    found = duplicates.pairs(run).to_pylist()
    told = [(row["path"], row["kept_path"], row["kept_uri"], row["similarity"], row["stage"]) for row in found]
    assert told == [
        ("again.py", None, None, 0.75, "minhash"),
        ("near.py", "kept.py", "in/kept.py", 0.8, "minhash"),
        ("nearer.py", "kept.py", "in/kept.py", 0.9, "minhash"),
        ("same.py", "kept.py", "in/kept.py", 1.0, "exact"),
    ]
    some = duplicates.pairs(run, stages=["minhash"], above=0.8, below=0.8)
    assert some.column("path").to_pylist() == ["near.py"]


def test_texts_come_from_shards_or_the_input_and_pairs_are_told_apart(run: Run) -> None:
    rows = duplicates.side_by_side(run, duplicates.pairs(run))
    diffs = {row["path"]: row["diff"] for row in rows}
    assert diffs["near.py"].splitlines()[2:] == ["@@ -1 +1,2 @@", " kept.py", "+and more"]
    assert diffs["nearer.py"] is None  # it is not in the input any more
    assert diffs["again.py"] is None
    assert duplicates.texts(run, ["id of other.py", "id of near.py", "id of nobody"]) == {
        "id of other.py": "other.py", "id of near.py": "kept.py\nand more\n",
    }  # fmt: skip
    (run.folder.parent / "in" / "again.py").write_text("young.py\n")
    rows = duplicates.side_by_side(run, duplicates.pairs(run))
    assert rows[0]["diff"].splitlines()[-2:] == ["-old.py", "+young.py"]
    assert duplicates.earlier_run(run, "run2") is None
    assert duplicates.earlier_run(run, "HumanEval/3") is None


def test_removal_by_threshold_is_counted_from_the_ledger(run: Run) -> None:
    assert duplicates.reached(run, "exact") == 7
    assert duplicates.reached(run, "minhash") == 6
    rate = duplicates.removal_rate(run, "minhash", [0.7, 0.75, 0.8, 0.85, 1.0]).to_pydict()
    assert rate["files"] == [3, 3, 2, 1, 0]
    assert rate["share"] == [0.5, 0.5, 1 / 3, 1 / 6, 0]
    assert rate["mb"] == pytest.approx([0.003, 0.003, 0.002, 0.001, 0])
    with pytest.raises(WrongUse, match=r"knows nothing of 0\.5: ask from 0\.7"):
        duplicates.removal_rate(run, "minhash", [0.5, 0.9])
    with pytest.raises(WrongUse, match="no stage 'simhash'; it has read, exact, minhash, layout"):
        duplicates.removal_rate(run, "simhash", [0.9])
