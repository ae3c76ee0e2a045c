"""Packing: documents of runs, rendered and tokenised, into a folder of packed tokens (train/packed.py).

Streams through documents in their order and holds no more than one batch. The folder counts only once its meta.json is
there, which comes last; a packing that was interrupted is started again. Documents that hold several files have a row a
file in files.parquet, so that any token leads back to its file (`origin_of`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import accumulate
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq

from curate.errors import RunFailed, WrongUse
from curate.shards import Run
from train.chance import chance
from train.evaluate.refusal import refuse_evaluation_files
from train.order import key_of
from train.pack_config import PackConfig, PackSource
from train.packed import Packed, PackedWriter
from train.renderers.document import END_OF_TEXT, Rendered, Special
from train.rendering import rendered
from train.tokenizer import Tokenizer, text_column

FILES = "files.parquet"
FILES_SCHEMA = pa.schema(
    [
        ("document", pa.int64()),
        ("start", pa.int64()),  # in all tokens of the folder
        ("n_tokens", pa.int64()),
        ("file_id", pa.string()),
        ("language", pa.string()),
    ]
)
"""A row a file in documents that hold several."""

_ROWS = 64  # of a shard at a time
_CHARACTERS = 1_000_000  # that are tokenised at a time
_FILES_A_GROUP = 65_536  # rows
_PROBED_BYTES = 500_000  # of each source, to tell how many tokens a byte of it takes


@dataclass(kw_only=True)
class Counts:
    """What was packed. `empty` documents have no text and are left out; `cut` ones lost their end."""

    documents: int = 0
    files: int = 0
    tokens: int = 0
    characters: int = 0
    cut: int = 0
    empty: int = 0

    def line(self) -> str:
        """The same for people."""
        rate = f", {self.tokens / self.characters:.3f} tokens a character" if self.characters else ""
        return (
            f"{self.documents:,} documents of {self.files:,} files, {self.tokens:,} tokens{rate}, "
            f"{self.cut:,} cut, {self.empty:,} empty left out"
        )


@dataclass(frozen=True, kw_only=True)
class PackSummary:
    """A packing's outcome: counts by source, and how often each source's documents were taken."""

    out: Path
    factors: Mapping[str, float]
    sources: Mapping[str, Counts] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """The same for machines; meta.json has it as `packing`."""
        sources = {name: vars(counts) | {"factor": self.factors[name]} for name, counts in self.sources.items()}
        return {"out": str(self.out), "sources": sources}

    def lines(self) -> list[str]:
        """The same for people."""
        told = [f"{name}: {self.factors[name]:.3f} times, {counts.line()}" for name, counts in self.sources.items()]
        return [*told, f"packed: {self.out}"]


def pack(config: PackConfig, *, fresh: bool = False, say: Callable[[str], None] = lambda text: None) -> PackSummary:
    """Pack the sources into `config.out`. WrongUse where it is packed already, unless `fresh`, and where a shard is an
    evaluation file; RunFailed where there is nothing to pack."""
    if (config.out / "meta.json").exists() and not fresh:
        raise WrongUse(f"{config.out} holds packed tokens: name another folder, or give --fresh to write them anew")
    tokenizer = Tokenizer(config.tokenizer)
    runs = {source.label: Run(source.run) for source in config.sources}
    refuse_evaluation_files(shard for run in runs.values() for shard in run.files("shards/"))
    factors = factors_of(config, runs, tokenizer)
    summary = PackSummary(out=config.out, factors=factors, sources={name: Counts() for name in factors})
    about: dict[str, Any] = {
        "tokenizer_hash": tokenizer.hash,
        "token_bytes": tokenizer.token_bytes,
        "seed": config.seed,
        "mixture": factors,
        "rendering": config.model_dump(mode="json", exclude={"tokenizer", "out", "seed"}),
    }
    with PackedWriter(config.out, special_tokens=tokenizer.special_ids(), **about) as writer:
        with _Packing(config, tokenizer, writer) as packing:
            for source in config.sources:
                packing.add(source, runs[source.label], factors[source.label], summary.sources[source.label])
                say(f"{source.label}: {summary.sources[source.label].line()}")
        if not any(counts.documents for counts in summary.sources.values()):
            raise RunFailed(f"nothing was packed: {', '.join(map(repr, runs.values()))} hold no text to take")
        writer.meta["packing"] = summary.to_json()["sources"]
    return summary


def factors_of(config: PackConfig, runs: Mapping[str, Run], tokenizer: Tokenizer) -> dict[str, float]:
    """How often each source's documents are taken: `epochs`, or what the weights ask at most that.

    With tokens t and weight w of each source, factor = w / t x min(epochs t / w). Tokens are bytes times the rate of a
    seeded sample.
    """
    if config.sources[0].weight is None:
        return {source.label: source.epochs for source in config.sources}
    tokens = {name: expected_tokens(run, tokenizer, config.seed) for name, run in runs.items()}
    if empty := [name for name, expected in tokens.items() if not expected]:
        raise RunFailed(f"{', '.join(empty)} has no text: leave the source out")
    asked = {source.label: (source.weight or 0) / tokens[source.label] for source in config.sources}
    scale = min(source.epochs / asked[source.label] for source in config.sources)
    return {name: scale * value for name, value in asked.items()}


def expected_tokens(run: Run, tokenizer: Tokenizer, seed: int) -> float:
    """About how many tokens a run's contents have, from a seeded sample of its documents."""
    total = sum(int(batch["size_bytes"].to_numpy().sum()) for batch in run.documents(["size_bytes"]))
    n_bytes = n_tokens = 0
    for batch in run.documents(["content_id", "content"], batch_rows=_ROWS):
        rows = [row for row in batch.to_pylist() if row["content"]]
        taken = [row["content"] for row in rows if chance(seed, "probe", row["content_id"]) * total < _PROBED_BYTES]
        n_bytes += sum(len(text.encode()) for text in taken)
        n_tokens += len(tokenizer.encode_column(text_column(taken)).ids)
    return total * n_tokens / n_bytes if n_bytes else float(total)


class _Packing:
    """Documents on their way into a folder; used as a context, which closes the table of files."""

    def __init__(self, config: PackConfig, tokenizer: Tokenizer, writer: PackedWriter):
        self.config, self.tokenizer, self.writer = config, tokenizer, writer
        self.specials: dict[str, np.ndarray] = {}
        self.end = self._special(END_OF_TEXT)
        self.documents = self.tokens = 0
        self.files = pq.ParquetWriter(config.out / FILES, FILES_SCHEMA, compression="zstd")
        self.rows: list[dict[str, Any]] = []

    def __enter__(self) -> _Packing:
        return self

    def __exit__(self, *_: object) -> None:
        self._flush()
        self.files.close()

    def add(self, source: PackSource, run: Run, factor: float, counts: Counts) -> None:
        """All epochs of a source."""
        epoch = 0
        while epoch < factor:
            seed = key_of(self.config.seed, source.label, epoch)
            scratch = self.config.out / "_regroup"
            found = rendered(source.render, run, self.config.render_config(seed), scratch, take=factor - epoch)
            for group in _groups(found):
                self._write(group, source.label, counts)
            epoch += 1

    def _write(self, group: list[Rendered], source: str, counts: Counts) -> None:
        texts = text_column([part for one in group for part in one.parts if not isinstance(part, Special)])
        encoded = iter(self.tokenizer.encode_column(texts).by_text())
        for one in group:
            pieces = [self._special(part) if isinstance(part, Special) else next(encoded) for part in one.parts]
            self._write_one(one, pieces, source, counts)

    def _write_one(self, one: Rendered, pieces: list[np.ndarray], source: str, counts: Counts) -> None:
        n_characters = one.n_characters
        if not n_characters:
            counts.empty += 1
            return
        tokens = np.concatenate([*pieces, self.end])
        most = self.config.max_document_tokens
        cut = most is not None and len(tokens) > most
        if most is not None and cut:
            tokens = np.concatenate([tokens[: most - 1], self.end])
        if len(one.files) > 1:
            self._remember(one, [len(piece) for piece in pieces], len(tokens))
        self.writer.add(tokens, file_id=one.file_id, language=one.language, source=source, tags=one.tags)
        self.documents += 1
        self.tokens += len(tokens)
        counts.documents += 1
        counts.files += max(1, len(one.files))
        counts.tokens += len(tokens)
        counts.characters += n_characters
        counts.cut += cut

    def _special(self, token: str) -> np.ndarray:
        if token not in self.specials:
            self.specials[token] = np.array([self.tokenizer.special(token)], np.uint32)
        return self.specials[token]

    def _remember(self, one: Rendered, lengths: list[int], n_tokens: int) -> None:
        """Where each file's tokens lie; the last has the end of text, and those behind a cut have no row."""
        ends = [0, *accumulate(lengths)]
        for i, file in enumerate(one.files):
            last = i + 1 == len(one.files)
            start, end = ends[file.start] if i else 0, n_tokens if last else min(ends[file.end], n_tokens)
            if start < end:
                place = {"document": self.documents, "start": self.tokens + start, "n_tokens": end - start}
                self.rows.append(place | {"file_id": file.file_id, "language": file.language})
        if len(self.rows) >= _FILES_A_GROUP:
            self._flush()

    def _flush(self) -> None:
        if self.rows:
            self.files.write_table(pa.Table.from_pylist(self.rows, schema=FILES_SCHEMA))
            self.rows = []


def _groups(documents: Iterable[Rendered]) -> Iterator[list[Rendered]]:
    """Documents with about _CHARACTERS together."""
    group: list[Rendered] = []
    held = 0
    for one in documents:
        group.append(one)
        held += one.n_characters
        if held >= _CHARACTERS:
            yield group
            group, held = [], 0
    if group:
        yield group


def origin_of(folder: str | Path, token: int) -> dict[str, Any]:
    """Where a token of a folder comes from: document, file_id, language, source, tags. WrongUse outside the folder."""
    packed = Packed(folder)
    if not 0 <= token < packed.n_tokens:
        raise WrongUse(f"token {token} is not in {packed.folder}, which has {packed.n_tokens:,}")
    document = int(np.searchsorted(packed.starts, token, side="right")) - 1
    index = ds.dataset(packed.folder / "index.parquet")
    row = index.to_table(filter=ds.field("document") == document).to_pylist()[0]
    within = (ds.field("document") == document) & (ds.field("start") <= token)
    files = ds.dataset(packed.folder / FILES).to_table(filter=within).to_pylist()
    told = {name: row[name] for name in ("document", "file_id", "language", "source")} | {"tags": dict(row["tags"])}
    return told | {name: files[-1][name] for name in ("file_id", "language") if files}
