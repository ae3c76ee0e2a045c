"""A run made by hand for the report: files that try to run, secrets, duplicates and limits, their sources in place."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import made_run
from made_run import row

from curate.shards import Run

HOSTILE = "</pre><script>document.title = 'it ran'</script><img src=x onerror=\"document.title='it ran'\"> \u202e"
SECRET = "ghp_" + "x7Kq2mVw9ZtR4bNcJ8sYd5LhG3pFaE1UoT6i"
MAIL = "jane.roe@mailhost.org"
LONG_NAME = "a_folder_with_a_long_name/" * 6

RULES = {
    "lines": {"signal": "n_lines", "max": 100.0},
    "alnum": {"signal": "alnum_fraction", "min": 0.25, "except_languages": ["Text"]},
    "generated": {"signal": "is_generated", "drop_if": True},
}


def make(sources: Path, out: Path) -> Run:
    """The run in `out`, with the texts of its files below `sources`."""
    rows = [_file(f"kept_{number}.py", 10 + number, 0.5 + number / 100, score=50.0 + number) for number in range(40)]
    rows += [
        _file("near.py", 99, 0.6, score=20.0),
        _file("hostile.py", 500, 0.5, **_gone("lines", drop_value=500.0, drop_limit=100.0)),
        _file(f"{LONG_NAME}long.py", 400, 0.5, **_gone("lines", drop_value=400.0, drop_limit=100.0)),
        _file("secret.py", 10, 0.1, **_gone("alnum", drop_value=0.1, drop_limit=0.25)),
        _file("generated.py", 10, 0.5, generated=True, **_gone("generated", drop_value=1.0, drop_text="DO NOT EDIT")),
        _file("lost.py", 300, 0.5, **_gone("lines", drop_value=300.0, drop_limit=100.0)),
        _file("private.py", 10, 0.5, drop_stage="opt_out", drop_reason="opted_out_path"),
        *(_copy(number) for number in range(8)),
    ]
    texts = {
        "hostile.py": f"# {HOSTILE}\n" * 40, "secret.py": f"token = '{SECRET}'\nmail = '{MAIL}'\n",
        "private.py": "opted_out_text = 1\n",
    }  # fmt: skip
    for one in rows:
        path = sources / one["path"]
        path.parent.mkdir(parents=True, exist_ok=True)
        if one["path"] != "lost.py":
            path.write_text(texts.get(one["path"], f"text_of = '{path.name}'\n"), encoding="utf-8")
    counts = made_run.counts(rows)
    return made_run.make(out, rows, **_manifest(counts, sources))


def _file(path: str, lines: int, alnum: float, *, score: float | None = None, generated: bool = False, **columns: Any):
    signals = {"alnum_fraction": alnum, "is_generated": generated, "n_chars": lines * 30}
    columns |= {"n_lines": lines, "content_id": f"content of {path}", "quality_score": score}
    return row(path, signals=signals, **columns)


def _gone(reason: str, **columns: Any) -> dict[str, Any]:
    return {"drop_stage": "text", "drop_reason": reason, **columns}


def _copy(number: int) -> dict[str, Any]:
    decided = {"drop_stage": "minhash", "drop_reason": "near_duplicate", "similarity": 0.9 + number / 100}
    keeper = "id of kept_0.py"
    return _file(f"copy_{number}.py", 10, 0.5, **decided, duplicate_of=keeper, cluster=keeper)


def _manifest(counts: dict[str, Any], sources: Path) -> dict[str, Any]:
    read = counts["read"]
    roots = [{"label": "in", "location": str(sources), "is_folder": True}]
    return {
        "recipe": {
            "name": "by hand", "description": "", "seed": 0, "hash": "ab" * 32,
            "stages": [{"read": {}}, {"text": {"rules": RULES}}, {"minhash": {"min_similarity": 0.7}}, {"layout": {}}],
        },
        "finished_at": "2026-03-04T05:06:07+00:00",
        "versions": {"python": "3.11.7"},
        "inputs": {
            "roots": roots, "hash": "cd" * 8, "n_files": read["files"], "n_units": read["files"], "bytes": read["bytes"]
        },
        "stages": {"narrow": {"seconds": 2.5, "memory": {"jvm_bytes": 765_432_109, "python_bytes": 12_345_678_901}}},
        "seconds": {"narrow": 2.5, "layout": 1.0},
        "warnings": ["something to hear of"],
    }  # fmt: skip
