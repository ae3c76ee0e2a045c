"""One call a batch: content and languages in, one Arrow column for each signal of the groups asked for out."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pyarrow as pa

from analyzers.buffers import offsets_and_bytes
from analyzers.languages import LANGUAGES
from analyzers.signals import GROUPS, SIGNALS, names_of
from analyzers.text import chars, codepoints, encoded, lexer, lexical, lines, prose, repetition, script, words
from analyzers.text.html import measure_html
from analyzers.text.keywords import IMPORT, PASSING, PREPROCESSED, PRINT
from analyzers.text.lex_tables import lex_tables
from analyzers.text.tables import new_scratch

_TYPES = {signal.name: signal.type for signal in SIGNALS}
_NUMBER = {language.name: number for number, language in enumerate(LANGUAGES)}
_XML_ALLOWED = frozenset({"XSLT"})

_HAS_COMMENTS = frozenset(row.name for row in LANGUAGES if row.line_comments or row.block_comments)
_PROSE = frozenset(row.name for row in LANGUAGES if row.kind == "prose")
_HAS_STRINGS = frozenset(row.name for row in LANGUAGES if row.strings)
_NEEDS: dict[str, frozenset[str]] = {
    "comment_fraction": _HAS_COMMENTS,
    "comment_lines": _HAS_COMMENTS,
    "todo_line_fraction": _HAS_COMMENTS,
    "string_fraction": _HAS_STRINGS,
    "long_string_line_fraction": _HAS_STRINGS,
    "long_string_word_fraction": _HAS_STRINGS,
    "string_concat_line_fraction": _HAS_STRINGS,
    "code_lines": _HAS_COMMENTS | _HAS_STRINGS,
    "assert_line_fraction": _HAS_COMMENTS | _HAS_STRINGS,
    "print_line_fraction": frozenset(PRINT),
    "import_line_fraction": frozenset(IMPORT),
    "pass_line_fraction": PASSING,
    "preprocessor_line_fraction": PREPROCESSED,
    "goto_line_fraction": PREPROCESSED,
    "n_main": PREPROCESSED,
    "html_visible_chars": frozenset({"HTML"}),
    "html_visible_fraction": frozenset({"HTML"}),
    "han_fraction": _PROSE,
}
"""The languages in which a signal means something; a signal that is not named here applies to all."""

Columns = dict[str, np.ndarray]


class _Batch:
    """The buffers of one batch, and an output array (signals, rows) for each group."""

    def __init__(self, content: pa.LargeStringArray, languages: list[str]) -> None:
        self.offsets, data = offsets_and_bytes(content)
        # One array type whatever the buffer's origin: Numba compiles a kernel for each.
        self.offsets, self.data = self.offsets.view(), data.view()
        self.offsets.flags.writeable = self.data.flags.writeable = False
        self.languages = languages
        self.n_rows = len(content)

    def outputs(self, n_signals: int) -> np.ndarray:
        return np.zeros((n_signals, self.n_rows))

    def longest_bytes(self) -> int:
        return int(np.diff(self.offsets).max(initial=0))

    def speaks(self, names: frozenset[str]) -> np.ndarray:
        """bool (rows,): whether the row's language is one of these."""
        return np.fromiter((language in names for language in self.languages), np.bool_, self.n_rows)


def _chars(batch: _Batch) -> Columns:
    out = batch.outputs(len(names_of("chars")))
    bins, counts = np.zeros((4, 256), np.uint32), np.zeros(5, np.int64)
    chars.measure_chars(batch.offsets, batch.data, codepoints.classes(), bins, counts, out)
    return dict(zip(names_of("chars"), out, strict=True))


def _lines(batch: _Batch) -> Columns:
    names = ("n_lines", *names_of("lines"))
    out = batch.outputs(len(names))
    block = np.zeros(lines.BLOCK_BYTES // 8, np.uint64)
    totals = np.zeros(4, np.int64)
    lines.measure_lines(
        batch.offsets, batch.data, codepoints.classes(), lines.XML_MARK, block, block.view(np.uint8), totals, out
    )
    columns = dict(zip(names, out, strict=True))
    columns["is_xml"][batch.speaks(_XML_ALLOWED)] = False
    return columns


def _encoded(batch: _Batch) -> Columns:
    out = batch.outputs(len(names_of("encoded")))
    encoded.measure_encoded(batch.offsets, batch.data, codepoints.classes(), encoded.BYTE_CLASSES, out)
    return dict(zip(names_of("encoded"), out, strict=True))


def _lexical(batch: _Batch) -> Columns:
    out = batch.outputs(len(names_of("lexical")))
    known = _NEEDS["code_lines"]
    numbers = (_NUMBER[name] if name in known else -1 for name in batch.languages)
    languages = np.fromiter(numbers, np.int32, batch.n_rows)
    state = np.zeros(lexer.STATE_SIZE, np.int64)
    lexical.measure_lexical(batch.offsets, batch.data, languages, lex_tables(), codepoints.classes(), state, out)
    return dict(zip(names_of("lexical"), out, strict=True))


def _words_and_repetition(batch: _Batch, groups: frozenset[str]) -> Columns:
    outs = {name: batch.outputs(len(names_of(name))) for name in ("words", "repetition")}
    classes, lower = codepoints.classes(), codepoints.lower_case()
    repetition.measure_words_and_repetition(
        batch.offsets, batch.data, words.ASCII, classes, lower, words.stop_table(), np.zeros(5, np.int64),
        new_scratch(batch.longest_bytes() // 2 + 1), "words" in groups, "repetition" in groups,
        outs["words"], outs["repetition"],
    )  # fmt: skip
    wanted = [group for group in outs if group in groups]
    return {name: column for group in wanted for name, column in zip(names_of(group), outs[group], strict=True)}


def _prose(batch: _Batch) -> Columns:
    out = batch.outputs(len(names_of("prose")))
    prose.measure_prose(batch.offsets, batch.data, codepoints.classes(), prose.BULLETS, out)
    return dict(zip(names_of("prose"), out, strict=True))


def _html(batch: _Batch) -> Columns:
    out = batch.outputs(len(names_of("html")))
    measure_html(batch.offsets, batch.data, batch.speaks(_NEEDS["html_visible_chars"]), out)
    return dict(zip(names_of("html"), out, strict=True))


def _script(batch: _Batch) -> Columns:
    out = batch.outputs(1)
    script.measure_han(batch.offsets, batch.data, batch.speaks(_PROSE), out)
    return {"han_fraction": out[0]}


_MEASURES: dict[str, Callable[[_Batch], Columns]] = {
    "chars": _chars, "lines": _lines, "encoded": _encoded, "lexical": _lexical, "prose": _prose, "html": _html,
    "script": _script,
}  # fmt: skip


def _to_arrow(name: str, values: np.ndarray, batch: _Batch) -> pa.Array:
    """The column in the signal's type, null where the language has no such thing."""
    column = pa.array(values, mask=~batch.speaks(_NEEDS[name]) if name in _NEEDS else None)
    kind = _TYPES.get(name, "int32")  # n_lines is a column of the document and no signal
    return column if kind == "float64" else column.cast(pa.type_for_alias(kind))


def measure(content: pa.LargeStringArray, languages: list[str], groups: frozenset[str]) -> dict[str, pa.Array]:
    """One column for each signal of the groups (names of analyzers.signals), and n_lines with the group `lines`.

    languages holds one name (Linguist's) a row. An empty content, like a null one, measures 0 or false throughout;
    null stands where a signal does not apply to the language. Bytes are taken as UTF-8: an Arrow string column has
    checked them.
    """
    if unknown := groups - GROUPS:
        raise ValueError(f"no such groups of signals: {sorted(unknown)}; there are {sorted(GROUPS)}")
    if len(languages) != len(content):
        raise ValueError(f"{len(content)} contents but {len(languages)} languages")
    batch = _Batch(content, languages)
    columns: Columns = {}
    for group, measured in _MEASURES.items():
        if group in groups:
            columns |= measured(batch)
    if groups & {"words", "repetition"}:
        columns |= _words_and_repetition(batch, groups)
    return {name: _to_arrow(name, values, batch) for name, values in columns.items()}
