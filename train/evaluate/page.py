"""An evaluation as one self-contained page: scores beside published ones, a square a problem, failures to read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from train.evaluate.markup import Html, escape, table, tag
from train.evaluate.page_style import CSS
from train.evaluate.run import by_task

SHOWN = 3  # failures of each outcome
MOST_CHARACTERS = 4000  # shown of one completion
_MEANINGS = {
    "passed": "every test ran and held", "failed": "a test did not hold",
    "error": "did not compile, raised, or ended by itself", "timeout": "broke the time limit",
    "memory": "broke the memory limit", "scored": "every part of it was measured",
    "infrastructure": "the sandbox failed: counted as neither passed nor failed",
}  # fmt: skip
Key = tuple[str, int]


def render(
    summary: Mapping[str, Any], rows: Sequence[Sequence[Mapping[str, Any]]], texts: Sequence[Mapping[Key, str]]
) -> str:
    """The page of a summary; `rows` and `texts` are the results and completions of each of its benchmarks."""
    sampling = summary["settings"]["sampling"]
    way = (
        f"beam search with {sampling['beams']} beams"
        if sampling["beams"] > 1
        else f"temperature {sampling['temperature']}, top-p {sampling['top_p']}"
        if sampling["temperature"] > 0
        else "greedy"
    )
    drawn = f"{way}, at most {sampling['max_tokens']} tokens, seed {sampling['seed']}"
    written = next((True for name in summary["settings"]["files"] if name == summary["source"]), False)
    parts = zip(summary["benchmarks"], rows, texts, strict=True)
    body = tag(
        "main",
        tag("h1", summary["source"]),
        tag("p", "completions from a file" if written else drawn, class_="quiet"),
        *(_benchmark(*part) for part in parts),
        _footer(summary),
    )
    head = (
        '<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(summary['source'])}: evaluation</title><style>{CSS}</style>"
    )
    return f'<!doctype html>\n<html lang="en"><head>{head}</head><body>{body}</body></html>\n'


def _benchmark(told: Mapping[str, Any], rows: Sequence[Mapping[str, Any]], texts: Mapping[Key, str]) -> Html:
    """One benchmark's part of the page."""
    languages = ", ".join(told["languages"])
    first = next(iter(told["scores"]), None)
    return tag(
        "section",
        tag("h2", f"{told['name']}: {told['task']}"),
        tag("p", f"{told['problems']:,} problems in {languages}, {told['samples']:,} samples", class_="quiet"),
        _headline(first, told["scores"][first]) if first else tag("p", "Nothing was scored.", class_="warn"),
        _warnings(told),
        _scores(told) if first else None,
        _outcomes(told),
        _grid(told, rows),
        _failures(rows, texts),
    )


def _headline(name: str, score: Mapping[str, float]) -> Html:
    low, high = shown(name, score["low"]), shown(name, score["high"])
    return tag(
        "p", shown(name, score["score"]), tag("small", f" {name}, 95% interval {low} to {high}"), class_="amount"
    )


def shown(name: str, score: float) -> str:
    """A score as it is written: shares as percent, BLEU as it is, counts as they are."""
    return f"{score:.2f}" if name in ("bleu", "assertions") else f"{score:.1%}"


def _warnings(told: Mapping[str, Any]) -> Html | None:
    lost = told["outcomes"].get("infrastructure", 0)
    said = []
    if told["missing"]:
        said.append(f"Without a judged sample: {told['missing']:,} problems. The score is of the others.")
    if lost:
        said.append(f"Not judged, since the sandbox failed: {lost:,} samples. The same command tries them again.")
    return tag("p", " ".join(said), class_="warn") if said else None


def _scores(told: Mapping[str, Any]) -> Html:
    """Every score with its interval, and published ones below."""
    rows: list[tuple[object, ...]] = []
    for name, score in told["scores"].items():
        scale = 100.0 if name == "bleu" else 1.0
        low, high = score["low"], score["high"]
        bar = _bar(f"{name} of this evaluation", "own", score["score"] / scale, low / scale, high / scale)
        rows.append((name, shown(name, score["score"]), f"{shown(name, low)} to {shown(name, high)}", bar))
    for one in told["published"]:
        name = tag("span", one["system"], tag("small", f" {one['metric']}, {one['source']}"))
        bar = _bar(f"{one['metric']} published for {one['system']}", "theirs", one["score"])
        rows.append((name, shown(one["metric"], one["score"]), "", bar))
    caption = "Scores with their 95% intervals"
    if told["published"]:
        caption += "; published ones may have been drawn in another way"
    return table(caption, ("", "score", "95% interval", ""), rows)


def _bar(title: str, colour: str, score: float, low: float | None = None, high: float | None = None) -> Html:
    """A score as a bar on a track, its interval as a band behind it; all shares of the width."""
    parts = [tag("rect", class_="track", x=0, y=0, width=1000, height=12)]
    parts.append(tag("rect", class_=colour, x=0, y=3, width=f"{1000 * min(score, 1):.1f}", height=6))
    if low is not None and high is not None:
        width = max(1000 * (min(high, 1) - low), 2)
        parts.insert(1, tag("rect", class_="band", x=f"{1000 * low:.1f}", y=0, width=f"{width:.1f}", height=12))
    return tag("svg", tag("title", title), *parts, role="img", viewBox="0 0 1000 12", preserveAspectRatio="none")


def _outcomes(told: Mapping[str, Any]) -> Html:
    order = [name for name in _MEANINGS if name in told["outcomes"]]
    rows: list[tuple[object, ...]] = [
        (tag("span", name, tag("small", f" {_MEANINGS[name]}")), f"{told['outcomes'][name]:,}",
         f"{told['outcomes'][name] / max(told['samples'], 1):.1%}") for name in order
    ]  # fmt: skip
    return table("What became of the samples", ("outcome", "samples", "share"), rows)


def _grid(told: Mapping[str, Any], rows: Sequence[Mapping[str, Any]]) -> Html:
    """A square for each problem, the fuller the more of its samples passed."""
    cells = []
    first = next(iter(told["scores"]), "")
    for task, some in by_task(rows).items():
        judged = [row for row in some if row["outcome"] != "infrastructure"]
        if not judged:
            cells.append(tag("li", class_="unknown", title=f"{task}: not judged", aria_label=f"{task}: not judged"))
            continue
        if "scores" in judged[0]:
            values = [row["scores"][first] for row in judged if row["scores"].get(first) is not None]
            share = sum(values) / max(len(values), 1)
            words, share = f"{task}: {first} {share:.2f}", share / (100 if first == "bleu" else 1)
        else:
            share = sum(row["passed"] for row in judged) / len(judged)
            words = f"{task}: {sum(row['passed'] for row in judged)} of {len(judged)} passed"
        cells.append(tag("li", style=f"--share:{share:.3f}", title=words, aria_label=words))
    steps = (("0", "none"), (".5", "half"), ("1", "all"))
    key = [Html("".join(f"{tag('i', style=f'--share:{share}')}{name}" for share, name in steps))]
    if any(row["outcome"] == "infrastructure" for row in rows):
        key.append(Html(f"{tag('i', class_='unknown')}not judged"))
    title = "Problems, by the share of samples that passed"
    if told["task"] in ("comment", "tests"):
        title = f"Problems, by {first}"
    return tag("div", tag("h3", title), tag("p", *key, class_="key"), tag("ul", *cells, class_="grid"))


def _failures(rows: Sequence[Mapping[str, Any]], texts: Mapping[Key, str]) -> Html | None:
    """The first samples of each outcome that is no success, each of another problem where there are enough."""
    kept: list[Html] = []
    for outcome in ("failed", "error", "timeout", "memory", "infrastructure"):
        some = by_task(row for row in rows if row["outcome"] == outcome)
        for first in [one[0] for one in some.values()][:SHOWN]:
            text = texts.get((first["task_id"], first["sample"]), "")
            more = f"\n... {len(text) - MOST_CHARACTERS:,} characters more" if len(text) > MOST_CHARACTERS else ""
            name = f"{outcome}: {first['task_id']}, sample {first['sample']}"
            detail = tag("p", tag("code", first["detail"])) if first["detail"] else None
            kept.append(
                tag("details", tag("summary", name), detail, tag("pre", text[:MOST_CHARACTERS] + more, tabindex=0))
            )
    return tag("div", tag("h3", "Samples that did not pass"), *kept) if kept else None


def _footer(summary: Mapping[str, Any]) -> Html:
    tools = "; ".join(f"{name}: {version}" for name, version in summary["sandbox"]["toolchains"].items())
    hashes = ", ".join(f"{name} sha256 {digest[:16]}" for name, digest in summary["settings"]["files"].items())
    return tag(
        "footer",
        tag("p", "pass@k is the unbiased estimate of Chen et al. 2021. Intervals are 95%: a percentile bootstrap over "
            "problems, 2,000 resamples; Wilson's where each problem has one sample.", class_="quiet"),
        tag("p", f"Judged in a sandbox ({summary['sandbox']['mode']}). {tools}.", class_="quiet"),
        tag("p", hashes, class_="quiet"),
    )  # fmt: skip
