"""Single files, with what is known of their repository put before them now and then (StarCoder).

    <repo_name>R<file_sep>path<gh_stars>10-100\ncode

each of the three with a chance of its own; the line break only where there is any of them. A file that is filled in the
middle is so after that line.
"""

from __future__ import annotations

from train.chance import chance
from train.renderers.body import body_of
from train.renderers.document import FILE_SEP, REPO_NAME, STARS, RenderConfig, Rendered, Row, joined, tags_of

STAR_BUCKETS = ((1000, "1000+"), (100, "100-1000"), (10, "10-100"), (1, "1-10"), (0, "0"))
"""Least number of stars, and what is written for it (StarCoder)."""


def stars_text(stars: int) -> str:
    """The bucket of a number of stars."""
    return next(text for least, text in STAR_BUCKETS if stars >= least or least == 0)


def render_file(row: Row, config: RenderConfig) -> Rendered:
    """A file as a document of its own."""
    seed, content_id = config.seed, row["content_id"]
    head: list[str] = []
    if row["repo"] and chance(seed, "repo name", content_id) < config.repo_name_rate:
        head += [REPO_NAME, row["repo"]]
    if row["path"] and chance(seed, "path", content_id) < config.path_rate:
        head += [FILE_SEP, row["path"]]
    if row["stars"] is not None and chance(seed, "stars", content_id) < config.stars_rate:
        head += [STARS, stars_text(row["stars"])]
    if head:
        head.append("\n")
    body = body_of(row, config)
    return Rendered(parts=joined([*head, *body]), file_id=row["file_id"], language=row["language"], tags=tags_of(row))
