"""Rows of all relations of one file, from its tree and its report."""

from __future__ import annotations

import hashlib
import re
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import xxhash
from tree_sitter import Node, Tree

from analyzers.syntax.facts.heads import Parameter, bases_of, parameters_of, receiver_of, trait_of
from analyzers.syntax.facts.imports import Import, imported, required
from analyzers.syntax.facts.lines import count_lines, line_starts, lines_of
from analyzers.syntax.facts.reach import flow_of
from analyzers.syntax.facts.relations import RELATIONS
from analyzers.syntax.facts.resolve import Names, callee_in
from analyzers.syntax.facts.walk import IDENTIFIER_KINDS, ONE_ARGUMENT, TOKENS, FactTable, Found, collect, fact_table
from analyzers.syntax.kinds import CONTAINER
from analyzers.syntax.languages import spec_of
from analyzers.syntax.report import DOC, DOCSTRING, HEADER, TRAILING, Definition, Report

Rows = dict[str, list[tuple]]

_MOST_CALLEE = 200  # bytes before the arguments that are read: a chain of calls must not be read again and again
_MOST_IDENTIFIER = 200  # bytes; longer ones are data
_KEYWORDS = (b"function", b"async", b"class", b"abstract", b"interface", b"enum", b"export", b"@")


def facts_of(
    tree: Tree, report: Report, source: bytes, language: str, file_id: str, repo: str | None, path: str | None,
    *, flow: bool = True,
) -> Rows:  # fmt: skip
    """Rows of RELATIONS, every relation there, from a tree and the report on the same bytes.

    Without `flow` cfg and def_use stay empty, which saves half the time for languages that have them.

    LookupError for a language without a grammar. Rows hold nothing but strings, whole numbers and None, so that
    `marshal` takes them. The same file gives the same rows in the same order.
    """
    spec = spec_of(language)
    if spec is None:
        raise LookupError(f"{language!r} has no grammar: see analyzers/syntax/languages")
    return _Extraction(tree.root_node, report, source, fact_table(spec), file_id, flow).rows(repo, path)


@dataclass(frozen=True)
class _Extraction:
    """One file at work. Definitions are known by their place in the report; -1 is the file."""

    root: Node
    report: Report
    source: bytes
    table: FactTable
    file_id: str
    flow: bool

    def rows(self, repo: str | None, path: str | None) -> Rows:
        """All relations."""
        rows: Rows = {name: [] for name in RELATIONS}
        starts = line_starts(self.source)
        counts = count_lines(self.source, self.report.comments, starts)
        md5 = hashlib.md5(self.source, usedforsecurity=False).hexdigest()
        rows["file"].append((self.file_id, repo, path, self.report.language, *counts, md5))
        rows["parse_error"] = [(self.file_id, start, end) for start, end in self.report.errors]
        definitions = self.report.definitions or ()
        ids = [self._id("class" if one.kind == "class" else "function", one.start) for one in definitions]
        self._comments(rows, definitions, ids)
        if self.report.definitions is None:
            return rows
        found = collect(self.root, self.source, self.table)
        self._identifiers(rows, found)
        nodes = self._nodes(found)
        parts = self.table.kinds.parts
        containers = [node for node in found.definitions if parts[node.kind_id] == CONTAINER]
        containers.sort(key=lambda node: node.start_byte)
        classes: dict[str, int] = {}
        for place, one in enumerate(definitions):
            if one.kind == "class" and one.name:
                classes.setdefault(one.name, place)
        parents = self._parents(nodes, containers, classes)
        parameters = self._parameters(rows, nodes, ids)
        imports = self._imports(rows, found, starts)
        bound = [self._is_bound(one, parents[place]) for place, one in enumerate(definitions)]
        hiding = [frozenset(one.name for one in found if one.name) for found in parameters]
        names = Names(definitions, parents, bound, hiding, imports, self.table.spec)
        self._definitions(rows, ids, parents)
        self._bases(rows, nodes, containers, classes, names, ids)
        self._calls(rows, found, names, ids, starts)
        self._branches(rows, found, ids, starts)
        if self.flow:
            self._flow(rows, nodes, parameters, ids, starts)
        return rows

    def _id(self, kind: str, place: int) -> str:
        return xxhash.xxh3_128_hexdigest(f"{self.file_id}:{kind}:{place}".encode())

    def _comments(self, rows: Rows, definitions: Sequence[Definition], ids: list[str]) -> None:
        """comment, doc_of, and what encloses each comment."""
        owners = self._owners([comment.start for comment in self.report.comments])
        documented = sorted(
            (one.doc_start, one.doc_end, place) for place, one in enumerate(definitions) if one.doc_start >= 0
        )
        begins = [start for start, _, _ in documented]
        for comment, owner in zip(self.report.comments, owners, strict=True):
            key = self._id("comment", comment.start)
            text = self.source[comment.start : comment.end].strip()
            kind = _comment_kind(comment.form, comment.role)
            text_hash = xxhash.xxh3_128_hexdigest(text)
            rows["comment"].append((key, self.file_id, kind, comment.start, comment.end, text_hash))
            rows["encloses"].append((ids[owner] if owner >= 0 else self.file_id, key, self.file_id))
            at = bisect_left(begins, comment.start + 1) - 1
            if at >= 0 and comment.end <= documented[at][1]:
                rows["doc_of"].append((key, ids[documented[at][2]], self.file_id))
            elif comment.form == DOCSTRING and owner < 0:
                rows["doc_of"].append((key, self.file_id, self.file_id))

    def _owners(self, places: Sequence[int], *, functions: bool = False) -> list[int]:
        """The innermost definition around each place, or the innermost function; -1 for none. Any order of places."""
        definitions = self.report.definitions or ()
        edges = sorted(
            [(one.start, 1, place) for place, one in enumerate(definitions)]
            + [(one.end, 0, place) for place, one in enumerate(definitions)]
        )
        bounds, owners, stack = [], [], list[int]()
        for at, opens, place in edges:
            if opens:
                stack.append(place)
            elif stack:
                stack.pop()
            bounds.append(at)
            top = stack[-1] if stack else -1
            owners.append(-1 if functions and top >= 0 and definitions[top].kind == "class" else top)
        around = np.array([-1, *owners], np.int64)
        return around[np.searchsorted(np.array(bounds, np.int64), np.asarray(places, np.int64), side="right")].tolist()

    def _identifiers(self, rows: Rows, found: Found) -> None:
        for kind, counts in found.identifiers.items():
            for name, count in sorted(counts.items()):
                if 0 < len(name) <= _MOST_IDENTIFIER:
                    rows["identifier"].append(
                        (self.file_id, name.decode("utf-8", "replace"), IDENTIFIER_KINDS[kind], count)
                    )

    def _nodes(self, found: Found) -> list[Node | None]:
        """The node of each definition."""
        by_span = {(node.start_byte, node.end_byte): node for node in reversed(found.definitions)}
        return [by_span.get((one.start, one.end)) for one in self.report.definitions or ()]

    def _parents(self, nodes: list[Node | None], containers: list[Node], classes: dict[str, int]) -> list[int]:
        """Scopes: the definition around, or the class that a receiver, an `impl` or a name like A::f stands for."""
        spec, parents = self.table.spec, []
        places = [node.start_byte for node in containers]
        for one, node in zip(self.report.definitions or (), nodes, strict=True):
            parent = one.parent
            if parent < 0 and one.kind != "class":
                holder = node if one.kind == "function" else None
                if one.kind == "method" and (at := bisect_left(places, one.start) - 1) >= 0:
                    holder = containers[at]
                name = None if holder is None else receiver_of(holder, self.source, spec)
                if name is None and spec.separator == "::" and "::" in (one.name or ""):
                    name = re.sub(r"<.*>", "", (one.name or "").rpartition("::")[0]).rpartition("::")[2]
                parent = classes.get(name or "", -1)
            parents.append(parent)
        return parents

    def _parameters(self, rows: Rows, nodes: list[Node | None], ids: list[str]) -> list[list[Parameter]]:
        parameters: list[list[Parameter]] = []
        for place, (one, node) in enumerate(zip(self.report.definitions or (), nodes, strict=True)):
            found = parameters_of(node, self.source, self.table.kinds) if node is not None and one.n_parameters else []
            for index, one_of in enumerate(found):
                rows["parameter"].append((ids[place], index, one_of.name, one_of.type, self.file_id))
            parameters.append(found)
        return parameters

    def _imports(self, rows: Rows, found: Found, starts: np.ndarray) -> list[Import]:
        spec = self.table.spec
        brought: list[tuple[int, Import]] = []
        for start, end in self.report.imports or ():
            brought += [(start, one) for one in imported(self.source[start:end], spec.imports)]
        if spec.imports == "ecmascript":
            brought += self._required(found)
        brought.sort(key=lambda pair: pair[0])
        lines = lines_of([start for start, _ in brought], starts)
        rows["import"] = [(self.file_id, *one, line) for (_, one), line in zip(brought, lines, strict=True)]
        return [one for _, one in brought]

    def _required(self, found: Found) -> list[tuple[int, Import]]:
        """CommonJS imports among the calls."""
        brought = []
        for start, arguments in found.calls:
            if self.source[start : start + 7] != b"require" or arguments.start_byte - start > 8:
                continue
            text = self.source[arguments.start_byte : min(arguments.end_byte, arguments.start_byte + _MOST_CALLEE)]
            module = re.fullmatch(rb"""\(\s*["'`]([^"'`]+)["'`]\s*\)""", text)
            if module:
                before = self.source[max(0, start - _MOST_CALLEE) : start]
                brought += [(start, one) for one in required(before, module[1].decode("utf-8", "replace"))]
        return brought

    def _is_bound(self, one: Definition, parent: int) -> bool:
        """Whether its name is what it is called by from its scope."""
        if not self.table.spec.binds_by_statement or (
            parent >= 0 and (self.report.definitions or ())[parent].kind == "class"
        ):
            return True
        before = self.source[max(0, one.start - 40) : one.start].rstrip()
        if before.endswith((b":", b"(", b",")):
            return False
        return before.endswith(b"=") or self.source.startswith(_KEYWORDS, one.start)

    def _definitions(self, rows: Rows, ids: list[str], parents: list[int]) -> None:
        for place, one in enumerate(self.report.definitions or ()):
            parent = ids[parents[place]] if parents[place] >= 0 else None
            head = (ids[place], self.file_id, parent, one.name, one.start, one.end)
            n_lines = one.end_line - one.start_line + 1
            if one.kind == "class":
                rows["class"].append((*head, n_lines, one.start_line))
            else:
                measured = (one.cyclomatic, one.n_parameters, one.nesting, n_lines, one.start_line)
                rows["function"].append((*head, *measured))
            rows["encloses"].append((parent or self.file_id, ids[place], self.file_id))

    def _bases(
        self, rows: Rows, nodes: list[Node | None], containers: list[Node], classes: dict[str, int], names: Names,
        ids: list[str],
    ) -> None:  # fmt: skip
        """Bases that classes name themselves, and traits that are brought to them elsewhere."""
        for place, node in enumerate(nodes):
            if node is not None and (self.report.definitions or ())[place].kind == "class":
                names.bases[place] = list(bases_of(node, self.source, self.table))
        for container in containers:
            trait, name = (read(container, self.source) for read in (trait_of, self._type_of))
            if trait is not None and name in classes:
                names.bases[classes[name]].append(trait)
        for place, bases in sorted(names.bases.items()):
            names.bases[place] = list(dict.fromkeys(bases))
            for base in names.bases[place]:
                rows["inherits"].append((ids[place], base, _target(names.base(base, place), ids), self.file_id))

    def _type_of(self, container: Node, source: bytes) -> str:
        return receiver_of(container, source, self.table.spec) or ""

    def _calls(self, rows: Rows, found: Found, names: Names, ids: list[str], starts: np.ndarray) -> None:
        calls = sorted(found.calls, key=lambda call: (call[0], -call[1].start_byte))
        places = [start for start, _ in calls]
        lines, owners = lines_of([arguments.start_byte for _, arguments in calls], starts), self._owners(places)
        functions = self._owners(places, functions=True)
        for (start, arguments), line, owner, function in zip(calls, lines, owners, functions, strict=True):
            end = arguments.start_byte
            text = self.source[max(start, end - _MOST_CALLEE) : end].decode("utf-8", "replace")
            callee = callee_in(text if end - start <= _MOST_CALLEE else f"){text}")
            if callee.name is None:
                continue
            n_args = self._n_arguments(arguments)
            target = _target(names.call(callee.path, n_args, owner), ids)
            within = ids[function] if function >= 0 else None
            rows["call"].append((within, callee.name, target, n_args, line, self.file_id))

    def _n_arguments(self, arguments: Node) -> int | None:
        part = self.table.parts[arguments.kind_id]
        if part == TOKENS:
            return None
        if part == ONE_ARGUMENT:
            return 1
        return sum(self.table.argument[child.kind_id] for child in arguments.children)

    def _branches(self, rows: Rows, found: Found, ids: list[str], starts: np.ndarray) -> None:
        branches = sorted(found.branches)
        places = [place for place, _ in branches]
        owners, lines = self._owners(places, functions=True), lines_of(places, starts)
        rows["branch"] = [
            (ids[owner] if owner >= 0 else None, kind, line, self.file_id)
            for (_, kind), owner, line in zip(branches, owners, lines, strict=True)
        ]

    def _flow(
        self, rows: Rows, nodes: list[Node | None], parameters: list[list[Parameter]], ids: list[str],
        starts: np.ndarray,
    ) -> None:  # fmt: skip
        edges: list[tuple[str, int, int, str]] = []
        chains: list[tuple[str, str, int, int]] = []
        for place, one in enumerate(self.report.definitions or ()):
            node = nodes[place]
            if one.kind == "class" or node is None:
                continue
            given = [(each.name, each.place) for each in parameters[place] if each.name]
            flow = flow_of(node, self.source, self.report.language, given)
            if flow is not None:
                edges += [(ids[place], *edge) for edge in flow.edges]
                chains += [(ids[place], *chain) for chain in flow.chains]
        lines = lines_of([edge[1] for edge in edges], starts)
        rows["cfg"] = [(*edge, line, self.file_id) for edge, line in zip(edges, lines, strict=True)]
        written = lines_of([chain[2] for chain in chains], starts)
        read = lines_of([chain[3] for chain in chains], starts)
        pairs = [(*chain[:2], at, by) for chain, at, by in zip(chains, written, read, strict=True)]
        rows["def_use"] = [(*pair, self.file_id) for pair in dict.fromkeys(pairs)]


def _target(found: int | str | None, ids: list[str]) -> str | None:
    return ids[found] if isinstance(found, int) else found


def _comment_kind(form: int, role: int) -> str:
    if form == DOCSTRING:
        return "docstring"
    return {HEADER: "header", DOC: "doc", TRAILING: "trailing"}.get(role, "plain")


def unresolved_share(rows: Rows) -> float:
    """Calls without a `callee` / all calls; 0 where there are none."""
    calls = rows["call"]
    return sum(callee is None for _, _, callee, *_ in calls) / len(calls) if calls else 0.0
