"""The report's plots and tables of what was read, dropped, kept and resampled, each from a run's manifest."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from curate.report.markup import (
    Html,
    Part,
    bars,
    count,
    details,
    fold,
    join,
    labelled,
    legend,
    length,
    megabytes,
    million_tokens,
    percent,
    section,
    share,
    table,
    tag,
)

MOST_REASONS = 16
MOST_LANGUAGES = 14
MOST_NAMED = 3  # languages named at a rule

_BOTH = (("files", "files"), ("bytes", "MB"))


def funnel(manifest: dict[str, Any]) -> list[tuple[str, dict[str, int], dict[str, int]]]:
    """(stage, dropped there, left after it), each as files and bytes, in the recipe's order. Stages that dropped
    nothing are left out.
    """
    lost: dict[str, dict[str, int]] = defaultdict(lambda: {"files": 0, "bytes": 0})
    for row in manifest["counts"]["reasons"]:
        for unit in ("files", "bytes"):
            lost[row["stage"]][unit] += row[unit]
    order = [name for stage in manifest["recipe"]["stages"] for name in stage]
    left, told = dict(manifest["counts"]["read"]), []
    for name in [*(name for name in order if name in lost), *sorted(lost.keys() - set(order))]:
        left = {unit: left[unit] - lost[name][unit] for unit in left}
        told.append((name, lost[name], left))
    return told


def stages(manifest: dict[str, Any]) -> Html:
    """The funnel: what every stage dropped and left, as shares of what was read."""
    counts = manifest["counts"]
    read, none = counts["read"], {"files": 0, "bytes": 0}
    steps = [("all read", none, read)]
    steps += [(f"after {name}", dropped, left) for name, dropped, left in funnel(manifest)]
    steps += [("kept", none, counts["kept"])]
    rows = []
    for name, dropped, left in steps:
        plot = [
            [(unit, 0.0, length(left[unit], read[unit])),
             (f"{unit}-gone", length(left[unit], read[unit]), length(dropped[unit], read[unit]))]
            for unit in ("files", "bytes")
        ]  # fmt: skip
        title = f"{name}: {left['files']:,} files and {left['bytes'] / 1e6:,.2f} MB left"
        gone = [count(dropped["files"]), megabytes(dropped["bytes"])] if dropped is not none else ["", ""]
        rows.append([labelled(name, bars(title, *plot)), *gone, count(left["files"]), megabytes(left["bytes"])])
    key = legend(("files", "files"), ("bytes", "MB"), ("files-gone", "dropped by the stage"))
    return section(
        "From read to kept", table(key, ["Stage", "Files dropped", "MB dropped", "Files left", "MB left"], rows)
    )


def reasons(manifest: dict[str, Any]) -> Html:
    """What each rule dropped. The longest bar of a colour is the rule that dropped most."""
    dropped = manifest["counts"]["reasons"]
    if not dropped:
        return section("What was dropped, and why", tag("p", "Nothing was dropped.", class_="quiet"))
    most = {unit: max(row[unit] for row in dropped) for unit in ("files", "bytes")}

    def rows(part: Any) -> list[list[Html]]:
        return [
            [labelled(_dotted(row), _pair(row, most), _named(row["languages"])),
             count(row["files"]), megabytes(row["bytes"])]
            for row in part
        ]  # fmt: skip

    first, tail = fold(dropped, MOST_REASONS)
    columns = ["Rule, and where it dropped most", "Files", "MB"]
    return section(
        "What was dropped, and why",
        table(legend(*_BOTH), columns, rows(first)),
        details(f"{len(tail)} more rules", table(None, columns, rows(tail))) if tail else None,
    )


def _dotted(row: dict[str, Any]) -> Html:
    """stage.reason, as the ledger and `why` name it, with a place to break the line."""
    return join(f"{row['stage']}.", tag("wbr"), row["reason"])


def _pair(row: dict[str, Any], most: dict[str, int]) -> Html:
    title = f"{row['files']:,} files, {row['bytes'] / 1e6:,.2f} MB"
    return bars(title, *([(unit, 0.0, length(row[unit], most[unit]))] for unit in ("files", "bytes")))


def _named(languages: dict[str, int]) -> str:
    """The languages a rule dropped most files of; the manifest's JSON is sorted by name, so they are ordered here."""
    rows = sorted(languages.items(), key=lambda item: (-item[1], item[0]))
    told = ", ".join(f"{name} {n_files:,}" for name, n_files in rows[:MOST_NAMED])
    return f"{told} and {len(rows) - MOST_NAMED} more" if len(rows) > MOST_NAMED else told


def languages(manifest: dict[str, Any]) -> Html | None:
    """What was read and kept of each language, most kept first; None where no file got as far as having one."""
    counts = manifest["counts"]
    if not counts["languages"]:
        return None
    named = sorted(
        counts["languages"].items(), key=lambda item: (-item[1]["kept"]["bytes"], -item[1]["read"]["bytes"], item[0])
    )
    most = max(amounts["read"]["bytes"] for _, amounts in named)

    def rows(part: Any) -> list[list[Html]]:
        return [_language(name, amounts, most, counts["kept"]["bytes"]) for name, amounts in part]

    first, tail = fold(named, MOST_LANGUAGES)
    columns = ["Language", "Files read", "MB read", "Files kept", "MB kept", "Share of MB"]
    kept_in_tail = sum(amounts["kept"]["bytes"] for _, amounts in tail)
    summary = join(
        len(tail), " more languages, ", percent(share(kept_in_tail, counts["kept"]["bytes"])), " of the MB kept"
    )
    return section(
        "Languages",
        table(legend(("bytes", "MB kept"), ("bytes-gone", "MB read and dropped")), columns, rows(first)),
        details(summary, table(None, columns, rows(tail))) if tail else None,
    )


def _language(name: str, amounts: dict[str, Any], most: int, kept_bytes: int) -> list[Html]:
    read, kept = amounts["read"], amounts["kept"]
    solid = length(kept["bytes"], most)
    plot: list[Part] = [("bytes", 0.0, solid), ("bytes-gone", solid, length(read["bytes"] - kept["bytes"], most))]
    title = f"{name}: {kept['bytes'] / 1e6:,.2f} of {read['bytes'] / 1e6:,.2f} MB kept"
    return [
        labelled(name, bars(title, plot)), count(read["files"]), megabytes(read["bytes"]), count(kept["files"]),
        megabytes(kept["bytes"]), percent(share(kept["bytes"], kept_bytes)),
    ]  # fmt: skip


def mixture(manifest: dict[str, Any]) -> Html | None:
    """What resampling was asked for and got, by domain and by language; None without resampling."""
    told = manifest["stages"].get("resample", {}).get("asked_and_got")
    if not told:
        return None
    domains = [
        [labelled(row["domain"], _asked(row["domain"], row["asked_share"], row["got_share"])),
         percent(row["asked_share"]), percent(row["got_share"]), million_tokens(row["tokens"])]
        for row in told["domains"]
    ]  # fmt: skip
    named = sorted(told["languages"], key=lambda row: (-row["bytes_in"], row["language"], row["domain"]))
    first, tail = fold(named, MOST_LANGUAGES)
    columns = ["Language", "MB before", "MB kept", "Asked", "Got", "Million tokens"]
    return section(
        "Mixture: asked and got",
        tag("p", "Tokens are estimated from bytes, by the rates in the recipe.", class_="quiet"),
        table(
            legend(("bytes", "share of tokens got"), ("mark", "asked")),
            ["Domain", "Asked", "Got", "Million tokens"],
            domains,
        ),
        table(legend(("bytes", "part kept"), ("mark", "asked")), columns, [_resampled(row) for row in first]),
        details(f"{len(tail)} more languages", table(None, columns, [_resampled(row) for row in tail]))
        if tail
        else None,
    )


def _resampled(row: dict[str, Any]) -> list[Html]:
    got = share(row["bytes_kept"], row["bytes_in"])
    note = f"{row['domain']}, cut by {row['cut_by']}" if row["cut_by"] else f"{row['domain']}, whole"
    return [
        labelled(row["language"], _asked(row["language"], row["asked_rate"], got), note), megabytes(row["bytes_in"]),
        megabytes(row["bytes_kept"]), percent(row["asked_rate"]), percent(got), million_tokens(row["tokens_kept"]),
    ]  # fmt: skip


def _asked(name: str, asked: float | None, got: float | None) -> Html:
    parts: list[Part] = [("bytes", 0.0, got or 0.0)]
    if asked is not None:
        parts.append(("mark", asked, 1e-9))
    words = ["asked nothing" if asked is None else f"asked {asked:.1%}", f"got {got or 0:.1%}"]
    return bars(f"{name}: {', '.join(words)}", parts)
