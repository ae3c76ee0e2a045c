"""Tasks of benchmarks, from JSON lines: prompt, solution and tests, under the names that data sets give them."""

from __future__ import annotations

import gzip
import json
import re
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dedup.ngrams import HASH_COMMENTS, SLASH_COMMENTS

PROMPTS = ("prompt", "text", "question", "question_content", "problem", "description")
SOLUTIONS = ("canonical_solution", "solution", "code", "solutions")
TESTS = ("test", "tests", "test_list")
TRANSLATIONS = ("prompt_text_chinese",)
"""Fields that hold each part, the first that a row has; of translations every one that the prompt does not contain."""
IDS = ("task_id", "question_id", "id")
"""Fields that name a task, the first that a row has; else it is called by its line."""

COMMENTS = {
    "python": HASH_COMMENTS, "ruby": HASH_COMMENTS, "r": HASH_COMMENTS, "julia": HASH_COMMENTS, "bash": HASH_COMMENTS,
    "perl": HASH_COMMENTS, "c": SLASH_COMMENTS, "cpp": SLASH_COMMENTS, "c++": SLASH_COMMENTS, "java": SLASH_COMMENTS,
    "js": SLASH_COMMENTS, "javascript": SLASH_COMMENTS, "ts": SLASH_COMMENTS, "typescript": SLASH_COMMENTS,
    "go": SLASH_COMMENTS, "rust": SLASH_COMMENTS, "c#": SLASH_COMMENTS, "csharp": SLASH_COMMENTS, "cs": SLASH_COMMENTS,
    "php": SLASH_COMMENTS, "scala": SLASH_COMMENTS, "kotlin": SLASH_COMMENTS, "swift": SLASH_COMMENTS,
}  # fmt: skip
"""How languages, in small letters and as benchmarks call them, mark comments."""

_DOCUMENTATION = re.compile(r'"""[\s\S]*?"""|\'\'\'[\s\S]*?\'\'\'|/\*[\s\S]*?\*/|^\s*(?://|#(?!include)).*$', re.M)


@dataclass(frozen=True, kw_only=True)
class Task:
    """One task. What a data set leaves out is empty."""

    name: str
    """With the benchmark's, as in HumanEval/12."""
    language: str
    """In small letters, as the data set calls it; empty where it does not."""
    texts: tuple[str, ...]
    code: str
    """The solution as a whole function, without its documentation."""
    tests: str

    @property
    def marks(self) -> int:
        """How its code marks comments, as dedup.ngrams asks."""
        return COMMENTS.get(self.language, 0)


def read_tasks(paths: Iterable[Path], benchmark: str) -> list[Task]:
    """The tasks of files of JSON lines, plain or gzip. ValueError names the file and line that is none."""
    rows = [(path, number, row) for path in paths for number, row in enumerate(_rows(path), 1)]
    ids = [_id(row, number) for _, number, row in rows]
    prefixes = {one.rpartition("/")[0] for one in ids}
    if len(prefixes) == 1:  # says nothing
        ids = [one.rpartition("/")[2] for one in ids]
    return [
        _task(row, f"{benchmark}/{name}", f"{path}, line {number}")
        for (path, number, row), name in zip(rows, ids, strict=True)
    ]


def _id(row: Mapping[str, Any], number: int) -> str:
    return str(next((row[field] for field in IDS if row.get(field) not in (None, "")), number))


def _rows(path: Path) -> list[dict[str, Any]]:
    data = path.read_bytes()
    if path.suffix == ".gz":
        try:
            data = gzip.decompress(data)
        except (EOFError, OSError, zlib.error) as error:
            raise ValueError(f"{path}: no whole gzip file ({error}): fetch it again, or rename it") from None
    rows = []
    for number, line in enumerate(data.split(b"\n"), 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise ValueError(f"{path}, line {number}: no JSON ({error})") from None
        if not isinstance(row, dict):
            raise ValueError(f"{path}, line {number}: a JSON object is needed, not {type(row).__name__}")
        rows.append(row)
    return rows


def _task(row: Mapping[str, Any], name: str, where: str) -> Task:
    prompt, solution, tests = (_first(row, fields) for fields in (PROMPTS, SOLUTIONS, TESTS))
    if not prompt and not solution:
        raise ValueError(f"{where}: neither a prompt ({', '.join(PROMPTS)}) nor a solution ({', '.join(SOLUTIONS)})")
    language = str(row.get("language") or str(row.get("task_id", "")).partition("/")[0]).lower()
    if language not in COMMENTS:
        language = "python" if re.search(r"^\s*def \w", prompt + "\n" + solution, re.M) else ""
    translations = [str(row[field]) for field in TRANSLATIONS if row.get(field)]
    return Task(
        name=name,
        language=language,
        texts=tuple(text for text in (prompt, *(one for one in translations if one not in prompt)) if text),
        code=_whole(solution, str(row.get("declaration") or prompt)),
        tests=tests,
    )


def _first(row: Mapping[str, Any], fields: tuple[str, ...]) -> str:
    value = next((row[field] for field in fields if row.get(field)), "")
    return "\n".join(map(str, value)) if isinstance(value, list) else str(value)


def _whole(solution: str, declaration: str) -> str:
    """With the line that begins the function, where the solution is the rest of one."""
    if not solution[:1].isspace():
        return solution
    lines = [line for line in _DOCUMENTATION.sub("", declaration).splitlines() if line.strip()]
    return "\n".join([*lines[-1:], solution])
