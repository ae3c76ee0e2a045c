"""Prompt sets: tests from what functions give in the jail, and from MBPP-shaped files."""

from __future__ import annotations

import ast
import json
from pathlib import Path
from typing import Any

import hypothesis.strategies as st
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from typer.testing import CliRunner

from curate.errors import RunFailed, WrongUse
from curate.schema import PAIR
from train import cli
from train.rl.config import RewardConfig
from train.rl.inputs import argument_lists, kinds_of, value
from train.rl.observed import Function, assertions, free_names, function_of, observations, observing
from train.rl.prompt_sets import PromptSetConfig, write_prompts
from train.rl.prompts import load_prompts
from train.sandbox.limits import Limits
from train.sandbox.pool import Sandbox
from train.tokenizer import Tokenizer

GOOD = '''def scaled(values: list[int], factor: int = 2) -> list[int]:
    """Multiplies each value."""
    print("on the way")
    return [factor * value for value in values]
'''
CIRCLE = '''def area(radius: float) -> float:
    """The area of a circle."""
    return math.pi * radius ** 2
'''
UNSAID = '''def vowels(word):
    """Counts vowels."""
    return sum(letter in "aeiou" for letter in word.lower())
'''
LEFT_OUT = {
    "def same(x: int):\n    '''Itself.'''\n    return x\n": "identity",
    "def seven(x: int):\n    '''Seven.'''\n    return 7\n": "constant",
    "def none(x: int):\n    '''Nothing.'''\n    del x\n": "constant",
    "def fails(x: int):\n    '''Raises.'''\n    raise ValueError(x)\n": "no_result",
    "def place(x: int):\n    '''An address.'''\n    return id(object()) + x\n": "not_deterministic",
    "def odd(x: int):\n    '''An object.'''\n    return object()\n": "no_result",
    "def spins(x: int):\n    '''For ever.'''\n    while True:\n        pass\n": "no_result",
    "@cache\ndef f(x):\n    '''x'''\n    return x\n": "decorated",
    "def f(*x):\n    '''x'''\n    return x\n": "open_parameters",
    "def f(self, x):\n    '''x'''\n    return x\n": "parameters",
    "def f(x: Path):\n    '''x'''\n    return x\n": "parameter_types",
    "def f(x):\n    '''x'''\n    return g(x)\n": "outside_names",
    "def f(x):\n    '''x'''\n    return time.time()\n": "outside_names",
    "def f(x): return x\n": "no_body",
    "def f(x):\n    '''x'''\n": "no_body",
    "x = 1\n": "no_single_function",
    "def f(:\n": "no_python",
}


def found_in(code: str, sandbox: Sandbox) -> list[str] | str:
    function = function_of(code)
    if isinstance(function, str):
        return function
    trials = [observing(function, Limits(cpu_s=0.5)) for _ in range(2)]
    first, second = (observations(function, verdict) for verdict in sandbox.map(trials))
    return assertions(function, first, second)


@pytest.mark.parametrize(("code", "reason"), LEFT_OUT.items(), ids=[*LEFT_OUT.values()])
def test_what_teaches_nothing_is_left_out(code: str, reason: str, sandbox: Sandbox) -> None:
    assert found_in(code, sandbox) == reason


def test_assertions_are_what_the_function_gave(sandbox: Sandbox) -> None:
    for code, name in ((GOOD, "scaled"), (UNSAID, "vowels")):
        tests = found_in(code, sandbox)
        assert isinstance(tests, list)
        assert len(tests) >= 7
        names: dict[str, Any] = {}
        exec(code, names)
        for test in tests:
            exec(test, {name: names[name]})
    circle = found_in(CIRCLE, sandbox)
    assert all(test.startswith("assert abs(area(") for test in circle)


def test_the_head_holds_what_is_told_and_the_body_the_rest() -> None:
    function = function_of(CIRCLE)
    assert isinstance(function, Function)
    assert function.head == f"import math\n\n\n{CIRCLE.partition('    return')[0]}"
    assert function.body == "    return math.pi * radius ** 2\n"
    method = function_of(f"    {CIRCLE.replace(chr(10), chr(10) + '    ')}")
    assert isinstance(method, Function)
    assert method.source == function.source


def test_names_from_outside() -> None:
    assert free_names("def f(x):\n    import re\n    y = [a for a in x]\n    return re, y, f, len, math.pi\n") == {
        "math"
    }
    assert free_names("def f(x):\n    def g():\n        return x, h\n    return g\n") == {"h"}
    assert free_names("def f(") is None


@pytest.mark.parametrize(
    ("annotation", "kinds"),
    [
        ("int", ("int",)),
        ("'list[str]'", ("list[str]",)),
        ("Optional[int]", ("int", "None")),
        ("int | list[int]", ("int", "list[int]")),
        ("typing.Sequence[float]", ("list[float]",)),
        ("dict[str, list[int]]", ("dict[str, list[int]]",)),
        ("tuple[int, ...]", ("tuple[int, int]",)),
        ("List", ("list[int]", "list[str]")),
        ("None", ("None",)),
        ("Path", None),
        ("list[Path]", None),
        ("Callable[[int], int]", None),
    ],
)
def test_kinds_of_annotations(annotation: str, kinds: tuple[str, ...] | None) -> None:
    assert kinds_of(ast.parse(annotation, mode="eval").body) == kinds


KINDS = st.recursive(
    st.sampled_from(["int", "float", "str", "bool", "bytes", "None"]),
    lambda inner: st.one_of(
        inner.map(lambda one: f"list[{one}]"), st.tuples(inner, inner).map(lambda two: f"tuple[{two[0]}, {two[1]}]")
    ),
    max_leaves=3,
)


@given(kind=KINDS, number=st.integers(0, 100))
def test_values_are_literals_and_always_the_same(kind: str, number: int) -> None:
    made = value(kind, number)
    assert ast.literal_eval(repr(made)) == made == value(kind, number)


@given(kinds=st.lists(st.lists(KINDS, min_size=1, max_size=6), min_size=1, max_size=4))
def test_arguments_are_bounded(kinds: list[list[str]]) -> None:
    found = list(argument_lists([tuple(one) for one in kinds], "f"))
    assert 1 <= len(found) <= 250
    assert all(len(args) == len(kinds) for _, args in found)


def run_with(folder: Path, codes: list[str]) -> Path:
    """A finished run that has these functions as pairs, one of them in Java."""
    (folder / "pairs").mkdir(parents=True)
    rows = []
    for number, code in enumerate(codes):
        name = code.partition("(")[0].rpartition(" ")[2]
        told = {"pair_id": f"p{number}", "language": "Python", "kind": "function", "name": name, "comment": "Words."}
        told |= {"signature": code.partition("\n")[0], "code": code, "code_with_comment": code, "path": "f.py"}
        rows.append(told)
    rows.append(rows[0] | {"language": "Java"})
    full = [{name: row.get(name) for name in PAIR.names} for row in rows]
    pq.write_table(pa.Table.from_pylist(full, schema=PAIR), folder / "pairs" / "00000.parquet")
    (folder / "manifest.json").write_text(json.dumps({"files": [{"path": "pairs/00000.parquet", "rows": len(rows)}]}))
    return folder


MBPP: list[dict[str, Any]] = [
    {
        "task_id": 700, "text": "Write a function to add two numbers.", "code": "def plus(a, b):\r\n  return a + b",
        "test_list": ["assert plus(1, 2) == 3", "assert plus(0, 0) == 0"], "test_setup_code": "",
    },
    {
        "task_id": 701, "text": "Write a function to subtract.", "code": "def minus(a, b):\n  return a + b",
        "test_list": ["assert minus(3, 2) == 1"],
    },
    {"task_id": 702, "prompt": 'Say """so""".', "test_list": ["assert set(so('\\n')) == {1}"]},
]  # fmt: skip


def read(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


@pytest.mark.parametrize("style", ["base", "chat"])
def test_prompts_of_runs_and_files_pass_with_their_own_solutions(
    style: str, tmp_path: Path, written: Path, sandbox: Sandbox
) -> None:
    run = run_with(tmp_path / "run", [GOOD, CIRCLE, UNSAID, GOOD, *list(LEFT_OUT)[:2]])
    rows = tmp_path / "mbpp_train.jsonl"
    rows.write_text("".join(json.dumps(row) + "\n" for row in MBPP), encoding="utf-8")
    out = tmp_path / "prompts.jsonl"
    config = PromptSetConfig(style=style)  # type: ignore[arg-type]
    counts = write_prompts([run, rows], out, config, workers=2)
    assert counts == {
        "kept": 5, "no_python_function": 1, "seen_before": 1, "identity": 1, "constant": 1, "solution_failed": 1,
        "without_solution": 1,
    }  # fmt: skip
    made = read(out)
    assert [row["entry_point"] for row in made] == ["scaled", "area", "vowels", "plus", "so"]
    assert [row["id"] for row in made[3:]] == ["mbpp_train/700", "mbpp_train/702"]
    loaded = load_prompts([out], Tokenizer(written / "tokenizer.json"), reward=RewardConfig(), longest=10_000)
    bodies = [
        GOOD.split('"""\n')[1],
        CIRCLE.split('"""\n')[1],
        UNSAID.split('"""\n')[1],
        "def plus(a, b): return a+b\n",
    ]
    wholes = [GOOD, f"import math\n\n\n{CIRCLE}", UNSAID, "def plus(a, b): return a+b\n"]
    for prompt, answer in zip(loaded, bodies if style == "base" else wholes, strict=False):
        text = answer if style == "base" else f"```python\n{answer}```\n"
        assert sandbox.judge(prompt.trial(text)).outcome == "passed"
        assert sandbox.judge(prompt.trial("    return None\n")).outcome in ("failed", "error")
    before = out.read_bytes()
    write_prompts([run, rows], out, config, workers=1)
    assert out.read_bytes() == before


def test_evaluation_files_and_empty_hands_are_refused(tmp_path: Path) -> None:
    rows = [{"task_id": f"MBPP/{i}", "text": "x", "test_list": ["assert f(1) == 1"]} for i in range(20)]
    path = tmp_path / "mine.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    out = tmp_path / "out.jsonl"
    with pytest.raises(WrongUse, match="is an evaluation file"):
        write_prompts([path], out, PromptSetConfig())
    path.write_text('{"text": "x"}\n')
    with pytest.raises(WrongUse, match="row 1: MBPP's shape has text"):
        write_prompts([path], out, PromptSetConfig())
    with pytest.raises(WrongUse, match="neither a JSONL file nor the folder of a run"):
        write_prompts([tmp_path / "nowhere"], out, PromptSetConfig())
    run = run_with(tmp_path / "run", list(LEFT_OUT)[:2])
    with pytest.raises(RunFailed, match="no prompt was kept"):
        write_prompts([run], out, PromptSetConfig())
    assert [one.name for one in tmp_path.iterdir() if "out" in one.name] == []


def test_the_command_says_what_it_kept(tmp_path: Path) -> None:
    run = run_with(tmp_path / "run", [GOOD])
    out = tmp_path / "out.jsonl"
    told = CliRunner().invoke(cli.app, ["prompts", str(run), "--out", str(out), "--workers", "1", "--json"])
    assert told.exit_code == 0, told.output
    assert json.loads(told.stdout) == {"kept": 1, "no_python_function": 1}
    assert len(read(out)) == 1
