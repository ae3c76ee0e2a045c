"""Which commits teach something: limits on their size, their files and their messages."""

from __future__ import annotations

import re

import xxhash
from pydantic import BaseModel, ConfigDict, Field

_DATA = frozenset({"json", "yml", "yaml", "xml", "html"})
_EMPTY_SUBJECTS = frozenset(
    {"initial commit", "first commit", "minor changes", "update readme", "update readme.md", "updated readme",
     "updated readme.md", "small fix", "bug fix", "bug fixes"}
)  # fmt: skip
_EMPTY_WITHIN = ("auto commit", "autocommit", "update contributing", "<?xml")
_VERSION = re.compile(r"(?:bump |release |version )*v?\d+(?:\.\d+)+(?=$|\S)", re.I)
_AUTOMATIC = re.compile(r"(?:merge (?:branch|pull request|remote|tag)|revert \"|bump \S+ from|apply suggestions)", re.I)
_TRAILER = re.compile(
    r"^(?:(?:[A-Z][\w-]*-by|cc|change-id|git-svn-id|pull-request|differential revision|cr-\S+|bug|fixes|closes|link)"
    r"\s*:|\(cherry picked from commit).*$",
    re.I,
)


class CommitRules(BaseModel):
    """Limits, inclusive. The rates are StarCoder's, which has one file a commit and 100,000 characters a file."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    max_files: int = Field(8, ge=1, description="that a commit changes; one that changes more is a sweep or an import")
    max_file_bytes: int = Field(100_000, ge=1, description="of a file before or after")
    max_bytes: int = Field(400_000, ge=1, description="of a commit's text: message and all its files")
    max_letters_a_word: float = Field(20, gt=0, description="of the subject: more are hashes and paths")
    min_words: int = Field(2, ge=1, description="of the subject")
    short_words: int = Field(5, ge=0, description="a subject of fewer words is short")
    short_rate: float = Field(0.5, ge=0, le=1, description="of commits with a short subject that are taken")
    small_lines: int = Field(2, ge=0, description="a change of no more lines is small")
    small_rate: float = Field(0.5, ge=0, le=1, description="of small changes that are taken")
    large_lines: int = Field(200, ge=1, description="a change that spans so many lines is large")
    large_rate: float = Field(0.1, ge=0, le=1, description="of large changes that are taken")
    data_rate: float = Field(0.5, ge=0, le=1, description="of changes of JSON, YAML, XML and HTML alone that are taken")
    seed: int = 0

    def refusal_of_message(self, message: str, commit: str) -> str | None:
        """Why a commit is left out for its message, None for one that stays."""
        subject = message.partition("\n")[0].strip()
        words, lower = subject.split(), subject.lower()
        if not words:
            return "no_message"
        if len(words) < self.min_words or lower in _EMPTY_SUBJECTS or any(part in lower for part in _EMPTY_WITHIN):
            return "empty_message"
        if _AUTOMATIC.match(subject) or _VERSION.match(subject):
            return "automatic_message"
        if len(subject) / len(words) > self.max_letters_a_word:
            return "no_words"
        if len(words) < self.short_words and self._chance("short", commit) >= self.short_rate:
            return "short_message"
        return None

    def refusal_of_change(self, paths: list[str], n_changed: int, span: int, commit: str) -> str | None:
        """Why a commit is left out for what it changes: lines that were added or taken out, and lines of the widest
        stretch from the first change of a file to its last."""
        if not n_changed:
            return "no_change"
        if n_changed <= self.small_lines and self._chance("small", commit) >= self.small_rate:
            return "small_change"
        if span >= self.large_lines and self._chance("large", commit) >= self.large_rate:
            return "large_change"
        is_data = all(path.rpartition(".")[2].lower() in _DATA for path in paths)
        if is_data and self._chance("data", commit) >= self.data_rate:
            return "data_files"
        return None

    def _chance(self, name: str, commit: str) -> float:
        return (xxhash.xxh3_64_intdigest(f"{self.seed}/{name}/{commit}".encode()) >> 11) * 2.0**-53


def without_trailers(message: str) -> str:
    """A message without the lines at its end that name people and tools (Signed-off-by, Change-Id ...)."""
    lines = message.replace("\r\n", "\n").rstrip().split("\n")
    while len(lines) > 1 and (not lines[-1].strip() or _TRAILER.match(lines[-1].strip())):
        lines.pop()
    return "\n".join(line.rstrip() for line in lines).strip()
