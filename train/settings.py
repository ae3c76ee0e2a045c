"""Configurations from YAML: a file, with settings put over it, checked before anything runs. Knows nothing of torch."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from curate.errors import WrongUse


class Section(BaseModel):
    """A part of a configuration: frozen, and with no fields but its own."""

    model_config = ConfigDict(frozen=True, extra="forbid")


Config = TypeVar("Config", bound=Section)


def load(kind: type[Config], path: str | Path, settings: Iterable[str] = ()) -> Config:
    """A configuration from a YAML file, with `FIELD.FIELD=VALUE` settings put over it. WrongUse in one sentence."""
    raw = read(path)
    for setting in settings:
        put(raw, setting)
    return parse(kind, raw, where=str(path))


def read(path: str | Path) -> dict[str, Any]:
    """The mapping in a YAML file. WrongUse where there is none."""
    try:
        raw = yaml.safe_load(Path(path).read_bytes())
    except (OSError, yaml.YAMLError, UnicodeDecodeError) as error:
        raise WrongUse(f"{path} cannot be read: {' '.join(str(error).split())}") from None
    if not isinstance(raw, dict):
        raise WrongUse(f"{path}: a configuration is a mapping of fields")
    return raw


def parse(kind: type[Config], raw: Mapping[str, Any], *, where: str) -> Config:
    """A configuration from parsed YAML. WrongUse names the field, the value and what is allowed."""
    try:
        return kind(**raw)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        given = f" (given {first['input']!r})" if first["type"] not in ("missing", "value_error") else ""
        told = f"{place}: " if place else ""
        raise WrongUse(f"{where}: {told}{first['msg'].removeprefix('Value error, ')}{given}") from None


def put(raw: dict[str, Any], setting: str) -> None:
    """Put a setting, `FIELD.FIELD=VALUE`, over a mapping. WrongUse where it has no such shape."""
    key, equals, text = setting.partition("=")
    if not equals:
        raise WrongUse(f"--set {setting!r}: write FIELD.FIELD=VALUE, as in optimizer.lr=0.0003")
    *parts, last = key.split(".")
    fields = raw
    for part in parts:
        inner = fields.setdefault(part, {})
        if not isinstance(inner, dict):
            raise WrongUse(f"--set {setting!r}: {part} is {inner!r} and has no fields")
        fields = inner
    fields[last] = yaml.safe_load(text)
