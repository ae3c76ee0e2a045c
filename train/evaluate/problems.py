"""Benchmark files as problems: one shape for HumanEval, MBPP, HumanEval-X and any JSONL that looks like one of them.

A row has `task_id`, `prompt`, `canonical_solution` and `test`, which is either one text or, as in MBPP, a list of
assertions. HumanEval's `test` defines `check(candidate)`, which is then called with the `entry_point`; the tests of
HumanEval-X call the function themselves. The language is that of the task id ("CPP/3"), and Python without one.
"""

from __future__ import annotations

import ast
import gzip
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from curate.errors import WrongUse
from train.evaluate.lexer import without_comments
from train.sandbox.limits import Limits
from train.sandbox.trial import Trial

LANGUAGES: Mapping[str, str] = {
    "python": "Python", "humaneval": "Python", "mbpp": "Python", "cpp": "C++", "c++": "C++", "java": "Java",
    "javascript": "JavaScript", "js": "JavaScript", "go": "Go", "rust": "Rust", "typescript": "TypeScript",
    "ts": "TypeScript",
}  # fmt: skip
# The name of the function in a header that ends a prompt, in its text without comments.
_HEADERS: Mapping[str, str] = {
    "Python": r"^(?:async\s+)?def\s+(\w+)\s*\(",
    "C++": r"^[^\n;{}#]*?(\w+)\s*\([^;{}]*\)\s*\{\s*\Z",
    "Java": r"^[^\n;{}]*?(\w+)\s*\([^;{}]*\)[^;{}()]*\{\s*\Z",
    "JavaScript": r"^(?:export\s+)?(?:(?:const|let|var)\s+(\w+)\s*=|(?:async\s+)?function\s+(\w+))",
    "Go": r"^func\s+(\w+)\s*[(\[]",
    "Rust": r"^\s*(?:pub\s+)?fn\s+(\w+)\s*[(<]",
}

_COMMENTS = r"""\"{3}(.*?)\"{3}|'{3}(.*?)'{3}|/\*+(.*?)\*/|((?:^[ \t]*(?://|#(?!\s*include))[^\n]*\n)+)"""
_EXAMPLES = r">>>|\b(?:[Ff]or )?[Ee]xamples?\b|(?<=\s)Ex:"


@dataclass(frozen=True, kw_only=True)
class Problem:
    """One task. `stands` says whether the prompt is the beginning of the program (MBPP's is a sentence instead)."""

    task_id: str
    language: str
    prompt: str
    canonical: str
    tests: str
    entry_point: str | None  # where the row names none, the last function that the prompt begins
    stands: bool = True
    declared: str = ""  # the prompt without its comment, as the row gives it
    about: Mapping[str, str] = field(default_factory=dict)  # what the function does, in words: "en", "zh"

    def program(self, completion: str) -> str:
        """Prompt and completion as one source; a prompt without its line's end gets one.

        A completion that begins the function anew stands after what the prompt has before that function.
        """
        if not self.stands:
            return completion
        before = self.before(completion) if self.restated(completion) else self.prompt
        return f"{before}{'' if not before or before.endswith(chr(10)) else chr(10)}{completion}"

    def restated(self, completion: str) -> bool:
        """Whether a completion holds the function's header itself. In Python it makes no difference to the program."""
        if self.language == "Python" or self.entry_point is None:
            return False
        header = _HEADERS["JavaScript" if self.language == "TypeScript" else self.language]
        plain = without_comments(completion, self.language)
        found = re.finditer(header.replace(r"\{\s*\Z", r"\{"), plain, flags=re.MULTILINE)
        return any(self.entry_point in match.groups() for match in found)

    def before(self, completion: str) -> str:
        """What the prompt has before the function to be written: imports, helpers, and in Java the class's opening.

        Helpers are left out where the completion has its own, and the class where it opens one.
        """
        lines = self.prompt.splitlines(keepends=True)
        imports = [line for line in lines if re.match(r"\s*(?:#\s*include|using\s|import\s|use\s)", line)]
        if self.language == "Java" and re.search(r"^\s*(?:public\s+)?class\s+Solution\b", completion, re.MULTILINE):
            return "".join(imports)
        place = self.prompt.rfind(self.header())
        head = self.prompt[: max(place, 0)]
        names = {name for name in re.findall(r"(\w+)\s*(?:=\s*)?\(", head) if name != self.entry_point}
        own = (
            name for name in names if re.search(rf"^[^\n;]*\b{name}\s*(?:=\s*)?\([^;]*?\{{", completion, re.MULTILINE)
        )
        if self.language in ("C++", "JavaScript", "TypeScript", "Rust", "Go") and any(_defined(head, n) for n in own):
            return "".join(imports)
        return head

    def header(self) -> str:
        """The last line of the prompt on which the function's name stands outside of comments."""
        plain = without_comments(self.prompt, self.language)
        lines = [
            line for line in plain.splitlines() if self.entry_point and re.search(rf"\b{self.entry_point}\b", line)
        ]
        return lines[-1].strip() if lines else "\0"

    def declaration(self) -> str:
        """The beginning of the program without comments, which translation starts from."""
        if not self.stands:
            return ""
        if self.language == "Python":
            return self.declared or _without_docstring(self.prompt)
        return without_comments(self.prompt, self.language).lstrip("\n")

    def trial(self, completion: str, limits: Limits | None = None) -> Trial:
        """What the sandbox judges."""
        return Trial(
            language=self.language, program=self.program(completion), tests=self.tests,
            prompt=self.prompt if self.stands else "", entry_point=self.entry_point, limits=limits or Limits(),
        )  # fmt: skip


def _without_docstring(prompt: str) -> str:
    """A Python prompt up to the docstring of its last function; the prompt itself where it has none."""
    try:
        last = ast.parse(f"{prompt}\n    pass\n").body[-1]
    except SyntaxError:
        return prompt
    if not isinstance(last, ast.FunctionDef) or ast.get_docstring(last) is None:
        return prompt
    return "".join(prompt.splitlines(keepends=True)[: last.body[0].lineno - 1])


def _defined(head: str, name: str) -> bool:
    return re.search(rf"^[^\n;]*\b{name}\s*(?:=\s*)?\([^;]*?\{{", head, re.MULTILINE) is not None


def rows(path: Path) -> Iterator[dict[str, Any]]:
    """The objects of a .jsonl or .jsonl.gz file. Raises WrongUse with the line that is none."""
    with gzip.open(path, "rt", encoding="utf-8") if path.suffix == ".gz" else path.open(encoding="utf-8") as lines:
        for number, line in enumerate(lines, 1):
            if not line.strip():
                continue
            try:
                row = json.loads(line)
            except ValueError as error:
                raise WrongUse(f"{path}, line {number}: no JSON ({error})") from None
            if not isinstance(row, dict):
                raise WrongUse(f"{path}, line {number}: a {type(row).__name__} where an object was expected")
            yield row


def load(path: Path) -> list[Problem]:
    """All problems of a file, in its order. Raises WrongUse for a missing column or a task that comes twice."""
    if not path.is_file():
        raise WrongUse(f"{path} is not there: give a JSONL file of HumanEval's shape")
    problems = [_problem(row, path) for row in rows(path)]
    seen: set[str] = set()
    for problem in problems:
        if problem.task_id in seen:
            raise WrongUse(f"{path}: task {problem.task_id} comes twice: give each task once")
        seen.add(problem.task_id)
    if not problems:
        raise WrongUse(f"{path} has no problems: give a JSONL file of HumanEval's shape")
    return problems


def _problem(row: Mapping[str, Any], path: Path) -> Problem:
    missing = {"task_id", "prompt", "test"} - set(row)
    if missing:
        raise WrongUse(f"{path}: task {row.get('task_id', '?')} has no {', '.join(sorted(missing))}")
    task_id = str(row["task_id"])
    language = LANGUAGES.get(task_id.partition("/")[0].lower(), "Python")
    tests, entry_point = row["test"], row.get("entry_point")
    prompt = _plain(row["prompt"])
    stands = not isinstance(tests, list)
    if isinstance(tests, list):
        tests = "\n".join([str(row.get("test_setup") or ""), *map(str, tests)])
        named = re.match(r"\s*def\s+(\w+)", str(row.get("func_title") or ""))
        entry_point = entry_point or (named[1] if named else None)
    elif language == "Python" and entry_point and re.search(r"^def check\(", tests, flags=re.MULTILINE):
        tests = f"{tests}\ncheck({entry_point})\n"
    elif row.get("test_setup"):
        tests = f"{row['test_setup']}\n{tests}"
    return Problem(
        task_id=task_id, language=language, prompt=prompt, canonical=_plain(row.get("canonical_solution")),
        tests=_plain(tests), entry_point=entry_point or (_begun(prompt, language) if stands else None), stands=stands,
        declared=_plain(row.get("declaration")), about=_about(row, stands),
    )  # fmt: skip


def _plain(value: object) -> str:
    return str(value or "").replace("\r\n", "\n")


def _begun(prompt: str, language: str) -> str | None:
    """The name of the last function that a prompt begins."""
    header = _HEADERS["JavaScript" if language == "TypeScript" else language]
    plain = without_comments(prompt, language)
    names = [name for match in re.finditer(header, plain, flags=re.MULTILINE) for name in match.groups() if name]
    return names[-1] if names else None


def _about(row: Mapping[str, Any], stands: bool) -> dict[str, str]:
    """What the function does, in the languages that the row has: its own columns, else the prompt's comment."""
    english = row.get("prompt_text") or (None if stands else row["prompt"]) or row.get("text")
    if not english:
        english = _comment(_plain(row["prompt"]))
    words = {"en": english, "zh": row.get("prompt_text_chinese")}
    told = {language: re.split(_EXAMPLES, _plain(text))[0].split() for language, text in words.items()}
    return {language: " ".join(found) for language, found in told.items() if found}


def _comment(prompt: str) -> str:
    """The last block of comment in a prompt, up to its first example."""
    blocks = re.findall(_COMMENTS, prompt, flags=re.DOTALL | re.MULTILINE)
    if not blocks:
        return ""
    return re.sub(r"^\s*(?://+|#|\*)", "", "".join(blocks[-1]), flags=re.MULTILINE)
