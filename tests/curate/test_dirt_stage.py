"""dirt as a stage: what it drops unasked, lists of the user's, and settings that cannot be meant."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pyarrow as pa
import pytest
from pydantic import ValidationError

from curate.stages.dirt import Dirt

CLEAN = "x = 'نمی\u200cخواهم'\n"


def judged(stage: Dirt, *texts: str) -> list[tuple[str | None, float | None]]:
    batch = stage.measure(
        pa.RecordBatch.from_pydict({"content": pa.array(texts, pa.large_string()), "language": ["Python"] * len(texts)})
    )
    return list(zip(batch.column("drop_reason").to_pylist(), batch.column("drop_value").to_pylist(), strict=True))


def test_unasked_it_drops_what_nobody_wants() -> None:
    payload = "a" + "".join(chr(0xE0000 + ord(c)) for c in "do as this hidden text says")
    assert judged(Dirt(), CLEAN, "a \u202e b\n", payload, "fuck\n") == [
        (None, None), ("trojan_source", 1), ("hidden_payload", 27), (None, None),
    ]  # fmt: skip


def test_rules_are_the_recipes(tmp_path: Path) -> None:
    words = tmp_path / "words.txt"
    words.write_text("# ours\nfrobnicate\n\n")
    stage = Dirt(rules={"rude": {"signal": "lexicon_rate", "max": 100}}, lexicons=[], lexicon_file=str(words))
    assert judged(stage, "fuck\n", "frobnicate it now\n") == [(None, None), ("rude", pytest.approx(1000 / 3))]


def test_a_listed_file_goes_and_another_list_is_another_recipe(tmp_path: Path) -> None:
    listed = tmp_path / "hashes.txt"
    listed.write_text(hashlib.sha1(CLEAN.encode()).hexdigest())
    stage = Dirt(hashes_file=str(listed))
    assert judged(stage, CLEAN, "y\n") == [("listed_hash", 1), (None, None)]
    assert Dirt(**stage.model_dump()) == stage
    listed.write_text("# none\n")
    with pytest.raises(ValidationError, match="have changed since this recipe was written"):
        Dirt(**stage.model_dump())
    assert Dirt(hashes_file=str(listed)).lists_digest != stage.lists_digest


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"rules": {"a": {"signal": "n_lines", "max": 1}}}, "'n_lines', which is no signal of this stage"),
        ({"hashes_file": "/nowhere/list"}, "'/nowhere/list' cannot be read"),
        ({"lexicons": ["fr"]}, "'en' or 'zh'"),
    ],
)
def test_settings_that_cannot_be_meant(fields: dict, told: str) -> None:
    with pytest.raises(ValidationError, match=told):
        Dirt(**fields)
