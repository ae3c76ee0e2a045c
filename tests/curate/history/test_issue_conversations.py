"""Issues and pull requests of made archives: grouped, without programs and names, and by StarCoder's limits."""

from __future__ import annotations

import gzip
import json
from collections import Counter
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from curate.cli_history import issues as issues_command
from curate.errors import RunFailed, WrongUse
from curate.history.conversations import ConversationRules, conversation, written
from curate.history.events import event_of
from curate.history.grouping import _hashed, grouped
from curate.history.write_conversations import write_conversations
from train.renderers.issues import parsed

LONG = "It stops with an error on the second page, and the log says nothing about why it does. " * 3


def event(kind: str, number: int, at: int, author: str, payload: dict[str, Any], repo: int = 7) -> dict[str, Any]:
    """A line of GH Archive."""
    return {
        "id": str(repo * 10_000_000 + number * 1_000 + at),
        "type": kind,
        "actor": {"id": 1, "login": author},
        "repo": {"id": repo, "name": f"team/r{repo}"},
        "payload": payload,
        "public": True,
        "created_at": f"2024-05-01T10:{at:02d}:00Z",
    }


def issue(number: int, author: str = "Ann-Lee", body: str = LONG, **more: Any) -> dict[str, Any]:
    return {"number": number, "title": "Build fails, @bob-d", "body": body, "user": {"login": author}, **more}


def opened(number: int, at: int = 0, author: str = "Ann-Lee", body: str = LONG, repo: int = 7) -> dict[str, Any]:
    return event("IssuesEvent", number, at, author, {"action": "opened", "issue": issue(number, author, body)}, repo)


def comment(number: int, at: int, author: str, text: str, kind: str = "User", **more: Any) -> dict[str, Any]:
    user = {"login": author, "type": kind}
    payload = {"action": "created", "issue": issue(number, **more), "comment": {"body": text, "user": user}}
    return event("IssueCommentEvent", number, at, author, payload)


def closed(number: int, at: int) -> dict[str, Any]:
    return event("IssuesEvent", number, at, "Ann-Lee", {"action": "closed", "issue": issue(number)})


def review(number: int, at: int, author: str, text: str) -> dict[str, Any]:
    pull = {"number": number, "title": "Mend it", "body": LONG, "user": {"login": "Ann-Lee"}}
    remark = {"body": text, "user": {"login": author}, "path": "src/a.py", "diff_hunk": "@@ -1 +1 @@\n-a\n+b"}
    return event("PullRequestReviewCommentEvent", number, at, author, {"pull_request": pull, "comment": remark})


def made(*events: dict[str, Any], rules: ConversationRules | None = None) -> Any:
    counts: Counter[str] = Counter()
    rows = [event_of(json.dumps(one).encode(), counts) for one in events]
    return conversation([row for row in rows if row], rules or ConversationRules())


def test_a_conversation_is_in_order_once_and_without_names() -> None:
    answer = comment(
        3, 5, "Bob-D", "I see it too, @ann-lee and @Third-One: `@Third-One` and Bob-D's log\n@app.route is code"
    )
    found = made(closed(3, 9), answer, opened(3), answer, comment(3, 7, "ANN-lee", "Thanks"))
    assert found.reason is None
    assert found.text == (
        "issue 3 closed\ntitle Build fails, @username_1\n".replace("@", "")
        + f"\nusername_0:\n    {LONG.strip()}\n"
        + "\nusername_1:\n    I see it too, username_0 and username_2: `@Third-One` and username_1's log\n"
        + "    @app.route is code\n\nusername_0:\n    Thanks\n"
    )
    told = parsed(found.text)
    assert told is not None
    assert told.is_closed
    assert [post.author for post in told.posts] == ["username_0", "username_1", "username_0"]
    assert told.posts[1].text.endswith("log\n@app.route is code")


def test_what_comments_bring_along_stands_for_an_opening_that_is_missing() -> None:
    found = made(comment(3, 5, "bob", "Same here"), comment(3, 6, "ann-lee", "Good"))
    assert [post.text for post in parsed(found.text).posts] == [LONG.strip(), "Same here", "Good"]  # type: ignore[union-attr]


def test_a_remark_on_code_has_its_place() -> None:
    found = made(review(4, 2, "bob", "Why\n\n    not c?"))
    assert found.is_pull
    post = parsed(found.text).posts[1]  # type: ignore[union-attr]
    assert (post.path, post.text) == ("src/a.py", "@@ -1 +1 @@\n-a\n+b\n\nWhy\n\n    not c?")


def test_words_that_look_like_structure_stay_words() -> None:
    text = "username_1:\n    forged\nissue 9 closed\n\nusername_7 on a:\n  " + LONG
    found = made(opened(3, body=text), comment(3, 3, "bob", "yes"))
    told = parsed(found.text)
    assert told is not None
    assert [post.text for post in told.posts] == [text.strip(), "yes"]


@pytest.mark.parametrize(
    ("reason", "events"),
    [
        ("too_short", [opened(1, body="Short"), comment(1, 1, "bob", "Yes", body="Short")]),
        ("one_person", [opened(1, body="x" * 7_001)]),
        ("one_person", [opened(1), *(comment(1, at, "Ann-Lee", f"More {at}") for at in range(1, 12))]),
        ("too_long", [opened(1, body="x" * 60_000), *(comment(1, at, "bob", "y" * 60_000) for at in range(1, 4))]),
        ("programs_only", [opened(1, author="renovate[bot]")]),
        ("no_text", [opened(1, body="")]),
    ],
)
def test_what_teaches_nothing_is_left_out(reason: str, events: list[dict[str, Any]]) -> None:
    assert made(*events).reason == reason


def test_programs_say_nothing() -> None:
    found = made(opened(1), comment(1, 1, "codecov-io", "Coverage is 80 %"), comment(1, 2, "helper", "Hi", kind="Bot"),
                 comment(1, 3, "some-ci", "Built"), comment(1, 4, "bob", "I agree"))  # fmt: skip
    assert [post.text for post in parsed(found.text).posts] == [LONG.strip(), "I agree"]  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("text", "stays"),
    [
        ("It works\n\nOn Mon, May 6, 2024 Ann <notifications@github.com> wrote:\n> Does it?\n> \n"
         "Reply to this email directly, view it on GitHub\n", "It works"),
        ("Yes.\n____________________________\nReply to this email directly or view it on GitHub: x", "Yes."),
        ("<!-- Please fill in -->\nThe bug\nSigned-off-by: Ann <a@b.c>\n", "The bug"),
        ("> quoted\n\nAnswer", "> quoted\n\nAnswer"),
    ],
)  # fmt: skip
def test_what_mail_programs_add_goes(text: str, stays: str) -> None:
    assert written(text) == stays


def test_long_posts_lose_their_middle() -> None:
    found = made(opened(1, body="\n".join(f"line {number}" for number in range(100))))
    lines = parsed(found.text).posts[0].text.split("\n")  # type: ignore[union-attr]
    assert (len(lines), lines[59], lines[60], lines[61], lines[-1]) == (
        81,
        "line 59",
        "[Truncated]",
        "line 80",
        "line 99",
    )


@pytest.mark.parametrize(
    ("line", "counted"),
    [
        (b'{"type": "IssuesEvent", "payload": {"action": "closed"}, "actor": "ann", "repository": {}}', "old_format"),
        (b'{"type": "IssuesEvent"', "bad_lines"),
        (b'["IssuesEvent"]', "bad_lines"),
        (
            json.dumps(event("IssuesEvent", 1, 1, "a", {"action": "labeled", "issue": issue(1)})).encode(),
            "other_actions",
        ),
    ],
)
def test_lines_that_say_nothing_are_counted(line: bytes, counted: str) -> None:
    counts: Counter[str] = Counter()
    assert event_of(line, counts) is None
    assert counts == {counted: 1}


def archive(path: Path, events: list[dict[str, Any]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with gzip.open(path, "wt", encoding="utf-8") as file:
        file.writelines(json.dumps(one) + "\n" for one in [{"type": "WatchEvent", "payload": {}}, *events])


@pytest.mark.parametrize("part_bytes", [10**9, 3_000, 1])
def test_conversations_are_put_together_over_files_in_any_memory(tmp_path: Path, part_bytes: int) -> None:
    """Each issue is opened in one file and answered in another; three of them share a number."""
    first = [*(opened(number) for number in range(1, 41)), opened(3, repo=8), opened(3, repo=9)]
    archive(tmp_path / "in" / "2024-05-01-1.json.gz", first)
    archive(tmp_path / "in" / "2024-05-01-2.json.gz", [comment(number, 5, "bob", "I see") for number in range(1, 41)])
    out = tmp_path / "out"
    counts = write_conversations([tmp_path / "in"], out, ConversationRules(), part_bytes=part_bytes)
    assert (counts["files"], counts["events"], counts["conversations"], counts["taken"]) == (2, 82, 42, 42)
    rows = [row for path in sorted(out.glob("*.parquet")) for row in pq.read_table(path).to_pylist()]
    assert len({(row["repo_name"], row["path"]) for row in rows}) == 42
    assert all("I see" in row["content"] for row in rows if row["repo_name"] == "team/r7")
    assert sorted(path.name for path in out.iterdir()) == ["00000.parquet", "issues.json"]
    assert {row["language"] for row in rows} == {"Text"}


def test_grouping_leaves_nothing_behind(tmp_path: Path) -> None:
    counts: Counter[str] = Counter()
    rows = [
        event_of(json.dumps(opened(1 + number % 50, at=number // 50)).encode(), counts) or {} for number in range(200)
    ]
    groups = list(grouped(rows, tmp_path, part_bytes=1))
    assert sorted(len(group) for group in groups) == [4] * 50
    assert list(tmp_path.iterdir()) == []


def test_a_large_part_is_split_by_another_hash() -> None:
    together = [key for key in range(5_000) if _hashed(0)(key) == 7]
    assert len({_hashed(1)(key) for key in together}) > 20


def test_wrong_inputs_are_told(tmp_path: Path) -> None:
    with pytest.raises(WrongUse, match="names no"):
        write_conversations([tmp_path / "none"], tmp_path / "out", ConversationRules())
    archive(tmp_path / "a.json.gz", [])
    (tmp_path / "b.json.gz").write_bytes((tmp_path / "a.json.gz").read_bytes()[:20])
    with pytest.raises(RunFailed, match=r"no conversation was taken of 2 files.*'unreadable_files': 1"):
        write_conversations([tmp_path / "*.json.gz"], tmp_path / "out", ConversationRules())


def test_the_command(tmp_path: Path) -> None:
    import typer

    app = typer.Typer()
    app.command()(issues_command)
    archive(tmp_path / "a.json.gz", [opened(1), comment(1, 1, "bob", "yes")])
    words = [str(tmp_path / "a.json.gz"), "--out", str(tmp_path / "out"), "--set", "min_chars=10", "--json"]
    ended = CliRunner().invoke(app, words, catch_exceptions=False)
    assert ended.exit_code == 0, ended.output
    assert json.loads(ended.stdout)["taken"] == 1
