"""An endpoint, against a server in this process that answers, refuses and breaks off as it is told."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from curate.errors import RunFailed, WrongUse
from train.evaluate.generators.endpoint import Endpoint, Manners
from train.evaluate.generators.protocol import Request, Sampling

BASE = Request(task_id="a", prompt="def f():", stops=("\ndef ", "\n1", "\n2", "\n3", "\n4"))
CHAT = Request(task_id="b", prompt="say", chat=(("user", "say"),))


class Server(ThreadingHTTPServer):
    """Keeps what it was asked; `plan` holds (status, headers, body) to answer with first."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.asked: list[tuple[str, dict[str, str], dict[str, Any]]] = []
        self.plan: list[tuple[int, dict[str, str], bytes]] = []
        self.lock = threading.Lock()


class Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        server: Any = self.server
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        with server.lock:
            server.asked.append((self.path, dict(self.headers), body))
            planned = server.plan.pop(0) if server.plan else None
        text = f"    return {body['seed']}\n4 more\ndef g(): pass"
        choice = {"message": {"content": text}} if "messages" in body else {"text": text}
        status, headers, answer = planned or (200, {}, json.dumps({"choices": [choice]}).encode())
        self.send_response(status)
        for name, value in {"Content-Length": str(len(answer)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as own:
        threading.Thread(target=own.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        yield own
        own.shutdown()


def endpoint(server: Server, waits: list[float] | None = None, **manners: Any) -> Endpoint:
    told = {"concurrency": 1, **manners}
    return Endpoint(
        f"http://127.0.0.1:{server.server_port}/v1", "mine", api_key="secret", manners=Manners(**told),
        sleep=(waits if waits is not None else []).append, clock=lambda: 0.0,
    )  # fmt: skip


def test_base_and_chat(server: Server) -> None:
    sampling = Sampling(samples=2, temperature=0.2, top_p=0.95, max_tokens=9)
    given = list(endpoint(server, concurrency=3).generate([BASE, CHAT], sampling, done={("b", 0)}))
    assert {(one.task_id, one.sample) for one in given} == {("a", 0), ("a", 1), ("b", 1)}
    for one in given:
        stopped = f"    return {sampling.seed_of(one.task_id, one.sample)}"
        assert one.text == (stopped if one.task_id == "a" else f"{stopped}\n4 more\ndef g(): pass")
    asked = {body["seed"]: (path, headers, body) for path, headers, body in server.asked}
    path, headers, body = asked[sampling.seed_of("a", 0)]
    assert (path, body["prompt"], body["stop"]) == ("/v1/completions", "def f():", ["\ndef ", "\n1", "\n2", "\n3"])
    assert (body["model"], body["temperature"], body["top_p"], body["max_tokens"]) == ("mine", 0.2, 0.95, 9)
    assert headers["Authorization"] == "Bearer secret"
    path, _, body = asked[sampling.seed_of("b", 1)]
    assert (path, body["messages"]) == ("/v1/chat/completions", [{"role": "user", "content": "say"}])
    assert "stop" not in body


def test_trouble_is_waited_out(server: Server) -> None:
    waits: list[float] = []
    server.plan += [(500, {}, b"down"), (429, {"Retry-After": "7"}, b"slowly"), (503, {"Retry-After": "soon"}, b""),
                    (200, {"Content-Length": "99"}, b"{cut")]  # fmt: skip
    (given,) = endpoint(server, waits).generate([BASE], Sampling())
    assert given.text.startswith("    return")
    assert waits == [1.0, 7.0, 4.0, 8.0]


def test_what_stays_broken_ends_the_run_and_keeps_what_was_answered(server: Server) -> None:
    good = json.dumps({"choices": [{"text": "x"}]}).encode()
    server.plan += [(200, {}, good), *3 * [(500, {}, b"down")]]
    given = endpoint(server, attempts=3).generate([BASE, CHAT], Sampling())
    assert next(given).text == "x"
    with pytest.raises(RunFailed, match=r"failed 3 times for b, at last with status 500: down"):
        next(given)


@pytest.mark.parametrize(
    ("status", "body", "told"),
    [(401, b"no key", "status 401: no key"), (404, b"no model", "status 404"), (200, b'{"error": 1}', "another shape")],
)
def test_a_refusal_is_told_at_once(server: Server, status: int, body: bytes, told: str) -> None:
    server.plan.append((status, {}, body))
    with pytest.raises(WrongUse, match=told):
        list(endpoint(server).generate([BASE], Sampling()))
    assert len(server.asked) == 1


def test_a_server_that_is_not_there(server: Server) -> None:
    gone = Endpoint("http://127.0.0.1:9", "m", manners=Manners(attempts=2), sleep=lambda _: None)
    with pytest.raises(RunFailed, match="failed 2 times"):
        list(gone.generate([BASE], Sampling()))


def test_calls_are_paced(server: Server) -> None:
    waits: list[float] = []
    list(endpoint(server, waits, calls_per_minute=30).generate([BASE], Sampling(samples=3, temperature=1.0)))
    assert waits == [2.0, 4.0]


def test_beams_are_refused(server: Server) -> None:
    with pytest.raises(WrongUse, match="beam search"):
        list(endpoint(server).generate([BASE], Sampling(beams=2)))
