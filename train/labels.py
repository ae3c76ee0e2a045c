"""By what losses are told: the language of documents and their tags, as numbers with names."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from curate.errors import WrongUse


class Labelled(Protocol):
    """Documents with a language and tags; `Packed`, or curated files."""

    @property
    def languages(self) -> tuple[np.ndarray, list[str]]:
        """Each document's language as a number, and the names to the numbers."""
        ...

    def tag(self, name: str) -> tuple[np.ndarray, list[str]]:
        """The same of a tag."""
        ...


@dataclass(frozen=True, kw_only=True)
class Labels:
    """A dimension of documents: the values' names, and each source's documents' numbers of them (none where the source
    tells them as it reads)."""

    name: str
    names: list[str]
    of: list[np.ndarray]


def labels_of(packed: Sequence[Labelled], tag: str | None = None) -> Labels:
    """The dimension of a tag, or of languages, over several folders with one numbering."""
    found = [one.languages if tag is None else one.tag(tag) for one in packed]
    names = sorted({name for _, own in found for name in own})
    numbers = {name: i for i, name in enumerate(names)}
    of = [np.array([numbers[name] for name in own], np.int32)[rows] for rows, own in found]
    return Labels(name=tag or "language", names=names, of=of)


def check_tags(labels: Sequence[Labels], where: str) -> None:
    """WrongUse for a tag that no document has: losses by it would tell nothing, and nobody would see why."""
    for one in labels:
        if one.names == [""]:
            raise WrongUse(f"{where} names {one.name!r}, which no document has: take a tag that is there")
