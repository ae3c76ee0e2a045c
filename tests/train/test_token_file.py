"""datatrove's token files: the bytes that datatrove itself writes, and read by its data set."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from train.packed import Packed, PackedWriter
from train.token_file import write_token_file

DOCUMENTS = [[5, 6, 7, 0], [8, 0], [*range(1, 1500), 0]]


def packed_with(folder: Path, n_ids: int) -> Packed:
    with PackedWriter(
        folder, special_tokens={"end_of_text": 0}, tokenizer_hash="abc", token_bytes=[1] * n_ids
    ) as writer:
        for tokens in DOCUMENTS:
            writer.add(tokens)
    return Packed(folder)


@pytest.mark.parametrize(("n_ids", "size"), [(2000, 2), (1 << 16, 2), ((1 << 16) + 1, 4)])
def test_the_bytes_are_datatrove_s(n_ids: int, size: int, tmp_path: Path) -> None:
    from datatrove.pipeline.tokens.tokenizer import TokenizedFile

    ours = write_token_file(packed_with(tmp_path / "packed", n_ids), tmp_path / "ours")
    theirs = TokenizedFile(
        str(tmp_path / "theirs"), ours.name, tokenizer_name_or_path="abc", save_final_metadata=True, token_size=size
    )
    for tokens in DOCUMENTS:
        theirs.write(tokens, None)
    theirs.close()
    names = {path.name for path in (tmp_path / "theirs").iterdir()}
    assert {path.name for path in ours.parent.iterdir()} == names
    for name in names:
        assert (ours.parent / name).read_bytes() == (tmp_path / "theirs" / name).read_bytes(), name


def test_datatrove_reads_windows_and_places_in_documents(tmp_path: Path) -> None:
    from datatrove.utils.dataset import DatatroveFileDataset

    path = write_token_file(packed_with(tmp_path / "packed", 2000), tmp_path / "ours")
    found = DatatroveFileDataset(str(path), 7, token_size=2, return_positions=True)[0]
    assert found["input_ids"].tolist() == [5, 6, 7, 0, 8, 0, 1, 2]
    assert found["positions"].tolist() == [0, 1, 2, 3, 0, 1, 0, 1]


def test_a_corpus_without_documents(tmp_path: Path) -> None:
    with PackedWriter(tmp_path / "packed", special_tokens={"end_of_text": 0}):
        pass
    path = write_token_file(Packed(tmp_path / "packed"), tmp_path / "ours")
    assert path.stat().st_size == 0
    assert len(np.fromfile(path.with_name(f"{path.name}.index"), "<u8")) == 0
