"""Code in a chat: fenced, under the name that Markdown knows its language by."""

from __future__ import annotations

import re

_FENCE_NAMES = {
    "C++": "cpp", "C#": "csharp", "F#": "fsharp", "Objective-C": "objectivec", "Objective-C++": "objectivecpp",
    "Shell": "bash", "Batchfile": "batch", "Common Lisp": "lisp", "Emacs Lisp": "elisp", "Vim Script": "vim",
    "Visual Basic .NET": "vbnet",
}  # fmt: skip


def fenced(code: str, language: str) -> str:
    """Code in a Markdown fence that is longer than any run of backticks in it."""
    longest = max((len(run) for run in re.findall("`+", code)), default=0)
    fence = "`" * max(3, longest + 1)
    name = _FENCE_NAMES.get(language, language.lower().replace(" ", "-"))
    return f"{fence}{name}\n{code.rstrip()}\n{fence}"
