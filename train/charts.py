"""Line charts as SVG inside a page: light and dark by the page's own colours, legible without them, no script."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from train.evaluate.markup import Html, tag

CHART_CSS = """
figure { margin: 1.75rem 0 0; min-width: 0; }
figcaption { font-size: .95rem; color: var(--quiet); padding-bottom: .3rem; }
.figures { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 24rem), 1fr)); gap: 0 2.5rem; }
svg.chart { height: auto; max-width: 40rem; overflow: visible; }
.chart text { fill: var(--quiet); font: 12px var(--sans); font-variant-numeric: tabular-nums lining-nums; }
.chart .grid-line { stroke: var(--rule); stroke-width: 1; }
.chart .line { fill: none; stroke-width: 2; stroke-linejoin: round; }
.chart .dot { stroke: var(--paper); stroke-width: 1.25; }
.chart .mark { stroke: var(--ink); stroke-width: 1.25; stroke-dasharray: 3 3; }
.chart .spread { opacity: .28; }
.chart .tone0 { --tone: var(--pass); } .chart .tone1 { --tone: var(--other); }
.chart .line { stroke: var(--tone); } .chart .dot, .chart .spread { fill: var(--tone); }
.legend { display: flex; flex-wrap: wrap; gap: .1rem 1.1rem; margin: .4rem 0 0; padding: 0; list-style: none;
  font-size: .85rem; color: var(--quiet); }
.legend i { display: inline-block; width: 1.1rem; height: 3px; margin-right: .4rem; vertical-align: .25em;
  background: var(--tone); }
.legend .tone0 { --tone: var(--pass); } .legend .tone1 { --tone: var(--other); }
"""
_WIDTH, _HEIGHT = 480, 300
_LEFT, _RIGHT, _TOP, _BOTTOM = 52, 14, 10, 44
_MOST_TICKS = 6
_SUFFIXES = ((1e12, "T"), (1e9, "B"), (1e6, "M"), (1e3, "k"))


@dataclass(frozen=True, kw_only=True)
class Series:
    """A line, dots, or both, in one of two tones; `shade` from 0 (faint) to 1 tells lines of one tone apart."""

    name: str
    line: Sequence[tuple[float, float]] = ()
    dots: Sequence[tuple[float, float]] = ()
    spread: Sequence[tuple[float, float, float]] = ()  # x, low, high: a band behind the line
    tone: int = 0
    shade: float = 1.0

    @property
    def style(self) -> str | None:
        """The tone, mixed with the paper."""
        if self.shade >= 1:
            return None
        name = ("--pass", "--other")[self.tone]
        return f"--tone:color-mix(in srgb,var({name}) {50 + 50 * self.shade:.0f}%,var(--paper))"


@dataclass(frozen=True, kw_only=True)
class Axis:
    """What an axis measures."""

    name: str
    log: bool = False


def chart(caption: str, series: Sequence[Series], x: Axis, y: Axis, *, mark: float | None = None) -> Html:
    """A figure with a legend where there are several series; `mark` is a place on the x axis to point out."""
    points = [point for one in series for point in (*one.line, *one.dots)]
    edges = [(at, value) for one in series for at, low, high in one.spread for value in (low, high)]
    across = _Scale.of([at for at, _ in (*points, *edges)] + ([mark] if mark else []), x.log, _LEFT, _WIDTH - _RIGHT)
    up = _Scale.of([value for _, value in (*points, *edges)], y.log, _HEIGHT - _BOTTOM, _TOP)
    parts = [*_x_axis(across, x), *_y_axis(up, y)]
    if mark:
        at = across.place(mark)
        parts.append(tag("line", class_="mark", x1=at, x2=at, y1=_TOP, y2=_HEIGHT - _BOTTOM))
    for one in series:
        parts += _drawn(one, across, up)
    svg = tag("svg", tag("title", caption), *parts, class_="chart", role="img", viewBox=f"0 0 {_WIDTH} {_HEIGHT}")
    keys = [tag("li", tag("i"), one.name, class_=f"tone{one.tone}", style=one.style) for one in series]
    return tag(
        "figure", tag("figcaption", caption), svg, tag("ul", *keys, class_="legend") if len(series) > 1 else None
    )


def amount(value: float) -> str:
    """A number as people write it: 350M, 1.3B, 0.42."""
    for size, suffix in _SUFFIXES:
        if abs(value) >= size * 0.9995:
            return f"{value / size:.3g}{suffix}"
    return f"{value:.3g}"


@dataclass(frozen=True, kw_only=True)
class _Scale:
    low: float
    high: float
    log: bool
    first: float  # where `low` is drawn
    last: float

    @classmethod
    def of(cls, values: Sequence[float], log: bool, first: float, last: float) -> _Scale:
        known = [value for value in values if math.isfinite(value) and (value > 0 or not log)] or [1.0]
        low, high = min(known), max(known)
        if log:
            room = (high / low) ** 0.04 if high > low else 1.5
            return cls(low=low / room, high=high * room, log=log, first=first, last=last)
        room = 0.06 * (high - low) or abs(high) * 0.05 or 1.0
        return cls(low=low - room, high=high + room, log=log, first=first, last=last)

    def place(self, value: float) -> float:
        low, high, at = (math.log(one) if self.log else one for one in (self.low, self.high, value))
        return round(self.first + (at - low) / (high - low) * (self.last - self.first), 1)

    def ticks(self) -> list[float]:
        if self.log:
            exponents = range(math.floor(math.log10(self.low)), math.ceil(math.log10(self.high)) + 1)
            for steps in ((1,), (1, 3), (1, 2, 5)):
                found = [step * 10.0**exponent for exponent in exponents for step in steps]
                inside = [value for value in found if self.low <= value <= self.high]
                if len(inside) >= 3:
                    return inside[:: -(-len(inside) // _MOST_TICKS)]
        width = (self.high - self.low) / (_MOST_TICKS - 1)
        power = 10.0 ** math.floor(math.log10(width))
        step = next(one * power for one in (1, 2, 5, 10) if one * power >= width)
        return [number * step for number in range(math.ceil(self.low / step), math.floor(self.high / step) + 1)]


def _x_axis(scale: _Scale, axis: Axis) -> list[Html]:
    bottom = _HEIGHT - _BOTTOM
    parts = [tag("line", class_="grid-line", x1=_LEFT, x2=_WIDTH - _RIGHT, y1=bottom, y2=bottom)]
    for value in scale.ticks():
        parts.append(tag("text", amount(value), x=scale.place(value), y=bottom + 17, text_anchor="middle"))
    middle = (_LEFT + _WIDTH - _RIGHT) / 2
    return [*parts, tag("text", axis.name, x=middle, y=_HEIGHT - 6, text_anchor="middle")]


def _y_axis(scale: _Scale, axis: Axis) -> list[Html]:
    parts = []
    for value in scale.ticks():
        at = scale.place(value)
        parts.append(tag("line", class_="grid-line", x1=_LEFT, x2=_WIDTH - _RIGHT, y1=at, y2=at))
        parts.append(tag("text", amount(value), x=_LEFT - 7, y=at + 4, text_anchor="end"))
    middle = (_TOP + _HEIGHT - _BOTTOM) / 2
    name = tag("text", axis.name, x=0, y=0, text_anchor="middle", transform=f"translate(11 {middle:.0f}) rotate(-90)")
    return [*parts, name]


def _drawn(one: Series, across: _Scale, up: _Scale) -> list[Html]:
    told = {"style": one.style}
    parts = []
    if one.spread:
        edge = [(at, high) for at, _, high in one.spread] + [(at, low) for at, low, _ in reversed(one.spread)]
        parts.append(tag("polygon", class_=f"spread tone{one.tone}", points=_written(edge, across, up), **told))
    if one.line:
        parts.append(tag("polyline", class_=f"line tone{one.tone}", points=_written(one.line, across, up), **told))
    for at, value in one.dots:
        title = tag("title", f"{one.name}: {amount(value)} at {amount(at)}")
        place = {"cx": across.place(at), "cy": up.place(value)}
        parts.append(tag("circle", title, class_=f"dot tone{one.tone}", r=4, **place, **told))
    return parts


def _written(points: Sequence[tuple[float, float]], across: _Scale, up: _Scale) -> str:
    return " ".join(f"{across.place(at)},{up.place(value)}" for at, value in points)
