"""Other forms of a corpus hold the same files."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[2] / "benchmarks"))

from source_forms import FORMS, input_of

from curate import inputs
from curate.readers import read_units


def contents(given: str) -> list[bytes]:
    folders, units = inputs.starts(inputs.resolve([given]), 1_000)
    assert not folders
    batches = read_units(units, max_bytes=1_000_000, batch_bytes=1 << 20)
    return sorted(row["raw"] for batch in batches for row in batch.to_pylist())


def test_every_form_holds_the_same_files(tmp_path: Path) -> None:
    corpus = tmp_path / "corpus"
    for package in ("one", "two"):
        for number in range(20):
            path = corpus / package / f"d{number % 3}" / f"{number}.py"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(f"x = '{package}', {number}\n")
    expected = contents(input_of(corpus, "files", tmp_path))
    assert len(expected) == 40
    for form in FORMS:
        assert contents(input_of(corpus, form, tmp_path)) == expected
        assert contents(input_of(corpus, form, tmp_path)) == expected  # made before
