"""The door to a run's results: what the manifest lists and nothing else, also where nothing was kept."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import made_run
import pytest

from curate.errors import WrongUse
from curate.schema import DOCUMENT, LEDGER
from curate.shards import Run

DROPPED: dict[str, Any] = {"drop_stage": "text", "drop_reason": "lines"}


@pytest.fixture
def run(tmp_path: Path) -> Run:
    go: dict[str, Any] = {"language": "Go"}
    return made_run.make(
        tmp_path,
        [made_run.row("a.py"), made_run.row("b.py", **DROPPED), made_run.row("c.py"), made_run.row("d.go", **go)],
        warnings=["careful"],
    )


def test_shards_hold_what_was_kept_and_the_ledger_all(run: Run) -> None:
    assert run.shards.schema == DOCUMENT
    assert run.ledger.schema == LEDGER
    assert sorted(run.shards.to_table().column("path").to_pylist()) == ["a.py", "c.py", "d.go"]
    assert run.ledger.count_rows() == run.summary["read"]["files"] == 4
    assert run.manifest["warnings"] == ["careful"]


def test_documents_come_in_the_order_of_the_shards(run: Run) -> None:
    batches = list(run.documents(batch_rows=1))
    assert all(batch.schema == DOCUMENT and batch.num_rows == 1 for batch in batches)
    listed = [text for batch in batches for text in batch.column("content").to_pylist()]
    assert listed == ["d.go", "a.py", "c.py"]
    some = list(run.documents(["path", "language"]))
    assert [batch.schema.names for batch in some] == [["path", "language"]] * 2


def test_a_file_that_the_manifest_does_not_list_does_not_exist(run: Run) -> None:
    (listed,) = run.files("shards/language=Go/")
    (listed.parent / "00001.parquet").write_bytes(listed.read_bytes())
    (run.folder / "shards" / "language=Rust").mkdir()
    assert run.shards.count_rows() == 3
    assert len(list(run.documents())) == 2


def test_a_run_that_kept_nothing_has_empty_shards(tmp_path: Path) -> None:
    run = made_run.make(tmp_path, [made_run.row("b.py", **DROPPED)])
    assert run.shards.schema == DOCUMENT
    assert run.shards.to_table(columns=["content"]).num_rows == 0
    assert list(run.documents()) == []
    assert run.ledger.count_rows() == 1


def test_a_folder_without_a_finished_run(tmp_path: Path) -> None:
    with pytest.raises(WrongUse, match=r"holds no finished run: it has no manifest\.json"):
        _ = Run(tmp_path).summary
    (tmp_path / "manifest.json").write_text("{", encoding="utf-8")
    with pytest.raises(WrongUse, match=r"manifest\.json cannot be read"):
        _ = Run(tmp_path).ledger
    assert repr(Run(tmp_path)) == f"Run({str(tmp_path)!r})"
