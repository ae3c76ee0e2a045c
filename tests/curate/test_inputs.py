"""Inputs: every entry below a root is one unit or told of; listing in parts and packing lose nothing."""

from __future__ import annotations

import os
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from curate import inputs
from curate.errors import WrongUse
from curate.inputs import Root
from curate.sources.place import text_of
from curate.sources.unit import UNIT, Start


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """Two levels with one of everything."""
    root = tmp_path / "code"
    for name in ("a.py", "b/c.py", "b/d/e.py", "b/rows.jsonl", ".git/config", "out/shards/x.parquet"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text("x = 1\n")
    (root / "b" / "loop").symlink_to(root)
    (root / "gone").symlink_to("nowhere")
    os.mkfifo(root / "pipe")
    pq.write_table(pa.table({"content": ["x", "y", "z"]}), root / "b" / "set.parquet", row_group_size=2)
    (root / "not.parquet").write_bytes(b"no footer")
    pq.write_table(pa.table({"content": pa.array([], pa.string())}), root / "none.parquet")
    (root / os.fsdecode(b"caf\xe9.py")).write_bytes(b"y")
    return root


EXPECTED = {
    ("code/.git", "refused", "version_control"),
    ("code/a.py", "file", None),
    ("code/b/c.py", "file", None),
    ("code/b/d/e.py", "file", None),
    ("code/b/loop", "refused", "symlink"),
    ("code/b/rows.jsonl", "file", None),  # rows only where the user names the file
    ("code/b/set.parquet", "parquet", None),
    ("code/caf\\xe9.py", "file", None),
    ("code/gone", "refused", "symlink"),
    ("code/none.parquet", "refused", "empty"),
    ("code/not.parquet", "refused", "unreadable"),
    ("code/out", "refused", "output_folder"),
    ("code/pipe", "refused", "not_a_file"),
}


def told(units: list[dict]) -> set[tuple]:
    return {(unit["uri"], unit["kind"], unit["refused"]) for unit in units}


def test_every_entry_is_a_unit_or_told_of(tree: Path) -> None:
    (root,) = inputs.resolve([tree])
    start = Start(location=os.fsencode(root.location), uri=root.label, is_folder=True, named=True)
    units = list(inputs.walk(start, skip=os.fsencode(tree / "out")))
    assert told(units) == EXPECTED
    assert [(unit["start"], unit["end"]) for unit in units if unit["kind"] == "parquet"] == [(0, 2), (2, 3)]
    assert all(set(unit) == {field.name for field in UNIT} for unit in units)
    assert pa.array(units, UNIT).to_pylist() == units
    link = next(unit for unit in units if unit["uri"] == "code/gone")
    assert link["told"] == "nowhere"


@pytest.mark.parametrize("most", [0, 1, 3, 8, 100])
def test_what_the_driver_lists_and_what_it_hands_out_is_the_whole(tree: Path, most: int) -> None:
    skip = os.fsencode(tree / "out")
    folders, units = inputs.starts(inputs.resolve([tree]), most, skip=skip)
    units += [unit for folder in folders for unit in inputs.walk(folder, skip=skip)]
    assert told(units) == EXPECTED
    assert len(units) == len(EXPECTED) + 1  # the Parquet file has two parts, and nothing comes twice
    assert bool(folders) == (most < 13)


def test_a_named_data_set_is_read_by_rows_and_in_ranges(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inputs, "RANGE_BYTES", 4)
    (tree / "one.jsonl.gz").write_bytes(b"123456")
    (tree / "nothing.jsonl").write_bytes(b"")
    roots = inputs.resolve([tree / "b" / "rows.jsonl", tree / "one.jsonl.gz", tree / "nothing.jsonl", tree / "a.py"])
    _, units = inputs.starts(roots, 1)
    found = [(unit["kind"], unit["uri"], unit["start"], unit["end"], unit["size"]) for unit in units]
    assert found == [
        ("jsonl", "rows.jsonl", 0, 4, 4),
        ("jsonl", "rows.jsonl", 4, 6, 2),
        ("jsonl", "one.jsonl.gz", 0, -1, 6),  # no way into the middle
        ("refused", "nothing.jsonl", 0, -1, 0),
        ("file", "a.py", 0, -1, 6),
    ]


def test_resolving_names_every_root_once(tree: Path) -> None:
    twin = tree.parent / "twin" / "code"
    twin.mkdir(parents=True)
    link = tree.parent / "link"
    link.symlink_to(tree)
    found = inputs.resolve([tree, str(link), twin, tree])
    assert found == [
        Root(label="code", location=str(tree), is_folder=True),
        Root(label="code~2", location=str(twin), is_folder=True),
    ]
    labels = [root.label for root in inputs.resolve([str(tree / "b" / "*.jsonl"), str(tree / "b/d/*")])]
    assert labels == ["rows.jsonl", "e.py"]


@pytest.mark.parametrize(
    ("given_inputs", "told_of"),
    [
        ([], "no input"),
        (["nowhere"], "'{root}/nowhere' names nothing"),
        (["*.xyz"], "names nothing"),
        (["b", "."], "lies inside input '{root}'"),
        (["a.py", "."], "its files would be read twice"),
    ],
)
def test_inputs_that_cannot_be_meant(tree: Path, given_inputs: list[str], told_of: str) -> None:
    places = [str(tree) if name == "." else str(tree / name) for name in given_inputs]
    with pytest.raises(WrongUse) as raised:
        inputs.resolve(places)
    assert told_of.format(root=tree) in str(raised.value)
    assert "\n" not in str(raised.value)


def test_siblings_whose_names_start_alike_do_not_lie_inside_each_other(tmp_path: Path) -> None:
    for name in ("set", "set-2", "set.d"):
        (tmp_path / name).mkdir()
    assert [root.label for root in inputs.resolve(sorted(tmp_path.iterdir()))] == ["set", "set-2", "set.d"]


@given(st.lists(st.integers(0, 50_000), max_size=60), st.integers(1, 200_000))
def test_packing_keeps_units_order_and_size(sizes: list[int], pack_bytes: int) -> None:
    units = [{"size": size, "number": number} for number, size in enumerate(sizes)]
    packs = list(inputs.pack(iter(units), pack_bytes))
    assert [unit for pack in packs for unit in pack["units"]] == units
    for pack in packs:
        assert pack["units"]
        assert pack["bytes"] == sum(unit["size"] + 8192 for unit in pack["units"])
        without_last = pack["bytes"] - pack["units"][-1]["size"] - 8192
        assert without_last < pack_bytes  # it was closed by its last unit
    assert all(pack["bytes"] >= pack_bytes for pack in packs[:-1])


NAMES = st.binary(max_size=6) | st.text("ab\\xéé/", max_size=8).map(str.encode)


@given(NAMES, NAMES)
@example(b"caf\xe9", b"caf\\xe9")
@example(b"a\\", b"a\\x5c")
def test_names_that_differ_are_spelt_differently(one: bytes, other: bytes) -> None:
    assert (text_of(one) == text_of(other)) == (one == other)
    text_of(one).encode()  # is always text that can be stored
