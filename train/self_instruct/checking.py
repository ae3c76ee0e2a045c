"""Which tasks and answers are good: measured on text, with Python by its parser; tests are for the jail.

The reasons, in the order in which they are looked for. Of a task: `short`, `long`, `benchmark` (it holds texts of a
task that models are evaluated on), and from the pool `similar`. Of an answer: `malformed` (not in the parts that were
asked for), `empty`, `declined`, `cut` (a fence without its end), `no_code`, `benchmark`, `broken` (Python that does not
parse, or brackets without their partners in another language), `changed_code` (asked for a comment, the code itself
became another), `untested` (too few assertions that call what the answer defines).
"""

from __future__ import annotations

import ast
import re
import warnings
from typing import NamedTuple

from train.evaluate.fingerprints import Fingerprints
from train.evaluate.lexer import tokens
from train.evaluate.word_windows import PIECE
from train.self_instruct.config import SelfInstructConfig
from train.self_instruct.novelty import words
from train.self_instruct.prompting import Reply, said
from train.self_instruct.seeds import Kind

WITH_CODE = frozenset(("generation", "comment", "translation", "test", "completion"))  # tasks whose answer is code
WRITTEN = frozenset(("generation", "completion"))  # tasks whose answer tests can judge
_LEXED = frozenset(("C++", "Java", "JavaScript", "TypeScript", "Go", "Rust"))
_BLOCK = re.compile(r"^ *(`{3,})[^\n`]*\n(.*?)^ *\1`* *$", re.DOTALL | re.MULTILINE)
_FENCE = re.compile(r"^ *`{3,}", re.MULTILINE)
_DECLINED = re.compile(
    r"\A\W*(?:(?:i'?m|i am) (?:sorry|unable|not able)|sorry,|i (?:can'?t|cannot|won'?t)\b|as an ai\b|"
    r"(?:很)?抱歉|对不起|作为一个(?:人工智能|AI)|我(?:无法|不能))",
    re.IGNORECASE,
)
_PARTNER = {")": "(", "]": "[", "}": "{"}


def is_tested(kind: Kind, config: SelfInstructConfig) -> bool:
    """Whether answers to tasks of a kind come with tests."""
    return config.tests and kind.language == "Python" and kind.task in WRITTEN


def task_reason(task: str, config: SelfInstructConfig, known: Fingerprints) -> str | None:
    """Why a task is none, apart from others that it resembles."""
    if len(words(task)) < config.min_task_words:
        return "short"
    if len(task) > config.max_task_chars:
        return "long"
    return "benchmark" if of_a_benchmark(task, known) else None


class Assertions(NamedTuple):
    """What the jail judges an answer by."""

    assertions: tuple[str, ...]
    entry_point: str


def answer_reason(kind: Kind, task: str, reply: Reply, known: Fingerprints) -> str | None:
    """Why an answer is none, apart from its tests."""
    if reply.answer is None:
        return "malformed"
    answer = said(reply.answer)
    if not answer.strip():
        return "empty"
    if _DECLINED.match(answer):
        return "declined"
    if len(_FENCE.findall(answer)) % 2:
        return "cut"
    blocks = code_in(answer)
    if kind.task in WITH_CODE and not blocks:
        return "no_code"
    if of_a_benchmark(answer, known):
        return "benchmark"
    if kind.task in WITH_CODE and any(is_broken(block, kind.language) for block in blocks):
        return "broken"
    if kind.task == "comment" and _changed(code_in(task), blocks, kind.language):
        return "changed_code"
    return None


def code_in(text: str) -> list[str]:
    """What stands in fenced blocks."""
    return [match[2] for match in _BLOCK.finditer(text)]


def is_broken(code: str, language: str) -> bool:
    """Whether code cannot be a program's part. What has neither parser nor lexer here is not judged."""
    if language == "Python":
        return _tree(code) is None
    if language not in _LEXED:
        return False
    open_ones: list[str] = []
    for token in tokens(code, language):
        if token.kind == "operator" and token.text in "([{":
            open_ones.append(token.text)
        elif (
            token.kind == "operator"
            and token.text in _PARTNER
            and (not open_ones or open_ones.pop() != _PARTNER[token.text])
        ):
            return True
    return bool(open_ones)


def assertions_of(answer: str, told: str | None, config: SelfInstructConfig) -> Assertions | None:
    """The assertions that use what an answer's Python defines; the entry point is what most of them use. None where
    there are too few."""
    defined = {
        node.name
        for block in code_in(answer)
        for node in getattr(_tree(block), "body", ())
        if isinstance(node, ast.FunctionDef | ast.ClassDef)
    }
    source = next(iter(code_in(told or "")), told or "")
    tree = _tree(source)
    kept: list[str] = []
    called: list[str] = []
    for node in tree.body if tree else ():
        names = [one.id for one in ast.walk(node) if isinstance(one, ast.Name) and one.id in defined]
        if isinstance(node, ast.Assert) and names:
            kept.append(ast.get_source_segment(source, node) or "")
            called.append(names[0])
    if len(kept) < config.min_assertions:
        return None
    return Assertions(tuple(kept), max(called, key=called.count))


def of_a_benchmark(text: str, known: Fingerprints) -> bool:
    """Whether a text holds one of a benchmark's tasks, by its words (train.evaluate.fingerprints)."""
    data = text.encode("utf-8", "replace")
    pieces = (data[start : start + PIECE // 2] for start in range(0, len(data), PIECE // 2))
    return any(any(known.found([piece])) for piece in pieces)


def _tree(code: str) -> ast.Module | None:
    """Python's tree; None for what does not parse, too deep nesting included."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of escapes that mean nothing: they are valid Python
            return ast.parse(code)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _changed(given: list[str], answered: list[str], language: str) -> bool:
    """Whether none of the blocks of an answer is the code that was given. Not judged without parser or lexer."""
    if not given or (language != "Python" and language not in _LEXED):
        return False
    wanted = _bare(given[0], language)
    return all(_bare(block, language) != wanted for block in answered)


def _bare(code: str, language: str) -> object:
    """Code without comments, documentation and white space."""
    if language != "Python":
        return [token.text for token in tokens(code, language) if token.kind not in ("space", "comment")]
    tree = _tree(code)
    for node in ast.walk(tree) if tree else ():
        documented = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
        if isinstance(node, documented) and ast.get_docstring(node, clean=False) is not None:
            node.body = node.body[1:] or [ast.Pass()]
    try:
        return ast.dump(tree) if tree else None
    except RecursionError:
        return None
