"""The report's samples of files and its clusters of duplicates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from curate.report.clusters import Cluster
from curate.report.markup import Html, count, details, join, megabytes, section, table, tag
from curate.report.samples import Sample

Group = tuple[str, str] | None


def samples(chosen: Sequence[Sample]) -> Html | None:
    """Files that rules dropped, files that came near to their limits, and any kept ones, folded by rule."""
    if not chosen:
        return None
    groups: dict[Group, list[Sample]] = {}
    for one in chosen:
        groups.setdefault(one.group, []).append(one)
    return section(
        "Samples",
        tag("p", "Chosen by hash. Texts are read again from where the files came from, with secrets and personal data "
            "replaced, whatever the recipe does with them.", class_="quiet"),
        *(_group(group, some) for group, some in groups.items()),
    )  # fmt: skip


def _group(group: Group, chosen: Sequence[Sample]) -> Html:
    if group is None:
        return details(f"kept, {len(chosen)} files", *map(_sample, chosen))
    dropped = [one for one in chosen if one.value is None]
    near = [one for one in chosen if one.value is not None]
    told = f", and {len(near)} kept near the limit" if near else ""
    name = join(tag("bdi", ".".join(group)), f": {len(dropped)} dropped{told}")
    heading = [tag("h3", "kept, near the limit")] if near else []
    return details(name, *map(_sample, dropped), *heading, *map(_sample, near))


def _sample(one: Sample) -> Html:
    row = one.row
    facts = [row["language"], f"{row['size_bytes']:,} bytes" if row["size_bytes"] is not None else None, _why(one)]
    head = tag(
        "figcaption", tag("bdi", _place(row)), tag("small", ", ".join(fact for fact in facts if fact)), class_="file"
    )
    if one.text is None:
        return tag("figure", head, tag("p", one.without or "no text", class_="quiet"), class_="sample")
    end = tag("p", "and more", class_="quiet") if one.is_cut else None
    return tag("figure", head, tag("pre", one.text, tabindex=0), end, class_="sample")


def _why(one: Sample) -> str | None:
    row = one.row
    if one.value is not None:
        return f"{one.value:.4g}"
    if row["drop_value"] is not None and row["drop_limit"] is not None:
        return f"{row['drop_value']:.4g} against {row['drop_limit']:.4g}"
    if row["match"]:
        return f"matches {row['match']}"
    return row["drop_text"]


def _place(row: Mapping[str, Any]) -> str:
    source = row["source"]
    inside = [str(source[name]) for name in ("member", "row") if source[name] is not None]
    return "/".join([source["uri"], *inside])


def clusters(found: Sequence[Cluster]) -> Html | None:
    """The largest clusters of duplicates, with some of the names in each."""
    if not found:
        return None
    rows = [
        [_cluster(one), count(one.n_files), megabytes(one.n_bytes), ", ".join(one.stages),
         "–" if one.least_similarity is None else f"{one.least_similarity:.3f}"]
        for one in found
    ]  # fmt: skip
    columns = ["The kept file, and some of those that went because of it", "Files", "MB", "By", "Least similarity"]
    return section("The largest clusters of duplicates", table(None, columns, rows))


def _cluster(one: Cluster) -> Html:
    keeper = one.keeper
    name = f"{one.file_id} of an earlier run" if keeper is None else _place(keeper)
    names = [
        tag("li", tag("bdi", _place(row)), "" if row["similarity"] is None else f" {row['similarity']:.3f}")
        for row in one.members
    ]
    more = tag("li", f"and {one.n_files - len(names):,} more") if one.n_files > len(names) else None
    return details(tag("bdi", name), tag("ul", *names, more))
