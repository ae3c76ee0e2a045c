"""What a source of completions is asked for, and what it gives."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from curate.errors import WrongUse
from train.evaluate.completions import Completion

Message = tuple[str, str]  # role, content
Key = tuple[str, int]  # task, sample


@dataclass(frozen=True, kw_only=True)
class Sampling:
    """How to draw completions. Greedy, sampling and beam search are told apart by `temperature` and `beams`."""

    samples: int = 1  # completions a task; with beams the best so many of one search
    temperature: float = 0.0  # 0 is greedy: the likeliest token each time
    top_p: float = 1.0  # of the likeliest tokens so many that their chances sum to at least this; in (0, 1]
    beams: int = 1  # of beam search; 1 is none
    max_tokens: int = 512  # of one completion, at most
    seed: int = 0

    def __post_init__(self) -> None:
        if self.samples < 1 or self.beams < 1 or self.max_tokens < 1:
            raise WrongUse(
                f"samples {self.samples}, beams {self.beams}, max_tokens {self.max_tokens}: each must be at least 1"
            )
        if self.temperature < 0 or not 0 < self.top_p <= 1:
            raise WrongUse(f"temperature {self.temperature} must be at least 0, and top_p {self.top_p} in (0, 1]")
        if self.beams > 1 and self.temperature > 0:
            raise WrongUse(
                f"beams {self.beams} with temperature {self.temperature}: beam search draws nothing, set temperature 0"
            )
        if self.samples > max(1, self.beams) and self.temperature == 0:
            raise WrongUse(
                f"{self.samples} samples without temperature would all be the same: set a temperature or more beams"
            )

    def seed_of(self, task_id: str, sample: int) -> int:
        """The seed of one sample (31 bits): a hash, so that it does not matter what was drawn before it."""
        digest = hashlib.sha256(f"{self.seed}\0{task_id}\0{sample}".encode()).digest()
        return int.from_bytes(digest[:4], "big") >> 1


@dataclass(frozen=True, kw_only=True)
class Request:
    """One task's prompt. `chat`, where it is not empty, is the same as messages, for models that chat."""

    task_id: str
    prompt: str
    chat: tuple[Message, ...] = ()
    stops: tuple[str, ...] = ()  # a completion ends before the first of these; sources may cut later than that


class Generator(Protocol):
    """A source of completions."""

    name: str  # as it is told on the page

    def generate(
        self, requests: Sequence[Request], sampling: Sampling, done: Collection[Key] = ()
    ) -> Iterator[Completion]:
        """Every sample of every request that is not `done`, in any order, each as soon as it is there.

        The same sampling gives the same completions as far as the model behind it does, whatever was done before.
        Raises WrongUse for what the source cannot do and RunFailed where it fails; what came before stays good.
        """
        ...


def cut_at(text: str, stops: Sequence[str]) -> str:
    """The text before the first stop string."""
    places = [place for stop in stops if (place := text.find(stop)) >= 0]
    return text[: min(places)] if places else text
