"""Bytes that are neither UTF-8 nor UTF-16: which encoding they are in, as chardetng (Firefox's detector) judges it.

Why that library: on 1,350 texts (real Python lines with real translated sentences as comments, 1 % to 90 % of the bytes
outside ASCII; benchmarks/legacy_encodings.py) the share decoded to the very text and the time a file were

    chardetng-py 0.3.5 .999, 0.5 ms        chardet 7.7.0 .993, 1.7 ms
    faust-cchardet 3.2.0 .924, 0.6 ms      charset-normalizer 3.5.2 .776, 0.7 ms

on one shared core, with 1.000 for GB18030, Big5, EUC-JP, EUC-KR, windows-1250 and -1252 and KOI8-R, and .993 for
Shift_JIS and windows-1251; what fails has a handful of characters outside ASCII.
Known gap: text in Baltic encodings is often named windows-1250, and ISO-2022-JP is ASCII to every test here.
"""

from __future__ import annotations

import re

import chardetng_py
import numpy as np

SHOWN_BYTES = 65_536  # what the detector gets to see of a file, at most: what it costs must not grow with the file
MAX_SUSPICIOUS_FRACTION = 0.05  # of the characters that aren't ASCII

# chardetng's name: Python's codecs in the order to try, each with the name that goes into the `encoding` column.
_CODECS: dict[str, tuple[tuple[str, str], ...]] = {
    "gb18030": (("gb18030", "GB18030"),),
    "big5": (("cp950", "Big5"), ("big5hkscs", "Big5-HKSCS")),
    "shift_jis": (("cp932", "Shift_JIS"),),
    "euc-jp": (("euc_jp", "EUC-JP"),),
    "euc-kr": (("cp949", "EUC-KR"),),
    "windows-1252": (("cp1252", "windows-1252"),),
}

_NOT_ASCII = re.compile(rb"[\x80-\xff]")
_BOUNDARIES = (b"\n", b" ", b"\t", b",", b'"', b";")  # never the second byte of a character in any encoding here


def decode_legacy(data: bytes) -> tuple[str, str] | None:
    """Text and name of the encoding, None where no encoding gives text.

    Refused rather than turned into mojibake: UTF-8 with a few broken bytes, and text in which more than
    MAX_SUSPICIOUS_FRACTION of the characters outside ASCII are controls, private use or replacements.
    """
    shown = non_ascii_lines(data)
    if _is_broken_utf8(shown):
        return None
    guess = chardetng_py.detect(shown)
    for codec, name in _CODECS.get(guess.lower(), ((guess, guess),)):
        try:
            text = data.decode(codec)
        except (LookupError, UnicodeDecodeError):
            continue
        if _is_suspicious(text):
            continue
        if name == "windows-1252" and not re.search(rb"[\x80-\x9f]", data):
            return text, "ISO-8859-1"  # the bytes in which the two differ do not occur
        return text, name
    return None


def non_ascii_lines(data: bytes, limit_bytes: int = SHOWN_BYTES) -> bytes:
    """The lines that hold a byte outside ASCII, up to a limit: what a detector needs to see of source code.

    The cut at the limit falls on a byte that is part of no double-byte character, where there is one.
    """
    lines: list[bytes] = []
    size = position = 0
    while size < limit_bytes and (found := _NOT_ASCII.search(data, position)):
        start = data.rfind(b"\n", position, found.start()) + 1 or position
        end = data.find(b"\n", found.start()) + 1 or len(data)
        lines.append(data[start:end])
        size += len(lines[-1])
        position = end
    shown = b"".join(lines)
    if len(shown) <= limit_bytes:
        return shown
    cut = max(shown.rfind(mark, 0, limit_bytes) for mark in _BOUNDARIES) + 1
    return shown[: cut or limit_bytes]


def _is_broken_utf8(shown: bytes) -> bool:
    """Whether most of the characters outside ASCII are good UTF-8, so that no other encoding can be meant."""
    text = shown.decode("utf-8", "replace")
    return not _is_suspicious(text, limit_fraction=0.5)


def _is_suspicious(text: str, limit_fraction: float = MAX_SUSPICIOUS_FRACTION) -> bool:
    """Whether C1 controls, private use and replacements are more than this share of the characters outside ASCII."""
    points = np.frombuffer(text.encode("utf-32-le"), np.uint32)
    foreign = points[points > 0x7F]
    suspicious = (foreign < 0xA0) | ((foreign >= 0xE000) & (foreign <= 0xF8FF)) | (foreign == 0xFFFD)
    return int(suspicious.sum()) > limit_fraction * len(foreign)
