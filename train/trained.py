"""What the folder of a training run tells of its model: configuration, tokenizer, and the roles that it chats in."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from curate.errors import WrongUse
from train.chat import ROLES, RoleNames

TOKENIZER = "tokenizer.json"


def run_config(folder: Path) -> dict[str, Any] | None:
    """The configuration of the run whose folder, or one of whose checkpoints, this is; None where it is neither."""
    folder = folder.absolute()
    run = folder.parents[1] if folder.parent.name == "checkpoints" else folder
    if not (run / "checkpoints").is_dir():
        return None
    try:
        return json.loads((run / "config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise WrongUse(f"{run / 'config.json'} cannot be read: {error}") from None


def trained_tokenizer(folder: str | Path) -> Path | None:
    """The tokenizer.json of a run's folder; of one checkpoint its own, or its run's. None where there is none."""
    folder = Path(folder).absolute()
    places = [folder, folder.parents[1]] if folder.parent.name == "checkpoints" else [folder]
    return next((place / TOKENIZER for place in places if (place / TOKENIZER).is_file()), None)


def trained_roles(folder: str | Path) -> RoleNames | None:
    """The roles' names of a fine-tuned run, by its folder or one checkpoint's; None where it was not taught to chat."""
    roles = (run_config(Path(folder)) or {}).get("chat_roles")
    return roles if roles in ROLES else None
