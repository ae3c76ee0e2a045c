"""The kernels' ids are those of `tokenizers`, whatever the text and whatever the vocabulary's merges."""

from __future__ import annotations

import json
import os
import random
import signal
import threading
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tokenizers import AddedToken, Regex, decoders, models, pre_tokenizers, trainers
from tokenizers import Tokenizer as Backend

from train.bpe.classes import class_bits
from train.bpe.encoder import Encoder
from train.bpe.merges import SHORT
from train.bpe.pattern import PATTERN
from train.bpe.pieces import cut
from train.bpe.vocabulary import byte_alphabet, merges_of
from train.tokenizer import Tokenizer, text_column

TEXTS = (
    Path(__file__).read_text(encoding="utf-8"),
    "计算数值的总和，并且返回结果。我们计算总和。\n" * 30,
    "  \t\r\n\n    if x:\r\n" * 30,
)


def ours(model: models.Model) -> Backend:
    """A tokenizer laid out as ours are."""
    backend = Backend(model)
    backend.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(PATTERN), "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    backend.decoder = decoders.ByteLevel()
    return backend


def trained() -> Backend:
    backend = ours(models.BPE())
    special = [AddedToken(token, special=True, normalized=False) for token in ("<|endoftext|>", "<fim_middle>")]
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    backend.train_from_iterator(
        TEXTS, trainers.BpeTrainer(vocab_size=900, special_tokens=special, initial_alphabet=alphabet)
    )
    return backend


def drawn(seed: int) -> Backend:
    """Merges that nobody trained: pairs of a few letters and of what they made, in any order."""
    chance = random.Random(seed)
    tokens = byte_alphabet()
    vocabulary = {token: number for number, token in enumerate(chance.sample(tokens, 256))}
    made = ["a", "b", "-"]
    merges = []
    for _ in range(60):
        pair = (chance.choice(made), chance.choice(made))
        if len("".join(pair)) < 12 and pair not in merges:
            merges.append(pair)
            vocabulary.setdefault("".join(pair), len(vocabulary))
            made.append("".join(pair))
    chance.shuffle(merges)
    return ours(models.BPE(vocab=vocabulary, merges=merges))


@pytest.fixture(scope="module")
def tokenizer(tmp_path_factory: pytest.TempPathFactory) -> Tokenizer:
    path = tmp_path_factory.mktemp("tokenizer") / "tokenizer.json"
    path.write_text(trained().to_str(), encoding="utf-8")
    found = Tokenizer(path)
    assert found.encoder is not None
    return found


def by_tokenizers(backend: Backend, texts: list[str]) -> list[list[int]]:
    return [one.ids for one in backend.encode_batch_fast(texts, add_special_tokens=False)]


characters = st.one_of(
    st.sampled_from(" \t\r\n\x0b\x85\u00a0\u3000ab1_-(é中々〇⺀\u0301\u0903٣Ⅷ\u200b가😀\U0010ffff"),
    st.sampled_from("abc  \n"),
    st.characters(exclude_categories=["Cs"]),
)


@given(texts=st.lists(st.text(characters, max_size=80), max_size=4))
@example(texts=["<|endoftext|><fim_middle>\0", "", "\r\n\r\n  x\n\n", "a" * 33 + " " + "-" * 70 + "\n" * 40])
@settings(max_examples=400)
def test_ids_are_those_of_tokenizers(tokenizer: Tokenizer, texts: list[str]) -> None:
    assert tokenizer.encode(texts) == by_tokenizers(tokenizer.backend, texts)


@given(text=st.text(characters, max_size=60))
@settings(max_examples=200)
def test_pieces_end_where_the_pattern_cuts(tokenizer: Tokenizer, text: str) -> None:
    expected = tokenizer.backend.pre_tokenizer.pre_tokenize_str(text)
    lengths = [len(text[start:end].encode()) for _, (start, end) in expected]
    assert cut(text_column([text])).ends.tolist() == np.cumsum(lengths, dtype=np.int64).tolist()


def test_each_class_of_characters_begins_and_ends_where_it_does_for_tokenizers(tokenizer: Tokenizer) -> None:
    """The first and last of each run of code points with equal classes, beside all that the pattern tells apart."""
    bits = class_bits()
    edges = np.flatnonzero(np.diff(bits)).tolist()
    assert len(edges) > 1_500
    found = [chr(point) for edge in edges for point in (edge, edge + 1) if not 0xD800 <= point < 0xE000]
    texts = ["".join(f"a{one}b {one}\n{one}中{one}-{one}1{one}{one}  {one}" for one in found)]
    assert tokenizer.encode(texts) == by_tokenizers(tokenizer.backend, texts)


@given(seed=st.integers(0, 40), text=st.text("ab-", min_size=1, max_size=SHORT + 80))
@settings(max_examples=300)
def test_pairs_merge_by_rank_and_of_equals_the_left_one_first(seed: int, text: str) -> None:
    backend = drawn(seed)
    merges = merges_of(json.loads(backend.to_str()))
    assert merges is not None
    assert Encoder(merges, memory_bits=4).encode(text_column([text])).ids.tolist() == backend.encode(text).ids


@pytest.mark.parametrize("letter", ["a", " ", "\n", "-", "中", "\t\t-", "ab"])
def test_a_line_of_one_character_is_no_trouble(tokenizer: Tokenizer, letter: str) -> None:
    texts = [letter * 100_000, letter]
    assert tokenizer.encode(texts) == by_tokenizers(tokenizer.backend, texts)


def test_what_is_remembered_changes_nothing(tokenizer: Tokenizer) -> None:
    merges = merges_of(json.loads(tokenizer.json))
    assert merges is not None
    column = text_column([*TEXTS, " ".join(map(str, range(3_000)))])
    expected = Encoder(merges).encode(column)
    for bits in (1, 3, 9):
        encoder = Encoder(merges, memory_bits=bits)
        for _ in range(2):
            found = encoder.encode(column)
            assert found.ids.tolist() == expected.ids.tolist()
            assert found.offsets.tolist() == expected.offsets.tolist()


@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")  # from Python 3.12 on
def test_a_process_forked_while_a_thread_encodes_can_encode(tokenizer: Tokenizer) -> None:
    assert tokenizer.encoder is not None
    encode, ended = tokenizer.encoder.encode, threading.Event()
    column = text_column(["计算 total_1 = 2\n" * 100_000])

    def work() -> None:
        while not ended.is_set():
            encode(column)

    thread = threading.Thread(target=work)
    thread.start()
    statuses = []
    for _ in range(4):
        child = os.fork()
        if not child:
            signal.alarm(10)
            os._exit(len(encode(text_column(["x"])).ids))
        statuses.append(os.waitpid(child, 0)[1])
    ended.set()
    thread.join()
    assert [os.waitstatus_to_exitcode(status) for status in statuses] == [1] * 4


def test_slices_and_nulls_are_read_as_arrow_means_them(tokenizer: Tokenizer) -> None:
    filled = text_column(["one", "behind a null", "", "two 中", "three"])
    column = pa.array(["one", None, "", "two 中", "three"], pa.large_string())
    assert tokenizer.encoder is not None
    rows = [one.tolist() for one in tokenizer.encoder.encode(column[1:4]).by_text()]
    assert rows == [[], [], *tokenizer.encode(["two 中"])]
    assert len(tokenizer.encoder.encode(column[:0]).ids) == 0
    hidden = pa.Array.from_buffers(pa.large_string(), 5, [pa.py_buffer(b"\x1d"), *filled.buffers()[1:]])
    assert hidden.to_pylist() == column.to_pylist()
    rows = [one.tolist() for one in tokenizer.encoder.encode(hidden).by_text()]
    assert rows == tokenizer.encode(["one", "", "", "two 中", "three"])
    with pytest.raises(TypeError, match="large_string"):
        cut(pa.array(["a"]))


@given(data=st.binary(max_size=60))
@example(data=b"\xf7\xbf\xbf\xbf\xff\xe4\xb8")
def test_bytes_that_are_no_utf8_lead_nowhere_else(tokenizer: Tokenizer, data: bytes) -> None:
    """Nobody promises such a column, but a Parquet file can hold one."""
    offsets = pa.py_buffer(np.array([0, len(data)], np.int64))
    column = pa.Array.from_buffers(pa.large_string(), 1, [None, offsets, pa.py_buffer(data)])
    ends = cut(column).ends.tolist()
    assert all(start < end for start, end in pairwise([0, *ends]))
    assert [0, *ends][-1] == len(data)
    assert tokenizer.token_bytes is not None
    assert tokenizer.encoder is not None
    assert sum(tokenizer.token_bytes[token] for token in tokenizer.encoder.encode(column).ids) == len(data)


def test_half_a_surrogate_pair_counts_as_a_question_mark(tokenizer: Tokenizer) -> None:
    assert tokenizer.encode(["a\ud800b", "c"]) == tokenizer.encode(["a?b", "c"])


OTHERS: dict[str, Callable[[dict[str, Any]], Any]] = {
    "a normalizer": lambda told: told.update(normalizer={"type": "NFC"}),
    "another pattern": lambda told: told["pre_tokenizer"]["pretokenizers"][0]["pattern"].update(Regex=r"\w+|\W"),
    "a space before": lambda told: told["pre_tokenizer"]["pretokenizers"][1].update(add_prefix_space=True),
    "no cutting": lambda told: told.update(pre_tokenizer=None),
    "a token that text is searched for": lambda told: told["added_tokens"][0].update(special=False),
    "whole pieces first": lambda told: told["model"].update(ignore_merges=True),
    "merges by chance": lambda told: told["model"].update(dropout=0.1),
    "a byte that is missing": lambda told: told["model"]["vocab"].pop("Ā"),
    "words": lambda told: told.update(model={"type": "WordLevel", "vocab": {"a": 0}, "unk_token": "a"}),
}


@pytest.mark.parametrize("name", OTHERS)
def test_other_tokenizers_are_left_to_their_library(tokenizer: Tokenizer, name: str) -> None:
    told = json.loads(tokenizer.json)
    assert merges_of(told) is not None
    OTHERS[name](told)
    assert merges_of(told) is None


def test_another_makers_tokenizer_gives_its_ids_as_a_column_too(tokenizer: Tokenizer, tmp_path: Path) -> None:
    told = json.loads(tokenizer.json)
    told["model"]["ignore_merges"] = True
    (tmp_path / "other.json").write_text(json.dumps(told), encoding="utf-8")
    other = Tokenizer(tmp_path / "other.json")
    assert other.encoder is None
    found = other.encode_column(text_column(["one two", "", "three"]))
    assert [row.tolist() for row in found.by_text()] == by_tokenizers(other.backend, ["one two", "", "three"])
    assert found.ids.dtype == np.uint32
    assert len(other.encode_column(text_column([])).ids) == 0
