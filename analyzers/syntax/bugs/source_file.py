"""One file as rules see it: its bytes, what encloses the node at hand, its words, and readings of nodes that several
rules share, made once for each node."""

from __future__ import annotations

import re
from bisect import bisect_left
from functools import cached_property

from tree_sitter import Node

from analyzers.syntax.bugs.plan import FUNCTION, Plan
from analyzers.syntax.bugs.words import Words

_MOST_OUTWARD = 64  # frames looked at: without a bound, time would be quadratic in the depth
_MOST_PARENS = 8
_NO_NODES: list[Node] = []
_WORD = re.compile(rb"[^\W\d][\w$]*")
_DEFINES = re.compile(rb"^[ \t]*(?:def|class|async def|if __name__)\b", re.MULTILINE)
_MACRO = re.compile(rb"^[ \t]*#[ \t]*define\b(?:[^\n\\]|\\.)*", re.MULTILINE | re.DOTALL)
_DYNAMIC = tuple(  # patterns that begin with letters are ten times as fast as one for all
    re.compile(word + rb"\s*\(") for word in (b"locals", b"vars", b"eval", b"exec", b"dir", b"arguments", b"with")
)
_WORD_BYTES = frozenset(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_")


def first_child(node: Node) -> Node | None:
    """The first named child; None where there is none."""
    return node.named_child(0) if node.named_child_count else None


class Frame:
    """A scope, loop or the like that is open while the rules are inside."""

    __slots__ = ("end", "node", "outer", "part", "start")

    def __init__(self, node: Node, part: int, end: int, outer: Frame | None) -> None:
        """outer: the frame around it."""
        self.node, self.part, self.end, self.outer = node, part, end, outer
        self.start = node.start_byte


class SourceFile:
    """A file while its rules run. Nothing of it outlives them."""

    def __init__(self, root: Node, source: bytes, plan: Plan) -> None:
        """Reads nothing yet."""
        self.root, self.source, self.plan = root, source, plan
        self.kinds, self.dialect, self.language = plan.kinds, plan.dialect, plan.language
        self.frame: Frame | None = None
        self.comments: list[tuple[int, int]] = []
        self.taken: list[Node] = []
        self.in_chain: set[int] = set()  # starts of ifs that belong to one before
        self._of_statements: Node | None = None
        self._statements: list[Node] = []
        self._sorted: dict[str, list[Node]] = {}
        self._of_operands: Node | None = None
        self._operands: tuple[Node, str, Node] | None = None

    @cached_property
    def words(self) -> Words:
        """All words outside comments."""
        return Words(self.source, sorted(self.comments), self.dialect.word_extras)

    @cached_property
    def comment_words(self) -> frozenset[bytes]:
        """All words inside comments."""
        found = (_WORD.findall(self.source, start, end) for start, end in self.comments)
        return frozenset(word for words in found for word in words)

    @cached_property
    def macro_words(self) -> frozenset[bytes]:
        """All words in definitions of macros, which may name variables of whoever uses them."""
        found = _MACRO.findall(self.source) if self.language in ("C", "C++") else []
        return frozenset(word for macro in found for word in _WORD.findall(macro))

    @cached_property
    def hands_names_on(self) -> bool:
        """Whether a file may be there for the names it imports: Python's without a definition, or with `__all__`."""
        return self.language == "Python" and (b"__all__" in self.source or not _DEFINES.search(self.source))

    @cached_property
    def dynamic(self) -> list[int]:
        """Where code may read variables without naming them."""
        source = self.source
        starts = (found.start() for pattern in _DYNAMIC for found in pattern.finditer(source))
        return sorted(start for start in starts if not start or source[start - 1] not in _WORD_BYTES)

    def is_dynamic(self, start: int, end: int) -> bool:
        """Whether something between the bytes may read variables without naming them."""
        place = bisect_left(self.dynamic, start)
        return place < len(self.dynamic) and self.dynamic[place] < end

    def has_exit(self, start: int, end: int) -> bool:
        """Whether something between the bytes may end a loop: a keyword, or a call."""
        return re.search(self.dialect.exits + rb"|[\w)\]>]\s*\(", self.source[start:end]) is not None

    def text(self, node: Node) -> bytes:
        """The bytes of a node."""
        return self.source[node.start_byte : node.end_byte]

    def bare(self, node: Node | None) -> Node | None:
        """The expression inside parentheses."""
        parens, comments = self.kinds["parens"], self.plan.comments
        for _ in range(_MOST_PARENS):
            if node is None or node.kind_id not in parens:
                break
            node = next((child for child in node.named_children if child.kind_id not in comments), None)
        return node

    def nearest(self, *parts: int) -> Frame | None:
        """The innermost frame around that is one of the parts; None too where it is very far."""
        frame = self.frame
        for _ in range(_MOST_OUTWARD):
            if frame is None or frame.part in parts:
                return frame
            frame = frame.outer
        return None

    def function(self) -> Frame | None:
        """The innermost function around."""
        return self.nearest(FUNCTION)

    def statements(self, block: Node) -> list[Node]:
        """What stands side by side in a block, comments and punctuation aside."""
        if block is not self._of_statements:
            self._of_statements = block
            self._read(block)
        return self._statements

    def sorted_statements(self, block: Node) -> dict[str, list[Node]]:
        """What a block holds by the sort that the plan gives it: jumps, functions, expressions whose value it lets
        go."""
        self.statements(block)
        return self._sorted

    def let_go(self, block: Node, sort: str) -> list[Node]:
        """What a block holds of one sort."""
        return self.sorted_statements(block).get(sort, _NO_NODES)

    def _read(self, block: Node) -> None:
        comments, sorts, wrappers = self.plan.comments, self.plan.sorts, self.kinds["expression_statements"]
        self._statements, self._sorted = [], {}
        for statement in block.named_children:
            kind = statement.kind_id
            if kind in comments:
                continue
            self._statements.append(statement)
            node: Node | None = statement
            if kind in wrappers:
                node = first_child(statement)
                kind = 0 if node is None else node.kind_id
            if kind in sorts and node is not None:
                self._sorted.setdefault(sorts[kind], []).append(node)

    def operator(self, node: Node) -> str:
        """The operator of an operation of two; empty for others."""
        middle = node.child(1) if node.child_count == 3 else None
        return "" if middle is None else self.plan.tokens[middle.kind_id]

    def operands(self, node: Node) -> tuple[Node, str, Node] | None:
        """Left side, operator and right side of an operation of two; None for others."""
        if node is not self._of_operands:
            self._of_operands = node
            children = node.children
            self._operands = None
            if len(children) == 3:
                left, operator, right = children
                self._operands = left, self.plan.tokens[operator.kind_id], right
        return self._operands
