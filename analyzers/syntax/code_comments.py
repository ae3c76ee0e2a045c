"""Commented-out code: lines of comment that are statements of the language the file is in.

Two steps, the cheap one first. Lines that look like code by how they begin and end are put together to runs; a run
counts where the language's own grammar parses it without an error and it is more than words. Precision comes first:
remarks behind code, documentation with a mark that says so, and lone names or calls without arguments never count.
tests/analyzers/syntax/fixtures_comments.tsv has real comments of six languages with what a reader counted.
Known gaps. Found, though nobody commented it out: formulas, and code that illustrates the text around it where no
colon, no "example" and no indentation says so. Missed: parts of a statement (`throws E`, `key: value,`), `} else {`,
members that the grammar takes inside a class only.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from itertools import pairwise

from tree_sitter import Node

from analyzers.syntax.comment_text import comment_text
from analyzers.syntax.comments import are_one
from analyzers.syntax.kinds import KindTable
from analyzers.syntax.limits import Limits
from analyzers.syntax.parse import parse
from analyzers.syntax.report import DOCSTRING, TRAILING, Comment, Report

_LIMITS = Limits(max_bytes=8_000, base_calls=500)  # for one run
_MOST_RUNS, _MOST_BYTES = 256, 100_000  # parsed for one file; what is over counts as no code
_MOST_BLOCK = 20_000  # bytes of a comment that are looked at
_MOST_LINE = 400  # characters of a line that may be code: patterns are quadratic in it
_MOST_OPEN = 16  # braces that may be open at the end of a run

_SEMICOLON = frozenset({"Java", "JavaScript", "TypeScript", "TSX", "C", "C++", "Rust", "C#", "PHP"})
LANGUAGES = _SEMICOLON | {"Python", "Go"}
"""Where it is looked for."""

_KEYWORD = (
    r"(?:if|for|while|switch|return|throw|raise|assert|del|yield|import|from|print|const|let|var|val|function|func|fn|"
    r"def|class|async|await|elif|with|except|try|else|case|goto|defer|static|public|private|protected|struct|package|"
    r"using|new|delete|break|continue|int|char|unsigned|long|float|double|void|bool|boolean|use|pub|mut|export|go|type)"
)
_SEMICOLON_LINE = re.compile(rf"(?:[;{{}}]|^\}}[)\],;]+|^\)[;,{{ ]*)$|^{_KEYWORD}\b.*[=(\[{{.].*[)\]\"'`]$")
_BARE_LINE = re.compile(
    r"^[A-Za-z_][\w.]*(?:\[[^\]]*\])?(?:, *[A-Za-z_][\w.]*)*\s*(?::|[-+*/%|&]|//|\*\*)?=(?!=)\s*\S"
    r"|^(?:if|elif|for|while|with|def|class|except|async)\b.*[=(\[.<>\"'].*:$|^(?:if|for)\b.* (?:in|is|not) .*:$"
    r"|^(?:try|else|finally):$"
    rf"|^{_KEYWORD}\b.*[=(\[{{.\"']|^(?:import [\w.]+|from [\w.]+ import .*)$"
    r"|^[A-Za-z_][\w.]*\(.+\)$|^(?:if|for|func|switch|else|type|\}).*\{$|^[\])}]+$"
)
_MARK = r"(?:[ \t]*(?:/[/*]+|#+|\*+))?[ \t]*"
_SEMICOLON_RARE, _BARE_RARE = (b";", b"{", b"}", b"("), (b"=", b"(", b"{", b"import")  # most remarks have none
_ENDS_CODE = re.compile(rb"(?m:[;{})][,;)]{0,4}[ \t]{0,40}(?:\*/|//.*)?$)")
_SEMICOLON_BEGIN = rf"{_KEYWORD}\b.{{0,200}}[=(\[{{.].{{0,200}}[)\]\"'`][ \t]*(?:\*/)?$"
_BARE_BEGIN = rf"(?:[A-Za-z_][\w., \[\]]*+(?::|[-+*/%|&]|//|\*\*)?=[^=]|[A-Za-z_][\w.]*+\(.+\)|{_KEYWORD}\b|[\])}}])"
_PROSE = re.compile(
    rf"(?:(?<![\w.'\"(-])(?!{_KEYWORD}\b)[A-Za-z][a-z']*,? ){{3}}[A-Za-z']+(?![\w(.=\[])"
    r"|[a-z][.,:!?] [A-Z]?[a-z]+ [a-z]+ [a-z]|^(?:[A-Z][a-z]+|TODO|NOTE|FIXME|XXX|HACK)\b[^=({]*: "
    r"|(?<!\w)\.{3}(?!\w)|^[-*>|] "
)
_EXAMPLE = re.compile(
    r"```|[Cc]opyright|[Ll]icen[cs]e|\b[Ee]xamples?\b|\be\.g\.|\bfor instance\b|(?m:^[ \t]*(?:\.{3}|…)[ \t]*$)"
)
_STARRED = re.compile(rb"\n[ \t]*\*+[ \t]+[^\s/]")
_TELLING = re.compile(r":=|[\w\])]\.\w|[\w\])][(\[]|[\"']")  # of a line alone, where nothing ends statements
_TELLING_CALL = re.compile(r"[\"'=.]|^print\b|^(?!\w+\()")
_STRING = re.compile(r"\"[^\"]*\"|`[^`]*`")
_REMARK = re.compile(r"\s+(?://|#)\s.*$|\s*/\*.*\*/$")
_BARE_HEAD = re.compile(
    r"^(?:if|elif|for|while|with|def|class|except|async)\b.*[=(\[.<>\"'].*:$|^(?:if|for)\b.* (?:in|is|not) .*:$"
)
_SPACED_CALL = re.compile(
    r"\b(?!(?:if|for|while|switch|catch|return|function|in|and|or|not|is|func|else|with)\b)\w+ \("
)
_STRONG = re.compile(rf"[=(\[{{\"]|->|^{_KEYWORD}\b", re.M)
_WEAK = frozenset({
    "identifier", "labeled_statement", "comment", "line_comment", "block_comment", "empty_statement", "attribute",
    "expression_statement", "subscript", "tuple", "list", "dictionary", "set", "string", "integer", "float", "lambda",
    "expression_list", "attribute_item", "inner_attribute_item", "text", "php_tag",
})  # fmt: skip
"""Kinds that prove no code where they stand alone; expressions besides, if not among those that do something."""
_EFFECTS = frozenset({
    "call", "call_expression", "assignment", "assignment_expression", "augmented_assignment", "await",
    "await_expression", "yield", "yield_expression", "update_expression", "unary_expression", "method_invocation",
    "macro_invocation", "delete_expression", "new_expression", "object_creation_expression", "if_expression",
    "for_expression", "while_expression", "match_expression", "loop_expression", "compound_assignment_expr",
    "invocation_expression", "return_expression", "break_expression", "block", "unsafe_block", "throw_expression",
    "function_call_expression", "member_call_expression", "scoped_call_expression", "print_intrinsic", "try_expression",
})  # fmt: skip


def code_lines(report: Report, source: bytes, table: KindTable) -> tuple[int | None, int]:
    """Lines of comment that are code, and lines of all comments but docstrings. The first is None for a language
    outside LANGUAGES."""
    blocks = _blocks(report.comments, source)
    n_lines = sum(source.count(b"\n", start, end) + (source[end - 1] != 10) for start, end, _ in blocks)
    if report.language not in LANGUAGES:
        return None, n_lines
    reader = _Reader(report.language, table)
    return sum(reader.count(source[start:end]) for start, end, looked_at in blocks if looked_at), n_lines


class _Hint:
    """Whether some line of a comment may be code, for a fraction of the price of telling."""

    def __init__(self, begin: str, end: re.Pattern[bytes] | None) -> None:
        """begin: how such a line begins behind the mark; end: how one ends, where that alone is enough."""
        # Two expressions instead of one with ^, which re tries at every byte; it looks for a line end much faster.
        self.first = re.compile(f"(?m:{_MARK}{begin})".encode())
        self.later = re.compile(f"\n(?m:{_MARK}{begin})".encode())
        self.end = end

    def is_in(self, comment: bytes) -> bool:
        """Whether there is such a line."""
        if self.end is not None and self.end.search(comment) is not None:
            return True
        return self.first.match(comment) is not None or self.later.search(comment) is not None


_SEMICOLON_HINT, _BARE_HINT = _Hint(_SEMICOLON_BEGIN, _ENDS_CODE), _Hint(_BARE_BEGIN, None)


def lines_of_code(comment: bytes, language: str, table: KindTable) -> int:
    """How many lines of one comment, with its marks, are code."""
    return _Reader(language, table).count(comment)


def _blocks(comments: tuple[Comment, ...], source: bytes) -> list[tuple[int, int, bool]]:
    """Extents of comments, lines that follow each other being one, and whether they may be code."""
    found: list[tuple[int, int, bool]] = []
    notes = [one for one in comments if one.form != DOCSTRING]
    starts_new = [True, *(not are_one(upper, lower, source) for upper, lower in pairwise(notes))]
    for one, is_new in zip(notes, starts_new, strict=False):
        if is_new:
            found.append((one.start, one.end, one.role != TRAILING))
        else:
            found[-1] = (found[-1][0], one.end, found[-1][2])
    return found


class _Reader:
    """Reads the comments of one file, within its budget."""

    def __init__(self, language: str, table: KindTable) -> None:
        self.language, self.table = language, table
        self.runs_left, self.bytes_left = _MOST_RUNS, _MOST_BYTES
        self.has_semicolons = language in _SEMICOLON
        self.hint = _SEMICOLON_HINT if self.has_semicolons else _BARE_HINT
        self.rare = _SEMICOLON_RARE if self.has_semicolons else _BARE_RARE
        self.line = _SEMICOLON_LINE if self.has_semicolons else _BARE_LINE

    def count(self, comment: bytes) -> int:
        """Lines of code in a comment with its marks."""
        is_doc = comment.startswith((b"/**", b"/*!", b"///", b"//!")) and not comment.startswith(b"////")
        is_doc = is_doc or (comment.startswith(b"/*") and _STARRED.search(comment) is not None)
        if is_doc or len(comment) > _MOST_BLOCK or not any(map(comment.__contains__, self.rare)):
            return 0
        if not self.hint.is_in(comment):
            return 0
        text = comment_text(comment.decode("utf-8", "replace"), self.language)
        if _EXAMPLE.search(text) is not None:
            return 0
        lines = text.split("\n")
        total = 0
        for first, last in self._runs(lines):
            if not self._is_introduced(lines, first):
                total += self._code_in(lines[first:last])
        return total

    def _is_introduced(self, lines: list[str], first: int) -> bool:
        """Whether a run illustrates the text before it, which ends in a colon or, as Go has it, is less indented."""
        before = next((line for line in reversed(lines[:first]) if line.strip()), "")
        if self.language == "Go" and lines[first][:1] in " \t":
            return any(line[:1] not in (" ", "\t", "") for line in lines[:first])
        return before.endswith(":") and not self._looks(before.strip())

    def _runs(self, lines: list[str]) -> list[tuple[int, int]]:
        """Where lines that may be code begin and end, each run from one that looks like code to another."""
        looks = [place for place, line in enumerate(lines) if self._looks(line.strip())]
        stops = [place for place, line in enumerate(lines) if self._is_prose(line.strip())]
        runs: list[tuple[int, int]] = []
        for place in looks:
            if runs and bisect_left(stops, runs[-1][1]) == bisect_left(stops, place):
                runs[-1] = runs[-1][0], place + 1
            else:
                runs.append((place, place + 1))
        return runs

    def _looks(self, line: str) -> bool:
        line = "" if len(line) > _MOST_LINE else _REMARK.sub("", line)
        return bool(line) and self.line.search(line) is not None and not self._is_prose(line)

    def _is_prose(self, line: str) -> bool:
        if len(line) > _MOST_LINE:
            return True
        line = _STRING.sub('""', _REMARK.sub("", line))
        if not self.has_semicolons and _BARE_HEAD.search(line) is not None:
            return False  # the grammar will tell
        if _PROSE.search(line) is not None:
            return True
        return not line.endswith((";", "{")) and _SPACED_CALL.search(line) is not None

    def _code_in(self, lines: list[str]) -> int:
        """How many lines of a run are code: all, or else those alone that look like it, or none."""
        if self._is_code("\n".join(lines)):
            return sum(map(bool, map(str.strip, lines)))
        alone = [line for line in lines if self._looks(line.strip())]
        if len(lines) == 1 or len(alone) == len(lines):
            return 0
        return len(alone) if self._is_code("\n".join(alone)) else 0

    def _is_code(self, text: str) -> bool:
        if _STRONG.search(text) is None or self.runs_left <= 0:
            return False
        if not self.has_semicolons and "\n" not in text.strip() and not _tells(text.strip()):
            return False
        made = self._completed(text).encode()
        self.runs_left -= 1
        self.bytes_left -= len(made)
        if self.bytes_left < 0:
            return False
        tree = parse(self.table.grammar, made, _LIMITS)
        if isinstance(tree, str) or tree.root_node.has_error:
            return False
        return any(map(_is_statement, tree.root_node.named_children))

    def _completed(self, text: str) -> str:
        """The text with what a part of a file lacks: closing braces, a body, PHP's opening tag."""
        if self.language == "Python":
            return text.rstrip() + " pass\n" if text.rstrip().endswith(":") else text + "\n"
        n_open = text.count("{") - text.count("}")
        if 0 < n_open <= _MOST_OPEN:
            text += "\n" + "}" * n_open
        return ("<?php " if self.language == "PHP" else "") + text + "\n"


def _tells(line: str) -> bool:
    """Whether a line alone says more than d = 2 or new(T) do."""
    if line.endswith(")") and "=" not in line.partition("(")[0]:
        return _TELLING_CALL.search(line) is not None
    return _TELLING.search(line) is not None or re.match(_KEYWORD + r"\b", line) is not None


def _is_statement(node: Node) -> bool:
    """Whether a node is more than a name, a literal, a label or an expression whose value is let go."""
    inner: Node | None = node
    if node.type in ("expression_statement", "global_statement") and node.named_child_count:
        inner = node.named_child(0)
    if inner is None:
        return False
    if inner.type in _EFFECTS:
        return True
    return inner is node and node.type not in _WEAK and not node.type.endswith(("_expression", "_operator"))
