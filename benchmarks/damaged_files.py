"""Good files made worse, each in one way, by their tokens and trees: what the quality score is calibrated on.

Every way is a function of (language, source, rng, other): `other` is another good file of the language. None where a
file gives no occasion. The same seed makes the same damage.
"""

from __future__ import annotations

import random
import string
from collections.abc import Callable, Iterator

import numpy as np

from analyzers.syntax.declarations import declared
from analyzers.syntax.kinds import KindTable, kind_table
from analyzers.syntax.languages import spec_of
from analyzers.syntax.limits import Limits
from analyzers.syntax.measure import analyze
from analyzers.syntax.report import DOCSTRING, Definition, Report
from analyzers.syntax.token_stream import IDENTIFIER, PUNCTUATION, Stream, last_word, token_stream
from benchmarks.identifier_words import MANGLERS
from benchmarks.injected_bugs import SILENT, Edit, apply, inject

Way = Callable[[str, bytes, random.Random, bytes], bytes | None]
_LINES_A_BUG = 60
_KEPT_NAMES = frozenset((b"self", b"cls", b"this", b"main", b"init", b"_", b"super"))
_SHORT_KEYWORDS = frozenset({"as", "do", "fn", "go", "if", "in", "is", "of", "or"})
_HASH = frozenset({"Python", "Ruby"})
_INDENTED = frozenset({"Python"})
_NEW_LINE_BRACES = frozenset({"Java", "C", "C++", "C#", "Rust", "PHP"})
_PREPROCESSED = frozenset({"C", "C++", "C#"})
_GLUE = (b";", b"{", b",", b"(", b"[")


def bugs(language: str, source: bytes, rng: random.Random, other: bytes) -> bytes | None:
    """A bug, and one more for every 60 lines, up to 10."""
    found = inject(language, source, rng, min(10, 1 + source.count(b"\n") // _LINES_A_BUG))
    return None if found is None else found[0]


def one_bug(language: str, source: bytes, rng: random.Random, other: bytes) -> bytes | None:
    """One bug, however long the file."""
    found = inject(language, source, rng, 1)
    return None if found is None else found[0]


def silent_bugs(language: str, source: bytes, rng: random.Random, other: bytes) -> bytes | None:
    """As many as `bugs`, of kinds that no reader of the file alone could tell."""
    found = inject(language, source, rng, min(10, 1 + source.count(b"\n") // _LINES_A_BUG), SILENT)
    return None if found is None else found[0]


def mangled_names(language: str, source: bytes, rng: random.Random, other: bytes) -> bytes | None:
    """Every name that the file declares becomes another, the same wherever it stands: short, or no word."""
    way = rng.choice(["short", *MANGLERS])
    if way == "short":
        return _renamed(language, source, _short_names(rng))
    return _renamed(language, source, lambda name: MANGLERS[way](name, rng))


def truncated(language: str, source: bytes, rng: random.Random, other: bytes) -> bytes | None:
    """Cut off somewhere between a tenth and nine tenths."""
    return source[: int(len(source) * rng.uniform(0.1, 0.9))]


def cut_at_line(language: str, source: bytes, rng: random.Random, other: bytes) -> bytes | None:
    """The same behind a line end."""
    lines = source.splitlines(keepends=True)
    return b"".join(lines[: int(len(lines) * rng.uniform(0.1, 0.9))])


def glued(language: str, source: bytes, rng: random.Random, other: bytes) -> bytes | None:
    """The beginning of one file and the end of another, both cut anywhere."""
    return source[: int(len(source) * rng.uniform(0.3, 0.9))] + other[int(len(other) * rng.uniform(0.1, 0.7)) :]


def minified(language: str, source: bytes, rng: random.Random, other: bytes) -> bytes | None:
    """Without comments, with as few blanks as the language bears, and declared names of a letter or two."""
    read = _read(language, source)
    if read is None:
        return None
    comments = [(one.start, one.end, b"0" if one.form == DOCSTRING else b"") for one in read[0].comments]
    read = _read(language, bare := apply(source, comments))
    if read is None:
        return None
    return _renamed(language, apply(bare, list(_squeezed(language, bare, read[1]))), _short_names(rng))


def dead_code(language: str, source: bytes, rng: random.Random, other: bytes) -> bytes | None:
    """Every third function of 8 to 80 lines, one at least, has a copy beside it: commented out, or renamed."""
    read = _read(language, source)
    lines = source.splitlines(keepends=True)
    fit = [] if read is None else [one for one in read[0].definitions or () if _is_fit(one)]
    if not fit:
        return None
    mark = b"# " if language in _HASH else b"// "
    places = []
    for one in rng.sample(fit, max(1, len(fit) // 3)):
        body = lines[one.start_line - 1 : one.end_line]
        if rng.random() < 0.5:
            copy = b"".join(mark + line.rstrip(b"\r\n") + b"\n" for line in body)
        else:
            name = last_word(one.name)
            copy = b"\n" + b"".join([body[0].replace(name, name + b"_old", 1), *body[1:]])
        places.append((one.end_line, copy if body[-1].endswith(b"\n") else b"\n" + copy))
    for line, copy in sorted(places, reverse=True):
        lines.insert(line, copy)
    return b"".join(lines)


def reformatted(language: str, source: bytes, rng: random.Random, other: bytes) -> bytes | None:
    """The negative control: other indentation, braces on lines of their own, more blank lines; nothing else."""
    read = _read(language, source)
    if read is None:
        return None
    if language in _NEW_LINE_BRACES:
        source = apply(source, list(_lone_braces(source, read[1])))
    tabs = b"\n\t" in source
    lines = []
    for line in source.splitlines(keepends=True):
        bare = line.lstrip(b" \t")
        lead = line[: len(line) - len(bare)]
        lead = lead.replace(b"\t", b"    ") if tabs else lead.replace(b"    ", b"\t")
        lines.append(lead + bare if bare.strip() else b"\n" * rng.randint(1, 2))
    return b"".join(lines)


WAYS: tuple[Way, ...] = (bugs, mangled_names, truncated, glued, minified, dead_code)
"""What counts as damage."""
BESIDE: tuple[Way, ...] = (one_bug, cut_at_line, silent_bugs, reformatted)
"""What is told of besides; the last two should not be told from good files."""


def _read(language: str, source: bytes) -> tuple[Report, Stream, KindTable] | None:
    spec, report = spec_of(language), analyze(language, source, Limits())
    if spec is None or isinstance(report, str):
        return None
    table = kind_table(spec)
    return report, token_stream(report, source, table), table


def _is_fit(one: Definition) -> bool:
    return one.kind != "class" and 8 <= one.end_line - one.start_line + 1 <= 80 and last_word(one.name) != b""


def _short_names(rng: random.Random) -> Callable[[bytes], bytes]:
    letters = string.ascii_letters
    names = [a + b for a in ("", *letters) for b in letters]
    fresh = iter([name.encode() for name in names if name not in _SHORT_KEYWORDS])
    return lambda name: next(fresh, b"z" + name)


def _renamed(language: str, source: bytes, change: Callable[[bytes], bytes]) -> bytes | None:
    read = _read(language, source)
    if read is None:
        return None
    report, stream, _ = read
    at = np.flatnonzero(declared(stream, language, report.definitions or ()))
    names = {source[start:end] for start, end in zip(stream.starts[at], stream.ends[at], strict=True)} | {*stream.names}
    new: dict[bytes, bytes] = {}
    for name in sorted(names - _KEPT_NAMES - {b""}):
        if not name.startswith(b"__"):
            new[name] = change(name) or name
    edits = []
    for i in np.flatnonzero(stream.kinds == IDENTIFIER).tolist():
        start, end = int(stream.starts[i]), int(stream.ends[i])
        if source[start:end] in new:
            edits.append((start, end, new[source[start:end]]))
    return _joined(source, edits) if edits else None


def _joined(source: bytes, edits: list[Edit]) -> bytes:
    parts, at = [], 0
    for start, end, text in edits:
        parts += [source[at:start], text]
        at = end
    return b"".join([*parts, source[at:]])


def _squeezed(language: str, source: bytes, stream: Stream) -> Iterator[Edit]:
    """Gaps between tokens made as small as the language bears; what is no blank in a gap stays."""
    starts, ends, kinds = stream.starts.tolist(), stream.ends.tolist(), stream.kinds.tolist()
    for i in range(len(starts) - 1):
        gap = source[ends[i] : starts[i + 1]]
        if not gap or gap.strip():
            continue
        if b"\n" not in gap:
            together = (kinds[i] == PUNCTUATION) != (kinds[i + 1] == PUNCTUATION)
            yield ends[i], starts[i + 1], b"" if together else b" "
            continue
        last = source[starts[i] : ends[i]]
        keeps = language in _INDENTED or not (last in _GLUE or (last == b"}" and language in _NEW_LINE_BRACES))
        if language in _PREPROCESSED:
            line = source[source.rfind(b"\n", 0, ends[i]) + 1 : ends[i]].lstrip()
            keeps = line.startswith(b"#") or source[starts[i + 1] : starts[i + 1] + 1] == b"#" or keeps
        lead = gap.rpartition(b"\n")[2].replace(b"    ", b" ") if language in _INDENTED else b""
        yield ends[i], starts[i + 1], b"\n" + lead if keeps else b""


def _lone_braces(source: bytes, stream: Stream) -> Iterator[Edit]:
    for i in range(1, len(stream.starts)):
        start, before = int(stream.starts[i]), int(stream.ends[i - 1])
        if source[start : start + 1] == b"{" and source[before - 1 : before] == b")" and source[before:start] == b" ":
            line = source[source.rfind(b"\n", 0, before) + 1 : before]
            if not line.lstrip().startswith(b"#"):
                yield before, start, b"\n" + line[: len(line) - len(line.lstrip())]
