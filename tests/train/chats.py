"""Chats and a tokenizer of bytes, small enough for a tiny model."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers

from train.special_tokens import ids

N_IDS = len(ids()) + 256


def byte_tokenizer(path: Path, special: Sequence[str] = tuple(ids())) -> Path:
    """The project's special tokens, then one id a byte."""
    vocabulary = {
        token: number for number, token in enumerate([*special, *sorted(pre_tokenizers.ByteLevel.alphabet())])
    }
    tokenizer = Tokenizer(models.BPE(vocabulary, []))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens([AddedToken(token, special=True, normalized=False) for token in special])
    tokenizer.save(str(path))
    return path


def write_chats(path: Path, rows: Iterable[Mapping[str, Any]]) -> Path:
    """Rows as JSONL."""
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    return path


def sums(n: int, seed: int, task: str = "sum") -> list[dict[str, Any]]:
    """Chats of one to three questions with short answers, in two languages and with a tag."""
    random = np.random.default_rng(seed)
    rows = []
    for i in range(n):
        messages = [{"role": "system", "content": "Add."}] if i % 2 else []
        for _ in range(random.integers(1, 4)):
            a, b = random.integers(0, 50, 2)
            messages.append({"role": "user", "content": f"{a}+{b}"})
            messages.append({"role": "assistant", "content": f"{a + b}" * int(random.integers(1, 4))})
        meta = {"language": ("Go", "Python")[i % 2], "source": ("book", "web")[i % 3 == 0]}
        rows.append({"id": f"{task}-{i}", "task": task, "messages": messages, "meta": meta})
    return rows
