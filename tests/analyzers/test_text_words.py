"""Groups `words` and `repetition` against plain Python with sets and counters."""

from __future__ import annotations

import math
import re
import string
import sysconfig
from collections import Counter
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from analyzers.text.measure import measure
from analyzers.text.words import STOP_WORDS

GROUPS = frozenset({"words", "repetition"})
TEXTS = (
    st.text(st.characters(exclude_categories=["Cs"]), max_size=80)
    | st.lists(
        st.sampled_from(["a", "b", "The", "é", "ÀB", "x.", "--", "NASA", "ǅ", "【注】", "İ", "中文", "\x01"]),
        max_size=60,
    ).map(" ".join)
    | st.lists(st.sampled_from(["a b", "},", "}", "x = 1", "  x = 1", "", "\u3000y\u3000", "y"]), max_size=30).map(
        "\n".join
    )
)
REAL = sorted(Path(sysconfig.get_path("stdlib")).glob("*.py"))[:40]


def signals(text: str) -> dict[str, float]:
    columns = measure(pa.array([text], pa.large_string()), ["Text"], GROUPS)
    return {name: column[0].as_py() for name, column in columns.items()}


def lower(char: str) -> str:
    return char.lower() if len(char.lower()) == 1 else char


def normal(word: str) -> str:
    return "".join(lower(c) for c in word if c not in string.punctuation)


def top_fraction(words: list[str], size: int) -> float:
    grams = Counter(tuple(words[i : i + size]) for i in range(len(words) - size + 1))
    if not grams:
        return 0.0
    gram, count = grams.most_common(1)[0]
    return min(count * sum(map(len, gram)) / sum(map(len, words)), 1.0) if count > 1 else 0.0


def dupe_fraction(words: list[str], size: int) -> float:
    grams = [tuple(words[i : i + size]) for i in range(len(words) - size + 1)]
    counts = Counter(grams)
    inside = {k for i, gram in enumerate(grams) if counts[gram] > 1 for k in range(i, i + size)}
    return sum(len(words[k]) for k in inside) / max(sum(map(len, words)), 1)


def expected(text: str) -> dict[str, float]:
    raw = text.split()
    words = [word for word in map(normal, raw) if word]
    counts = Counter(words).values()
    n, n_raw = max(len(words), 1), max(len(raw), 1)
    lines = [line.strip() for line in re.split("\r\n|\n|\r", text)]
    lines = [line for line in lines if line]
    dupes = [
        line
        for line, count in Counter(lines).items()
        for _ in range(count)
        if count > 1 and len(line) > 1 and line != "},"
    ]
    return {
        "n_words": len(words),
        "mean_word_chars": sum(map(len, words)) / n,
        "unique_word_fraction": len(counts) / n,
        "word_entropy": -sum(c / n * math.log(c / n) for c in counts),
        "all_caps_word_fraction": sum(map(str.isupper, raw)) / n_raw,
        "stop_word_fraction": sum(word in STOP_WORDS for word in words) / n,
        "fullwidth_bracket_fraction": sum("【" in word or "】" in word for word in raw) / n_raw,
        **{f"top_{size}gram_fraction": top_fraction(words, size) for size in (2, 3, 4)},
        **{f"dupe_{size}gram_fraction": dupe_fraction(words, size) for size in range(5, 11)},
        "dupe_line_fraction": len(dupes) / max(len(lines), 1),
        "dupe_line_char_fraction": sum(map(len, dupes)) / max(sum(map(len, lines)), 1),
    }


@settings(deadline=None)
@given(TEXTS)
@example("")
@example("...")
@example("a a a a a a a a a a a a")
@example("a b c d e f g h i j k l a b c d e f g h i j k l")
def test_any_text_is_measured_as_plain_python_does(text: str) -> None:
    assert signals(text) == pytest.approx(expected(text), abs=1e-9)


@pytest.mark.parametrize("path", REAL, ids=lambda path: path.name)
def test_real_files_are_measured_as_plain_python_does(path: Path) -> None:
    text = path.read_bytes().decode("utf-8", "replace")
    assert signals(text) == pytest.approx(expected(text), abs=1e-9)


def test_worked_example() -> None:
    got = signals("The cat, the CAT. The dog\n}\n}\nx = y\nx = y\n【a】\n")
    assert got["n_words"] == 6 + 4 + 1  # the braces and equal signs are punctuation
    assert got["unique_word_fraction"] == 6 / 11
    assert got["all_caps_word_fraction"] == 1 / 15
    assert got["stop_word_fraction"] == 3 / 11
    assert got["fullwidth_bracket_fraction"] == 1 / 15
    assert got["dupe_line_fraction"] == 2 / 6  # the lone braces don't count as repeated
    assert got["dupe_line_char_fraction"] == 10 / (25 + 2 + 10 + 3)


def test_repetition_of_one_sentence() -> None:
    got = signals("one two three four five six " * 2)
    assert got["top_2gram_fraction"] == 2 * 6 / 44
    assert got["dupe_5gram_fraction"] == got["dupe_6gram_fraction"] == 1.0
    assert got["dupe_7gram_fraction"] == 0.0


def test_groups_do_not_depend_on_each_other() -> None:
    column = pa.array(["a b a b " * 9, "", "x y\nx y"], pa.large_string())
    together = measure(column, ["Text"] * 3, GROUPS)
    for group in GROUPS:
        for name, values in measure(column, ["Text"] * 3, frozenset({group})).items():
            assert values == together[name]


@pytest.mark.parametrize("text", ["a " * 500_000, "ab" * 500_000, "\n" * 1_000_000, "x\n" * 400_000, " " * 1_000_000])
def test_one_megabyte_of_the_same_ends(text: str) -> None:
    got = signals(text)
    assert all(0 <= value <= 1 for name, value in got.items() if name.endswith("_fraction"))
