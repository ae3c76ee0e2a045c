"""HTML and SVG for the report: text is escaped by construction, and plots are bars that stretch with their column."""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from typing import Any

_NO_CONTENT = {"meta", "wbr"}
# Control characters, overrides of the writing direction (which would reorder what follows), and what is no character.
_UNPRINTABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]")
_UNITS = 1000  # a plot's width in its own units
_BAR, _GAP = 8, 3  # px
_SLIVER = 4  # units, so that what is there is seen

# A part of a bar: class for its colour, start and length, both as shares of the plot's width.
Part = tuple[str, float, float]


class Html(str):
    """Markup that stands as it is. Every other value that goes into a page is escaped."""


def escape(value: object) -> Html:
    """A value as text, or as an attribute's value between double quotes; what cannot be shown becomes U+FFFD."""
    return value if isinstance(value, Html) else Html(html.escape(_UNPRINTABLE.sub("\ufffd", str(value))))


def tag(name: str, /, *children: object, **attributes: object) -> Html:
    """An element. None as a child or attribute is left out; `class_` is class, and `data_x` is data-x."""
    written = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(value)}"'
        for key, value in attributes.items()
        if value is not None
    )
    if name in _NO_CONTENT:
        return Html(f"<{name}{written}>")
    return Html(f"<{name}{written}>{join(*children)}</{name}>")


def join(*children: object) -> Html:
    """Children side by side, without None."""
    return Html("".join(escape(child) for child in children if child is not None))


def count(number: int) -> Html:
    """A whole number with thousands separators."""
    return tag("data", f"{number:,}", value=number)


def megabytes(n_bytes: int) -> Html:
    """Bytes as MB (10^6 bytes)."""
    return _millions(n_bytes, "bytes")


def million_tokens(n_tokens: int) -> Html:
    """Tokens in millions."""
    return _millions(n_tokens, "tokens")


def _millions(number: int, unit: str) -> Html:
    """Two decimals, 0 for none at all; the exact number is the element's value and title."""
    text = "0" if number == 0 else "<0.01" if number < 5_000 else f"{number / 1e6:,.2f}"
    return tag("data", text, value=number, title=f"{number:,} {unit}")


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
                    tag(
                        "rect", class_=colour, x=f"{left:.1f}", y=row * (_BAR + _GAP), width=f"{width:.1f}", height=_BAR
                    )
                )
    height = len(rows) * (_BAR + _GAP) - _GAP
    return tag(
        "svg", tag("title", title), *parts, role="img", height=height, viewBox=f"0 0 {_UNITS} {height}",
        preserveAspectRatio="none",
    )  # fmt: skip


def table(caption: object, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> Html:
    """A table of which the first cell of each row is its heading and the others are numbers. It scrolls sideways in a
    column too narrow for it, by keyboard too.
    """
    head = tag("thead", tag("tr", *(tag("th", name, scope="col") for name in columns)))
    body = [tag("tr", tag("th", row[0], scope="row"), *(tag("td", cell) for cell in row[1:])) for row in rows]
    whole = tag("table", tag("caption", caption) if caption else None, head, tag("tbody", *body))
    return tag("div", whole, class_="wide", tabindex=0, role="group", aria_label="table")


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


def section(title: str, *children: object) -> Html:
    """A part of the page with its heading."""
    return tag("section", tag("h2", title), *children)


def share(part: float, whole: float) -> float | None:
    """A part of a whole, None where there is nothing to be a part of."""
    return part / whole if whole else None


def length(part: float, whole: float) -> float:
    """A part of a whole as a bar's length."""
    return part / whole if whole else 0.0
