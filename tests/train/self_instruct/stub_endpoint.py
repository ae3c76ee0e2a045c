"""A server that speaks OpenAI's protocol, whose model is a function of what it is asked, and which fails as told."""

from __future__ import annotations

import hashlib
import json
import random
import re
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

THINGS = (
    "apple", "river", "bridge", "violin", "planet", "candle", "engine", "harbour", "meadow", "ladder", "rocket",
    "basket", "lantern", "saddle",
)  # fmt: skip
DEEDS = (
    "counts", "sorts", "rotates", "reverses", "merges", "splits", "weighs", "encodes", "filters", "pairs", "scales",
    "compares", "prunes", "maps",
)  # fmt: skip
Answer = tuple[int, dict[str, str], bytes]


class Stub(ThreadingHTTPServer):
    """`asked` has every body in the order of coming. `fails` gives an answer in place of the model's, or None; it may
    also hold a call back. `says` is the model."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.asked: list[dict[str, Any]] = []
        self.fails: Callable[[int, dict[str, Any]], Answer | None] = lambda number, body: None
        self.says: Callable[[dict[str, Any]], str] = model
        self.lock = threading.Lock()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/v1"

    def handle_error(self, *_: Any) -> None:
        """A client that was killed is no trouble of the server's."""


class _Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        stub: Any = self.server
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        with stub.lock:
            stub.asked.append(body)
            number = len(stub.asked) - 1
        failed = stub.fails(number, body)
        good = {"choices": [{"message": {"role": "assistant", "content": stub.says(body)}}]}
        status, headers, answer = failed or (200, {}, json.dumps(good).encode())
        self.send_response(status)
        for name, value in {"Content-Length": str(len(answer)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_: Any) -> None:
        pass


def asks_for_tasks(body: dict[str, Any]) -> bool:
    """Whether a body is a prompt for tasks, and not a task."""
    return body["messages"][0]["role"] == "system"


def model(body: dict[str, Any]) -> str:
    """Tasks of which some resemble each other, and answers of which every fifth is wrong."""
    said = body["messages"][-1]["content"]
    drawn = int.from_bytes(hashlib.sha256(f"{said} {body['seed']}".encode()).digest()[:8], "big")
    if asks_for_tasks(body):
        return "Here they are.\n" + "\n".join(f"<task>\n{task(drawn // 7**i)}\n</task>" for i in range(5))
    found = re.search(r"`(\w+)`", said)
    name = found[1] if found else "f"
    wrong = drawn % 5 == 0
    code = f"def {name}(items):\n    return sorted(items){'[1:]' if wrong else ''}"
    tests = f"assert {name}([2, 1]) == [1, 2]\nassert {name}([]) == []\nassert True"
    return f"<answer>\nIt sorts.\n\n```python\n{code}\n```\n</answer>\n<tests>\n{tests}\n</tests>"


def task(drawn: int) -> str:
    """Ten words by chance, so that most resemble no other; every seventh is one of three that come again and again."""
    if drawn % 7 == 0:
        return f"Write `sort_{drawn % 3}`, which sorts what it is given and returns a new list."
    picked = random.Random(drawn)
    told = " ".join(f"{picked.choice(DEEDS)} {picked.choice(THINGS)}" for _ in range(5))
    return f"Write `{picked.choice(DEEDS)}_{picked.choice(THINGS)}`: {told}."
