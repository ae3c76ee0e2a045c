"""Arguments to try a Python function on: by its annotations, or one kind after another where it has none.

Values are plain literals, few and telling: empty, single, repeated, negative, unsorted. A function gets the same.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from itertools import islice, product
from typing import Any

from train.order import key_of

VALUES: Mapping[str, tuple[Any, ...]] = {
    "int": (3, 0, 1, 7, -2, 10, 12, 5, 100, 2),
    "float": (1.5, 0.0, -2.25, 3.0, 0.5, 10.0),
    "str": ("abc", "", "Hello World", "a,b;c", "12", "racecar", " pad ", "foo_bar", "CamelCase", "a-b c"),
    "bool": (True, False),
    "bytes": (b"abc", b"", b"\x00\xff", b"key=value"),
    "None": (None,),
}
# Lists, dictionaries and the like are made of these kinds where nothing is said, and tried after the plain ones.
_UNSAID = ("int", "str", "list[int]", "list[str]", "float", "dict[str, int]")
_LENGTHS = (3, 0, 1, 5, 2, 4)
_SEQUENCES = {"list", "List", "Sequence", "Iterable", "Collection", "Iterator", "MutableSequence"}
_SETS = {"set", "Set", "AbstractSet", "frozenset", "FrozenSet"}
_MAPPINGS = {"dict", "Dict", "Mapping", "MutableMapping"}
Kind = str  # a Python annotation over the names of VALUES, list, set, tuple and dict


def kinds_of(annotation: ast.expr | None) -> tuple[Kind, ...] | None:
    """The kinds of value that an annotation allows, all of `_UNSAID` without one; None for what cannot be made."""
    if annotation is None:
        return _UNSAID
    match annotation:
        case ast.Constant(value=None):
            return ("None",)
        case ast.Constant(value=str() as text):
            try:
                return kinds_of(ast.parse(text, mode="eval").body)
            except SyntaxError:
                return None
        case ast.Name(id="Any" | "object") | ast.Attribute(attr="Any"):
            return _UNSAID
        case ast.Name(id=name) if name in VALUES:
            return (name,)
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return _container(name, None)
        case ast.BinOp(op=ast.BitOr(), left=left, right=right):
            return _either([left, right])
        case ast.Subscript(value=ast.Name(id=name) | ast.Attribute(attr=name), slice=inner):
            parts = inner.elts if isinstance(inner, ast.Tuple) else [inner]
            if name == "Optional":
                return _either([*parts, ast.Constant(value=None)])
            return _either(parts) if name == "Union" else _container(name, parts)
    return None


def _either(parts: Sequence[ast.expr]) -> tuple[Kind, ...] | None:
    found = [kinds_of(part) for part in parts]
    return None if None in found else tuple(dict.fromkeys(kind for one in found if one for kind in one))


def _container(name: str, parts: Sequence[ast.expr] | None) -> tuple[Kind, ...] | None:
    """`list[int]` and the like; without parts, of integers and of strings."""
    if parts is None:
        plain = {"list": _SEQUENCES, "set": _SETS}
        for kind, names in plain.items():
            if name in names:
                return (f"{kind}[int]", f"{kind}[str]")
        if name in _MAPPINGS:
            return ("dict[str, int]",)
        return ("tuple[int, int]",) if name in ("tuple", "Tuple") else None
    inner = [kinds_of(part) for part in parts if not (isinstance(part, ast.Constant) and part.value is ...)]
    if not inner or any(one is None for one in inner):
        return None
    firsts = [one[0] for one in inner if one]
    if name in _SEQUENCES and len(firsts) == 1:
        return (f"list[{firsts[0]}]",)
    if name in _SETS and len(firsts) == 1:
        return (f"set[{firsts[0]}]",)
    if name in _MAPPINGS and len(firsts) == 2:
        return (f"dict[{firsts[0]}, {firsts[1]}]",)
    if name in ("tuple", "Tuple"):
        return (f"tuple[{', '.join(firsts * 2 if len(firsts) < len(parts) else firsts)}]",)
    return None


def value(kind: Kind, number: int) -> Any:
    """The value of that number of a kind; they begin anew after the last."""
    name, inner = _parsed(kind)
    if not inner:
        return VALUES[kind][number % len(VALUES[kind])]
    if name == "tuple":
        return tuple(value(part, number + place) for place, part in enumerate(inner))
    length = _LENGTHS[number % len(_LENGTHS)]
    # Steps of 7 through ten values repeat none of them too soon and are not in order.
    members = [value(inner[0], number + 7 * place) for place in range(length)]
    if name == "dict":
        return {member: value(inner[1], number + place) for place, member in enumerate(members)}
    return set(members) if name == "set" else members


@cache
def _parsed(kind: Kind) -> tuple[str, tuple[Kind, ...]]:
    """The name of a kind and those of its parts; a plain one has none."""
    tree = ast.parse(kind, mode="eval").body
    if not isinstance(tree, ast.Subscript):
        return kind, ()
    parts = tree.slice.elts if isinstance(tree.slice, ast.Tuple) else [tree.slice]
    return ast.unparse(tree.value), tuple(map(ast.unparse, parts))


def argument_lists(
    parameters: Sequence[tuple[Kind, ...]], name: str, *, most: int = 150
) -> Iterator[tuple[tuple[Kind, ...], tuple[Any, ...]]]:
    """Combinations of kinds with arguments of them, at most so many in all: of each combination as many."""
    combinations = list(islice(product(*parameters), most // 3))
    each = max(3, min(24, most // max(1, len(combinations))))
    for kinds in combinations:
        seen = set()
        for number in range(each):
            shift = [key_of(name, number, place) % 60 if number else 0 for place in range(len(kinds))]
            args = tuple(value(kind, one) for kind, one in zip(kinds, shift, strict=True))
            if repr(args) not in seen:
                seen.add(repr(args))
                yield kinds, args
