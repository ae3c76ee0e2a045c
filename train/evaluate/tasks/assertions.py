"""Assertions in what a model wrote, and how the sandbox gets to run some of them as the tests of a problem."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping, Sequence

from train.evaluate.lexer import Token, tokens
from train.evaluate.problems import Problem

# How an assertion begins, as its first tokens.
LEADS: Mapping[str, tuple[str, ...]] = {
    "Python": ("assert",), "JavaScript": ("console", ".", "assert"), "C++": ("assert",), "Java": ("assert",),
    "Go": ("assert", "."),
}  # fmt: skip
# Tests around assertions, of the shapes that HumanEval-X has.
_AROUND: Mapping[str, str] = {
    "Python": "{}\n",
    "JavaScript": "const testGenerated = () => {{\n{}\n}}\n\ntestGenerated()\n",
    "C++": "#include<assert.h>\nint main(){{\n{}\n}}\n",
    "Java": "public class Main {{\n    public static void main(String[] args) {{\n"
    "        Solution s = new Solution();\n{}\n    }}\n}}\n",
    "Go": 'package main\n\nimport (\n    "testing"\n    "github.com/stretchr/testify/assert"\n)\n\n'
    "func TestGenerated(t *testing.T) {{\n    assert := assert.New(t)\n{}\n}}\n",
}
_SEEN = "_codemill_seen"
_TRACER = f"""
{_SEEN}_lines = set()
def {_SEEN}(line):
    if line not in {_SEEN}_lines:
        {_SEEN}_lines.add(line)
        print('\\n{_SEEN}', line, flush=True)
"""


def found(text: str, problem: Problem, most: int) -> list[str]:
    """The first so many whole assertions that call the function; each stands for itself, without variables before it.

    An assertion ends where its line does, or its semicolon, outside of brackets. What does not end is none.
    """
    lead = LEADS[problem.language]
    told = [token for token in tokens(text, problem.language) if token.kind != "comment"]
    asserted: list[str] = []
    for place, token in enumerate(told):
        if token.text != lead[0] or not _begins_statement(told, place):
            continue
        if [one.text for one in told[place : place + len(lead)]] != list(lead):
            continue
        end = _end(told, place, problem.language)
        if end is None:
            continue
        statement = text[token.start : end].strip()
        names = re.search(rf"\b{re.escape(problem.entry_point or '')}\b", statement)
        if names and statement not in asserted and _whole(statement, problem.language):
            asserted.append(statement)
            if len(asserted) == most:
                break
    return asserted


def _begins_statement(told: Sequence[Token], place: int) -> bool:
    if place == 0 or told[place - 1].text in (";", "{", "}"):
        return True
    if told[place - 1].kind != "space":
        return False
    return "\n" in told[place - 1].text or place == 1 or told[place - 2].text in (";", "{", "}")


def _end(told: Sequence[Token], place: int, language: str) -> int | None:
    """Where the last token of the statement that begins at a place ends; None for one that is not whole."""
    depth, last = 0, told[place]
    for token in told[place:]:
        depth += (token.text in ("(", "[", "{")) - (token.text in (")", "]", "}"))
        line_ends = token.kind == "space" and "\n" in token.text and language != "Java"
        if depth < 0:
            return last.end if language == "Go" else None
        if depth == 0 and (token.text == ";" or line_ends):
            return last.end
        if token.kind != "space":
            last = token
    return last.end if depth == 0 and language != "Java" else None


def _whole(statement: str, language: str) -> bool:
    if language != "Python":
        return True
    try:
        tree = ast.parse(statement)
    except SyntaxError:
        return False
    return len(tree.body) == 1 and isinstance(tree.body[0], ast.Assert)


def tests(asserted: Sequence[str], language: str) -> str:
    """Assertions as the tests of a problem."""
    end = "" if language == "Python" else ";"
    return _AROUND[language].format("\n".join(f"{statement}{end}" for statement in asserted))


def traced(problem: Problem) -> tuple[str, int] | None:
    """A Python program that prints each of the solution's lines when it first runs, and how many lines it has.

    Lines are those of statements inside functions. None for another language and for a program that does not parse.
    """
    if problem.language != "Python":
        return None
    try:
        tree = ast.parse(problem.program(problem.canonical))
    except SyntaxError:
        return None
    lines: set[int] = set()
    for function in ast.walk(tree):
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
            _trace(function, lines)
    return _TRACER + ast.unparse(ast.fix_missing_locations(tree)), len(lines)


def _trace(inside: ast.AST, lines: set[int]) -> None:
    """Puts a call before each statement of a body that is not traced yet."""
    for field in ("body", "orelse", "finalbody"):
        body = getattr(inside, field, None)
        if not isinstance(body, list) or not body or not isinstance(body[0], ast.stmt):
            continue
        told: list[ast.stmt] = []
        for statement in body:
            skipped = isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) or (
                isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
            )
            if not skipped:
                lines.add(statement.lineno)
                told.append(ast.parse(f"{_SEEN}({statement.lineno})").body[0])
                _trace(statement, lines)
            told.append(statement)
        setattr(inside, field, told)
    for handler in getattr(inside, "handlers", []):
        _trace(handler, lines)


def seen(stdout: str) -> int:
    """How many lines a traced program said it ran."""
    return len(set(re.findall(rf"^{_SEEN} (\d+)$", stdout, flags=re.MULTILINE)))
