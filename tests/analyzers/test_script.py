"""Share of Han characters against plain Python, on any text."""

from __future__ import annotations

import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from analyzers.text.measure import measure

PROSE, CODE = "Markdown", "Python"
EDGES = "\x00@AZ[`az{\x7f\x80\xbf\xc0\u1fff\u2000\u303f\u3040\u33ff\u3400\u9fff\ua000\uf8ff\uf900\ufaff\ufb00\ufeff"
EDGES += "\uff00\uffef\ufff0\uffff\U00010000\U0001ffff\U00020000\U0003ffff\U00040000\U0010ffff"
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=40) | st.text(EDGES + "中文 字", max_size=40)


def is_han(char: str) -> bool:
    return "\u3400" <= char <= "\u9fff" or "\uf900" <= char <= "\ufaff" or "\U00020000" <= char <= "\U0003ffff"


def is_letter(char: str) -> bool:
    if char < "\x80":
        return char.isalpha()
    is_mark = "\u2000" <= char <= "\u303f" or "\uff00" <= char <= "\uffef"
    return char > "\xbf" and not is_mark


def plain(text: str) -> float:
    n_letters = sum(map(is_letter, text))
    return sum(map(is_han, text)) / n_letters if n_letters else 0.0


def fractions(texts: list[str], languages: list[str]) -> list[float | None]:
    return measure(pa.array(texts, pa.large_string()), languages, frozenset({"script"}))["han_fraction"].to_pylist()


@settings(deadline=None)
@given(st.lists(st.tuples(TEXTS, st.sampled_from([PROSE, "Text", CODE, "Unknown"])), max_size=5))
@example([(EDGES, PROSE)])
def test_as_plain_python_does_and_of_prose_only(rows: list[tuple[str, str]]) -> None:
    texts, languages = [text for text, _ in rows], [language for _, language in rows]
    expected = [plain(text) if language in (PROSE, "Text") else None for text, language in rows]
    assert fractions(texts, languages) == expected


@pytest.mark.parametrize("char", EDGES)
def test_every_edge_of_the_ranges(char: str) -> None:
    (alone,) = fractions([char + "a"], [PROSE])
    assert alone == (0.5 if is_han(char) else 0.0)
    (beside,) = fractions([char + "中"], [PROSE])
    assert beside == (0.5 if is_letter(char) and not is_han(char) else 1.0)


@pytest.mark.parametrize(
    ("text", "fraction"),
    [("", 0.0), ("123 !?", 0.0), ("plain English", 0.0), ("中文。！", 1.0), ("中a", 0.5), ("ひらがな漢字", 2 / 6)],
)
def test_worked_examples(text: str, fraction: float) -> None:
    assert fractions([text], [PROSE]) == [fraction]
