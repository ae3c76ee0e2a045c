r"""Sentences, bullets, ellipses, links and tags: signals for natural-language text.

A sentence matches `\w.*?(?:[.!?…]+(?=\s|\Z)|[。！？]+|\Z)`, dots matching line ends: from a word character to a mark
that whitespace follows (so that 3.14 and example.org end none) or to an ideographic mark. RedPajama-V2 ends one at
every dot. Links and tags match `\(https?://[^()\s]*\)|</?[A-Za-z][^<>]*>`.
"""

from __future__ import annotations

import numpy as np

from analyzers.text.codepoints import byte_at, count_chars, is_word_char, point_at, point_before, space_width, width_at
from analyzers.text.kernel import kernel
from analyzers.text.lines import after_line_end, strip

BULLETS = np.array([ord(c) for c in "•‣▶◀◦■□▪▫–●○"], np.int64)
"""RedPajama-V2's, and the two circles. Markdown's - and * count where a blank follows."""

_ELLIPSIS = 0x2026
_HTTP = np.frombuffer(b"(http", np.uint8)


@kernel
def _is_mark(point):
    """. ! ? …"""
    return point == 46 or point == 33 or point == 63 or point == _ELLIPSIS


@kernel
def _is_ideographic_mark(point):
    """。 ！ ？"""
    return point == 0x3002 or point == 0xFF01 or point == 0xFF1F


@kernel
def _after_marks(data, i, end, ideographic):
    """The end of the run of sentence marks at i."""
    while i < end:
        point = point_at(data, i, end)
        if not (_is_ideographic_mark(point) if ideographic else _is_mark(point)):
            break
        i += width_at(data, i)
    return i


@kernel
def _sentence_end(data, i, end, classes):
    """The end of the sentence that starts at i."""
    while i < end:
        b = byte_at(data, i)
        if b < 0x80 and b != 46 and b != 33 and b != 63:
            i += 1
            continue
        point = point_at(data, i, end)
        if _is_ideographic_mark(point):
            return _after_marks(data, i, end, True)
        if _is_mark(point):
            i = _after_marks(data, i, end, False)
            if i == end or space_width(data, i, end, classes):
                return i
        else:
            i += width_at(data, i)
    return end


@kernel
def _sentences(data, start, end, classes):
    """(sentences, their characters)."""
    n = chars = 0
    i = start
    while i < end:
        if is_word_char(classes, point_at(data, i, end)):
            stop = _sentence_end(data, i, end, classes)
            n += 1
            chars += count_chars(data, i, stop)
            i = stop
        else:
            i += width_at(data, i)
    return n, chars


@kernel
def _has_bullet(data, first, last, bullets):
    """Whether a stripped line starts with a bullet."""
    b = byte_at(data, first)
    if b < 0x80:
        return (b == 45 or b == 42) and first + 1 < last and byte_at(data, first + 1) == 32
    point = point_at(data, first, last)
    for bullet in bullets:  # noqa: SIM110  (a kernel has no generators)
        if point == bullet:
            return True
    return False


@kernel
def _has_ellipsis(data, first, last):
    """Whether a stripped line ends with ... or …"""
    if last - first >= 3 and byte_at(data, last - 1) == 46:
        return byte_at(data, last - 2) == 46 and byte_at(data, last - 3) == 46
    return point_before(data, last, first) == _ELLIPSIS


@kernel
def _prose_lines(data, start, end, classes, bullets):
    """(non-blank lines, those with an ellipsis at the end, those with a bullet)."""
    n = n_ellipses = n_bullets = 0
    line = start
    while line < end:
        i = line
        while i < end and byte_at(data, i) != 10 and byte_at(data, i) != 13:
            i += 1
        first, last = strip(data, line, i, classes)
        if last > first:
            n += 1
            n_ellipses += _has_ellipsis(data, first, last)
            n_bullets += _has_bullet(data, first, last, bullets)
        line = after_line_end(data, i, end) if i < end else end
    return n, n_ellipses, n_bullets


@kernel
def _link_end(data, i, end, classes):
    """The end of the (http...) link at i, or i."""
    if i + 8 > end:
        return i
    for k in range(5):
        if byte_at(data, i + k) != _HTTP[k]:
            return i
    k = i + 5
    k += byte_at(data, k) == 115
    if k + 3 > end or byte_at(data, k) != 58 or byte_at(data, k + 1) != 47 or byte_at(data, k + 2) != 47:
        return i
    k += 3
    while k < end and byte_at(data, k) != 40 and byte_at(data, k) != 41 and not space_width(data, k, end, classes):
        k += 1
    return k + 1 if k < end and byte_at(data, k) == 41 else i


@kernel
def _tag_end(data, i, end):
    """The end of the <tag> at i, or i."""
    k = i + 1
    if k < end and byte_at(data, k) == 47:
        k += 1
    if k == end or not 97 <= (byte_at(data, k) | 0x20) <= 122:
        return i
    while k < end and byte_at(data, k) != 60 and byte_at(data, k) != 62:
        k += 1
    return k + 1 if k < end and byte_at(data, k) == 62 else i


@kernel
def _link_and_tag_chars(data, start, end, classes):
    """Characters in links and tags. A failed try ends at the next character that could start one: linear time."""
    chars = 0
    i = start
    while i < end:
        b = byte_at(data, i)
        stop = i
        if b == 40:
            stop = _link_end(data, i, end, classes)
        elif b == 60:
            stop = _tag_end(data, i, end)
        if stop > i:
            chars += count_chars(data, i, stop)
            i = stop
        else:
            i += 1
    return chars


@kernel
def measure_prose(offsets, data, classes, bullets, out):
    """Fills out[signal, row] with the signals of group `prose`, in the order of the table."""
    for row in range(len(offsets) - 1):
        start, end = offsets[row], offsets[row + 1]
        n_sentences, chars = _sentences(data, start, end, classes)
        n_lines, n_ellipses, n_bullets = _prose_lines(data, start, end, classes, bullets)
        out[0, row] = n_sentences
        out[1, row] = chars / max(n_sentences, 1)
        out[2, row] = n_ellipses / max(n_lines, 1)
        out[3, row] = n_bullets / max(n_lines, 1)
        out[4, row] = _link_and_tag_chars(data, start, end, classes) / max(count_chars(data, start, end), 1)
