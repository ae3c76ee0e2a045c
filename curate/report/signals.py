"""The report's histograms: every signal with the recipe's limits, and the quality score by language."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from analyzers.signals import ALL_SIGNALS
from curate.report.gathering import Gathered, Limit
from curate.report.markup import Html, count, details, join, legend, section, tag
from curate.report.sketches import Sketch, edge, places

MOST_QUALITY_LANGUAGES = 12
_MEANINGS = {signal.name: signal.meaning for signal in ALL_SIGNALS} | {
    "size_bytes": "bytes of UTF-8, of the file itself where it was never decoded", "n_lines": "lines",
    "quality_score": "all six dimensions together",
}  # fmt: skip
_GROUPS = {signal.name: signal.group for signal in ALL_SIGNALS} | {
    "size_bytes": "size", "n_lines": "size", "quality_score": "score"
}  # fmt: skip
_HEIGHT = 100  # of a plot in its own units


def signals(gathered: Gathered, n_files: int) -> Html | None:
    """A histogram of every signal that was measured: those with limits first, the others by group, folded."""
    if not gathered.sketches:
        return None
    limits: dict[str, list[Limit]] = {}
    for limit in gathered.limits:
        limits.setdefault(limit.rule.signal, []).append(limit)
    limited = [name for name in limits if name in gathered.sketches]
    groups: dict[str, list[str]] = {}
    for name in gathered.sketches:
        if name not in limits:
            groups.setdefault(_GROUPS.get(name, "other"), []).append(name)
    return section(
        "Signals and limits",
        tag("p", _words(gathered, n_files), class_="quiet"),
        tag("p", legend(("bytes", "kept"), ("bytes-gone", "dropped, by any rule"), ("mark", "limit"))),
        _cards(limited, gathered, limits),
        *(
            details(f"{len(names)} signals of {group}, without limits", _cards(names, gathered, limits))
            for group, names in groups.items()
        ),
    )


def _words(gathered: Gathered, n_files: int) -> str:
    told = (
        "Heights are square roots of files, so that tails are seen. A file is measured as far as it came: "
        "what an early rule dropped is not in the histograms of later stages."
    )
    part = "" if gathered.n_rows >= n_files else f" Counted over {gathered.n_rows:,} of {n_files:,} files."
    return told + part


def quality(gathered: Gathered) -> Html | None:
    """How the quality score is spread in each language, those with most files first; None without scores."""
    named = sorted(gathered.quality.items(), key=lambda item: (-item[1].n_files, item[0]))[:MOST_QUALITY_LANGUAGES]
    if not named:
        return None
    cards = [_card(language, f"median {_median(sketch):.0f}", sketch, []) for language, sketch in named]
    return section(
        "Quality by language",
        tag("p", legend(("bytes", "kept"), ("bytes-gone", "dropped, by any rule"))),
        tag("div", *cards, class_="cards"),
    )


def _median(sketch: Sketch) -> float:
    """The middle of the bin that holds the median."""
    both = np.cumsum(sketch.kept + sketch.dropped)
    at = int(np.searchsorted(both, (both[-1] + 1) // 2))
    return (edge(sketch.scale, at) + edge(sketch.scale, at + 1)) / 2


def _cards(names: Sequence[str], gathered: Gathered, limits: Mapping[str, list[Limit]]) -> Html:
    made = [_card(name, _MEANINGS.get(name, ""), gathered.sketches[name], limits.get(name, [])) for name in names]
    return tag("div", *made, class_="cards")


def _card(name: str, note: str, sketch: Sketch, limits: Sequence[Limit]) -> Html:
    told = join(count(sketch.n_files), " files")
    if sketch.scale == "yes_or_no":
        plot = _yes_or_no(name, sketch)
    else:
        plot = _histogram(name, sketch, [bound for limit in limits for bound in _bounds(limit)])
    words = [tag("li", tag("b", bound), " ", tag("bdi", f"{limit.stage}.{limit.reason}"), _for(limit))
             for limit in limits for bound in _told(limit)]  # fmt: skip
    return tag(
        "figure", tag("figcaption", tag("bdi", name), tag("small", note), tag("small", told)), plot,
        tag("ul", *words, class_="limits") if words else None,
    )  # fmt: skip


def _bounds(limit: Limit) -> list[float]:
    return [bound for bound in (limit.rule.min, limit.rule.max) if bound is not None]


def _told(limit: Limit) -> list[str]:
    named = [("at least", limit.rule.min), ("at most", limit.rule.max)]
    told = [f"{words} {bound:,.10g}" for words, bound in named if bound is not None]
    return told or [f"goes if {'yes' if limit.rule.drop_if else 'no'}"]


def _for(limit: Limit) -> str | None:
    rule = limit.rule
    if rule.languages is not None:
        return f", for {', '.join(rule.languages[:3])}{' ...' if len(rule.languages) > 3 else ''}"
    if rule.kinds is not None:
        return f", for {', '.join(rule.kinds)}"
    return f", but for {len(rule.except_languages)} languages" if rule.except_languages else None


def _histogram(name: str, sketch: Sketch, bounds: Sequence[float]) -> Html:
    total = sketch.kept + sketch.dropped
    there = np.flatnonzero(total)
    marks = [_mark(sketch, bound) for bound in bounds]
    last = len(total)
    low = int(min([*there[:1], *marks], default=0))
    high = int(max([*(there[-1:] + 1), *map(math.ceil, marks), low + 1], default=1))
    low, high = max(0, low - 1), min(last, max(high + 1, low + 8))
    most = math.sqrt(total.max()) or 1.0
    kept: list[str] = []
    gone: list[str] = []
    for place in range(low, high):
        if not total[place]:
            continue
        whole = _HEIGHT * math.sqrt(total[place]) / most
        solid = whole * sketch.kept[place] / total[place]
        for path, bottom, top in ((kept, 0.0, solid), (gone, solid, whole)):
            if top > bottom:
                path.append(
                    f"M{place - low + 0.06:g} {_HEIGHT - bottom:.1f}V{_HEIGHT - top:.1f}h.88V{_HEIGHT - bottom:.1f}z"
                )
    shapes = [
        tag("path", class_=colour, d="".join(path)) for colour, path in (("bytes", kept), ("bytes-gone", gone)) if path
    ]
    width = high - low
    lines = [
        tag("path", class_="limit", d=f"M{min(max(mark - low, 0.0), width):.3f} 0V{_HEIGHT}")
        for mark in sorted(set(marks))
    ]
    title = tag("title", f"{name}: {sketch.kept.sum():,} files kept, {sketch.dropped.sum():,} dropped")
    svg = tag(
        "svg", title, *shapes, *lines, role="img", class_="plot", height=72, viewBox=f"0 0 {width} {_HEIGHT}",
        preserveAspectRatio="none",
    )  # fmt: skip
    ends = (edge(sketch.scale, low), edge(sketch.scale, high))
    return join(svg, tag("div", *(tag("span", _number(end)) for end in ends), class_="ends"))


def _mark(sketch: Sketch, bound: float) -> float:
    """Where a limit is drawn: on its value; one of 0 behind the bin that holds what is 0."""
    at = float(places(sketch.scale, np.array([bound]))[0])
    return 1.0 if sketch.scale == "log" and at == 0 else at


def _yes_or_no(name: str, sketch: Sketch) -> Html:
    """Two bars: files for which it is so, and those for which it is not."""
    total = sketch.kept + sketch.dropped
    most = max(int(total.max()), 1)
    rows = []
    for words, place in (("yes", 1), ("no", 0)):
        solid, whole = (1000 * math.sqrt(number / most) for number in (sketch.kept[place], total[place]))
        solid = whole * sketch.kept[place] / total[place] if total[place] else 0.0
        bars = [("bytes", 0.0, solid), ("bytes-gone", solid, whole)]
        parts = [
            tag("rect", class_=colour, x=f"{start:.1f}", y=0, width=f"{end - start:.1f}", height=8)
            for colour, start, end in bars
            if end > start
        ]
        title = f"{name}, {words}: {sketch.kept[place]:,} files kept, {sketch.dropped[place]:,} dropped"
        svg = tag(
            "svg", tag("title", title), *parts, role="img", height=8, viewBox="0 0 1000 8", preserveAspectRatio="none"
        )
        rows.append(tag("div", tag("span", words), svg, tag("span", count(int(total[place]))), class_="answer"))
    return join(*rows)


def _number(value: float) -> str:
    """A number with at most three digits that count, and k, M or G."""
    for size, letter in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= size:
            return f"{value / size:.3g}{letter}"
    return f"{value:.3g}"
