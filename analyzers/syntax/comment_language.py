"""The natural language of a comment: English, Chinese, other; unknown where it has too few words.

Scripts tell most: kana is Japanese, hangul Korean, Han without them Chinese. Among Latin letters, frequent words tell
English from the seven other languages that comments are most often in; accents count for those. Names, calls, links and
tags are no words. A comment of several words that speaks for no language is English, as most are.

A model of fastText's can take the place of the statistics (`Fasttext`), for those who have one.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache

_NO_WORDS = re.compile(
    r"`[^`\n]*`|https?://\S+|\{@\w+[^}\n]*\}|@(?:see|link|since|author|version)\b[^\n]*|[@\\]\w+|"
    r"<[^<>\n]{1,80}>|"
    r"\w+\([^()\n]*\)|\b\w*_\w+\b|\b\w+(?:\.\w+)+\b|\b[A-Z]?[a-z]+[A-Z]\w*|\b(?:todo|fixme|xxx)\b|\w*\d\w*",
)
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?")
_HAN = re.compile(r"[㐀-䶿一-鿿豈-﫿]")
_KANA = re.compile(r"[぀-ヿｦ-ﾟ]")
_HANGUL = re.compile(r"[ᄀ-ᇿ가-힯]")
_LATIN = re.compile(r"[A-Za-zÀ-ɏ]")
_ACCENTED = re.compile(r"[À-ÖØ-öø-ɏ]")
_OTHER_SCRIPT = re.compile(r"[Ͱ-᛿ऀ-ྀ]")

# Kanji that Chinese does not write, and words of kanji only that are frequent in Japanese comments.
_JAPANESE = re.compile(
    r"[込働峠畑辻枠読変検収戻処値択図売発実対応権験続価沢桜広総単歩顔楽]|初期化|場合|以下|処理|取得|設定値"
)

_ENGLISH_WORDS = """
    the a an of to is are in for and or not if on by with from that this it be as at when which has have was
    will can should must may does do only no all any new used use uses returns return get gets set sets value
    values file name given called call whether each into using same more than then first last error check checks
    see note make sure create creates list string number object type class method function default current data
    user key one two true false null none before after otherwise its their there up out but so such other
    """
_FOREIGN_WORDS = """
    der das und ist nicht ein eine einen einem einer den dem des mit für von zu zum zur auf aus wenn ob wird
    werden kein keine nur oder bei nach hier dann alle aller sich wir diese dieser gibt setzt liest los las una
    unos del que para por con como en su sus este esta esto devuelve clase lista datos archivo le les un une du
    et est dans pour avec sur qui ce cette ces sont pas où depuis lors renvoie retourne fichier classe liste um
    uma não em com dos ao são isso função arquivo retorna gli che di della delle dei nel è sono questo questa
    het een van voor als niet naar na nie jest dla lub się przez jeśli czy la
    """
"""Of German, Spanish, French, Portuguese, Italian, Dutch and Polish. Those that are also words or abbreviations of
English are left out."""
_ENGLISH, _FOREIGN = frozenset(_ENGLISH_WORDS.split()), frozenset(_FOREIGN_WORDS.split())
_MIN_LETTERS = 6
_MOST_CHARS = 400  # read at first
_HAN_WEIGHT = 3  # letters of Latin to which a Han character amounts


def comment_language(comment: str) -> str:
    """English, Chinese, other or unknown."""
    if comment.isascii():
        return _of_latin(comment, 0)
    text = _NO_WORDS.sub(" ", comment)
    n_latin = len(_LATIN.findall(text))
    n_han, n_kana, n_hangul = len(_HAN.findall(text)), len(_KANA.findall(text)), len(_HANGUL.findall(text))
    n_asian = n_han + n_kana + n_hangul
    if n_asian and n_asian * _HAN_WEIGHT >= n_latin / 2:
        if n_kana * 8 > n_han or n_hangul * 4 > n_han:
            return "other"
        if n_han >= 2:
            return "other" if _JAPANESE.search(text) else "Chinese"
        return "unknown"
    n_other = len(_OTHER_SCRIPT.findall(text))
    if n_other * 2 > n_latin:
        return "other" if n_other >= _MIN_LETTERS else "unknown"
    return _of_latin(comment, len(_ACCENTED.findall(text)))


def _of_latin(comment: str, n_accented: int) -> str:
    words = comment[:_MOST_CHARS].lower().split()
    n_english = sum(map(_ENGLISH.__contains__, words))
    if n_english > 2 and n_english > 3 * (sum(map(_FOREIGN.__contains__, words)) + n_accented):
        return "English"  # most comments are; the expressions below cost ten times as much
    words = [word.lower() for word in _WORD.findall(_NO_WORDS.sub(" ", comment))]
    n_english = sum(word in _ENGLISH for word in words)
    n_foreign = sum(word in _FOREIGN for word in words) + n_accented
    if n_foreign > n_english:
        return "other"
    if n_english:
        return "English"
    return "English" if len(words) >= 2 and sum(map(len, words)) >= _MIN_LETTERS else "unknown"


@cache
def fasttext_language(path: str) -> Callable[[str], str]:
    """`comment_language` by a model of fastText's (lid.176.bin or .ftz) at that path; ImportError without fasttext."""
    import fasttext

    model = fasttext.load_model(path)

    def language(comment: str) -> str:
        words = _WORD.findall(_NO_WORDS.sub(" ", comment))
        if sum(map(len, words)) < _MIN_LETTERS and not _HAN.search(comment):
            return "unknown"
        ((_, label),) = model.f.predict(" ".join(comment.split()) + "\n", 1, 0.0, "strict")
        code = label.removeprefix("__label__")
        return {"en": "English", "zh": "Chinese"}.get(code, "other")

    return language
