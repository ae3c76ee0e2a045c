"""A repository's files as one document, so that a model learns to look at the files beside (StarCoder2).

    <repo_name>R<file_sep>path\ncode<file_sep>path\ncode...      half of the time
    <file_sep>code<file_sep>code...                              otherwise

Files come in the order given. One that is filled in the middle is so with its path in the prefix.
"""

from __future__ import annotations

from collections.abc import Sequence

from train.chance import chance
from train.renderers.body import body_of
from train.renderers.document import FILE_SEP, REPO_NAME, FilePart, RenderConfig, Rendered, Row, joined, tags_of


def render_repository(rows: Sequence[Row], config: RenderConfig) -> Rendered:
    """The files of one repository, at least one, as one document."""
    first = rows[0]
    named = bool(first["repo"]) and chance(config.seed, "named", first["content_id"]) < config.named_rate
    parts: list[str] = [REPO_NAME, first["repo"] or ""] if named else []
    files = []
    for row in rows:
        head = f"{row['path']}\n" if named else ""
        body = body_of(row, config, head)
        start = len(parts)
        parts += joined([FILE_SEP, *body])
        files.append(FilePart(file_id=row["file_id"], language=row["language"], start=start, end=len(parts)))
    return Rendered(
        parts=tuple(parts),
        file_id=first["file_id"],
        language=first["language"],
        tags=tags_of(first),
        files=tuple(files),
    )
