"""Bugs put into files by their syntax trees: what a slip of hand or mind makes of good code.

Each kind gives the edits that would make one bug of a node; `inject` carries out some of them that do not overlap.
VISIBLE kinds can be told from the text of the file alone, if rarely by one rule each; SILENT ones cannot, and are there
to see that a measure does not answer to the editing itself.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator
from itertools import pairwise

from tree_sitter import Node, Tree

from analyzers.syntax.bugs.plan import Plan, plan_of
from analyzers.syntax.limits import Limits
from analyzers.syntax.parse import parse

Edit = tuple[int, int, bytes]
_MOST_NODES = 200_000
_NAME = re.compile(rb"[A-Za-z_$][\w$]*(?:(?:\.|->)[A-Za-z_]\w*)*")
_ASSIGNED = re.compile(rb"(?!this\b|self\b)[A-Za-z_$][\w$]*(?:(?:\.|->)[A-Za-z_]\w*)*")


class Site:
    """A file that bugs go into."""

    def __init__(self, tree: Tree, source: bytes, plan: Plan) -> None:
        """Collects all nodes, in source order."""
        self.source, self.plan, self.language = source, plan, plan.language
        self.nodes: list[Node] = []
        stack = [tree.root_node]
        while stack and len(self.nodes) < _MOST_NODES:
            node = stack.pop()
            self.nodes.append(node)
            stack += reversed(node.children)

    def of(self, role: str) -> Iterator[Node]:
        """Nodes of a role of the language's dialect that the parser understood."""
        kinds = self.plan.kinds[role]
        return (node for node in self.nodes if node.kind_id in kinds and not node.has_error)

    def text(self, node: Node) -> bytes:
        """The bytes of a node."""
        return self.source[node.start_byte : node.end_byte]

    def inside(self, node: Node) -> list[Node]:
        """The named children that are no comment."""
        return [child for child in node.named_children if child.kind_id not in self.plan.comments]


def _swap(node: Node, text: bytes) -> list[Edit]:
    return [(node.start_byte, node.end_byte, text)]


def _operations(site: Site) -> Iterator[tuple[Node, bytes, Node, Node]]:
    for node in site.of("binaries"):
        if node.child_count == 3:
            left, operator, right = node.children
            yield left, site.text(operator), right, operator


def self_comparison(site: Site) -> Iterator[list[Edit]]:
    """a == b becomes a == a."""
    for left, operator, right, _ in _operations(site):
        if operator in (b"==", b"===", b"<", b">", b"<=", b">=") and _NAME.fullmatch(site.text(left)):
            yield _swap(right, site.text(left))


def self_assignment(site: Site) -> Iterator[list[Edit]]:
    """a = b becomes a = a."""
    for node in site.of("assignments"):
        left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
        if left and right and node.child_count == 3 and _ASSIGNED.fullmatch(site.text(left)):
            yield _swap(right, site.text(left))


def division_by_zero(site: Site) -> Iterator[list[Edit]]:
    """a / b becomes a / 0."""
    return (_swap(right, b"0") for _, operator, right, _ in _operations(site) if operator in (b"/", b"%", b"//"))


def emptied_handler(site: Site) -> Iterator[list[Edit]]:
    """What handled an error is gone, with the comments in it."""
    for node in site.of("catches"):
        body = node.child_by_field_name("body") or node.named_children[-1]
        if site.language == "Python":
            yield [(node.start_byte, node.end_byte, b"except Exception:\n" + _indent(site, body) + b"pass")]
        else:
            yield _swap(body, b"{\n}")
    for node in site.of("error_tests"):
        done = node.child_by_field_name("consequence")
        if done and re.match(rb"if err != nil \{", site.text(node)) and not node.child_by_field_name("alternative"):
            yield _swap(done, b"{\n}")


def _indent(site: Site, node: Node) -> bytes:
    return b" " * node.start_point[1]


def unreachable_code(site: Site) -> Iterator[list[Edit]]:
    """A return and the statement before it change places."""
    for block in site.of("blocks"):
        statements = site.inside(block)
        if len(statements) < 2 or not _leaves(site, statements[-1]):
            continue
        before, jump = statements[-2:]
        if before.kind_id in site.plan.kinds["labels"] or site.text(before).endswith(b":"):
            continue
        yield [*_swap(before, _ended(site, jump)), *_swap(jump, _ended(site, before))]


def _leaves(site: Site, statement: Node) -> bool:
    inner = statement.named_children[:1] if statement.kind_id in site.plan.kinds["expression_statements"] else []
    return any(node.kind_id in site.plan.kinds["returns"] for node in (statement, *inner))


def _ended(site: Site, statement: Node) -> bytes:
    text = site.text(statement)
    return text if site.language != "Rust" or text.endswith((b";", b"}")) else text + b";"


def duplicate_key(site: Site) -> Iterator[list[Edit]]:
    """{a: 1, b: 2} becomes {a: 1, a: 2}."""
    for node in site.of("dictionaries"):
        keys = [pair.named_children[0] for pair in node.named_children if pair.kind_id in site.plan.kinds["pairs"]]
        if len(keys) > 1 and site.text(keys[0]) != site.text(keys[1]):
            yield _swap(keys[1], site.text(keys[0]))


def constant_condition(site: Site) -> Iterator[list[Edit]]:
    """if (a) becomes if (true)."""
    for node in site.of("ifs"):
        condition = node.child_by_field_name("condition")
        if condition is not None:
            text = b"True" if site.language == "Python" else b"true"
            yield _swap(condition, b"(" + text + b")" if site.text(condition).startswith(b"(") else text)


def repeated_condition(site: Site) -> Iterator[list[Edit]]:
    """else if (b) becomes else if (a), as its if asks."""
    for node in site.of("ifs"):
        first = node.child_by_field_name("condition")
        later = node.child_by_field_name("alternative")
        if later is not None and later.kind_id in site.plan.kinds["else_clauses"]:
            later = next((one for one in later.named_children if one.kind_id in site.plan.kinds["ifs"]), None)
        second = later.child_by_field_name("condition") if later else None
        if first and second and site.text(first) != site.text(second):
            yield _swap(second, site.text(first))


def identical_branches(site: Site) -> Iterator[list[Edit]]:
    """The branch of an else becomes that of its if."""
    for node in site.of("ifs"):
        then, other = node.child_by_field_name("consequence"), node.child_by_field_name("alternative")
        if then and other and other.kind_id in site.plan.kinds["else_clauses"]:
            other = other.child_by_field_name("body") or other.named_children[-1]
            if other.kind_id == then.kind_id and then.named_child_count:
                yield _swap(other, site.text(then))


def lost_return(site: Site) -> Iterator[list[Edit]]:
    """The last return of a function with several is gone."""
    for node in site.of("functions"):
        body = node.child_by_field_name("body")
        if body is None or site.text(body).count(b"return ") < 2:
            continue
        while len(site.inside(body)) == 1:
            body = site.inside(body)[0]
        last = site.inside(body)[-1:]
        if last and last[0].kind_id in site.plan.kinds["returns"] and len(site.inside(body)) > 1:
            yield _swap(last[0], b"pass" if site.language == "Python" else b"")


def assignment_in_condition(site: Site) -> Iterator[list[Edit]]:
    """if (a == b) becomes if (a = b)."""
    if site.language in ("Python", "Go", "Rust"):
        return
    for node in site.of("ifs"):
        inner = node.child_by_field_name("condition")
        while inner is not None and inner.named_child_count == 1:
            inner = inner.named_children[0]
        is_binary = inner is not None and inner.kind_id in site.plan.kinds["binaries"] and inner.child_count == 3
        if inner is not None and is_binary and site.text(inner.children[1]) in (b"==", b"==="):
            yield _swap(inner.children[1], b"=")


def wrong_direction(site: Site) -> Iterator[list[Edit]]:
    """for (i = 0; i < n; i++) becomes i--."""
    for node in site.of("fors"):
        update = next((one for one in node.children if one.kind_id in site.plan.kinds["updates"]), None)
        if update is None and site.language == "Go":
            clause = next((one for one in node.named_children if b";" in site.text(one)[:200]), None)
            update = clause.child_by_field_name("update") if clause else None
        if update is not None and b"++" in site.text(update):
            yield _swap(update, site.text(update).replace(b"++", b"--"))


def forgotten_throw(site: Site) -> Iterator[list[Edit]]:
    """throw new X() becomes new X()."""
    for node in site.of("throws"):
        if found := re.match(rb"(?:throw|raise)\s+(?=(?:new )?\w*(?:Error|Exception)\()", site.text(node)):
            yield [(node.start_byte, node.start_byte + found.end(), b"")]


def repeated_function(site: Site) -> Iterator[list[Edit]]:
    """A function takes the name of the one before it in the same scope, where they may not be overloaded."""
    if site.plan.dialect.overloads:
        return
    for scope in site.of("scopes"):
        names = [node.child_by_field_name("name") for node in site.inside(scope)
                 if node.kind_id in site.plan.kinds["functions"]]  # fmt: skip
        for first, second in pairwise(names):
            if first and second and site.text(first) != site.text(second):
                yield _swap(second, site.text(first))


def negated(site: Site) -> Iterator[list[Edit]]:
    """== becomes !=."""
    turned = {b"==": b"!=", b"!=": b"==", b"===": b"!==", b"<": b">=", b">": b"<="}
    return (_swap(sign, turned[operator]) for _, operator, _, sign in _operations(site) if operator in turned)


def off_by_one(site: Site) -> Iterator[list[Edit]]:
    """A number is one more."""
    return (_swap(node, b"%d" % (int(site.text(node)) + 1)) for node in site.of("numbers")
            if re.fullmatch(rb"[1-9]\d{0,5}", site.text(node)))  # fmt: skip


def swapped_operands(site: Site) -> Iterator[list[Edit]]:
    """a - b becomes b - a."""
    for left, operator, right, _ in _operations(site):
        if operator in (b"-", b"<", b"<=", b">"):
            yield [*_swap(left, site.text(right)), *_swap(right, site.text(left))]


Kind = Callable[[Site], Iterator[list[Edit]]]
VISIBLE: tuple[Kind, ...] = (
    self_comparison, self_assignment, division_by_zero, emptied_handler, unreachable_code, duplicate_key,
    constant_condition, repeated_condition, identical_branches, lost_return, assignment_in_condition, wrong_direction,
    forgotten_throw, repeated_function,
)  # fmt: skip
SILENT: tuple[Kind, ...] = (negated, off_by_one, swapped_operands)


def inject(
    language: str, source: bytes, rng: random.Random, n_bugs: int, kinds: tuple[Kind, ...] = VISIBLE
) -> tuple[bytes, list[str]] | None:
    """The file with up to `n_bugs` bugs, of as many kinds as it has places for, and their kinds; None without any."""
    plan = plan_of(language)
    tree = None if plan is None else parse(plan.grammar, source, Limits())
    if plan is None or tree is None or isinstance(tree, str):
        return None
    site = Site(tree, source, plan)
    places = {kind.__name__: list(kind(site)) for kind in kinds}
    chosen: list[Edit] = []
    names: list[str] = []
    while len(names) < n_bugs and any(places.values()):
        name = rng.choice([name for name, found in places.items() if found])
        edits = places[name].pop(rng.randrange(len(places[name])))
        if all(edit[1] <= one[0] or edit[0] >= one[1] for edit in edits for one in chosen):
            chosen += edits
            names.append(name)
    return (apply(source, chosen), names) if names else None


def apply(source: bytes, edits: list[Edit]) -> bytes:
    """The bytes with all edits done; they do not overlap."""
    for start, end, text in sorted(edits, reverse=True):
        source = source[:start] + text + source[end:]
    return source
