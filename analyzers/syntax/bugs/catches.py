"""Errors that are caught and forgotten, or thrown in ways that nobody can catch."""

from __future__ import annotations

import re
from collections.abc import Sequence

from tree_sitter import Node

from analyzers.syntax.bugs.conditions import otherwise
from analyzers.syntax.bugs.plan import FINALLY, FUNCTION, LOOP
from analyzers.syntax.bugs.source_file import SourceFile, first_child

_MOST_BYTES = 4_000  # of a handler: a longer one does more than to swallow
_EXCEPTION = re.compile(rb"(?:\w+(?:\.|::))*\w*(?:Error|Exception|Warning|_error)")


def empty_catch(node: Node, file: SourceFile) -> Sequence[Node]:
    """`catch (e) {}`: what went wrong is caught and nothing is done, nor said why.

    Why it is bad: errors vanish, programming errors among them.
    Example: `try { save(); } catch (IOException e) {}`.
    Not reported: a catch with a comment in it; exceptions called ignored, expected and the like; in Python, `pass` for
    anything narrower than Exception, which is its way to say "may fail".
    """
    if file.language == "Python":
        text = file.source[node.start_byte : min(node.end_byte, node.start_byte + 200)]
        return (node,) if re.fullmatch(file.dialect.error_pattern, text) else ()
    body = node.child_by_field_name("body")
    if body is None or body.named_child_count or b"#" in file.text(body):
        return ()
    head = file.source[node.start_byte : body.start_byte]
    return () if re.search(file.dialect.ignored_names, head) else (node,)


def swallowed_error(node: Node, file: SourceFile) -> Sequence[Node]:
    """Go's `if err != nil {}`, Rust's `Err(_) => {}`: an error is looked at and nothing is done, nor said why.

    Why it is bad: what follows goes on as if nothing had happened.
    Example: `if err != nil {\\n}`. Instead: `return err`.
    Not reported: where the block holds a comment, or another way follows.
    """
    is_if = node.kind_id in file.kinds["ifs"]
    done = node.child_by_field_name("consequence" if is_if else "value")
    if done is None or done.named_child_count or (is_if and otherwise(node, file) is not None):
        return ()
    tested = node.child_by_field_name("condition" if is_if else "pattern")
    if tested is None or done.end_byte - done.start_byte > _MOST_BYTES:
        return ()
    if re.sub(rb"\s", b"", file.text(done)) not in (b"{}", b"()"):
        return ()
    return (node,) if re.fullmatch(file.dialect.error_pattern, file.text(tested), re.DOTALL) else ()


def bare_except(node: Node, file: SourceFile) -> Sequence[Node]:
    """Python's `except:` that raises nothing.

    Why it is bad: it catches KeyboardInterrupt and SystemExit too, so that the program cannot be ended.
    Example: `except: return None`. Instead: `except Exception:`.
    """
    head = file.source[node.start_byte : node.start_byte + 40]
    if not re.match(rb"except\s*:", head) or node.end_byte - node.start_byte > _MOST_BYTES:
        return ()
    if re.search(rb"\braise\b|exit\b", file.text(node)):
        return ()
    return (node,)


def return_in_finally(node: Node, file: SourceFile) -> Sequence[Node]:
    """`finally: return x`.

    Why it is bad: it replaces the value that the function was about to give, and swallows every exception.
    Example: `try { return read(); } finally { return null; }`.
    """
    frame = file.nearest(FUNCTION, FINALLY)
    return (node,) if frame is not None and frame.part == FINALLY else ()


def raised_non_exception(node: Node, file: SourceFile) -> Sequence[Node]:
    """`raise NotImplemented`, `raise "text"`, `throw "text"`: what is thrown is no exception.

    Why it is bad: Python fails with a TypeError instead; elsewhere there is no stack trace, and nobody catches strings.
    Example: `raise NotImplemented`. Instead: `raise NotImplementedError`.
    """
    thrown = first_child(node)
    if thrown is None:
        return ()
    if thrown.kind_id in file.kinds["strings"] or thrown.kind_id in file.kinds["numbers"]:
        return (node,)
    callee = file.text(thrown).partition(b"(")[0] if thrown.end_byte - thrown.start_byte < 200 else b""
    return (node,) if callee == b"NotImplemented" and file.language == "Python" else ()


def forgotten_throw(node: Node, file: SourceFile) -> Sequence[Node]:
    """`new Error("x");`, `ValueError("x")`: an exception is made and let go.

    Why it is bad: the code goes on where it should have stopped.
    Example: `if n < 0: ValueError("negative")`. Instead: `raise ValueError("negative")`.
    Not reported: inside try and with, where tests make exceptions that fail.
    """
    role = "creations" if file.kinds["creations"] - file.kinds["calls"] else "calls"
    found = []
    for one in file.let_go(node, role):
        what = one.child_by_field_name("type") or one.child_by_field_name("constructor")
        what = what or one.child_by_field_name("function")
        if what is not None and what.end_byte - what.start_byte < 100 and _EXCEPTION.fullmatch(file.text(what)):
            name = file.text(what).rpartition(b".")[2].rpartition(b":")[2]
            if name[:1].isupper() or (name.endswith(b"_error") and file.text(what).startswith(b"std::")):
                found.append(one)
    return found if file.frame is None or file.frame.part in (FUNCTION, LOOP, FINALLY) else ()
