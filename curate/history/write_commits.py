"""Commits of many repositories into a data set, pack by pack, on several cores and on several machines."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from itertools import repeat
from multiprocessing import get_context
from pathlib import Path

import pygit2
import xxhash

from curate.errors import RunFailed, WrongUse
from curate.history import dataset
from curate.history.commit_rules import CommitRules
from curate.history.commits import commits_of, licence_at, n_commits
from curate.sources.git import NoRevision, is_repository, repository_name, resolve
from curate.sources.place import text_of

NOTE = "commits.json"
PACK_COMMITS = 20_000  # that are walked for one file: some minutes
_ERRORS = (pygit2.GitError, KeyError, ValueError, OSError)


@dataclass(frozen=True, kw_only=True)
class Slice:
    """Commits [start, end) on the way back from a revision of one repository."""

    folder: str
    name: str
    revision: str
    start: int
    end: int


def repositories_below(inputs: Sequence[str | Path]) -> list[tuple[str, str | None]]:
    """Folders of repositories, with the revision where one is named behind @: what an input is, or holds below it.

    WrongUse where an input is no folder, or none is there at all.
    """
    found: dict[tuple[str, str | None], None] = {}
    for given in map(str, inputs):
        folder, _, revision = (given, "", None) if os.path.isdir(given) else given.rpartition("@")
        if not os.path.isdir(folder):
            raise WrongUse(f"input {given!r} is no folder: name git repositories, or folders that hold some")
        for place in _below(os.path.realpath(folder)):
            found[place, revision] = None
    if not found:
        raise WrongUse(f"there is no git repository in {', '.join(map(str, inputs))}")
    return sorted(found, key=lambda place: (place[0], place[1] or ""))


def _below(folder: str) -> Iterator[str]:
    for place, folders, _ in os.walk(folder):
        if is_repository(place):
            folders.clear()
            yield place
        folders.sort()


def write_commits(
    inputs: Sequence[str | Path], out: Path, rules: CommitRules, *, workers: int = 1, part: tuple[int, int] = (0, 1),
    fresh: bool = False, say: Callable[[str], None] = lambda text: None,
) -> Counter[str]:  # fmt: skip
    """Commits of repositories into OUT/00000.parquet and so on, and OUT/commits.json last; gives the counts.

    `part` (I, N) takes the I-th of N shares of the repositories, for N machines with an OUT each. Files that an
    interrupted call left whole are not made again. RunFailed where no commit is taken.
    """
    dataset.begin(out, NOTE, fresh)
    places = repositories_below(inputs)[part[0] :: part[1]]
    counts: Counter[str] = Counter(repositories=len(places))
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        run = map if workers == 1 else partial(pool.map, chunksize=1)
        slices: list[Slice] = []
        for found in run(_slices, places):
            counts["broken_repositories"] += not found
            slices += found
        packs = list(_packs(slices))
        files = [out / f"{number:05d}.parquet" for number in range(len(packs))]
        for number, told in enumerate(run(_write_pack, packs, files, repeat(rules))):
            counts += told
            say(f"{number + 1} of {len(packs)} files, {counts['taken']:,} commits")
    if not counts["taken"]:
        raise RunFailed(f"no commit was taken of {len(places)} repositories: {dict(counts)}")
    dataset.finish(out, NOTE, files, {"counts": dict(counts), "rules": rules.model_dump(mode="json")})
    return counts


def _slices(place: tuple[str, str | None]) -> list[Slice]:
    """A repository in slices; none where it cannot be opened or its revision names nothing."""
    folder, named = place
    try:
        repository = pygit2.Repository(folder)
        revision = resolve(repository, named)
        name = repository_name(repository, text_of(os.fsencode(os.path.basename(folder))))
        n = n_commits(repository, revision)
    except (*_ERRORS, NoRevision):
        return []
    step = PACK_COMMITS
    return [
        Slice(folder=folder, name=name, revision=str(revision), start=at, end=min(at + step, n))
        for at in range(0, n, step)
    ]


def _packs(slices: Sequence[Slice]) -> Iterator[list[Slice]]:
    """Slices put together until a pack has PACK_COMMITS commits."""
    held: list[Slice] = []
    n = 0
    for one in slices:
        held.append(one)
        n += one.end - one.start
        if n >= PACK_COMMITS:
            yield held
            held, n = [], 0
    if held:
        yield held


def _write_pack(pack: list[Slice], path: Path, rules: CommitRules) -> Counter[str]:
    """One file; gives what was counted, now or when it was written."""
    made_of = _made_of(pack, rules)
    counts = dataset.counts_in(path, made_of)
    if counts is None:
        counts = Counter()
        dataset.write(_rows(pack, rules, counts), path, made_of, counts)
    return counts


def _made_of(pack: list[Slice], rules: CommitRules) -> str:
    told = json.dumps([rules.model_dump(mode="json"), [vars(one) for one in pack]], sort_keys=True)
    return xxhash.xxh3_128_hexdigest(told.encode())


def _rows(pack: list[Slice], rules: CommitRules, counts: Counter[str]) -> Iterator[dict[str, str | None]]:
    for one in pack:
        repository = pygit2.Repository(one.folder)
        revision = pygit2.Oid(hex=one.revision)
        licence = licence_at(repository, revision)
        for commit in commits_of(repository, revision, rules, counts, one.start, one.end):
            yield {
                "repo_name": one.name,
                "path": f"commits/{commit.id}.diff",
                "language": "Diff",
                "license": licence,
                "content": commit.text,
            }
