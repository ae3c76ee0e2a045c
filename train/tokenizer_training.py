"""Training a tokenizer: byte-level BPE on a seeded sample of runs, weighted by domain.

Any text can be encoded and comes back byte for byte, as the alphabet is the 256 bytes and nothing is normalised. The
same runs, settings and version of `tokenizers` give the same file. Documents are chosen by a hash of their content, so
that neither the number of shards nor the names of files decide.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow.compute as pc
from tokenizers import AddedToken, Regex, decoders, models, pre_tokenizers, trainers
from tokenizers import Tokenizer as Backend

from curate.errors import RunFailed, WrongUse
from curate.shards import RESERVED_IDS, SPECIAL_TOKENS, Run
from train.bpe.pattern import PATTERN as PATTERN
from train.bpe.pieces import cut
from train.chance import copies
from train.domains import CHINESE, CODE, DOMAINS, ENGLISH, PROSE, domain_of
from train.tokenizer import text_column

MAX_LEARNT_BYTES = 256
"""Pieces between two cuts that are longer are left out of the sample: rulers, blank pages, and lines that a program
wrote. No token stands for so much, and the trainer takes time by the square of a piece's length."""

_ROWS = 64  # documents at a time: at most 1 MB each


@dataclass(frozen=True, kw_only=True)
class TokenizerConfig:
    """How a tokenizer is trained. Defaults: CodeFuse-13B's size and mixture."""

    vocabulary_size: int = 100_864  # entries, the RESERVED_IDS special ones included
    sample_bytes: int = 1_000_000_000  # about: documents are taken whole
    code: float = 0.8  # shares of the sample's bytes by domain, in proportion to each other
    chinese: float = 0.1
    english: float = 0.1
    max_repeats: float = 4.0  # a domain with too little text comes so many times at most
    max_token_bytes: int = 128  # no token stands for more: longer ones are rulers and blank pages
    min_frequency: int = 2  # pairs rarer than this in the sample are not merged
    seed: int = 0

    def __post_init__(self) -> None:
        least = RESERVED_IDS + 256
        if self.vocabulary_size < least:
            raise WrongUse(f"the vocabulary's size is {self.vocabulary_size} and must be at least {least}")
        if self.sample_bytes < 1 or min(self.shares.values()) < 0 or not sum(self.shares.values()):
            raise WrongUse(
                f"the sample is {self.sample_bytes} bytes with shares {self.shares}: give it bytes and one share"
            )

    @property
    def shares(self) -> dict[str, float]:
        """Shares by domain."""
        return {CODE: self.code, CHINESE: self.chinese, ENGLISH: self.english}


class DomainSample(NamedTuple):
    """What a domain has in the runs, and how much of it was taken."""

    domain: str
    bytes: int
    factor: float  # how often each of its documents is taken on average
    sampled_bytes: int


@dataclass(frozen=True, kw_only=True)
class TokenizerSummary:
    """A training's outcome. `size` is below `wanted` where the sample had no more pairs to merge."""

    out: Path
    size: int
    wanted: int
    sample: tuple[DomainSample, ...]

    def lines(self) -> list[str]:
        """The same for people."""
        told = [
            f"{one.domain}: {one.sampled_bytes / 1e6:,.1f} MB sampled of {one.bytes / 1e6:,.1f}, {one.factor:.3f} times"
            for one in self.sample
        ]
        missing = [one.domain for one in self.sample if one.factor and not one.bytes]
        if missing:
            told.append(
                f"no {' and no '.join(missing)} text in these runs: name a run that has some, or set its share to 0"
            )
        if self.size < self.wanted:
            told.append(
                f"only {self.size:,} of {self.wanted:,} entries: the sample has no more pairs; give it more bytes"
            )
        return [*told, f"{self.size:,} entries: {self.out}"]


def train_tokenizer(
    runs: Sequence[Run], out: str | Path, config: TokenizerConfig, say: Callable[[str], None] = lambda text: None
) -> TokenizerSummary:
    """Train on documents of runs and write `out`, whole or not at all. RunFailed where the runs hold no documents."""
    say("counting the runs' bytes by domain")
    available = bytes_by_domain(runs)
    if not sum(available.values()):
        raise RunFailed(f"{', '.join(str(run.folder) for run in runs)} hold no documents: there is nothing to train on")
    factors = factors_of(available, config)
    sampled = dict.fromkeys(DOMAINS, 0)
    backend = Backend(models.BPE())
    backend.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(PATTERN), "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    backend.decoder = decoders.ByteLevel()
    say("reading the sample, then merging pairs")
    backend.train_from_iterator(sample(runs, factors, config.seed, sampled), _trainer(config))
    out = Path(out)
    out.parent.mkdir(parents=True, exist_ok=True)
    part = out.with_name(out.name + ".part")
    part.write_text(backend.to_str(pretty=True) + "\n", encoding="utf-8")
    os.replace(part, out)
    told = tuple(DomainSample(name, available[name], factors[name], sampled[name]) for name in DOMAINS)
    size = backend.get_vocab_size(with_added_tokens=True)
    return TokenizerSummary(out=out, size=size, wanted=config.vocabulary_size, sample=told)


def bytes_by_domain(runs: Sequence[Run]) -> dict[str, int]:
    """Bytes of content by domain. Prose is read, to tell its language; of code only the sizes are."""
    found = dict.fromkeys(DOMAINS, 0)
    prose = pc.field("language").isin(sorted(PROSE))
    for run in runs:
        for batch in run.shards.to_batches(columns=["size_bytes"], filter=~prose):
            found[CODE] += pc.sum(batch["size_bytes"]).as_py() or 0
        columns = ["language", "size_bytes", "content"]
        for batch in run.shards.to_batches(columns=columns, filter=prose, batch_size=_ROWS, batch_readahead=1):
            for row in batch.to_pylist():
                found[domain_of(row["language"], row["content"])] += row["size_bytes"]
    return found


def factors_of(available: dict[str, int], config: TokenizerConfig) -> dict[str, float]:
    """How often each document of a domain is taken, so that the sample has its size and shares: bytes wanted over bytes
    available, at most `max_repeats`."""
    total = sum(config.shares.values())
    wanted = {name: config.sample_bytes * share / total for name, share in config.shares.items()}
    return {name: min(config.max_repeats, wanted[name] / max(1, available[name])) for name in DOMAINS}


def sample(runs: Sequence[Run], factors: dict[str, float], seed: int, sampled: dict[str, int]) -> Iterator[str]:
    """What can be learnt from of the documents that chance takes, again where it takes them again; adds the documents'
    bytes to `sampled`."""
    for run in runs:
        for batch in run.documents(["content_id", "language", "size_bytes", "content"], batch_rows=_ROWS):
            for row in batch.to_pylist():
                domain = domain_of(row["language"], row["content"])
                n_copies = copies(factors[domain], seed, row["content_id"])
                sampled[domain] += n_copies * row["size_bytes"]
                yield from list(learnable(row["content"])) * n_copies


def learnable(text: str) -> Iterator[str]:
    """A text without its pieces of more than MAX_LEARNT_BYTES: what is before, between and behind them."""
    ends = cut(text_column([text])).ends
    lengths = np.diff(ends, prepend=0)
    too_long = np.flatnonzero(lengths > MAX_LEARNT_BYTES)
    if not len(too_long):
        yield text
        return
    data = text.encode()
    starts = [0, *ends[too_long].tolist()]
    stops = [*(ends - lengths)[too_long].tolist(), len(data)]
    yield from (data[start:stop].decode() for start, stop in zip(starts, stops, strict=True) if start < stop)


def _trainer(config: TokenizerConfig) -> trainers.BpeTrainer:
    spares = [f"<|reserved_{number}|>" for number in range(len(SPECIAL_TOKENS), RESERVED_IDS)]
    return trainers.BpeTrainer(
        vocab_size=config.vocabulary_size,
        min_frequency=config.min_frequency,
        special_tokens=[AddedToken(token, special=True, normalized=False) for token in (*SPECIAL_TOKENS, *spares)],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        max_token_length=config.max_token_bytes,
        show_progress=False,
    )
