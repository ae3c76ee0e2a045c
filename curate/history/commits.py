"""The commits of a repository as texts: what a commit says, and its files with every line, taken out, put in or kept.

    commit 3a7f...

        Subject

        Body

    diff --git a/src/old.py b/src/new.py
    --- a/src/old.py
    +++ b/src/new.py
     a line that stays
    -one that goes
    +one that comes

That is what `git show` prints with all of a file as context, but for hunks' headers, of which there are none, and for
names of people. Whole files before and after are read from it again (train/renderers/commits.py), and the stages of a
recipe see each line once: a secret is replaced by the same word on both sides.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import islice
from typing import Any, NamedTuple

import pygit2
from pygit2.enums import DeltaStatus, FileMode, SortMode

from analyzers.decode import decode_one
from analyzers.licences.statement import of_folder, statement
from analyzers.origin import mark
from curate.history.commit_rules import CommitRules, without_trailers
from curate.history.people import is_program
from curate.sources.place import leads_outside, text_of

_MOST_LINES = 65_000  # of a file: libgit2 counts lines of context in 16 bits, and all of the file is context here
_NO_END = "\\ No newline at end of file\n"
_MOST_LICENCE = 200_000  # bytes of a licence file or manifest
_FILES = (FileMode.BLOB, FileMode.BLOB_EXECUTABLE)
_ERRORS = (pygit2.GitError, KeyError, ValueError, OSError)


class Commit(NamedTuple):
    """One commit as a document."""

    id: str
    text: str


class _Left(Exception):
    """A commit is left out; its one argument says why."""


def n_commits(repository: pygit2.Repository, revision: pygit2.Oid) -> int:
    """How many commits lead to a revision."""
    return sum(1 for _ in repository.walk(revision, SortMode.NONE))


def commits_of(
    repository: pygit2.Repository, revision: pygit2.Oid, rules: CommitRules, counts: Counter[str],
    start: int = 0, end: int | None = None,
) -> Iterator[Commit]:  # fmt: skip
    """Commits [start, end) of the way back from a revision that the rules let through, one in memory at a time.

    `counts` tells of all: "taken", or why not. It raises for nothing that a repository can hold; where the walk breaks,
    `broken_history` counts once and the rest is not read.
    """
    try:
        for commit in islice(repository.walk(revision, SortMode.NONE), start, end):
            try:
                found = _commit(repository, commit, rules)
                counts["taken"] += 1
            except _Left as left:
                counts[str(left)] += 1
                continue
            except _ERRORS:
                counts["unreadable"] += 1
                continue
            yield found
    except _ERRORS:
        counts["broken_history"] += 1


def licence_at(repository: pygit2.Repository, revision: pygit2.Oid) -> str | None:
    """The licence that the files at the top of a revision tell, as an SPDX expression; None where they tell none."""
    said = []
    try:
        for entry in repository[revision].peel(pygit2.Tree):
            if isinstance(entry, pygit2.Blob) and entry.size <= _MOST_LICENCE and entry.name:
                text = entry.data.decode("utf-8", "replace")
                said.append(statement(entry.name, text))
    except _ERRORS:
        return None
    return of_folder([one for one in said if one is not None])


def _commit(repository: pygit2.Repository, commit: pygit2.Commit, rules: CommitRules) -> Commit:
    name = str(commit.id)
    if len(commit.parent_ids) > 1:
        raise _Left("merge")
    if is_program(commit.author.name or "") or is_program((commit.author.email or "").partition("@")[0]):
        raise _Left("program")
    message = without_trailers(commit.raw_message.decode("utf-8", "replace"))
    if why := rules.refusal_of_message(message, name):
        raise _Left(why)
    deltas = _deltas(repository, commit, rules)
    size = len(message)
    files, paths, n_changed, span = [], [], 0, 0
    for delta in deltas:
        file = _file(repository, delta, rules)
        size += len(file.text)
        if size > rules.max_bytes:
            raise _Left("too_large")
        files.append(file.text)
        paths.append(file.path)
        n_changed += file.n_changed
        span = max(span, file.span)
    if why := rules.refusal_of_change(paths, n_changed, span, name):
        raise _Left(why)
    indented = "\n".join(f"    {line}" for line in message.split("\n"))
    return Commit(name, f"commit {name}\n\n{indented}\n\n" + "".join(files))


def _deltas(repository: pygit2.Repository, commit: pygit2.Commit, rules: CommitRules) -> list[Any]:
    """The files that a commit changes, none of them read yet; renames are told once there are few."""
    tree = commit.peel(pygit2.Tree)
    if commit.parent_ids:
        diff = repository[commit.parent_ids[0]].peel(pygit2.Tree).diff_to_tree(tree)
    else:
        diff = tree.diff_to_tree(swap=True)
    if len(diff) > 2 * rules.max_files:  # a rename is two files until it is told
        raise _Left("too_many_files")
    diff.find_similar()
    deltas = list(diff.deltas)
    if len(deltas) > rules.max_files:
        raise _Left("too_many_files")
    return deltas


class _File(NamedTuple):
    """One file of a commit: its text, its path, lines that changed, and lines from the first of them to the last."""

    text: str
    path: str
    n_changed: int
    span: int


def _file(repository: pygit2.Repository, delta: Any, rules: CommitRules) -> _File:
    old_path, new_path = (text_of(side.raw_path) for side in (delta.old_file, delta.new_file))
    if leads_outside(old_path) or leads_outside(new_path) or "\n" in old_path + new_path:
        raise _Left("unsafe_path")
    before = "" if delta.status == DeltaStatus.ADDED else _text(repository, delta.old_file, rules)
    after = "" if delta.status == DeltaStatus.DELETED else _text(repository, delta.new_file, rules)
    head = (after or before)[:4_000].encode()
    origin = mark(new_path, "Unknown", head)
    if origin.is_generated or origin.is_vendored or origin.is_lock_file or origin.is_minified_name:
        raise _Left("generated_or_vendored")
    lines = _lines(before, after)
    changed = [at for at, line in enumerate(lines) if line[0] in "+-"]
    names = (
        "/dev/null" if delta.status == DeltaStatus.ADDED else f"a/{old_path}",
        "/dev/null" if delta.status == DeltaStatus.DELETED else f"b/{new_path}",
    )
    top = f"diff --git a/{old_path} b/{new_path}\n--- {names[0]}\n+++ {names[1]}\n"
    span = changed[-1] - changed[0] + 1 if changed else 0
    return _File(top + "".join(lines), new_path, len(changed), span)


def _lines(before: str, after: str) -> list[str]:
    """All lines of both, each behind its mark; where a last line does not end, the next one says so."""
    if before == after:  # of a rename
        *lines, last = before.split("\n")
        return [f" {line}\n" for line in lines] + ([f" {last}\n", _NO_END] if last else [])
    old, new = before.encode(), after.encode()  # a patch holds on to their bytes, not to them
    patch = pygit2.Patch.create_from(old, new, context_lines=_MOST_LINES)
    body = patch.data[patch.data.index(b"\n@@ ") + 1 :]  # the header's end may be half a character
    return [f"{line}\n" for line in body.partition(b"\n")[2].decode("utf-8").split("\n")[:-1]]


def _text(repository: pygit2.Repository, side: Any, rules: CommitRules) -> str:
    """A file of one side in UTF-8, with plain line ends. Left out where it is too large, no text or no file."""
    if side.mode not in _FILES:
        raise _Left("link_or_submodule")
    _, size = repository.odb.read_header(side.id)
    if size > rules.max_file_bytes:
        raise _Left("too_large")
    text, _, refused = decode_one(repository.odb.read(side.id)[1])
    if text is None and refused != "empty":
        raise _Left(refused or "undecodable")
    plain = (text or "").replace("\r\n", "\n")
    if plain.count("\n") > _MOST_LINES:
        raise _Left("too_large")
    return plain
