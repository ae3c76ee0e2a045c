"""Chats from JSON lines in the shapes that people have: one row, one chat.

    messages       {"messages": [{"role", "content", "weight"}]}   this project's and OpenAI's; weight is 0 or 1
    conversations  {"conversations": [{"from", "value"}]}   ShareGPT
    chat_rounds    {"data_name", "chat_rounds": [{"role", "content"}]}   CodeFuse (MFTCoder)
    instruction    {"instruction", "input", "output", "system", "history"}   Alpaca

Roles are system, user and assistant; human, bot, gpt and model are other words for them. Tools' messages are refused.

What a model thought before it answered, where a message (or an Alpaca row) has it in a field of its own, stays: before
the answer, between <think> and </think>, as models that reason write it.
"""

from __future__ import annotations

import gzip
import io
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import zstandard

from curate.errors import WrongUse

SYSTEM, USER, ASSISTANT = "system", "user", "assistant"
_ROLES = {SYSTEM: SYSTEM, USER: USER, "human": USER, ASSISTANT: ASSISTANT, "bot": ASSISTANT, "gpt": ASSISTANT}
_ROLES |= {"model": ASSISTANT}


THOUGHTS = ("reasoning_content", "reasoning", "thinking")  # DeepSeek's, vLLM's and OpenRouter's, Ollama's


class Turn(NamedTuple):
    """One message. `trained` is whether an assistant's turn is to be learnt."""

    role: str
    content: str
    trained: bool = True


@dataclass(frozen=True, kw_only=True)
class Chat:
    """One row: its turns, where it stands, and what it says of itself."""

    place: str  # file and line
    id: str
    turns: tuple[Turn, ...]
    task: str | None = None
    language: str = "Unknown"
    meta: Mapping[str, Any] = field(default_factory=dict)


class Unusable(WrongUse):
    """A row that no chat can be made of."""


def rows(path: Path) -> Iterator[tuple[str, str]]:
    """Place and text of each line that is not empty, of a .jsonl, .jsonl.gz or .jsonl.zst file."""
    try:
        with _opened(path) as file:
            for number, line in enumerate(file, 1):
                if line.strip():
                    yield f"{path}, line {number}", line
    except (OSError, UnicodeDecodeError, EOFError, zstandard.ZstdError) as error:
        raise WrongUse(f"{path} cannot be read: {error}") from None


def chat_of(place: str, line: str) -> Chat:
    """The chat of a row. Unusable names the place and what is wrong."""
    try:
        row = json.loads(line)
    except ValueError as error:
        raise Unusable(f"{place}: no JSON: {error}") from None
    key = next((key for key in _SHAPES if isinstance(row, dict) and key in row), None)
    if key is None:
        raise Unusable(f"{place}: a chat has one of the fields {', '.join(_SHAPES)}")
    try:
        turns = tuple(_SHAPES[key](row))
    except _Wrong as error:
        raise Unusable(f"{place}: {error}") from None
    if not any(turn.role == ASSISTANT for turn in turns):
        raise Unusable(f"{place}: no turn is the assistant's, so that nothing bears loss")
    meta = row.get("meta") if isinstance(row.get("meta"), dict) else {}
    task = row.get("task", row.get("data_name"))
    return Chat(
        place=place,
        id=str(row.get("id", place)),
        turns=turns,
        task=None if task is None else str(task),
        language=str(meta.get("language") or row.get("language") or "Unknown"),
        meta=meta,
    )


class _Wrong(Exception):
    """What is wrong with a row, without its place."""


def _messages(row: Mapping[str, Any]) -> Iterator[Turn]:
    yield from _turns(row["messages"], "messages", "role", "content")


def _chat_rounds(row: Mapping[str, Any]) -> Iterator[Turn]:
    yield from _turns(row["chat_rounds"], "chat_rounds", "role", "content")


def _conversations(row: Mapping[str, Any]) -> Iterator[Turn]:
    if system := row.get("system"):
        yield Turn(SYSTEM, _text(system, "system"))
    yield from _turns(row["conversations"], "conversations", "from", "value")


def _alpaca(row: Mapping[str, Any]) -> Iterator[Turn]:
    if system := row.get("system"):
        yield Turn(SYSTEM, _text(system, "system"))
    for pair in row.get("history") or ():
        if not isinstance(pair, Sequence) or isinstance(pair, str) or len(pair) != 2:
            raise _Wrong("history is not a list of pairs of a question and an answer")
        yield Turn(USER, _text(pair[0], "history"))
        yield Turn(ASSISTANT, _text(pair[1], "history"))
    question = [_text(row[name], name) for name in ("instruction", "input") if row.get(name)]
    if "output" not in row:
        raise _Wrong("instruction has no output beside it")
    yield Turn(USER, "\n\n".join(question))
    yield Turn(ASSISTANT, _thought(row, "output") + _text(row["output"], "output"))


_SHAPES: dict[str, Callable[[Mapping[str, Any]], Iterator[Turn]]] = {
    "messages": _messages,
    "conversations": _conversations,
    "chat_rounds": _chat_rounds,
    "instruction": _alpaca,
}


def _turns(messages: Any, where: str, role_key: str, text_key: str) -> Iterator[Turn]:
    if not isinstance(messages, list) or not messages:
        raise _Wrong(f"{where} is no list of messages")
    for number, message in enumerate(messages):
        if not isinstance(message, dict):
            raise _Wrong(f"{where}[{number}] is no message")
        told = message.get(role_key, message.get("role"))
        role = _ROLES.get(told) if isinstance(told, str) else None
        if role is None:
            raise _Wrong(f"{where}[{number}] has the role {told!r}, which is none of {', '.join(_ROLES)}")
        weight = message.get("weight", 1)
        if weight not in (0, 1):
            raise _Wrong(f"{where}[{number}] has the weight {weight!r}, and it must be 0 or 1")
        content = _text(message.get(text_key, message.get("content")), f"{where}[{number}]")
        thought = _thought(message, f"{where}[{number}]") if role == ASSISTANT else ""
        yield Turn(role, thought + content, bool(weight))


def _thought(message: Mapping[str, Any], where: str) -> str:
    """What was thought before an answer, marked as such; "" without any."""
    told = next((message[name] for name in THOUGHTS if message.get(name)), None)
    if told is None:
        return ""
    return f"<think>\n{_text(told, f'{where}, its reasoning,').strip()}\n</think>\n\n"


def _text(content: Any, where: str) -> str:
    """A message's text; of OpenAI's lists of parts the text of all."""
    if isinstance(content, list) and all(isinstance(one, dict) and one.get("type") == "text" for one in content):
        content = "".join(str(one.get("text", "")) for one in content)
    if not isinstance(content, str):
        raise _Wrong(f"{where} has no text: {str(content)[:60]!r}")
    try:
        content.encode()
    except UnicodeEncodeError:
        raise _Wrong(f"{where} has half a surrogate pair, which is no text") from None
    return content


def _opened(path: Path) -> io.TextIOBase | Any:
    if path.name.endswith(".gz"):
        return gzip.open(path, "rt", encoding="utf-8")
    if path.name.endswith(".zst"):
        return zstandard.open(path, "rt", encoding="utf-8")
    return path.open(encoding="utf-8")
