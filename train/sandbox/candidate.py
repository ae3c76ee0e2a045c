"""The candidate's side of a trial in Python: runs the program, then serves calls to what it defined.

Nothing here needs to be trusted: whatever this process says is taken for a value that the program returned, and the
expected values are in another jail. Requests and replies are frames; `values` says how values cross.
"""

from __future__ import annotations

import sys
import types
from collections.abc import Iterator
from typing import Any

from train.sandbox import frames, values

LINK_IN, LINK_OUT, PAYLOAD = 5, 6, 3


class Objects:
    """What the program made and the checker may ask about, by number."""

    def __init__(self) -> None:
        self.objects: list[Any] = []
        self.numbers: dict[int, int] = {}
        self.iterators: dict[int, Iterator[Any]] = {}

    def number(self, value: Any) -> int:
        """The number of an object, always the same one."""
        if id(value) not in self.numbers:
            self.numbers[id(value)] = len(self.objects)
            self.objects.append(value)
        return self.numbers[id(value)]


def main() -> None:
    """Reads the program, runs it, answers until the checker is done."""
    program = frames.read(PAYLOAD)
    module = types.ModuleType("solution")
    sys.modules["solution"] = module
    try:
        exec(compile(program["source"], "solution.py", "exec"), module.__dict__)
        ready: dict[str, Any] = {"value": None}
    except BaseException as error:
        ready = _raised(error)
    frames.write(LINK_OUT, ready)
    objects = Objects()
    while (request := frames.read(LINK_IN)) is not None:
        try:
            reply = _serve(request, module, objects)
        except BaseException as error:
            reply = _raised(error)
        try:
            frames.write(LINK_OUT, reply)
        except (ValueError, TypeError, RecursionError) as error:
            frames.write(LINK_OUT, _raised(error))


def _serve(request: dict[str, Any], module: types.ModuleType, objects: Objects) -> dict[str, Any]:
    """One request: a value, or a call with what it changed in its arguments."""
    operation = request["op"]
    if operation == "get":
        found = module.__dict__
        return {"value": values.encode(found[request["name"]], objects.number)} if request["name"] in found else {}
    target = objects.objects[request["ref"]]
    arguments = [values.decode(item, objects.objects.__getitem__) for item in request.get("args", ())]
    if operation == "call":
        named = {name: values.decode(item, objects.objects.__getitem__) for name, item in request["named"]}
        reply = {"value": values.encode(target(*arguments, **named), objects.number)}
        after = [values.encode(item, objects.number) for item in arguments]
        changed = [[place, item] for place, item in enumerate(after) if item != request["args"][place]]
        return reply | ({"changed": changed} if changed else {})
    if operation == "next":
        if request["ref"] not in objects.iterators or request["first"]:
            objects.iterators[request["ref"]] = iter(target)
        items = []
        for item in objects.iterators[request["ref"]]:
            items.append(values.encode(item, objects.number))
            if len(items) == request["most"]:
                break
        return {"value": items}
    return {"value": values.encode(_OPERATIONS[operation](target, *arguments), objects.number)}


_OPERATIONS: dict[str, Any] = {
    "attribute": getattr,
    "set_attribute": setattr,
    "item": lambda target, key: target[key],
    "length": len,
    "truth": bool,
    "text": str,
}


def _raised(error: BaseException) -> dict[str, Any]:
    """An exception as its class's name, those of its bases, and its text."""
    try:
        text = str(error)[:2000]
    except BaseException:
        text = ""
    return {"raised": [kind.__name__ for kind in type(error).__mro__], "text": text}
