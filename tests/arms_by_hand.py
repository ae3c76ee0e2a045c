"""Two finished runs over one folder of files, by hand: `raw` keeps all, `clean` drops what is called junk. No Spark."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pyarrow as pa
import pyarrow.parquet as pq
import xxhash

from curate.schema import DOCUMENT, LEDGER, SIGNALS
from curate.shards import Run
from curate.sources.raw import place_id

WORDS = [
    "total", "value", "index", "limit", "table", "entry", "reader", "writer", "buffer", "offset", "column", "signal",
    "report", "master", "branch", "commit", "source", "target", "option", "number", "string", "object", "method",
    "result", "parser", "lexer", "token", "stream", "socket", "thread", "worker",
]  # fmt: skip


def code(seed: int, n_functions: int = 8) -> str:
    """A Python file that no other seed resembles."""
    draw = random.Random(seed)
    parts = []
    for _ in range(n_functions):
        one, two, three, four = (draw.choice(WORDS) for _ in range(4))
        name = f"{one}_{two}_{draw.randrange(999)}"
        parts.append(f"def {name}({three}, {four}={draw.randrange(99)}):\n    {two} = {three} + {four}\n")
        parts.append(f"    if {two} > {draw.randrange(999)}:\n        return {one}({two}, {draw.randrange(9)})\n")
        parts.append(f"    return {four} * {draw.randrange(99)}\n\n\n")
    return "".join(parts)


def files(folder: Path, n_repositories: int = 12, n_files: int = 8) -> dict[str, str]:
    """Files in folders that stand for repositories, a third of them junk and one a copy; by path below `folder`."""
    found: dict[str, str] = {}
    for repository in range(n_repositories):
        for number in range(n_files):
            seed = repository * 100 + number
            junk = number % 3 == 2
            name = f"repo{repository:02d}/{'junk' if junk else 'main'}{number}.{'json' if junk else 'py'}"
            draw = random.Random(seed)
            values = json.dumps([draw.randrange(10**6) for _ in range(200)])
            found[name] = values if junk else code(seed)
        found[f"repo{repository:02d}/vendored.py"] = code(-1)
    for path, content in found.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(content, encoding="utf-8")
    return found


def arms(folder: Path, **sizes: int) -> dict[str, Run]:
    """The input in `folder`/in, and the two runs."""
    contents = files(folder / "in", **sizes)
    rows = [_row(path, content) for path, content in contents.items()]
    clean = [
        one | ({"drop_stage": "text", "drop_reason": "data_size"} if "junk" in one["path"] else {}) for one in rows
    ]
    root = {"label": "in", "location": str(folder / "in"), "is_folder": True}
    return {name: _run(folder / name, some, root) for name, some in (("raw", rows), ("clean", clean))}


def _row(path: str, content: str) -> dict[str, Any]:
    uri = f"in/{path}"
    return {
        "file_id": place_id(uri),
        "content_id": xxhash.xxh3_128_hexdigest(content.encode()),
        "source": {"uri": uri, "member": None, "row": None, "revision": None},
        "path": path,
        "language": "JSON" if path.endswith(".json") else "Python",
        "size_bytes": len(content.encode()),
        "content": content,
        "quality_score": 90.0 if "main" in path else None,
        "signals": dict.fromkeys(SIGNALS.names),
    }


def _run(folder: Path, rows: list[dict[str, Any]], root: dict[str, Any]) -> Run:
    kept = [one for one in rows if one.get("drop_stage") is None]
    written = [_write(folder, "ledger/00000.parquet", rows, LEDGER)]
    languages = sorted({one["language"] for one in rows})
    for language in languages:
        some = [one for one in kept if one["language"] == language]
        if some:
            written.append(_write(folder, f"shards/language={quote(language)}/00000.parquet", some, DOCUMENT))
    n_kept = {name: sum(one["language"] == name for one in kept) for name in languages}
    counts = {
        "languages": {name: {"kept": {"files": n}} for name, n in n_kept.items()},
        "reasons": [{"stage": "text", "reason": "data_size", "languages": {"JSON": len(rows) - len(kept)}}],
    }
    told = {"files": written, "counts": counts, "inputs": {"roots": [root], "hash": "of the listing"}}
    (folder / "manifest.json").write_text(json.dumps(told), encoding="utf-8")
    return Run(folder)


def _write(folder: Path, path: str, rows: list[dict[str, Any]], schema: pa.Schema) -> dict[str, Any]:
    (folder / path).parent.mkdir(parents=True, exist_ok=True)
    full = [{name: one.get(name) for name in schema.names} for one in rows]
    pq.write_table(pa.Table.from_pylist(full, schema=schema), folder / path)
    return {"path": path, "rows": len(rows)}
