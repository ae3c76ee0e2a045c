"""In which script prose is written: what tells Chinese from English text."""

from __future__ import annotations

from analyzers.text.codepoints import byte_at, point_at, width_at
from analyzers.text.kernel import kernel


@kernel
def measure_han(offsets, data, is_prose, out):
    """Share of Han characters among the letters of each row that is prose, into out[0] (float64); 0 without letters.

    Letters are ASCII letters and everything above U+00BF but punctuation and full-width forms (U+2000..U+303F and
    U+FF00..U+FFEF); Han are U+3400..U+9FFF, U+F900..U+FAFF and U+20000..U+3FFFF.
    """
    for row in range(len(offsets) - 1):
        if not is_prose[row]:
            continue
        n_letters = 0
        n_han = 0
        i = offsets[row]
        end = offsets[row + 1]
        while i < end:
            b = byte_at(data, i)
            if b < 0x80:
                n_letters += 97 <= (b | 32) <= 122
                i += 1
                continue
            point = point_at(data, i, end)
            han = (0x3400 <= point <= 0x9FFF) or (0xF900 <= point <= 0xFAFF) or (0x20000 <= point <= 0x3FFFF)
            other = 0x2000 <= point <= 0x303F or 0xFF00 <= point <= 0xFFEF
            n_han += han
            n_letters += han or (point > 0xBF and not other)
            i += width_at(data, i)
        out[0, row] = n_han / n_letters if n_letters else 0.0
