"""A small corpus with everything that an engine meets in the wild, and what has to become of each file and row.

Seeded: the same bytes every time. Verdicts are those of the recipe `minimal`, which judges by nothing but reading,
decoding and exact copies.
"""

from __future__ import annotations

import gzip
import json
import os
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import zstandard

Place = tuple[str, int | None]
"""source.uri and source.row."""

_SOURCES = {
    "py": "def {a}({b}):\n    # {w}\n    return {b} * {n} + {m}\n",
    "java": "class {c} {{\n    int {a}(int {b}) {{\n        // {w}\n        return {b} * {n} + {m};\n    }}\n}}\n",
    "js": "function {a}({b}) {{\n  // {w}\n  return {b} * {n} + {m};\n}}\n",
    "ts": "export function {a}({b}: number): number {{\n  // {w}\n  return {b} * {n} + {m};\n}}\n",
    "go": "package {b}\n\n// {w}\nfunc {c}({b} int) int {{\n\treturn {b}*{n} + {m}\n}}\n",
    "rs": "/// {w}\npub fn {a}({b}: i64) -> i64 {{\n    {b} * {n} + {m}\n}}\n",
    "c": "/* {w} */\nint {a}(int {b}) {{\n    return {b} * {n} + {m};\n}}\n",
    "cpp": "// {w}\nnamespace {b} {{\ntemplate <typename T> T {a}(T x) {{ return x * {n} + {m}; }}\n}}\n",
    "cs": "public class {c} {{\n    // {w}\n    public int {c}Of(int {b}) => {b} * {n} + {m};\n}}\n",
    "rb": "# {w}\ndef {a}({b})\n  {b} * {n} + {m}\nend\n",
    "php": "<?php\n// {w}\nfunction {a}(${b}) {{\n    return ${b} * {n} + {m};\n}}\n",
    "sh": "#!/bin/sh\n# {w}\n{a}() {{\n    echo $(( $1 * {n} + {m} ))\n}}\n",
}
_WORDS = (
    "count", "total", "merge", "window", "index", "parser", "buffer", "token", "ledger", "shard", "query", "vector",
    "matrix", "signal", "stream",
)  # fmt: skip
FILES_PER_LANGUAGE = 20


@dataclass
class Corpus:
    """Where it lies, what to read of it, and what has to become of every place."""

    folder: Path
    kept: dict[Place, bytes | None] = field(default_factory=dict)  # UTF-8 content; None where it is not told
    dropped: dict[Place, tuple[str, str]] = field(default_factory=dict)  # stage and reason
    copies: list[set[Place]] = field(default_factory=list)  # of each group one is kept and the others are duplicates

    @property
    def inputs(self) -> list[str]:
        """The arguments of a run."""
        return [str(self.folder / "code"), str(self.folder / "rows" / "*")]

    @property
    def places(self) -> set[Place]:
        """Every file and row there is."""
        return self.kept.keys() | self.dropped.keys() | set().union(*self.copies)


def make(folder: Path, seed: int = 0) -> Corpus:
    """Write the corpus below a folder that exists."""
    rng = random.Random(seed)
    corpus = Corpus(folder=folder)
    (folder / "code").mkdir()
    (folder / "rows").mkdir()
    _plain(corpus, rng)
    _copies(corpus, rng)
    _encodings(corpus, rng)
    _not_text(corpus)
    _names(corpus, rng)
    _not_files(corpus)
    _jsonl(corpus, rng)
    _parquet(corpus, rng)
    return corpus


def source(rng: random.Random, suffix: str = "py", n_functions: int = 4) -> str:
    """A source file that no other call gives again."""
    return "".join(_SOURCES[suffix].format(**_fillings(rng)) for _ in range(n_functions))


def _fillings(rng: random.Random) -> dict[str, str]:
    a, b = rng.choice(_WORDS), rng.choice(_WORDS)
    number = rng.getrandbits(40)
    return {
        "a": f"{a}_{number}", "b": b, "c": f"{a.title()}{number}", "n": str(rng.randint(2, 999)),
        "m": str(rng.randint(2, 10**6)), "w": " ".join(rng.choices(_WORDS, k=8)),
    }  # fmt: skip


def _put(corpus: Corpus, name: str | bytes, content: bytes) -> Place:
    """Write a file below code/ and give its place; a name in bytes may be no UTF-8."""
    raw = os.fsencode(name)
    path = os.path.join(os.fsencode(corpus.folder / "code"), raw)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as handle:
        handle.write(content)
    return "code/" + raw.replace(b"\\", b"\\x5c").decode("utf-8", "backslashreplace"), None


def _plain(corpus: Corpus, rng: random.Random) -> None:
    for suffix in _SOURCES:
        for number in range(FILES_PER_LANGUAGE):
            content = source(rng, suffix, rng.randint(2, 12)).encode()
            corpus.kept[_put(corpus, f"{suffix}/part{number % 3}/file{number}.{suffix}", content)] = content


def _copies(corpus: Corpus, rng: random.Random) -> None:
    for group in range(5):
        content = source(rng, "py").encode()
        names = [f"copies/group{group}/copy{number}.py" for number in range(group + 2)]
        corpus.copies.append({_put(corpus, name, content) for name in names})


def _encodings(corpus: Corpus, rng: random.Random) -> None:
    crlf = source(rng, "c").replace("\n", "\r\n").encode()
    corpus.kept[_put(corpus, "encodings/crlf.c", crlf)] = crlf
    text = source(rng, "java")
    corpus.kept[_put(corpus, "encodings/bom.java", b"\xef\xbb\xbf" + text.encode())] = text.encode()
    text = source(rng, "cs")
    corpus.kept[_put(corpus, "encodings/wide.cs", b"\xff\xfe" + text.encode("utf-16-le"))] = text.encode()
    text = "# 统计所有文件的行数，并把结果写入数据库。\n# 这个函数用于计算总和与平均值\n" * 8 + source(rng, "py")
    corpus.kept[_put(corpus, "encodings/chinese.py", text.encode("gb18030"))] = text.encode()
    line = ("var s = '" + "".join(rng.choices("abcdefgh +-", k=1 << 20)) + "';\n").encode()
    corpus.kept[_put(corpus, "encodings/one_line.js", line)] = line


def _not_text(corpus: Corpus) -> None:
    pointer = b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"0" * 64 + b"\nsize 12345\n"
    for name, content, reason in (
        ("odd/empty.py", b"", "empty"),
        ("odd/only_a_mark.py", b"\xef\xbb\xbf", "empty"),
        ("odd/image.png", b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 4, "binary"),
        ("odd/zeros.c", b"\0" * 5_000, "binary"),
        ("odd/model.bin", pointer, "lfs_pointer"),
    ):
        corpus.dropped[_put(corpus, name, content)] = ("decode", reason)


def _names(corpus: Corpus, rng: random.Random) -> None:
    for name in (b"caf\xe9.py", b"\xff.py", rb"\xff.py", b"a b=c%20{x}[y]*.py", b"new\nline.py", "统计.py".encode()):
        content = source(rng).encode()
        corpus.kept[_put(corpus, b"names/" + name, content)] = content


def _not_files(corpus: Corpus) -> None:
    code = corpus.folder / "code"
    (code / "odd" / "loop").symlink_to("..")
    (code / "odd" / "dangling.py").symlink_to("nowhere.py")
    os.mkfifo(code / "odd" / "pipe.py")
    (code / ".git" / "objects").mkdir(parents=True)
    (code / ".git" / "objects" / "pack.py").write_text("never read\n")
    (code / "hollow").mkdir()  # a folder without files has no row: it is no file
    with (code / "odd" / "huge.c").open("wb") as handle:
        handle.truncate(20_000_000)  # sparse
    for name, reason in (
        ("odd/loop", "symlink"),
        ("odd/dangling.py", "symlink"),
        ("odd/pipe.py", "not_a_file"),
        (".git", "version_control"),
        ("odd/huge.c", "too_large_to_read"),
    ):
        corpus.dropped[f"code/{name}", None] = ("read", reason)


def _jsonl(corpus: Corpus, rng: random.Random) -> None:
    """The same kinds of lines, plain and packed; the .zst in two frames, as parallel compressors write it."""
    rows = corpus.folder / "rows"
    for name in ("plain.jsonl", "packed.jsonl.gz", "packed.jsonl.zst"):
        lines = list(_lines(corpus, name, rng))
        data = b"".join(lines)
        if name.endswith(".gz"):
            data = gzip.compress(data, mtime=0)
        elif name.endswith(".zst"):
            half = len(lines) // 2
            data = b"".join(zstandard.compress(b"".join(part)) for part in (lines[:half], lines[half:]))
        (rows / name).write_bytes(data)


def _lines(corpus: Corpus, name: str, rng: random.Random) -> Iterator[bytes]:
    """Lines of one file, their verdicts noted under the byte at which each begins."""
    good = [
        {"content": source(rng, suffix), "path": f"src/{number}.{suffix}", "repo_name": f"owner/repo{number % 3}",
         "license": "mit", "stars": number}
        for number, suffix in enumerate(_SOURCES)
    ]  # fmt: skip
    broken: list[tuple[bytes, str | None]] = [
        (b'{"content": "cut\n', "bad_json"),
        (b"[1, 2]\n", "bad_json"),
        (b"\xff\xfe\xfd\n", "bad_json"),
        (b'{"path": "no/content.py"}\n', "no_content"),
        (b"   \n", None),  # a blank line is no row
    ]
    at = 0
    for number, fields in enumerate(good):
        line = json.dumps(fields).encode() + b"\n"
        corpus.kept[name, at] = str(fields["content"]).encode()
        yield line
        at += len(line)
        if number < len(broken):
            line, reason = broken[number]
            if reason is not None:
                corpus.dropped[name, at] = ("read", reason)
            yield line
            at += len(line)


def _parquet(corpus: Corpus, rng: random.Random) -> None:
    """The Stack's columns, v1 and v2, in two row groups each; one file cut off, one without any content."""
    rows = corpus.folder / "rows"
    contents = [source(rng, suffix) for suffix in _SOURCES]
    n_rows = len(contents)
    first = {
        "content": contents, "lang": ["Python"] * n_rows, "max_stars_repo_path": [f"a/{i}.py" for i in range(n_rows)],
        "max_stars_repo_name": ["owner/first"] * n_rows, "max_stars_repo_licenses": [["MIT", "Apache-2.0"]] * n_rows,
        "max_stars_count": [float(i) for i in range(n_rows)],
    }  # fmt: skip
    second_contents = [source(rng, suffix) for suffix in _SOURCES]
    second = {
        "blob_id": [str(i) for i in range(n_rows)], "content": second_contents, "language": ["Java"] * n_rows,
        "path": [f"/b/{i}.java" for i in range(n_rows)], "repo_name": ["owner/second"] * n_rows,
        "detected_licenses": [["MIT"]] * n_rows, "star_events_count": list(range(n_rows)),
    }  # fmt: skip
    for name, columns, texts in (("v1.parquet", first, contents), ("v2.parquet", second, second_contents)):
        pq.write_table(pa.table(columns), rows / name, row_group_size=n_rows // 2)
        corpus.kept |= {(name, row): text.encode() for row, text in enumerate(texts)}
    whole = (rows / "v1.parquet").read_bytes()
    corpus.dropped[_put(corpus, "data/cut.parquet", whole[: len(whole) // 2])] = ("read", "unreadable")
    pq.write_table(pa.table({"blob_id": ["a", "b", "c"]}), rows / "ids.parquet")
    corpus.dropped["ids.parquet", 0] = ("read", "no_content_column")
