"""Samples of files, kept and dropped, for the report: chosen by hash, and shown as they would be shipped.

A text is read again from where the file came from, and every secret and personal datum in it is replaced before any of
it is cut or shown, whatever the recipe does with them. No text is shown of files that were opted out, of those that
were never decoded, of those in which not all secrets can be known, and where reading it again would take long.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from curate.again import location_of, text_again
from curate.shards import Run
from curate.sources.place import is_url, status_of
from curate.stages.redact import Redact
from curate.what_if_verdicts import hash_ids

if TYPE_CHECKING:
    from curate.report.gathering import Limit

MOST_A_RULE = 3  # dropped files
MOST_KEPT = 6  # kept files of any kind
MOST_NEAR = 2  # kept files that come nearest to a limit
MOST_RULES = 40  # that have samples; those that dropped most
MOST_CHARS = 900
MOST_LINES = 22
MOST_LINE_CHARS = 160
_MOST_BYTES = 2 << 20  # of a file that is shown
_MOST_SCANNED = 256 << 20  # of an archive or a compressed data set, which is read from its beginning


@dataclass(frozen=True, kw_only=True)
class Sample:
    """A ledger row, which group it stands for, and the beginning of its text."""

    group: tuple[str, str] | None
    """(stage, reason) of the rule that dropped it, or that it came near to; None for any kept file."""
    row: Mapping[str, Any]
    value: float | None = None
    """What the rule measured, of a file that came near to its limit."""
    text: str | None = None
    is_cut: bool = False
    without: str = ""
    """Why there is no text."""


class Choice:
    """Chooses files as batches come by: the same ones for the same ledger and seed."""

    def __init__(self, limits: Sequence[Limit], seed: int):
        self._limits = limits
        self._seed = np.uint64((seed * 0x9E3779B97F4A7C15) & 0xFFFFFFFFFFFFFFFF)
        self._dropped: dict[tuple[str, str], list[tuple[float, Mapping]]] = defaultdict(list)
        self._n_dropped: dict[tuple[str, str], int] = defaultdict(int)
        self._kept: list[tuple[float, Mapping]] = []
        self._near: dict[tuple[str, str], list[tuple[float, Mapping]]] = defaultdict(list)

    def add(self, rows: pa.RecordBatch, is_kept: np.ndarray) -> None:
        """Look at a batch with columns of the ledger and of signals."""
        draw = (hash_ids(rows.column("file_id")) ^ self._seed).astype(np.float64)
        self._kept = _least(self._kept, rows, draw, np.flatnonzero(is_kept), MOST_KEPT)
        gone = np.flatnonzero(~is_kept)
        if len(gone):
            names = [rows.column(name).take(pa.array(gone)).to_pylist() for name in ("drop_stage", "drop_reason")]
            groups = defaultdict(list)
            for place, group in zip(gone.tolist(), zip(*names, strict=True), strict=True):
                groups[group].append(place)
            for group, at in groups.items():
                self._n_dropped[group] += len(at)
                self._dropped[group] = _least(self._dropped[group], rows, draw, np.array(at), MOST_A_RULE)
        for limit in self._limits:
            self._add_near(limit, rows, is_kept)

    def _add_near(self, limit: Limit, rows: pa.RecordBatch, is_kept: np.ndarray) -> None:
        """Kept files whose value is nearest to a limit, as a share of it."""
        rule, group = limit.rule, (limit.stage, limit.reason)
        if rule.signal not in rows.schema.names or (rule.min is None and rule.max is None):
            return
        values = rows.column(rule.signal).cast(pa.float64()).to_numpy(zero_copy_only=False)
        at = np.flatnonzero(is_kept & ~np.isnan(values))
        if not len(at):
            return
        languages = rows.column("language").take(pa.array(at)).dictionary_encode()
        judged = np.array([rule.applies_to(one) for one in languages.dictionary.to_pylist()], bool)
        at = at[judged[languages.indices.to_numpy(zero_copy_only=False)]]
        bounds = [bound for bound in (rule.min, rule.max) if bound is not None]
        distance = np.min([np.abs(values - bound) / (abs(bound) or 1) for bound in bounds], axis=0)
        self._near[group] = _least(self._near[group], rows, distance, at, MOST_NEAR, values)

    def samples(self) -> list[Sample]:
        """What was chosen: rules that dropped most first, with files near to their limits, and any kept files."""
        order = sorted(self._n_dropped, key=lambda group: (-self._n_dropped[group], group))[:MOST_RULES]
        found = [Sample(group=group, row=row) for group in order for _, row in self._dropped[group]]
        found += [
            Sample(group=group, row=row, value=row["_value"])
            for group in order
            for distance, row in self._near.get(group, ())
            if distance <= 1
        ]
        return found + [Sample(group=None, row=row) for _, row in self._kept]


def _least(
    held: list[tuple[float, Mapping]], rows: pa.RecordBatch, key: np.ndarray, at: np.ndarray, most: int,
    values: np.ndarray | None = None,
) -> list[tuple[float, Mapping]]:  # fmt: skip
    """The rows with the least keys, of those held and those of a batch; file_id decides between equals."""
    if not len(at):
        return held
    bound = np.partition(key[at], min(most, len(at)) - 1)[min(most, len(at)) - 1]
    if len(held) == most and bound > held[-1][0] and key[at].min() > held[-1][0]:
        return held
    best = at[key[at] <= bound][: 16 * most]
    names = [name for name in rows.schema.names if name in _SHOWN]
    taken = rows.select(names).take(pa.array(best)).to_pylist()
    told = [None] * len(best) if values is None else values[best].tolist()
    new = [(float(key[place]), {**row, "_value": value}) for place, row, value in zip(best, taken, told, strict=True)]
    return sorted([*held, *new], key=lambda one: (one[0], one[1]["file_id"]))[:most]


_SHOWN = {
    "file_id", "content_id", "source", "path", "language", "size_bytes", "quality_score", "drop_stage", "drop_reason",
    "drop_value", "drop_text", "drop_limit", "duplicate_of", "similarity", "match",
}  # fmt: skip


def texts(run: Run, samples: Sequence[Sample]) -> list[Sample]:
    """Samples with the beginning of their text, or with the reason why there is none."""
    found: dict[str, tuple[str | None, str]] = {}
    done = []
    for one in samples:
        file_id = one.row["file_id"]
        if file_id not in found:
            found[file_id] = _text(run, one.row)
        text, without = found[file_id]
        shown = None if text is None else _beginning(text)
        done.append(replace(one, text=shown, is_cut=text is not None and shown != text.rstrip(), without=without))
    return done


def _text(run: Run, row: Mapping[str, Any]) -> tuple[str | None, str]:
    if row["drop_stage"] == "opt_out":
        return None, "opted out: its text is not shown"
    if row["content_id"] is None:
        return None, "never decoded"
    if (row["size_bytes"] or 0) > _MOST_BYTES:
        return None, "too large to be read again here"
    try:
        location = location_of(run.manifest.get("inputs", {}).get("roots", ()), row["source"]["uri"])
        if location is None:
            return None, "its source is not known"
        if is_url(location):
            return None, "it is not on this machine"
        if _is_inside(row) and status_of(location).size > _MOST_SCANNED:
            return None, "it lies in a large archive or data set"
        text = text_again(run, row)[1]
    except Exception as error:  # a source may be gone, changed or broken in any way; the page is written all the same
        return None, f"its source could not be read again ({type(error).__name__})"
    if text is None:
        return None, "its source is not there any more"
    shipped = as_shipped(text)
    return (None, "it has more that could be secret than is looked at") if shipped is None else (shipped, "")


def _is_inside(row: Mapping[str, Any]) -> bool:
    source = row["source"]
    return source["revision"] is None and (source["member"] is not None or source["row"] is not None)


def as_shipped(text: str) -> str | None:
    """A text with all secrets and personal data replaced; None where they cannot all be known."""
    content = pa.array([text], pa.large_string())
    columns = {"content": content, "content_id": pa.array([""]), "size_bytes": pc.binary_length(content)}
    done = Redact().measure(pa.RecordBatch.from_pydict(columns))
    return None if done.column("drop_reason")[0].is_valid else done.column("content")[0].as_py()


def _beginning(text: str) -> str:
    lines = text[:MOST_CHARS].splitlines()[:MOST_LINES]
    return "\n".join(line[:MOST_LINE_CHARS] for line in lines).rstrip()
