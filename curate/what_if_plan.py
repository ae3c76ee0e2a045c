"""What of a changed recipe a run's ledger can decide again, stage by stage, and what it cannot."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import pyarrow.parquet as pq
import yaml

from curate.errors import WrongUse
from curate.recipe import Recipe, load, parse
from curate.rules import Rule
from curate.schema import LEDGER
from curate.shards import Run
from curate.stage import Stage, Wide

Decides = Literal["rules", "licence", "similarity", "draw", "as_before", "nothing"]

DEDUP = ("exact", "simhash", "minhash")
"""Stages that drop a file because of another one that stays."""

_DECIDABLE: dict[str, set[str]] = {
    "read": {"pack_bytes", "task_bytes", "batch_bytes"}, "text": {"measure_all"}, "syntax": {"pairs", "facts"},
    "score": {"terms"}, "licence": {"allow"},
}  # fmt: skip
"""Settings beside rules and thresholds that the ledger can decide, and those that decide nothing."""

_WHOLE = ("resample", "layout")  # of which every setting can be decided again, or decides nothing
_CHANGE_CONTENT = ("read", "decode", "language", "redact", "segments")


@dataclass(frozen=True, kw_only=True)
class Step:
    """One stage of the new recipe, and how it is decided again."""

    stage: Stage
    before: Stage | None
    """The same stage of the run; None where the run did not have it."""
    place: int
    """Its place among the run's stages; of a new one, that of the stage before it. A file whose drop stands at or
    behind this place was measured here."""
    decides: Decides
    rules: dict[str, Rule]
    """Rules that are judged, without the texts that explain them."""
    unmeasured: dict[str, Rule]
    """Rules on signals of which the run measured none."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """The steps in the order in which files meet them, and a line for each change that is not decided."""

    steps: tuple[Step, ...]
    places: dict[str, int]
    """The run's stages by name, in the order in which they decide."""
    undecided: tuple[str, ...]
    compares: frozenset[str]
    """Those of them that compare files."""
    first_dedup: int | None
    """The place of the first stage that compares files in the run; None where it has none."""


def recipes(run: Run, recipe: str | Path | Recipe | None, settings: Iterable[str]) -> tuple[Recipe, Recipe]:
    """(the run's recipe, the new one); None is the run's own, with `settings` put over it."""
    told = {key: value for key, value in run.manifest["recipe"].items() if key != "hash"}
    try:
        before = parse(told, where=f"the recipe of {run.folder}")
    except WrongUse as error:
        raise WrongUse(f"{error}: the run was made by another version, or by lists that are gone; run again") from None
    if isinstance(recipe, Recipe):
        return before, recipe
    if recipe is not None:
        return before, load(recipe, settings)
    with tempfile.TemporaryDirectory() as folder:
        own = Path(folder) / f"{before.name}.yaml"
        own.write_text(yaml.safe_dump(before.as_dict(), sort_keys=False, allow_unicode=True), encoding="utf-8")
        try:
            return before, load(own, settings)
        except WrongUse as error:
            raise WrongUse(str(error).replace(str(own), before.name)) from None


def plan(run: Run, before: Recipe, after: Recipe) -> Plan:
    """How files of a run are decided again by another recipe."""
    old = {stage.name: stage for stage in _in_order(before)}
    places = {name: place for place, name in enumerate(old)}
    undecided: list[str] = []
    steps: list[Step] = []
    stages = _in_order(after)
    for name, stage in old.items():
        if name in _CHANGE_CONTENT and name not in {one.name for one in stages}:
            undecided.append(f"stage {name} is left out, which changes what is measured: taken as in the run")
            behind = [number for number, one in enumerate(stages, 1) if places.get(one.name, len(old)) < places[name]]
            stages.insert(max(behind, default=0), stage)
    place = -1
    for stage in stages:
        earlier = old.get(stage.name)
        place = places.get(stage.name, place)
        undecided += _undecided(stage, earlier)
        steps.append(_step(stage, earlier, place))
    common = [stage.name for stage in stages if stage.name in old]
    if common != [name for name in old if name in common]:
        undecided.append("the order of stages is another one: signals are those of the run's order")
    steps = _without_measures(run, steps)
    dedup = [places[name] for name in DEDUP if name in places]
    return Plan(
        steps=tuple(steps), places=places, undecided=tuple(undecided), first_dedup=min(dedup, default=None),
        compares=frozenset(stage.name for stage in before.wide),
    )  # fmt: skip


def _in_order(recipe: Recipe) -> list[Stage]:
    """Stages in the order in which they decide: those that look into files, then those that compare them."""
    narrow = [stage for stage in recipe.stages if not isinstance(stage, Wide)]
    return [*narrow, *recipe.wide]


def has_rules(stage: Stage) -> bool:
    """Whether a stage drops by limits on signals; the rules of `datalog` are none."""
    return isinstance(getattr(stage, "rules", None), dict)


def rules_of(stage: Stage | None) -> dict[str, Rule]:
    """The limits of a stage on signals, by their names."""
    return getattr(stage, "rules", {}) if stage is not None and has_rules(stage) else {}


def _step(stage: Stage, earlier: Stage | None, place: int) -> Step:
    rules = {name: rule.model_copy(update={"told_by": None}) for name, rule in rules_of(stage).items()}
    decides: Decides = "as_before"
    if stage.name == "layout" or (earlier is None and stage.name != "resample" and not has_rules(stage)):
        decides = "nothing"
    elif has_rules(stage):
        decides = "rules"
    elif stage.name == "licence":
        decides = "licence"
    elif stage.name == "resample":
        decides = "draw"
    elif stage.name in ("simhash", "minhash") and _raised(stage, earlier):
        decides = "similarity"
    return Step(stage=stage, before=earlier, place=place, decides=decides, rules=rules, unmeasured={})


def _raised(stage: Any, earlier: Any) -> bool:
    return stage.min_similarity > earlier.min_similarity and not earlier.closure


def _undecided(stage: Stage, earlier: Stage | None) -> list[str]:
    """A line for each change of a stage that the ledger cannot decide."""
    if stage.name in _WHOLE:
        return []
    if earlier is None:
        return [] if has_rules(stage) else [f"stage {stage.name} is new: taken to drop nothing, which is not known"]
    was, now = (one.model_dump(mode="json") for one in (earlier, stage))
    lines = []
    for field in now:
        if was[field] == now[field] or field.endswith("_sha256"):
            continue
        known = field in _DECIDABLE.get(stage.name, ()) or (field == "rules" and has_rules(stage))
        if field == "min_similarity" and stage.name in ("simhash", "minhash"):
            known = _raised(stage, earlier)
        if not known:
            lines.append(
                f"stages.{stage.name}.{field} is {_short(now[field])} and was {_short(was[field])}: taken as in the run"
            )
    return lines


def _short(value: Any) -> str:
    text = str(value)
    return text if len(text) <= 40 else f"{text[:37]}..."


def _without_measures(run: Run, steps: list[Step]) -> list[Step]:
    """Steps with rules on what the run never measured set apart: null means `does not apply` elsewhere."""
    asked = {
        rule.signal
        for step in steps
        for rule in step.rules.values()
        if rule.signal not in {*LEDGER.names, *_signals_of(step.before)} and step.stage.name != "score"
    }
    missing = asked - measured(run, asked)
    if any(step.before is None and step.stage.name == "text" for step in steps):
        missing.add("n_lines")
    return [
        Step(
            stage=step.stage, before=step.before, place=step.place, decides=step.decides,
            rules={name: rule for name, rule in step.rules.items() if rule.signal not in missing},
            unmeasured={name: rule for name, rule in step.rules.items() if rule.signal in missing},
        )
        for step in steps
    ]  # fmt: skip


def _signals_of(stage: Stage | None) -> set[str]:
    """The signals that a stage's rules name."""
    return {rule.signal for rule in rules_of(stage).values()}


def measured(run: Run, signals: Iterable[str]) -> set[str]:
    """Those signals that are not null in every row of the ledger, by its files' footers."""
    left, found = set(signals), set()
    for path in run.files("ledger/") if left else ():
        footer = pq.read_metadata(path)
        columns = {footer.schema.column(place).path: place for place in range(footer.num_columns)}
        for group in range(footer.num_row_groups):
            row_group = footer.row_group(group)
            for name in sorted(name for name in left if f"signals.{name}" in columns):
                told = row_group.column(columns[f"signals.{name}"]).statistics
                if told is None or told.null_count is None or told.null_count < row_group.num_rows:
                    found.add(name)
            left -= found
        if not left:
            break
    return found
