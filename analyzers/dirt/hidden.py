"""What a reader does not see: bidirectional controls, invisible characters, hidden payloads, look-alike letters.

Sources: "Trojan Source" (Boucher and Anderson, 2021; CVE-2021-42574 and -42694), with GCC's reading of it
(-Wbidi-chars=unpaired: what is still open at the end of a line); Unicode's confusables.txt (UTS 39) for the letters. A
file that is all ASCII costs one look at its bytes.
"""

from __future__ import annotations

from functools import cache

import numpy as np

from analyzers.text import codepoints
from analyzers.text.codepoints import byte_at, point_at, width_at
from analyzers.text.kernel import kernel

NAMES = ("n_bidi_controls", "n_unpaired_bidi", "n_invisible", "n_hidden", "n_private_use", "n_confusable_words")
"""The rows of measure_hidden's output."""

LOOK_ALIKES = (
    "ЅІЈАВЕКМНОРСТУХЬагеорсухѕіјѡѴѵҮүһҽӀӏԁԌԛԜԝꙇ"  # Cyrillic
    "ͿΑΒΕΖΗΙΚΜΝΟΡΤΥΧοϜϲϳϹϺ"  # Greek, without the small letters that formulas are written with
    "ՍՏՕագզհոռսցքօ"  # Armenian
    "ᎠᎡᎢᎥᎩᎪᎫᎬᎳᎷᎻᎽᏀᏂᏃᏏᏒᏔᏕᏙᏚᏞᏟᏢᏦᏧᏳᏴꭵꮁꮃꮓꮩꮪꮯ"  # Cherokee
    "ⲅⲎⲒⲔⲘⲚⲞⲟⲢⲣⲤⲥⲦⲨⲬⳐ"  # Coptic
    "ꓐꓑꓒꓓꓔꓖꓗꓙꓚꓜꓝꓟꓠꓡꓢꓣꓦꓧꓪꓫꓬꓮꓰꓲꓳꓴ"  # Lisu
)
"""Letters of other scripts that confusables.txt takes for an ASCII letter each."""

_OTHER, _LETTER, _ALIKE, _EMBED, _POP_EMBED, _ISOLATE, _POP_ISOLATE = range(7)
_JOINER, _INVISIBLE, _TAG, _SELECTOR, _HAN_SELECTOR, _PRIVATE, _HAN = range(7, 14)
_FLAG = 0x1F3F4  # the black flag, which tags may follow

_RANGES: tuple[tuple[int, tuple[tuple[int, int], ...]], ...] = (
    (_HAN, ((0x3400, 0x9FFF), (0xF900, 0xFAFF), (0x20000, 0x3FFFF))),
    (_EMBED, ((0x202A, 0x202B), (0x202D, 0x202E))),
    (_POP_EMBED, ((0x202C, 0x202C),)),
    (_ISOLATE, ((0x2066, 0x2068),)),
    (_POP_ISOLATE, ((0x2069, 0x2069),)),
    (_JOINER, ((0x200B, 0x200F), (0x061C, 0x061C))),
    (_INVISIBLE, ((0x034F, 0x034F), (0x115F, 0x1160), (0x180E, 0x180E), (0x2060, 0x2064), (0x206A, 0x206F),
                  (0x3164, 0x3164), (0xFEFF, 0xFEFF), (0xFFA0, 0xFFA0))),
    (_TAG, ((0xE0000, 0xE007F),)),
    (_SELECTOR, ((0xFE00, 0xFE0F),)),
    (_HAN_SELECTOR, ((0xE0100, 0xE01EF),)),
    (_PRIVATE, ((0xE000, 0xF8FF), (0xF0000, 0x10FFFF))),
)  # fmt: skip


@cache
def kinds() -> np.ndarray:
    """What each of the 0x110000 code points is to the kernel (uint8, 1.1 MB)."""
    table = np.where(codepoints.classes() & codepoints.ALNUM, _LETTER, _OTHER).astype(np.uint8)
    for kind, ranges in _RANGES:
        for first, last in ranges:
            table[first : last + 1] = kind
    table[[ord(letter) for letter in LOOK_ALIKES]] = _ALIKE
    table.flags.writeable = False
    return table


@kernel
def _is_ascii(data, start, end):
    """Whether no byte is above 127; without a branch, so that it is vector code."""
    high = np.uint8(0)
    for i in range(start, end):
        high |= byte_at(data, i)
    return high < 0x80


@kernel
def _take_ascii(b, state, out, row):
    """An ASCII character: a word goes on or ends, a line ends. state: see measure_hidden."""
    if 97 <= (b | 32) <= 122:
        state[0] += 1
    elif not (48 <= b <= 57 or b == 95):
        out[5, row] += state[0] > 0 and state[1] > 0 and state[2] == 0
        state[:3] = 0
        if b == 10 or b == 13:
            out[1, row] += state[3] + state[4]
            state[3:5] = 0


@kernel
def _take_other(kind, point, before, is_joined, state, out, row):
    """A character above 127. `before` is the one before it or -1; is_joined, whether neither neighbour is ASCII."""
    if kind in (_LETTER, _ALIKE, _HAN):
        state[1 if kind == _ALIKE else 2] += 1
    elif _EMBED <= kind <= _POP_ISOLATE:
        out[0, row] += 1
        place = 3 if kind <= _POP_EMBED else 4
        is_open = kind in (_EMBED, _ISOLATE)
        state[place] = max(state[place] + (1 if is_open else -1), 0)
    elif kind == _JOINER:
        out[2, row] += not is_joined
    elif kind == _INVISIBLE:
        out[2, row] += 1
    elif kind == _TAG:
        out[3, row] += state[5] == 0
    elif kind == _SELECTOR:  # after 0-9, # and * it makes a keycap
        keycap = 48 <= before <= 57 or before == 35 or before == 42
        out[3, row] += (before < 0x80 and not keycap) or 0xFE00 <= before <= 0xFE0F
    elif kind == _HAN_SELECTOR:
        out[3, row] += not (0x3400 <= before <= 0x9FFF or 0xF900 <= before <= 0xFAFF or 0x20000 <= before <= 0x3FFFF)
    elif kind == _PRIVATE:
        out[4, row] += 1
    if point == _FLAG:
        state[5] = 1
    elif kind != _TAG:
        state[5] = 0


@kernel
def measure_hidden(offsets, data, table, state, out):
    """Fills out[signal, row] (zeros), in the order of NAMES.

    Scratch: state int64 (6,): of the word so far ASCII letters, look-alikes and other letters; embeddings and isolates
    that are open on the line; whether tags continue a flag.
    """
    for row in range(len(offsets) - 1):
        start, end = offsets[row], offsets[row + 1]
        if _is_ascii(data, start, end):
            continue
        state[:] = 0
        before = -1
        i = start
        while i < end:
            b = byte_at(data, i)
            if b < 0x80:
                _take_ascii(b, state, out, row)
                before = int(b)
                i += 1
                continue
            point = point_at(data, i, end)
            kind = table[np.uint64(point)]
            i += width_at(data, i)
            is_joined = before >= 0x80 and i < end and byte_at(data, i) >= 0x80
            if kind == _OTHER:
                out[5, row] += state[0] > 0 and state[1] > 0 and state[2] == 0
                state[:3] = 0
            _take_other(kind, point, before, is_joined, state, out, row)
            before = point
        _take_ascii(np.uint8(10), state, out, row)  # the last line and word end here
