"""Evaluation files are refused in any dress, and other data is not."""

from __future__ import annotations

import gzip
import json
import random
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from train.evaluate.fingerprints import Fingerprints, anchors, made, shipped
from train.evaluate.problems import Problem, load
from train.evaluate.refusal import refuse_evaluation_files
from train.evaluate.word_windows import words

VERBS = ["count", "sort", "merge", "reverse", "filter", "double", "halve", "rotate", "split", "join", "clip", "wrap"]
NOUNS = ["rivers", "tables", "lamps", "clouds", "stones", "letters", "wheels", "windows", "birds", "coins"]


def row(number: int) -> dict[str, Any]:
    """A task of a benchmark that nobody has."""
    pick = random.Random(number)
    told = " ".join(f"{pick.choice(VERBS)} the {pick.choice(NOUNS)} number {pick.randrange(99)}" for _ in range(6))
    name = f"task_{number}"
    return {
        "task_id": f"Own/{number}", "prompt": f'def {name}(x):\n    """{told}. 请数{number}一数河流并返回结果。"""\n',
        "canonical_solution": f"    total = x * {number} + {pick.randrange(99)}\n    for other in range(total):\n"
        f"        total += other * {number}\n    return total\n",
        "test": "def check(candidate):\n    pass\n", "entry_point": name,
    }  # fmt: skip


ROWS = [row(number) for number in range(40)]
PLAIN = [
    {"text": f"On day {number} we went to {number * 7} shops and bought nothing at all there."} for number in range(400)
]


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> Fingerprints:
    path = tmp_path_factory.mktemp("own") / "own.jsonl"
    path.write_text("".join(json.dumps(one) + "\n" for one in ROWS))
    return made([("own", load(path))])


def jsonl(rows: list[Any]) -> bytes:
    return "".join(json.dumps(one) + "\n" for one in rows).encode()


def chats(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    told = [
        {"id": str(number), "task": "code", "meta": {}, "messages": [
            {"role": "user", "content": f"Please do this:\n{one['prompt'].upper().strip()} Thanks."},
            {"role": "assistant", "content": "No."}]}
        for number, one in enumerate(rows)
    ]  # fmt: skip
    random.Random(0).shuffle(told)
    return told


SOLUTIONS = [{"a": [{"b": f"```\n{one['canonical_solution']}```"}]} for one in ROWS]


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("renamed.jsonl", jsonl(ROWS)),
        ("chat.jsonl", jsonl(chats(ROWS))),
        ("few.jsonl", jsonl(chats(ROWS[:3]))),
        ("mixed.jsonl", jsonl(PLAIN + chats(ROWS[:4]))),
        ("solutions.jsonl.gz", gzip.compress(jsonl(SOLUTIONS))),
        ("words.jsonl.zst", zstandard.compress(jsonl([{"q": one["prompt"].split('"""')[1]} for one in ROWS]))),
        ("list.json", json.dumps(ROWS).encode()),
        ("code.py", "\n\n".join(one["prompt"] + one["canonical_solution"] for one in ROWS).encode()),
    ],
)
def test_refused(name: str, data: bytes, known: Fingerprints, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(data)
    with pytest.raises(ValueError, match=rf"{name} is an evaluation file \(.*own.*\): take it out"):
        refuse_evaluation_files([tmp_path], known)


def test_parquet_is_refused(known: Fingerprints, tmp_path: Path) -> None:
    pq.write_table(pa.table({"content": [one["prompt"] for one in ROWS]}), tmp_path / "data.parquet")
    with pytest.raises(ValueError, match="40 of the 40 tasks of own"):
        refuse_evaluation_files([tmp_path / "data.parquet"], known)


def test_task_ids_are_known_without_any_text(known: Fingerprints, tmp_path: Path) -> None:
    rows = [{"task_id": f"HumanEval/{number}", "test": "x"} for number in range(2)]
    (tmp_path / "a.jsonl").write_bytes(jsonl(rows))
    with pytest.raises(ValueError, match="2 of its 2 rows"):
        refuse_evaluation_files([tmp_path / "a.jsonl"], known)


@pytest.mark.parametrize(
    "rows",
    [
        PLAIN,
        PLAIN + chats(ROWS[:3]),
        [{"task_id": "Python/1", "text": "mine"}, {"task_id": "other", "test": "x"}],
        [{"text": " ".join(one["prompt"].split()[:9])} for one in ROWS],
        [],
    ],
    ids=["prose", "three among many", "ids alone", "beginnings", "nothing"],
)
def test_not_refused(rows: list[Any], known: Fingerprints, tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_bytes(jsonl(rows))
    refuse_evaluation_files([tmp_path / "a.jsonl"], known)


def test_what_cannot_be_read_is_told(known: Fingerprints, tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_bytes(b"{}\n{")
    with pytest.raises(ValueError, match="line 2: no JSON"):
        refuse_evaluation_files([tmp_path / "a.jsonl"], known)
    with pytest.raises(ValueError, match="is not there"):
        refuse_evaluation_files([tmp_path / "b"], known)


def test_the_shipped_hashes_know_the_benchmarks_and_not_the_library() -> None:
    own = shipped()
    assert dict(zip(own.names, own.sizes, strict=True)) == {
        "HumanEval": 164, "humaneval_python_cn": 164, "humaneval_x_cpp": 164, "humaneval_x_go": 164,
        "humaneval_x_java": 164, "humaneval_x_js": 164, "humaneval_x_python": 164, "mbpp_test": 500,
    }  # fmt: skip
    assert np.all(np.diff(own.hashes.astype(object)) >= 0)
    refuse_evaluation_files([Path(json.__file__), Path(random.__file__), Path(sys.modules["typing"].__file__ or "")])


@given(st.text(alphabet="aB_9 .\n中é", max_size=60), st.text(alphabet=" .,\n", min_size=1, max_size=3))
def test_words_do_not_depend_on_what_stands_between_them(text: str, between: str) -> None:
    spaced = "".join(f"{between}{one}{between}" if one in " .\n" else one for one in text)
    assert list(words(text.encode())[0]) == list(words(spaced.upper().replace("É", "é").encode())[0])


@given(
    st.text(alphabet="ab 中", max_size=80), st.text(alphabet="xy ", max_size=30), st.text(alphabet="xy ", max_size=30)
)
def test_a_copy_has_all_anchors(text: str, before: str, after: str) -> None:
    kept = anchors(text)
    whole = f"{before} {text} {after}".encode()
    known = Fingerprints(
        hashes=np.array(sorted(kept), np.uint64), texts=np.zeros(len(kept), np.uint16),
        needed=np.array([len(kept)], np.uint8),
        tasks=np.zeros(1, np.uint16), benchmarks=np.zeros(1, np.uint8), names=("own",), sizes=(1,),
    )  # fmt: skip
    assert known.found([b"xy", whole, b""]) == [set(), {(0, 0)} if kept else set(), set()]


def test_halves_of_a_text_in_two_rows_are_no_copy() -> None:
    text = " ".join(f"word{number}" for number in range(12))
    known = made([("own", [problem(text)])])
    first, second = text[:36].encode(), text[36:].encode()
    assert known.found([first + second, b"x"]) == [{(0, 0)}, set()]
    assert known.found([first, second]) == [set(), set()]


def problem(prompt: str) -> Problem:
    return Problem(task_id="a", language="Python", prompt=prompt, canonical="", tests="", entry_point=None)
