"""Events of GH Archive (gharchive.org) that belong to issues and pull requests: one line of JSON each.

Read are IssuesEvent, IssueCommentEvent, PullRequestEvent, PullRequestReviewEvent and PullRequestReviewCommentEvent as
they are since 2015; older ones have no text, and are counted as `old_format`. What GitHub stopped to send with pull
requests in 2025 (title and body) is taken from where it is, or is missing.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

import pyarrow as pa
import xxhash

from curate.history.people import is_program
from curate.sources.place import open_file
from curate.sources.streams import codec_of, decompressed

EVENT = pa.schema(
    [
        ("key", pa.uint64()),  # of the conversation
        ("event", pa.int64()),  # GitHub's id, by which an event that came twice is known
        ("at", pa.string()),  # ISO 8601, in UTC
        ("repo", pa.string()),  # as it was called then
        ("number", pa.int64()),
        ("is_pull", pa.bool_()),
        ("kind", pa.string()),  # opened, comment, review, closed, reopened
        ("author", pa.string()),
        ("is_program", pa.bool_()),
        ("title", pa.string()),
        ("opener", pa.string()),  # who wrote the title and the opening
        ("opener_is_program", pa.bool_()),
        ("opening", pa.string()),  # the text of the issue itself, which comments bring along too
        ("text", pa.string()),  # of the comment
        ("path", pa.string()),  # of the file that a review speaks of
        ("hunk", pa.string()),  # and the lines of its diff
    ]
)
"""An event, as far as a conversation needs it."""

_TYPES = {
    "IssuesEvent": "issue",
    "IssueCommentEvent": "issue",
    "PullRequestEvent": "pull_request",
    "PullRequestReviewEvent": "pull_request",
    "PullRequestReviewCommentEvent": "pull_request",
}
_MARKS = tuple(f'"{name}"'.encode() for name in _TYPES)
_KINDS = {"opened": "opened", "closed": "closed", "reopened": "reopened"}
_MOST_LINE = 32 << 20  # bytes; an event of GitHub has some kilobytes, and a body 65,536 characters
_MOST_TEXT = 70_000  # characters of one text: GitHub's own bound is 65,536
_MOST_NUMBER = 2**63 - 1  # what a column holds
_NOBODY = "ghost"  # GitHub's name for those whose account is gone


def events_in(location: bytes, counts: Counter[str]) -> Iterator[dict[str, Any]]:
    """Rows of EVENT of one file of lines, packed or not. `counts` tells of lines that are none, by reason."""
    try:
        with open_file(location) as file:
            stream = decompressed(file, codec_of(location))
            while line := stream.readline(_MOST_LINE):
                if not any(mark in line for mark in _MARKS):
                    continue
                found = event_of(line, counts)
                if found is not None:
                    counts["events"] += 1
                    yield found
    except OSError:
        counts["unreadable_files"] += 1


def event_of(line: bytes, counts: Counter[str]) -> dict[str, Any] | None:
    """The row of one line; None for one that says nothing, which `counts` tells of."""
    try:
        told = json.loads(line)
        payload, kind = told["payload"], told["type"]
        if kind not in _TYPES:
            return None
        payload = json.loads(payload) if isinstance(payload, str) else payload  # as BigQuery exports it
        if "repo" not in told or not isinstance(told.get("actor"), dict):
            counts["old_format"] += 1
            return None
        return _row(told, payload, kind, counts)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        counts["bad_lines"] += 1
        return None


def _row(told: Mapping[str, Any], payload: Mapping[str, Any], kind: str, counts: Counter[str]) -> dict[str, Any] | None:
    subject = payload.get(_TYPES[kind]) or {}
    number = subject.get("number") or payload.get("number")
    comment = payload.get("comment") or payload.get("review") or {}
    is_comment = kind not in ("IssuesEvent", "PullRequestEvent")
    action = ("review" if comment.get("path") else "comment") if is_comment else _KINDS.get(str(payload.get("action")))
    if action is None or type(number) is not int:
        counts["other_actions"] += 1
        return None
    event = int(told["id"])
    if not (0 <= number <= _MOST_NUMBER and 0 <= event <= _MOST_NUMBER):
        raise ValueError("no number of GitHub")
    user = comment.get("user") if is_comment else told["actor"]
    author, is_program_author = _person(user or told["actor"])
    opener, is_program_opener = _person(subject.get("user") or (told["actor"] if action == "opened" else {}))
    repo = told["repo"]
    return {
        "key": xxhash.xxh3_64_intdigest(f"{repo.get('id') or repo['name']}/{number}".encode()),
        "event": event,
        "at": _text(comment.get("submitted_at") or told["created_at"]) or "",
        "repo": _name(repo["name"]),
        "number": number,
        "is_pull": _TYPES[kind] == "pull_request" or bool(subject.get("pull_request")),
        "kind": action,
        "author": author,
        "is_program": is_program_author,
        "title": _text(subject.get("title")),
        "opener": opener,
        "opener_is_program": is_program_opener,
        "opening": _text(subject.get("body")),
        "text": _text(comment.get("body")),
        "path": _text(comment.get("path")),
        "hunk": _text(comment.get("diff_hunk")),
    }


def _person(user: Mapping[str, Any]) -> tuple[str, bool]:
    """The login of who wrote something, and whether it is a program."""
    login = _name(user.get("login") or _NOBODY)
    return login, is_program(login) or user.get("type") == "Bot"


def _name(value: Any) -> str:
    """A name, of which there must be one."""
    found = _text(value)
    if not found:
        raise ValueError("no name")
    return " ".join(found.split())


def _text(value: Any) -> str | None:
    """A text that UTF-8 can hold, with plain line ends, cut where no true one is so long."""
    if not isinstance(value, str):
        return None
    return value[:_MOST_TEXT].replace("\r\n", "\n").replace("\r", "\n").encode("utf-8", "replace").decode()
