"""HTML and SVG for the report: text is escaped by construction, and plots are bars that stretch with their column."""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from typing import Any

NO_CONTENT = {"meta"}
_UNPRINTABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
_UNITS = 1000  # a plot's width in its own units
_BAR, _GAP = 8, 3  # px
_SLIVER = 4  # units, so that what is there is seen

# A part of a bar: class for its colour, start and length, both as shares of the plot's width.
Part = tuple[str, float, float]


class Html(str):
    """Markup that stands as it is. Every other value that goes into a page is escaped."""


def escape(value: object) -> Html:
    """A value as text, or as an attribute's value between double quotes; control characters become U+FFFD."""
    return value if isinstance(value, Html) else Html(html.escape(_UNPRINTABLE.sub("\ufffd", str(value))))


def tag(name: str, /, *children: object, **attributes: object) -> Html:
    """An element. None as a child or attribute is left out; `class_` is class, and `data_x` is data-x."""
    written = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(value)}"'
        for key, value in attributes.items()
        if value is not None
    )
    if name in NO_CONTENT:
        return Html(f"<{name}{written}>")
    return Html(f"<{name}{written}>{join(*children)}</{name}>")


def join(*children: object) -> Html:
    """Children side by side, without None."""
    return Html("".join(escape(child) for child in children if child is not None))


def count(number: int) -> Html:
    """A whole number with thousands separators."""
    return tag("data", f"{number:,}", value=number)


def megabytes(n_bytes: int) -> Html:
    """Bytes as MB (10^6 bytes) with two decimals; exact bytes as the element's value and title."""
    text = "<0.01" if 0 < n_bytes < 5_000 else f"{n_bytes / 1e6:,.2f}"
    return tag("data", text, value=n_bytes, title=f"{n_bytes:,} bytes")


def percent(share: float | None) -> Html:
    """A share of 1 with one decimal; what is not quite nothing or all is never rounded to it. None is a dash."""
    if share is None:
        return tag("span", "–", title="none")
    if 0 < share < 0.001:
        return escape("<0.1%")
    if 0.999 < share < 1:
        return escape(">99.9%")
    return escape(f"{share:.1%}")


def bars(title: str, *rows: Sequence[Part]) -> Html:
    """Horizontal bars, one above the other, each of parts; as wide as the column they stand in."""
    parts: list[Html] = []
    for row, bar in enumerate(rows):
        for colour, start, length in bar:
            if length > 0:
                width = max(_UNITS * length, _SLIVER)
                left = min(_UNITS * start, _UNITS - width)
                parts.append(
                    tag("rect", class_=colour, x=f"{left:.1f}", y=row * (_BAR + _GAP), width=f"{width:.1f}", height=_BAR)
                )
    height = len(rows) * (_BAR + _GAP) - _GAP
    return tag(
        "svg", tag("title", title), *parts, role="img", height=height, viewBox=f"0 0 {_UNITS} {height}",
        preserveAspectRatio="none",
    )  # fmt: skip


def table(caption: object, columns: Sequence[tuple[str, Sequence[str]]], rows: Sequence[Sequence[object]]) -> Html:
    """A table. Columns come in groups, (heading, headings below it); a group of one column has no second heading.

    The first cell of a row is its heading and the others are numbers, unless they are a `td` already.
    """
    top = [
        tag("th", name, scope="colgroup" if below else "col", colspan=len(below) or None, rowspan=None if below else 2,
            class_="group" if below else None)
        for name, below in columns
    ]  # fmt: skip
    below = [tag("th", name, scope="col") for _, names in columns for name in names]
    grouped = bool(below)
    if not grouped:
        top = [tag("th", name, scope="col") for name, _ in columns]
    head = tag("thead", tag("tr", *top), tag("tr", *below) if grouped else None)
    body = tag("tbody", *(tag("tr", tag("th", row[0], scope="row"), *(tag("td", cell) for cell in row[1:])) for row in rows))
    return tag("div", tag("table", tag("caption", caption), head, body), class_="wide", tabindex=0, role="region")


def labelled(name: object, plot: Html | None, note: object = None) -> Html:
    """A row's heading: a name with a plot beside it, or below it where there is no room, and a note."""
    words = tag("span", tag("bdi", name), tag("small", note) if note else None, class_="name")
    return tag("div", words, plot, class_="labelled")


def legend(*entries: tuple[str, str]) -> Html:
    """What the colours of bars mean: (class, meaning)."""
    return tag("span", *(tag("span", tag("i", class_=colour), text) for colour, text in entries), class_="legend")


def fold(rows: Sequence[Any], most: int) -> tuple[Sequence[Any], Sequence[Any]]:
    """The first rows, and the tail to fold away; a tail of one or two is not worth folding."""
    return (rows, ()) if len(rows) <= most + 2 else (rows[:most], rows[most:])


def details(summary: object, *children: object) -> Html:
    """Children folded away below a line."""
    return tag("details", tag("summary", summary), *children)
