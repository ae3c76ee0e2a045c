"""The benchmark's corpus with repositories, and its settings, measured once."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from benchmarks import ablation


@pytest.fixture
def corpora(tmp_path: Path) -> Path:
    """A corpus S of three files."""
    for name in ("django/a.py", "django/inner/b.py", "forks/07/django/a.py"):
        path = tmp_path / "data" / "S" / "files" / name
        path.parent.mkdir(parents=True)
        path.write_text(name, encoding="utf-8")
    (tmp_path / "data" / "S" / "corpus.json").write_text(json.dumps({"bytes": 48}), encoding="utf-8")
    return tmp_path / "data"


def test_packages_are_repositories_and_copies_are_in_forks(corpora: Path, tmp_path: Path) -> None:
    ablation.write_corpus(corpora / "S" / "files", tmp_path / "S.parquet")
    rows = pq.read_table(tmp_path / "S.parquet").to_pylist()
    assert [(row["path"], row["repo_name"]) for row in rows] == [
        ("django/a.py", "django"), ("django/inner/b.py", "django"), ("forks/07/django/a.py", "forks/07"),
    ]  # fmt: skip
    assert rows[0]["content"] == b"django/a.py"


def test_more_minutes_are_more_tokens_and_settings_are_measured_once(
    corpora: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ablation, "tokens_a_second", lambda shape: 10_000.0)
    words = ["S", "--corpora", str(corpora), "--seeds", "2", "--minutes"]
    one, other = (ablation._options([*words, minutes]) for minutes in ("10", "60"))
    found = ablation._config(one, tmp_path / "S.parquet", tmp_path / "settings.json")
    assert found.tokens >= 0.7 * 10 * 60 * 10_000 / 4 * 0.99
    assert found.seeds == (0, 1)
    assert ablation._config(other, tmp_path / "S.parquet", tmp_path / "settings.json") == found
    more = ablation._config(other, tmp_path / "S.parquet", tmp_path / "others.json")
    assert more.tokens > found.tokens


def test_the_speed_of_this_machine_is_a_number() -> None:
    shape = ablation._CPU | {"sequence_length": 16, "micro_batch": 2, "vocabulary_size": 512}
    assert ablation.tokens_a_second(shape) > 0
