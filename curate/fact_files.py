"""facts.json: what lies in OUT/facts. A file there counts only if it is listed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from analyzers.syntax.facts.relations import RELATIONS
from curate import nested

NAME = "facts.json"


def contents(files: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """What facts.json says of files that nested.write gave."""
    relations: dict[str, dict[str, Any]] = {name: {"rows": 0, "files": []} for name in RELATIONS}
    for file in sorted(files, key=lambda file: (file["table"], file["number"])):
        entry = relations[file["table"]]
        entry["rows"] += file["rows"]
        told = {name: file[name] for name in ("rows", "bytes", "sha256")}
        entry["files"].append({"path": nested.place(file), **told})
    return {"relations": relations}


def publish(files: Sequence[dict[str, Any]], target: Path) -> dict[str, Any]:
    """Move written files to TARGET/RELATION and give their contents."""
    for file in files:
        place = target / nested.place(file)
        place.parent.mkdir(parents=True, exist_ok=True)
        Path(file["written"]).replace(place)
    return contents(files)


def listed(files: Sequence[dict[str, Any]], folder: str) -> list[dict[str, Any]]:
    """The files as a run delivers them below OUT/facts, with a facts.json that is written below `folder`."""
    text = json.dumps(contents(files), indent=1, sort_keys=True) + "\n"
    path = Path(folder, NAME)
    path.write_text(text, encoding="utf-8")
    digest = hashlib.sha256(text.encode()).hexdigest()
    told = {"path": f"facts/{NAME}", "written": str(path), "rows": 0, "bytes": len(text.encode()), "sha256": digest}
    return [*nested.delivered(files, "facts/"), told]
