"""In which script prose is written: what tells Chinese from English text."""

from __future__ import annotations

import numpy as np

from analyzers.text.kernel import kernel


@kernel
def measure_han(offsets, data, is_prose, out):
    """Share of Han characters among the letters of each row that is prose, into out (float64); 0 without letters.

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
            b = np.int64(data[i])
            if b < 0x80:
                n_letters += 97 <= (b | 32) <= 122
                i += 1
                continue
            if b < 0xE0:
                code, width = (b & 31) << 6 | np.int64(data[i + 1]) & 63, 2
            elif b < 0xF0:
                code, width = (b & 15) << 12 | (np.int64(data[i + 1]) & 63) << 6 | np.int64(data[i + 2]) & 63, 3
            else:
                code = (b & 7) << 18 | (np.int64(data[i + 1]) & 63) << 12 | (np.int64(data[i + 2]) & 63) << 6
                width = 4
            han = 0x3400 <= code <= 0x9FFF or 0xF900 <= code <= 0xFAFF or code >= 0x20000 and code < 0x40000
            n_han += han
            n_letters += han or code > 0xBF and not (0x2000 <= code <= 0x303F or 0xFF00 <= code <= 0xFFEF)
            i += width
        out[row] = n_han / n_letters if n_letters else 0.0
