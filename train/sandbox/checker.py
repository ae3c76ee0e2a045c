"""The checker's side of a trial in Python: runs the tests, with proxies for what the candidate defined.

Expected values, asserts and frames are in this process, where the candidate cannot reach: it sees arguments and sends
back plain data. A comparison is always this process's own; a value that stays with the candidate equals itself and
nothing else. What the prompt itself defines beside the function to be written is taken from the prompt and never from
the candidate, and so are the standard library's modules.

An argument of the tests that is no plain data and no object of the candidate's cannot be sent: the outcome is then
`infrastructure`, and says so. The candidate has no part in that choice.
"""

from __future__ import annotations

import ast
import builtins
import importlib
import linecache
import sys
import traceback
from collections.abc import Iterator
from typing import Any

from train.sandbox import frames, values

PAYLOAD, ANSWER, LINK_IN, LINK_OUT = 3, 4, 5, 6
CHUNK = 256  # items asked for at a time from an iterator that stays with the candidate


class RemoteError(Exception):
    """The candidate raised something that is no built-in exception."""


class Gone(BaseException):
    """The candidate has ended, or sent what is no answer. Tests cannot catch it by accident."""


class Link:
    """Asks the candidate. `lost` stays set: no test that went on without an answer can pass."""

    def __init__(self) -> None:
        self.lost: str | None = None
        self.stuck: str | None = None
        self.out_of_memory = False

    def ask(self, request: dict[str, Any] | None) -> dict[str, Any]:
        """One request, or None for the first message, which nobody asks for. The reply; raises what it raised."""
        if self.lost is not None:
            raise Gone(self.lost)
        try:
            if request is not None:
                frames.write(LINK_OUT, request)
            reply = frames.read(LINK_IN)
        except (OSError, frames.BrokenFrame) as error:
            reply = {"lost": str(error)}
        if not isinstance(reply, dict) or "lost" in reply:
            self.lost = "the program ended" if reply is None else f"the program sent no answer: {reply}"[:200]
            raise Gone(self.lost)
        if "raised" in reply:
            raise self._exception(reply)
        return reply

    def _exception(self, reply: dict[str, Any]) -> Exception:
        names = [str(name) for name in reply["raised"]] if isinstance(reply["raised"], list) else []
        self.out_of_memory |= "MemoryError" in names
        text = str(reply.get("text", ""))
        for name in names:
            kind = getattr(builtins, name, None)
            if isinstance(kind, type) and issubclass(kind, Exception) and kind not in (Exception, UnicodeError):
                try:
                    return kind(text)
                except TypeError:
                    continue
        return RemoteError(f"{names[0] if names else 'Exception'}: {text}")

    def value(self, request: dict[str, Any]) -> Any:
        """The value of a reply."""
        return self.decoded(self.ask(request).get("value"))

    def decoded(self, data: Any) -> Any:
        """A value from the candidate, or Gone for what is none."""
        try:
            return values.decode(data, self._remote)
        except (ValueError, RecursionError) as error:
            self.lost = f"the program sent no value: {error}"[:200]
            raise Gone(self.lost) from None

    def _remote(self, number: Any) -> Remote:
        if type(number) is not int:
            raise ValueError("a reference is a number")
        return Remote(self, number)

    def encoded(self, value: Any) -> Any:
        """A value for the candidate."""
        try:
            return values.encode(value, self._number)
        except values.CannotCross as error:
            self.stuck = str(error)
            raise

    def _number(self, value: Any) -> int:
        if type(value) is Remote:
            return _number_of(value)
        raise values.CannotCross(f"the tests pass a {type(value).__name__}, which cannot be sent to another process")


class Remote:
    """An object that stays with the candidate: its attributes, items and calls are asked for.

    It is equal to itself only, whatever class the candidate gave it.
    """

    __slots__ = ("_link", "_number")

    def __init__(self, link: Link, number: int) -> None:
        object.__setattr__(self, "_link", link)
        object.__setattr__(self, "_number", number)

    def __call__(self, *args: Any, **named: Any) -> Any:
        link = _link_of(self)
        sent = [link.encoded(value) for value in args]
        pairs = [[name, link.encoded(value)] for name, value in named.items()]
        reply = link.ask({"op": "call", "ref": _number_of(self), "args": sent, "named": pairs})
        for change in reply.get("changed", ()):
            _take_over(args, link, change)
        return link.decoded(reply.get("value"))

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return _ask(self, "attribute", name)

    def __setattr__(self, name: str, value: Any) -> None:
        _ask(self, "set_attribute", name, value)

    def __getitem__(self, key: Any) -> Any:
        return _ask(self, "item", key)

    def __len__(self) -> int:
        return int(_ask(self, "length"))

    def __bool__(self) -> bool:
        return _ask(self, "truth") is True

    def __str__(self) -> str:
        return str(_ask(self, "text"))

    def __repr__(self) -> str:
        return f"<object {_number_of(self)} of the program>"

    def __iter__(self) -> Iterator[Any]:
        first = True
        while True:
            request = {"op": "next", "ref": _number_of(self), "first": first, "most": CHUNK}
            items = _link_of(self).value(request)
            if not isinstance(items, list):
                raise TypeError("the program's iterator gave no items")
            yield from items
            if len(items) < CHUNK:
                return
            first = False

    def __eq__(self, other: object) -> bool:
        return type(other) is Remote and _number_of(other) == _number_of(self)

    def __hash__(self) -> int:
        return hash(_number_of(self))


def _link_of(remote: Remote) -> Link:
    link: Link = object.__getattribute__(remote, "_link")
    return link


def _number_of(remote: Remote) -> int:
    number: int = object.__getattribute__(remote, "_number")
    return number


def _ask(remote: Remote, operation: str, *args: Any) -> Any:
    link = _link_of(remote)
    sent = [link.encoded(value) for value in args]
    return link.value({"op": operation, "ref": _number_of(remote), "args": sent})


def _take_over(args: tuple[Any, ...], link: Link, change: Any) -> None:
    """What the program changed in a list, dict or set that it was given is changed in the test's own."""
    if not (isinstance(change, list) and len(change) == 2 and type(change[0]) is int and 0 <= change[0] < len(args)):
        raise Gone("the program sent a change of no argument")
    own, new = args[change[0]], link.decoded(change[1])
    if type(own) is not type(new) or not isinstance(own, list | dict | set | bytearray):
        return
    own.clear()
    own.extend(new) if isinstance(own, list | bytearray) else own.update(new)


class Names(dict[str, Any]):
    """The tests' globals: first their own, then Python's, then the candidate's. The entry point is the candidate's even
    if it is called like a built-in."""

    def __init__(self, link: Link, entry_point: str | None) -> None:
        super().__init__(__name__="tests", __builtins__=builtins)
        self._link, self._entry_point = link, entry_point

    def __missing__(self, name: str) -> Any:
        own = name != self._entry_point
        if own and (hasattr(builtins, name) or name.startswith("__")):
            raise KeyError(name)
        if own and name in sys.stdlib_module_names:
            return self.setdefault(name, importlib.import_module(name))
        reply = self._link.ask({"op": "get", "name": name})
        if "value" not in reply:
            raise KeyError(name)
        return self.setdefault(name, self._link.decoded(reply["value"]))


def main() -> None:
    """Reads the tests, runs them, and answers with the outcome."""
    trial = frames.read(PAYLOAD)
    link = Link()
    try:
        answer = _outcome(trial, link)
    except BaseException as error:
        answer = {"outcome": "infrastructure", "detail": f"checker: {type(error).__name__}: {error}"[:500]}
    frames.write(ANSWER, answer)


def _outcome(trial: dict[str, Any], link: Link) -> dict[str, Any]:
    """passed, failed, error, memory, gone (the supervisor of the candidate knows why) or infrastructure."""
    linecache.cache["tests.py"] = (len(trial["tests"]), None, trial["tests"].splitlines(keepends=True), "tests.py")
    try:
        link.ask(None)
        names = Names(link, trial["entry_point"])
        exec(compile(own_part(trial["setup"], trial["entry_point"]), "prompt.py", "exec"), names)
        exec(compile(trial["tests"], "tests.py", "exec"), names)
    except BaseException as error:
        problem: BaseException | None = error
    else:
        problem = None
    if link.lost is not None:
        return {"outcome": "gone", "detail": link.lost}
    if link.stuck is not None:
        return {"outcome": "infrastructure", "detail": link.stuck}
    if problem is None:
        return {"outcome": "passed", "detail": ""}
    if link.out_of_memory and isinstance(problem, MemoryError):
        return {"outcome": "memory", "detail": "the program ran out of memory"}
    kind = "failed" if isinstance(problem, AssertionError) else "error"
    return {"outcome": kind, "detail": _told(problem)}


def _told(problem: BaseException) -> str:
    """The exception and the line of the tests that it came from."""
    line = next((f.line for f in reversed(traceback.extract_tb(problem.__traceback__)) if f.filename == "tests.py"), "")
    text = f"{type(problem).__name__}: {problem}" if str(problem) else type(problem).__name__
    return f"{text[:300]} at: {line}"[:500] if line else text[:500]


def own_part(prompt: str, entry_point: str | None) -> str:
    """What a prompt defines beside the function that is to be written: helpers and imports.

    Without a name the function to be written is the prompt's last. A prompt that breaks off inside it is closed with
    `pass`. "" for one that is no Python either way.
    """
    for text in (f"{prompt}\n    pass\n", prompt):
        try:
            tree = ast.parse(text)
        except SyntaxError:
            continue
        functions = (ast.FunctionDef, ast.AsyncFunctionDef)
        last = next((n.name for n in reversed(tree.body) if isinstance(n, functions)), None)
        tree.body = [n for n in tree.body if not (isinstance(n, functions) and n.name == (entry_point or last))]
        return ast.unparse(tree)
    return ""
