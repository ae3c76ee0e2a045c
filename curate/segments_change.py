"""The content of files without the segments that go, and everything that refers to places in it.

What a stage has measured at places in the content, pairs and facts, is measured anew by that stage on the content as
shipped; a pair stays only if its comment was one before: what is taken out may bring a comment next to a stranger. A
removal that leaves more syntax errors than there were is refused: then half of the segments are tried, and so on.
Signals stay those by which the file was judged.
"""

from __future__ import annotations

import marshal
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import pyarrow as pa
import xxhash

from analyzers.syntax.pairs import Pair
from analyzers.syntax.segments import Segment, remove
from analyzers.text.measure import measure as measure_text
from curate.packed import unpack
from curate.schema import SIGNALS
from curate.segments_tasks import CHANGED

Batches = Iterator[pa.RecordBatch]
Measure = Callable[[pa.RecordBatch], pa.RecordBatch]

_ASKED = ("content", "language", "file_id", "repo", "path")  # by who measures
_ERRORS = ("n_error_nodes", "n_missing_nodes")
_PACKED = ("segments", "pairs", "facts")
_BLANKS = b" \t\r\n\f\v"


class _Shipped(NamedTuple):
    """A file's new content, what went, and what was measured of it (columns of a stage, by name)."""

    content: bytes
    removals: list[dict[str, Any]]
    measured: dict[str, Any]


def change(rows: Batches, measure: Measure) -> Batches:
    """Work rows for work rows with the columns of CHANGED. Those of files that go have no content, but what was found
    of them elsewhere in `segments_removed`; those that stay whole are left out."""
    for batch in rows:
        names = [name for name in batch.schema.names if name not in CHANGED.names or name == "file_id"]
        files = batch.select(names)
        told = batch.select(["removals", "reason"]).to_pylist()
        found = _shipped(files, told, measure)
        changed = [place for place, one in enumerate(found) if one is not None]
        if changed:
            new = [_columns(files, place, one) for place, one in enumerate(found) if one is not None]
            yield _put(files.take(pa.array(changed)), new)


def _shipped(files: pa.RecordBatch, told: list[dict[str, Any]], measure: Measure) -> list[_Shipped | None]:
    """For each file what is shipped, with no content for one that goes; None where nothing can be taken out."""
    contents = [(text or "").encode() for text in files.column("content").to_pylist()]
    languages = files.column("language").to_pylist()
    signals = unpack(files.column("signals"), SIGNALS)
    errors = [[row[name] or 0 for name in _ERRORS] for row in signals.to_pylist()]
    found: list[_Shipped | None] = [
        _Shipped(b"", row["removals"], {}) if row["reason"] is not None else None for row in told
    ]
    trying = [(place, row["removals"]) for place, row in enumerate(told) if row["reason"] is None]
    taken: dict[int, list[dict[str, Any]]] = {place: [] for place, _ in trying}
    while trying:  # all files at once; what fails comes again in halves
        tried = [(place, more, [*taken[place], *more]) for place, more in _first_of_each(trying)]
        trying = _others(trying)
        texts = [without(contents[place], every, languages[place]) for place, _, every in tried]
        asked = files.select(_ASKED).take(pa.array([place for place, *_ in tried]))
        asked = asked.set_column(0, "content", pa.array([text.decode() for text in texts], pa.large_string()))
        rows = measure(asked).select([*_ERRORS, "syntax_refusal", *_PACKED]).to_pylist()
        for (place, more, every), text, row in zip(tried, texts, rows, strict=True):
            sound = row["syntax_refusal"] is None and all(
                (row[name] or 0) <= before for name, before in zip(_ERRORS, errors[place], strict=True)
            )
            if sound and text.strip() and _is_all_there(contents[place], text, every):
                taken[place] = every
                found[place] = _Shipped(text, sorted(every, key=lambda one: one["start"]), row)
            elif len(more) > 1:
                half = len(more) // 2
                trying += [(place, more[:half]), (place, more[half:])]
    return found


def _is_all_there(content: bytes, shipped: bytes, removals: Sequence[dict[str, Any]]) -> bool:
    """Whether places between what was removed can be found again."""
    try:
        moved([], content, shipped, [(one["start"], one["end"]) for one in removals])
    except ValueError:
        return False
    return True


def _first_of_each(trying: list[tuple[int, list]]) -> list[tuple[int, list]]:
    first = dict(reversed(trying))
    return sorted(first.items())


def _others(trying: list[tuple[int, list]]) -> list[tuple[int, list]]:
    seen: set[int] = set()
    others = []
    for place, removals in trying:
        if place in seen:
            others.append((place, removals))
        seen.add(place)
    return others


def without(content: bytes, removals: Sequence[dict[str, Any]], language: str) -> bytes:
    """The content without these segments."""
    segments = [
        Segment(one["segment_id"], one["kind"], "", one["start"], one["end"], 0, "", True) for one in removals
    ]  # fmt: skip
    return remove(content, segments, language)


def moved(
    spans: Sequence[tuple[int, int]], content: bytes, shipped: bytes, removed: Sequence[tuple[int, int]]
) -> list[tuple[int, int] | None]:
    """Where spans of the content are in what is shipped; None for those of which something went.

    What stands between removed spans is there as it was but for blanks at its ends: spans begin and end at no blanks.
    ValueError where it is not.
    """
    kept: list[tuple[int, int, int]] = []  # start, end, and by how much it moved
    at = edge = 0
    for start, end in [*sorted(removed), (len(content), len(content))]:
        text = content[edge : max(start, edge)].strip(_BLANKS)
        if text:
            began = content.index(text, edge)
            at = len(shipped) - len(shipped[at:].lstrip(_BLANKS))
            if not shipped.startswith(text, at):
                raise ValueError(f"bytes {began} to {began + len(text)} of the content are not in what is shipped")
            kept.append((began, began + len(text), at - began))
            at += len(text)
        edge = max(edge, end)
    found: list[tuple[int, int] | None] = []
    for start, end in spans:
        by = next((moved_by for first, last, moved_by in kept if first <= start and end <= last), None)
        found.append(None if by is None else (start + by, end + by))
    return found


def _columns(files: pa.RecordBatch, place: int, shipped: _Shipped) -> dict[str, Any]:
    """The columns of a file that change."""
    removed = [{name: one[name] for name in ("segment_id", "kind", "duplicate_of")} for one in shipped.removals]
    if not shipped.content:
        return {"segments_removed": removed, "content": None}
    names = ("content", "language", "redactions", "pairs", "n_lines", "repo")
    before = {name: files.column(name)[place].as_py() for name in names}
    content, text = before["content"].encode(), shipped.content
    content_id = xxhash.xxh3_128_hexdigest(text)
    new = {
        "segments_removed": removed,
        "content": text.decode(),
        "content_id": content_id,
        "size_bytes": len(text),
        "segments": shipped.measured["segments"],
        "facts": shipped.measured["facts"],
        "pairs": _pairs(before["pairs"], shipped.measured["pairs"]),
    }
    if before["n_lines"] is not None:
        lines = measure_text(pa.array([text.decode()], pa.large_string()), [before["language"]], frozenset({"lines"}))
        new["n_lines"] = lines["n_lines"][0].as_py()
    if not before["repo"]:
        new["repo_key"] = xxhash.xxh3_64_intdigest(content_id.encode()) >> 1
    if before["redactions"]:
        spans = [(one["start"], one["end"]) for one in before["redactions"]]
        places = moved(spans, content, text, [(one["start"], one["end"]) for one in shipped.removals])
        new["redactions"] = [
            {"kind": one["kind"], "start": span[0], "end": span[1]}
            for one, span in zip(before["redactions"], places, strict=True)
            if span is not None
        ]
    return new


def _pairs(before: bytes | None, now: bytes | None) -> bytes | None:
    """Pairs of the shipped content whose comment belonged to a definition of that name before."""
    if before is None or now is None:
        return now
    name, comment = Pair._fields.index("name"), Pair._fields.index("comment")
    known = {(row[name], row[comment]) for row in marshal.loads(before)}
    return marshal.dumps(tuple(row for row in marshal.loads(now) if (row[name], row[comment]) in known))


def _put(files: pa.RecordBatch, new: list[dict[str, Any]]) -> pa.RecordBatch:
    """The files with their changed columns."""
    columns = []
    for field, column in zip(files.schema, files.columns, strict=True):
        if not any(field.name in one for one in new):
            columns.append(column)
            continue
        values = column.to_pylist()
        columns.append(
            pa.array([one.get(field.name, value) for one, value in zip(new, values, strict=True)], field.type)
        )
    return pa.RecordBatch.from_arrays(columns, schema=files.schema)
