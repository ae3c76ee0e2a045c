"""Completions from a server that speaks OpenAI's protocol: vLLM, SGLang, llama.cpp and others.

One call a sample, several at a time, so that an interrupted run loses what was under way and nothing else. What is
worth trying again (no connection, 408, 409, 425, 429, 5xx) is tried again with back-off: `first_wait_s` doubled each
time up to `longest_wait_s`, or what the server says in Retry-After. Other refusals end the run with the server's words.
"""

from __future__ import annotations

import http.client
import json
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Collection, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from itertools import islice
from typing import Any

from curate.errors import RunFailed, WrongUse
from train.evaluate.completions import Completion
from train.evaluate.generators.protocol import Key, Request, Sampling, cut_at

AGAIN = frozenset((408, 409, 425, 429))  # and all of 5xx
MOST_STOPS = 4  # that OpenAI's protocol takes; the others are cut here


@dataclass(frozen=True, kw_only=True)
class Manners:
    """How a server is asked."""

    concurrency: int = 8  # calls under way at a time
    calls_per_minute: float | None = None  # None: as fast as answers come
    attempts: int = 6  # of one call, at least 1
    first_wait_s: float = 1.0
    longest_wait_s: float = 60.0
    timeout_s: float = 600.0  # without a byte from the server


class _Again(Exception):
    """Worth another attempt; `wait_s` where the server named a time."""

    def __init__(self, told: str, wait_s: float | None = None) -> None:
        super().__init__(told)
        self.wait_s = wait_s


class Endpoint:
    """One model behind one address; `url` ends where /completions and /chat/completions begin, mostly in /v1."""

    def __init__(
        self, url: str, model: str, *, api_key: str | None = None, manners: Manners | None = None,
        sleep: Callable[[float], None] = time.sleep, clock: Callable[[], float] = time.monotonic,
    ) -> None:  # fmt: skip
        self.url, self.model, self.name = url.rstrip("/"), model, f"{model} at {url}"
        self._key, self._manners, self._sleep, self._clock = api_key, manners or Manners(), sleep, clock
        self._turn = threading.Lock()
        self._next_call = 0.0

    def generate(
        self, requests: Sequence[Request], sampling: Sampling, done: Collection[Key] = ()
    ) -> Iterator[Completion]:
        """In the order in which answers come. Raises WrongUse for beams, which the protocol has not."""
        if sampling.beams > 1:
            raise WrongUse(
                f"beams {sampling.beams}: OpenAI's protocol has no beam search, use a transformers directory"
            )
        wanted = ((one, i) for one in requests for i in range(sampling.samples) if (one.task_id, i) not in done)
        pool = ThreadPoolExecutor(self._manners.concurrency, thread_name_prefix="endpoint")
        try:
            under_way: set[Future[Completion]] = set()
            while True:
                free = self._manners.concurrency - len(under_way)
                under_way |= {pool.submit(self._one, *pair, sampling) for pair in islice(wanted, free)}
                if not under_way:
                    return
                ended, under_way = wait(under_way, return_when=FIRST_COMPLETED)
                for future in ended:
                    yield future.result()
        finally:
            pool.shutdown(wait=False, cancel_futures=True)

    def _one(self, request: Request, sample: int, sampling: Sampling) -> Completion:
        """One sample, with attempts."""
        for attempt in range(1, self._manners.attempts + 1):
            self._pace()
            try:
                answer = self._call(request, sampling, sampling.seed_of(request.task_id, sample))
                return Completion(request.task_id, sample, cut_at(_text(answer, self.url), request.stops))
            except _Again as error:
                if attempt == self._manners.attempts:
                    raise RunFailed(
                        f"{self.url} failed {attempt} times for {request.task_id}, at last with {error}: "
                        "what was answered is kept, say the same again when it is well"
                    ) from None
                doubled = self._manners.first_wait_s * 2 ** (attempt - 1)
                self._sleep(min(error.wait_s if error.wait_s is not None else doubled, self._manners.longest_wait_s))
        raise AssertionError("attempts is at least 1")

    def _pace(self) -> None:
        """Waits for this call's turn where calls a minute are bounded."""
        if self._manners.calls_per_minute is None:
            return
        with self._turn:
            now = self._clock()
            at = max(now, self._next_call)
            self._next_call = at + 60 / self._manners.calls_per_minute
        if at > now:
            self._sleep(at - now)

    def _call(self, request: Request, sampling: Sampling, seed: int) -> Any:
        body: dict[str, Any] = {
            "model": self.model, "max_tokens": sampling.max_tokens, "temperature": sampling.temperature,
            "top_p": sampling.top_p, "seed": seed, "n": 1,
        }  # fmt: skip
        if request.stops:
            body["stop"] = list(request.stops[:MOST_STOPS])
        if request.chat:
            body["messages"] = [{"role": role, "content": content} for role, content in request.chat]
        else:
            body["prompt"] = request.prompt
        headers = {"Content-Type": "application/json", "Accept": "application/json", "User-Agent": "codemill"}
        if self._key:
            headers["Authorization"] = f"Bearer {self._key}"
        address = f"{self.url}/{'chat/completions' if request.chat else 'completions'}"
        call = urllib.request.Request(address, json.dumps(body).encode(), headers)
        try:
            with urllib.request.urlopen(call, timeout=self._manners.timeout_s) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            with error:
                told = f"status {error.code}: {error.read(500).decode('utf-8', 'replace').strip()}"
            if error.code in AGAIN or error.code >= 500:
                raise _Again(told, _seconds(error.headers.get("Retry-After"))) from None
            raise WrongUse(f"{address} refuses with {told}") from None
        except (OSError, http.client.HTTPException, json.JSONDecodeError) as error:
            raise _Again(f"{type(error).__name__}: {error}") from None


def _seconds(told: str | None) -> float | None:
    """Retry-After as seconds; a date, which servers of models do not send, is as good as nothing."""
    try:
        return max(0.0, float(told)) if told is not None else None
    except ValueError:
        return None


def _text(answer: Any, url: str) -> str:
    """The completion in an answer of either kind. A chat answer without content is an empty one."""
    try:
        choice = answer["choices"][0]
        text = choice["message"].get("content") if "message" in choice else choice["text"]
    except (KeyError, IndexError, TypeError, AttributeError):
        raise WrongUse(f"{url} answers in another shape than OpenAI's: {json.dumps(answer)[:200]}") from None
    return text or ""
