"""Redaction: what parsed still parses, the same value has the same placeholder, a second scan finds nothing."""

from __future__ import annotations

import ast
import json
import random
import sysconfig
import tomllib
from pathlib import Path

import marked
import pyarrow as pa
import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from analyzers.secrets.redact import REDACTIONS, redact, redacted
from analyzers.secrets.scan import scan, spans

MAIL, OTHER = "lena@northwind.io", "omar@vektorix.de"
RNG = random.Random(11)
TOKEN = marked.fill("glpat-{url:20}", RNG)
MOBILE = marked.fill("{mob:1}", RNG)
PEM = marked.fill("{pem:1}", RNG)
LONG = marked.fill("sntryu_{hex:64}", RNG)  # too long to be the name of a mailbox, and its placeholder is not
ADDRESS = marked.fill("{ip4:1}", RNG)


def again(text: str) -> str:
    row = text.encode()
    return redacted(row, spans(row))[0].decode()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f'a = "{MAIL}"', 'a = "<EMAIL>"'),
        (f"a = ['{MAIL}', '{OTHER}', '{MAIL}']", "a = ['<EMAIL_1>', '<EMAIL_2>', '<EMAIL_1>']"),
        (f"# by {MAIL}", "# by <EMAIL>"),
        (f"# by Lena <{MAIL}>", "# by Lena <EMAIL>"),
        (f"export TOKEN={TOKEN}", "export TOKEN=KEY"),
        (f"<a>{MAIL}</a>", "<a>EMAIL</a>"),
        (f"mobile = {MOBILE}", "mobile = 0"),
        (f"mobile = '{MOBILE}'", "mobile = '<PHONE>'"),
        (f"see https://x.io {MAIL}", "see https://x.io EMAIL"),
        (f'key = """{PEM}"""', 'key = """<PRIVATE_KEY>"""'),
        (f'"{MAIL}" {LONG}@northwind.io', '"<EMAIL>" KEY'),
        ("nothing", "nothing"),
    ],
)
def test_forms(text: str, expected: str) -> None:
    assert again(text) == expected


def test_code_still_parses() -> None:
    python = f'mobile = {MOBILE}\nkey = """{PEM}"""\ndef f():\n    """Asks {MAIL} at {ADDRESS}."""\n'
    python += f"    g('\\n{MAIL}', \"{TOKEN}\")\n"
    assert ast.parse(python)
    assert ast.parse(again(python))
    data = json.dumps({"mobile": int(MOBILE), "mail": [MAIL, f"a\n{OTHER}"], "token": TOKEN, "pem": PEM}, indent=1)
    assert json.loads(again(data)).keys() == json.loads(data).keys()
    assert json.loads(again(data))["mail"] == ["<EMAIL_1>", "a\n<EMAIL_2>"]
    assert (
        yaml.safe_load(again(f"mobile: {MOBILE}\nmail: {MAIL}\ntoken: '{TOKEN}'\nhost: {ADDRESS}\n"))["mail"] == "EMAIL"
    )
    assert tomllib.loads(again(f'mail = "{MAIL}"\nmobile = {MOBILE}\n')) == {"mail": "<EMAIL>", "mobile": 0}


def test_the_standard_library_still_parses() -> None:
    changed = 0
    for path in sorted(Path(sysconfig.get_path("stdlib")).glob("*.py")) + sorted(
        Path(yaml.__file__).parent.glob("*.py")
    ):
        row = path.read_bytes()
        new, marks = redacted(row, spans(row))
        assert spans(new) == [], path.name
        if marks:
            changed += 1
            ast.parse(new)
    assert changed > 3


def test_a_second_scan_of_the_corpus_finds_nothing_and_marks_name_placeholders() -> None:
    samples = marked.positives()
    column = pa.array([sample.text for sample in samples] + [None], pa.large_string())
    new, redactions, refused = redact(column, scan(column)[0])
    new.validate(full=True)
    assert (scan(new)[0].num_rows, scan(new)[1], refused) == (0, [], [])
    assert redactions.type == REDACTIONS
    assert (new[-1].as_py(), redactions[-1].as_py()) == (None, None)
    for text, marks in zip(new.to_pylist()[:-1], redactions.to_pylist()[:-1], strict=True):
        for mark in marks:
            name = text.encode()[mark["start"] : mark["end"]].decode().strip("<>")
            assert name == "0" or name.replace("_", "").rstrip("0123456789").isupper()


def test_slices_and_binary() -> None:
    column = pa.array([b"x", f"'{MAIL}'".encode(), b"\xff", None], pa.large_binary())
    new, redactions, _ = redact(column.slice(1), scan(column.slice(1))[0])
    assert new.to_pylist() == [b"'<EMAIL>'", b"\xff", None]
    assert redactions.to_pylist() == [[{"kind": "email", "start": 1, "end": 8}], [], None]
    empty = column.slice(0, 0)
    assert redact(empty, scan(empty)[0])[0].to_pylist() == []


VALUES = [
    marked.fill(shape.partition("|")[0], RNG)
    for shapes in (marked.KEYS | marked.PERSONAL).values()
    for shape in shapes.split(" ")
]
GLUE = [
    '"', "'", "=", ": ", " ", "\n", "@", ".", "-", "_", "/", "\\n", "\\", "<", ">", ",", "+", "1", "a", "://u:",
    "@h.io", "password = '", "token=", "mobile ", "/home/", "Users", "#", "//", "--", "a.com", "KEY", "example",
]  # fmt: skip


@settings(max_examples=600, deadline=None)
@given(st.lists(st.one_of(st.sampled_from(VALUES), st.sampled_from(GLUE)), max_size=12).map("".join))
@example(f"{'a' * 70}@northwind.io")
def test_a_second_scan_finds_nothing(text: str) -> None:
    row = text.encode()
    found = spans(row)
    new, marks = redacted(row, found)
    assert spans(new) == []
    old_at = new_at = 0
    for _, start, end in marks:  # what is between the placeholders stood in the file, in this order
        old_at = row.index(new[new_at:start], old_at) + start - new_at
        new_at = end
    assert row.endswith(new[new_at:])
    assert bool(marks) == bool(found)
    for kind, start, end in found:
        assert kind == "private_key" or not set(row[start:end]) & set(b"\"'\n")
