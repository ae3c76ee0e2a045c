"""Damage done to good files: that it does what it says, the same every time, and nothing else."""

from __future__ import annotations

import random

import pytest

from analyzers.syntax import analyze
from analyzers.syntax.report import Report
from benchmarks.damaged_files import BESIDE, WAYS, dead_code, mangled_names, minified, reformatted, truncated
from benchmarks.injected_bugs import SILENT, VISIBLE, inject

PYTHON = b'''"""Rooms."""


def area(width, height):
    """Square metres."""
    if width == height:
        size = width * width
    elif width > height:
        size = width * height
    else:
        size = height / width
    # nothing else
    names = {"a": 1, "b": size}
    print(names)
    return size


def larger(one, other):
    total = area(one, one)
    for step in range(other):
        try:
            total += area(step, other)
        except ValueError as error:
            print(error)
            raise RuntimeError(step)
        print(step)
    return total
'''
JAVA = b"""class Room {
    private int width;

    int area(int height) {
        if (width == height) {
            width = height;
        } else if (width > height) {
            width = 2;
        } else {
            width = 3;
        }
        for (int i = 0; i < height; i++) {
            width += i / height;
        }
        try {
            save();
        } catch (Exception error) {
            throw new IllegalStateException(error);
        }
        return width;
    }
}
"""
SOURCES = {"Python": PYTHON, "Java": JAVA}
PLACES = {
    "self_comparison": (b"width == width", b"width == width"),
    "self_assignment": (b"", b"width = width"),
    "division_by_zero": (b"height / 0", b"i / 0"),
    "emptied_handler": (b"except Exception:\n            pass", b"catch (Exception error) {\n}"),
    "unreachable_code": (b"return total\n    ", b""),
    "duplicate_key": (b'"a": size', b""),
    "constant_condition": (b"if True:", b"if (true)"),
    "repeated_condition": (b"elif width == height:", b"else if (width == height)"),
    "identical_branches": (b"", b""),
    "assignment_in_condition": (b"", b"if (width = height)"),
    "wrong_direction": (b"", b"i--"),
    "forgotten_throw": (b"            RuntimeError(step)", b"            new IllegalStateException"),
    "repeated_function": (b"def area(one", b""),
    "lost_return": (b"", b""),
}


@pytest.mark.parametrize("kind", VISIBLE, ids=lambda kind: kind.__name__)
def test_bugs_of_each_kind(kind) -> None:
    for language, text in zip(SOURCES, PLACES[kind.__name__], strict=True):
        seen = set()
        for seed in range(30):
            made = inject(language, SOURCES[language], random.Random(seed), 1, (kind,))
            seen.add(None if made is None else made[0])
        if text:
            assert any(made is not None and text in made for made in seen), (language, kind.__name__)
        for made in seen - {None}:
            report = analyze(language, made)
            assert isinstance(report, Report)
            assert not report.errors


@pytest.mark.parametrize("way", [*WAYS, *BESIDE], ids=lambda way: way.__name__)
@pytest.mark.parametrize("language", SOURCES)
def test_the_same_seed_makes_the_same_damage(way, language: str) -> None:
    source = SOURCES[language]
    made = [way(language, source, random.Random(3), source) for _ in range(2)]
    assert made[0] == made[1]
    assert made[0] not in (None, source)


def shape(language: str, source: bytes) -> tuple:
    """What neither names nor layout change."""
    report = analyze(language, source)
    assert isinstance(report, Report)
    assert not report.errors
    definitions = [(one.kind, one.cyclomatic, one.cognitive, one.n_parameters) for one in report.definitions or ()]
    return definitions, report.tokens.n_operators, report.tokens.n_operands


@pytest.mark.parametrize("language", SOURCES)
def test_mangling_changes_names_alone_and_reformatting_not_even_these(language: str) -> None:
    source = SOURCES[language]
    for seed in range(8):
        mangled = mangled_names(language, source, random.Random(seed), b"")
        assert mangled is not None
        assert shape(language, mangled) == shape(language, source)
        assert b"height" not in mangled
    formatted = reformatted(language, source, random.Random(0), b"")
    assert formatted is not None
    assert shape(language, formatted) == shape(language, source)
    assert formatted.split() == source.split()


def test_minified_files_still_parse_and_are_short() -> None:
    made = minified("Java", JAVA, random.Random(0), b"")
    assert made is not None
    assert shape("Java", made)[0] == shape("Java", JAVA)[0]
    assert made.count(b"\n") < 12
    python = minified("Python", PYTHON, random.Random(0), b"")
    assert python is not None
    assert shape("Python", python)[0] == shape("Python", PYTHON)[0]
    assert b"nothing else" not in python


def test_dead_code_and_truncation() -> None:
    for seed in range(6):
        dead = dead_code("Python", PYTHON, random.Random(seed), b"")
        assert dead is not None
        assert (b"# def " in dead) != (b"_old(" in dead)
        cut = truncated("Python", PYTHON, random.Random(seed), b"")
        assert cut is not None
        assert PYTHON.startswith(cut)
        assert 0.1 * len(PYTHON) - 1 <= len(cut) <= 0.9 * len(PYTHON)


def test_bugs_do_not_overlap_and_say_what_they_are() -> None:
    made = inject("Java", JAVA, random.Random(0), 6)
    assert made is not None
    source, names = made
    assert len(names) == 6
    assert isinstance(analyze("Java", source), Report)
    assert inject("Java", b"class A { }", random.Random(0), 3) is None
    assert inject("Text", b"a == b", random.Random(0), 3) is None
    silent = inject("Python", PYTHON, random.Random(0), 3, SILENT)
    assert silent is not None
    assert {*silent[1]} <= {"negated", "off_by_one", "swapped_operands"}
