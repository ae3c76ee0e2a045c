"""The domain of a document, as mixtures and compression are told by: code, Chinese or English (CodeFuse-13B)."""

from __future__ import annotations

import re

CODE, CHINESE, ENGLISH = "code", "chinese", "english"
DOMAINS = (CODE, CHINESE, ENGLISH)

PROSE = frozenset((
    "AsciiDoc", "Creole", "Markdown", "MediaWiki", "Muse", "Org", "Pod", "RDoc", "RMarkdown", "Rich Text Format",
    "Roff", "Roff Manpage", "TeX", "Texinfo", "Text", "Textile", "Vim Help File", "Wikitext", "reStructuredText",
))  # fmt: skip
"""Linguist's languages of type prose, and those of type markup in which people write documents."""

MIN_CHINESE_FRACTION = 0.15
"""Of the characters that are no white space, at or above which prose is Chinese. Han characters carry about four Latin
letters' worth of text each, so that text with this share is half Chinese by what it says."""

_HAN = re.compile("[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")
_JAPANESE_OR_KOREAN = re.compile("[\u3040-\u30ff\uac00-\ud7af]")
_LOOKED_AT = 20_000  # characters: a document's language shows in its beginning


def domain_of(language: str, content: str) -> str:
    """One of DOMAINS. Code in any language is code, whatever language its comments are in; prose that is not Chinese
    counts as English, Japanese and Korean included, of which CodeFuse's mixture knows nothing."""
    if language not in PROSE:
        return CODE
    text = "".join(content[:_LOOKED_AT].split())
    if len(_JAPANESE_OR_KOREAN.findall(text)) > 0.05 * len(text):
        return ENGLISH
    return CHINESE if text and len(_HAN.findall(text)) >= MIN_CHINESE_FRACTION * len(text) else ENGLISH
