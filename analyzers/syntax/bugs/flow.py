"""Statements that are never reached, paths that forget to return, functions that only call themselves."""

from __future__ import annotations

import re
from collections.abc import Sequence

from tree_sitter import Node

from analyzers.syntax.bugs.completion import completes
from analyzers.syntax.bugs.heads import head, name_of, parameter_list, parameters_in
from analyzers.syntax.bugs.plan import CLASS
from analyzers.syntax.bugs.source_file import SourceFile, first_child

_MOST_BYTES = 50_000  # of a body that is read for its returns
_MOST_BEFORE = 1_000  # of a docstring before the first statement
_VOID = {
    "Python": re.compile(rb"None|Optional|NoReturn|Never|Generator|Iterat|Any|object|TypeGuard|ContextManager"),
    "TypeScript": re.compile(rb"void|any|undefined|unknown|null|never|asserts|Generator|Iter|Promise|\bis\b|\?"),
    "C#": re.compile(rb"void|Task|IEnumer|IAsync|dynamic"),
}  # fmt: skip
_RESULT = {"Python": "return_type", "TypeScript": "return_type", "C#": "returns", "Go": "result"}
_ODD_RETURN = re.compile(rb"\b(?:yield|co_\w+|asm|__asm__|volatile|async)\b|#\s*(?:if|else)")
_VALUE = re.compile(rb"\breturn\b[ \t(]*[^\s;}(]")


def unreachable_code(node: Node, file: SourceFile) -> Sequence[Node]:
    """A statement behind `return`, `break`, `continue`, `throw` or `goto` in the same block.

    Why it is bad: it never runs; what stands there was meant to.
    Example: `return x; log(x);`.
    Not reported: labels, definitions, a `break` behind another jump, and Python's `yield` behind return, which makes a
    function a generator. Calls that never come back are not known.
    """
    statements = file.statements(node)
    if file.let_go(node, "jumps")[0].start_byte >= statements[-1].start_byte:
        return ()
    jumps, labels, wrappers = file.kinds["jumps"], file.kinds["labels"], file.kinds["expression_statements"]
    for place, statement in enumerate(statements[:-1]):
        kind = statement.kind_id
        if kind in wrappers and file.language == "Rust":
            inner = first_child(statement)
            kind = kind if inner is None else inner.kind_id
        if kind not in jumps:
            continue
        after = statements[place + 1]
        harmless = (labels, file.kinds["breaks"], file.kinds["empties"], file.kinds["functions"], file.kinds["classes"])
        if any(after.kind_id in kinds for kinds in harmless) or file.text(after)[:6] in (
            b";",
            b"yield",
            b"yield ",
            b"break;",
        ):
            return ()
        if file.language in ("C", "C++") and file.text(after).partition(b"(")[0].strip().isupper():
            return ()  # a macro may begin with a label
        between = file.source[statement.end_byte : after.start_byte]
        return () if after.start_byte - statement.end_byte > 2000 or b"\n#" in between else (after,)
    return ()


def missing_return(node: Node, file: SourceFile) -> Sequence[Node]:
    """A function that says it gives a value, gives one somewhere, and can end without one.

    Why it is bad: the caller gets nothing, None or garbage.
    Example: `int sign(int x) { if (x > 0) return 1; }`.
    Not reported: functions whose last statement is a call, a switch or a try, which may not come back; functions
    without any `return` of a value; generators and coroutines; in Python and TypeScript those without an annotation.
    """
    body = node.child_by_field_name("body")
    if (
        body is None
        or not _gives_value(node, file)
        or (body.kind_id not in file.kinds["blocks"] and file.language != "Go")
    ):
        return ()
    if body.end_byte - body.start_byte > _MOST_BYTES:
        return ()
    statements = file.statements(body)
    if statements and statements[0].kind_id in file.kinds["blocks"] and body.kind_id not in file.kinds["blocks"]:
        statements = file.statements(statements[0])  # Go's list inside its braces
    name = name_of(node, file)
    if not statements or name is None or not completes(statements[-1], file):
        return ()
    text = file.text(body)
    return (name,) if _VALUE.search(text) and not _ODD_RETURN.search(text) else ()


def _gives_value(function: Node, file: SourceFile) -> bool:
    language = "TypeScript" if file.language == "TSX" else file.language
    if language in ("C", "C++"):
        declarator = function.child_by_field_name("declarator")
        type_ = function.child_by_field_name("type")
        if declarator is None or type_ is None or file.text(type_) == b"auto":
            return False
        words = head(function, file)
        if re.search(rb"\bmain\b|__naked|naked|noreturn|operator\b", words):
            return False
        is_plain = file.plan.tokens[declarator.kind_id] in ("function_declarator", "pointer_declarator")
        return is_plain and not (file.text(type_).lower() == b"void" and words.find(b"*", 0, words.find(b"(")) < 0)
    type_ = function.child_by_field_name(_RESULT.get(language, "type"))
    if type_ is None or (language == "Go" and type_.kind_id in file.kinds["parameters"]):
        return False
    text = file.text(type_)
    pattern = _VOID.get(language)
    return text != b"void" and not (pattern is not None and pattern.search(text))


def unconditional_recursion(node: Node, file: SourceFile) -> Sequence[Node]:
    """A function whose first statement calls the function itself.

    Why it is bad: it never ends, or ends in a stack overflow.
    Example: `int size() { return size(); }`. Instead: `return items.size();`.
    Not reported: calls with other arguments than the function's own where functions may be overloaded; methods that
    call a function of the same name; Rust's methods of traits, which may call the type's own.
    """
    body = node.child_by_field_name("body")
    name = name_of(node, file)
    if body is None or name is None:
        return ()
    start = body.start_byte
    if file.text(name).rpartition(b":")[2] + b"(" not in file.source[start : min(body.end_byte, start + _MOST_BEFORE)]:
        return ()
    call = _first_call(body, file)
    if call is None:
        return ()
    callee = call.child_by_field_name("function") or call.child_by_field_name("name")
    arguments = call.child_by_field_name("arguments")
    if callee is None or arguments is None or not _is_itself(node, call, file.text(name), file.text(callee), file):
        return ()
    if file.dialect.overloads:
        parameters = parameter_list(node, file)
        own = b"" if parameters is None else b",".join(file.text(one) for one in parameters_in(parameters, file))
        if re.sub(rb"\s+", b"", file.text(arguments)) != b"(" + own + b")" or (
            parameters and not own and parameters.named_child_count
        ):
            return ()
    return (call,)


def _first_call(body: Node, file: SourceFile) -> Node | None:
    """The call that a body is, or begins with; docstrings aside."""
    node: Node | None = body
    for _ in range(6):
        if node is None or node.kind_id in file.kinds["calls"]:
            return node
        if node.kind_id in file.kinds["blocks"] or node is body:
            skipped = file.plan.comments | file.kinds["strings"]
            block, n_children = node, min(node.named_child_count, 8)
            inner = (block.named_child(place) for place in range(n_children))
            node = next((child for child in inner if child is not None and child.kind_id not in skipped), None)
        elif node.kind_id in file.kinds["returns"] or node.kind_id in file.kinds["expression_statements"]:
            node = first_child(node)
        elif node.kind_id in file.kinds["parens"] or file.plan.tokens[node.kind_id] == "expression_list":
            node = first_child(node) if node.named_child_count == 1 else None
        else:
            return None
    return None


def _is_itself(function: Node, call: Node, name: bytes, callee: bytes, file: SourceFile) -> bool:
    holder = call.child_by_field_name("object")
    if holder is not None:
        callee = file.text(holder) + b"." + callee
    frame = file.frame
    in_class = frame is not None and frame.part == CLASS
    receivers = list(file.dialect.receivers)
    if file.language == "Go":
        receiver = function.child_by_field_name("receiver")
        if receiver is not None:
            in_class = True
            receivers = [file.text(one) for one in parameters_in(receiver, file)]
    if in_class:
        if file.language == "Rust" and frame is not None and frame.node.child_by_field_name("trait") is not None:
            return False
        dotted = [receiver + mark + name for receiver in receivers for mark in (b".", b"->", b"::")]
        bare = file.language in ("Java", "C#", "C++")
        return callee in dotted or (bare and callee == name)
    return callee == name and b"::" not in name and file.plan.tokens[function.kind_id] != "method_definition"
