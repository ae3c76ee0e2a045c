"""Exact checks on a candidate: check digits, entropy, stand-in values, addresses that are nobody's.

Each takes bytes and answers whether the candidate stands. They see at most a few hundred bytes.
"""

from __future__ import annotations

import ipaddress
import math
import operator
import re
import zlib
from collections import Counter
from datetime import date

_BASE62 = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_STAND_IN = re.compile(
    rb"example|sample|dummy|placeholder|change_?me|your[-_]|insert|replace|redacted|foobar|xxxx|\*\*\*\*|fake|mock"
    rb"|s3cr3t|qwerty|letmein|undefined|deadbeef|abcdef|123456|0000000|test[-_]|[-_]test",
    re.I,
)
_MAX_ASCENDING_SHARE = 0.4  # abcdefgh, 0123456789 and the like
_NEXT = bytes(range(1, 256)) + b"\xff"
_DIGIT, _LETTER = re.compile(rb"[0-9]"), re.compile(rb"[A-Za-z]")


def entropy(value: bytes) -> float:
    """Shannon entropy of the bytes, in bits a byte; 0 for an empty value."""
    n = len(value)
    return -sum(count / n * math.log2(count / n) for count in Counter(value).values()) if n else 0.0


def is_stand_in(value: bytes) -> bool:
    """Whether a value says that it is none: an example, a row of the same or of ascending characters."""
    if _STAND_IN.search(value):
        return True
    ascending = sum(map(operator.eq, value[1:], value.translate(_NEXT)))
    return len(value) > 8 and ascending > _MAX_ASCENDING_SHARE * len(value)


def is_mixed(value: bytes) -> bool:
    """Whether there are both digits and letters: words joined by underscores have no digits."""
    return _DIGIT.search(value) is not None and _LETTER.search(value) is not None


def has_crc(token: bytes) -> bool:
    """Whether the last six characters are the CRC-32, in base 62, of those between the prefix's underscore and them.

    Source: GitHub's description of its token formats (2021); npm uses the same.
    """
    body, tail = token[token.index(b"_") + 1 : -6], token[-6:]
    value = 0
    for b in tail:
        value = value * 62 + _BASE62.index(b)
    return value == zlib.crc32(body)


def passes_luhn(digits: bytes) -> bool:
    """Luhn's check (ISO/IEC 7812-1)."""
    total = 0
    for place, b in enumerate(reversed(digits)):
        d = (b - 48) * (1 + place % 2)
        total += d - 9 if d > 9 else d
    return total % 10 == 0


_TEST_CARDS = frozenset(
    b"4111111111111111 4242424242424242 4012888888881881 4000056655665556 5555555555554444 5105105105105100 "
    b"5200828282828210 378282246310005 371449635398431 6011111111111117 6011000990139424 3530111333300000 "
    b"30569309025904 38520000023237 4222222222222 4000000000000002 2223003122003222".split()
)
_MIN_CARD_DIGITS_USED = 5


def is_card(value: bytes) -> bool:
    """Whether the digits are a bank card's: issuer range, length, Luhn, and none of the published test cards."""
    digits = value.translate(None, b" -")
    lengths = {51: (16,), 52: (15,) if digits[1:2] in (b"4", b"7") else (), 53: (16,), 54: (16, 17, 18, 19)}
    if digits[:1] == b"4":
        allowed: tuple[int, ...] = (13, 16)
    elif digits[:1] == b"2":
        allowed = (16,) if b"2221" <= digits[:4] <= b"2720" else ()
    else:
        allowed = lengths.get(digits[0], ())
    return (
        len(digits) in allowed
        and digits not in _TEST_CARDS
        and len(set(digits)) >= _MIN_CARD_DIGITS_USED
        and passes_luhn(digits)
    )


_CITIZEN_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


def is_citizen_number(value: bytes) -> bool:
    """Whether 18 characters are a Chinese citizen number: area, a date of birth that existed, ISO 7064 MOD 11-2.

    Source: GB 11643-1999.
    """
    try:
        born = date(int(value[6:10]), int(value[10:12]), int(value[12:14]))
    except ValueError:
        return False
    if not 1900 <= born.year <= 2099 or value[14:17] == b"000":
        return False
    total = sum((b - 48) * weight for b, weight in zip(value, _CITIZEN_WEIGHTS, strict=False))
    return b"10X98765432"[total % 11] == value[17:18].upper()[0]


_DOCUMENTED = tuple(
    ipaddress.ip_network(net) for net in ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "2001:db8::/32")
)
_RESOLVERS = frozenset(
    b"8.8.8.8 8.8.4.4 1.1.1.1 1.0.0.1 9.9.9.9 4.2.2.2 114.114.114.114 223.5.5.5 223.6.6.6 "
    b"208.67.222.222 208.67.220.220 2001:4860:4860::8888 2001:4860:4860::8844 2606:4700:4700::1111".split()
)


def is_personal_address(value: bytes) -> bool:
    """Whether an IPv4 or IPv6 address is public and not a documented example or a well-known public resolver."""
    if value in _RESOLVERS:
        return False
    try:
        address = ipaddress.ip_address(value.decode("ascii"))
    except ValueError:
        return False
    return address.is_global and not address.is_multicast and not any(address in net for net in _DOCUMENTED)
