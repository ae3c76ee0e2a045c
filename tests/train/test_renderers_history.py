"""Commits, issues, scripts and counterparts: each format is as its golden file has it."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from runs_by_hand import document, make_run

from train.renderers.commits import MAX_CONTEXT_LINES, render_commit, sides
from train.renderers.document import COMMIT_AFTER, COMMIT_BEFORE, COMMIT_MESSAGE, RenderConfig, Rendered, Special
from train.renderers.files import render_file
from train.renderers.issues import render_issue
from train.renderers.parallel import counterparts, path_key
from train.renderers.scripts import script_of
from train.rendering import rendered as rendered_run

GOLDEN = Path(__file__).parent / "golden" / "rendered"
ALL = RenderConfig(repo_name_rate=1, path_rate=1, stars_rate=1, named_rate=1, whole_rate=1)
NONE = RenderConfig(repo_name_rate=0, path_rate=0, stars_rate=0, named_rate=0, whole_rate=1)

KEPT = "".join(f" line {number}\n" for number in range(60))
COMMIT = f"""commit 3a7f00

    Add instead of subtract

    The sum was wrong.

diff --git a/src/sum.py b/src/sum.py
--- a/src/sum.py
+++ b/src/sum.py
{KEPT} def total(a, b):
-    return a - b
+    return a + b
\\ No newline at end of file
"""
SEVERAL = """commit 3a7f01

    Move the sum and drop the rest

diff --git a/sum.py b/lib/sum.py
--- a/sum.py
+++ b/lib/sum.py
-import old
 x = 1
diff --git a/rest.py b/rest.py
--- a/rest.py
+++ /dev/null
-y = 2
diff --git a/new.py b/new.py
--- /dev/null
+++ b/new.py
+z = 3
"""
ISSUE = """issue 12 closed
title The build fails

username_0:
    It stops:

        error: no such file

username_1 on src/main.py:
    @@ -1 +1 @@
    -a
    +b

    This line?

username_0:
    Yes, username_1.
"""
NOTEBOOK = json.dumps(
    {
        "metadata": {"language_info": {"name": "python"}},
        "cells": [
            {"cell_type": "markdown", "source": ["# Sums\n", "\n", "of two numbers"]},
            {"cell_type": "code", "source": "%matplotlib inline\n!pip install x\n1 + 1", "outputs": [{"text": "2"}]},
            {"cell_type": "code", "source": ["%%bash\n", "ls"], "outputs": []},
            {"cell_type": "code", "source": "  \n", "outputs": []},
            {"cell_type": "code", "source": "7 % 2\nhelp?", "outputs": []},
        ],
        "nbformat": 4,
    }
)
PYTHON = """def binary_search(values, wanted):
    low, high = 0, len(values)
    while low < high:
        middle = (low + high) // 2
        if values[middle] < wanted:
            low = middle + 1
        else:
            high = middle
    return low
"""
JAVA = """class BinarySearch {
    static int search(int[] values, int wanted) {
        int low = 0, high = values.length;
        while (low < high) {
            int middle = (low + high) / 2;
            if (values[middle] < wanted) low = middle + 1; else high = middle;
        }
        return low;
    }
}
"""
SEARCH = {"python/search/binary_search.py": PYTHON, "java/src/search/BinarySearch.java": JAVA}


def row(content: str, path: str = "x.diff", language: str = "Diff", repo: str = "team/sums", **more: Any) -> Any:
    return document(path, content, language=language, repo=repo, **more)


def side_by_side() -> list[Any]:
    rows = [
        row(content, path, "Python" if path.endswith(".py") else "Java", "team/search")
        for path, content in SEARCH.items()
    ]
    (group,) = counterparts(sorted(rows, key=lambda one: one["path"]), replace(ALL, seed=1))
    return group


def rendered() -> dict[str, Rendered]:
    """Golden file name -> what it should hold."""
    from train.renderers.repositories import render_repository

    notebook = row(NOTEBOOK, "sums.ipynb", "Jupyter Notebook")
    found = {
        "commit.txt": render_commit(row(COMMIT), NONE),
        "commit_named.txt": render_commit(row(COMMIT), ALL),
        "commit_lines.txt": render_commit(row(COMMIT), replace(NONE, whole_rate=0)),
        "commit_several.txt": render_commit(row(SEVERAL), NONE),
        "issue.txt": render_issue(row(ISSUE), NONE),
        "issue_named.txt": render_issue(row(ISSUE.replace("closed", "open", 1)), ALL),
        "notebook_script.txt": render_file(notebook, replace(NONE, scripts_rate=1)),
        "parallel.txt": render_repository(side_by_side(), ALL),
    }
    return {name: one for name, one in found.items() if one is not None}


@pytest.mark.parametrize("name", sorted(rendered()))
def test_golden(name: str) -> None:
    """Renewed on purpose only: python tests/train/test_renderers_history.py"""
    assert rendered()[name].text == (GOLDEN / name).read_text(encoding="utf-8")


def test_all_formats_have_a_golden_file() -> None:
    assert len(rendered()) == 8


def test_a_commit_shows_its_changes_with_lines_around_them() -> None:
    lines = [f" {number}\n" for number in range(100)]
    lines[50:51] = ["-old\n", "+new\n"]
    lines[60:61] = ["+more\n"]
    whole = sides(lines, None)
    assert whole[0].count("\n") == 99
    before, after = sides(lines, 3)
    assert before == "47\n48\n49\nold\n" + "".join(f"{number}\n" for number in range(51, 59)) + "60\n61\n62\n"
    assert after.startswith("47\n48\n49\nnew\n51\n")
    assert sides(lines, 0)[0].startswith("old\n51")
    assert sides(lines[:50], 3) == ("".join(f"{number}\n" for number in range(50)),) * 2


def test_whole_files_and_contexts_come_as_often_as_they_should() -> None:
    body = COMMIT.replace("3a7f00", "{}")
    found = [
        render_commit(row(body.replace("{}", f"{number:06x}")), RenderConfig(path_rate=0)) for number in range(2_000)
    ]
    n_lines = Counter(one.parts[one.parts.index(COMMIT_BEFORE) + 1].count("\n") for one in found if one)
    n_whole = n_lines.pop(62)
    assert n_whole / 2_000 == pytest.approx(0.2, abs=0.03)
    few = [lines for lines, _ in n_lines.items()]
    assert max(few) <= MAX_CONTEXT_LINES + 3
    assert len(few) >= MAX_CONTEXT_LINES


def test_tokens_are_three_and_text_that_spells_them_is_text() -> None:
    found = render_commit(row(COMMIT.replace("line 59", "<commit_after>")), NONE)
    assert found is not None
    assert [part for part in found.parts if isinstance(part, Special)] == [COMMIT_BEFORE, COMMIT_MESSAGE, COMMIT_AFTER]


@pytest.mark.parametrize("content", ["", "x = 1\n", "commit 3a7f\n\n    Message alone\n", "issue 1 open\ntitle A\n"])
def test_what_is_neither_is_left_out_and_counted(content: str, tmp_path: Path) -> None:
    assert render_commit(row(content), ALL) is None
    assert render_issue(row(content), ALL) is None
    run = make_run(tmp_path / "run", [row(content)])
    for manner in ("commits", "issues"):
        (one,) = rendered_run(manner, run, ALL, tmp_path / "scratch")  # type: ignore[arg-type]
        assert one.n_characters == 0


@pytest.mark.parametrize(
    ("name", "mark"), [("python", "# a"), ("Scala", "// a"), ("haskell", "-- a"), ("R", "# a"), ("matlab", "% a")]
)
def test_words_are_comments_of_the_notebook_s_language(name: str, mark: str) -> None:
    cells = [{"cell_type": "markdown", "source": "a\n\nb"}]
    script = script_of(json.dumps({"cells": cells, "metadata": {"kernelspec": {"language": name}}}))
    assert script is not None
    assert script.split("\n")[1] == mark


@pytest.mark.parametrize(
    "content", ["", "[1]", "{}", '{"cells": [{"cell_type": "code", "source": " "}]}', "[" * 100_000]
)
def test_what_is_no_notebook_is_no_script(content: str) -> None:
    assert script_of(content) is None
    config = replace(NONE, scripts_rate=1)
    assert render_file(row(content, "a.ipynb", "Jupyter Notebook"), config).text == content


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("python/search/binary_search.py", "Python"), ("java/src/search/BinarySearch.java", "Java")),
        (("Task/Bubble-sort/Python/bubble-sort-1.py", "Python"), ("Task/Bubble-sort/Go/bubble-sort-1.go", "Go")),
        (("go/trie/main.go", "Go"), ("rust/trie/src/main.rs", "Rust")),
        (("examples/py/hello_py.py", "Python"), ("examples/cpp/hello.cpp", "C++")),
    ],
)
def test_counterparts_have_one_key(one: tuple[str, str], other: tuple[str, str]) -> None:
    assert path_key(*one) == path_key(*other) is not None


@pytest.mark.parametrize(
    ("path", "language"),
    [
        ("web/user.js", "JavaScript"),
        ("src/main/App.java", "Java"),
        ("python/main.py", "Python"),
        ("Materials/Node/block.ts", "TypeScript"),  # a folder that names another language
        ("ts/block.d.ts", "TypeScript"),
        ("html/page.html", "HTML"),
    ],
)
def test_paths_that_do_not_tell_their_language_or_nothing_else_have_no_key(path: str, language: str) -> None:
    assert path_key(path, language) is None


def test_what_differs_or_is_one_language_stays_alone(tmp_path: Path) -> None:
    other = "class BinarySearch { void draw(Canvas canvas) { canvas.paint(Color.RED, shape, border, margin); } }"
    rows = [
        row(PYTHON, "python/search/binary_search.py", "Python"),
        row(other, "java/search/BinarySearch.java", "Java"),
        row(PYTHON + "#", "c/tree.h", "C"),
        row(PYTHON + "##", "cpp/tree.cpp", "C++"),
        row(PYTHON, "python/web/page.py", "Python"),
        row("<p>" + PYTHON, "html/web/page.html", "HTML"),
        row(JAVA, "loose/A.java", "Java"),
    ]
    assert [len(group) for group in counterparts(rows, ALL)] == [1] * 7
    run = make_run(tmp_path / "run", [*rows, row(JAVA, "jvm/web/page.java", "Java")])
    found = list(rendered_run("parallel", run, NONE, tmp_path / "scratch"))
    assert sorted(max(1, len(one.files)) for one in found) == [1] * 6 + [2]


def test_each_language_comes_first_at_times() -> None:
    rows = [row(text, path, "Python" if path.endswith("py") else "Java") for path, text in SEARCH.items()]
    firsts = Counter(next(iter(counterparts(rows, replace(ALL, seed=seed))))[0]["language"] for seed in range(200))
    assert firsts["Python"] == pytest.approx(100, abs=25)


if __name__ == "__main__":
    for name, one in rendered().items():
        (GOLDEN / name).write_text(one.text, encoding="utf-8")
