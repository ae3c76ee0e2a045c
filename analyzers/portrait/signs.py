"""Signs in a file's text: the dialect of its language, its manner of programming, what stands at its head and foot."""

from __future__ import annotations

import re
from functools import cache

from analyzers.languages import BY_NAME
from analyzers.portrait.found import Patterns
from analyzers.syntax.comment_language import comment_language

SIGN_CHARS = 32_768  # of a file that are looked at
_COMMENT_CHARS = 600
_HEADER_CHARS = 3_000

# Of each language the dialects in order, newest first: the first pattern that is found names it.
_DIALECTS: dict[str, tuple[tuple[str, str], ...]] = {
    "Python": (
        ("python 2", r"^\s*print\s+[\"'\w%]|^\s*except\s+[\w.]+\s*,\s*\w+\s*:|\bxrange\(|\braw_input\(|\bur\"|"
                     r"\.has_key\(|^\s*exec\s+\"|\bunicode\("),
        ("python 3.10+", r"^\s*match\s+[\w.]+.*:\s*$|->[^:\n]*\w \| \w|:\s*\w+ \| None|^\s*type \w+ ="),
        ("python 3.8+", r"\(\w+\s*:=|^from __future__ import annotations|:\s*(?:list|dict|tuple|set)\["),
        ("python 3", r"\bf[\"']|^\s*async def|\bnonlocal\s|->\s*[\w\[\"']|\byield from\b|\bsuper\(\)|"
         r":\s*(?:str|int|bool)\b"),
    ),
    "JavaScript": (
        ("es modules", r"^\s*(?:import\s[^(\n]*from\s|import\s*[\"']|export\s+(?:default|const|class|function|\{|\*))"),
        ("commonjs", r"\brequire\s*\(\s*[\"']|\bmodule\.exports\b|\bexports\.\w+\s*="),
        ("es2015 script", r"=>|\b(?:const|let)\s+\w|^class\s|`[^`]*\$\{"),
        ("es5 script", r"\bvar\s|\bfunction\b"),
    ),
    "C++": (
        ("c++20", r"\bconcept\s+\w+\s*=|\brequires\s*[({]|\bco_(?:await|yield|return)\b|^\s*(?:export\s+)?module\s|<=>|"
                  r"#\s*include\s*<(?:concepts|ranges|span|format)>"),
        ("c++17", r"\bif constexpr\b|\[\[(?:nodiscard|maybe_unused)\]\]|"
                  r"std::(?:optional|variant|string_view|filesystem)|^\s*(?:const )?auto\s*&?\s*\["),
        ("c++11", r"\bnullptr\b|\bconstexpr\b|\bauto\s+\w+\s*=|\boverride\b|\bnoexcept\b|std::(?:move|unique_ptr|"
                  r"shared_ptr)\b|\[[&=]?\]\s*\(|&&\s*\w+\)"),
        ("c++98", r"\b(?:class|template|namespace)\b|::"),
    ),
    "C": (
        ("c11+", r"\b(?:_Generic|_Atomic|_Static_assert|static_assert|_Noreturn|nullptr)\b"),
        ("c99", r"\b(?:stdint\.h|stdbool\.h|restrict|inline)\b|\bfor\s*\(\s*(?:int|size_t)\s|^\s*\.\w+\s*="),
        ("k&r", r"^\w+\s*\([\w, ]+\)\s*\n\s*(?:int|char|register|struct|long|short)\b[^(){}]*;\s*\n"),
        ("c89", r"\w"),
    ),
    "Java": (
        ("java 17+", r"\bsealed\s+(?:class|interface)\b|\brecord\s+\w+\s*\(|\"\"\"|\bcase\s+\w+\s+\w+\s*->"),
        ("java 10+", r"^\s*(?:final\s+)?var\s+\w+\s*=|\bswitch\s*\([^)]*\)\s*\{\s*case[^:\n]*->"),
        ("java 8+", r"->|::\w+|\bOptional<|\.stream\(\)|java\.util\.function"),
        ("java 5+", r"@Override|<\w+(?:<\w+>)?>|\benum\s|for\s*\([\w<>\[\] ]+\s*:"),
        ("java", r"\bclass\b"),
    ),
    "PHP": (
        ("php 8+", r"\bmatch\s*\(|^\s*#\[|\?->|\breadonly\s|\benum\s+\w+|:\s*(?:mixed|static|never)\b"),
        ("php 7+", r"declare\s*\(\s*strict_types|\)\s*:\s*\??\w+|\?\?|\bfn\s*\("),
        ("php 5", r"\bnamespace\s|\buse\s+\w+\\|\bclass\s"),
    ),
    "C#": (
        ("c# 9+", r"\brecord\s+\w+|\binit;|^namespace [\w.]+;|\bnot null\b"),
        ("c# 6+", r"\$\"|\?\.|\basync\s+Task|nameof\(|=>\s*\w"),
        ("c#", r"\bclass\b|\bnamespace\b"),
    ),
    "Perl": (("modern perl", r"^use\s+(?:5\.0?[12]\d|v5\.[12345]\d|feature|Moose|Moo)\b"), ("perl 5", r"\bsub\s|\$\w")),
    "Rust": (("rust 2018+", r"\basync\s+fn|\bdyn\s|\bcrate::|\.await\b|\bimpl\s+\w+(?:<.*>)?\s*[,)]|->\s*impl"),
             ("rust 2015", r"\bextern\s+crate\b|\btry!\(|\bfn\b")),
    "Fortran": (("free form", r"^\s*(?:module|program|use)\s+\w+|::"), ("fixed form", r"^[cC*]\s|^      \w")),
}  # fmt: skip
_DIALECTS |= {"TypeScript": _DIALECTS["JavaScript"][:2], "TSX": _DIALECTS["JavaScript"][:2]}

_MANNERS: dict[str, str] = {
    "async": r"\basync\s+(?:def|function|fn|with|for|move)\b|\basync\s*\(|\basync\s+\w+\s*=>|\bawait\s|\bgo func\(|"
             r"\bPromise[.<]|\bCompletableFuture\b|\bsuspend fun\b|\basync Task\b|\btokio::|\bchan\s\w",
    "functional": r"\blambda\b|=>|\.(?:map|filter|reduce|fold)\s*\(|\|\w+(?:,\s*\w+)*\|\s|->\s*\{|\bfn\s*\(",
    "typed": r"def \w+\([^)]*:\s*[\w\[]|\)\s*->\s*[\w\[\"']|^@(?:param|return|type)\s*\{|^\s*\w+:\s*(?:str|int|float|"
             r"bool|list|dict|Any|Optional)\b|\)\s*:\s*\??[a-z]\w*\s*\{",
    "entry_point": r"^if __name__ ==|^\s*(?:public\s+)?static\s+(?:async\s+)?(?:void|int|Task)\s+[Mm]ain\s*\(|"
                   r"^\s*(?:int|void)\s+main\s*\(|^(?:pub\s+)?(?:async\s+)?fn\s+main\s*\(|^func\s+main\s*\(|"
                   r"^fun\s+main\s*\(|^main\s*::|^object\s+\w+\s+extends\s+App\b",
    "objects": r"^\s*(?:(?:public|private|export|abstract|final|static|default|data|open|sealed|internal)\s+)*"
               r"(?:class|interface|struct|trait|impl|@interface|@implementation)\s+\w",
}  # fmt: skip
_HEADER = re.compile(r"copyright|licen[sc]ed?\b|SPDX-License", re.IGNORECASE)
_GRADUAL = frozenset({"Python", "PHP", "JavaScript", "Ruby", "Lua"})


@cache
def _manners() -> Patterns:
    """The same for all languages: compiling takes a tenth of a second, which is more than a second look at a text."""
    return Patterns(tuple(_MANNERS.values()))


@cache
def _dialects(language: str) -> Patterns:
    return Patterns([pattern for _, pattern in _DIALECTS.get(language, ())])


def signs(text: str, language: str) -> dict[str, str | None]:
    """dialect, paradigm, async, typed, entry_point, header and shebang of a file, as far as they apply. The dialect is
    None where nothing shows."""
    head = text[:SIGN_CHARS]
    row = BY_NAME.get(language)
    said: dict[str, str | None] = {
        "header": "yes" if _HEADER.search(head[:_HEADER_CHARS]) else "no",
        "shebang": "yes" if head.startswith("#!") else "no",
    }
    if row is None or row.kind != "programming":
        return said
    data = head.encode("utf-8", "replace")
    manners = list(_MANNERS)
    found = {manners[place] for place in _manners().found(data)}
    dialects = _dialects(language).found(data)
    paradigms = {(True, True): "mixed", (True, False): "objects", (False, True): "functional"}
    said |= {
        "dialect": _DIALECTS[language][min(dialects)][0] if dialects else None,
        "paradigm": paradigms.get(("objects" in found, "functional" in found), "procedural"),
        "async": "yes" if "async" in found else "no",
        "entry_point": "yes" if "entry_point" in found else "no",
    }
    if language in _GRADUAL:
        said["typed"] = "yes" if "typed" in found else "no"
    return said


def spoken(text: str, language: str) -> str | None:
    """The natural language of a file's first comments, or of its first words where it is prose; None without any."""
    row = BY_NAME.get(language)
    if row is None:
        return None
    if row.kind == "prose":
        return comment_language(text[:_COMMENT_CHARS])
    words, n_chars = [], 0
    for match in _comments(language).finditer(text[:SIGN_CHARS]):
        words.append(match[match.lastindex or 0])
        n_chars += len(words[-1])
        if n_chars > _COMMENT_CHARS:
            break
    return comment_language("\n".join(words)[:_COMMENT_CHARS]) if words else None


@cache
def _comments(language: str) -> re.Pattern[str]:
    """Comments by the marks of a language; a mark inside a string is taken for one."""
    row = BY_NAME[language]
    blocks = [*row.block_comments, *((('"""', '"""'),) if language == "Python" else ())]
    parts = [rf"{re.escape(start)}([\s\S]{{0,{_COMMENT_CHARS}}}?){re.escape(end)}" for start, end in blocks]
    parts += [rf"^[ \t]*{re.escape(mark)}(?!!)([^\n]*)" for mark in row.line_comments]
    return re.compile("|".join(parts) or r"(?!)()", re.MULTILINE)
