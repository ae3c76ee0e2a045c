"""Redaction keeps syntax: a file of any parsed language that holds secrets has no more syntax errors without them."""

from __future__ import annotations

import random
import re
from pathlib import Path

import marked
import pytest

from analyzers.dirt.forged import broken
from analyzers.languages import BY_NAME
from analyzers.secrets.redact import redacted
from analyzers.secrets.scan import spans
from analyzers.syntax.grammars import load
from analyzers.syntax.languages import MODULES, spec_of
from analyzers.syntax.limits import Limits
from analyzers.syntax.parse import parse

FIXTURES = Path(__file__).parents[1] / "syntax/fixtures"
STRING = re.compile(rb'"[A-Za-z0-9 .,_-]{2,}"|(?<![A-Za-z])\'[A-Za-z0-9 .,_-]{3,}\'')
RNG = random.Random(13)
VALUES = [
    marked.fill(shape, RNG).encode()
    for shape in (
        "{first}@{org}.com",
        "glpat-{url:20}",
        "ghp_{crc:30}",
        "+1-{area:1}-{exch:1}-{d:4}",
        "{ip4:1}",
        "hf_{b62:34}",
    )
]


def n_errors(language: str, source: bytes) -> int:
    """Error and missing nodes of a tree."""
    spec = spec_of(language)
    assert spec is not None
    tree = parse(load(spec.grammar), source, Limits())
    assert not isinstance(tree, str), tree
    left, count = [tree.root_node], 0
    while left:
        node = left.pop()
        count += node.is_error or node.is_missing
        left += node.children
    return count


def with_secrets(language: str, source: bytes) -> bytes:
    """The file with a value in every plain string, and a comment with one at each end."""
    values = iter(VALUES * (len(source) // 3 + 10))

    def filled(found: re.Match[bytes]) -> bytes:
        return found[0][:1] + next(values) + found[0][-1:]

    text = STRING.sub(filled, source)
    marks = BY_NAME[language].line_comments
    if not marks:
        return text
    comment = marks[0].encode() + b" by " + next(values) + b", call " + next(values)
    return text + (b"" if text.endswith(b"\n") else b"\n") + comment + b"\n"


@pytest.mark.parametrize("language", MODULES)
def test_no_more_errors_without_the_secrets(language: str) -> None:
    changed = 0
    for path in sorted(FIXTURES.glob(f"{MODULES[language]}*")):
        before = with_secrets(language, path.read_bytes())
        after, marks = redacted(before, spans(before))
        changed += len(marks)
        assert spans(after) == []
        assert n_errors(language, after) <= n_errors(language, before), path.name
    assert changed or not BY_NAME[language].line_comments


@pytest.mark.parametrize("language", MODULES)
def test_broken_special_tokens_are_no_errors(language: str) -> None:
    for path in sorted(FIXTURES.glob(f"{MODULES[language]}*")):
        source = STRING.sub(lambda found: found[0][:1] + b"<|im_end|>" + found[0][-1:], path.read_bytes())
        places = [found.span() for found in re.finditer(rb"<\|im_end\|>", source)]
        assert n_errors(language, broken(source, places, [])[0]) <= n_errors(language, source), path.name
