"""OUT/report.html: one self-contained page that tells what a run read, kept and dropped, and what it measured.

Counts, mixture and times are the manifest's; histograms, samples and clusters come from the ledger, in bounded memory.
"""

from __future__ import annotations

import base64
import datetime
import hashlib
from pathlib import Path
from typing import Any

import yaml

from curate.report.counts import languages, mixture, reasons, stages
from curate.report.gathering import Gathered, gather
from curate.report.markup import (
    Html,
    bars,
    count,
    details,
    join,
    labelled,
    length,
    megabytes,
    percent,
    section,
    share,
    table,
    tag,
)
from curate.report.shown import clusters, samples
from curate.report.signals import quality, signals
from curate.report.style import CSS
from curate.shards import Run
from curate.work import write_whole

NAME = "report.html"


def write(run: Run) -> Path:
    """Write the page of a finished run into its folder. The same run, with its sources, gives the same bytes."""
    path = run.folder / NAME
    write_whole(path, page(run.manifest, gather(run)))
    return path


def page_of(folder: Path, manifest: dict[str, Any]) -> str:
    """The page of a run whose files lie in their places, and whose manifest is not written yet."""
    run = Run(folder)
    run.manifest = manifest
    return page(manifest, gather(run))


def page(manifest: dict[str, Any], gathered: Gathered | None = None) -> str:
    """The whole page; without what was gathered, of the manifest alone. It runs no script and loads nothing: the policy
    in its head forbids both.
    """
    digest = base64.b64encode(hashlib.sha256(CSS.encode()).digest()).decode()
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content=f"default-src 'none'; style-src 'sha256-{digest}'"),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("title", f"{manifest['recipe']['name']}: codemill report"),
        tag("style", Html(CSS)),
    )
    before = [part(manifest) for part in (_header, _warnings, stages, reasons, languages, mixture)]
    behind = [part(manifest) for part in (_cost, _provenance)]
    body = tag("body", tag("main", *before, *_measured(manifest, gathered), *behind, _footer()))
    return f"<!DOCTYPE html>\n{tag('html', head, body, lang='en')}\n"


def _measured(manifest: dict[str, Any], gathered: Gathered | None) -> list[Html | None]:
    if gathered is None:
        return []
    n_files = manifest["counts"]["read"]["files"]
    return [
        signals(gathered, n_files), quality(gathered), clusters(gathered.clusters), samples(gathered.samples),
    ]  # fmt: skip


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
    if name == "read" or not counts["read"]["bytes"]:
        return None
    return join(", ", percent(share(counts[name]["bytes"], counts["read"]["bytes"])), " of the MB read")


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


def _cost(manifest: dict[str, Any]) -> Html | None:
    """Seconds and memory of every stage; the manifest's own seconds lack stages that an interrupted run had finished
    before. Memory is left out where none is known, as of a run by an earlier version.
    """
    now, told = manifest["seconds"], manifest["stages"]
    names = [name for stage in manifest["recipe"]["stages"] for name in stage]
    order = {name: place for place, name in enumerate(["listing", "narrow", *names, "layout"])}
    seconds = {name: notes["seconds"] for name, notes in told.items() if "seconds" in notes} | now
    known = sorted(seconds.items(), key=lambda item: (order.get(item[0], len(order)), item[0]))
    if not known:
        return None
    most, total = max(value for _, value in known), sum(value for _, value in known)
    memory = {name: notes["memory"] for name, notes in told.items() if notes.get("memory")}
    rows = [
        [labelled(name, bars(f"{name}: {value:,.1f} seconds", [("time", 0.0, length(value, most))]),
                  None if name in now else "finished by an earlier start of the run"),
         f"{value:,.1f}", percent(share(value, total)),
         *((_gigabytes(memory.get(name, {}).get(key)) for key in ("jvm_bytes", "python_bytes")) if memory else ())]
        for name, value in known
    ]  # fmt: skip
    caption = "Reading, decoding, telling the language and text rules are one pass, called narrow."
    if memory:
        caption += " Memory is the most that one executor's JVM, and all its Python processes together, held at once;"
        caption += " a dash stands for a stage that had no task, or whose tasks were over too soon."
    columns = ["Stage", "Seconds", "Share", *(("JVM GB", "Python GB") if memory else ())]
    return section("Time and memory" if memory else "Time", table(caption, columns, rows))


def _gigabytes(n_bytes: int | None) -> Html:
    if n_bytes is None:
        return tag("span", "–", title="not seen")
    return tag("data", f"{n_bytes / 1e9:.2f}", value=n_bytes, title=f"{n_bytes:,} bytes")


def _provenance(manifest: dict[str, Any]) -> Html:
    recipe, inputs = manifest["recipe"], manifest["inputs"]
    facts = [
        ("recipe", f"{recipe['name']}, sha256 {recipe['hash']}"),
        *((f"input {root['label']}", root["location"]) for root in inputs["roots"]),
        (
            "listing",
            join(count(inputs["n_files"]), " files, ", megabytes(inputs["bytes"]), " MB, hash ", inputs["hash"]),
        ),
        *((f"{name} version", version) for name, version in manifest["versions"].items()),
    ]
    lines = [tag("tr", tag("th", name, scope="row"), tag("td", value)) for name, value in facts]
    settings = yaml.safe_dump(
        {"seed": recipe["seed"], "stages": _set(recipe["stages"])}, sort_keys=False, allow_unicode=True, width=100
    )
    return section(
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
    return tag(
        "footer",
        tag("p", words, tag("code", "codemill why FILE --run DIR"), " tells the story of one.", class_="quiet"),
    )
