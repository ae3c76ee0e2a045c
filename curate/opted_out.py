"""Opt-out lists: files of repositories, owners, paths and content hashes, asked about by millions.

An entry is held as 16 bytes of hash (xxh3-128 of its kind and its normal form) in a sorted array, so that five million
take 80 MB in a worker and a batch is looked up at once. Path globs are regular expressions, and few.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import xxhash

from curate.errors import WrongUse

Kind = Literal["repo", "owner", "path", "content"]
KINDS: tuple[Kind, ...] = get_args(Kind)
"""In the order in which they are asked: the first that matches names the reason."""

MOST_GLOBS = 2_000

_HOST = re.compile(r"^(?:https?://|git@)?(?:www\.)?(?:github|gitlab|bitbucket)\.(?:com|org)[:/]", re.IGNORECASE)
_HASH = re.compile(r"[0-9a-f]{32}|[0-9a-f]{40}|[0-9a-f]{64}")
_PLACES = np.dtype([("high", "<u8"), ("low", "<u8")])


@dataclass(frozen=True, kw_only=True)
class OptedOut:
    """All entries of some lists. Lookups give the entry that matches, in its normal form."""

    places: np.ndarray  # of _PLACES, sorted: entries but for globs
    globs: tuple[tuple[str, re.Pattern[str]], ...]

    def known(self, kind: Kind, values: Sequence[str | None]) -> list[str | None]:
        """For each value its normal form where it is an entry of that kind, else None."""
        normal = [None if value is None else normalise(kind, value) for value in values]
        asked = [place for place, value in enumerate(normal) if value is not None]
        found: list[str | None] = [None] * len(normal)
        if not asked or not len(self.places):
            return found
        wanted = _hashes(kind, [str(normal[place]) for place in asked])
        at = np.searchsorted(self.places["high"], wanted["high"])
        for place, first, one in zip(asked, at.tolist(), wanted, strict=True):
            while first < len(self.places) and self.places[first]["high"] == one["high"]:
                if self.places[first]["low"] == one["low"]:
                    found[place] = normal[place]
                    break
                first += 1
        return found

    def glob(self, repo: str | None, path: str | None) -> str | None:
        """The first glob that a path matches, alone or behind its repository's name."""
        names = [] if path is None else [path] if repo is None else [path, f"{repo}/{path}"]
        return next((glob for glob, pattern in self.globs if any(map(pattern.fullmatch, names))), None)

    @property
    def n_entries(self) -> int:
        """Entries of all kinds."""
        return len(self.places) + len(self.globs)


@lru_cache(maxsize=4)
def load(lists: tuple[tuple[Kind, str], ...], digest: str) -> OptedOut:
    """The entries of files, each of one kind, read once a process. WrongUse names what cannot be read."""
    if digest_of(lists) != digest:
        raise WrongUse("the opt-out lists changed since the run began: say the same again with --fresh")
    places: list[np.ndarray] = []
    globs: dict[str, None] = {}
    for kind, path in lists:
        for values in _batches(kind, path):
            exact = [value for value in values if kind != "path" or not _is_glob(value)]
            globs |= dict.fromkeys(value for value in values if kind == "path" and _is_glob(value))
            places.append(_hashes(kind, [_checked(kind, value, path) for value in exact]))
    if len(globs) > MOST_GLOBS:
        raise WrongUse(
            f"the opt-out lists have {len(globs)} globs and may have {MOST_GLOBS}: list repositories or paths"
        )
    whole = np.unique(np.concatenate(places)) if places else np.zeros(0, _PLACES)
    return OptedOut(places=whole, globs=tuple((glob, _pattern(glob)) for glob in sorted(globs)))


def digest_of(lists: Iterable[tuple[Kind, str]]) -> str:
    """sha256 over the lists' bytes. WrongUse where one cannot be read."""
    digest = hashlib.sha256()
    for kind, path in lists:
        try:
            with open(path, "rb") as handle:
                digest.update(f"{kind}:{hashlib.file_digest(handle, 'sha256').hexdigest()}\n".encode())
        except OSError as error:
            raise WrongUse(f"opt-out list {path!r} cannot be read: {error.strerror}") from None
    return digest.hexdigest()


def normalise(kind: Kind, value: str) -> str:
    """The form in which entries and files are compared: names without host and case, hashes in small letters."""
    value = value.strip()
    if kind == "content":
        return value.lower()
    if kind == "path":
        return value
    if "." in value or ":" in value:  # seldom: a pattern for each of millions would take longer than all the rest
        value = _HOST.sub("", value).removesuffix("/").removesuffix(".git")
    return value.removesuffix("/*").rstrip("/").casefold()


def owner_of(repo: str | None) -> str | None:
    """The owner of "owner/name"; None where there is none."""
    if repo is None:
        return None
    owner, slash, _ = _HOST.sub("", repo.strip()).partition("/")
    return owner if slash else None


def content_hashes(raw: bytes) -> dict[str, str]:
    """sha256, sha1, Git's blob id and md5 of a file's bytes, in hexadecimal."""
    return {
        "sha256": hashlib.sha256(raw).hexdigest(),
        "sha1": hashlib.sha1(raw, usedforsecurity=False).hexdigest(),
        "blob": hashlib.sha1(b"blob %d\0" % len(raw) + raw, usedforsecurity=False).hexdigest(),
        "md5": hashlib.md5(raw, usedforsecurity=False).hexdigest(),
    }


def _hashes(kind: Kind, values: Sequence[str]) -> np.ndarray:
    data = b"".join(xxhash.xxh3_128_digest(f"{kind}:{value}".encode()) for value in values)
    return np.frombuffer(data, _PLACES)


def _checked(kind: Kind, value: str, path: str) -> str:
    normal = normalise(kind, value)
    if kind == "content" and not _HASH.fullmatch(normal):
        raise WrongUse(f"{path}: {value!r} is no md5, content_id, sha1, Git blob id or sha256 in hexadecimal digits")
    if kind == "repo" and "/" not in normal:
        raise WrongUse(f"{path}: {value!r} is no repository: write owner/name, or list it among the owners")
    if kind == "owner" and "/" in normal:
        raise WrongUse(f"{path}: {value!r} is no owner: write its name alone, or list it among the repositories")
    return normal


def _batches(kind: Kind, path: str) -> Iterator[list[str]]:
    """The values of a list, many at a time: lines of text, or a column of JSONL or Parquet."""
    lower = path.lower()
    try:
        if lower.endswith(".parquet"):
            file = pq.ParquetFile(path)
            name = _column(kind, file.schema_arrow.names, path)
            for batch in file.iter_batches(columns=[name]):
                yield [str(value) for value in batch.column(0).to_pylist() if value is not None]
            return
        with Path(path).open(encoding="utf-8") as lines:
            while held := [line for line, _ in zip(lines, range(100_000), strict=False)]:
                yield _of_json(kind, held, path) if lower.endswith((".jsonl", ".ndjson")) else _of_text(held)
    except (OSError, UnicodeDecodeError, pa.ArrowException) as error:
        raise WrongUse(f"opt-out list {path!r} cannot be read: {error}") from None


def _of_text(lines: Iterable[str]) -> list[str]:
    values = (line.split(" #")[0].strip() for line in lines)
    return [value for value in values if value and not value.startswith("#")]


def _of_json(kind: Kind, lines: Iterable[str], path: str) -> list[str]:
    values = []
    for line in filter(str.strip, lines):
        try:
            row: Any = json.loads(line)
        except ValueError:
            raise WrongUse(f"{path}: {line.strip()[:80]!r} is no JSON") from None
        values.append(
            row if isinstance(row, str) else row[_column(kind, list(row), path)] if isinstance(row, dict) else ""
        )
    return [str(value) for value in values if value]


def _column(kind: Kind, names: Sequence[str], path: str) -> str:
    if kind in names:
        return kind
    if len(names) == 1:
        return names[0]
    raise WrongUse(f"{path}: no column {kind!r} among {', '.join(names[:8])}: name one so")


def _is_glob(value: str) -> bool:
    return any(mark in value for mark in "*?[")


def _pattern(glob: str) -> re.Pattern[str]:
    """Git's way: * and ? stay within a folder, ** goes over folders, one without a slash is of any folder."""
    if "/" not in glob.strip("/"):
        glob = f"**/{glob.strip('/')}"
    parts = []
    for part in re.findall(r"\*\*/|\*\*|\*|\?|\[!?[^\]/]+\]|.", glob.lstrip("/"), re.DOTALL):
        known = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
        if part in known:
            parts.append(known[part])
        elif len(part) > 2 and part[0] == "[":
            inside = part[1:-1].replace("\\", "\\\\")
            parts.append(f"[^{inside[1:]}]" if inside[0] == "!" else f"[{inside}]")
        else:
            parts.append(re.escape(part))
    try:
        return re.compile("".join(parts), re.DOTALL)
    except re.error:
        raise WrongUse(f"{glob!r} is no glob that can be read") from None
