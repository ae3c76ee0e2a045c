"""Secrets that only their place gives away: a value assigned to a name such as password, a password in a URL."""

from __future__ import annotations

import re

from analyzers.secrets.checks import entropy, is_mixed, is_stand_in
from analyzers.secrets.rule import Rule

_WORD = (
    r"(?:passw(?:or)?d|passphrase|pwd|[_-]pass|secret|token|api[_-]?key|access[_-]?key|auth[_-]?key|secret[_-]?key"
    r"|private[_-]?key|signing[_-]?key|encryption[_-]?key|credentials?)(?:[_-](?:key|value|token|prod|dev|[0-9]))?"
)
_CLOSE = r"(?:\\?[\"'])?\]?"
_TYPE = r"(?:[ \t]?[: \t][ \t]?[a-z]{2,12}[ \t]{0,3}(?==[^=]))?"
_ASSIGN = r"(?:=>|[!=]?==?|:{1,3}=|[?.+|]{1,2}=|:)"
_VALUE = r"""[^\s"'`<>${}()\[\],;&\\]"""
_MIN_BYTES = 8
_LONG_BYTES, _LONG_ENTROPY = 12, 3.0  # bits a byte; shorter values must mix three kinds of characters

_PATTERN = re.compile(
    (
        rf"(?i:{_WORD})(?:{_CLOSE}(?i:{_TYPE})"
        # assigned; in a block of YAML; between tags; after a blank or comma, in quotes
        rf"(?:[ \t]{{0,3}}{_ASSIGN}[ \t]{{0,3}}(?:[|>]-?\r?\n[ \t]{{1,20}})?|,?[ \t]{{1,3}}(?=[\"'`])|>\s{{0,20}})@?"
        rf"(?:\\?[\"'`])?)(?P<v>(?:{_VALUE}|\$(?![\w{{(])|&(?!\w{{1,30}}=)){{{_MIN_BYTES},200}})"
    ).encode()
)
_SAYS_SECRET = re.compile(rb"passw(?:or)?d|secret", re.I)
_NO_SECRET = re.compile(
    rb"[A-Za-z]+(?:[-_.:/][A-Za-z]*)*[0-9]{0,3}|(?:https?|file|ftp|s3|arn|urn):.*|\.{0,2}/.*|[0-9.,:xX-]+|0x[0-9a-fA-F]+"
    rb"|[A-Za-z_][\w]*(?:\.[A-Za-z_]\w*)+|%.*|.*(?:=>|->|==|&&|\|\|).*|[a-z]+(?:_[a-z0-9]+)+|[A-Z]+(?:_[A-Z0-9]+)+"
)
"""What stands where a secret could and is none: words, paths, addresses, numbers, member names, operators."""


_LINE_BYTES = 256
_FIELD_BEFORE = re.compile(rb";[ \t]?[\w ]{0,40}=[ \t]?\Z")
_FIELD_AFTER = re.compile(rb";[ \t]?[A-Za-z][\w ]{1,40}=")


def _is_closed(row: bytes, start: int, end: int) -> bool:
    """Whether the value ends where it was opened to end: at its quote, its tag, its field or its line."""
    opened, following = row[start - 1 : start] if start else b"", row[end : end + 1]
    if opened in (b'"', b"'", b"`"):
        return following == opened or row[start - 2 : start] == b"\\" + opened == row[end : end + 2]
    tag = row.rfind(b">", max(start - 21, 0), start)
    if tag >= 0 and not row[tag + 1 : start].strip() and row[tag - 1 : tag] not in (b"=", b":", b" "):
        return row[end : end + 21].lstrip().startswith(b"</")
    if following == b";":  # of a connection string; elsewhere it ends a statement, and a bare word is a name
        before = row[max(start - _LINE_BYTES, 0) : start]
        return _FIELD_BEFORE.search(before) is not None or _FIELD_AFTER.match(row, end) is not None
    return following in (b"", b"\n", b"\r", b" ", b"\t", b"&") or row[end : end + 2] == b"</"


def _is_secret(row: bytes, start: int, end: int) -> bool:
    """Whether the value is quoted, or alone up to the line's end, and is random enough to be no name."""
    if not _is_closed(row, start, end):
        return False
    value = row[start:end]
    if is_stand_in(value) or _SAYS_SECRET.search(value) or _NO_SECRET.fullmatch(value) or not is_mixed(value):
        return False
    if len(value) >= _LONG_BYTES:
        return entropy(value) >= _LONG_ENTROPY
    kinds = (rb"[0-9]", rb"[a-z]", rb"[A-Z]", rb"[^0-9A-Za-z]")
    return sum(re.search(kind, value) is not None for kind in kinds) > 2 and entropy(value) > 2.5


_HOST_OF_EXAMPLES = re.compile(rb"(?:[^/\s]{0,100}\.)?example\.(?:com|org|net)|localhost|127\.0\.0\.1|host(?:name)?\b")


def _is_password(row: bytes, start: int, end: int) -> bool:
    """Whether a URL's password is meant: no variable, no everyday stand-in, no host that only examples have."""
    value = row[start:end]
    user = row[row.rfind(b"/", max(start - 80, 0), start) + 1 : start - 1]
    if (
        is_stand_in(value)
        or _SAYS_SECRET.search(value)
        or value.lower() in (b"pass", b"pwd", b"root", b"admin", b"postgres", b"tiger", b"token", user.lower())
    ):
        return False
    if _HOST_OF_EXAMPLES.match(row, end + 1) and not is_mixed(value):
        return False
    return value[:1] != b"%" and value != b"x-oauth-basic" and entropy(value) >= 1.5


ASSIGNED: tuple[Rule, ...] = (
    Rule(
        kind="connection_string",
        placeholder="PASSWORD",
        anchor=r"://[^\s/:@\"'<>${}]{0,64}:[^\s/@\"'<>${}]{3,80}@[0-9A-Za-z\[]",
        pattern=re.compile(rb"://[^\s/:@\"'<>${}]{0,64}+:(?P<v>[^\s/@\"'<>${}:]{3,80}+)@(?=[0-9A-Za-z\[])"),
        checks=(_is_password,),
    ),
    Rule(
        kind="password",
        placeholder="PASSWORD",
        anchor=rf"(?i){_WORD}{_CLOSE}(?:[ \t]?[: \t][ \t]?[a-z]{{2,12}}[ \t]{{0,3}}=)?"
        rf"(?:[ \t]{{0,3}}{_ASSIGN}[ \t]{{0,3}}(?:[|>]-?\r?\n[ \t]{{1,20}})?|,?[ \t]{{1,3}}[\"'`]|>\s{{0,20}})@?"
        rf"(?:\\?[\"'`])?(?:{_VALUE}|[$&]){{8}}",
        pattern=_PATTERN,
        checks=(_is_secret,),
    ),
)
