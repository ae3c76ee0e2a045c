"""Packed tokens: what is written is read, and what is half written is not."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from curate.errors import WrongUse
from train.packed import INDEX, Packed, PackedWriter

SPECIAL = {"end_of_text": 0}


def test_what_is_written_is_read(tmp_path: Path) -> None:
    with PackedWriter(tmp_path, special_tokens=SPECIAL, tokenizer_hash="h", token_bytes=[0, 1, 2], seed=7) as writer:
        writer.add([1, 2, 0], file_id="a", language="Python", source="s", tags={"kind": "test"})
        writer.add(np.array([4_000_000_000], np.uint32), language="C")
    packed = Packed(tmp_path)
    assert (packed.n_documents, packed.n_tokens) == (2, 4)
    assert packed.tokens.tolist() == [1, 2, 0, 4_000_000_000]
    assert (packed.starts.tolist(), packed.lengths.tolist()) == ([0, 3], [3, 1])
    numbers, names = packed.languages
    assert (numbers.tolist(), names) == ([1, 0], ["C", "Python"])
    numbers, names = packed.tag("kind")
    assert (numbers.tolist(), names) == ([1, 0], ["", "test"])
    assert packed.token_bytes is not None
    assert packed.token_bytes.tolist() == [0, 1, 2]
    assert (packed.meta["tokenizer_hash"], packed.meta["seed"], packed.special("end_of_text")) == ("h", 7, 0)


def test_files_are_as_the_schema_says(tmp_path: Path) -> None:
    with PackedWriter(tmp_path, special_tokens=SPECIAL) as writer:
        writer.add([1, 258])
    assert (tmp_path / "tokens.bin").read_bytes() == b"\x01\0\0\0\x02\x01\0\0"
    table = pq.read_table(tmp_path / "index.parquet")
    assert table.schema.names == INDEX.names
    assert table.to_pylist()[0] == {
        "document": 0,
        "start": 0,
        "n_tokens": 2,
        "file_id": "",
        "language": "Unknown",
        "source": "",
        "tags": [],
    }


@given(lengths=st.lists(st.integers(1, 50), max_size=40))
def test_documents_lie_one_after_the_other(lengths: list[int], tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("packed")
    with PackedWriter(folder, special_tokens=SPECIAL) as writer:
        for i, length in enumerate(lengths):
            writer.add([i] * length)
    packed = Packed(folder)
    found = [packed.tokens[a : a + n].tolist() for a, n in zip(packed.starts, packed.lengths, strict=True)]
    assert found == [[i] * length for i, length in enumerate(lengths)]


def test_a_writer_that_failed_leaves_nothing_to_read(tmp_path: Path) -> None:
    with PackedWriter(tmp_path, special_tokens=SPECIAL) as writer:
        writer.add([1])
    with pytest.raises(WrongUse, match="has no tokens"), PackedWriter(tmp_path, special_tokens=SPECIAL) as writer:
        writer.add([], file_id="empty")
    with pytest.raises(WrongUse, match="no finished packed tokens"):
        Packed(tmp_path)


def test_a_copy_that_was_cut_off_is_told(tmp_path: Path) -> None:
    with PackedWriter(tmp_path, special_tokens=SPECIAL) as writer:
        writer.add([1, 2, 3])
    (tmp_path / "tokens.bin").write_bytes(b"\0" * 8)
    with pytest.raises(WrongUse, match="has 8 bytes, not 12"):
        Packed(tmp_path)


def test_another_version_and_a_missing_special_token_are_told(tmp_path: Path) -> None:
    with PackedWriter(tmp_path, special_tokens=SPECIAL) as writer:
        writer.add([1])
    with pytest.raises(WrongUse, match="without the special token 'fim_prefix'"):
        Packed(tmp_path).special("fim_prefix")
    meta = json.loads((tmp_path / "meta.json").read_text())
    (tmp_path / "meta.json").write_text(json.dumps(meta | {"version": 9}))
    with pytest.raises(WrongUse, match="version 9"):
        Packed(tmp_path)
