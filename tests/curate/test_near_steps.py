"""The steps of near-duplicate search on Spark give the answer of dedup.near in memory, however they are cut up."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import curate
import curate.near
import curate.near_tasks as steps
from curate import near_few, near_pairs, near_rounds
from curate.stages.minhash import MinHash
from curate.stages.simhash import SimHash
from dedup import selection
from dedup.banding import Bands
from dedup.minhash import MinHash as Permutations
from dedup.near import Near, NearMinHash, NearSimHash, near
from dedup.shingles import shingle_sets
from dedup.signatures import Signature, among_bands, sign

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

SEARCHES = {
    "minhash": steps.Search(signature=MinHash().signature(), keys=Bands(), bound=NearMinHash().bound, min_proof=0.7),
    "simhash": steps.Search(
        signature=SimHash().signature(),
        keys=steps.SimHashTables(distance=6, blocks=9),
        bound=NearSimHash().bound,
        min_proof=0.5,
    ),
    "among": steps.Search(
        signature=among_bands(SimHash().signature(), Bands()),
        keys=Bands(),
        within=6,
        bound=NearSimHash().bound,
        min_proof=0.5,
    ),
}
SPECS: dict[str, NearMinHash | NearSimHash] = {
    "minhash": NearMinHash(most_lost_by_estimate=0),
    "simhash": NearSimHash(min_similarity=0.9, min_jaccard=0.5),
    "among": NearSimHash(min_similarity=0.9, min_jaccard=0.5),
    "closure": NearMinHash(most_lost_by_estimate=0, closure=True),
}
SETTINGS = {
    "minhash": "minhash: {}",
    "simhash": "simhash: {min_similarity: 0.9, min_jaccard: 0.5}",
    "among": "simhash: {min_similarity: 0.9, min_jaccard: 0.5}",
    "closure": "minhash: {closure: true}",
}


def too_many(distance: int, n_files: int) -> None:
    """In place of choose_tables: that of 210 million files and more."""
    raise ValueError(f"{n_files} files")


def in_memory(content: list[str], which: str, order: np.ndarray | None = None) -> Near:
    """The answer of dedup.near, as if there were too many files where they are looked for among bands."""
    with pytest.MonkeyPatch.context() as patch:
        if which == "among":
            patch.setattr("dedup.near.choose_tables", too_many)
        return near([pa.array(content, pa.large_string())], SPECS[which], order=order)


def texts(seed: int, n: int) -> list[str]:
    """Families of texts with some words replaced, all different, of more than five tokens each."""
    chance = random.Random(seed)
    ancestors = [[f"w{chance.getrandbits(20)}" for _ in range(chance.choice([30, 80, 200]))] for _ in range(3)]
    found = []
    for _ in range(n):
        words = list(chance.choice(ancestors))
        for _ in range(chance.choice([1, 1, 2, 3, 5, 12])):
            words[chance.randrange(len(words))] = f"new{chance.getrandbits(40)}"
        found.append(" ".join(words))
    return found


def cut(rows: pa.RecordBatch, n: int, number: Callable[[dict], int]) -> Iterator[list[pa.RecordBatch]]:
    """Rows as n partitions, each in batches of three."""
    places = np.array([number(row) % n for row in rows.to_pylist()], int)
    for part in range(n):
        mine = rows.take(pa.array(np.flatnonzero(places == part)))
        yield [mine.slice(start, 3) for start in range(0, mine.num_rows, 3)]


def joined(batches: Iterator[pa.RecordBatch], schema: pa.Schema) -> pa.RecordBatch:
    table = pa.Table.from_batches(list(batches), schema=schema).combine_chunks()
    return table.to_batches()[0] if table.num_rows else pa.RecordBatch.from_pylist([], schema=schema)


def signatures(content: list[str], search: steps.Search) -> pa.Array:
    found = sign(pa.array(content, pa.large_string()), search.signature)
    if search.distance is not None:
        return pa.array(found.simhash.view("int64"))
    assert found.minhash is not None
    return pa.array([values.tobytes() for values in found.minhash], pa.binary())


def in_steps(
    content: list[str], search: steps.Search, n_parts: int, part_files: int = 1000, sharing: int = 1, known: int = 0
) -> dict[int, tuple[int, float | None]]:
    """Row -> (witness, similarity) of what goes; rows are in keeper priority, so many share a place, and so many of the
    first are of an index."""
    nodes = [row.to_bytes(4, "big") + bytes(32) for row in range(len(content))]
    place_of = [row // sharing - (1 << 62 if row < known else 0) for row in range(len(content))]
    files = pa.RecordBatch.from_pydict(
        {"place": place_of, "signature": signatures(content, search), "content": content}
    )
    entries = joined(search.entries(iter([files.slice(0, 7), files.slice(7)])), steps.ENTRIES)
    by_key = cut(entries.sort_by([("key", "ascending"), ("place", "ascending")]), n_parts, lambda row: row["key"])
    pairs = joined((batch for part in by_key for batch in search.pairs(iter(part))), steps.PAIRS)
    pairs = pairs.filter(pc.is_valid(pairs.column("better")))
    if not pairs.num_rows:
        return {}
    placed = joined(steps.parts(iter([pairs.slice(0, 5), pairs.slice(5)]), part_files), steps.NODES)
    part_of = dict(zip(placed.column("place").to_pylist(), placed.column("part").to_pylist(), strict=True))
    held = [
        {"part": part_of[place_of[row]], "place": place_of[row], "node": nodes[row], "content": content[row]}
        for row in range(len(content))
        if place_of[row] in part_of
    ]
    rows = held + [{**pair, "part": part_of[pair["better"]]} for pair in pairs.to_pylist()]
    content_field = pa.field("content", pa.string())
    schema = pa.schema([*steps.NODES, ("node", pa.binary()), content_field, *(steps.PAIRS.field(i) for i in range(3))])
    random.Random(1).shuffle(rows)
    table = pa.RecordBatch.from_pylist([{name: row.get(name) for name in schema.names} for row in rows], schema=schema)
    n_whole = max(part_of.values()) + 1
    proved = []
    for number in range(n_whole):
        part = table.filter(pc.field("part") == number)
        proved += search.prove(iter(part.slice(start, 7) for start in range(0, part.num_rows, 7)), n_whole)
    large = table.filter(pc.field("part") == steps.LARGE)
    large = large.set_column(large.schema.get_field_index("part"), "part", pa.array([n_whole] * len(large), pa.int32()))
    proved += search.prove(iter(large.slice(start, 9) for start in range(0, large.num_rows, 9)), n_whole)
    known = joined(iter(proved), steps.PROVED)
    edges = known.filter(pc.invert(known.column("goes"))).drop_columns(["goes"])
    gone = known.filter(known.column("goes")).to_pylist()
    gone += [row for batch in search.choose(iter([edges.slice(0, 3), edges.slice(3)])) for row in batch.to_pylist()]
    place = {node: row for row, node in enumerate(nodes)}
    return {place[row["node"]]: (place[row["witness"]], row["similarity"]) for row in gone}


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32), st.sampled_from(list(SEARCHES)), st.integers(1, 5), st.sampled_from([1, 4, 1000]))
def test_steps_as_in_memory(seed: int, which: str, n_parts: int, part_files: int) -> None:
    content = texts(seed, 40)
    expected = in_memory(content, which)
    assert in_steps(content, SEARCHES[which], n_parts, part_files) == told(expected)


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 2**32), st.sampled_from([4, 1000]))
def test_chains_remove_what_they_reach_and_say_where_nothing_was_measured(seed: int, part_files: int) -> None:
    """The similarity is null, and no number, of a file that no proof ties to the one that stays."""
    content = texts(seed, 40)
    found = in_steps(content, replace(SEARCHES["minhash"], closure=True), 3, part_files)
    expected = told(in_memory(content, "closure"))
    assert found == {row: (keeper, None if np.isnan(how) else how) for row, (keeper, how) in expected.items()}


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32), st.sampled_from(list(SEARCHES)), st.integers(1, 3), st.sampled_from([4, 1000]))
def test_one_batch_after_the_other_as_both_at_once(seed: int, which: str, n_parts: int, part_files: int) -> None:
    """What the first batch keeps stays, and of the second goes what would go behind the first."""
    content = texts(seed, 50)
    n_first = random.Random(seed).randrange(10, 40)
    at_once = told(in_memory(content, which))
    alone = in_memory(content[:n_first], which)
    kept = np.flatnonzero(~alone.removed).tolist()
    assert [row for row in at_once if row < n_first] == np.flatnonzero(alone.removed).tolist()
    rows = [*kept, *range(n_first, len(content))]
    found = in_steps([content[row] for row in rows], SEARCHES[which], n_parts, part_files, known=len(kept))
    named = {rows[row]: (rows[witness], similarity) for row, (witness, similarity) in found.items()}
    assert named == {row: how for row, how in at_once.items() if row >= n_first}


def test_files_of_an_index_are_not_compared_with_each_other() -> None:
    content = texts(5, 30)
    at_once = in_steps(content, SEARCHES["minhash"], 2)
    assert min(at_once) < 15
    found = in_steps(content, SEARCHES["minhash"], 2, known=15)
    assert min(found) >= 15
    assert in_steps(content, SEARCHES["minhash"], 2, known=30) == {}


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**32), st.integers(1, 4))
def test_files_that_share_a_place(seed: int, n_parts: int) -> None:
    """They stand for each other where candidates are looked for; what is removed is proved all the same."""
    content = texts(seed, 40)
    sets = [set(row) for row in shingles_of(content)]
    gone = in_steps(content, SEARCHES["minhash"], n_parts, sharing=2)
    for row, (witness, similarity) in gone.items():
        assert witness not in gone
        assert witness < row
        assert similarity == len(sets[row] & sets[witness]) / len(sets[row] | sets[witness]) >= 0.7
    left = [row for row in range(len(content)) if row not in gone]
    apart = [(a, b) for a in left for b in left if a < b and place_differs(a, b)]
    assert all(len(sets[a] & sets[b]) / len(sets[a] | sets[b]) < 0.7 for a, b in apart)


def place_differs(a: int, b: int) -> bool:
    return a // 2 != b // 2


def shingles_of(content: list[str]) -> list[list[int]]:
    found = shingle_sets(pa.array(content, pa.large_string()))
    return [found.hashes[a:b].tolist() for a, b in pairwise(found.offsets)]


@given(st.lists(st.text(max_size=6), min_size=1, max_size=12), st.integers(1, 12))
def test_pieces_are_bounded(content: list[str], most: int) -> None:
    """By content, or of one row; all rows in their order."""
    batch = pa.RecordBatch.from_pydict({"content": pa.array([*content, None], pa.string())})
    pieces = list(steps._pieces(batch, "content", most))
    assert pa.Table.from_batches(pieces).column("content").to_pylist() == [*content, None]
    for piece in pieces:
        size = sum(len((text or "").encode()) for text in piece.column("content").to_pylist())
        assert piece.num_rows == 1 or size <= most


def told(found: Near) -> dict[int, tuple[int, float]]:
    rows = np.flatnonzero(found.removed).tolist()
    return {row: (int(found.witness[row]), float(found.similarity[row])) for row in rows}


def test_components_stay_whole() -> None:
    """One larger than a part has none, small ones share."""
    ends = [(0, 1), (1, 2), (2, 3), (3, 4), (4, 5), (6, 7), (8, 9), (10, 11)]
    pairs = pa.RecordBatch.from_pydict({"better": [a for a, _ in ends], "worse": [b for _, b in ends]})
    placed = joined(steps.parts(iter([pairs]), 4), steps.NODES).to_pylist()
    part = {row["place"]: row["part"] for row in placed}
    assert [part[number] for number in range(12)] == [steps.LARGE] * 6 + [0, 0, 0, 0, 1, 1]


def graph(seed: int) -> list[tuple[int, int, float]]:
    """Edges (better, worse, similarity): a chain, a star, and chance."""
    chance = random.Random(seed)
    chain = [(100 + k, 101 + k) for k in range(7)]
    star = [(200, 200 + k) for k in range(1, 9)]
    drawn = {tuple(sorted(chance.sample(range(30), 2))) for _ in range(40)}
    return [(a, b, chance.choice([0.7, 0.8, 0.9])) for a, b in [*chain, *star, *sorted(drawn)]]


def kept_below(folder: Path, spark: SparkSession) -> Callable[..., DataFrame]:
    def keep(name: str, rows: DataFrame | pa.Table, *, batch_rows: int | None = None) -> DataFrame:
        assert not isinstance(rows, pa.Table)
        rows.write.parquet(str(folder / name))
        return spark.read.parquet(str(folder / name))

    return keep


@pytest.mark.spark
def test_rounds_label_and_select_as_one_task(tmp_path: Path, spark: SparkSession) -> None:
    edges = graph(5)
    n_files = 1 + max(worse for _, worse, _ in edges)
    columns = [np.array(column) for column in zip(*edges, strict=True)]
    frame = spark.createDataFrame(edges, "better long, worse long, similarity double").repartition(3)
    labels, _ = near_rounds.label(frame, kept_below(tmp_path / "label", spark))
    expected = selection.components(n_files, *columns[:2])
    assert {row["node"]: row["label"] for row in labels.collect()} == {
        file: expected[file] for one in edges for file in one[:2]
    }
    for name in ("select", "select_closure"):
        found, rounds = getattr(near_rounds, name)(frame, kept_below(tmp_path / name, spark))
        chosen = getattr(selection, name)(n_files, *columns)
        gone = np.flatnonzero(~chosen.kept).tolist()
        rows = {row["node"]: (row["witness"], row["similarity"] or 0) for row in found.collect()}
        assert rows == {file: (chosen.witness[file], np.nan_to_num(chosen.similarity[file])) for file in gone}
        assert 1 < rounds < 20


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32), st.sampled_from(list(SEARCHES)), st.integers(1, 4), st.integers(1, 2))
def test_the_driver_finds_the_pairs_of_the_tasks(seed: int, which: str, n_parts: int, sharing: int) -> None:
    """The same ones, each once, and the same counts; also where two files share a place, whose SimHashes may differ, so
    that a pair has a row for each distance that was met with."""
    sharing = 1 if SEARCHES[which].distance is not None else sharing
    files = signed_rows(texts(seed, 30), SEARCHES[which], sharing)
    entries = joined(SEARCHES[which].entries(iter(files.to_batches(max_chunksize=7))), steps.ENTRIES)
    by_key = cut(entries.sort_by([("key", "ascending"), ("place", "ascending")]), n_parts, lambda row: row["key"])
    rows = [row for part in by_key for batch in SEARCHES[which].pairs(iter(part)) for row in batch.to_pylist()]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(steps, "_PIECE_ENTRIES", 20)  # a pair comes back with each piece in which it meets
        mixed = files.take(np.random.default_rng(seed).permutation(len(files)))  # in no order
        found = near_pairs.met_in_memory(pa.Table.from_batches(mixed.to_batches(max_chunksize=11)), SEARCHES[which])
    assert found is not None
    pairs, counts = found
    ends = [tuple(row[name] for name in ("better", "worse", "near")) for row in rows if row["better"] is not None]
    assert [tuple(row.values()) for row in pairs.to_pylist()] == sorted(set(ends), key=lambda end: end[:2])
    told = [row for row in rows if row["better"] is None]
    assert counts == {
        "candidates": len(set(ends)),
        "comparisons": sum(row["pairs"] for row in told),
        "largest_bucket": max(row["largest_bucket"] for row in told),
        **{name: sum(row[name] for row in told) for name in ("pairs_left_out", "hot_buckets", "left_alone")},
    }


def signed_rows(content: list[str], search: steps.Search, sharing: int) -> pa.Table:
    """Rows (place, signature), of which so many files share a place."""
    places = [row // sharing for row in range(len(content))]
    return pa.table({"place": places, "signature": signatures(content, search), "content": content})


def test_more_pairs_than_the_driver_should_hold_are_left_to_tasks(monkeypatch: pytest.MonkeyPatch) -> None:
    files, search = signed_rows(texts(3, 30), SEARCHES["minhash"], 1), SEARCHES["minhash"]
    found = near_pairs.met_in_memory(files, search)
    assert found is not None
    n_pairs = found[0].num_rows
    assert n_pairs > 20
    monkeypatch.setattr(steps, "_PIECE_ENTRIES", 20)  # a pair that meets under many keys is held once
    monkeypatch.setattr(near_pairs, "FEW_PAIRS", n_pairs)
    again = near_pairs.met_in_memory(files, search)
    assert again is not None
    assert (again[0].equals(found[0]), again[1]) == (True, found[1])
    monkeypatch.setattr(near_pairs, "FEW_PAIRS", n_pairs - 1)
    assert near_pairs.met_in_memory(files, search) is None
    monkeypatch.setattr(near_pairs, "FEW_ENTRIES", 42 * 30)
    assert [near_pairs.are_few(n_files, search) for n_files in (30, 31)] == [True, False]


@pytest.mark.parametrize("permutations", [1, 256, 4096])
def test_long_signatures_of_few_keys_are_left_to_tasks(permutations: int) -> None:
    """By their bytes: at one key a file, 3 million signatures of 4,096 values have 49 GB."""
    bands = Bands(bands=1, rows=1)
    signature = Signature(minhash=Permutations(permutations=permutations), bands=bands)
    search = replace(SEARCHES["minhash"], signature=signature, keys=bands)
    most = min(near_pairs.FEW_ENTRIES, near_pairs.FEW_BYTES // (4 * permutations))
    assert [near_pairs.are_few(n_files, search) for n_files in (most, most + 1)] == [True, False]


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 99)), max_size=30, unique_by=lambda row: row[1]))
def test_the_best_file_of_each_value_stands_for_the_others(rows: list[tuple[int, int]]) -> None:
    names = {"node": [b"%02d" % node for _, node in rows], "value": [b"%d" % value for value, _ in rows]}
    columns = {name: pa.array(values, pa.binary()) for name, values in names.items()}
    numbers = pa.array([node for _, node in rows], pa.int64())
    firsts, copies = steps.first_of_each(pa.table({**columns, "place": numbers, "signature": numbers}))
    best = {value: min(node for other, node in rows if other == value) for value, _ in rows}
    assert sorted(firsts.column("place").to_pylist()) == sorted(best.values())
    assert firsts.column("signature").to_pylist() == firsts.column("place").to_pylist()
    expected = {b"%02d" % node: b"%02d" % best[value] for value, node in rows if node != best[value]}
    assert {row["node"]: row["first"] for row in copies.to_pylist()} == expected


@given(st.sets(st.tuples(st.integers(0, 25), st.integers(1, 5)), min_size=1), st.integers(1, 8))
def test_pairs_in_blocks_have_both_files_in_their_part(edges: set[tuple[int, int]], part_files: int) -> None:
    pairs = pa.table({"better": [a for a, _ in edges], "worse": [a + more for a, more in edges]})
    places, of_part = steps.in_blocks(pairs, part_files)
    assert of_part.select(["better", "worse"]).equals(pairs)
    there = [tuple(row.values()) for row in places.to_pylist()]
    pairs_of = [tuple(row.values()) for row in of_part.to_pylist()]
    expected = {(end, part) for better, worse, part in pairs_of for end in (better, worse)}
    assert len(there) == len(expected)
    assert set(there) == expected
    assert {part for _, part in there} == set(range(1 + max(part for _, part in there)))  # each costs a task
    whole = selection.components(31, *(pairs.column(name).to_numpy() for name in ("better", "worse")))
    for part in {part for _, _, part in pairs_of}:
        mine = [(better, worse) for better, worse, other in pairs_of if other == part]
        worse_files = {worse for _, worse in mine}
        size = max(np.sum(whole == whole[better]) for better, _ in mine)
        assert len(worse_files) <= part_files or size <= part_files
        if size <= part_files:  # then whole, and so in no other part
            assert {whole[better] for better, _ in mine}.isdisjoint(
                whole[better] for better, _, other in pairs_of if other != part
            )


@given(st.lists(st.integers(0, 5), max_size=9), st.sets(st.tuples(st.integers(0, 7), st.integers(0, 3))))
def test_all_files_of_a_place_are_named(places: list[int], wanted: set[tuple[int, int]]) -> None:
    files = pa.table({"node": pa.array([b"%d" % row for row in range(len(places))], pa.binary()), "place": places})
    files = files.set_column(1, "place", files.column("place").cast(pa.int64()))
    nodes = pa.table([[place for place, _ in wanted], [part for _, part in wanted]], schema=steps.NODES)
    found = [tuple(row.values()) for row in near_few.named(files, nodes).to_pylist()]
    expected = [(b"%d" % row, one, part) for one, part in wanted for row, place in enumerate(places) if place == one]
    assert sorted(found) == sorted(expected)


@given(st.lists(st.integers(0, 9), max_size=12), st.sets(st.integers(0, 9)))
def test_a_copy_goes_as_the_first_one_does(copies: list[int], gone: set[int]) -> None:
    def node(number: int) -> bytes:
        return number.to_bytes(steps.NODE_BYTES, "big")

    removed = {node(one): (node(100 + one), None if one % 3 == 0 else one / 10) for one in gone}
    first_of = {node(200 + row): node(first) for row, first in enumerate(copies)}
    found = steps.with_copies(
        pa.table([list(removed), [by for by, _ in removed.values()], [near for _, near in removed.values()]],
                 schema=steps.REMOVED),
        pa.table([list(first_of), list(first_of.values())],
                 schema=pa.schema([("node", pa.binary()), ("first", pa.binary())])),
    )  # fmt: skip
    expected = removed | {one: removed.get(first, (first, 1.0)) for one, first in first_of.items()}
    assert {row["node"]: (row["witness"], row["similarity"]) for row in found.to_pylist()} == expected
    assert found.num_rows == len(expected)


@pytest.mark.spark
@pytest.mark.parametrize(
    ("which", "where"),
    [
        ("minhash", "driver"),
        ("closure", "driver"),
        ("minhash", "blocks"),
        ("closure", "blocks"),
        ("minhash", "overflow"),
        ("simhash", "tasks"),
        ("among", "tasks"),
        ("minhash", "rounds"),
    ],
)
def test_a_run_as_in_memory(
    which: str, where: str, tmp_path: Path, spark: SparkSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Copies of copies, chains and short files; each removal names a kept file with its true similarity. In the driver,
    its pairs in one part or many; in tasks; and in rounds, as where no task may hold what is labelled or selected."""
    if which == "among":
        monkeypatch.setattr("curate.stages.simhash.choose_tables", too_many)
    if where in ("tasks", "rounds"):
        monkeypatch.setattr(near_pairs, "FEW_ENTRIES", 0)
    if where == "overflow":
        monkeypatch.setattr(near_pairs, "FEW_PAIRS", 100)
    if where in ("blocks", "rounds"):
        monkeypatch.setattr(curate.near, "PART_BYTES", 4_000)
    if where == "rounds":
        monkeypatch.setattr(near_pairs, "LABEL_PAIRS", 0)
        monkeypatch.setattr(curate.near, "SELECT_EDGES", 0)
    content = texts(3, 150)
    content += content[:9] + [one.upper() for one in content[:20]] + ["x = 1"] * 2 + ["y = 2"]
    lines = [json.dumps({"content": text, "path": f"f{row}.py"}) for row, text in enumerate(content)]
    (tmp_path / "rows.jsonl").write_text("\n".join(lines) + "\n")
    recipe = tmp_path / "recipe.yaml"
    stages = ["read: {}", "decode: {}", "language: {}", "text: {}", SETTINGS[which], "layout: {}"]
    recipe.write_text("\n- ".join(["name: near\ndescription: near\nstages:", *stages]) + "\n")
    run = curate.run(recipe, tmp_path / "rows.jsonl", tmp_path / "out", spark)
    rows = sorted(run.ledger.to_table().to_pylist(), key=lambda row: int(row["path"][1:-3]))
    priority = [(row["content_id"], row["file_id"]) for row in rows]
    order = np.array(sorted(range(len(rows)), key=priority.__getitem__))
    expected = in_memory(content, which, order)
    place = {row["file_id"]: number for number, row in enumerate(rows)}
    gone = {
        number: (place[row["duplicate_of"]], row["similarity"])
        for number, row in enumerate(rows)
        if row["drop_stage"] is not None
    }
    chained = {number for number, (_, similarity) in gone.items() if similarity is None}
    assert gone == {row: (keeper, None if np.isnan(near) else near) for row, (keeper, near) in told(expected).items()}
    assert [row["drop_reason"] for row in rows] == [
        "chained" if row in chained else "near_duplicate" if row in gone else None for row in range(len(rows))
    ]
    assert (len(gone) > 20, len(chained) > 0) == (True, which == "closure")
    assert rows[-1]["drop_stage"] is None  # too short to be compared
    notes = run.manifest["stages"][SETTINGS[which].partition(":")[0]]
    assert notes["compared"] == int((~expected.too_short).sum())
    told_why = [line for line in run.manifest["warnings"] if "are too many to find all such pairs" in line]
    assert len(told_why) == (which == "among")
    assert {"label_rounds", "selection_rounds"} & notes.keys() == (
        {"label_rounds", "selection_rounds"} if where == "rounds" else set()
    )
    assert not list((tmp_path / "out").glob("_work*"))
