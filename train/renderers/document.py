"""What a renderer gives: a document as parts, in which special tokens are told apart from text that spells them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, TypedDict

from curate.errors import WrongUse
from train import special_tokens


class Special(str):
    """A special token of the table, as a part of a document."""

    __slots__ = ()


class Row(TypedDict):
    """The columns of a shard that renderers read (curate.schema.DOCUMENT)."""

    file_id: str
    content_id: str
    repo: str | None
    path: str
    language: str
    stars: int | None
    content: str
    tags: list[tuple[str, str]] | None


COLUMNS = tuple(Row.__annotations__)


@dataclass(frozen=True, kw_only=True)
class FilePart:
    """The stretch of a document that comes from one file: its first part and the one after its last."""

    file_id: str
    language: str
    start: int
    end: int


@dataclass(frozen=True, kw_only=True)
class Rendered:
    """A document for training, without the end-of-text token. `files` names what it is made of where that is more than
    one file; `file_id`, `language` and `tags` are then those of its first."""

    parts: tuple[str, ...]
    file_id: str
    language: str
    tags: dict[str, str] = field(default_factory=dict)
    files: tuple[FilePart, ...] = ()

    @property
    def text(self) -> str:
        """The document as one string, special tokens spelt out."""
        return "".join(self.parts)

    @property
    def n_characters(self) -> int:
        """Characters of text, special tokens not counted."""
        return sum(len(part) for part in self.parts if not isinstance(part, Special))


@dataclass(frozen=True, kw_only=True)
class RenderConfig:
    """Chances of what is put around files. Defaults: StarCoder's and StarCoder2's."""

    repo_name_rate: float = 0.2  # of plain files that tell their repository
    path_rate: float = 0.2  # of plain files that tell their path
    stars_rate: float = 0.2  # of plain files that tell their repository's stars
    named_rate: float = 0.5  # of repositories that tell their name and the paths of their files
    fim_rate: float = 0.0  # of files that are filled in the middle, on characters (CodeFuse-13B and StarCoder: .5)
    whole_rate: float = 0.2  # of commits that show their files whole, and not only the lines around their changes
    scripts_rate: float = 0.0  # of notebooks that are written as scripts, and not cell by cell
    seed: int = 0

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            if name.endswith("_rate") and not 0 <= value <= 1:
                raise WrongUse(f"{name} is {value} and must be in 0..1")


END_OF_TEXT = Special(special_tokens.END_OF_TEXT)
FIM_PREFIX, FIM_MIDDLE = Special(special_tokens.FIM_PREFIX), Special(special_tokens.FIM_MIDDLE)
FIM_SUFFIX = Special(special_tokens.FIM_SUFFIX)
REPO_NAME, FILE_SEP = Special(special_tokens.REPO_NAME), Special(special_tokens.FILE_SEP)
STARS = Special(special_tokens.STARS)
JUPYTER_START, JUPYTER_TEXT = Special(special_tokens.JUPYTER_START), Special(special_tokens.JUPYTER_TEXT)
JUPYTER_CODE, JUPYTER_OUTPUT = Special(special_tokens.JUPYTER_CODE), Special(special_tokens.JUPYTER_OUTPUT)
COMMIT_BEFORE, COMMIT_AFTER = Special(special_tokens.COMMIT_BEFORE), Special(special_tokens.COMMIT_AFTER)
COMMIT_MESSAGE = Special(special_tokens.COMMIT_MESSAGE)
ISSUE_START, ISSUE_COMMENT = Special(special_tokens.ISSUE_START), Special(special_tokens.ISSUE_COMMENT)
ISSUE_CLOSED = Special(special_tokens.ISSUE_CLOSED)


def joined(parts: Sequence[str]) -> tuple[str, ...]:
    """Parts without empty text, and with text that follows text as one: what is cut once is tokenised once."""
    found: list[str] = []
    for part in parts:
        if not part:
            continue
        if found and not isinstance(part, Special) and not isinstance(found[-1], Special):
            found[-1] += part
        else:
            found.append(part)
    return tuple(found)


def tags_of(row: Row | dict[str, Any]) -> dict[str, str]:
    """A row's tags as a dictionary."""
    return dict(row["tags"] or ())
