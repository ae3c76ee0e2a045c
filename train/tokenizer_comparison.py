"""Tokenizers beside each other: compression by domain and by language, and how much of the vocabulary is used.

C-Rate = tokens / characters (CodeFuse-13B: .25 for code, 1.14 for Chinese, .24 for English); lower is better.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow.compute as pc

from curate.errors import RunFailed
from curate.shards import Run
from train.chance import chance
from train.domains import DOMAINS, domain_of
from train.tokenizer import Tokenizer

_ROWS = 64
_CHARACTERS = 1_000_000  # that are encoded at a time


class Compression(NamedTuple):
    """One tokenizer on the text of one domain or language."""

    name: str
    characters: int
    bytes: int
    tokens: int

    @property
    def rate(self) -> float:
        """Tokens a character."""
        return self.tokens / self.characters


@dataclass(frozen=True, kw_only=True)
class TokenizerReport:
    """One tokenizer on a sample. `used` counts the ids that came out at least once."""

    tokenizer: str
    size: int
    used: int
    domains: tuple[Compression, ...]
    languages: tuple[Compression, ...]  # by falling number of characters

    def to_json(self) -> dict[str, Any]:
        """The same for machines."""
        told = asdict(self)
        for group in ("domains", "languages"):
            told[group] = [one._asdict() | {"c_rate": round(one.rate, 4)} for one in getattr(self, group)]
        return told


def compare(tokenizers: Sequence[Tokenizer], run: Run, *, sample_bytes: int, seed: int = 0) -> list[TokenizerReport]:
    """Each tokenizer on the same seeded sample of a run's documents. RunFailed where there are none."""
    documents = list(_sample(run, sample_bytes, seed))
    if not documents:
        raise RunFailed(f"{run.folder} holds no documents: there is nothing to compare on")
    return [_report(tokenizer, documents) for tokenizer in tokenizers]


def _sample(run: Run, sample_bytes: int, seed: int) -> Iterator[tuple[str, str]]:
    """Language and content of documents, about so many bytes of them in all."""
    total = sum(pc.sum(batch["size_bytes"]).as_py() or 0 for batch in run.documents(["size_bytes"]))
    for batch in run.documents(["content_id", "language", "content"], batch_rows=_ROWS):
        for row in batch.to_pylist():
            if row["content"] and chance(seed, "compare", row["content_id"]) * total < sample_bytes:
                yield row["language"], row["content"]


def _report(tokenizer: Tokenizer, documents: Sequence[tuple[str, str]]) -> TokenizerReport:
    seen = np.zeros(tokenizer.n_ids, bool)
    domains: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0])
    languages: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0])
    for group in _groups(documents):
        for (language, content), tokens in zip(group, tokenizer.encode([text for _, text in group]), strict=True):
            seen[tokens] = True
            for counts in (domains[domain_of(language, content)], languages[language]):
                counts[0] += len(content)
                counts[1] += len(content.encode())
                counts[2] += len(tokens)
    ordered = sorted(languages, key=lambda name: (-languages[name][0], name))
    return TokenizerReport(
        tokenizer=str(tokenizer.path),
        size=tokenizer.size,
        used=int(seen.sum()),
        domains=tuple(Compression(name, *domains[name]) for name in DOMAINS if name in domains),
        languages=tuple(Compression(name, *languages[name]) for name in ordered),
    )


def _groups(documents: Sequence[tuple[str, str]]) -> Iterator[list[tuple[str, str]]]:
    group: list[tuple[str, str]] = []
    room = _CHARACTERS
    for document in documents:
        group.append(document)
        room -= len(document[1])
        if room <= 0:
            yield group
            group, room = [], _CHARACTERS
    if group:
        yield group


def table(reports: Sequence[TokenizerReport], n_languages: int) -> str:
    """C-Rates, a row a domain or language, a column a tokenizer, and at the end the vocabularies."""
    first = reports[0]
    rows = [["", "characters", *(Path(one.tokenizer).name for one in reports)]]
    for group, n_rows in (("domains", len(DOMAINS)), ("languages", n_languages)):
        for i, told in enumerate(getattr(first, group)[:n_rows]):
            rates = [f"{getattr(one, group)[i].rate:.4f}" for one in reports]
            rows.append([told.name, f"{told.characters:,}", *rates])
    rows.append(["vocabulary", "", *(f"{one.size:,}" for one in reports)])
    rows.append(["of it in use", "", *(f"{one.used / one.size:.1%}" for one in reports)])
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join("  ".join([row[0].ljust(widths[0]), *map(str.rjust, row[1:], widths[1:])]) for row in rows)
