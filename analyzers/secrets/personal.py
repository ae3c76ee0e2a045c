"""Personal data: e-mail and network addresses, telephone, citizen and card numbers, user names in paths."""

from __future__ import annotations

import re

from analyzers.secrets.checks import is_card, is_citizen_number, is_personal_address
from analyzers.secrets.rule import Rule

_NO_PERSON = frozenset(
    b"git hg svn noreply no-reply donotreply do-not-reply user username example you your.name name email me foo bar "
    b"test nobody root someone someuser firstname.lastname john.doe jane.doe johndoe postmaster mailer-daemon".split()
)
_NO_MAIL_DOMAIN = re.compile(
    rb"(?:.*\.)?(?:example|test|invalid|localhost|local|localdomain|domain|email|yourdomain|mydomain|company|yourcompany)"
    rb"(?:\.(?:com|org|net|io|co))?"
    rb"|users\.noreply\.github\.com|.*\.(?:png|jpe?g|gif|svg|webp|ico|css|js|ts|tsx|jsx|mjs|cjs|py|rb|go|rs|java|json|md|html"
    rb"|service|socket|timer|target|plt|so|lock|yml|yaml|toml|txt|h|hpp|c|cc|cpp|lib|dll|exe|gz|zip|tgz)"
    rb"|(?:foo|bar|a|b|c|x|y|z|abc|xyz|host|server|mail|foobar)\.(?:com|org|net)",
    re.I,
)
_FILE_URL = re.compile(rb"://[^\s/]{0,200}\Z")


def _is_mail(row: bytes, start: int, end: int) -> bool:
    name, _, domain = row[start:end].partition(b"@")
    if name.lower() in _NO_PERSON or _NO_MAIL_DOMAIN.fullmatch(domain):
        return False
    if b".." in name or name[-1:] == b"." or _FILE_URL.search(row, max(start - 210, 0), start):
        return False
    return row[end : end + 1] != b":" or row[end + 1 : end + 2] in (b"", b" ", b"\n", b"\r")  # no scp address


_VERSION_BEFORE = re.compile(
    rb"(?i)(?:version|ver|rev|release|(?<![a-z_])v|oid|build|chrome|safari|firefox|opera|edge|webkit|trident"
    rb"|update|assembly\w{0,20}|sdk|section|rfc ?\d{0,5})[\w]{0,10}[\"']?[\s:=/(,\"'@^~<>]{0,6}\Z"
)
_VERSION_LOOKBACK = 48
_MIN_VERSION_OCTET = 10


def _is_address(row: bytes, start: int, end: int) -> bool:
    value = row[start:end]
    if not is_personal_address(value) or _VERSION_BEFORE.search(row, max(start - _VERSION_LOOKBACK, 0), start):
        return False
    return sum(len(octet) > 1 for octet in value.split(b".")) > 1  # 2.0.0.1 and 10.1.2.3 are mostly versions


def _is_address6(row: bytes, start: int, end: int) -> bool:
    value = row[start:end]
    groups = [group for group in value.split(b":") if group]
    return len(groups) > 2 and any(b"0" <= c <= b"9" for c in (value[:1],)) and is_personal_address(value)


def _is_phone(row: bytes, start: int, end: int) -> bool:
    digits = re.sub(rb"\D", b"", row[start:end])
    if len(set(digits)) < 4 or digits[-7:-4] == b"555" or b"123456" in digits or b"987654" in digits:
        return False
    return row[end : end + 1] not in (b".", b"-", b"/") or not row[end + 1 : end + 2].isdigit()


_OPERAND = re.compile(rb"[*/%^|&]\s?\Z")
_MOBILE_CONTEXT = re.compile(
    rb"(?i)mobile|phone|tel|cell|contact|sms|whatsapp|wechat|\xe6\x89\x8b\xe6\x9c\xba|\xe7\x94\xb5\xe8\xaf\x9d"
)
_CARD_CONTEXT = re.compile(rb"(?i)card|visa|mastercard|credit|debit|\bpan\b|\bcc\b|unionpay|bank|\xe5\x8d\xa1")
_CONTEXT_BYTES = 48


def _is_mobile(row: bytes, start: int, end: int) -> bool:
    """Eleven digits alone are any number: the name beside them, quotes or a country code make them a telephone's."""
    value = row[start:end]
    if len(set(value)) < 4 or value in (b"13800138000", b"13812345678", b"13912345678"):
        return False
    before = row[max(start - _CONTEXT_BYTES, 0) : start]
    return value[:1] == b"+" or _MOBILE_CONTEXT.search(before) is not None


def _is_citizen(row: bytes, start: int, end: int) -> bool:
    return is_citizen_number(row[start:end])


def _is_payment_card(row: bytes, start: int, end: int) -> bool:
    value = row[start:end]
    if not is_card(value):
        return False
    grouped = len(value) > 16 and value.translate(None, b" -") != value
    return grouped or _CARD_CONTEXT.search(row, max(start - _CONTEXT_BYTES, 0), start) is not None


_NO_USER = frozenset(
    b"user users username user_name youruser yourname your-username your_username name me you ubuntu debian centos "
    b"ec2-user runner runneradmin circleci travis vagrant jenkins gitlab-runner git root admin administrator public "
    b"shared default guest home node app docker www www-data linuxbrew appveyor builder build buildbot vsts vsonline "
    b"vscode codespace test testuser foo bar index page pages static about login work jovyan pi vcap sandbox nobody "
    b"all example containeradministrator".split()
)


def _is_user(row: bytes, start: int, end: int) -> bool:
    return end - start > 1 and row[start:end].lower() not in _NO_USER


_OCTET = rb"(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"

_APART = "(?:^|[^0-9A-Za-z_.-])"
"""A number that stands apart: the fractions that tables of coefficients are full of are none."""

PERSONAL: tuple[Rule, ...] = (
    Rule(
        kind="email",
        placeholder="EMAIL",
        anchor="[0-9A-Za-z_]@[0-9A-Za-z]",
        lead=b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_.+-",
        pattern=re.compile(
            rb"[0-9A-Za-z][\w.+-]{0,63}+@"
            rb"(?:[0-9A-Za-z](?:[0-9A-Za-z-]{0,62}+)\.){1,5}[A-Za-z]{2,18}+(?![\w@-]|\.\w)"
        ),
        checks=(_is_mail,),
    ),
    Rule(
        kind="citizen_number",
        placeholder="CITIZEN_NUMBER",
        skip=1,
        anchor=_APART + r"[1-8][0-9]{5}(?:19|20)[0-9]{2}[01][0-9][0-3][0-9]{4}[0-9Xx]",
        pattern=re.compile(rb"(?<![\w.-])[1-8][0-9]{16}[0-9Xx](?![\w-]|\.\d)"),
        checks=(_is_citizen,),
    ),
    Rule(
        kind="bank_card",
        placeholder="CARD_NUMBER",
        skip=1,
        anchor=_APART + r"[2-6][0-9]{3}[ -]?[0-9]{4}[ -]?[0-9]{4}[ -]?[0-9]",
        pattern=re.compile(
            rb"(?<![\w.-])(?:[2-6][0-9]{12,18}+|[2-6][0-9]{3}(?P<s>[ -])[0-9]{4}(?P=s)[0-9]{4}(?P=s)[0-9]{4}"
            rb"|3[47][0-9]{2}[ -][0-9]{6}[ -][0-9]{5})(?![\w-]|\.\d)"
        ),
        checks=(_is_payment_card,),
    ),
    Rule(
        kind="phone",
        placeholder="PHONE",
        skip=1,
        anchor=_APART + r"(?:\+[1-9][0-9]{0,2}[ .-]?\(?[0-9]|\(?[2-9][0-9]{2}\)?[ .-][2-9][0-9]{2}[ .-][0-9]{4})",
        pattern=re.compile(
            rb"(?<![\w.+/-])(?:\+[1-9][0-9]{0,2}(?=(?P<n>(?:[ .-]?\(?[0-9]{1,5}+\)?){2,5}))(?P=n)"
            rb"|\([2-9][0-9]{2}\) ?[2-9][0-9]{2}-[0-9]{4}"
            rb"|[2-9][0-9]{2}(?P<s>[-.])[2-9][0-9]{2}(?P=s)[0-9]{4})(?![\w+-]|\.\d)"
        ),
        checks=(_is_phone, lambda row, start, end: sum(48 <= b <= 57 for b in row[start:end]) > 9),
    ),
    Rule(
        kind="cn_mobile",
        placeholder="PHONE",
        skip=1,
        anchor=_APART + r"1[3-9][0-9]{9}",
        pattern=re.compile(rb"(?<![\w.+-])1[3-9][0-9]{9}(?![\w-]|\.\d)"),
        checks=(_is_mobile,),
    ),
    Rule(
        kind="ipv4",
        placeholder="IP_ADDRESS",
        skip=1,
        anchor=_APART + r"[0-9]{1,3}[.][0-9]{1,3}[.][0-9]{1,3}[.][0-9]",
        pattern=re.compile(rb"(?<![\w.-])(?:" + _OCTET + rb"\.){3}" + _OCTET + rb"(?![\w-]|\.\w)"),
        checks=(_is_address,),
    ),
    Rule(
        kind="ipv6",
        placeholder="IP_ADDRESS",
        anchor=r"\b[23][0-9a-fA-F]{3}:[0-9a-fA-F]{1,4}:[0-9a-fA-F:]",
        pattern=re.compile(
            rb"(?<![\w:.])[23][0-9a-fA-F]{3}(?=(?P<n>(?::{1,2}[0-9a-fA-F]{1,4}){2,7}))(?P=n)(?![\w:]|\.\d)"
        ),
        checks=(_is_address6,),
    ),
    Rule(
        kind="user_in_path",
        placeholder="USER",
        anchor=r"(?:/home/|/Users/|[A-Za-z]:(?:\\{1,2}|/)Users(?:\\{1,2}|/))[0-9A-Za-z_]",
        pattern=re.compile(
            rb"(?<![\w.)}\]-])(?:(?:/[a-z])?/home/|/Users/|[A-Za-z]:(?P<s>\\{1,2}|/)Users(?P=s))"
            rb"(?P<v>[0-9A-Za-z_][\w.-]{0,31}+)(?=[/\\])"
        ),
        checks=(_is_user,),
    ),
)
