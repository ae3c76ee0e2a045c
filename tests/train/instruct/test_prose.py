"""What comments say: words without tags and markup, and what specifies beside them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from train.instruct.prose import description, specification

JAVADOC = """Checks {@code x} of {@link Foo#bar the bar}, if &lt; 2.

<p>More in <tt>y</tt>:
<ul>
  <li>one
</ul>

@param a  the a
          and more of it
@return b
@since 1.2
@author me"""


@pytest.mark.parametrize(
    ("language", "comment", "words", "all_of_it"),
    [
        (
            "Java", JAVADOC, "Checks `x` of `Foo#bar`, if < 2.\n\nMore in `y`:\n\n- one",
            "Checks `x` of `Foo#bar`, if < 2.\n\nMore in `y`:\n\n- one\n\n@param a  the a\n          and more of it\n"
            "@return b",
        ),
        ("TypeScript", "@since 2.0.0\n@category models", "", ""),
        ("JavaScript", "@description Opens it.\n@private\nstill private", "Opens it.", "Opens it."),
        (
            "PHP", "Gets it.\n\n@since 4.7\n\n@param int $a Why.\n@access private", "Gets it.",
            "Gets it.\n\n@param int $a Why.",
        ),
        ("C++", "\\brief Sums up.\n\\param x the x\n\\ingroup sums", "Sums up.", "Sums up.\n\\param x the x"),
        ("C++", "A <data type>.", "A <data type>.", "A <data type>."),
        ("C#", "<summary>\nSums <see cref=\"T:X.Y\"/> up.\n</summary>", "Sums `X.Y` up.", "Sums `X.Y` up."),
        ("Ruby", ":call-seq:\n  row.push(*v) -> self\n\nAppends +v+ to a + b.", "Appends `v` to a + b.", None),
        ("Haskell", "All of @a@ and of\n@b@ are\n@since 2", "All of @a@ and of\n@b@ are", None),
        ("Python", "So:\n\n    @cached\n    def f(): ...\n\n@author me", "So:\n\n    @cached\n    def f(): ...", None),
        ("Haskell", "| /O(n)/. Folds it.", "/O(n)/. Folds it.", None),
        (
            "Python", "Do :class:`~a.B` with ``c``.\n\n:param x: the x\n  and more\n:rtype: int\n\n"
            ".. versionadded:: 2\n   new\n\nEnd.",
            "Do `a.B` with `c`.\n\nEnd.",
            "Do `a.B` with `c`.\n\n:param x: the x\n  and more\n:rtype: int\n\nEnd.",
        ),
        ("Python", "Title.\n\nParameters\n----------\nx : int", "Title.\n\nParameters\n----------\nx : int", None),
        ("C", "=======\n  Adds.\n\n\n\n    more\n*******", "Adds.\n\n  more", None),
        ("Python", "计算总和。\n\n:param x: 数", "计算总和。", "计算总和。\n\n:param x: 数"),
        ("Java", "", "", ""),
    ],
)  # fmt: skip
def test_comments(language: str, comment: str, words: str, all_of_it: str | None) -> None:
    assert description(comment, language) == words
    assert specification(comment, language) == (words if all_of_it is None else all_of_it)


@given(comment=st.text(alphabet="ab @:\\`{}<>/\n|+.-", max_size=60), language=st.sampled_from(("Java", "Ruby", "C")))
def test_no_comment_breaks_it_and_words_are_no_more_than_there_were(comment: str, language: str) -> None:
    found = description(comment, language)
    assert found == found.strip()
    assert len(description(found, language)) <= len(found) <= len(comment) + comment.count("<")
