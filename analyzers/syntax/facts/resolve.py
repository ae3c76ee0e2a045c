"""What a name means inside its file: a definition in scope, something imported, or nothing that the tree can tell.

A name is looked for in the functions around it, in the class where the language calls methods by name alone, in the
file, then among the imports; a parameter of that name hides what lies further out. Through `self` and its like methods
of the class around are found, through `super` those of its bases, both also in bases of the same file. Of several
definitions of one name the one that takes as many arguments is meant; if that leaves more than one, none is. Known
gap: variables hide nothing.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple

from analyzers.syntax.facts.imports import Import
from analyzers.syntax.facts.spec import FactSpec
from analyzers.syntax.report import Definition

MOST_SCOPES = 64  # levels that are looked through: without a bound, time would be quadratic in the depth
MOST_BASES = 64  # classes that are looked through for an inherited method

_GENERICS = re.compile(r"<[^<>()]*>")
_ARROWS = re.compile(r"\s*(?:\?\.|->|::|\.|\\)\s*")
_PREFIX = re.compile(r"^(?:(?:new|await|throw|yield|return|delete)\b|[*&!:]|\s)+")
_TAIL = re.compile(r"(?:[^\W\d][\w$]*\.)*[^\W\d][\w$]*!?$|(?:[$#][\w$]*\.?)+[\w$]*$")


class Callee(NamedTuple):
    """What is called: its last name, and the whole path where the text is one."""

    name: str | None
    path: tuple[str, ...]


def callee_in(text: str) -> Callee:
    """The callee from what stands before the arguments: `new a.b.C<T>` is C, at a.b.C."""
    for _ in range(4):
        text, changed = _GENERICS.subn("", text)
        if not changed:
            break
    text = _ARROWS.sub(".", text.strip()).rstrip(".").replace("super().", "super.")
    text = _PREFIX.sub("", text)
    tail = _TAIL.search(text)
    if tail is None:
        return Callee(None, ())
    parts = tuple(tail[0].split("."))
    return Callee(parts[-1], parts if tail.start() == 0 else ())


class Names:
    """Definitions and imports of one file, by scope."""

    def __init__(
        self, definitions: Sequence[Definition], parents: Sequence[int], bound: Sequence[bool],
        parameters: Sequence[frozenset[str]], imports: Sequence[Import], spec: FactSpec,
    ) -> None:  # fmt: skip
        """`parents` are the scopes of definitions, -1 for the file; `bound` says which are called by their name."""
        self.definitions, self.parents, self.parameters, self.spec = definitions, parents, parameters, spec
        self.bases: dict[int, list[str]] = {}
        self._in_scope: dict[tuple[int, str], list[int]] = defaultdict(list)
        for place, one in enumerate(definitions):
            if one.name and bound[place]:
                # A::f is f where A is the scope, and A.f as paths are told here where it is not known.
                name = one.name.rpartition("::")[2] if parents[place] >= 0 else one.name.replace("::", ".")
                self._in_scope[parents[place], name].append(place)
        self._imports = imported_names(imports, spec)

    def call(self, path: tuple[str, ...], n_args: int | None, owner: int) -> int | str | None:
        """The place of the definition that a path calls from within `owner`, or the qualified name of an import."""
        if not path:
            return None
        spec, head = self.spec, path[0]
        if head in spec.super_names:
            return self._of_bases(self._class_around(owner), path[1:], n_args)
        if head in spec.self_names and len(path) > 1:
            around = self._class_around(owner)
            return self._member(around, path[1], n_args, bare=False) if len(path) == 2 and around >= 0 else None
        found = self._in_scopes(path, n_args, owner)
        if found is not None:
            return found if found >= 0 else None
        return self.imported(path)

    def imported(self, path: Sequence[str]) -> str | None:
        """The qualified name of a path whose head was imported."""
        module = self._imports.get(path[0])
        if module is None:
            return None
        return _joined(module, path[1:], self.spec.separator)

    def base(self, written: str, owner: int) -> int | str | None:
        """What a base of a class refers to, seen from the class's own scope."""
        path = tuple(re.split(r"\.|::|\\", written))
        scope = self.parents[owner] if owner >= 0 else -1
        for _ in range(MOST_SCOPES):
            found = [p for p in self._in_scope.get((scope, path[-1] if len(path) == 1 else written), ()) if p != owner]
            classes = [place for place in found if self.definitions[place].kind == "class"]
            if len(classes) == 1:
                return classes[0]
            if scope < 0:
                break
            scope = self.parents[scope]
        return self.imported(path)

    def _in_scopes(self, path: tuple[str, ...], n_args: int | None, owner: int) -> int | None:
        """The definition, -1 where something hides it that is none, None where no scope knows the name."""
        head, scope = path[0], owner
        for _ in range(MOST_SCOPES):
            is_class = scope >= 0 and self.definitions[scope].kind == "class"
            if not is_class or self.spec.implicit_self:
                whole = ".".join(path)
                found = self._in_scope.get((scope, whole)) or self._in_scope.get((scope, head))
                if found:
                    return self._through(
                        path if found is not self._in_scope.get((scope, whole)) else (whole,), found, n_args
                    )
                if is_class and len(path) == 1:
                    inherited = self._of_bases(scope, path, n_args)
                    if isinstance(inherited, int):
                        return inherited
            if scope < 0:
                return None
            if head in self.parameters[scope]:
                return -1
            scope = self.parents[scope]
        return -1

    def _through(self, path: tuple[str, ...], found: list[int], n_args: int | None) -> int:
        if len(path) == 1:
            place = self._chosen(found, n_args, bare=True)
        elif len(path) == 2 and len(found) == 1 and self.definitions[found[0]].kind == "class":
            place = self._member(found[0], path[1], n_args, bare=False)
        else:
            place = None
        return -1 if place is None else place

    def _class_around(self, owner: int) -> int:
        for _ in range(MOST_SCOPES):
            if owner < 0 or self.definitions[owner].kind == "class":
                return owner
            owner = self.parents[owner]
        return -1

    def _member(self, owner: int, name: str, n_args: int | None, *, bare: bool) -> int | None:
        """A method of a class or of its bases in this file."""
        waiting, seen = [owner], {owner}
        while waiting and len(seen) <= MOST_BASES:
            place = waiting.pop(0)
            found = self._in_scope.get((place, name))
            if found:
                return self._chosen(found, n_args, bare=bare)
            for written in self.bases.get(place, ()):
                base = self.base(written, place)
                if isinstance(base, int) and base not in seen:
                    seen.add(base)
                    waiting.append(base)
        return None

    def _of_bases(self, owner: int, rest: Sequence[str], n_args: int | None) -> int | str | None:
        """A base itself (`super()`), or a method of one."""
        if owner < 0 or len(rest) > 1:
            return None
        found = [self.base(written, owner) for written in self.bases.get(owner, ())[:MOST_BASES]]
        for base in found if rest else ():
            member = self._member(base, rest[0], n_args, bare=False) if isinstance(base, int) else None
            if member is not None:
                return member
        if len(found) != 1:  # which of them is the class, and which interfaces are?
            return None
        if isinstance(found[0], str):
            return _joined(found[0], rest, self.spec.separator)
        return None if rest else found[0]

    def _chosen(self, found: list[int], n_args: int | None, *, bare: bool) -> int | None:
        if len(found) == 1:
            return found[0]
        given = None if n_args is None else n_args + (self.spec.self_is_parameter and not bare)
        fitting = [place for place in found if self.definitions[place].n_parameters == given]
        return fitting[0] if len(fitting) == 1 else None


def imported_names(imports: Sequence[Import], spec: FactSpec) -> dict[str, str]:
    """The qualified name behind each name that imports bring into the file."""
    names: dict[str, str] = {}
    for module, name, alias in imports:
        if name is None:
            if alias is not None or spec.module_names == "last":
                names[alias or _last(module)] = module
            elif spec.module_names == "first":  # `import a.b` brings a
                names[module.partition(".")[0]] = module.partition(".")[0]
        elif name == "*":
            if alias is not None:
                names[alias] = module
        else:
            names[alias or name] = _joined(module, (name,), spec.separator)
    return names


def _last(module: str) -> str:
    """The name that a module goes by: the last part of its path, a version aside."""
    parts = [part for part in re.split(r"/|::|\\", module) if part]
    if len(parts) > 1 and re.fullmatch(r"v\d+", parts[-1]):
        parts.pop()
    return parts[-1] if parts else module


def _joined(module: str, rest: Sequence[str], separator: str) -> str:
    tail = separator.join(rest)
    return module + tail if not tail or module.endswith(separator) else f"{module}{separator}{tail}"
