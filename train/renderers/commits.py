"""Commits: what a message makes of files (StarCoder).

    <commit_before>old<commit_msg>message<commit_after>new

Files are whole a fifth of the time, else the lines that change with 0 to 31 lines around them, as far from the first
change of a file to its last. Repository, and the path of a single file, stand there as often as with plain files;
several files are always told apart by their paths:

    <repo_name>R<commit_before><file_sep>path\nold<file_sep>path\nold<commit_msg>message<commit_after><file_sep>...

A file that is not there before, or after, is missing on that side.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from train.chance import chance
from train.renderers.document import (
    COMMIT_AFTER,
    COMMIT_BEFORE,
    COMMIT_MESSAGE,
    FILE_SEP,
    REPO_NAME,
    RenderConfig,
    Rendered,
    Row,
    joined,
    tags_of,
)

MAX_CONTEXT_LINES = 31  # StarCoder
_HEAD = re.compile(r"commit \S+\n\n")
_FILE = re.compile(r"^diff --git .*\n--- (?:a/(.*)|/dev/null)\n\+\+\+ (?:b/(.*)|/dev/null)\n", re.M)


class Change(NamedTuple):
    """One file of a commit. A path is None where the file is not there before, or after; lines have their marks."""

    old_path: str | None
    new_path: str | None
    lines: list[str]


class Commit(NamedTuple):
    """A commit as curate.history.commits writes it."""

    message: str
    changes: list[Change]


def parsed(content: str) -> Commit | None:
    """The commit that a text holds; None where it is none."""
    head = _HEAD.match(content)
    files = list(_FILE.finditer(content, head.end())) if head else []
    if head is None or not files:
        return None
    message = "\n".join(
        line.removeprefix("    ") for line in content[head.end() : files[0].start()].split("\n")
    ).strip()
    ends = [*(file.start() for file in files[1:]), len(content)]
    changes = [
        Change(file[1], file[2], _lines(content[file.end() : end])) for file, end in zip(files, ends, strict=True)
    ]
    return Commit(message, changes)


def _lines(body: str) -> list[str]:
    """Lines with their ends; one without end is told by the line behind it."""
    lines = body.split("\n")
    found = [line + "\n" for line in lines[:-1]] + [line for line in lines[-1:] if line]
    for at in range(len(found) - 1, 0, -1):
        if found[at].startswith("\\"):
            found[at - 1] = found[at - 1].removesuffix("\n")
            del found[at]
    return found


def sides(lines: list[str], context: int | None) -> tuple[str, str]:
    """A file before and after; with a context only so many lines before its first change and behind its last."""
    changed = [at for at, line in enumerate(lines) if line[:1] in "+-"]
    if context is not None and changed:
        lines = lines[max(0, changed[0] - context) : changed[-1] + context + 1]
    before = "".join(line[1:] for line in lines if line[:1] != "+")
    after = "".join(line[1:] for line in lines if line[:1] != "-")
    return before, after


def render_commit(row: Row, config: RenderConfig) -> Rendered | None:
    """A commit as a document; None where a row holds none."""
    commit = parsed(row["content"])
    if commit is None:
        return None
    seed, content_id = config.seed, row["content_id"]
    is_whole = chance(seed, "whole", content_id) < config.whole_rate
    context = None if is_whole else int(chance(seed, "context", content_id) * (MAX_CONTEXT_LINES + 1))
    named = len(commit.changes) > 1 or chance(seed, "path", content_id) < config.path_rate
    before: list[str] = []
    after: list[str] = []
    for change in commit.changes:
        old, new = sides(change.lines, context)
        before += _part(change.old_path, old, named)
        after += _part(change.new_path, new, named)
    named_repo = row["repo"] and chance(seed, "repo name", content_id) < config.repo_name_rate
    head = [REPO_NAME, row["repo"] or ""] if named_repo else []
    parts = [*head, COMMIT_BEFORE, *before, COMMIT_MESSAGE, commit.message, COMMIT_AFTER, *after]
    return Rendered(parts=joined(parts), file_id=row["file_id"], language=row["language"], tags=tags_of(row))


def _part(path: str | None, text: str, named: bool) -> list[str]:
    if path is None:
        return []
    return [FILE_SEP, f"{path}\n{text}"] if named else [text]
