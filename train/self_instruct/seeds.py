"""Seed tasks: what people asked in files of chats, by the task's name, the language and the words it is in."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from heapq import nsmallest
from pathlib import Path
from typing import NamedTuple

from curate.errors import RunFailed
from train.chat_formats import SYSTEM, USER, Chat, chat_of, rows
from train.evaluate.refusal import refuse_evaluation_files
from train.evaluate.tasks.prompting import in_chinese
from train.order import key_of

_FENCED = re.compile(r"^ *(`{3,}).*?(?:^ *\1|\Z)", re.DOTALL | re.MULTILINE)


class Kind(NamedTuple):
    """What tasks have in common that are shown together, and that those made after them have too."""

    task: str
    language: str  # Linguist's name, or "Unknown"
    words: str  # what is asked in: English or Chinese


@dataclass(frozen=True, kw_only=True)
class Seed:
    """A task without its answer."""

    kind: Kind
    question: str


def read_seeds(paths: Sequence[Path], most: int, seed: int) -> list[Seed]:
    """The first question of each chat, with what its system says before it; of more than `most` so many by chance.

    WrongUse for a benchmark and for a row that is no chat; RunFailed where no chat asks anything.
    """
    refuse_evaluation_files(paths)
    drawn = nsmallest(most, _numbered(paths), key=lambda pair: key_of(seed, "seed task", pair[0]))
    if not drawn:
        raise RunFailed(f"{', '.join(map(str, paths))}: no chat asks anything: give chats with a user's turn")
    return [seed_task for _, seed_task in sorted(drawn, key=lambda pair: pair[0])]


def _numbered(paths: Sequence[Path]) -> Iterator[tuple[int, Seed]]:
    """All seeds, with their number among all rows."""
    places = ((path, place, line) for path in paths for place, line in rows(path))
    for number, (path, place, line) in enumerate(places):
        chat = chat_of(place, line)
        if question := _question(chat):
            yield number, Seed(kind=_kind(chat, path, question), question=question)


def _question(chat: Chat) -> str:
    first = next((i for i, turn in enumerate(chat.turns) if turn.role == USER), None)
    if first is None:
        return ""
    said = [turn.content.strip() for turn in chat.turns[: first + 1] if turn.role in (SYSTEM, USER)]
    return "\n\n".join(one for one in said if one)


def _kind(chat: Chat, path: Path, question: str) -> Kind:
    """Its words are Chinese where what is not code has Chinese characters."""
    said = _FENCED.sub("", question)
    name = chat.task or path.name.partition(".")[0]
    return Kind(name, chat.language, "Chinese" if in_chinese(said) else "English")
