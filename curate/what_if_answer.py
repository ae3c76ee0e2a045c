"""what-if: the files and bytes that a run would have gained and lost by another recipe, from its ledger alone.

Exact for changed limits on signals: a file is judged by the new rules in the order of the new recipe, on what the run
measured. A file that the run dropped early was not measured by later stages: where it would reach one of them now, the
answer is `unmeasured`. The draw of `resample` is held again over all files that reach it. Of duplicates the ledger has
one witness each: at a higher threshold a file whose witness is below it comes back, and one whose witness is no longer
compared is in doubt.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from curate.recipe import Recipe
from curate.shards import Run
from curate.stages.resample import Groups, Resample
from curate.what_if_plan import Plan, plan, recipes
from curate.what_if_verdicts import (
    DROPPED,
    KEPT,
    Decided,
    Verdict,
    Verdicts,
    batches,
    bins,
    decide,
    hash_ids,
)

CHANGES = ("lost", "gained", "in doubt", "unmeasured", "told otherwise")
"""lost: kept, and dropped now by the rule named. gained: the other way round, with the rule that it was dropped by.
in doubt, unmeasured: what the ledger cannot tell. told otherwise: dropped, and now by the rule named."""


@dataclass(frozen=True, kw_only=True)
class WhatIf:
    """What another recipe would change. Amounts are {"files": n, "bytes": n}."""

    before: dict[str, int]
    after: dict[str, int]
    """Kept for certain: without what is in doubt or unmeasured."""
    totals: dict[str, dict[str, int]]
    """An amount for each of CHANGES."""
    rows: list[dict[str, Any]]
    """change, stage, reason, language, files, bytes; in the order of CHANGES, most files first."""
    notes: list[str]
    """What was not decided, and where the numbers are bounds."""

    def as_dict(self) -> dict[str, Any]:
        """All of it, for JSON."""
        return dict(vars(self))


def what_if(run: Run, recipe: str | Path | Recipe | None = None, settings: Iterable[str] = ()) -> WhatIf:
    """A run decided again by a recipe (None: its own) with `settings` put over it, as --set has them.

    Reads the ledger once or twice, in batches; besides it holds eight bytes for every file that is no longer compared.
    WrongUse where the recipe is none, or the run's own cannot be read by this version.
    """
    before, after = recipes(run, recipe, settings)
    planned = plan(run, before, after)
    tally = _Tally()
    lost = _lost(run, planned)
    stage = next((step.stage for step in planned.steps if step.decides == "draw"), None)
    for rows in batches(run, planned):
        tally.add(decide(rows, planned, tally.verdicts, lost), stage)
    if isinstance(stage, Resample):
        tally.hold_draw(stage)
    return _answer(tally, planned)


def _lost(run: Run, planned: Plan) -> np.ndarray:
    """hash_ids, sorted, of the files that the run's stages compared and that go before these now."""
    parts = [np.zeros(0, np.uint64)]
    if planned.first_dedup is not None:
        verdicts = Verdicts()
        for rows in batches(run, planned):
            found = decide(rows, planned, verdicts, parts[0])
            goes = (found.place >= planned.first_dedup) & (found.decided_at < planned.first_dedup)
            if goes.any():
                parts.append(hash_ids(rows.column("file_id").filter(pa.array(goes))))
    return np.sort(np.concatenate(parts))


@dataclass
class _Tally:
    """Files and bytes by (verdict before, verdict now, language), and of those that meet the draw by place in it."""

    verdicts: Verdicts = field(default_factory=Verdicts)
    settled: dict[tuple[int, int, str], np.ndarray] = field(default_factory=lambda: defaultdict(_none))
    drawn: dict[tuple[int, int, str, str], dict[int, np.ndarray]] = field(default_factory=dict)

    def add(self, found: Decided, stage: Any) -> None:
        """Count a batch."""
        at = np.flatnonzero(~found.drawn)
        languages = found.rows.column("language").fill_null("not detected")
        sizes = found.rows.column("size_bytes").fill_null(0).to_numpy(zero_copy_only=False)
        keys = [found.before, found.after, _codes(languages)]
        names = languages.dictionary_encode().dictionary.to_pylist()
        for (was, now, language), amount in _amounts([key[at] for key in keys], sizes[at]):
            self.settled[was, now, names[language]] += amount
        at = np.flatnonzero(found.drawn)
        if len(at):
            rows = found.rows.take(pa.array(at))
            domains = stage.measure(rows.select(["language", "han_fraction"])).column("domain")
            kinds = domains.dictionary_encode().dictionary.to_pylist()
            places = bins(rows.column("content_id"), stage.seed)
            told = [key[at] for key in keys] + [_codes(domains), places]
            for (was, now, language, kind, place), amount in _amounts(told, sizes[at]):
                group = self.drawn.setdefault((was, now, names[language], kinds[kind]), {})
                group[place] = group.get(place, _none()) + amount

    def hold_draw(self, stage: Resample) -> None:
        """Settle what meets the draw: below its group's limit a file stays, if nothing behind the draw drops it."""
        merged: dict[tuple[str, str, int], np.ndarray] = defaultdict(_none)
        for (_, _, language, domain), places in self.drawn.items():
            for place, amount in places.items():
                merged[language, domain, place] += amount
        rows = [
            {"language": language, "domain": domain, "bin": place, "n_files": int(files), "n_bytes": int(n_bytes)}
            for (language, domain, place), (files, n_bytes) in sorted(merged.items())
        ]
        limits, reasons = Groups(rows, stage).limits()
        for (was, now, language, domain), places in self.drawn.items():
            limit, reason = limits[language, domain], reasons[language, domain] or ""
            for place, amount in places.items():
                after = now if place < limit else self.verdicts.number(DROPPED, stage.name, reason)
                self.settled[was, after, language] += amount


def _none() -> np.ndarray:
    return np.zeros(2, np.int64)


def _codes(column: pa.Array) -> np.ndarray:
    return column.dictionary_encode().indices.to_numpy(zero_copy_only=False)


def _amounts(keys: list[np.ndarray], sizes: np.ndarray) -> Iterator[tuple[tuple[int, ...], np.ndarray]]:
    """(key, [files, bytes]) for each combination of keys."""
    if not len(sizes):
        return
    found, at, n_files = np.unique(np.stack(keys), axis=1, return_inverse=True, return_counts=True)
    n_bytes = np.zeros(len(n_files), np.int64)
    np.add.at(n_bytes, at.reshape(-1), sizes.astype(np.int64))
    for column, files, amount in zip(found.T.tolist(), n_files, n_bytes, strict=True):
        yield tuple(column), np.array([files, amount], np.int64)


def _answer(tally: _Tally, planned: Plan) -> WhatIf:
    rows: dict[tuple[str, str, str, str], np.ndarray] = defaultdict(_none)
    before, after = _none(), _none()
    for (was, now, language), amount in tally.settled.items():
        old, new = tally.verdicts.known[was], tally.verdicts.known[now]
        before += amount * (old[0] == KEPT)
        after += amount * (new[0] == KEPT)
        change, told = _change(old, new)
        if change is not None:
            rows[change, told[1], told[2], language] += amount
    listed: list[dict[str, Any]] = [
        {"change": change, "stage": stage, "reason": reason, "language": language, **_plain(amount)}
        for (change, stage, reason, language), amount in rows.items()
    ]
    listed.sort(
        key=lambda row: (CHANGES.index(row["change"]), -row["files"], row["stage"], row["reason"], row["language"])
    )
    totals = {
        change: {unit: sum(row[unit] for row in listed if row["change"] == change) for unit in ("files", "bytes")}
        for change in CHANGES
    }
    notes = [*planned.undecided, *_bounds(tally, planned, totals)]
    return WhatIf(before=_plain(before), after=_plain(after), totals=totals, rows=listed, notes=notes)


def _change(old: Verdict, new: Verdict) -> tuple[str | None, Verdict]:
    """What changed, and the verdict whose rule it is told under."""
    if new[0] == DROPPED:
        return (None, new) if old == new else ("lost" if old[0] == KEPT else "told otherwise", new)
    if new[0] == KEPT:
        return (None, new) if old[0] == KEPT else ("gained", old)
    return new[0], new if old[0] == KEPT else old


def _bounds(tally: _Tally, planned: Plan, totals: dict[str, dict[str, int]]) -> list[str]:
    """Where the numbers are no exact ones, in words."""
    notes = []
    for step in planned.steps:
        if step.decides == "similarity":
            back = sum(
                int(amount[0])
                for (was, now, _), amount in tally.settled.items()
                if tally.verdicts.known[was][:2] == (DROPPED, step.stage.name)
                and tally.verdicts.known[now][0] != DROPPED
            )
            notes.append(
                f"{step.stage.name}: at most {back:,} files come back: the ledger has one witness of each, another may "
                f"be as similar as is asked now, and what comes back may displace others"
            )
        for name, rule in step.unmeasured.items():
            notes.append(f"{step.stage.name}.{name} asks for {rule.signal}, which the run never measured")
    if totals["in doubt"]["files"]:
        notes.append(
            f"{totals['in doubt']['files']:,} files are in doubt: duplicates of a file that would go now, some of "
            f"which would stand in its place, or files whose size changed after it was judged"
        )
    if totals["unmeasured"]["files"]:
        notes.append(f"unmeasured: {totals['unmeasured']['files']:,} files, which only a run can decide")
    drawn = any(step.decides == "draw" for step in planned.steps)
    if drawn and (totals["in doubt"]["files"] or totals["unmeasured"]["files"]):
        notes.append("the draw of resample was held without what is in doubt or unmeasured")
    return notes


def _plain(amount: np.ndarray) -> dict[str, int]:
    return {"files": int(amount[0]), "bytes": int(amount[1])}
