"""The files of a repository in the order of their imports, for documents in which what is used was read before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from train.renderers.dependency_order import dependency_order
from train.renderers.import_targets import Import, Paths, targets


def by_imports(rows: Sequence[dict[str, Any]], imports: Mapping[str, Sequence[Import]]) -> list[int]:
    """Places of a repository's files, given sorted by path, so that what a file imports comes before it."""
    paths = Paths([row["path"] for row in rows])
    found: list[set[int]] = []
    for place, row in enumerate(rows):
        named = {
            one
            for each in imports.get(row["file_id"], ())
            for one in targets(paths, row["path"], row["language"], each)
        }
        found.append(named - {place})
    return dependency_order(found)
