"""The scan: rows are independent, values stay inside, every loop is bounded, work grows with the bytes."""

from __future__ import annotations

import itertools
import random
import re

import marked
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzers.secrets import scan as scan_module
from analyzers.secrets.checks import entropy, has_crc, is_card, is_citizen_number, is_personal_address, is_stand_in
from analyzers.secrets.redact import redacted
from analyzers.secrets.scan import FINDINGS, MAX_CANDIDATES, RULES, TooManyCandidates, scan, spans


def values(text: str) -> list[tuple[str, str]]:
    row = text.encode()
    return [(kind, row[start:end].decode()) for kind, start, end in spans(row)]


def made(shape: str) -> str:
    return marked.fill(shape, random.Random(7))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("mail jo.doe@northwind.io.", [("email", "jo.doe@northwind.io")]),
        ('"a\\njo@northwind.io"', [("email", "jo@northwind.io")]),
        ("x = 'http://u:p4ssw0@h.io/a@b.co'", [("connection_string", "p4ssw0"), ("email", "a@b.co")]),
        ("/home/annika/x", [("user_in_path", "annika")]),
        ("/var/home/annika/x", []),
        ("git@github.com:a/b", []),
        ("v1.2.33.44", []),
        ("token: >\n  k3Jz9QpLw2Xv7R\nname: x\n", [("password", "k3Jz9QpLw2Xv7R")]),
        ("x;pwd=k3Jz9QpLw2Xv;y", [("password", "k3Jz9QpLw2Xv")]),
        ("token=node1Parent2x;", []),
        ("if (a > token1b2c3d4e5f6g7) {}", []),
        ("", []),
    ],
)
def test_what_a_finding_covers(text: str, expected: list[tuple[str, str]]) -> None:
    assert values(text) == expected


def test_a_wrong_check_digit_is_no_finding() -> None:
    token, number = "ghp_" + made("{crc:30}"), made("{cnid:1}")
    wrong = token[:-1] + ("0" if token[-1] != "0" else "1")
    assert has_crc(token.encode())
    assert not has_crc(wrong.encode())
    assert [kind for kind, _ in values(f"'{token}'")] == ["github_token"]
    assert values(f"'{wrong}'") == []
    assert is_citizen_number(number.encode())
    assert not is_citizen_number((number[:-1] + ("1" if number[-1] != "1" else "2")).encode())
    assert not is_citizen_number(b"110101190002300000")  # no 30 February


def test_exact_checks() -> None:
    assert entropy(b"") == 0
    assert entropy(b"abcd") == 2
    assert is_stand_in(b"abcdefghijkl")
    assert not is_stand_in(b"k3Jz9QpLw2Xv")
    assert is_card(made("{card:1}").encode())
    assert not is_card(b"4242424242424242")
    assert is_personal_address(b"93.184.216.34")
    assert not any(map(is_personal_address, (b"10.0.0.1", b"192.0.2.7", b"8.8.8.8", b"2001:db8::1", b"300.1.1.1")))


def test_a_token_behind_an_escape_is_found_and_one_inside_a_word_is_not() -> None:
    token = made("glpat-{url:20}")
    assert values(f'"a\\n{token}"') == [("gitlab_token", token)]
    assert values(f'"an{token}"') == []


def test_overlapping_findings_become_one() -> None:
    text = f'password = "{made("glpat-{url:20}")}"'
    assert [kind for kind, _ in values(text)] == ["gitlab_token"]


def test_rows_do_not_see_each_other() -> None:
    texts = [sample.text for sample in marked.positives()[::9]]
    halves = [half for text in texts for half in (text[: len(text) // 2], text[len(text) // 2 :])]
    column = pa.array([*texts, None, *halves], pa.large_string())
    table, _ = scan(column.slice(3))
    assert table.schema == FINDINGS
    expected = [
        (row, *span) for row, text in enumerate(column.slice(3).to_pylist()) for span in spans((text or "").encode())
    ]
    assert [tuple(one.values()) for one in table.to_pylist()] == expected
    assert len(expected) > 100


def test_every_loop_of_every_pattern_is_bounded() -> None:
    for rule in RULES:
        bare = re.sub(rb"\[(?:\\.|[^\]\\])+\]|\\.", b"C", rule.pattern.pattern)
        assert not re.search(rb"\*|\{\d+,\}|(?<!\})\+", bare), rule.kind


HEADS = sorted({re.split(r"[\[({\\]", rule.anchor.removeprefix("(?i)"))[0] for rule in RULES} | {
    "a@", "@a.b", "a.b@c.d", "1", "1.", "1:", "2001:", "138", "4539 ", "4539", "+1 ", "://a:b", "password=", "token: '",
    "-----BEGIN PRIVATE KEY-----", "-----END", "/home/", "C:\\Users\\", "eyJ", "\\n", ".", "-", "_", "A", "z9", " ",
    "\n", '"',
})  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(st.lists(st.sampled_from(HEADS), min_size=1, max_size=6), st.integers(0, 3))
def test_work_grows_no_faster_than_the_bytes(fragments: list[str], spaces: int) -> None:
    """Candidates times the bound of a pattern is the work; the engine itself is linear."""
    unit = ("".join(fragments) + " " * spaces).encode()
    unit *= -(-100 // max(len(unit), 1))
    once, thrice = len(scan_module._candidates(unit * 20)), len(scan_module._candidates(unit * 60))
    assert thrice <= 3 * once + 3 * len(RULES)
    assert once <= 2 * len(unit) * 20 + len(RULES)


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=3000))
def test_any_bytes_are_scanned(row: bytes) -> None:
    found = spans(row)
    assert all(0 <= start < end <= len(row) for _, start, end in found)
    assert all(before[2] <= after[1] for before, after in itertools.pairwise(found))


@pytest.mark.parametrize(
    "unit",
    ["a@b ", "1.", "12.34.56.78\n", "password=", "password:'", "eyJ", "2001:", "4539 ", "a@a@", "EAAAAAAAA",
     "://a:bbbb@c ", "mobile 13812349876 ", "a.b@c.comKEY-", "ghp_" + "a1" * 18 + " ", "token: |\n  a1b2c3d4e5f6\n",
     "+1 212 345 6789\n", "-----BEGIN PRIVATE KEY-----\n", "sk-" + "a1" * 16 + " ", "secret>   ", "/home/annika/x "],
)  # fmt: skip
def test_a_file_made_to_be_slow_is_refused_or_quickly_done(unit: str) -> None:
    """Work is bounded by candidates: a megabyte is either given up after so many, or it has no more of them."""
    row = (unit * (1_000_000 // len(unit))).encode()
    looked_at = 0

    def count(*_: object) -> None:
        nonlocal looked_at
        looked_at += 1

    try:
        found = spans(row)
    except TooManyCandidates:
        with pytest.raises(TooManyCandidates):
            redacted(row, [("email", 0, 1)])
        assert scan(pa.array([row, b"x"], pa.large_binary()))[1] == [0]
    else:
        scan_module._engine(scan_module.NOTHING).scan(row, match_event_handler=count)
        assert len(found) <= looked_at <= 20 * MAX_CANDIDATES


def test_a_kind_that_is_kept_is_not_found_and_does_not_cover_others() -> None:
    token = made("glpat-{url:20}")
    row = f'password = "{token}" jo@northwind.io'.encode()
    assert [kind for kind, _, _ in spans(row)] == ["gitlab_token", "email"]
    assert [kind for kind, _, _ in spans(row, frozenset({"gitlab_token"}))] == ["password", "email"]
    assert spans(row, frozenset({"gitlab_token", "password", "email"})) == []
    with pytest.raises(ValueError, match="no such kinds of secrets: \\['nonsense'\\]"):
        spans(row, frozenset({"nonsense"}))
