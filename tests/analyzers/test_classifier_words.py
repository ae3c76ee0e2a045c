"""What a classifier sees of a file, and that its answer is fastText's."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from fasttext.FastText import _FastText
from hypothesis import given
from hypothesis import strategies as st

from analyzers import classifier
from analyzers.classifier_tokens import MOST_BYTES, lines_of
from curate.classifier_fit import fit


def column(*texts: str | None) -> pa.LargeStringArray:
    return pa.array(texts, pa.large_string())


FORMS = {
    "": "",
    "   \n": "|-",
    "x": "|a x",
    "if a_1 == 12.5:\n\treturn $b\n": "|a if a_1 == 0 . 0 : |c return $b",
    "#######\n\n    y": "|a ### |- |c y",
    "a\r\n  b\0c\x7fd": "|a a |b b c d",
    "é中文x": "|a é 中 文 x",
    "</s> __label__a |=high |a": "|a < / s > __label__a | = high | a",
    " " * 200 + "deep": "|z deep",
    "w" * 50: "|a " + "w" * 40,
}


def test_words_are_those_of_the_table() -> None:
    assert [line.decode() for line in lines_of(column(*FORMS, None))] == [*FORMS.values(), ""]


def test_a_slice_has_the_words_of_its_rows() -> None:
    whole = lines_of(column(*FORMS))
    assert lines_of(column(*FORMS).slice(3, 4)) == whole[3:7]


def test_a_long_file_is_cut_between_characters() -> None:
    for before in range(4):
        line = lines_of(column("a" * before + " " + "中" * MOST_BYTES))[0].decode()
        assert line.count("中") == (MOST_BYTES - before - 1) // 3


@given(st.text(st.sampled_from("|=-_/<s>a0 \t\n\r\0é中\u2028\x85$#"), max_size=60))
def test_no_text_makes_a_label_an_end_or_a_blank(text: str) -> None:
    words = lines_of(column(text))[0].decode().split(" ")
    assert all(word and not set(word) & set(" \t\n\v\f\r\0") for word in words) or words == [""]
    assert not [word for word in words if word.startswith((classifier.LABEL_PREFIX, "</s>"))]
    assert all(len(word) == 2 for word in words if word.startswith("|") and word.strip("|"))


def corpus() -> list[str]:
    """Texts of two kinds, with odd ones among them, but for what a fastText model on disk takes for a label."""
    chosen = random.Random(0)
    kinds = (["alpha", "beta", "(", "==", "中"], ["gamma", "delta", "[", "+", "é"])
    return [" ".join(chosen.choices(kinds[n % 2] + ["x", "\n  "], k=30)) for n in range(120)] + [
        text for text in FORMS if "__label__" not in text
    ]


@pytest.mark.parametrize("n_grams", [1, 2, 4])
def test_the_answer_is_that_of_fasttext(n_grams: int, tmp_path: Path) -> None:
    texts = corpus()
    lines = [line.decode() for line in lines_of(column(*texts))]
    labelled = [f"|={'high' if n % 2 else 'low'} {line}\n" for n, line in enumerate(lines)]
    (tmp_path / "text").write_text("".join(labelled), encoding="utf-8")
    settings = {"lr": 0.5, "epoch": 5, "dim": 4, "wordNgrams": n_grams, "bucket": 1000, "minCount": 2, "label": "|="}
    fit(tmp_path / "text", tmp_path / "model", settings)
    model = _FastText(str(tmp_path / "model"))
    answers = [dict(zip(*model.predict(line, k=2), strict=True)) for line in lines]
    scores = classifier.read(tmp_path / "model").scores(column(*texts))
    assert np.allclose(scores, [one["|=high"] for one in answers], atol=3e-5)
    assert np.ptp(scores) > 0.5


def test_another_model_is_refused(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("|=a one\n|=b two\n" * 9, encoding="utf-8")
    fit(tmp_path / "text", tmp_path / "model", {"minCount": 1, "label": "|=", "bucket": 10})
    with pytest.raises(ValueError, match="no classifier made by"):
        classifier.read(tmp_path / "model")
