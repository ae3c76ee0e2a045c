"""A finished run's folder made by hand: shards, ledger and manifest with the rows that a test names; no Spark."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from curate.schema import DOCUMENT, LEDGER, SIGNALS
from curate.shards import Run

UNMEASURED = dict.fromkeys(SIGNALS.names)


def row(path: str, *, signals: dict[str, Any] | None = None, **columns: Any) -> dict[str, Any]:
    """A ledger row of a Python file; kept unless it has a `drop_stage`."""
    return {
        "file_id": f"id of {path}",
        "source": {"uri": f"in/{path}", "member": None, "row": None, "revision": None},
        "path": path,
        "language": "Python",
        "size_bytes": 1000,
        "signals": UNMEASURED | (signals or {}),
        **columns,
    }


def make(folder: Path, rows: list[dict[str, Any]], **manifest: Any) -> Run:
    """The folder of a run with these ledger rows, one document for each that was kept, and a manifest."""
    kept = [one | {"content": one["path"]} for one in rows if one.get("drop_stage") is None]
    files = [_write(folder, "ledger/00000.parquet", rows, LEDGER)]
    for language in sorted({one["language"] for one in kept}):
        some = [one for one in kept if one["language"] == language]
        files.append(_write(folder, f"shards/language={language}/00000.parquet", some, DOCUMENT))
    told = {"counts": counts(rows), "stages": {}, "warnings": [], "files": files} | manifest
    (folder / "manifest.json").write_text(json.dumps(told), encoding="utf-8")
    return Run(folder)


def counts(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """The manifest's counts of such rows."""
    kept = [one for one in rows if one.get("drop_stage") is None]
    dropped = [one for one in rows if one.get("drop_stage") is not None]
    reasons = Counter((one["drop_stage"], one["drop_reason"]) for one in dropped)
    return {
        "read": _amount(rows),
        "kept": _amount(kept),
        "dropped": _amount(dropped),
        "reasons": [
            {"stage": stage, "reason": reason, "files": n, "bytes": n * 1000, "languages": {"Python": n}}
            for (stage, reason), n in reasons.most_common()
        ],
        "languages": {
            name: {
                "read": _amount([one for one in rows if one["language"] == name]),
                "kept": _amount([one for one in kept if one["language"] == name]),
            }
            for name in sorted({one["language"] for one in rows})
        },
    }


def _amount(rows: list[dict[str, Any]]) -> dict[str, int]:
    return {"files": len(rows), "bytes": sum(one["size_bytes"] for one in rows)}


def _write(folder: Path, path: str, rows: list[dict[str, Any]], schema: pa.Schema) -> dict[str, Any]:
    place = folder / path
    place.parent.mkdir(parents=True, exist_ok=True)
    full = [{name: one.get(name) for name in schema.names} for one in rows]
    pq.write_table(pa.Table.from_pylist(full, schema=schema), place)
    return {"path": path, "rows": len(rows)}
