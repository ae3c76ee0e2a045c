"""Tokens against regular expressions on any bytes, and what counts as the same token."""

from __future__ import annotations

import numpy as np
import plain_definitions as plain
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from plain_definitions import BYTES, TOKENIZERS

from dedup.tokens import Tokenizer, tokenize


def texts_of(raw: bytes, tokenizer: Tokenizer) -> list[bytes]:
    found = tokenize(plain.column(raw), tokenizer)
    return [raw[start:end] for start, end in zip(found.starts, found.ends, strict=True)]


@pytest.mark.parametrize(
    ("text", "whole", "split"),
    [
        ("parseJson(x_1)", "parseJson x_1", "parse Json x 1"),
        ("HTTPServer getURL2Go ABC", "HTTPServer getURL2Go ABC", "HTTP Server get URL2 Go ABC"),
        ("utf8 x86Asm 3.14 0xFF", "utf8 x86Asm 3 14 0xFF", "utf8 x86 Asm 3 14 0x FF"),
        ("__init__ _", "__init__ _", "init"),
        ("a中文b été привет", "a 中 文 b été привет", "a 中 文 b été привет"),
        ("한글 カナ 𠀀𠀁 😀", "한 글 カ ナ 𠀀 𠀁 😀", "한 글 カ ナ 𠀀 𠀁 😀"),
        ("", "", ""),
        ("\0\t\r\n+-*/", "", ""),
    ],
)
def test_what_a_token_is(text: str, whole: str, split: str) -> None:
    assert texts_of(text.encode(), Tokenizer()) == whole.encode().split()
    assert texts_of(text.encode(), Tokenizer(split_identifiers=True)) == split.encode().split()


@given(st.lists(BYTES, max_size=4), TOKENIZERS, st.integers(0, 2))
def test_any_bytes_as_regular_expressions_have_them(texts: list[bytes], tokenizer: Tokenizer, first: int) -> None:
    content = plain.column(*texts).slice(first)
    found = tokenize(content, tokenizer)
    assert len(found.offsets) == len(content) + 1
    for row, text in enumerate(texts[first:]):
        here = slice(found.offsets[row], found.offsets[row + 1])
        spans = zip(found.starts[here], found.ends[here], strict=True)
        assert [text[start:end] for start, end in spans] == plain.tokens(text, tokenizer)


@given(BYTES, TOKENIZERS)
def test_equal_hashes_are_equal_tokens(text: bytes, tokenizer: Tokenizer) -> None:
    hashes = tokenize(plain.column(text), tokenizer).hashes.tolist()
    written = [token.lower() if tokenizer.lower else token for token in plain.tokens(text, tokenizer)]
    assert len({*zip(hashes, written, strict=True)}) == len(set(hashes)) == len(set(written))


def test_long_tokens_differ_by_a_byte_anywhere_and_by_order() -> None:
    """A hash that only rotates would forget what stands 64 bytes apart."""
    base = bytes(range(97, 123)) * 20
    others = [base[:i] + b"0" + base[i + 1 :] for i in range(0, 512, 3)]
    swapped = [
        base[:i] + base[i + 64 : i + 65] + base[i + 1 : i + 64] + base[i : i + 1] + base[i + 65 :] for i in range(9)
    ]
    floods = [bytes([letter]) * n for letter in b"abc" for n in (64, 128, 256, 1024)]
    hashes = tokenize(plain.column(base, *others, *swapped, *floods)).hashes
    assert len(np.unique(hashes)) == 1 + len(others) + len(swapped) + len(floods)


def test_a_null_row_is_empty_and_other_types_are_refused() -> None:
    assert tokenize(pa.array(["a b", None, "c"], pa.large_string())).offsets.tolist() == [0, 2, 2, 3]
    assert tokenize(pa.array([], pa.large_string())).offsets.tolist() == [0]
    with pytest.raises(TypeError, match="cast it first"):
        tokenize(pa.array(["a"]))


def test_names_tell_the_options_apart() -> None:
    names = {Tokenizer(lower=low, split_identifiers=split).name for low in (False, True) for split in (False, True)}
    assert len(names) == 4
