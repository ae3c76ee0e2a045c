"""Real files made worse in ways that parsers and measures stumble over: bytes, lines, brackets, quotes, sizes, scripts.

Every way is a function of (source, other, rng) to bytes; `other` is a second real file. `mutated` takes one to three.
Unlike benchmarks.damaged_files, which keeps what a quality score should tell apart, nothing here means to be plausible.
"""

from __future__ import annotations

import random
from collections.abc import Callable

Way = Callable[[bytes, bytes, random.Random], bytes]
MAX_BYTES = 100_000
_BRACKETS = (
    b"(", b"[", b"{", b"<", b"((", b"[{", b"f(", b"if (", b"-", b"!", b"*", b"a.b(", b"<a>", b"a?", b"/*", b"#[",
)  # fmt: skip
_OPENERS = (
    b'"', b"'", b"`", b'"""', b"'''", b"/*", b"//", b"#", b"--", b"{-", b"(*", b"<!--", b'R"x(', b"<<EOF\n", b"$(",
    b"${", b"#{", b"@", b"\\", b"%", b'r#"', b"=begin\n", b"__END__\n", b"#if\n", b"\n---\n",
)  # fmt: skip
_UNICODE = (
    "\ufeff", "\u200b", "\u202e", "\u2028", "\u0085", "\u00a0", "\U0001f600", "\u53d8\u91cf", "\u0301" * 50, "\u1e9e",
    "\u0130", "\x1a", "\x0c", "\x7f", "\ufb00", "\U0001d4b3", "\u3000",
)  # fmt: skip
_NO_UTF8 = (
    b"\xff\xfe", b"\xc0\x80", b"\xed\xa0\x80", b"\xf5\x80\x80\x80", b"\x80", b"\xe4\xbd", b"\0", b"\r", b"\r\r\n",
)  # fmt: skip
_WORDS = (
    b"ab", b"12", b"a.", b"a,", b"a+", b'"a"', b"a b ", b"f()", b"a=", b"x?y:", b"1\n", b"\\x41", b"if a:\n ",
)  # fmt: skip
_PARTS = (
    b"(", b")", b"{", b"}", b"[", b"]", b";", b",", b":", b"::", b"=", b"==", b"=>", b"->", b"&&", b"||", b"?", b"..",
    b"...", b"<", b">", b"else", b"case", b"def", b"class", b"return", b"import", b"in", b"end", b"0x", b"1e", b"\n",
    b"\t", b"    ",
)  # fmt: skip


def _place(source: bytes, rng: random.Random) -> int:
    return rng.randint(0, len(source))


def _span(source: bytes, rng: random.Random, most: int = 2_000) -> tuple[int, int]:
    start = _place(source, rng)
    return start, min(len(source), start + rng.randint(1, most))


def _many(rng: random.Random, most: int) -> int:
    """A number up to `most`, small ones as often as large ones."""
    return int(most ** rng.random())


def _inserted(source: bytes, text: bytes, rng: random.Random) -> bytes:
    at = _place(source, rng)
    return source[:at] + text + source[at:]


def flipped_bytes(source: bytes, other: bytes, rng: random.Random) -> bytes:
    """Up to 64 bytes become others."""
    changed = bytearray(source)
    for _ in range(_many(rng, 64) if changed else 0):
        changed[rng.randrange(len(changed))] = rng.randrange(1, 256)
    return bytes(changed)


def swapped_parts(source: bytes, other: bytes, rng: random.Random) -> bytes:
    """Up to 32 brackets, operators and keywords are put in, or taken out."""
    for _ in range(_many(rng, 32)):
        part = rng.choice(_PARTS)
        at = source.find(part, _place(source, rng)) if rng.random() < 0.5 else -1
        source = source[:at] + source[at + len(part) :] if at >= 0 else _inserted(source, part, rng)
    return source


def lines_deleted(source: bytes, other: bytes, rng: random.Random) -> bytes:
    """Every line goes with a chance between nothing and a half."""
    rate = rng.uniform(0, 0.5)
    return b"".join(line for line in source.splitlines(keepends=True) if rng.random() > rate)


def lines_doubled(source: bytes, other: bytes, rng: random.Random) -> bytes:
    """Lines stand there several times, one of them very often."""
    lines = source.splitlines(keepends=True)
    doubled = [line for line in lines for _ in range(rng.choice((1, 1, 1, 2, 5)))]
    if doubled:
        at = rng.randrange(len(doubled))
        doubled[at:at] = [doubled[at]] * _many(rng, 1_000)
    return b"".join(doubled)


def lines_shuffled(source: bytes, other: bytes, rng: random.Random) -> bytes:
    """All lines in another order."""
    lines = source.splitlines(keepends=True)
    rng.shuffle(lines)
    return b"".join(lines)


def lines_indented(source: bytes, other: bytes, rng: random.Random) -> bytes:
    """Every line further in than the one before, or by chance."""
    step = rng.choice((0, 1, 2))
    margins = (place * step if step else rng.randint(0, 40) for place in range(source.count(b"\n") + 1))
    blank = rng.choice((b" ", b"\t"))
    return b"".join(
        blank * min(margin, 300) + line for margin, line in zip(margins, source.splitlines(keepends=True), strict=False)
    )


def lines_joined(source: bytes, other: bytes, rng: random.Random) -> bytes:
    """One long line, or lines that end with CR."""
    return source.replace(b"\n", rng.choice((b" ", b"", b"\r", b";", b"\\\n")))


def nested(source: bytes, other: bytes, rng: random.Random) -> bytes:
    """Up to 20,000 brackets open at one place, and close or not."""
    opening = rng.choice(_BRACKETS)
    depth = _many(rng, 20_000)
    closing = {b"(": b")", b"[": b"]", b"{": b"}", b"<": b">"}.get(opening[-1:], b"") if rng.random() < 0.5 else b""
    return _inserted(source, opening * depth + closing * depth, rng)


def truncated(source: bytes, other: bytes, rng: random.Random) -> bytes:
    """The beginning, or the end."""
    at = _place(source, rng)
    return source[:at] if rng.random() < 0.7 else source[at:]


def spliced(source: bytes, other: bytes, rng: random.Random) -> bytes:
    """A part of another file in the middle of this one."""
    start, end = _span(other, rng, max(1, len(other)))
    return _inserted(source, other[start:end], rng)


def spans_moved(source: bytes, other: bytes, rng: random.Random) -> bytes:
    """A few spans are deleted, doubled, or put elsewhere."""
    for _ in range(rng.randint(1, 4)):
        start, end = _span(source, rng)
        span, way = source[start:end], rng.randrange(3)
        source = source if way == 1 else source[:start] + source[end:]
        source = source if way == 0 else _inserted(source, span, rng)
    return source


def opened(source: bytes, other: bytes, rng: random.Random) -> bytes:
    """Strings, comments and the like that nothing closes, up to 200 of one."""
    return _inserted(source, rng.choice(_OPENERS) * _many(rng, 200), rng)


def in_other_scripts(source: bytes, other: bytes, rng: random.Random) -> bytes:
    """Characters beyond ASCII in up to 40 places."""
    for _ in range(_many(rng, 40)):
        source = _inserted(source, rng.choice(_UNICODE).encode(), rng)
    return source


def no_utf8(source: bytes, other: bytes, rng: random.Random) -> bytes:
    """Bytes that are no UTF-8, among them NUL; or all of it in another encoding."""
    if rng.random() < 0.1:
        return source.decode("utf-8", "replace").encode(rng.choice(("utf-16", "utf-32", "utf-7")))
    for _ in range(_many(rng, 10)):
        source = _inserted(source, rng.choice(_NO_UTF8), rng)
    return source


def one_byte_often(source: bytes, other: bytes, rng: random.Random) -> bytes:
    """One byte up to 6,000 times in a row: more than is let through."""
    return _inserted(source, bytes((rng.randrange(1, 128),)) * _many(rng, 6_000), rng)


def long_word(source: bytes, other: bytes, rng: random.Random) -> bytes:
    """A name, number or string of up to 50,000 bytes, or a chain of as many."""
    word = rng.choice(_WORDS)
    return _inserted(source, word * (_many(rng, 50_000) // len(word)), rng)


WAYS: tuple[Way, ...] = (
    flipped_bytes, swapped_parts, lines_deleted, lines_doubled, lines_shuffled, lines_indented, lines_joined, nested,
    truncated, spliced, spans_moved, opened, in_other_scripts, no_utf8, one_byte_often, long_word,
)  # fmt: skip


def mutated(source: bytes, other: bytes, rng: random.Random) -> tuple[bytes, tuple[str, ...]]:
    """The file made worse, and the names of the ways. At most MAX_BYTES of it."""
    ways = rng.sample(WAYS, rng.choice((1, 1, 2, 3)))
    for way in ways:
        source = way(source, other, rng)[:MAX_BYTES]
    return source, tuple(way.__name__ for way in ways)
