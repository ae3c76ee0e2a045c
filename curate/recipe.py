"""Recipes: an ordered list of stages with their settings, from YAML, checked before anything runs."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
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

# Columns that every shard needs, and the stage that writes each.
_NEEDED = {"content": "decode", "language": "language"}


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
    where = str(recipe)
    raw = _shaped(_read(where), where)
    for setting in settings:
        _put(raw, setting)
    return parse(raw, where=where)


def parse(raw: Any, *, where: str) -> Recipe:
    """A recipe from parsed YAML. WrongUse names the field, the value and what is allowed."""
    raw = _shaped(raw, where)
    seed = raw.get("seed", 0)
    if not isinstance(seed, int) or isinstance(seed, bool):
        raise WrongUse(f"{where}: seed is {seed!r} and must be a whole number")
    stages = tuple(_stage(name, fields, seed, where) for entry in raw["stages"] for name, fields in entry.items())
    _check_order([stage.name for stage in stages], where)
    check_contracts(stages)
    written = {column for stage in stages for column in stage.writes}
    for column, name in _NEEDED.items():
        if column not in written:
            raise WrongUse(f"{where}: shards need the column {column!r} and no stage writes it: add `- {name}`")
    return Recipe(
        name=str(raw.get("name", Path(where).stem)),
        description=str(raw.get("description", "")).strip(),
        seed=seed,
        stages=stages,
    )


class _Loader(yaml.SafeLoader):
    """Safe YAML in which a key that stands twice in one mapping is an error: YAML lets the last one win in silence."""

    def compose_mapping_node(self, anchor: Any) -> yaml.MappingNode:
        node = super().compose_mapping_node(anchor)
        keys = [key.value for key, _ in node.value if isinstance(key, yaml.ScalarNode) and key.value != "<<"]
        for key in keys:
            if keys.count(key) > 1:
                raise yaml.MarkedYAMLError(problem=f"{key!r} stands there twice", problem_mark=node.start_mark)
        return node


def _read(name: str) -> Any:
    if name in names():
        text = (resources.files("curate.recipes") / f"{name}.yaml").read_bytes()
    elif Path(name).is_file():
        text = Path(name).read_bytes()
    else:
        raise WrongUse(f"no recipe {name!r}: name one of {', '.join(names())}, or a YAML file")
    return _yaml(text, name)


def _yaml(text: str | bytes, where: str) -> Any:
    try:
        return yaml.load(text, _Loader)
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise WrongUse(f"{where}: not valid YAML: {' '.join(str(error).split())}") from None


def _shaped(raw: Any, where: str) -> dict[str, Any]:
    """A recipe's fields, with every item of `stages` as one name and a mapping of settings, to be written into."""
    if not isinstance(raw, Mapping) or not isinstance(raw.get("stages"), (list, tuple)):
        raise WrongUse(f"{where}: a recipe is a mapping with a list of `stages`")
    if unknown := set(raw) - {"name", "description", "seed", "stages"}:
        raise WrongUse(
            f"{where}: {min(unknown, key=str)!r} is no field of a recipe; it has name, description, seed and stages"
        )
    return {**raw, "stages": [_entry(entry, where) for entry in raw["stages"]]}


def _entry(entry: Any, where: str) -> dict[str, dict[str, Any]]:
    if isinstance(entry, str):
        return {entry: {}}
    if isinstance(entry, Mapping) and len(entry) == 1:
        name, fields = next(iter(entry.items()))
        if fields is None or (isinstance(fields, Mapping) and all(isinstance(field, str) for field in fields)):
            return {str(name): dict(fields or {})}
    raise WrongUse(f"{where}: {str(entry)[:80]} is no stage: write `- NAME` or `- NAME: {{FIELD: VALUE}}`, one an item")


def _check_order(order: list[str], where: str) -> None:
    if order[:1] != ["read"]:
        found = f"is {order[0]!r}" if order else "there is none"
        raise WrongUse(f"{where}: the first stage must be `read`, and {found}")
    for name in order:
        if order.count(name) > 1:
            raise WrongUse(f"{where}: stage {name!r} stands there {order.count(name)} times and may stand once")


def _put(raw: Any, setting: str) -> None:
    """Carry out one `stages.NAME.FIELD[.FIELD]=VALUE`, in place; VALUE is YAML."""
    key, equals, text = setting.partition("=")
    parts = key.split(".")
    if not equals or (len(parts) < 2 and parts != ["seed"]):
        raise WrongUse(f"--set {setting!r}: write stages.NAME.FIELD=VALUE, as in stages.text.rules.lines.max=5000")
    value = _yaml(text, f"--set {setting!r}")
    if parts == ["seed"]:
        raw["seed"] = value
        return
    stages = {name: fields for entry in raw["stages"] for name, fields in entry.items()}
    if parts[0] != "stages" or parts[1] not in stages or len(parts) < 3:
        raise WrongUse(f"--set {setting!r}: no such place; this recipe has the stages {', '.join(stages)}")
    fields = stages[parts[1]]
    for part in parts[2:-1]:
        inner = fields.get(part)
        fields[part] = dict(inner) if isinstance(inner, Mapping) else {}
        fields = fields[part]
    fields[parts[-1]] = value


def _stage(name: str, fields: dict[str, Any], seed: int, where: str) -> Stage:
    if name not in STAGES:
        raise WrongUse(f"{where}: no stage {name!r}; there are {', '.join(STAGES)}")
    if "seed" in STAGES[name].model_fields:
        fields = {"seed": seed} | fields
    try:
        return STAGES[name](**fields)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(["stages", name, *map(str, first["loc"])])
        given = f" (given {first['input']!r})" if first["type"] != "missing" else ""
        fields_text = f"; fields: {', '.join(STAGES[name].model_fields)}" if first["type"] == "extra_forbidden" else ""
        raise WrongUse(f"{where}: {place}: {first['msg'].removeprefix('Value error, ')}{given}{fields_text}") from None
