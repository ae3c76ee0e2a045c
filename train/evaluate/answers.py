"""From what a model wrote to what was asked for: a function's body, or a whole function, and nothing after it."""

from __future__ import annotations

import re
from collections.abc import Mapping

from train.evaluate.generators.protocol import cut_at
from train.evaluate.lexer import tokens
from train.evaluate.problems import Problem

# What begins something else than the function's body, at the start of a line. Python's are those of Chen et al. 2021,
# "\nclass", "\ndef", "\n#", "\nif" and "\nprint", with three more.
STOPS: Mapping[str, tuple[str, ...]] = {
    "Python": ("\ndef ", "\nclass ", "\nif ", "\nprint(", "\n#", "\n@", "\nassert ", "\n```"),
    "C++": ("\n}", "\nint main", "\n```"),
    "Java": ("\n}", "\npublic class Main", "\n```"),
    "JavaScript": ("\n}", "\nconsole.", "\nmodule.exports", "\n```"),
    "TypeScript": ("\n}", "\nconsole.", "\nexport ", "\n```"),
    "Go": ("\n}", "\nfunc ", "\n```"),
    "Rust": ("\n}", "\nfn main", "\n#[cfg(test)]", "\n```"),
}
# After a whole program in answer to a sentence (MBPP).
WHOLE_STOPS = ("\nassert ", "\nprint(", "\nif __name__", '\n"""', "\n```", "\n[DONE]")
_FENCE = re.compile(r"^[ \t]*```[\w+#.-]*[ \t]*\n(.*?)(?:^[ \t]*```|\Z)", flags=re.DOTALL | re.MULTILINE)
# How functions begin that may stand after their use, and their names.
_LATER: Mapping[str, str] = {
    "Go": r"^func\s+(\w+)\s*\(", "JavaScript": r"^(?:const\s+|let\s+|var\s+|(?:async\s+)?function\s+)(\w+)[^\n]*\{",
    "TypeScript": r"^(?:const\s+|let\s+|(?:async\s+)?function\s+)(\w+)[^\n]*\{", "Rust": r"^(?:pub\s+)?fn\s+(\w+)",
}  # fmt: skip
_PYTHON_START = re.compile(r"^(?:import |from \w|def |async def |class |@)", flags=re.MULTILINE)


def stops(problem: Problem) -> tuple[str, ...]:
    """The stop strings of a base model's completion."""
    return STOPS.get(problem.language, ()) if problem.stands else WHOLE_STOPS


def cut(problem: Problem, text: str) -> str:
    """A completion that `Problem.program` makes a program of, from a base model's text or a chat model's answer.

    - An answer with fenced blocks is the first block that has the function's name in it, else the first. A text that
      goes on with the body, and has a fence later, is a body and ends there.
    - A Python body ends at the first stop string; a whole function, and what it needs, is left whole.
    - In languages with braces a body ends at its closing brace. One that lacks only the last closing braces gets them,
      since a stop string may have taken them.
    """
    text = _unfenced(problem, text.replace("\r\n", "\n"))
    if not problem.stands:
        return f"{cut_at(text, WHOLE_STOPS).rstrip()}\n"
    if problem.language == "Python":
        return _python(problem, text)
    if problem.language not in STOPS:
        return text
    if problem.restated(text):
        whole = _closed(text, problem.language, 0)
        in_class = problem.language == "Java" and not re.search(r"^\s*(?:public\s+)?class\s", whole, flags=re.MULTILINE)
        return f"{whole}}}\n" if in_class else whole
    return _closed(text, problem.language, _open_braces(problem))


def _unfenced(problem: Problem, text: str) -> str:
    blocks = list(_FENCE.finditer(text))
    if not blocks:
        return text
    before = text[: blocks[0].start()]
    if before.strip() and before.lstrip("\n")[:1] in (" ", "\t"):
        return before
    named = [block[1] for block in blocks if problem.entry_point and problem.entry_point in block[1]]
    return (named or [blocks[0][1]])[0]


def _python(problem: Problem, text: str) -> str:
    name = problem.entry_point
    if name and re.search(rf"^(?:async )?def\s+{re.escape(name)}\b", text, flags=re.MULTILINE):
        start = _PYTHON_START.search(text)
        return cut_at(text[start.start() if start else 0 :], ("\nassert ", "\nprint(", "\nif __name__", "\n```"))
    ended = cut_at(text, STOPS["Python"])
    return ended if ended == text else f"{ended}\n"


def _open_braces(problem: Problem) -> int:
    """How many braces of the prompt wait for their end."""
    told = [token.text for token in tokens(problem.prompt, problem.language) if token.kind == "operator"]
    return max(told.count("{") - told.count("}"), 0)


def _closed(text: str, language: str, depth: int, *, first: bool = False) -> str:
    """Text up to the brace at which `depth` open ones are closed; with 0, all functions up to the last that ends, or
    the first alone.

    In Java the class may hold more methods: what is after the last whole one is cut off and the class closed.
    """
    whole, place = depth == 0, 0
    lowest = depth
    for token in tokens(text, language):
        if token.kind != "operator" or token.text not in "{}":
            continue
        depth += 1 if token.text == "{" else -1
        if token.text == "}" and (depth < lowest or (depth == lowest and (whole or lowest == 1))):
            lowest, place = depth, token.end
            if depth == 0 and first:
                break
            if depth == 0 and not whole:
                return _with_functions(text[:place], text[place:], language)
    if whole:
        return f"{text[:place]}\n" if place else text
    if lowest == 0 or (place and language == "Java"):
        return f"{text[:place]}\n{'}' * lowest}\n"
    return f"{text.rstrip()}\n{'}' * depth}\n" if 0 < depth <= 2 else text


def _with_functions(body: str, rest: str, language: str) -> str:
    """A body with those of the functions after it that it calls; a language that declares first has none there."""
    if language in _LATER:
        for match in re.finditer(_LATER[language], rest, flags=re.MULTILINE):
            if re.search(rf"\b{match[1]}\b", body):
                body += f"\n\n{_closed(rest[match.start() :], language, 0, first=True).rstrip()}"
    return f"{body}\n"
