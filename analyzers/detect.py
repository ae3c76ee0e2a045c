"""Which language a file is in, from its name and the ends of its content.

The order is that of Linguist's strategies: a Vim or Emacs modeline, the exact file name, the #! line, the extension,
and the content where several languages claim the extension (languages.AMBIGUOUS) or where there is none.
"""

from __future__ import annotations

import re

import pyarrow as pa

from analyzers.ambiguous.settle import CONTENT_BYTES, settle, settle_without_extension
from analyzers.buffers import offsets_and_bytes
from analyzers.languages import AMBIGUOUS, LANGUAGES, UNKNOWN, canonical

HEAD_BYTES = 1_024
TAIL_BYTES = 512
MODELINE_LINES = 5  # at either end, as Vim's own default and Linguist's

_BY_FILENAME = {filename: row.name for row in LANGUAGES for filename in row.filenames}
_BY_INTERPRETER = {interpreter: row.name for row in LANGUAGES for interpreter in row.interpreters}
_BY_EXTENSION = {extension: row.name for row in LANGUAGES for extension in row.extensions if extension not in AMBIGUOUS}

# "Dockerfile.dev", "Makefile.linux": the name before the first dot decides where no extension does.
_STEMS = ("Containerfile", "Dockerfile", "GNUmakefile", "Jenkinsfile", "LICENSE", "Makefile", "README", "Vagrantfile")
_BY_STEM = {stem: _BY_FILENAME[stem] for stem in _STEMS}

_VIM = re.compile(rb"(?:^|[ \t])(?:[Vv]im?|ex)(?:[<=>]?\d+)?:[^\n]{0,200}?\b(?:filetype|ft|syntax)=([\w+#-]+)")
_EMACS = re.compile(rb"-\*-[ \t]*([^\n]{1,200}?)[ \t]*-\*-")
_EMACS_MODE = re.compile(rb"(?:^|;)\s*mode\s*:\s*([^\s;]+)", re.IGNORECASE)
_MODELINE_HINTS = (b"-*-", b"ft=", b"filetype=", b"syntax=")

_VERSION = re.compile(r"[-\d.]+$")
_EXEC = re.compile(rb"^exec[ \t]+(?:\S*/)?(\w+)[^\n]*\$0", re.MULTILINE)
_ASSIGNMENT = re.compile(r"\w+=")

# Sections of manuals and version numbers look alike (ls.1, notes-4.2): a page begins its lines with requests.
_ROFF_REQUEST = re.compile(rb"^[.'][A-Za-z\\]", re.MULTILINE)


def detect(path: str, head: bytes, tail: bytes = b"") -> str | None:
    """Linguist's name for the language of a file, None where nothing tells.

    `path` uses slashes; `head` and `tail` are the first and last bytes of the file, in UTF-8 or any superset of ASCII:
    HEAD_BYTES and TAIL_BYTES suffice, CONTENT_BYTES of the head where content_tells. Without a tail the head is taken
    for the whole file. About 6 microseconds, and some 20 more where the content is asked.
    """
    name = path.rpartition("/")[2]
    return (
        _by_modeline(head[:HEAD_BYTES], tail or head)
        or _BY_FILENAME.get(name)
        or (_by_shebang(head) if head[:2] == b"#!" else None)
        or _by_extension(name, head)
        or _BY_STEM.get(name.partition(".")[0])
        or (settle_without_extension(head[:CONTENT_BYTES]) if "." not in name else None)
    )


def content_tells(path: str) -> bool:
    """Whether the content of a file may have a say, the name alone being claimed by several languages or by none."""
    path = path.removesuffix(".in")
    dot = path.rfind(".")
    extension = path[dot:]
    return dot < 0 or "/" in extension or extension.lower() in AMBIGUOUS


def detect_batch(paths: list[str], content: pa.LargeStringArray) -> pa.StringArray:
    """The language of each file, UNKNOWN where nothing tells. A null content leaves the name alone to decide."""
    if len(paths) != len(content):
        raise ValueError(f"{len(paths)} paths for {len(content)} files: one path a file is needed")
    offsets, data = offsets_and_bytes(content)
    view = data.data
    bounds = offsets.tolist()
    names = []
    for path, start, end in zip(paths, bounds, bounds[1:], strict=False):
        n_bytes = CONTENT_BYTES if content_tells(path) else HEAD_BYTES
        head = bytes(view[start : min(end, start + n_bytes)])
        tail = bytes(view[end - TAIL_BYTES : end]) if end - start > HEAD_BYTES else b""
        names.append(detect(path, head, tail) or UNKNOWN)
    return pa.array(names, pa.string())


def _by_modeline(head: bytes, tail: bytes) -> str | None:
    """The language that a modeline names, in the first or last five lines."""
    if _has_hint(head):
        for line in head.split(b"\n", MODELINE_LINES)[:MODELINE_LINES]:
            if language := _of_modeline(line):
                return language
    ending = tail or head
    if _has_hint(ending):
        for line in ending.rstrip(b"\n").rsplit(b"\n", MODELINE_LINES)[-MODELINE_LINES:]:
            if language := _of_modeline(line):
                return language
    return None


def _has_hint(text: bytes) -> bool:
    """Whether a modeline may stand in a text. A plain loop: any() took twice the time."""
    for hint in _MODELINE_HINTS:  # noqa: SIM110
        if hint in text:
            return True
    return False


def _of_modeline(line: bytes) -> str | None:
    """The language that one line names; Emacs's form holds variables, or a mode alone."""
    spelling = None
    if found := _EMACS.search(line):
        mode = _EMACS_MODE.search(found[1])
        spelling = mode[1] if mode else None if b":" in found[1] else found[1]
    elif found := _VIM.search(line):
        spelling = found[1]
    if spelling is None:
        return None
    return canonical(spelling.decode("utf-8", "replace").lower().removesuffix("-mode"))


def _by_shebang(head: bytes) -> str | None:
    """The language of the interpreter on the #! line, through env, with its version digits or without."""
    words = head[2:256].partition(b"\n")[0].decode("utf-8", "replace").split()
    if words and words[0].endswith("env"):
        words = _after_env(words[1:])
    if not words:
        return None
    interpreter = words[0].replace("\\", "/").rpartition("/")[2].removesuffix(".exe")
    language = _BY_INTERPRETER.get(interpreter) or _BY_INTERPRETER.get(_VERSION.sub("", interpreter))
    if language == "Shell" and (found := _EXEC.search(head)):  # a shell that only starts the real interpreter
        return _BY_INTERPRETER.get(_VERSION.sub("", found[1].decode("ascii", "replace")), language)
    return language


def _after_env(words: list[str]) -> list[str]:
    """The command that env runs: its options and assignments stripped, -S glued to the command or not."""
    for at, word in enumerate(words):
        if word.startswith("-S") and len(word) > 2:
            return [word[2:], *words[at + 1 :]]
        if not word.startswith("-") and not _ASSIGNMENT.match(word):
            return words[at:]
    return []


def _by_extension(name: str, head: bytes) -> str | None:
    """The language of the longest known extension; case decides only where the table has upper case."""
    if name.isupper():  # from a system without lower case: MAIN.C is C, not C++
        name = name.lower()
    dot = name.find(".")
    while dot >= 0:
        extension = name[dot:]
        language = _BY_EXTENSION.get(extension) or _BY_EXTENSION.get(extension.lower())
        if language == "Roff" and extension[1:].isdigit() and not _ROFF_REQUEST.search(head[:HEAD_BYTES]):
            return None
        if language:
            return language
        if extension.lower() in AMBIGUOUS:
            return settle(extension.lower(), head[:CONTENT_BYTES])
        dot = name.find(".", dot + 1)
    if name.endswith(".in") and name.count(".") > 1:  # a template of autoconf's or CMake's: what it will become
        return _by_extension(name[name.rfind(".", 0, -3) : -3].lower(), head)
    return None
