"""A tokenizer.json read for the kernels, where it is of the kind that `train.tokenizer_training` writes."""

from __future__ import annotations

from typing import Any

import numpy as np

from train.bpe.merges import Merges, tables
from train.bpe.pattern import PATTERN

_PIECES = {"type": "Split", "pattern": {"Regex": PATTERN}, "behavior": "Isolated", "invert": False}
_BYTES = {"type": "ByteLevel", "add_prefix_space": False, "use_regex": False}
_ABSENT = ("dropout", "unk_token", "continuing_subword_prefix", "end_of_word_suffix", "byte_fallback", "ignore_merges")


def merges_of(told: dict[str, Any]) -> Merges | None:
    """The merges of a parsed tokenizer.json; None where its text is cut or merged in another way than ours, or where it
    has tokens beside the special ones that text is searched for first."""
    model = told.get("model") or {}
    if (
        not _is_ours(told)
        or model.get("type") != "BPE"
        or any(model.get(name) for name in _ABSENT)
        or not all(added["special"] for added in told.get("added_tokens") or ())
    ):
        return None
    vocabulary: dict[str, int] = model["vocab"]
    alphabet = byte_alphabet()
    if any(letter not in vocabulary for letter in alphabet):
        return None
    pairs = [pair.split(" ", 1) if isinstance(pair, str) else pair for pair in model["merges"]]
    columns = [(vocabulary[left], vocabulary[right], vocabulary[left + right]) for left, right in pairs]
    left, right, made = np.array(columns, np.int64).reshape(-1, 3).T
    return tables(np.array([vocabulary[letter] for letter in alphabet]), left, right, made)


def byte_alphabet() -> list[str]:
    """The character that spells each byte in a byte-level vocabulary: itself where it is printable Latin-1, else the
    next one from U+0100 on (GPT-2)."""
    printable = {*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)}
    others = iter(range(0x100, 0x200))
    return [chr(byte if byte in printable else next(others)) for byte in range(256)]


def _is_ours(told: dict[str, Any]) -> bool:
    if told.get("normalizer") or told.get("post_processor"):
        return False
    cutting = told.get("pre_tokenizer") or {}
    steps = [
        {name: value for name, value in step.items() if name != "trim_offsets"}
        for step in cutting.get("pretokenizers") or ()
    ]
    return cutting.get("type") == "Sequence" and steps == [_PIECES, _BYTES]
