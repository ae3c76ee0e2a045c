"""HTML whose text is escaped by construction: whatever a model wrote stands on the page as text and does nothing."""

from __future__ import annotations

import html
import re

# Control characters, overrides of the writing direction (which would reorder what follows), and what is no character.
_UNPRINTABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]")


class Html(str):
    """Markup that stands as it is. Every other value that goes into a page is escaped."""


def escape(value: object) -> Html:
    """A value as text, or as an attribute's value between double quotes; what cannot be shown becomes U+FFFD."""
    return value if isinstance(value, Html) else Html(html.escape(_UNPRINTABLE.sub("\ufffd", str(value))))


def tag(name: str, /, *children: object, **attributes: object) -> Html:
    """An element. None as a child or attribute is left out; `class_` is class, and `aria_label` is aria-label."""
    written = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(value)}"'
        for key, value in attributes.items()
        if value is not None
    )
    inside = "".join(escape(child) for child in children if child is not None)
    return Html(f"<{name}{written}>{inside}</{name}>")


def table(caption: str, columns: tuple[str, ...], rows: list[tuple[object, ...]]) -> Html:
    """A table of which the first cell of a row is its heading. It scrolls sideways where there is no room for it."""
    head = tag("thead", tag("tr", *(tag("th", name, scope="col") for name in columns)))
    body = [tag("tr", tag("th", row[0], scope="row"), *(tag("td", cell) for cell in row[1:])) for row in rows]
    whole = tag("table", tag("caption", caption), head, tag("tbody", *body))
    return tag("div", whole, class_="wide", tabindex=0, role="group", aria_label=caption)
