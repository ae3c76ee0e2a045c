"""Issues and pull requests as conversations (StarCoder).

    <issue_start>Title: The build fails\nusername_0: What is broken.<issue_comment>username_1: ...<issue_closed>

A remark on code has the path and the lines of the diff before it.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from train.chance import chance
from train.renderers.document import (
    ISSUE_CLOSED,
    ISSUE_COMMENT,
    ISSUE_START,
    REPO_NAME,
    RenderConfig,
    Rendered,
    Row,
    joined,
    tags_of,
)

_HEAD = re.compile(r"(?:issue|pull request) \d+ (open|closed)\ntitle (.*)\n")
_POST = re.compile(r"^(username_\d+)(?: on (.*))?:\n((?: {4}.*(?:\n|\Z)|\n)*)", re.M)


class Post(NamedTuple):
    """What one person says; `path` is the file that it is about, where it is about one."""

    author: str
    path: str | None
    text: str


class Conversation(NamedTuple):
    """A conversation as curate.history.conversations writes it."""

    title: str
    is_closed: bool
    posts: list[Post]


def parsed(content: str) -> Conversation | None:
    """The conversation that a text holds; None where it is none."""
    head = _HEAD.match(content)
    if head is None:
        return None
    posts = [
        Post(found[1], found[2], "\n".join(line[4:] for line in found[3].rstrip("\n").split("\n")))
        for found in _POST.finditer(content, head.end())
    ]
    return Conversation(head[2], head[1] == "closed", posts) if posts else None


def render_issue(row: Row, config: RenderConfig) -> Rendered | None:
    """A conversation as a document; None where a row holds none."""
    found = parsed(row["content"])
    if found is None:
        return None
    named = row["repo"] and chance(config.seed, "repo name", row["content_id"]) < config.repo_name_rate
    parts: list[str] = [REPO_NAME, row["repo"] or ""] if named else []
    for number, post in enumerate(found.posts):
        parts.append(ISSUE_COMMENT if number else ISSUE_START)
        title = f"Title: {found.title}\n" if not number and found.title else ""
        place = f"{post.path}\n" if post.path else ""
        parts.append(f"{title}{post.author}: {place}{post.text}")
    parts += [ISSUE_CLOSED] if found.is_closed else []
    return Rendered(parts=joined(parts), file_id=row["file_id"], language=row["language"], tags=tags_of(row))
