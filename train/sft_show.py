"""Some samples as they are trained on, with what bears loss told apart: everyone should look before training."""

from __future__ import annotations

from itertools import islice

from rich.console import Console
from rich.text import Text

from train.chat import ChatTokens, Tokens
from train.chat_formats import Chat
from train.chat_store import Counts, read
from train.order import key_of
from train.sft_config import SftConfig

_LOOKED_AT = 2000  # samples of each file among which chance chooses
_BEARS, _GIVEN, _MARK, _CUT = "bold green", "dim", "cyan", "red strike"


def show(config: SftConfig, chats: ChatTokens, n: int, console: Console) -> None:
    """Print n samples of each file, chosen by the seed among its first. Where there are no colours, what bears loss
    stands between guillemets."""
    for file in config.data.files:
        found = list(islice(read(file, config.data, Counts()), _LOOKED_AT))
        found.sort(key=lambda chat: key_of(config.seed, "show", chat.place))
        for chat in found[:n]:
            (tokens,) = chats.encode([chat.turns], last_only=config.data.turns == "last")
            console.print(_head(chat, tokens, config.data.sequence_length), highlight=False)
            console.print(rendered(tokens, chats, config.data.sequence_length, plain=console.color_system is None))


def _head(chat: Chat, tokens: Tokens, room: int) -> Text:
    n = len(tokens.ids)
    told = f"{chat.place}: task {chat.task or 'by file'}, {n} tokens, {int(tokens.bears.sum())} bear loss"
    return Text(told + (f", over a row of {room}" if n > room else ""), style="bold")


def rendered(tokens: Tokens, chats: ChatTokens, room: int, *, plain: bool = False) -> Text:
    """A sample's text: what bears loss, what is given, ChatML's marks, and what lies behind a row's end."""
    text = Text()
    for begin, end in _runs(tokens, chats, room):
        ids = tokens.ids[begin:end].tolist()
        bears = bool(tokens.bears[begin]) and begin < room
        told = chats.tokenizer.decode(ids)
        style = _CUT if begin >= room else _BEARS if bears else _MARK if ids[0] in (chats.start, chats.end) else _GIVEN
        text.append(f"«{told}»" if plain and bears else told, style=style)
    return text


def _runs(tokens: Tokens, chats: ChatTokens, room: int) -> list[tuple[int, int]]:
    """Stretches of tokens that look the same; marks that bear no loss are stretches of their own."""
    kinds = [
        (i >= room, bool(bears), i if number in (chats.start, chats.end) and not bears else -1)
        for i, (number, bears) in enumerate(zip(tokens.ids.tolist(), tokens.bears.tolist(), strict=True))
    ]
    edges = [i for i in range(1, len(kinds)) if kinds[i] != kinds[i - 1]]
    return list(zip([0, *edges], [*edges, len(kinds)], strict=True)) if kinds else []
