"""Why our figures and lizard's differ for a function: the causes that account for a difference exactly, or `other`.

lizard reads tokens without a grammar. A cause of a difference in complexity is a kind of token that one of the two
counts and the other does not; a difference is explained where the counts of some causes add up to it. Keyword lists are
those of lizard 1.24's readers.
"""

from __future__ import annotations

import re
from itertools import combinations

OTHER = "other"
INNER = "lizard counts inner functions and classes in the outer function"

_JS = {
    "lizard counts ??": (r"\?\?", 1),
    "lizard counts the ? of optional chains, members and parameters": (r"\?\s*[.:,)=]|\?\.", 1),
    "lizard counts default values": (r"[(,\[{]\s*[\w$]+(?:\s*:\s*[^=,()]+)?\s*=(?![=>])", 1),
}
_C = {f"lizard counts #{word}": (rf"(?m)^[ \t]*#[ \t]*{word}\b", 1) for word in ("if", "ifdef", "ifndef", "elif")}
COMPLEXITY: dict[str, dict[str, tuple[str, int]]] = {
    "Python": {
        "lizard counts finally": (r"\bfinally\b", 1),
        "we count match cases": (r"(?m)^[ \t]*case\b(?!\s*_\s*:)", -1),
    },
    "Java": {
        "lizard counts the ? of wildcards": (r"[<,]\s*\?", 1),
        "lizard counts default labels": (r"\bdefault\s*(?::|->)", 1),
    },
    "JavaScript": _JS,
    "TypeScript": _JS | {"lizard counts the ? of conditional types": (r"\bextends\b[^?;{}]*\?", 1)},
    "C": _C,
    "C++": _C,
    "Go": {},
    "Rust": {
        "lizard counts the operator ?": (r"\?", 1),
        "lizard counts where": (r"\bwhere\b", 1),
        "lizard counts the guards of match arms": (r"\bif\b[^{};]*=>", 1),
        "lizard counts && of references": (r"(?:[(,=:<|]|\bfor|\bin)\s*&&", 1),
        "lizard counts || of closures without parameters": (r"(?:[(,=]|\bmove)\s*\|\|", 1),
        "lizard counts let else": (r"\blet\b[^;=]*=[^;{}]*\belse\s*\{", 1),
        "we count loop": (r"\bloop\b", -1),
        "lizard counts the for of impl and of lifetimes": (r"\bimpl\b[^{;]*\bfor\b|\bfor\s*<", 1),
    },
    "C#": {
        "lizard counts the ? of nullable types and chains": (r"[\w>)\]]\s*\?(?=\s*[.\[,>)\]]|\s+\w+\s*[,)=;{])", 1),
        "lizard counts ??": (r"\?\?", 1),
        "we count foreach": (r"\bforeach\b", -1),
        "we count the arms of switch expressions": (r"=>", -1),
    },
}
"""By language: the cause, what it is told by, and whether lizard's figure is higher (1) or lower by it."""

_DECISION = re.compile(r"\b(?:if|for|case)\b|&&|\|\||\?")
_COMMENTS = {
    "Python": re.compile(r"\"\"\".*?\"\"\"|'''.*?'''|#[^\n]*|\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*'", re.DOTALL),
    "Rust": re.compile(r"/\*.*?\*/|//[^\n]*|\"(?:\\.|[^\"\\])*\"", re.DOTALL),
}
_C_COMMENTS = re.compile(r"/\*.*?\*/|//[^\n]*|\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*'|`(?:\\.|[^`\\])*`", re.DOTALL)


def code_of(language: str, text: str) -> str:
    """A function's text with comments and strings taken out."""
    return _COMMENTS.get(language, _C_COMMENTS).sub('""', text)


def inside(code: str, opening: str, brackets: str) -> int:
    """Decisions between the brackets that follow what `opening` finds, each place once."""
    places: set[int] = set()
    for found in re.finditer(opening, code):
        depth, k = 1, found.end()
        while k < len(code) and depth:
            depth += (code[k] in brackets[0::2]) - (code[k] in brackets[1::2])
            k += 1
        places |= {one.start() for one in _DECISION.finditer(code, found.end(), k)}
    return len(places)


def of_complexity(language: str, text: str, ours: int, theirs: int, inner: int) -> str:
    """Why lizard has another complexity; `inner` is what functions inside add."""
    code = code_of(language, text)
    amounts = {name: sign * len(re.findall(word, code)) for name, (word, sign) in COMPLEXITY[language].items()}
    amounts[INNER] = inner
    if language == "Go":
        amounts["we count function literals in the outer function"] = -inside(code[1:], r"\bfunc\s*\([^{}]*\{", "{}")
    if language == "Rust":
        whole = len(re.findall(r"\bmatch\b", code)) - len(re.findall(r"\b_\s*=>", code))
        amounts["lizard leaves an arm of every match out, we only `_`"] = -max(0, whole)
        amounts["lizard counts what macros hold"] = inside(code, r"\w!\s*[(\[{]", "()[]{}")
    if language in ("JavaScript", "TypeScript") and "=>" in code:
        amounts["lizard passes over the body of an arrow function without braces"] = 1 - ours
    there = [(name, amount) for name, amount in amounts.items() if amount]
    for n in range(1, len(there) + 1):
        for some in combinations(there, n):
            if sum(amount for _, amount in some) == theirs - ours:
                return " + ".join(name for name, _ in some)
    return OTHER


def of_lines(text: str, name: str, difference: int) -> str:
    """Why lizard has so many lines more."""
    if difference > 0:
        return "lizard begins further up"
    above = "\n".join(text.split("\n")[:-difference])
    if re.search(rf"\b{re.escape(name)}\s*[(<=:]", above):
        return "lizard begins below the name"
    return "annotations, attributes, templates and types on lines before the name: only we count them"


def of_parameters(language: str, text: str, name: str, ours: int, theirs: int) -> str:
    """Why lizard has another number of parameters."""
    head = code_of(language, text).partition("{")[0]
    if language in ("JavaScript", "TypeScript") and theirs == 0 and re.search(r"=>", code_of(language, text)):
        return "lizard finds none of an arrow function's"
    if re.search(r"\w\s*\[[^\]]*\]\s*[,)]", head) and theirs < ours:
        return "lizard loses `name[]`"
    if language in ("JavaScript", "TypeScript") and theirs < ours and re.search(r"[(,]\s*_", head):
        return "lizard loses parameters whose names begin with _"
    if language == "TypeScript" and theirs < ours:
        return "lizard loses parameters behind typed ones"
    if re.search(r"\)\s*\n[^{]*;", head):
        return "definitions in the style of K&R: lizard counts fewer"
    if re.search(rf"\)[\w\s*&]*\b{re.escape(name)}\s*\(", head):
        return "lizard takes the parentheses of an attribute or macro before the name for the list"
    if re.search(r"\(\s*\*", head):
        return "lizard loses parameters behind a pointer to a function"
    if language == "Go":
        return "lizard divides types of functions and does not know struct{} as a type"
    if re.search(r"<[^()]*,[^()]*>", head) and theirs > ours:
        return "lizard takes the commas of type arguments for parameters"
    return OTHER
