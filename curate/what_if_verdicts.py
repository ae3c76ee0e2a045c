"""Batches of a ledger, decided again by a plan: no file is read, and nothing is measured."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from dataclasses import field as of
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import xxhash

from analyzers.licences.expression import licence_class
from curate.narrow import ANALYSIS_ERROR
from curate.rules import Rule, judge
from curate.schema import SIGNALS
from curate.shards import Run
from curate.stages.resample import BINS
from curate.what_if_plan import DEDUP, Plan, Step, rules_of

# States of a file under the new recipe. A verdict is a state with the stage and reason that it is told under.
KEPT, DROPPED, UNMEASURED, IN_DOUBT = "kept", "dropped", "unmeasured", "in doubt"
Verdict = tuple[str, str, str]

BATCH_ROWS = 131_072
_OPEN = -1  # not decided yet
_TOP = (
    "file_id", "content_id", "language", "licence", "size_bytes", "n_lines", "quality_score", "drop_stage",
    "drop_reason", "duplicate_of", "similarity", "match",
)  # fmt: skip


@dataclass
class Verdicts:
    """Verdicts by number, so that a batch holds them in arrays."""

    known: list[Verdict] = of(default_factory=lambda: [(KEPT, "", "")])
    numbers: dict[Verdict, int] = of(default_factory=lambda: {(KEPT, "", ""): 0})

    def number(self, state: str, stage: str = "", reason: str = "") -> int:
        """The number of a verdict, which is a new one where it is not known yet."""
        verdict = (state, stage, reason)
        if verdict not in self.numbers:
            self.numbers[verdict] = len(self.known)
            self.known.append(verdict)
        return self.numbers[verdict]


@dataclass(kw_only=True)
class Decided:
    """A batch with the verdict that each row had and the one that it gets; both by number."""

    rows: pa.RecordBatch
    before: np.ndarray
    after: np.ndarray
    drawn: np.ndarray
    """bool: the row meets the draw of `resample`, and `after` is its verdict if it stays there."""
    place: np.ndarray
    """The place of the stage that dropped it in the run; that of none, behind all, where it was kept."""
    decided_at: np.ndarray
    """The place of the stage that gives the new verdict; behind all where none does."""


def batches(run: Run, plan: Plan) -> Iterator[pa.RecordBatch]:
    """The ledger's rows with the columns that a plan needs, signals among them."""
    wanted = {rule.signal for step in plan.steps for rule in (*step.rules.values(), *step.unmeasured.values())}
    for step in plan.steps:
        if step.stage.name in ("score", "resample"):
            wanted |= set(step.stage.reads)
    columns = {name: pc.field(name) for name in _TOP}
    ledger = run.ledger
    there = {field.name for field in ledger.schema.field("signals").type}
    columns |= {name: pc.field("signals", name) for name in SIGNALS.names if name in wanted & there}
    columns["n_segments_removed"] = pc.list_value_length(pc.field("segments_removed"))
    missing = [field for field in SIGNALS if field.name in wanted - there]  # of an earlier version
    for rows in ledger.to_batches(columns=columns, batch_size=BATCH_ROWS):
        for field in missing:
            rows = rows.append_column(field.name, pa.nulls(rows.num_rows, field.type))
        yield rows


def decide(rows: pa.RecordBatch, plan: Plan, verdicts: Verdicts, lost: np.ndarray) -> Decided:
    """New verdicts of a batch. `lost` are the sorted hash_ids of files that are compared no more: what was dropped
    because of one of them is in doubt."""
    place, before = _before(rows, plan, verdicts)
    found = Decided(
        rows=rows, before=before, after=np.full(rows.num_rows, _OPEN), place=place,
        drawn=np.zeros(rows.num_rows, bool), decided_at=np.full(rows.num_rows, len(plan.places)),
    )  # fmt: skip
    for step in plan.steps:
        undecided = found.after == _OPEN
        if not undecided.any():
            break
        _STEPS[step.decides](found, undecided, step, verdicts, lost)
    found.after[found.after == _OPEN] = verdicts.number(KEPT)
    return found


def hash_ids(ids: pa.Array) -> np.ndarray:
    """64 bits of every file_id: eight bytes a file instead of its text."""
    return pd.util.hash_array(ids.to_numpy(zero_copy_only=False).astype(object), categorize=False)


def bins(content_ids: pa.Array, seed: int) -> np.ndarray:
    """The place of every content in the draw of `resample`, 0 to BINS - 1: Spark's xxhash64 of content_id and seed."""
    size = 4 if -(1 << 31) <= seed < 1 << 31 else 8  # Spark hashes an int or a long
    tail = seed.to_bytes(size, "little", signed=True)
    hashed = (
        xxhash.xxh64_intdigest(tail, xxhash.xxh64_intdigest(one, 42))
        for one in content_ids.cast(pa.binary()).to_pylist()
    )
    return np.fromiter((value * BINS >> 64 for value in hashed), np.int64, len(content_ids))


def _before(rows: pa.RecordBatch, plan: Plan, verdicts: Verdicts) -> tuple[np.ndarray, np.ndarray]:
    stages, reasons = (rows.column(name).to_numpy(zero_copy_only=False) for name in ("drop_stage", "drop_reason"))
    place = np.full(rows.num_rows, len(plan.places))
    before = np.full(rows.num_rows, verdicts.number(KEPT))
    gone = rows.column("drop_stage").is_valid().to_numpy(zero_copy_only=False)
    for stage, reason in {(stages[row], reasons[row]) for row in np.flatnonzero(gone)}:
        same = (stages == stage) & (reasons == reason)
        before[same] = verdicts.number(DROPPED, stage, reason)
        # What a stage that compares files could not measure met no further stage, wherever that one decides.
        failed = stage in plan.compares and reason == ANALYSIS_ERROR
        place[same] = 0 if failed else plan.places.get(stage, 0)
    return place, before


def _settle(found: Decided, rows: np.ndarray, number: int | np.ndarray, step: Step) -> None:
    found.after[rows] = number if isinstance(number, int) else number[rows]
    found.decided_at[rows] = max(step.place, 0)


def _unmeasured(found: Decided, open_: np.ndarray, step: Step, verdicts: Verdicts) -> np.ndarray:
    """Sets apart rows that never came as far as this stage; gives those that did."""
    short = open_ & (found.place < step.place)
    _settle(found, short, verdicts.number(UNMEASURED, step.stage.name), step)
    return open_ & ~short


def _as_before(found: Decided, open_: np.ndarray, step: Step, verdicts: Verdicts, lost: np.ndarray) -> None:
    """What the stage dropped stays dropped, what passed it passes; a duplicate of a file that is lost is in doubt."""
    there = _unmeasured(found, open_, step, verdicts)
    here = there & (found.place == step.place)
    if step.stage.name in DEDUP:
        doubted = here & _of_lost(found.rows, lost)
        _settle(found, doubted, verdicts.number(IN_DOUBT, step.stage.name), step)
        here &= ~doubted
    _settle(found, here, found.before, step)


def _of_lost(rows: pa.RecordBatch, lost: np.ndarray) -> np.ndarray:
    """Whether a row's keeper is lost; one of an earlier run (`match`) never is."""
    own = pc.and_(rows.column("duplicate_of").is_valid(), rows.column("match").is_null())
    answer = np.zeros(rows.num_rows, bool)
    places = np.flatnonzero(own.to_numpy(zero_copy_only=False))
    if len(lost) and len(places):
        keepers = hash_ids(rows.column("duplicate_of").take(pa.array(places)))
        at = np.minimum(np.searchsorted(lost, keepers), len(lost) - 1)
        answer[places] = lost[at] == keepers
    return answer


def _similarity(found: Decided, open_: np.ndarray, step: Step, verdicts: Verdicts, lost: np.ndarray) -> None:
    """A higher threshold: files below it come back."""
    there = _unmeasured(found, open_, step, verdicts)
    similarity = found.rows.column("similarity").fill_null(1.0).to_numpy(zero_copy_only=False)
    back = there & (found.place == step.place) & (similarity < step.stage.min_similarity - 1e-9)  # type: ignore[attr-defined]
    _as_before(found, there & ~back, step, verdicts, lost)


def _rules(found: Decided, open_: np.ndarray, step: Step, verdicts: Verdicts, _: np.ndarray) -> None:
    """The stage's rules as they are now, on signals as they were measured."""
    drops_nothing = step.stage.name == "score" and not (step.rules or step.unmeasured)
    there = open_ if drops_nothing else _unmeasured(found, open_, step, verdicts)
    if step.before is not None:
        there = _kept_errors(found, there, step)
    at = np.flatnonzero(there)
    if not len(at) or drops_nothing:
        return
    rows = found.rows.take(pa.array(at))
    if step.stage.name == "score":
        rows = step.stage.measure(rows.select([name for name in rows.schema.names if name in step.stage.reads]))
        rows = rows.select([name for name in rows.schema.names if not name.startswith("drop_")])
    reasons = judge(rows, step.rules)["drop_reason"].to_numpy(zero_copy_only=False)
    for reason in {one for one in reasons if one is not None}:
        _put(found, at[reasons == reason], verdicts.number(DROPPED, step.stage.name, reason), step)
    changed = _changed_size(found, step, at) & (reasons == None)  # noqa: E711  elementwise
    _put(found, at[changed], verdicts.number(IN_DOUBT, step.stage.name), step)
    at = at[(reasons == None) & ~changed]  # noqa: E711
    for name, rule in step.unmeasured.items():
        applies = _applies(rule, found.rows.column("language").take(pa.array(at)))
        _put(found, at[applies], verdicts.number(UNMEASURED, step.stage.name, name), step)
        at = at[~applies]


def _put(found: Decided, at: np.ndarray, number: int, step: Step) -> None:
    found.after[at] = number
    found.decided_at[at] = max(step.place, 0)


def _kept_errors(found: Decided, there: np.ndarray, step: Step) -> np.ndarray:
    """What the stage dropped for another reason than a rule (it could not be analysed) stays dropped."""
    own = pa.array([name for name in rules_of(step.before) if name != ANALYSIS_ERROR], pa.string())
    of_rule = pc.is_in(found.rows.column("drop_reason"), own).to_numpy(zero_copy_only=False)
    stays = there & (found.place == step.place) & ~of_rule
    _settle(found, stays, found.before, step)
    return there & ~stays


def _changed_size(found: Decided, step: Step, at: np.ndarray) -> np.ndarray:
    """Rows whose size is not the one that was judged: segments were removed later, and a rule on size has changed."""
    was: Mapping[str, Rule] = {
        name: rule.model_copy(update={"told_by": None}) for name, rule in rules_of(step.before).items()
    }
    asks = any(rule.signal in ("size_bytes", "n_lines") and was.get(name) != rule for name, rule in step.rules.items())
    removed = found.rows.column("n_segments_removed").fill_null(0).to_numpy(zero_copy_only=False)[at] > 0
    return removed if asks else np.zeros(len(at), bool)


def _applies(rule: Rule, languages: pa.Array) -> np.ndarray:
    return np.array([rule.applies_to(language) for language in languages.to_pylist()], bool)


def _licence(found: Decided, open_: np.ndarray, step: Step, verdicts: Verdicts, _: np.ndarray) -> None:
    """Kinds of licence that are allowed, as the ledger has each file's licence."""
    allow = step.stage.allow  # type: ignore[attr-defined]
    there = open_ if allow is None else _unmeasured(found, open_, step, verdicts)
    if allow is None:
        return
    licences = found.rows.column("licence").dictionary_encode()
    kinds = [licence_class(one) for one in licences.dictionary.to_pylist()]
    codes = licences.indices.fill_null(len(kinds)).to_numpy(zero_copy_only=False)
    kind_of = np.array([*kinds, licence_class(None)], object)[codes]
    for kind in sorted(set(kind_of) - set(allow)):
        _settle(found, there & (kind_of == kind), verdicts.number(DROPPED, step.stage.name, f"licence_{kind}"), step)


def _draw(found: Decided, open_: np.ndarray, step: Step, verdicts: Verdicts, _: np.ndarray) -> None:
    """Whoever comes so far meets the draw, which is held when all are counted."""
    found.drawn |= open_


def _nothing(found: Decided, open_: np.ndarray, step: Step, verdicts: Verdicts, _: np.ndarray) -> None:
    """A stage that drops nothing, or of which the run knows nothing."""


_STEPS: Mapping[str, Any] = {
    "rules": _rules, "licence": _licence, "similarity": _similarity, "draw": _draw, "as_before": _as_before,
    "nothing": _nothing,
}  # fmt: skip
