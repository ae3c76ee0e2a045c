"""OUT/report.html: one self-contained page that tells what a run read, kept and dropped, from its manifest alone."""

from __future__ import annotations

import base64
import datetime
import hashlib
from collections import defaultdict
from pathlib import Path
from typing import Any

import yaml

from curate.report_html import Html, Part, bars, count, details, fold, join, labelled, legend, megabytes, percent, table, tag
from curate.report_style import CSS
from curate.shards import Run
from curate.work import write_whole

NAME = "report.html"
MOST_REASONS = 16
MOST_LANGUAGES = 14
MOST_NAMED = 3  # languages named at a rule

_FILES_MB = ("files", "MB")
_BOTH = (("files", "files"), ("bytes", "MB"))


def write(run: Run) -> Path:
    """Write the page of a finished run into its folder. The same manifest gives the same bytes."""
    path = run.folder / NAME
    write_whole(path, page(run.manifest))
    return path


def page(manifest: dict[str, Any]) -> str:
    """The whole page. It runs no script and loads nothing: the policy in its head forbids both."""
    digest = base64.b64encode(hashlib.sha256(CSS.encode()).digest()).decode()
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content=f"default-src 'none'; style-src 'sha256-{digest}'"),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("title", f"{manifest['recipe']['name']}: codemill report"),
        tag("style", Html(CSS)),
    )
    sections = (_header, _warnings, _funnel, _reasons, _languages, _mixture, _seconds, _provenance)
    body = tag("body", tag("main", *(section(manifest) for section in sections), _footer()))
    return f"<!DOCTYPE html>\n{tag('html', head, body, lang='en')}\n"


def funnel(manifest: dict[str, Any]) -> list[tuple[str, dict[str, int], dict[str, int]]]:
    """(stage, dropped there, left after it), files and bytes, for stages that dropped something in the recipe's order."""
    lost: dict[str, dict[str, int]] = defaultdict(lambda: {"files": 0, "bytes": 0})
    for row in manifest["counts"]["reasons"]:
        for unit in ("files", "bytes"):
            lost[row["stage"]][unit] += row[unit]
    order = [name for stage in manifest["recipe"]["stages"] for name in stage]
    left, steps = dict(manifest["counts"]["read"]), []
    for name in [*(name for name in order if name in lost), *sorted(lost.keys() - set(order))]:
        left = {unit: left[unit] - lost[name][unit] for unit in left}
        steps.append((name, lost[name], left))
    return steps


def _section(title: str, *children: object) -> Html:
    return tag("section", tag("h2", title), *children)


def _share(part: float, whole: float) -> float | None:
    return part / whole if whole else None


def _length(part: float, whole: float) -> float:
    return part / whole if whole else 0.0


def _header(manifest: dict[str, Any]) -> Html:
    recipe, counts = manifest["recipe"], manifest["counts"]
    places = ", ".join(root["location"] for root in manifest["inputs"]["roots"])
    totals = [
        tag(
            "div",
            tag("dt", name),
            tag("dd", count(counts[name]["files"]), tag("small", " files"), class_="amount"),
            tag("dd", tag("small", megabytes(counts[name]["bytes"]), " MB", _of_read(counts, name))),
        )
        for name in ("read", "kept", "dropped")
    ]
    return tag(
        "header",
        tag("h1", tag("bdi", recipe["name"])),
        tag("p", "Of ", tag("bdi", places), ", finished ", _moment(manifest["finished_at"]), "."),
        tag("p", recipe.get("description"), class_="quiet") if recipe.get("description") else None,
        tag("dl", *totals, class_="totals"),
    )


def _of_read(counts: dict[str, Any], name: str) -> Html | None:
    if name == "read":
        return None
    return join(", ", percent(_share(counts[name]["bytes"], counts["read"]["bytes"])), " of those read")


def _moment(written: str) -> Html:
    try:
        moment = datetime.datetime.fromisoformat(written).astimezone(datetime.UTC)
    except ValueError:  # a manifest that this version did not write
        return tag("time", written)
    return tag("time", f"{moment.day} {moment:%B %Y, %H:%M} UTC", datetime=moment.isoformat())


def _warnings(manifest: dict[str, Any]) -> Html | None:
    told = manifest["warnings"]
    if not told:
        return None
    title = "A warning" if len(told) == 1 else f"{len(told)} warnings"
    items = tag("ul", *(tag("li", text) for text in told))
    return tag("section", tag("h2", title), items, class_="warnings")


def _funnel(manifest: dict[str, Any]) -> Html:
    counts = manifest["counts"]
    read, none = counts["read"], {"files": 0, "bytes": 0}
    steps = [("read", none, read)]
    steps += [(f"after {name}", dropped, left) for name, dropped, left in funnel(manifest)]
    steps += [("kept", none, counts["kept"])]
    rows = []
    for name, dropped, left in steps:
        plot = [
            [(unit, 0.0, _length(left[unit], read[unit])),
             (f"{unit}-gone", _length(left[unit], read[unit]), _length(dropped[unit], read[unit]))]
            for unit in ("files", "bytes")
        ]  # fmt: skip
        title = f"{name}: {left['files']:,} files and {left['bytes'] / 1e6:,.2f} MB left"
        gone = [count(dropped["files"]), megabytes(dropped["bytes"])] if dropped is not none else ["", ""]
        rows.append([labelled(name, bars(title, *plot)), *gone, count(left["files"]), megabytes(left["bytes"])])
    key = legend(("files", "files"), ("bytes", "MB"), ("files-gone", "dropped by the stage"))
    return _section("From read to kept", table(key, [("Stage", ()), ("Dropped", _FILES_MB), ("Left", _FILES_MB)], rows))


def _reasons(manifest: dict[str, Any]) -> Html:
    reasons = manifest["counts"]["reasons"]
    if not reasons:
        return _section("What was dropped, and why", tag("p", "Nothing was dropped.", class_="quiet"))
    most = {unit: max(row[unit] for row in reasons) for unit in ("files", "bytes")}

    def rows(part: Any) -> list[list[Html]]:
        return [
            [labelled(f"{row['stage']}.{row['reason']}", _pair(row, most), _named(row["languages"])),
             count(row["files"]), megabytes(row["bytes"])]
            for row in part
        ]  # fmt: skip

    first, tail = fold(reasons, MOST_REASONS)
    columns = [("Rule, and the languages it hit most", ()), ("Files", ()), ("MB", ())]
    return _section(
        "What was dropped, and why",
        table(legend(*_BOTH), columns, rows(first)),
        details(f"{len(tail)} more rules", table(None, columns, rows(tail))) if tail else None,
    )


def _pair(row: dict[str, Any], most: dict[str, int]) -> Html:
    title = f"{row['files']:,} files, {row['bytes'] / 1e6:,.2f} MB"
    return bars(title, *([(unit, 0.0, _length(row[unit], most[unit]))] for unit in ("files", "bytes")))


def _named(languages: dict[str, int]) -> str:
    """The languages a rule dropped most files of; the manifest's JSON is sorted by name, so they are ordered here."""
    rows = sorted(languages.items(), key=lambda item: (-item[1], item[0]))
    told = ", ".join(f"{name} {n_files:,}" for name, n_files in rows[:MOST_NAMED])
    return f"{told} and {len(rows) - MOST_NAMED} more" if len(rows) > MOST_NAMED else told


def _languages(manifest: dict[str, Any]) -> Html | None:
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
    columns = [("Language", ()), ("Read", _FILES_MB), ("Kept", (*_FILES_MB, "share"))]
    kept_in_tail = sum(amounts["kept"]["bytes"] for _, amounts in tail)
    summary = join(len(tail), " more languages, ", percent(_share(kept_in_tail, counts["kept"]["bytes"])), " of the MB kept")
    return _section(
        "Languages",
        table(legend(("bytes", "MB kept"), ("bytes-gone", "MB read and dropped")), columns, rows(first)),
        details(summary, table(None, columns, rows(tail))) if tail else None,
    )


def _language(name: str, amounts: dict[str, Any], most: int, kept_bytes: int) -> list[Html]:
    read, kept = amounts["read"], amounts["kept"]
    solid = _length(kept["bytes"], most)
    plot: list[Part] = [("bytes", 0.0, solid), ("bytes-gone", solid, _length(read["bytes"] - kept["bytes"], most))]
    title = f"{name}: {kept['bytes'] / 1e6:,.2f} of {read['bytes'] / 1e6:,.2f} MB kept"
    return [
        labelled(name, bars(title, plot)), count(read["files"]), megabytes(read["bytes"]), count(kept["files"]),
        megabytes(kept["bytes"]), percent(_share(kept["bytes"], kept_bytes)),
    ]  # fmt: skip


def _mixture(manifest: dict[str, Any]) -> Html | None:
    told = manifest["stages"].get("resample", {}).get("asked_and_got")
    if not told:
        return None
    domains = [
        [labelled(row["domain"], _asked(row["domain"], row["asked_share"], row["got_share"])),
         percent(row["asked_share"]), percent(row["got_share"]), count(row["tokens"])]
        for row in told["domains"]
    ]  # fmt: skip
    named = sorted(told["languages"], key=lambda row: (-row["bytes_in"], row["language"], row["domain"]))
    first, tail = fold(named, MOST_LANGUAGES)
    columns = [("Language", ()), ("MB", ("in", "kept")), ("Kept of MB", ("asked", "got")), ("Tokens", ())]
    return _section(
        "Mixture: asked and got",
        tag("p", "Tokens are estimated from bytes, by the rates in the recipe.", class_="quiet"),
        table(
            legend(("bytes", "share of tokens got"), ("mark", "asked")),
            [("Domain", ()), ("Asked", ()), ("Got", ()), ("Tokens", ())],
            domains,
        ),
        table(legend(("bytes", "part kept"), ("mark", "asked")), columns, [_resampled(row) for row in first]),
        details(f"{len(tail)} more languages", table(None, columns, [_resampled(row) for row in tail])) if tail else None,
    )


def _resampled(row: dict[str, Any]) -> list[Html]:
    got = _share(row["bytes_kept"], row["bytes_in"])
    note = f"{row['domain']}, cut by {row['cut_by']}" if row["cut_by"] else f"{row['domain']}, whole"
    return [
        labelled(row["language"], _asked(row["language"], row["asked_rate"], got), note), megabytes(row["bytes_in"]),
        megabytes(row["bytes_kept"]), percent(row["asked_rate"]), percent(got), count(row["tokens_kept"]),
    ]  # fmt: skip


def _asked(name: str, asked: float | None, got: float | None) -> Html:
    parts: list[Part] = [("bytes", 0.0, got or 0.0)]
    if asked is not None:
        parts.append(("mark", asked, 1e-9))
    words = ["asked nothing" if asked is None else f"asked {asked:.1%}", f"got {got or 0:.1%}"]
    return bars(f"{name}: {', '.join(words)}", parts)


def _seconds(manifest: dict[str, Any]) -> Html | None:
    """Seconds of every stage; the manifest's own seconds lack stages that an interrupted run had finished before."""
    now, told = manifest["seconds"], manifest["stages"]
    names = [name for stage in manifest["recipe"]["stages"] for name in stage]
    order = {name: place for place, name in enumerate(["listing", "narrow", *names, "shards", "ledger"])}
    seconds = {name: now.get(name, notes.get("seconds")) for name, notes in {**dict.fromkeys(now, {}), **told}.items()}
    known = sorted(
        ((name, value) for name, value in seconds.items() if value is not None),
        key=lambda item: (order.get(item[0], len(order)), item[0]),
    )
    if not known:
        return None
    most, total = max(value for _, value in known), sum(value for _, value in known)
    rows = [
        [labelled(name, bars(f"{name}: {value:,.1f} seconds", [("time", 0.0, _length(value, most))]),
                  None if name in now else "finished by an earlier start of the run"),
         f"{value:,.1f}", percent(_share(value, total))]
        for name, value in known
    ]  # fmt: skip
    caption = "Reading, decoding, telling the language and text rules are one pass, called narrow."
    return _section("Time", table(caption, [("Stage", ()), ("Seconds", ()), ("Share", ())], rows))


def _provenance(manifest: dict[str, Any]) -> Html:
    recipe, inputs = manifest["recipe"], manifest["inputs"]
    facts = [
        ("recipe", f"{recipe['name']}, sha256 {recipe['hash']}"),
        *((f"input {root['label']}", root["location"]) for root in inputs["roots"]),
        ("listing", join(count(inputs["n_files"]), " files, ", megabytes(inputs["bytes"]), " MB, hash ", inputs["hash"])),
        *((f"{name} version", version) for name, version in manifest["versions"].items()),
    ]
    lines = [tag("tr", tag("th", name, scope="row"), tag("td", value)) for name, value in facts]
    settings = yaml.safe_dump(
        {"seed": recipe["seed"], "stages": _set(recipe["stages"])}, sort_keys=False, allow_unicode=True, width=100
    )
    return _section(
        "How to make it again",
        details("Inputs and versions", tag("div", tag("table", tag("tbody", *lines), class_="facts"), class_="wide")),
        details(
            "Recipe settings",
            tag("p", "Settings that are off or empty are left out.", class_="quiet"),
            tag("pre", settings),
        ),
    )


def _set(value: Any, depth: int = 0) -> Any:
    """Settings without those that are null or empty; stages themselves always stay."""
    if isinstance(value, dict):
        plain = {key: _set(one, depth + 1) for key, one in value.items()}
        return {key: one for key, one in plain.items() if depth < 2 or (one is not None and one not in ([], {}))}
    return [_set(one, depth + 1) for one in value] if isinstance(value, list) else value


def _footer() -> Html:
    words = "Every file that was read has a row in the ledger; "
    return tag("footer", tag("p", words, tag("code", "codemill why FILE --run DIR"), " tells the story of one.", class_="quiet"))
