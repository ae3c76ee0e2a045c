"""Names that are given and never taken: by the words of the file, not by rules of scope (words.py says why).

Known gaps: a name that occurs anywhere else in its scope, as a field or in a string, counts as used, so that
unused ones are missed; a C macro of another file that uses a variable of its caller makes a false alarm.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from tree_sitter import Node

from analyzers.syntax.bugs.heads import declared_name, head, is_decorated, name_of, parameter_list, parameters_in
from analyzers.syntax.bugs.plan import CLASS
from analyzers.syntax.bugs.source_file import Frame, SourceFile

_PRIMITIVE = re.compile(rb"(?:(?:const|unsigned|signed|long|short|int|char|bool|float|double|size_t)\s*)+")
_STUB = re.compile(
    rb"[{\s]*(?:pass|\.\.\.|raise\b.*|throw\b.*|return\b[^;\n]*;?|unimplemented!.*|todo!.*|panic.*)?[}\s]*", re.DOTALL
)
_SET = re.compile(rb"[ \t]*=[^=>]")
_MOST_STUB_BYTES = 200
_MOST_USES = 200
_PRIVATE = {
    "Java": re.compile(rb"(?s)(?!.*@)(?!.*\b(?:readObject|writeObject|readResolve|writeReplace)\b).*\bprivate\b"),
    "C#": re.compile(rb"(?s)(?!\s*\[).*\bprivate\b"),
    "C": re.compile(rb"(?s)(?!.*__attribute__)(?!.*\binline\b).*\bstatic\b"),
    "C++": re.compile(rb"(?s)(?!.*__attribute__)(?!.*\binline\b).*\bstatic\b"),
    "TypeScript": re.compile(rb"(?s).*\bprivate\b"),
}


def unused_variable(node: Node, file: SourceFile) -> Sequence[Node]:
    """A local variable that is given a value, or only declared, and never read.

    Why it is bad: something was forgotten, or another name was meant.
    Example: `total = add(a, b); return a`.
    Not reported: names that begin with _, destructured ones, loop variables; C++ variables of other than primitive
    types, which may be guards; functions that look at their own variables (locals, eval).
    """
    frame = file.function()
    if frame is None or (file.frame is not None and file.frame.part == CLASS):
        return ()
    found = []
    for name in _declared(node, file):
        first = file.source[name.start_byte]
        if first == 95 or (file.language == "Rust" and 65 <= first <= 90):
            continue
        if _only_written(name, frame, file) and not _is_dynamic(frame, file):
            found.append(name)
    if found and file.language in ("C", "C++"):
        return (
            [] if _is_record(frame.node, file) else [name for name in found if file.text(name) not in file.macro_words]
        )
    return found


def _is_record(function: Node, file: SourceFile) -> bool:
    """Whether what was read as a function is a struct or class behind a macro: no parameters, or declarations alone."""
    body = function.child_by_field_name("body")
    if body is None or (function.kind_id in file.kinds["functions"] and parameter_list(function, file) is None):
        return True
    passed = file.kinds["declarations"] | file.plan.comments
    return all(child.kind_id in passed for child in body.named_children)


def _declared(node: Node, file: SourceFile) -> list[Node]:
    """The names that a declaration declares, where only reading them would be a use."""
    language, kinds = file.language, file.kinds
    names: list[Node | None] = []
    if language == "Python":
        left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
        names = [left] if left is not None and right is not None else []
    elif language == "Rust":
        names = [node.child_by_field_name("pattern")]
    elif language == "Go":
        left = node.child_by_field_name("left")
        names = left.named_children if left is not None else _specified(node)  # type: ignore[assignment]
    elif language in ("C", "C++"):
        names = _declared_in_c(node, file)
    elif not (language == "C#" and file.source.startswith((b"using", b"await"), node.start_byte)):
        holder = node.named_child(node.named_child_count - 1) if language == "C#" else node
        declarators = [] if holder is None else [c for c in holder.named_children if c.kind_id in kinds["declarators"]]
        names = [one.child_by_field_name("name") for one in declarators]
    return [name for name in names if name is not None and name.kind_id in kinds["identifiers"]]


def _specified(node: Node) -> list[Node]:
    return [name for spec in node.named_children for name in spec.children_by_field_name("name")]


def _declared_in_c(node: Node, file: SourceFile) -> list[Node | None]:
    type_ = node.child_by_field_name("type")
    start = file.source[node.start_byte : node.start_byte + 200]
    if (
        type_ is None
        or file.plan.tokens[type_.kind_id] == "macro_type_specifier"
        or re.match(rb"\s*(?:extern|static|typedef|register)\b", start)
        or b"__" in start.partition(b";")[0]
    ):
        return []
    if file.language == "C++" and not _PRIMITIVE.fullmatch(file.text(type_)):
        return []
    functions = "function_declarator"
    declarators = node.children_by_field_name("declarator")
    plain = [one for one in declarators if file.plan.tokens[one.kind_id] != functions]
    return [declared_name(one, file) for one in plain]


def _only_written(name: Node, frame: Frame, file: SourceFile) -> bool:
    """Whether a name occurs first here in its function, and later only where statements give it a plain value."""
    words = file.words
    word = words.at(name.start_byte)
    if word < 0 or words.before(word) >= frame.start:
        return False
    text = file.text(name)
    for _ in range(_MOST_USES):
        word = words.after(word)
        if word < 0 or words.starts[word] >= frame.end:
            return True
        if not _is_write(words.starts[word], len(text), file):
            return False
    return False


def _is_write(start: int, size: int, file: SourceFile) -> bool:
    """Whether a word begins a statement and a plain assignment to it."""
    source = file.source
    if _SET.match(source, start + size, start + size + 40) is None:
        return False
    line = source.rfind(b"\n", max(0, start - 200), start) + 1
    if line == 0 or source[line:start].strip():
        return False
    previous = source[max(0, line - 200) : line - 1].rpartition(b"\n")[2]
    before = previous.partition(b"//")[0].partition(b"/*")[0].rstrip()[-1:]
    if before not in (b";", b"{", b"}") and file.language not in ("Python", "Go"):
        return False
    return file.language != "Python" or before not in (b",", b"(", b"[", b"{", b"\\", b"=")


def _is_dynamic(frame: Frame, file: SourceFile) -> bool:
    return frame.node.has_error or file.is_dynamic(frame.start, frame.end)


def unused_parameter(node: Node, file: SourceFile) -> Sequence[Node]:
    """A parameter that a private function never reads.

    Why it is bad: callers work out a value for nothing, or the function forgot to look at it.
    Example: `static int add(int a, int b) { return a; }`.
    Not reported: functions that anyone else may call, replace or hand around, whose signature is not theirs to choose:
    so only those private to the file or class are looked at, whose name occurs in calls alone; bodies that are stubs;
    names that begin with _; self; functions with decorators, attributes or annotations.
    """
    name, body, parameters = name_of(node, file), node.child_by_field_name("body"), parameter_list(node, file)
    if name is None or body is None or parameters is None or not parameters.named_child_count:
        return ()
    if not _is_private(node, name, file) or _is_stub(body, file):
        return ()
    unused = [
        one for one in parameters_in(parameters, file)
        if not file.text(one).startswith(b"_")
        and file.text(one) not in (b"self", b"cls", b"this")
        and file.words.is_alone(one.start_byte, node.start_byte, node.end_byte)
    ]  # fmt: skip
    if not unused or not _is_only_called(name, file):
        return ()
    return () if file.is_dynamic(node.start_byte, node.end_byte) else unused


def _is_private(function: Node, name: Node, file: SourceFile) -> bool:
    if is_decorated(function, file):
        return False
    frame, text = file.frame, file.text(name)
    language = "TypeScript" if file.language == "TSX" else file.language
    in_class = frame is not None and frame.part == CLASS
    nested = frame is not None and not in_class and file.function() is not None
    pattern = _PRIVATE.get(language)
    if pattern is not None and pattern.match(head(function, file)[: name.start_byte - function.start_byte]):
        return not (language == "C++" and in_class)
    if language == "Python":
        return nested or (not in_class and text.startswith(b"_") and not text.startswith(b"__"))
    if language == "Go":
        return function.child_by_field_name("receiver") is None and text[:1].islower() and text != b"main"
    if language == "Rust":
        return (
            not in_class and not re.match(rb"(?:pub|extern|unsafe extern)\b", head(function, file)) and text != b"main"
        )
    return nested and language in ("JavaScript", "TypeScript", "C#", "Java")


def _is_stub(body: Node, file: SourceFile) -> bool:
    size = body.end_byte - body.start_byte
    return size < _MOST_STUB_BYTES and _STUB.fullmatch(file.text(body)) is not None


def _is_only_called(name: Node, file: SourceFile) -> bool:
    """Whether a name occurs elsewhere, and everywhere in a call of it. A macro may make the name of another."""
    words = file.words
    word, size = words.at(name.start_byte), name.end_byte - name.start_byte
    if word < 0 or (words.before(word) < 0 and words.after(word) < 0):
        return False
    return _calls_after(word, size, file) and _calls_before(word, size, file)


def _calls_after(word: int, size: int, file: SourceFile) -> bool:
    for _ in range(_MOST_USES):
        word = file.words.after(word)
        if word < 0:
            return True
        if not _is_call(file.words.starts[word] + size, file):
            return False
    return False


def _calls_before(word: int, size: int, file: SourceFile) -> bool:
    for _ in range(_MOST_USES):
        start = file.words.before(word)
        if start < 0:
            return True
        if not _is_call(start + size, file):
            return False
        word = file.words.at(start)
    return False


def _is_call(end: int, file: SourceFile) -> bool:
    return re.match(rb"\s{0,20}\(", file.source[end : end + 24]) is not None
