"""Stars from a side table; a data set's own encoding; and the same rows however units are put into tasks."""

from __future__ import annotations

import json
import random
from pathlib import Path

import git_repositories
import made_archives
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pydantic import ValidationError
from reading import rows_of

from curate import inputs
from curate.narrow import NarrowPass, count_units, work_schema
from curate.sources.stars import Stars
from curate.stages.decode import Decode
from curate.stages.language import DetectLanguage
from curate.stages.read import Read

TABLES = {
    "a.csv": "id,repo_name,stars\n1,Owner/One,5\n2,owner/two,\n3,,9\n4,x/y,99999999999\n5,owner/ONE,7\n6,a/b,-1\n",
    "a.jsonl": '{"repository": "owner/one", "stars": 7}\n{"repository": "X/Y", "stars": 3000000000.0}\n',
}


@pytest.mark.parametrize("name", TABLES)
def test_stars_are_found_whatever_the_case(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text(TABLES[name])
    table = Stars(str(tmp_path / name))
    found = [table.of(repo) for repo in ("owner/one", "OWNER/One", "x/y", "owner/two", "a/b", "no/where", "")]
    assert found == [7, 7, 2**31 - 1, None, None, None, None]
    assert len(table) == 2


def test_stars_of_parquet_and_of_an_empty_table(tmp_path: Path) -> None:
    pq.write_table(pa.table({"repo_name": ["a/b", None], "star_events_count": [4, 5]}), tmp_path / "a.parquet")
    assert Stars(str(tmp_path / "a.parquet")).of("A/B") == 4
    (tmp_path / "b.csv").write_text("repo,stars\n")
    assert Stars(str(tmp_path / "b.csv")).of("a/b") is None


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("a.csv", "name,count\nx,1\n", "has no column 'repo_name': it has name, count"),
        ("a.csv", "repo\nx\n", "has no column 'stars': it has repo"),
        ("a.txt", "repo,stars\n", "ends in '.txt': it must be .csv, .jsonl or .parquet"),
        ("a.parquet", "no footer", "cannot be read"),
        ("gone.csv", None, "cannot be read: No such file or directory"),
    ],
)
def test_a_table_that_will_not_do_is_told_before_the_run(
    name: str, content: str | None, told: str, tmp_path: Path
) -> None:
    if content is not None:
        (tmp_path / name).write_text(content)
    with pytest.raises(ValidationError, match=told):
        Read(stars=str(tmp_path / name))


def test_the_table_is_a_part_of_the_recipe(tmp_path: Path) -> None:
    table = tmp_path / "a.csv"
    table.write_text("repo,stars\na/b,1\n")
    first = Read(stars=str(table))
    assert Read(**first.model_dump()) == first
    assert first.table() is first.table()
    table.write_text("repo,stars\na/b,2\n")
    assert Read(stars=str(table)) != first
    with pytest.raises(ValidationError, match="it changed"):
        Read(**first.model_dump())
    assert Read().table() is None


def test_the_encoding_that_a_data_set_names_is_the_one_it_is_read_by(tmp_path: Path) -> None:
    text = "# \u0434\u0430 naïve\n"
    rows = [
        (text.encode("koi8-r", "ignore"), "KOI8-R", text.encode("koi8-r", "ignore").decode("koi8-r")),
        (text.encode("utf-16"), "UTF-16", text),
        (text.encode(), "UTF-8", text),
        (text.encode(), "no-such-encoding", text),
        (text.encode(), "rot13", text),
        (text.encode(), "unicode_escape", text),
        (text.encode(), "ascii", text),  # it is wrong, and what decodes later sees for itself
        (text.encode(), None, text),
    ]
    path = tmp_path / "v2.parquet"
    columns = {"content": [raw for raw, _, _ in rows], "src_encoding": [name for _, name, _ in rows]}
    pq.write_table(pa.table(columns), path)
    assert [row["raw"].decode() for row in rows_of(path)] == [expected for _, _, expected in rows]
    texts = tmp_path / "v2.jsonl"
    texts.write_text(json.dumps({"content": text, "src_encoding": "KOI8-R"}))
    assert rows_of(texts)[0]["raw"].decode() == text  # text is text already


def test_any_packing_gives_the_same_rows(tmp_path: Path) -> None:
    """Units in any order, in packs and batches of any size, from repositories and archives."""
    (tmp_path / "mirror").mkdir()
    (tmp_path / "archives").mkdir()
    git_repositories.make(tmp_path / "mirror")
    for one in made_archives.make(tmp_path / "archives"):
        if "bomb" in one.path.name:
            one.path.unlink()
    _, units = inputs.starts(inputs.resolve([f"{tmp_path}/mirror/*", f"{tmp_path}/archives/*"]), 10**6)
    seen = []
    for pack_bytes, batch_bytes in ((1, 1 << 20), (100_000, 64), (1 << 30, 4 << 20)):
        random.Random(pack_bytes).shuffle(units)
        narrow = NarrowPass(
            read=Read(pack_bytes=pack_bytes, batch_bytes=batch_bytes, max_bytes=65_536),
            stages=(Decode(), DetectLanguage(keep_unknown=True)),
            schema=work_schema({}),
        )
        packs = [
            pa.RecordBatch.from_pylist([pack], schema=inputs.PACKS) for pack in inputs.pack(iter(units), pack_bytes)
        ]
        batches = list(narrow(iter(packs)))
        entries = sum(unit["end"] - unit["start"] for unit in units if unit["kind"] == "git")
        assert sum(count_units(batch)["git"] for batch in batches) == entries > 80
        rows = pa.Table.from_batches(batches).sort_by("file_id")
        assert rows["file_id"].combine_chunks().value_counts().field("counts").to_pylist() == [1] * rows.num_rows
        seen.append(rows)
    assert seen[0].equals(seen[1])
    assert seen[0].equals(seen[2])
