"""Groups `prose` and `html`: against the patterns of the docstring, and against pages worked by hand."""

from __future__ import annotations

import re

import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from analyzers.text.html import MAX_DEPTH
from analyzers.text.measure import measure
from analyzers.text.prose import BULLETS

SENTENCE = re.compile(r"\w.*?(?:[.!?…]+(?=\s|\Z)|[。！？]+|\Z)", re.DOTALL)
LINK_OR_TAG = re.compile(r"\(https?://[^()\s]*\)|</?[A-Za-z][^<>]*>")
PIECES = st.sampled_from(
    ["a", "Go", ".", "...", "!?", "。", "！", "…", " ", "\n", "\r\n", "\r", "\u3000", "3.14", "(http://x.y)", "(https://",
     "(", ")", "<p>", "</b >", "<", ">", "<1>", "- ", "* ", "•", "–", "-", "é", "_", "(httpx://)", "<a<b>"]
)  # fmt: skip
TEXTS = st.lists(PIECES, max_size=40).map("".join) | st.text(max_size=60)


def signals(text: str, group: str = "prose", language: str = "Text") -> dict[str, float | None]:
    columns = measure(pa.array([text], pa.large_string()), [language], frozenset({group}))
    return {name: column[0].as_py() for name, column in columns.items()}


def expected(text: str) -> dict[str, float]:
    sentences = SENTENCE.findall(text)
    lines = [line.strip() for line in re.split("\r\n|\n|\r", text)]
    lines = [line for line in lines if line]
    bullets = tuple(map(chr, BULLETS))
    return {
        "n_sentences": len(sentences),
        "mean_sentence_chars": sum(map(len, sentences)) / max(len(sentences), 1),
        "ellipsis_line_fraction": sum(line.endswith(("...", "…")) for line in lines) / max(len(lines), 1),
        "bullet_line_fraction": sum(line.startswith((*bullets, "- ", "* ")) for line in lines) / max(len(lines), 1),
        "link_tag_fraction": sum(map(len, LINK_OR_TAG.findall(text))) / max(len(text), 1),
    }


@settings(deadline=None)
@given(TEXTS)
@example("")
@example("(http://a(http://b)")
@example("a. b.c d.")
@example("ab.。c")
def test_any_text_is_measured_as_the_patterns_do(text: str) -> None:
    assert signals(text) == expected(text)


def test_worked_example() -> None:
    got = signals("See example.org now. It costs 3.14...\n- 好的。很好\n<b>\n")
    assert got["n_sentences"] == 4
    assert got["ellipsis_line_fraction"] == got["bullet_line_fraction"] == 1 / 3
    assert got["link_tag_fraction"] == 3 / 50


@pytest.mark.parametrize(
    "text", ["<a" * 400_000, "(http://" * 100_000, "<" * 1_000_000, "." * 1_000_000, "a" * 1_000_000]
)
def test_openings_that_never_close_end(text: str) -> None:
    assert signals(text)["link_tag_fraction"] == 0


@pytest.mark.parametrize(
    ("page", "visible"),
    [
        ("", ""),
        ("plain", "plain"),
        ("<p>one  <b>two</b>\n</p>", "one two"),
        ("<title>t</title><body>x<script>if (a<b) y()</script><style>p{}</style><!-- c -->z", "x z"),
        ("<body><noscript>n</noscript><template>t</template>&amp;é", "&é"),
        ("<p unclosed", ""),
    ],
)
def test_visible_text(page: str, visible: str) -> None:
    got = signals(page, "html", "HTML")
    assert got["html_visible_chars"] == len(visible)
    assert got["html_visible_fraction"] == len(visible) / max(len(page), 1)


@pytest.mark.parametrize("language", ["Vue", "Jinja", "XML", "Python"])
def test_other_languages_have_no_visible_text(language: str) -> None:
    assert set(signals("<p>x", "html", language).values()) == {None}


def test_a_page_nested_too_deep_has_none() -> None:
    page = "<div>" * (MAX_DEPTH + 1) + "text"
    assert signals(page, "html", "HTML")["html_visible_chars"] == 0
    assert signals(page.removeprefix("<div>"), "html", "HTML")["html_visible_chars"] == 4


def test_depth_counts_neither_void_elements_nor_scripts() -> None:
    page = "<br><p>" * 2000 + "<script>" + "if (i<n) " * 2000 + "</script><div></div>" * 2000 + "text"
    assert signals(page, "html", "HTML")["html_visible_chars"] == 4
