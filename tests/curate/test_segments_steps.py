"""What segment dedup does within tasks: the answer of dedup.segments however it is cut up, and content without what
goes, with everything that refers to places in it."""

from __future__ import annotations

import contextlib
import marshal
import random
import re
import sysconfig
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzers.syntax.segments import Segment
from curate.errors import WrongUse
from curate.near_tasks import NODES, parts
from curate.packed import pack, unpack
from curate.schema import SIGNALS
from curate.segments_change import change, moved, without
from curate.segments_tasks import CHANGED, DECIDED, ENDS, FILES, Comparison, row
from curate.stage import check_contracts
from curate.stages import STAGES
from curate.stages.decode import content_ids
from curate.stages.segments import Segments
from curate.stages.syntax import Syntax
from dedup.segments import File, Least, Piece, deduplicate

COMPARISON = Comparison(least=Least(own_share=0.3, own_bytes=20))
SYNTAX = Syntax(segments=True, pairs={"min_code_lines": None, "min_comment_words": None}, facts=["file", "function"])


def segment(piece: Piece, *, kind: str = "code", node: str = "function", n_tokens: int = 50) -> Segment:
    return Segment(piece.key, kind, node, piece.start, piece.end, n_tokens, piece.key, piece.may_go)


def drawn(seed: int, n_files: int = 12) -> tuple[list[File], list[tuple[int, int]]]:
    chance = random.Random(seed)
    files = []
    for name in chance.sample(range(256), n_files):
        keys = chance.choices("abcdef", k=chance.randrange(6))
        node = bytes([0, 0, 0, name]) + bytes(16) + bytes([name]) * 16
        pieces = [Piece(key, 20 * at, 20 * at + 20, chance.random() < 0.9) for at, key in enumerate(keys)]
        files.append(File(node, 120 + chance.randrange(200), pieces))
    return sorted(files), [tuple(sorted(chance.sample(range(n_files), 2))) for _ in range(n_files)]  # type: ignore[misc]


def in_memory(files: list[File], pairs: list[tuple[int, int]]) -> list[dict]:
    outcomes = deduplicate(files, pairs, COMPARISON.least)
    segments = [[segment(piece) for piece in one.pieces] for one in files]
    found = zip(files, outcomes, segments, strict=True)
    return sorted((row(one.node, outcome, own) for one, outcome, own in found if outcome.cuts), key=by_file)


def by_file(told: dict) -> str:
    return told["file_id"]


def packed(one: File) -> bytes:
    return marshal.dumps([tuple(segment(piece)) for piece in one.pieces])


def cut(rows: list[dict], schema: pa.Schema, size: int) -> Iterator[pa.RecordBatch]:
    for start in range(0, len(rows), size):
        yield pa.RecordBatch.from_pylist(
            [{name: one.get(name) for name in schema.names} for one in rows[start : start + size]], schema=schema
        )


@settings(max_examples=40)
@given(st.integers(0, 2**32), st.integers(1, 12), st.integers(1, 7), st.booleans())
def test_parts_as_in_memory(seed: int, part_files: int, size: int, sharing: bool) -> None:
    """Whole components in any number of parts, rows in any order; some files share a place."""
    files, pairs = drawn(seed)
    place = [number // 2 if sharing else number for number in range(len(files))]
    met = sorted({(place[a], place[b]) for a, b in pairs if place[a] != place[b]})
    if not met:
        return
    placed = next(parts(cut([{"better": a, "worse": b} for a, b in met], ENDS, 1000), len(files))).to_pylist()
    groups = sorted({one["part"] for one in placed})
    part = {one["place"]: one["part"] for one in placed}
    assert set(groups) == set(range(len(groups)))
    rows = [
        {"part": part[place[number]], "place": place[number], "node": one.node, "size_bytes": one.n_bytes,
         "segments": packed(one)}
        for number, one in enumerate(files) if place[number] in part
    ] + [{"part": part[a], "better": a, "worse": b} for a, b in met]  # fmt: skip
    random.Random(seed).shuffle(rows)
    schema = pa.schema([*FILES, *ENDS])
    found = []
    for group in groups:
        mine = [one for one in rows if one["part"] == group]
        found += [told for batch in COMPARISON.solve(cut(mine, schema, size)) for told in batch.to_pylist()]
    both = [(a, b) for a in range(len(files)) for b in range(len(files)) if (place[a], place[b]) in met]
    assert sorted(found, key=by_file) == in_memory(files, both)
    assert placed
    assert NODES.names == ["place", "part"]


@settings(max_examples=40)
@given(st.integers(0, 2**32), st.integers(1, 4), st.integers(1, 7))
def test_rounds_as_in_memory(seed: int, n_partitions: int, size: int) -> None:
    """In each round the files whose better neighbours are decided, thrown over partitions."""
    files, pairs = drawn(seed)
    schema = pa.schema([("node", pa.binary()), ("of", pa.binary()), ("size_bytes", pa.int64()),
                        ("segments", pa.large_binary()), ("left", pa.list_(pa.string()))])  # fmt: skip
    decided: dict[bytes, dict] = {}
    while len(decided) < len(files):
        better = {one.node: [files[a].node for a, b in pairs if files[b] is one] for one in files}
        ready = [one for one in files if one.node not in decided and all(of in decided for of in better[one.node])]
        for number in range(n_partitions):
            rows = []
            for one in [one for at, one in enumerate(ready) if at % n_partitions == number]:
                rows.append({"node": one.node, "size_bytes": one.n_bytes, "segments": packed(one)})
                rows += [
                    {"node": one.node, "of": of, "left": decided[of]["left"]} for of in sorted(set(better[one.node]))
                ]
            for batch in COMPARISON.choose(cut(rows, schema, size)):
                assert batch.schema == DECIDED
                decided |= {told["node"]: told for told in batch.to_pylist()}
        assert all(one.node in decided for one in ready)
    found = [{name: told[name] for name in CHANGED.names} for told in decided.values() if told["removals"]]
    assert sorted(found, key=by_file) == in_memory(files, pairs)


def test_what_is_compared() -> None:
    """Small ones are no segments here; a header stays, and what it stands in does."""
    rows = [
        segment(Piece("licence", 0, 50, True), kind="comment", node="header"),
        segment(Piece("first", 0, 200, True)),
        segment(Piece("short", 210, 220, True), n_tokens=19),
        segment(Piece("long", 230, 300, True), n_tokens=20),
        segment(Piece("words", 310, 330, True), kind="comment", node="line", n_tokens=10),
        segment(Piece("few", 340, 350, True), kind="comment", node="line", n_tokens=9),
        segment(Piece("fixed", 360, 400, False)),
    ]
    _, pieces, header_bytes = Comparison().compared(marshal.dumps([tuple(one) for one in rows]))
    told = [(piece.key, piece.may_go) for piece in pieces]
    assert told == [("first", False), ("long", True), ("words", True), ("fixed", False)]
    assert header_bytes == 50
    _, pieces, _ = Comparison(kinds=("comment",)).compared(marshal.dumps([tuple(one) for one in rows]))
    assert [piece.key for piece in pieces if piece.may_go] == ["words"]


@given(st.lists(st.tuples(st.text("ab \n", min_size=1, max_size=6), st.booleans()), max_size=12), st.booleans())
def test_places_move_with_the_text(lines: list[tuple[str, bool]], keeps_blanks: bool) -> None:
    """Between what is removed, spans are where their text is, whatever became of blanks."""
    content, shipped, at = b"", b"", 0
    removed, spans = [], []
    for number, (text, goes) in enumerate(lines):
        mark = f"<{number}>".encode()
        whole = text.encode() + mark + b"\n"
        spans.append((at + len(text.encode()), at + len(whole) - 1))
        if goes:
            removed.append((at, at + len(whole) - 1))
        elif keeps_blanks:
            shipped += whole
        else:
            shipped = shipped.rstrip() + (b" " if lines[number - 1][1] and number else b"\n") + whole
        content += whole
        at += len(whole)
    if not keeps_blanks and not any(goes for _, goes in lines):
        return
    if not keeps_blanks:
        shipped = shipped.strip()
        gaps = [goes for _, goes in lines]
        if any(not a and not b for a, b in pairwise(gaps)):
            return  # blanks between two that stay are never touched
    for (start, end), place, (_, goes) in zip(spans, moved(spans, content, shipped, removed), lines, strict=True):
        assert (place is None) == goes
        assert place is None or shipped[slice(*place)] == content[start:end]


def test_words_move_in_real_files() -> None:
    """Whatever segments go: every word between them is found where it went."""
    library = Path(sysconfig.get_path("stdlib"), "json")
    headers = [("C", path) for path in sorted(Path(np.get_include(), "numpy").glob("nd*.h"))]
    n_moved = 0
    for language, path in [*(("Python", path) for path in sorted(library.glob("*.py"))), *headers]:
        source = path.read_text(encoding="utf-8")
        rows = rows_of(source, language, [])
        segments = [Segment(*row) for row in marshal.loads(rows.column("segments")[0].as_py())]
        for seed in range(3):
            chance = random.Random(f"{path.name} {seed}")
            gone = [one for one in segments if one.removable and chance.random() < 0.3]
            removals = [{**one._asdict(), "duplicate_of": "k"} for one in gone]
            spans = [found.span() for found in re.finditer(rb"\S+", source.encode())]
            shipped = without(source.encode(), removals, language)
            removed = [(one.start, one.end) for one in gone]
            places = moved(spans, source.encode(), shipped, removed)
            for (start, end), place in zip(spans, places, strict=True):
                assert (place is None) == any(a < end and start < b for a, b in removed)
                assert place is None or shipped[slice(*place)] == source.encode()[start:end]
                n_moved += place is not None
    assert n_moved > 5_000


def test_other_text_is_noticed() -> None:
    with pytest.raises(ValueError, match="bytes 5 to 8 of the content"):
        moved([], b"gone\nabc\n", b"abd\n", [(0, 4)])


SOURCE = '''# <NAME> wrote this, and all of this is theirs to give away.

import os


def first(a):
    """Tells the first of what is there, by <EMAIL>."""
    return a + 1


def second(a):
    """Tells the second of what is there, 数."""
    if a:
        b = 1
    return os.path.join(a, "<EMAIL>", b)
'''


def rows_of(source: str, language: str, removals: list[dict], **columns: object) -> pa.RecordBatch:
    """A work row with the columns of CHANGED."""
    asked = {"content": source, "language": language, "file_id": "f" * 32, "repo": None, "path": "a.py"}
    schema = pa.schema([(name, pa.large_string() if name == "content" else pa.string()) for name in asked])
    measured = SYNTAX.measure(pa.RecordBatch.from_pylist([asked], schema=schema))
    signals = pa.StructArray.from_arrays(
        [measured.column(one.name) if one.name in measured.schema.names else pa.nulls(1, one.type) for one in SIGNALS],
        fields=list(SIGNALS),
    )
    removed = pa.list_(pa.struct([("segment_id", pa.string()), ("kind", pa.string()), ("duplicate_of", pa.string())]))
    spans = pa.list_(pa.struct([("kind", pa.string()), ("start", pa.int64()), ("end", pa.int64())]))
    found = [mark.encode() for mark in ("<NAME>", "<EMAIL>") if mark in source]
    data = source.encode()
    redactions = [
        {"kind": "email", "start": at, "end": at + len(mark)}
        for mark in found for at in range(len(data)) if data.startswith(mark, at)
    ]  # fmt: skip
    table = {
        **{name: pa.array([value], schema.field(name).type) for name, value in asked.items()},
        "content_id": content_ids(pa.array([source], pa.large_string())), "size_bytes": pa.array([len(data)]),
        "n_lines": pa.array([source.count("\n")], pa.int32()), "signals": pack(signals),
        "segments_removed": pa.array([None], removed), "redactions": pa.array([redactions], spans),
        "repo_key": pa.array([1]), **{name: measured.column(name) for name in ("segments", "pairs", "facts")},
        "removals": pa.array([removals], CHANGED.field("removals").type),
        "reason": pa.array([columns.get("reason")], pa.string()), "value": pa.array([None], pa.float64()),
        "limit": pa.array([None], pa.float64()), "keeper": pa.array([None], pa.string()),
    }  # fmt: skip
    return pa.RecordBatch.from_pydict(table)


def removal(source: str, text: str) -> dict:
    start = source.encode().index(text.encode())
    return {
        "start": start, "end": start + len(text.encode()), "segment_id": text, "kind": "code", "duplicate_of": "k",
    }  # fmt: skip


def after(source: str, *texts: str, language: str = "Python", **columns: object) -> list[dict]:
    rows = rows_of(source, language, [removal(source, text) for text in texts], **columns)
    return [told for batch in change(iter([rows]), SYNTAX.measure) for told in batch.to_pylist()]


FIRST = SOURCE[SOURCE.index("def first") : SOURCE.index("\n\n\ndef second")]


def test_all_that_refers_to_places_is_of_what_is_shipped() -> None:
    (told,) = after(SOURCE, FIRST)
    shipped = told["content"]
    assert shipped == SOURCE.replace(FIRST + "\n\n\n", "")
    assert told["size_bytes"] == len(shipped.encode())
    assert told["n_lines"] == shipped.count("\n")
    assert told["content_id"] == content_ids(pa.array([shipped], pa.large_string()))[0].as_py()
    assert told["repo_key"] != 1
    assert told["segments_removed"] == [{"segment_id": FIRST, "kind": "code", "duplicate_of": "k"}]
    spans = [(one["start"], one["end"]) for one in told["redactions"]]
    assert [shipped.encode()[slice(*span)] for span in spans] == [b"<NAME>", b"<EMAIL>"]
    (pair,) = marshal.loads(told["pairs"])
    assert pair[3] == "second"
    start, end = pair[-3:-1]
    assert shipped.encode()[start:end].decode().startswith("def second")
    assert [one[2] for one in marshal.loads(told["segments"]) if one[1] == "code"] == ["function"]
    assert unpack(pa.array([told["signals"]], pa.large_binary()), SIGNALS)[0].as_py()["n_error_nodes"] == 0


def test_what_would_not_parse_stays() -> None:
    """Half of a call; the function beside it goes all the same."""
    (told,) = after(SOURCE, FIRST, "os.path.join(")
    assert told["content"] == SOURCE.replace(FIRST + "\n\n\n", "")
    assert [one["segment_id"] for one in told["segments_removed"]] == [FIRST]
    assert after(SOURCE, "os.path.join(") == []


def test_a_file_is_never_left_blank() -> None:
    assert after(FIRST + "\n", FIRST) == []


def test_what_was_broken_may_stay_so() -> None:
    source = FIRST + "\n\n\ndef broken(:\n    pass pass\n"
    (told,) = after(source, FIRST)
    assert told["content"] == source[len(FIRST) + 3 :]


def test_a_file_that_goes_tells_what_was_found_elsewhere() -> None:
    (told,) = after(SOURCE, FIRST, reason="little_of_its_own")
    assert (told["content"], told["size_bytes"]) == (None, len(SOURCE.encode()))
    assert [one["segment_id"] for one in told["segments_removed"]] == [FIRST]


def test_a_comment_finds_no_new_function() -> None:
    """What is taken out may leave a comment above a stranger: they are no pair."""
    comment = "// Adds one to what is given, and tells what that makes.\n"
    source = f"{comment}\nint one(int a) {{\n    return a + 1;\n}}\nint two(int a) {{\n    return a + a;\n}}\n"
    gone = source[source.index("\nint one") : source.index("int two")]
    (told,) = after(source, gone, language="C")
    assert told["content"].startswith(comment)
    assert marshal.loads(told["pairs"]) == ()


def test_segments_inside_a_line_leave_what_remains() -> None:
    assert without(b"a(); b();\n", [removal("a(); b();\n", "a();")], "C") == b" b();\n"


@pytest.mark.parametrize(
    ("before", "own", "after", "told"),
    [
        ({"syntax": {"segments": False}}, {}, (), "set stages.syntax.segments=true"),
        ({"simhash": None}, {}, (), "decides by 'simhash'"),
        ({}, {"candidates": ["minhash"]}, (), "decides by 'minhash'"),
        ({"minhash": {"permutations": 252}}, {"candidates": ["minhash"], "rows": 7}, (), "more than 252 permutations"),
        ({}, {"boilerplate": {"strip": True}}, (), "add `- licence` after decode"),
        ({}, {}, ("resample",), "put it after 'resample'"),
        ({"licence": {}}, {"boilerplate": {"strip": True}}, ("layout",), None),
        ({"minhash": {}}, {"candidates": ["minhash", "simhash"]}, ("layout",), None),
    ],
)
def test_what_the_stage_goes_with(before: dict, own: dict, after: tuple[str, ...], told: str | None) -> None:
    settings = {"read": {}, "decode": {}, "language": {}, "text": {}, "syntax": {"segments": True}, "simhash": {}}
    stages = [STAGES[name](**fields) for name, fields in {**settings, **before}.items() if fields is not None]
    stages += [STAGES["segments"](**own), *(STAGES[name]() for name in after)]
    with contextlib.nullcontext() if told is None else pytest.raises(WrongUse, match=re.escape(told)):
        check_contracts(stages)


def test_among_too_many_files_a_smaller_distance_is_compared() -> None:
    """A run of days does not fail in its last stage."""
    stage = Segments(min_similarity=0.90)
    assert stage.distance(1_000) == 6
    assert 3 <= stage.distance(10**9) < 6
    assert stage.distance(10**11) >= 3
