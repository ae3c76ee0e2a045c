"""Secrets that only their place gives away: a value assigned to a name such as password, a password in a URL."""

from __future__ import annotations

import re

from analyzers.secrets.checks import entropy, is_mixed, is_stand_in
from analyzers.secrets.rule import Rule

_WORD = (
    r"(?:passw(?:or)?d|passphrase|pwd|secret|token|api[_-]?key|access[_-]?key|auth[_-]?key|secret[_-]?key"
    r"|private[_-]?key|signing[_-]?key|encryption[_-]?key|credentials?)(?:[_-](?:key|value|token|prod|dev|[0-9]))?"
)
_TYPE = r"(?:[ \t]?:[ \t]?[a-z]{2,12}[ \t]{0,3}(?==[^=]))?"
_MIN_BYTES = 8
_LONG_BYTES, _LONG_ENTROPY = 12, 3.0  # bits a byte; shorter values must mix three kinds of characters

_PATTERN = re.compile(
    rf"""(?i:{_WORD})(?P<k>["']?)\]?(?i:{_TYPE})(?P<gap>[ \t]{{0,3}}(?:=>|:=|=|:)[ \t]{{0,3}}|,?[ \t]{{1,3}})
    (?P<q>["'`]?)(?P<v>[^\s"'`<>${{}}()\[\],;\\]{{{_MIN_BYTES},200}}+)(?P<after>.|\Z)""".replace("\n    ", "").encode(),
    re.S,
)
_SAYS_SECRET = re.compile(rb"passw(?:or)?d|secret", re.I)
_NO_SECRET = re.compile(
    rb"[A-Za-z]+(?:[-_.:/][A-Za-z]*)*[0-9]{0,3}|(?:https?|file|ftp|s3|arn|urn):.*|\.{0,2}/.*|[0-9.,:xX-]+|0x[0-9a-fA-F]+"
    rb"|[A-Za-z_][\w]*(?:\.[A-Za-z_]\w*)+|%.*|.*(?:=>|->|==|&&|\|\|).*|[a-z]+(?:_[a-z0-9]+)+|[A-Z]+(?:_[A-Z0-9]+)+"
)
"""What stands where a secret could and is none: words, paths, addresses, numbers, member names, operators."""


def _is_secret(row: bytes, start: int, end: int) -> bool:
    """Whether the value is quoted, or alone up to the line's end, and is random enough to be no name."""
    quote = row[start - 1 : start] if start else b""
    following = row[end : end + 1]
    if quote in (b'"', b"'", b"`"):
        if following != quote:
            return False
    elif following and following not in (b"\n", b"\r", b" ", b"\t", b"&"):
        return False
    value = row[start:end]
    if is_stand_in(value) or _SAYS_SECRET.search(value) or _NO_SECRET.fullmatch(value) or not is_mixed(value):
        return False
    if len(value) >= _LONG_BYTES:
        return entropy(value) >= _LONG_ENTROPY
    kinds = (rb"[0-9]", rb"[a-z]", rb"[A-Z]", rb"[^0-9A-Za-z]")
    return sum(re.search(kind, value) is not None for kind in kinds) > 2 and entropy(value) > 2.5


def _is_assigned(row: bytes, start: int, end: int) -> bool:
    """Without an operator (`ENV NAME "value"`, `set("NAME", "value")`) a value must be quoted."""
    before = row[max(start - 8, 0) : start]
    return before[-1:] in (b'"', b"'", b"`") or b"=" in before or b":" in before


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
        anchor="(?i)" + _WORD + r"[\"']?\]?(?:[ \t]?:[ \t]?[a-z]{2,12}[ \t]{0,3}=)?"
        r"(?:[ \t]{0,3}(?:=>|:=|=|:)[ \t]{0,3}|,?[ \t]{1,3}[\"'`])[\"'`]?[^\s\"'`<>${}()\[\],;\\]{8}",
        pattern=_PATTERN,
        checks=(_is_assigned, _is_secret),
    ),
)
