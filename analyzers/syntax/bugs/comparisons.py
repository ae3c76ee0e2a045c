"""Comparisons and operations whose outcome is known, or that compare something else than they seem to."""

from __future__ import annotations

import re
from collections.abc import Sequence

from tree_sitter import Node

from analyzers.syntax.bugs.source_file import SourceFile

_RELATIONS = {"<": "<", "<=": "<", ">": ">", ">=": ">"}
_EQUALITIES = ("==", "!=", "===", "!==")
_SAME = frozenset(("==", "===", "<", "<=", ">", ">=", "is", "&&", "||", "and", "or"))
_NAME = re.compile(rb"[\w$]+")
_SIDES = re.compile(rb"[A-Za-z_$][\w$.\[\]>\-]*")
_NAN = re.compile(
    rb"(?:(?:Number|math|np|numpy|cmath|float|double|Double|Float|f32|f64|std::f32|std::f64)(?:\.|::))?(?:nan|NaN|NAN)"
    rb"|math\.NaN\(\)|float\(\s*['\"]nan['\"]\s*\)|std::numeric_limits<\w+>::quiet_NaN\(\)"
)
_FLOAT = re.compile(rb"\d*\.\d*(?:[eE]\d+)?[fFdD]?|\d+[fFdD]")
_ZERO = re.compile(rb"0[xX]?0*[uUlL]*")
_MOST_NAN_BYTES = 60
_TYPES = frozenset(
    (b"undefined", b"object", b"boolean", b"number", b"string", b"function", b"symbol", b"bigint", b"unknown")
)  # the last is Internet Explorer's


def self_comparison(node: Node, file: SourceFile) -> Sequence[Node]:
    """`x < x`, `a.b == a.b`, `a && a`: both sides are the same.

    Why it is bad: the outcome is known, and one side was meant to be another.
    Example: `if (other.start == other.start)`.
    Not reported: != and plain names with ==, by which NaN is told; sides with calls or arithmetic.
    """
    operands = file.operands(node)
    if operands is None or operands[1] not in _SAME:
        return ()
    left, _, right = operands
    size = left.end_byte - left.start_byte
    if size != right.end_byte - right.start_byte:
        return ()
    text = file.text(left)
    if text != file.text(right) or not _SIDES.fullmatch(text):
        return ()
    return () if operands[1] in ("==", "===") and _NAME.fullmatch(text) else (node,)


def nan_comparison(node: Node, file: SourceFile) -> Sequence[Node]:
    """`x == NaN`: nothing equals NaN, NaN itself included.

    Why it is bad: the comparison is always false, with != always true.
    Example: `if value == float("nan")`. Instead: `if math.isnan(value)`.
    """
    operands = file.operands(node)
    if operands is None or not (operands[1] in _EQUALITIES or operands[1] in _RELATIONS):
        return ()
    sides = [side for side in (operands[0], operands[2]) if side.end_byte - side.start_byte < _MOST_NAN_BYTES]
    return (node,) if any(_NAN.fullmatch(file.text(side)) for side in sides) else ()


def none_comparison(node: Node, file: SourceFile) -> Sequence[Node]:
    """`x == None`: None is one object, and what == does is up to x.

    Why it is bad: arrays compare each element, and a class's own == may say anything.
    Example: `if x == None`. Instead: `if x is None`.
    """
    operands = file.operands(node)
    if operands is None or operands[1] not in ("==", "!="):
        return ()
    sides = [file.plan.tokens[side.kind_id] for side in (operands[0], operands[2])]
    return (node,) if "none" in sides else ()


def literal_identity(node: Node, file: SourceFile) -> Sequence[Node]:
    """`x is "a"`, Java's and C's `x == "a"`, JavaScript's `x === []`: a fresh object is compared by identity.

    Why it is bad: the outcome depends on what the compiler shares, or is always false.
    Example: `if (name == "root")` in Java. Instead: `name.equals("root")`.
    """
    operands = file.operands(node)
    if operands is None or operands[1] not in file.dialect.identity_operators:
        return ()
    literals = file.kinds["identity_literals"]
    sides = [side for side in (operands[0], operands[2]) if side.kind_id in literals]
    if len(sides) != 1 or (file.language in ("JavaScript", "TypeScript", "TSX") and sides[0].named_child_count):
        return ()
    return (node,)


def comparison_chain(node: Node, file: SourceFile) -> Sequence[Node]:
    """`a < b < c` where the language compares the truth of the first with c.

    Why it is bad: it reads as mathematics and is none.
    Example: `if (0 < x < 10)`. Instead: `if (0 < x && x < 10)`.
    Not reported: signs of different direction, which templates that were misread look like.
    """
    operands = file.operands(node)
    if operands is None:
        return ()
    direction = _RELATIONS.get(operands[1])
    if direction is None or node.kind_id not in (operands[0].kind_id, operands[2].kind_id):
        return ()
    inner = (operands[0] if operands[0].kind_id == node.kind_id else operands[2]).children
    if len(inner) != 3 or _RELATIONS.get(file.plan.tokens[inner[1].kind_id]) != direction:
        return ()
    is_template = b"::" in file.source[node.start_byte : node.end_byte][: _MOST_NAN_BYTES * 4]
    after = file.source[node.end_byte : node.end_byte + _MOST_NAN_BYTES].lstrip()[:1]
    return () if is_template or after not in (b")", b"&", b"|", b"?", b";", b":", b"{", b"]", b"") else (node,)


def operator_precedence(node: Node, file: SourceFile) -> Sequence[Node]:
    """`!a in b`, `!a & b`, `a & b == c`: the operators bind otherwise than they are meant.

    Why it is bad: it is (!a) in b, (!a) & b, a & (b == c).
    Example: `if (flags & MASK == 0)`. Instead: `if ((flags & MASK) == 0)`.
    Not reported: two comparisons on both sides of & or |, and operands that are negated both.
    """
    operands = file.operands(node)
    if operands is None:
        return ()
    left, operator, right = operands
    if operator in ("in", "instanceof", "&", "<", ">", "<=", ">="):
        negated = [
            side.kind_id in file.kinds["unaries"] and file.source.startswith(b"!", side.start_byte)
            for side in (left, right)
        ]
        twice = file.source[left.start_byte : left.start_byte + 2] == b"!!"
        relation = operator in _RELATIONS and file.language in ("C", "C++")  # mostly a template that was misread
        if negated[0] and not negated[1] and not twice and not relation:
            return (node,)
    if operator in ("&", "|", "^"):
        compared = [_is_equality(side, node, file) for side in (left, right)]
        return (node,) if compared[0] != compared[1] else ()
    return ()


def _is_equality(side: Node, node: Node, file: SourceFile) -> bool:
    if side.kind_id != node.kind_id:
        return False
    children = side.children
    return len(children) == 3 and file.plan.tokens[children[1].kind_id] in _EQUALITIES


def invalid_typeof(node: Node, file: SourceFile) -> Sequence[Node]:
    """`typeof x == "nmber"`: no value has a type of that name.

    Why it is bad: the comparison is always false.
    Example: `typeof x === "array"`. Instead: `Array.isArray(x)`.
    """
    operands = file.operands(node)
    if operands is None or operands[1] not in _EQUALITIES or operands[2].kind_id not in file.kinds["strings"]:
        return ()
    if not file.source.startswith(b"typeof", operands[0].start_byte):
        return ()
    return () if file.text(operands[2])[1:-1] in _TYPES else (node,)


def division_by_zero(node: Node, file: SourceFile) -> Sequence[Node]:
    """`x / 0`, `x %= 0`: a literal zero divides.

    Why it is bad: it fails, or gives infinity or nothing at all.
    Example: `mean = total / 0`.
    Not reported: one literal by another, which is how failure and infinity are made on purpose.
    """
    operands = file.operands(node)
    if operands is None or operands[1] not in ("/", "%", "//", "/=", "%=", "//="):
        return ()
    left, _, right = operands
    kinds = file.kinds
    if right.kind_id not in kinds["numbers"] or left.kind_id in kinds["numbers"] or left.kind_id in kinds["strings"]:
        return ()
    return (node,) if _ZERO.fullmatch(file.text(right)) else ()
