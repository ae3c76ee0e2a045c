"""ChatML: chats as tokens, and which of them bear loss.

    <|im_start|>role\\n content <|im_end|>\\n

The two marks are ids that no text gives: what spells `<|im_start|>` is encoded as characters like any other, so that no
sample can forge a turn. Loss is on an assistant's content and the <|im_end|> that ends it; not on the head before it,
which is given when the model is asked.

An assistant's content is encoded apart from its head, as it is when the model answers; other turns are encoded whole,
as a chat template gives them to the tokenizer.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np
from tokenizers import AddedToken
from tokenizers import Tokenizer as Backend

from curate.errors import WrongUse
from train.chat_formats import ASSISTANT, SYSTEM, USER, Turn
from train.special_tokens import CHAT_END, CHAT_START, ids
from train.tokenizer import Tokenizer

RoleNames = Literal["chatml", "codefuse"]
ROLES: dict[RoleNames, dict[str, str]] = {
    "chatml": {SYSTEM: "system", USER: "user", ASSISTANT: "assistant"},
    "codefuse": {SYSTEM: "system", USER: "human", ASSISTANT: "bot"},
}


class Tokens(NamedTuple):
    """A chat's ids (uint32), and which bear loss as targets (bool)."""

    ids: np.ndarray
    bears: np.ndarray


class ChatTokens:
    """Chats to tokens, with a tokenizer that has ChatML's marks."""

    def __init__(self, tokenizer: Tokenizer, roles: RoleNames = "chatml"):
        self.tokenizer, self.names = tokenizer, ROLES[roles]
        self.start, self.end = tokenizer.special(CHAT_START), tokenizer.special(CHAT_END)
        self.newline = tokenizer.encode(["\n"])[0]

    def encode(self, chats: Sequence[Sequence[Turn]], *, last_only: bool = False) -> list[Tokens]:
        """All chats' tokens. `last_only`: of the assistant's turns the last alone bears loss.

        WrongUse where a text became a mark, which a tokenizer must not do.
        """
        texts = [text for turns in chats for turn in turns for text in self._texts(turn)]
        encoded = iter(self._plain(texts))
        return [self._rendered(turns, encoded, last_only) for turns in chats]

    def prompt(self, turns: Sequence[Turn]) -> list[int]:
        """A chat's ids with the head of the answer behind it."""
        (tokens,) = self.encode([turns])
        return [*tokens.ids.tolist(), self.start, *self._plain([f"{self.names[ASSISTANT]}\n"])[0]]

    def _texts(self, turn: Turn) -> tuple[str, ...]:
        head = f"{self.names[turn.role]}\n"
        return (head, turn.content) if turn.role == ASSISTANT else (head + turn.content,)

    def _rendered(self, turns: Sequence[Turn], encoded: Iterator[list[int]], last_only: bool) -> Tokens:
        tokens: list[int] = []
        bears: list[bool] = []
        last = max((i for i, turn in enumerate(turns) if turn.role == ASSISTANT), default=-1)
        for i, turn in enumerate(turns):
            learnt = turn.role == ASSISTANT and turn.trained and (i == last or not last_only)
            head = next(encoded)
            content = next(encoded) if turn.role == ASSISTANT else []
            tokens += [self.start, *head, *content, self.end, *self.newline]
            bears += [False] * (1 + len(head)) + [learnt] * (len(content) + 1) + [False] * len(self.newline)
        return Tokens(np.array(tokens, np.uint32), np.array(bears, bool))

    def _plain(self, texts: list[str]) -> list[list[int]]:
        found = self.tokenizer.encode(texts)
        marks = {self.start, self.end}
        for text, tokens in zip(texts, found, strict=True):
            if not marks.isdisjoint(tokens):
                raise WrongUse(
                    f"{self.tokenizer.path} makes a mark of ChatML of the text {text[:80]!r}: take another tokenizer"
                )
        return found


def with_marks(path: Path, room: int) -> str:
    """A tokenizer.json that has ChatML's marks, and in which no special token of this project can be spelt.

    Marks that are missing get the next ids. WrongUse where those are over `room`, the model's vocab_size.
    """
    told = json.loads(Tokenizer(path).json)
    own = set(ids())
    for added in told.get("added_tokens", ()):
        added["special"] = added["special"] or added["content"] in own
    backend = Backend.from_str(json.dumps(told, ensure_ascii=False))
    missing = [mark for mark in (CHAT_START, CHAT_END) if not _is_added(backend, mark)]
    if not missing:
        return json.dumps(told, ensure_ascii=False)
    backend.add_special_tokens([AddedToken(mark, special=True, normalized=False) for mark in missing])
    highest = max(backend.token_to_id(mark) or 0 for mark in missing)
    if highest >= room:
        raise WrongUse(
            f"{path} lacks {' and '.join(missing)}, and the model's vocab_size of {room} has no room for them: "
            "take a model or a tokenizer that has them"
        )
    return backend.to_str()


def _is_added(backend: Backend, token: str) -> bool:
    return any(one.content == token for one in backend.get_added_tokens_decoder().values())


def template(roles: RoleNames) -> str:
    """The chat template of transformers and its kin for the same."""
    names = ", ".join(f"'{role}': '{name}'" for role, name in ROLES[roles].items())
    return (
        f"{{% set names = {{{names}}} %}}{{% for message in messages %}}"
        f"{{{{ '{CHAT_START}' + names[message['role']] + '\\n' + message['content'] + '{CHAT_END}\\n' }}}}"
        "{% endfor %}{% if add_generation_prompt %}"
        f"{{{{ '{CHAT_START}{ROLES[roles][ASSISTANT]}\\n' }}}}{{% endif %}}"
    )
