"""Bytes to text: every encoding there and back, every refusal with its reason, and no bytes that raise."""

from __future__ import annotations

import random

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from analyzers.decode import LFS_POINTER, decode_batch, decode_one
from analyzers.legacy_encodings import non_ascii_lines

CODE = "int main(void) {{\n    // {}\n    return 0;\n}}\n"
REASONS = {"binary", "empty", "lfs_pointer", "undecodable"}

COMMENTS = {  # Python's codec: the name in the column, sentences as they stand in comments
    "gb18030": ("GB18030", "计算两个数组之间的距离，如果长度不同则返回错误代码。"),
    "big5": ("Big5", "計算兩個陣列之間的距離，如果長度不同則傳回錯誤代碼。"),
    "shift_jis": ("Shift_JIS", "二つの配列の間の距離を計算し、長さが違うときはエラーを返します。"),
    "euc_jp": ("EUC-JP", "二つの配列の間の距離を計算し、長さが違うときはエラーを返します。"),
    "euc_kr": ("EUC-KR", "두 배열 사이의 거리를 계산하고 길이가 다르면 오류를 반환합니다."),
    "latin-1": ("ISO-8859-1", "Berechnet die Länge für größere Übergaben, gibt sonst einen Fehler zurück."),
    "cp1252": ("windows-1252", "Calcule la distance – « déjà vérifiée » – entre deux tableaux, l’erreur renvoyée."),
    "cp1251": ("windows-1251", "Вычисляет расстояние между двумя массивами и возвращает ошибку."),
}


def column(*files: bytes | None) -> pa.LargeBinaryArray:
    return pa.array(files, pa.large_binary())


@pytest.mark.parametrize("codec", COMMENTS)
@pytest.mark.parametrize("n_code_lines", [0, 20, 400])
def test_legacy_encodings(codec: str, n_code_lines: int) -> None:
    name, sentence = COMMENTS[codec]
    text = "x = compute(y);\n" * n_code_lines + CODE.format(sentence)
    assert decode_one(text.encode(codec)) == (text, name, None)


def test_a_batch_of_everything() -> None:
    chinese = CODE.format(COMMENTS["gb18030"][1])
    rows = [
        (b"plain\n", "plain\n", "UTF-8", None),
        ("ü = 'größe'\r\n".encode(), "ü = 'größe'\r\n", "UTF-8", None),
        (None, None, None, "empty"),
        (b"", None, None, "empty"),
        (b"\xef\xbb\xbfx\n", "x\n", "UTF-8-SIG", None),
        (b"\xef\xbb\xbf", None, None, "empty"),
        (chinese.encode("gb18030"), chinese, "GB18030", None),
        (chinese.encode("utf-16"), chinese, "UTF-16LE", None),
        (b"\xfe\xff" + chinese.encode("utf-16-be"), chinese, "UTF-16BE", None),
        (chinese.encode("utf-16-le"), chinese, "UTF-16LE", None),
        (chinese.encode("utf-16-be"), chinese, "UTF-16BE", None),
        (chinese.encode("utf-32"), chinese, "UTF-32LE", None),
        (b"\xff\xfe\x00", None, None, "undecodable"),
        (b"x\x00y", None, None, "binary"),
        (b"\xef\xbb\xbf" + b"long enough for one NUL to be no share worth a word " * 4 + b"\x00", None, None, "binary"),
        (b"\x89PNG\r\n\x1a\n", None, None, "binary"),
        (b"%PDF-1.4 all of it text", None, None, "binary"),
        (b"\x01\x02\x03 few letters", None, None, "binary"),
        (bytes(range(1, 256)) * 4, None, None, "binary"),
        (LFS_POINTER + b"\noid sha256:0\nsize 1\n", None, None, "lfs_pointer"),
        (("déjà vu " * 9).encode() + b"\xe9t\xe9", None, None, "undecodable"),
        (b"colour \x1b[31mred\x1b[0m\f\n", "colour \x1b[31mred\x1b[0m\f\n", "UTF-8", None),
    ]
    decoded = decode_batch(column(b"dropped", *(row[0] for row in rows))[1:])
    assert decoded.content.type == pa.large_string()
    found = zip(decoded.content.to_pylist(), decoded.encoding.to_pylist(), decoded.refused.to_pylist(), strict=True)
    assert list(found) == [row[1:] for row in rows]
    decoded.content.validate(full=True)


def test_a_file_that_begins_like_a_pointer_is_read_when_it_is_long() -> None:
    long = (LFS_POINTER + b"\n").ljust(1_024, b"x")
    assert decode_one(long) == (long.decode(), "UTF-8", None)
    assert decode_batch(column(long)).content.to_pylist() == [long.decode()]
    assert decode_one(long[:-1]) == (None, None, "lfs_pointer")


def test_all_utf8_is_not_copied() -> None:
    raw = column("größe".encode(), b"x = 1\n")
    decoded = decode_batch(raw)
    assert decoded.content.buffers()[2].address == raw.buffers()[2].address


def test_private_use_in_number_is_no_text() -> None:
    sentence = COMMENTS["gb18030"][1].encode("gb18030")
    assert decode_one((sentence + b"\n") * 4 + b"\xfe\x51 ")[1] == "GB18030"
    assert decode_one((sentence + b"\n") * 4 + b"\xfe\x51 " * 12) == (None, None, "undecodable")


def test_an_empty_batch() -> None:
    decoded = decode_batch(column())
    assert (len(decoded.content), len(decoded.encoding), len(decoded.refused)) == (0, 0, 0)


@given(st.lists(st.one_of(st.none(), st.binary(max_size=60), st.text(max_size=30).map(str.encode)), max_size=8))
def test_any_bytes_are_text_or_refused(files: list[bytes | None]) -> None:
    decoded = decode_batch(column(*files))
    columns = (decoded.content, decoded.encoding, decoded.refused)
    for data, text, encoding, reason in zip(files, *(values.to_pylist() for values in columns), strict=True):
        assert reason in (REASONS if text is None else {None})
        assert (text is None) == (encoding is None)
        assert (text, encoding, reason) == decode_one(data or b"")
        assert text is None or ("\x00" not in text and text != "")


PRINTABLE = st.text(st.characters(exclude_categories=("Cs", "Cc"), exclude_characters="\ufeff"), min_size=1)


@given(PRINTABLE, st.sampled_from([("utf-8", "UTF-8"), ("utf-8-sig", "UTF-8-SIG"), ("utf-16", "UTF-16LE")]))
def test_unicode_there_and_back(text: str, codec: tuple[str, str]) -> None:
    data = text.encode(codec[0])
    assume(not text.startswith(("%PDF-", "GIF8", "PK\x03", "BZh9", "wOF", "OggS", "PAR1", "!<arch>")))
    assume(not data.startswith(b"\xff\xfe\x00\x00"))  # no text begins with U+0000
    assert decode_one(data) == (text, codec[1], None)


@given(st.text(st.characters(min_codepoint=32, max_codepoint=126), min_size=1), st.sampled_from(["le", "be"]))
def test_utf16_without_a_mark(text: str, order: str) -> None:
    assert decode_one(text.encode(f"utf-16-{order}")) == (text, f"UTF-16{order.upper()}", None)


@given(st.integers(0, 2**32 - 1), st.integers(600, 5_000))
def test_noise_is_not_text(seed: int, length: int) -> None:
    text, _, reason = decode_one(np.random.default_rng(seed).bytes(length))
    assert text is None
    assert reason in {"binary", "undecodable"}


def test_the_detector_sees_the_lines_that_matter_and_no_more() -> None:
    line = "// 计算两个数组之间的距离\n".encode("gb18030")
    data = b"int x;\n" * 1_000 + line + b"int y;\n" * 1_000 + line
    assert non_ascii_lines(data) == line * 2
    assert non_ascii_lines(line * 3 + b"z\n") == line * 3
    assert non_ascii_lines(b"plain\n") == b""
    assert non_ascii_lines("é".encode("latin-1")) == b"\xe9"


@given(st.integers(1, 400))
def test_the_cut_splits_no_character(limit: int) -> None:
    data = ("计算两个数组之间的距离," * 40).encode("gb18030")
    shown = non_ascii_lines(data, limit)
    assert len(shown) <= limit
    assert limit < 24 or shown.decode("gb18030").endswith(",")


def test_a_long_file_is_judged_by_its_part() -> None:
    rng = random.Random(1)
    sentence = COMMENTS["gb18030"][1]
    text = "".join(rng.choice((f"// {sentence}\n", "x = compute(y);\n")) for _ in range(20_000))
    assert decode_one(text.encode("gb18030")) == (text, "GB18030", None)
    assert len(non_ascii_lines(text.encode("gb18030"))) <= 65_536
