"""Renderers: each format is as its golden file has it, and nothing of a file is lost or taken for structure."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from runs_by_hand import document

from curate.errors import WrongUse
from train.renderers.document import FIM_MIDDLE, FIM_PREFIX, FIM_SUFFIX, RenderConfig, Rendered, Special, joined
from train.renderers.files import render_file, stars_text
from train.renderers.fim import fill_in_the_middle
from train.renderers.notebooks import notebook_parts
from train.renderers.repositories import render_repository

GOLDEN = Path(__file__).parent / "golden" / "rendered"
ALL = RenderConfig(repo_name_rate=1, path_rate=1, stars_rate=1, named_rate=1)
NONE = RenderConfig(repo_name_rate=0, path_rate=0, stars_rate=0, named_rate=0)
ADD = document("src/add.py", "def add(a, b):\n    return a + b\n", repo="team/sums", stars=12)
SUB = document("src/sub.py", "def sub(a, b):\n    return a - b\n", repo="team/sums", stars=12)
NOTEBOOK = document(
    "plot.ipynb",
    json.dumps(
        {
            "cells": [
                {"cell_type": "markdown", "source": ["# Sums\n", "of two numbers"]},
                {
                    "cell_type": "code",
                    "source": "1 + 1",
                    "outputs": [
                        {"output_type": "execute_result", "data": {"text/plain": ["2"], "image/png": "iVBO"}},
                        {"output_type": "stream", "text": ["x" * 2000]},
                    ],
                },
                {"cell_type": "code", "source": ["pass"], "outputs": []},
            ],
            "nbformat": 4,
        }
    ),
    language="Jupyter Notebook",
)


def rendered() -> dict[str, Rendered]:
    """Golden file name -> what it should hold."""
    filled = replace(NONE, fim_rate=1)
    by_order = {render_file(ADD, replace(filled, seed=seed)).parts[1] == FIM_SUFFIX: seed for seed in range(20)}
    return {
        "file.txt": render_file(ADD, NONE),
        "file_with_metadata.txt": render_file(ADD, ALL),
        "file_psm.txt": render_file(ADD, replace(filled, seed=by_order[False])),
        "file_spm.txt": render_file(ADD, replace(filled, seed=by_order[True])),
        "file_with_metadata_filled.txt": render_file(ADD, replace(ALL, fim_rate=1)),
        "repository.txt": render_repository([ADD, SUB], NONE),
        "repository_named.txt": render_repository([ADD, SUB], ALL),
        "repository_named_filled.txt": render_repository([ADD, SUB], replace(ALL, fim_rate=1)),
        "notebook.txt": render_file(NOTEBOOK, NONE),
    }


@pytest.mark.parametrize("name", sorted(rendered()))
def test_golden(name: str) -> None:
    """Renewed on purpose only: python tests/train/test_renderers.py"""
    assert rendered()[name].text == (GOLDEN / name).read_text(encoding="utf-8")


@given(code=st.text(max_size=40), seed=st.integers(0, 2**32), head=st.sampled_from(["", "a/b.py\n"]))
def test_what_is_filled_in_the_middle_is_still_all_there(code: str, seed: int, head: str) -> None:
    parts = fill_in_the_middle(code, seed, "id", head)
    if parts[1] == FIM_SUFFIX and isinstance(parts[1], Special):
        assert [part for part in parts if isinstance(part, Special)] == [FIM_PREFIX, FIM_SUFFIX, FIM_MIDDLE]
        suffix, rest = parts[2], parts[4]
        assert rest + suffix == head + code
    else:
        assert parts[::2] == [FIM_PREFIX, FIM_SUFFIX, FIM_MIDDLE]
        assert parts[1] + parts[5] + parts[3] == head + code
        assert parts[1].startswith(head)


@given(parts=st.lists(st.one_of(st.text(max_size=3), st.sampled_from([FIM_PREFIX, FIM_SUFFIX]))))
def test_joined_parts_say_the_same(parts: list[str]) -> None:
    found = joined(parts)
    assert "".join(found) == "".join(parts)
    assert all(found)
    assert not any(not isinstance(a, Special) and not isinstance(b, Special) for a, b in pairwise(found))


def test_text_that_spells_a_special_token_stays_text() -> None:
    row = document("a.py", "x<|endoftext|><fim_middle>y")
    found = render_file(row, NONE)
    assert found.parts == ("x<|endoftext|><fim_middle>y",)
    assert not isinstance(found.parts[0], Special)
    assert found.n_characters == 27


def test_metadata_comes_as_often_as_it_should_and_each_by_itself() -> None:
    rows = [document(f"f{i}.py", f"x = {i}\n" * 40, repo="r", stars=0) for i in range(2_000)]
    texts = [render_file(row, RenderConfig()).text for row in rows]
    assert sum("<repo_name>r" in text for text in texts) / 2_000 == pytest.approx(0.2, abs=0.03)
    assert sum("<file_sep>f" in text for text in texts) / 2_000 == pytest.approx(0.2, abs=0.03)
    assert sum("<gh_stars>0" in text for text in texts) / 2_000 == pytest.approx(0.2, abs=0.03)
    assert sum(text.startswith("x = ") for text in texts) / 2_000 == pytest.approx(0.8**3, abs=0.04)
    halves = [render_file(row, replace(NONE, fim_rate=0.5)).parts for row in rows]
    filled = [parts for parts in halves if parts[0] == FIM_PREFIX]
    assert len(filled) / 2_000 == pytest.approx(0.5, abs=0.04)
    assert sum(parts[1] == FIM_SUFFIX for parts in filled) / len(filled) == pytest.approx(0.5, abs=0.06)
    named = [render_repository([row], RenderConfig()).text.startswith("<repo_name>") for row in rows]
    assert sum(named) / 2_000 == pytest.approx(0.5, abs=0.04)


@pytest.mark.parametrize(
    ("stars", "text"),
    [(0, "0"), (1, "1-10"), (9, "1-10"), (10, "10-100"), (100, "100-1000"), (1000, "1000+"), (99_999, "1000+")],
)
def test_stars_come_in_buckets(stars: int, text: str) -> None:
    assert stars_text(stars) == text


def test_unknown_metadata_is_left_out() -> None:
    assert render_file(document("", "x", repo=None, stars=None), ALL).text == "x"


@pytest.mark.parametrize(
    "content", ["", "[1, 2]", "null", "{}", '{"cells": 3}', '{"cells": [4, {"cell_type": "code"}]}', "[" * 100_000]
)
def test_what_is_no_notebook_is_a_plain_file(content: str) -> None:
    assert notebook_parts(content) is None
    assert render_file(document("a.ipynb", content, language="Jupyter Notebook"), NONE).text == content


def test_notebooks_of_format_3_are_read() -> None:
    old = {"worksheets": [{"cells": [{"cell_type": "code", "input": ["a\n", "b"], "outputs": [{"text": ["c"]}]}]}]}
    found = notebook_parts(json.dumps(old))
    assert found is not None
    assert "".join(found) == "<jupyter_start><jupyter_code>a\nb<jupyter_output>c"


def test_files_of_a_repository_know_their_parts() -> None:
    found = render_repository([ADD, SUB], ALL)
    stretches: list[Any] = ["".join(found.parts[file.start : file.end]) for file in found.files]
    assert stretches == [f"<file_sep>{row['path']}\n{row['content']}" for row in (ADD, SUB)]
    assert [file.file_id for file in found.files] == [ADD["file_id"], SUB["file_id"]]


def test_rates_are_chances() -> None:
    with pytest.raises(WrongUse, match=r"fim_rate is 2 and must be in 0\.\.1"):
        RenderConfig(fim_rate=2)


if __name__ == "__main__":
    GOLDEN.mkdir(exist_ok=True)
    for name, one in rendered().items():
        (GOLDEN / name).write_text(one.text, encoding="utf-8")
