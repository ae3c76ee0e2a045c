"""Speed of encoding and of the whole packing: MB of text a second of processor time, beside tokenizers and tiktoken.

    python -m benchmarks.packing RUN TOKENIZER.json [--megabytes 10] [--rounds 5] [--out FOLDER]

All three encode the same documents of a run with the same merges on one thread, in turn, a round after the other; told
are medians and ratios of the same round. tiktoken takes part where it is installed, with the pattern of ours and the
ranks of the vocabulary. With --out the run is packed into FOLDER as well.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")

import numpy as np
import pyarrow as pa

from curate.shards import Run
from train.bpe.pattern import PATTERN
from train.bpe.vocabulary import byte_alphabet
from train.chance import chance
from train.pack import pack
from train.pack_config import PackConfig, PackSource
from train.tokenizer import Tokenizer, text_column

Encode = Callable[[], list[Any]]


def texts_of(run: Run, megabytes: float) -> list[str]:
    """A sample of a run's documents by a hash of their content."""
    total = sum(int(batch["size_bytes"].to_numpy().sum()) for batch in run.documents(["size_bytes"]))
    found: list[str] = []
    for batch in run.documents(["content_id", "content"], batch_rows=64):
        rows = batch.to_pylist()
        found += [row["content"] for row in rows if chance(0, row["content_id"]) * total < megabytes * 1e6]
    return found


def encoders(tokenizer: Tokenizer, texts: list[str]) -> dict[str, Encode]:
    """What is measured, by name; each gives the ids of each text."""
    column: pa.LargeStringArray = text_column(texts)
    backend = tokenizer.backend
    found: dict[str, Encode] = {
        "codemill": lambda: list(tokenizer.encode_column(column).by_text()),
        "tokenizers": lambda: [one.ids for one in backend.encode_batch_fast(texts, add_special_tokens=False)],
    }
    try:
        import tiktoken
    except ImportError:
        return found
    byte_of = {letter: byte for byte, letter in enumerate(byte_alphabet())}
    vocabulary = json.loads(tokenizer.json)["model"]["vocab"]
    ranks = {
        bytes(byte_of[letter] for letter in token): number
        for token, number in vocabulary.items()
        if byte_of.keys() >= set(token) and number not in backend.get_added_tokens_decoder()
    }
    other = tiktoken.Encoding("ours", pat_str=PATTERN, mergeable_ranks=ranks, special_tokens={})
    return found | {"tiktoken": lambda: [other.encode_ordinary(text) for text in texts]}


def measure(encode: Encode) -> tuple[float, list[Any]]:
    """Seconds of processor time, and the ids."""
    begin = time.process_time()
    found = encode()
    return time.process_time() - begin, found


def compare(tokenizer: Tokenizer, texts: list[str], rounds: int) -> None:
    """Prints speeds, ratios and how many documents have the same ids."""
    megabytes = sum(len(text.encode()) for text in texts) / 1e6
    tokenizer.encode(texts[:1])  # compiles what Numba's cache does not hold
    contestants = encoders(tokenizer, texts)
    seconds: dict[str, list[float]] = {name: [] for name in contestants}
    ids: dict[str, list[Any]] = {}
    for _ in range(rounds):
        for name, encode in contestants.items():
            spent, ids[name] = measure(encode)
            seconds[name].append(spent)
    print(f"{len(texts):,} documents, {megabytes:.1f} MB, {rounds} rounds")
    for name, times in seconds.items():
        ratios = [theirs / ours for theirs, ours in zip(times, seconds["codemill"], strict=True)]
        same = sum(np.array_equal(one, other) for one, other in zip(ids["codemill"], ids[name], strict=True))
        print(
            f"{name:12} {megabytes / statistics.median(times):8.2f} MB/s, codemill is {statistics.median(ratios):.1f} "
            f"times as fast, same ids in {same:,} documents"
        )


def whole(run: Path, tokenizer: Path, out: Path) -> None:
    """Prints the speed of `codemill pack` as a function, and the most memory it held."""
    megabytes = sum(int(batch["size_bytes"].to_numpy().sum()) for batch in Run(run).documents(["size_bytes"])) / 1e6
    begin = time.process_time()
    summary = pack(PackConfig(tokenizer=tokenizer, out=out, sources=(PackSource(run=run),)), fresh=True)
    spent = time.process_time() - begin
    print("\n".join(summary.lines()))
    held = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3
    print(f"pack: {megabytes:.1f} MB, {megabytes / spent:.2f} MB/s of processor time, {held:.0f} MB resident at most")


def main() -> None:
    """Measures, prints."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("run", type=Path)
    parser.add_argument("tokenizer", type=Path)
    parser.add_argument("--megabytes", type=float, default=10)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--out", type=Path, help="pack the run into this folder too")
    arguments = parser.parse_args()
    if arguments.out:
        whole(arguments.run, arguments.tokenizer, arguments.out)
    if arguments.rounds:
        compare(Tokenizer(arguments.tokenizer), texts_of(Run(arguments.run), arguments.megabytes), arguments.rounds)


if __name__ == "__main__":
    main()
