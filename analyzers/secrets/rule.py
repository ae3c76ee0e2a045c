"""A rule: what the engine looks for, the exact expression where it reports, and the checks on what was found."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

Check = Callable[[bytes, int, int], bool]
"""(file, start, end) -> whether the candidate stands. Start and end are byte offsets of the value."""


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One kind of finding; a kind may have several rules, and the first rule in the table wins where two overlap.

    `anchor` is in the engine's syntax and reports where to look: what it matches begins where `pattern` is matched,
    less up to 64 bytes of `lead` before it (where the engine cannot follow a start, as in e-mail addresses). The group
    `v` of `pattern`, or the whole match, is the value.
    `pattern` is bounded and its loops are possessive, so that a candidate costs a bounded number of steps. No
    group repeats possessively: Python before 3.11.5 matches those wrongly (CPython issue 106052).
    """

    kind: str
    placeholder: str
    anchor: str
    pattern: re.Pattern[bytes]
    checks: tuple[Check, ...] = ()
    lead: bytes = b""
    skip: int = 0  # bytes of the anchor before the place where `pattern` is matched, but at the file's start


_ANCHOR_BYTES = 16
"""As much of a token's body as the engine checks: rare enough in code, and its automaton stays small."""


def bounded(head: str, body: str, at_least: int, more: int) -> tuple[str, re.Pattern[bytes]]:
    """(anchor, pattern) of a token: an expression for its head, then `at_least` to `at_least + more` of a class.

    The token stands alone: no word character or hyphen before it, unless an escape such as \\n ends there, and neither
    one of its class nor a word character behind it.
    """
    anchor = f"{head}{body}{{{min(at_least, _ANCHOR_BYTES)}}}"
    pattern = rf"(?:(?<![\w-])|(?<=\\[nrt])){head}{body}{{{at_least},{at_least + more}}}+(?!{body}|\w)"
    return anchor, re.compile(pattern.encode())


MAX_LEAD_BYTES = 64


def beginning(row: bytes, place: int, lead: bytes) -> int:
    """Where the run of `lead` bytes before a place begins, at its first letter or digit; -1 if it is too long.

    The letter of an escape such as \\n belongs to the escape: without it the backslash would have lost its meaning.
    """
    before = row[max(place - MAX_LEAD_BYTES, 0) : place]
    run = len(before) - len(before.rstrip(lead))
    if run == MAX_LEAD_BYTES:
        return -1
    start = place - run
    if start and row[start - 1] == 92 and row[start : start + 1] in (b"n", b"r", b"t"):
        start += 1
    while start < place and not row[start : start + 1].isalnum():
        start += 1
    return start
