"""n-grams against their definition in plain Python, and tables, findings and limits on a small made-up benchmark."""

from __future__ import annotations

import gzip
import json
import re
from pathlib import Path

import numpy as np
import plain_definitions as plain
import pyarrow as pa
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from dedup.benchmark_tables import MOST_NGRAMS, SHIPPED, build, load, read, save, shipped
from dedup.contamination import CODE, KINDS, RENAMED, TEXT, Finder, Limits, joined, pairs_of
from dedup.ngrams import HASH_COMMENTS, RENAMED_TOKENS, ROOM, SLASH_COMMENTS, TAGS, WRITTEN_TOKENS, ngrams
from dedup.renaming import FIXED
from dedup.tasks import read_tasks
from dedup.tokens import tokenize

_LEADS = rb"[\xe3-\xed\xf0](?=[\x80-\xbf])"
_PIECE = re.compile(
    rb"(?P<word>%s[\x80-\xbf]*|(?:(?!%s)[A-Za-z0-9_\x80-\xff])+)|\\(?P<escape>[nrt])|(?P<sign>[\s\S])"
    % (_LEADS, _LEADS)
)
_TAG = re.compile(rb"<[A-Za-z/!][^>]{0,998}?>|<[/!]>")
_ENTITY = re.compile(rb"&([A-Za-z0-9#]{0,9});")
_IGNORED = b" \t\r\v\f\0,;{}\"'`\\\n"


def pieces(text: bytes, marks: int) -> list[tuple[bytes, bytes, bool, bool]]:
    """(word in small letters, signs before it, whether it keeps its spelling, whether it is in a comment)."""
    found, signs, comment, at = [], b"", "", 0
    while at < len(text):
        piece = _PIECE.match(text, at)
        assert piece is not None
        begin, at = at, piece.end()
        if piece["word"]:
            word = piece["word"]
            dotted = text[begin - 1 : begin] == b"." and text[max(begin - 2, 0) : begin] != b".." and begin > 0
            keeps = word.lower().decode("latin-1") in FIXED or word[:1].isdigit() or dotted
            found.append((bytes(word.lower()), b"" if comment else signs, keeps, bool(comment)))
            signs = signs if comment else b""
        elif piece["escape"] or piece["sign"] == b"\n":
            comment = "" if comment == "line" and (piece["escape"] or b"n") == b"n" else comment
        elif comment:
            if comment == "block" and text[begin : begin + 2] == b"*/":
                comment, at = "", begin + 2
        elif marks & HASH_COMMENTS and piece["sign"] == b"#":
            comment = "line"
        elif marks & SLASH_COMMENTS and text[begin : begin + 2] in (b"//", b"/*"):
            comment, at = ("line" if text[begin + 1 : begin + 2] == b"/" else "block"), begin + 2
        elif marks & TAGS and (tag := _TAG.match(text, begin)):
            at = tag.end()
        elif marks & TAGS and (entity := _ENTITY.match(text, begin)):
            at = entity.end()
            signs += {b"l": b"<", b"g": b">"}.get(entity[1][:1], b"&" if entity[1][:2] == b"am" else b"")
        elif piece["sign"] not in _IGNORED:
            signs += piece["sign"]
    return found


def written(text: bytes, marks: int) -> list[tuple]:
    """The n-grams as written, as rows of words."""
    words = [word for word, *_ in pieces(text, marks)]
    return [tuple(words[n : n + WRITTEN_TOKENS]) for n in range(len(words) - WRITTEN_TOKENS + 1)]


def renamed(text: bytes, marks: int) -> list[tuple]:
    """The renamed n-grams: signs and spelling, or how many tokens ago the name stood in the window."""
    tokens = [one for one in pieces(text, marks) if not one[3]]
    found = []
    for first in range(len(tokens) - RENAMED_TOKENS + 1):
        window = tokens[first : first + RENAMED_TOKENS]
        row = []
        for n, (word, signs, keeps, _) in enumerate(window):
            before = [n - k for k in range(n) if window[k][0] == word and not window[k][2]]
            row.append((signs, word if keeps else min(before, default=0)))
        found.append(tuple(row))
    return found


CODE_BYTES = st.lists(
    st.sampled_from(
        [
            *"abcAé한.,;{}()[]=+#\\\"'<>&\n",
            "xs",
            "_y",
            "for",
            "if",
            "in",
            "return",
            "12",
            "3x",
            "..",
            "...",
            "//",
            "/*",
            "*/",
            "\\n",
            "\\t",
            "<b>",
            "</p>",
            "&lt;",
            "&gt;",
            "&amp;",
            "&quot;",
            "&#39;",
            "a.b",
            "中文",
        ]
    ).map(str.encode)
    | st.just(b" ")
    | st.binary(max_size=3),
    max_size=60,
).map(b" ".join) | st.lists(
    st.sampled_from([b"a", b"b", b" ", b".", b"(", b"#", b"/", b"*", b"\n", b"for ", b"<"])
).map(b"".join)
MARKS = st.integers(0, 7)


@given(st.lists(st.tuples(CODE_BYTES, MARKS), max_size=3), st.integers(0, 1), st.integers(1, 9))
@example([(b"a b c d e f g h a b c d e f g h i j k l m a", 0)], 0, 2)
@example([(b"".join(b"n%d a%d " % (n % 7, n) for n in range(60)), 0)], 0, 3)
@example([(b"a b a c.a a b b ... a.b a c b " * 6, 0)], 0, 2)
def test_ngrams_are_equal_where_the_definition_says_so(texts: list[tuple[bytes, int]], first: int, step: int) -> None:
    """Whatever stands before them: every text is there again without its beginning, several times."""
    texts = texts + [(text[cut:], marks) for text, marks in texts for cut in range(step, len(text), 5 * step)]
    content = plain.column(*(text for text, _ in texts)).slice(first)
    texts = texts[first:]
    found = ngrams(content, np.array([marks for _, marks in texts], np.uint8))
    for definition, offsets, hashes in (
        (written, found.written_offsets, found.written),
        (renamed, found.renamed_offsets, found.renamed),
    ):
        rows = [definition(text, marks) for text, marks in texts]
        assert np.diff(offsets).tolist() == [len(row) for row in rows]
        wanted = [one for row in rows for one in row]
        assert len({*zip(wanted, hashes.tolist(), strict=True)}) == len(set(wanted)) == len(set(hashes.tolist()))


def test_names_that_share_a_slot_are_told_apart() -> None:
    """More names than the table of last places holds, each twice within a window, and some kept behind a dot."""
    names = [b"name%d" % n for n in range(600)]
    slots = (tokenize(plain.column(b" ".join(names))).hashes & np.uint64(255)).tolist()
    alike = next(n for n in range(1, 600) if slots[n] == slots[0])
    text = b" ".join(name + b" x " + name for name in names)
    for between in (names[alike], b"other"):
        text += b" a.%s %s %s b c d e f g h i j" % (names[0], between, names[0])
    assert len({*zip(renamed(text, 0), ngrams(plain.column(text)).renamed.tolist(), strict=True)}) == len(
        set(renamed(text, 0))
    )


def test_the_buffers_of_a_scan_never_overflow() -> None:
    """Files around the room for n-grams, in both kinds: words, CJK characters, and tokens of a byte."""
    texts = [b"a " * n for n in range(ROOM - 3, ROOM + 15)] + ["中".encode() * (2 * ROOM + 11), b"ab.cd" * 3 * ROOM]
    found = ngrams(plain.column(*texts))
    for row, text in enumerate(texts):
        n = len(tokenize(plain.column(text)).hashes)
        assert found.written_offsets[row + 1] - found.written_offsets[row] == n - WRITTEN_TOKENS + 1
        assert found.renamed_offsets[row + 1] - found.renamed_offsets[row] == n - RENAMED_TOKENS + 1


TASKS = [
    {
        "task_id": "Python/0",
        "prompt": 'def spread(values, width):\n    """ Give back the largest difference between any two neighbours '
        'in a window of that width,\n    or minus one where the list is shorter than the window. """\n',
        "canonical_solution": "    best = -1\n    for k in range(len(values) - width + 1):  # every window\n"
        "        part = values[k:k + width]\n        best = max(best, max(part) - min(part))\n    return best\n",
        "test": "assert spread([4, 19, 2, 77, 3, 8], 2) == 75\nassert spread([], 3) == -1\n",
    },
    {
        "task_id": "Python/1",
        "prompt": "编写一个函数，计算给定矩阵中每一行的最大公约数，并按升序返回结果列表。",
        "canonical_solution": "def f(a):\r\n    return a",
        "test": ["assert f(1) == 1"],
    },
]  # fmt: skip


@pytest.fixture
def benchmark(tmp_path: Path) -> Path:
    path = tmp_path / "Made.jsonl"
    path.write_text("".join(json.dumps(task) + "\n" for task in TASKS), encoding="utf-8")
    return path


def found_in(finder: Finder, *texts: str, marks: int = HASH_COMMENTS) -> list[tuple[str, str] | None]:
    """(task, kind) of each text, None where no limit is reached."""
    result = finder.find(plain.column(*texts), np.full(len(texts), marks, np.uint8))
    table = finder.table
    return [
        (table.tasks[table.part_tasks[part]], KINDS[table.part_kinds[part]]) if reached else None
        for part, reached in zip(result.part, result.reached, strict=True)
    ]


RENAMED_COPY = """
def biggest(xs, n):
    r = -1  # begin low
    # all places where a window can begin
    for i in range(len(xs) - n + 1):
        w = xs[i:i+n];
        r = max(r, max(w) - min(w))
    return r
"""
SWAPPED = (
    RENAMED_COPY.replace("max(w) - min(w)", "max(r) - min(i)")
    .replace("xs[i:i+n]", "i[n:xs+n]")
    .replace("(xs) - n", "(n) - i")
)


def test_copies_are_found_under_other_names_with_other_comments_and_behind_other_marks(benchmark: Path) -> None:
    finder = Finder(read(benchmark))
    prompt, solution = TASKS[0]["prompt"], TASKS[0]["canonical_solution"]
    other = "import os\n\n\ndef main():\n    print(os.environ)\n" * 50
    assert (
        found_in(finder, str(prompt), other + str(prompt) + other, "> " + str(prompt).replace("\n", "\n> "))
        == [("Made/0", "text")] * 3
    )
    assert (
        found_in(finder, other + "def g(values, width):\n" + str(solution), json.dumps(solution))
        == [("Made/0", "code")] * 2
    )
    assert (
        found_in(finder, RENAMED_COPY, other + RENAMED_COPY + other, RENAMED_COPY.replace("\n", "\r\n\r\n"))
        == [("Made/0", "renamed")] * 3
    )
    assert found_in(finder, other, SWAPPED, "", "\0" * 100) == [None] * 4
    assert found_in(finder, "# " + str(TASKS[1]["prompt"])) == [("Made/1", "text")]
    assert found_in(finder, "  ".join(map(str, [TASKS[0]["test"]]))) == [("Made/0", "test")]


def test_tags_hide_nothing_where_they_are_tags(benchmark: Path) -> None:
    page = "".join(f"<span class='k'>{word}</span> " for word in RENAMED_COPY.replace("#", "//").split(" "))
    finder = Finder(read(benchmark))
    assert found_in(finder, page, marks=TAGS) == found_in(finder, RENAMED_COPY.replace("#", "//"), marks=TAGS)
    assert found_in(finder, page, marks=0) == [None]


def test_a_limit_is_inclusive_and_above_one_means_never(benchmark: Path) -> None:
    table = read(benchmark)
    part = next(p for p, kind in enumerate(table.part_kinds) if kind == TEXT)
    half = str(TASKS[0]["prompt"])[:120]
    share = float(Finder(table).find(plain.column(half), np.zeros(1, np.uint8)).share[0])
    assert 0 < share < 1
    assert share * table.sizes[part] == round(share * table.sizes[part])
    assert found_in(Finder(table, Limits(text=share)), half) == [("Made/0", "text")]
    assert found_in(Finder(table, Limits(text=share + 1e-9)), half) == [None]
    assert found_in(Finder(table, Limits(text=1.1, code=1.1, renamed=1.1, test=1.1)), json.dumps(TASKS)) == [None]


def test_an_answer_does_not_depend_on_the_batch(benchmark: Path) -> None:
    finder = Finder(read(benchmark))
    texts = [json.dumps(TASKS[0]), "", "x = 1", RENAMED_COPY, str(TASKS[0]["prompt"]), RENAMED_COPY] * 3
    marks = np.full(len(texts), HASH_COMMENTS, np.uint8)
    content = plain.column(*texts)
    whole = finder.find(content, marks)
    single = [finder.find(content.slice(row, 1), marks[row : row + 1]) for row in range(len(texts))]
    for name in whole._fields:
        assert getattr(whole, name).tolist() == [getattr(one, name)[0] for one in single]
    nulls = finder.find(pa.array([None, texts[0]], pa.large_string()), marks[:2])
    assert (nulls.part[0], nulls.reached[0], nulls.share[1]) == (-1, False, whole.share[0])


def test_hostile_files_are_looked_through(benchmark: Path) -> None:
    finder = Finder(read(benchmark))
    copy = str(TASKS[0]["prompt"])
    giant = "x" * 5_000_000 + " " + copy + " y" * 1_000_000
    open_marks = ["/*" * 100_000 + copy, "<a" * 100_000 + copy, "&" * 100_000 + copy, "\\" * 99_999 + "\n" + copy]
    for marks in (0, HASH_COMMENTS | SLASH_COMMENTS | TAGS):
        assert found_in(finder, giant, *open_marks, "\0" + copy, marks=marks) == [("Made/0", "text")] * 6


def test_everyday_ngrams_are_weeded_and_a_part_without_any_left_is_none(benchmark: Path) -> None:
    tasks = read_tasks([benchmark], "Made")
    table = build(tasks, most=None)
    code = [p for p in range(len(table.sizes)) if table.part_kinds[p] in (CODE, RENAMED) and table.part_tasks[p] == 0]
    common = np.unique([pair[0] for pair in pairs_of(table) if pair[1] in code])
    weeded = build(tasks, common, most=None)
    assert found_in(Finder(weeded), RENAMED_COPY) == [None]
    assert set(weeded.part_kinds[weeded.part_tasks == 0]) == {0, 3}
    counts = Finder(table).count_rows(
        plain.column(tasks[0].code, tasks[0].code, "x"), np.full(3, HASH_COMMENTS, np.uint8)
    )
    assert set(counts.tolist()) == {0, 2}
    assert max(build(tasks).sizes) <= MOST_NGRAMS


def test_a_table_comes_back_from_its_file_and_others_are_refused(benchmark: Path, tmp_path: Path, monkeypatch) -> None:
    table = joined([read(benchmark), read(benchmark)])
    path = tmp_path / "Made.parquet"
    save(table, path)
    again = load(path)
    assert again.tasks == table.tasks == ("Made/0", "Made/1") * 2
    for name in ("part_tasks", "part_kinds", "hashes", "offsets", "parts", "sizes"):
        np.testing.assert_array_equal(getattr(again, name), getattr(table, name))
    assert b"neighbours" not in path.read_bytes()
    monkeypatch.setattr("dedup.benchmark_tables.VERSION", "contamination0")
    with pytest.raises(ValueError, match="build it again"):
        load(path)


def test_shipped_tables_hold_every_task_of_their_benchmarks() -> None:
    sizes = {"HumanEval": 164, "HumanEval-CN": 164, "HumanEval-X": 820, "MBPP": 500}
    assert set(sizes) == set(SHIPPED)
    for name, n_tasks in sizes.items():
        table = shipped(name)
        assert len(table.tasks) == len(set(table.tasks)) == n_tasks
        assert all(task.startswith(f"{name}/") for task in table.tasks)
        assert set(table.part_tasks.tolist()) == set(range(n_tasks)), "every task can be found by its prompt at least"
        assert 1 <= table.sizes.min() <= table.sizes.max() <= MOST_NGRAMS


def test_rows_that_are_no_tasks_are_named(tmp_path: Path) -> None:
    path = tmp_path / "bad.jsonl"
    for line, told in (("{", "no JSON"), ("[1]", "a JSON object is needed"), ('{"id": 3}', "neither a prompt")):
        path.write_text(line + "\n")
        with pytest.raises(ValueError, match=f"line 1: {told}"):
            read(path)


def test_a_task_of_number_0_is_called_by_it(tmp_path: Path) -> None:
    """And not by its line, which is the number of the next."""
    path = tmp_path / "made.jsonl"
    rows = [{"task_id": 0}, {"task_id": 1}, {"question_id": "", "id": "x"}, {"id": None}]
    path.write_text("".join(json.dumps(row | {"prompt": "Add."}) + "\n" for row in rows))
    assert [task.name for task in read_tasks([path], "Made")] == ["Made/0", "Made/1", "Made/x", "Made/4"]


def test_files_that_are_cut_off_or_hold_nothing_to_find_are_named(tmp_path: Path) -> None:
    """At once: a run would say nothing and find nothing."""
    whole = gzip.compress(json.dumps(TASKS[0]).encode() * 9)
    wrong = bytearray(whole)
    wrong[20:40] = bytes(20)
    short = b'{"id": 1, "prompt": "Add two numbers."}'
    for name, data, told in (
        ("cut.jsonl.gz", whole[:-9], "no whole gzip file"),
        ("wrong.jsonl.gz", bytes(wrong), "no whole gzip file"),
        ("plain.jsonl.gz", short, "no whole gzip file"),
        ("deep.jsonl", b"[" * 200_000, "line 1: no JSON"),
        ("short.jsonl", short, "no part of its 1 tasks has an n-gram of 10 words"),
        ("empty.jsonl", b"", "no part of its 0 tasks"),
    ):
        (tmp_path / name).write_bytes(data)
        with pytest.raises(ValueError, match=f"{name}.*{told}"):
            read(tmp_path / name)


def test_limits_that_every_file_reaches_are_refused() -> None:
    for limit in (0.0, -0.5, float("nan")):
        with pytest.raises(ValueError, match="for renamed: it lies above 0"):
            Limits(renamed=limit)


def test_every_fixed_word_counts_as_written() -> None:
    """The set of fixed words is what the definition uses: each is found, and its neighbour in spelling is not."""
    assert len(set(FIXED)) == len(FIXED) < 1024 // 4
    for word in FIXED:
        text = f"{word} a b c d e f g h"
        kept, other = (ngrams(plain.column(one)).renamed[0] for one in (text, text.replace(word, "zz", 1)))
        assert kept != other, word
