"""Recipes: an ordered list of stages with their settings, from YAML, checked before anything runs."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib import resources
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from curate.errors import WrongUse
from curate.stage import Stage, Wide, check_contracts
from curate.stages import STAGES

DEFAULT = "codefuse"


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """A checked recipe. `stages` are in the order in which files meet them."""

    name: str
    description: str
    seed: int
    stages: tuple[Stage, ...]

    @property
    def wide(self) -> tuple[Wide, ...]:
        """The stages that compare files, in order."""
        return tuple(stage for stage in self.stages if isinstance(stage, Wide))

    def stage(self, name: str) -> Any:
        """The stage of that name, or one with default settings where the recipe leaves it out."""
        return next((stage for stage in self.stages if stage.name == name), None) or STAGES[name]()

    @cached_property
    def hash(self) -> str:
        """sha256 over everything that can change the output."""
        return hashlib.sha256(json.dumps(self.as_dict(), sort_keys=True).encode()).hexdigest()

    def as_dict(self) -> dict[str, Any]:
        """The recipe with every setting spelt out, ready for YAML or JSON."""
        stages = [{stage.name: stage.model_dump(mode="json")} for stage in self.stages]
        return {"name": self.name, "description": self.description, "seed": self.seed, "stages": stages}


def names() -> list[str]:
    """The recipes that come with codemill."""
    folder = resources.files("curate.recipes")
    return sorted(item.name.removesuffix(".yaml") for item in folder.iterdir() if item.name.endswith(".yaml"))


def load(recipe: str | Path, settings: Iterable[str] = ()) -> Recipe:
    """A shipped recipe by name, or one from a YAML file, with `stages.NAME.FIELD=VALUE` settings put over it."""
    raw = _read(recipe)
    for setting in settings:
        _put(raw, setting)
    return parse(raw, where=str(recipe))


def parse(raw: Any, *, where: str) -> Recipe:
    """A recipe from parsed YAML. WrongUse names the field, the value and what is allowed."""
    if not isinstance(raw, Mapping) or not isinstance(raw.get("stages"), Sequence):
        raise WrongUse(f"{where}: a recipe is a mapping with a list of `stages`")
    if unknown := set(raw) - {"name", "description", "seed", "stages"}:
        raise WrongUse(
            f"{where}: {sorted(unknown)[0]!r} is no field of a recipe; it has name, description, seed and stages"
        )
    seed = raw.get("seed", 0)
    if not isinstance(seed, int):
        raise WrongUse(f"{where}: seed is {seed!r} and must be a whole number")
    stages = tuple(_stage(entry, seed, where) for entry in raw["stages"])
    order = [stage.name for stage in stages]
    if order[:1] != ["read"]:
        raise WrongUse(f"{where}: the first stage must be `read`, not {order[0] if order else 'missing'!r}")
    for name in order:
        if order.count(name) > 1:
            raise WrongUse(f"{where}: stage {name!r} stands there {order.count(name)} times and may stand once")
    check_contracts(stages)
    return Recipe(
        name=str(raw.get("name", Path(where).stem)),
        description=str(raw.get("description", "")).strip(),
        seed=seed,
        stages=stages,
    )


def _read(recipe: str | Path) -> Any:
    name = str(recipe)
    if name in names():
        text = (resources.files("curate.recipes") / f"{name}.yaml").read_text(encoding="utf-8")
    elif Path(name).is_file():
        text = Path(name).read_text(encoding="utf-8")
    else:
        raise WrongUse(f"no recipe {name!r}: name one of {', '.join(names())}, or a YAML file")
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise WrongUse(f"{name}: not valid YAML: {' '.join(str(error).split())}") from None


def _put(raw: Any, setting: str) -> None:
    """Carry out one `stages.NAME.FIELD[.FIELD]=VALUE`, in place; VALUE is YAML."""
    key, equals, text = setting.partition("=")
    parts = key.split(".")
    if not equals or (len(parts) < 2 and parts != ["seed"]):
        raise WrongUse(f"--set {setting!r}: write stages.NAME.FIELD=VALUE, as in stages.text.rules.lines.max=5000")
    value = yaml.safe_load(text)
    if parts == ["seed"]:
        raw["seed"] = value
        return
    entry = next((entry for entry in raw["stages"] if _name(entry) == parts[1]), None) if parts[0] == "stages" else None
    if entry is None or len(parts) < 3:
        known = ", ".join(_name(entry) for entry in raw["stages"])
        raise WrongUse(f"--set {setting!r}: no such place; this recipe has the stages {known}")
    at = raw["stages"].index(entry)
    fields = dict(entry[parts[1]] or {}) if isinstance(entry, Mapping) else {}
    raw["stages"][at] = {parts[1]: fields}
    for part in parts[2:-1]:
        inner = fields.get(part)
        fields[part] = dict(inner) if isinstance(inner, Mapping) else {}
        fields = fields[part]
    fields[parts[-1]] = value


def _name(entry: Any) -> str:
    return next(iter(entry)) if isinstance(entry, Mapping) and entry else str(entry)


def _stage(entry: Any, seed: int, where: str) -> Stage:
    name = _name(entry)
    if name not in STAGES:
        raise WrongUse(f"{where}: no stage {name!r}; there are {', '.join(STAGES)}")
    fields = dict(entry[name] or {}) if isinstance(entry, Mapping) else {}
    if "seed" in STAGES[name].model_fields:
        fields.setdefault("seed", seed)
    try:
        return STAGES[name](**fields)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(["stages", name, *map(str, first["loc"])])
        given = f" (given {first['input']!r})" if first["type"] != "missing" else ""
        fields_text = f"; fields: {', '.join(STAGES[name].model_fields)}" if first["type"] == "extra_forbidden" else ""
        raise WrongUse(f"{where}: {place}: {first['msg'].removeprefix('Value error, ')}{given}{fields_text}") from None
