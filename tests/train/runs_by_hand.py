"""Finished runs made by hand, as curate.layout lays them out: shards by language and a manifest; no Spark."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pyarrow as pa
import pyarrow.parquet as pq
import xxhash

from curate.schema import DOCUMENT, SIGNALS
from curate.shards import Run


def document(
    path: str, content: str, *, language: str = "Python", repo: str | None = None, **more: Any
) -> dict[str, Any]:
    """A row of a shard."""
    return {
        "file_id": xxhash.xxh3_128_hexdigest(f"{repo}/{path}".encode()),
        "content_id": xxhash.xxh3_128_hexdigest(content.encode()),
        "repo": repo,
        "path": path,
        "language": language,
        "stars": None,
        "content": content,
        "size_bytes": len(content.encode()),
        "n_lines": content.count("\n"),
        "signals": dict.fromkeys(SIGNALS.names),
        "tags": [],
        **more,
    }


def make_run(folder: Path, rows: list[dict[str, Any]]) -> Run:
    """A run whose shards hold these rows, a shard a language, sorted as the layout sorts."""
    files = []
    for language in sorted({row["language"] for row in rows}):
        path = f"shards/language={quote(language, safe='')}/00000.parquet"
        own = [{name: row.get(name) for name in DOCUMENT.names} for row in rows if row["language"] == language]
        own.sort(key=lambda row: (row["repo"] or "", row["path"], row["file_id"]))
        (folder / path).parent.mkdir(parents=True)
        pq.write_table(pa.Table.from_pylist(own, schema=DOCUMENT), folder / path)
        files.append({"path": path, "rows": len(own)})
    (folder / "manifest.json").parent.mkdir(parents=True, exist_ok=True)
    (folder / "manifest.json").write_text(json.dumps({"files": files}), encoding="utf-8")
    return Run(folder)


CODE = 'def total_{i}(values, limit={i}):\n    """Adds {i} values."""\n    return sum(values[:limit]) + {i}{i}\n\n\n'
ENGLISH = "The {i}th paragraph explains what the values mean, and why the limit of {i} is enough.\n"
CHINESE = "第{i}段说明这些数值的含义，以及为什么限制是足够的。我们在这里计算总和。\n"


def corpus(folder: Path) -> Run:
    """Forty files of code in two repositories and none, ten of English and ten of Chinese, with tags and stars."""
    rows = []
    for i in range(40):
        repo = (None, "team/first", "team/second")[i % 3]
        language = "Python" if i % 2 else "C"
        stars = 12 if repo == "team/first" else None
        tags = [("module", "test" if i % 4 else "main")]
        rows.append(
            document(
                f"src/m{i % 5}/f{i:02d}.py",
                CODE.replace("{i}", str(i)) * 3,
                language=language,
                repo=repo,
                stars=stars,
                tags=tags,
            )
        )
    for i in range(10):
        rows.append(document(f"en{i}.md", ENGLISH.replace("{i}", str(i)) * 4, language="Markdown"))
        rows.append(document(f"zh{i}.md", CHINESE.replace("{i}", str(i)) * 4, language="Markdown"))
    return make_run(folder, rows)
