"""Events of one issue or pull request as a conversation, by StarCoder's rules, and as text.

    issue 12 closed
    title The build fails

    username_0:
        What is broken.

    username_1 on src/main.py:
        @@ -1,3 +1,4 @@
        +the line that is spoken of

        A remark on it.

Words of people stand four blanks in, so that nothing they say looks like structure. train/renderers/issues.py reads it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from pydantic import BaseModel, ConfigDict, Field

_FENCE = re.compile(r"(```.*?(?:```|\Z)|`[^`\n]*`)", re.S)
_MENTION = re.compile(r"(?<![\w@/.`])@([A-Za-z\d](?:[A-Za-z\d]|-(?=[A-Za-z\d])){0,38})\b(?![/(.\w])")
_MAILED = re.compile(
    r"^(?:On .{0,200}wrote:|.*notifications@github\.com.*|\d+/\d+/\d+ \d\d:\d\d [AP]M.*wrote:?)\s*$", re.M
)
_MAIL_END = re.compile(r"^.*(?:Reply to this email directly|You are receiving this because).*$", re.M)
_SIGNED = re.compile(r"^Signed-off-by:.*$\n?", re.M)
_RULER = re.compile(r"_{20,}")
_WORD = re.compile(r"(?:(?<![\w-])@)?(?<![\w-])([\w-]+)")  # with what mentions it; a login is one word
_HUNK_LINES = 12  # of a review's diff, the last ones: the remark is on the last line


class ConversationRules(BaseModel):
    """Limits, inclusive, all of StarCoder but `max_chars`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    min_chars: int = Field(200, ge=0, description="of all texts together")
    max_chars_alone: int = Field(7_000, ge=1, description="of a conversation of one person: longer ones are logs")
    max_posts_alone: int = Field(10, ge=1, description="of a conversation of one person")
    max_chars: int = Field(200_000, ge=1, description="of all texts together")
    max_lines: int = Field(80, ge=21, description="of one post; of a longer one the last 20 stay, and as many before")


class Conversation(NamedTuple):
    """One issue or pull request as a document; one that is left out has a `reason`, and no text."""

    repo: str
    number: int
    is_pull: bool
    text: str
    reason: str | None


class _Post(NamedTuple):
    author: str
    path: str | None
    text: str


def conversation(events: Iterable[dict[str, Any]], rules: ConversationRules) -> Conversation:
    """The conversation of its events (curate.history.events.EVENT), at least one, in any order, some twice."""
    rows = sorted({event["event"]: event for event in events}.values(), key=lambda one: (one["at"], one["event"]))
    last = rows[-1]
    is_pull = any(row["is_pull"] for row in rows)
    state = next((row["kind"] for row in reversed(rows) if row["kind"] in ("opened", "closed", "reopened")), "open")
    posts, n_programs = _posts(rows, rules)
    if reason := _refusal(posts, n_programs, rules):
        return Conversation(last["repo"], last["number"], is_pull, "", reason)
    title = next((row["title"] for row in rows if row["title"]), "") or ""
    speakers = _names([post.author for post in posts])
    names = dict(speakers)
    lines = [f"{'pull request' if is_pull else 'issue'} {last['number']} {'closed' if state == 'closed' else 'open'}"]
    lines.append(f"title {_anonymous(' '.join(title.split()), names, speakers)}")
    for post in posts:
        place = f" on {post.path}" if post.path else ""
        text = "\n".join(f"    {line}" for line in _anonymous(post.text, names, speakers).split("\n"))
        lines.append(f"\n{names[post.author.lower()]}{place}:\n{text}")
    return Conversation(last["repo"], last["number"], is_pull, "\n".join(lines) + "\n", None)


def _posts(rows: Sequence[dict[str, Any]], rules: ConversationRules) -> tuple[list[_Post], int]:
    """The opening and what followed, without what programs wrote, and how many posts that was."""
    posts: list[_Post] = []
    opening = next((row for row in rows if row["opening"]), None)
    n_programs = 0
    if opening and opening["opener_is_program"]:
        n_programs += 1
    elif opening and (text := _shortened(written(opening["opening"]), rules.max_lines)):
        posts.append(_Post(opening["opener"], None, text))
    for row in rows:
        if row["kind"] not in ("comment", "review") or not row["text"]:
            continue
        if row["is_program"]:
            n_programs += 1
            continue
        text = _shortened(written(row["text"]), rules.max_lines)
        if not text:
            continue
        is_review = row["kind"] == "review"
        path = " ".join(row["path"].split()) if is_review else None
        if is_review and row["hunk"]:
            text = "\n".join(row["hunk"].split("\n")[-_HUNK_LINES:]) + "\n\n" + text
        posts.append(_Post(row["author"], path, text))
    return posts, n_programs


def _refusal(posts: Sequence[_Post], n_programs: int, rules: ConversationRules) -> str | None:
    n_chars = sum(len(post.text) for post in posts)
    n_people = len({post.author.lower() for post in posts})
    if not posts:
        return "programs_only" if n_programs else "no_text"
    if n_chars < rules.min_chars:
        return "too_short"
    if n_people == 1 and (n_chars > rules.max_chars_alone or len(posts) > rules.max_posts_alone):
        return "one_person"
    return "too_long" if n_chars > rules.max_chars else None


def written(text: str) -> str:
    """What a person wrote: without what an e-mail program put around it, and without comments that are not shown."""
    text = _SIGNED.sub("", _shown(text))
    end = _MAIL_END.search(text)
    start = _MAILED.search(text)
    if start or end:
        head = text[: start.start() if start else 0] if start else text[: end.start() if end else None]
        tail = text[end.end() :] if start and end and end.start() > start.start() else ""
        kept = [line for line in (head + tail).split("\n") if not line.lstrip().startswith(">")]
        text = "\n".join(kept)
    return "\n".join(line.rstrip() for line in _RULER.sub("", text).split("\n")).strip()


def _shown(text: str) -> str:
    """A text without HTML's comments, which tell those who fill in a form what to write. One that does not end is
    text."""
    kept = []
    place = 0
    while (start := text.find("<!--", place)) >= 0 and (end := text.find("-->", start + 4)) >= 0:
        kept.append(text[place:start])
        place = end + 3
    return "".join(kept) + text[place:]


def _shortened(text: str, max_lines: int) -> str:
    lines = text.split("\n")
    if len(lines) <= max_lines:
        return text
    return "\n".join([*lines[: max_lines - 20], "[Truncated]", *lines[-20:]])


def _names(authors: Sequence[str]) -> dict[str, str]:
    """username_0, username_1 ... in the order in which people speak."""
    return {name: f"username_{number}" for number, name in enumerate(dict.fromkeys(one.lower() for one in authors))}


def _anonymous(text: str, names: dict[str, str], speakers: Mapping[str, str]) -> str:
    """A text in which those who speak, and those who are spoken to, go by other names. Outside of code whoever is
    mentioned is one more; in code only those who speak are looked for, because `@name` is something else there."""

    def another(found: re.Match[str]) -> str:
        return names.setdefault(found[1].lower(), f"username_{len(names)}")

    parts = _FENCE.split(text)
    for at, part in enumerate(parts):
        parts[at] = _renamed(part, speakers) if at % 2 else _MENTION.sub(another, _renamed(part, names))
    return "".join(parts)


def _renamed(text: str, names: Mapping[str, str]) -> str:
    """A text in which people who are known go by their other names; logins of two letters are words as well."""
    return _WORD.sub(lambda found: names.get(found[1].lower(), found[0]) if len(found[1]) > 2 else found[0], text)
