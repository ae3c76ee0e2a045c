"""Words that offend: a small list for English and one for Chinese, and how texts are searched for them.

The lists are a beginning and hold the plainest words only: what offends where depends on the data, so a user brings a
list of their own, a term a line. A term that begins or ends with an ASCII letter or digit must begin or end a word
there; terms of other scripts count wherever they stand. ASCII letters count in either case.
"""

from __future__ import annotations

import re
from functools import cache
from itertools import pairwise
from typing import Any

import hyperscan
import numpy as np
import pyarrow as pa

from analyzers.automaton import automaton
from analyzers.buffers import Text, offsets_and_bytes
from analyzers.text import codepoints
from analyzers.text.codepoints import ALNUM, byte_at, point_at, width_at
from analyzers.text.kernel import kernel

LEXICONS: dict[str, tuple[str, ...]] = {
    "en": (
        "asshole", "assholes", "bastards", "bitch", "bitches", "blowjob", "bullshit", "cocksucker", "cunt", "cunts",
        "dickhead", "faggot", "faggots", "fuck", "fucked", "fucker", "fuckers", "fucking", "kike", "milf",
        "motherfucker", "motherfucking", "nigger", "niggers", "porn", "porno", "pornography", "pussy", "retards",
        "shit", "shitty", "slut", "sluts", "spic", "tits", "twat", "wank", "wanker", "whore", "whores",
    ),
    "zh": (
        "傻逼", "傻屄", "操你", "肏", "他妈的", "你妈逼", "妈逼", "草泥马", "婊子", "妓女", "鸡巴", "贱人", "王八蛋",
        "狗娘养", "滚你妈", "色情", "淫荡", "裸聊", "成人电影", "一夜情",
    ),
}  # fmt: skip


def check_terms(terms: tuple[str, ...]) -> None:
    """ValueError where a term is empty or holds a line end."""
    for term in terms:
        if not term.strip() or "\n" in term:
            raise ValueError(f"{term!r} is no term of a lexicon: each is one line, and not empty")


@cache
def _engine(terms: tuple[str, ...]) -> Any:
    expressions = []
    for term in terms:
        head, tail = (r"\b" if re.match(r"[0-9A-Za-z]", edge) else "" for edge in (term[0], term[-1]))
        body = "".join(re.escape(c) if c.isascii() else "".join(f"\\x{b:02x}" for b in c.encode()) for c in term)
        expressions.append(f"{head}{body}{tail}".encode())
    return automaton(expressions, flags=hyperscan.HS_FLAG_CASELESS)


def lexicon_rates(content: Text, terms: tuple[str, ...]) -> np.ndarray:
    """Occurrences of terms per 1,000 words of each row, float64; 0 for a row without words.

    Terms that end at one place count once. A word is a run of letters, digits and underscores, or one Han character.
    """
    rates = np.zeros(len(content))
    if not terms:
        return rates
    check_terms(terms)
    offsets, data = offsets_and_bytes(content)
    view, engine, ends = data.data, _engine(terms), set[int]()

    def note(_term: int, _start: int, end: int, _flags: int, _context: object) -> None:
        ends.add(end)

    for row, (start, end) in enumerate(pairwise(offsets.tolist())):
        engine.scan(view[start:end], match_event_handler=note)
        if ends:
            rates[row] = 1000 * len(ends) / max(_count_words(data, start, end, codepoints.classes()), 1)
            ends.clear()
    return rates


@kernel
def _count_words(data, start, end, classes):
    """Words of data[start:end]."""
    n_words, in_word = 0, False
    i = start
    while i < end:
        b = byte_at(data, i)
        point = int(b) if b < 0x80 else point_at(data, i, end)
        is_han = 0x3400 <= point <= 0x9FFF or 0xF900 <= point <= 0xFAFF or 0x20000 <= point <= 0x3FFFF
        is_word = point == 95 or (classes[np.uint64(point)] & ALNUM) != 0
        n_words += is_han or (is_word and not in_word)
        in_word = is_word and not is_han
        i += width_at(data, i)
    return n_words


def mark_test_virus(content: Text) -> pa.BooleanArray:
    """Whether a row holds the EICAR test string, which every virus scanner raises an alarm at; null for null."""
    offsets, data = offsets_and_bytes(content)
    view, engine = data.data, _eicar()
    found = np.zeros(len(content), np.bool_)
    for row, (start, end) in enumerate(pairwise(offsets.tolist())):
        engine.scan(view[start:end], match_event_handler=lambda *_, row=row: found.__setitem__(row, True))
    return pa.array(found, mask=content.is_null().to_numpy(zero_copy_only=False))


@cache
def _eicar() -> Any:
    pieces = ("X5O!P%@AP[4\\PZX54(P^)7CC)7}$", "EICAR-STANDARD-", "ANTIVIRUS-TEST-FILE!$H+H*")
    # in pieces, so that no scanner takes this file for one
    return automaton([re.escape("".join(pieces)).encode()])
