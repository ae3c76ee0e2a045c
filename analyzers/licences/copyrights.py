"""Copyright lines: whose a file or licence is, in the words that stand there."""

from __future__ import annotations

import re

MOST_CHARS = 200  # of a line
MOST_LINES = 50  # of a file

_LINE = re.compile(r"\W*?((?:portions?,? )?(?:copyright|\(c\)|©|spdx-filecopyrighttext:).*)", re.IGNORECASE)
_START = re.compile(r"^(?:portions?,? )?(?:copyright|\(c\)|©|spdx-filecopyrighttext:)[\s:,]*", re.IGNORECASE)
# Words after which it is a sentence about copyright, or a blank form.
_NO_CLAIM = re.compile(
    r"^(?:portions?,? )?(?:copyright )?(?:notice|holder|owner|law|statement|licen[cs]e|and (?:related|permission)|or |"
    r"in |to |interest|act|is |as |treaty|protect|disclaimer|management)|"
    r"\[yyyy\]|<year>|\[name of|<name of|\{yyyy\}|<copyright holder|"
    r"free software foundation.{0,40}(?:franklin|temple place|<https?://fsf)",
    re.IGNORECASE,
)
_LEFT = re.compile(r"\s*(?:\*+/|-->|\"\"\"|\*\)|#+|\*+|//+)\s*$")


def _may_claim(line: str) -> bool:
    return "opyright" in line or "(c)" in line or "(C)" in line or "©" in line or "OPYRIGHT" in line


def copyright_lines(text: str) -> list[str]:
    """Lines that claim copyright, each once, in their order; at most MOST_LINES of at most MOST_CHARS characters.

    Comment marks and repeated spaces are taken off. The blank forms in the licences' own texts are left out.
    """
    found: dict[str, None] = {}
    for told in filter(_may_claim, text.split("\n")):
        match = _LINE.match(told)
        if match is None:
            continue
        line = " ".join(_LEFT.sub("", match.group(1)).split())[:MOST_CHARS].strip()
        rest = _START.sub("", line)
        if len(rest) > 2 and not _NO_CLAIM.search(line) and not _NO_CLAIM.match(rest):
            found.setdefault(line)
        if len(found) == MOST_LINES:
            break
    return list(found)
