"""Group `lexical`: against CPython's tokenizer on real files, a slow lexer for C on any text, and worked examples."""

from __future__ import annotations

import ast
import io
import re
import sysconfig
import tokenize
from itertools import pairwise
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from analyzers.languages import LANGUAGES
from analyzers.text.measure import measure

GROUPS = frozenset({"lexical", "lines", "chars"})
REAL = sorted(Path(sysconfig.get_path("stdlib")).glob("*.py"))[:120]
LINE_END = re.compile("\r\n|\n|\r")
STRINGS = {q: re.compile(rf"{q}((?:\\(?:\r\n|.|\Z)|[^\\\r\n{q}])*)({q}?)", re.DOTALL) for q in "\"'"}
SEPARATOR = re.compile(r"(?<!u)[0-9]\Z")


def signals(text: str, language: str) -> dict[str, float | None]:
    columns = measure(pa.array([text], pa.large_string()), [language], GROUPS)
    return {name: column[0].as_py() for name, column in columns.items()}


def offsets_of_lines(text: str) -> list[int]:
    return [0, *(match.end() for match in re.finditer("\n", text))]


def python_truth(text: str) -> tuple[int, int]:
    """(characters in comments and docstrings, characters in other strings), by CPython's own tokenizer and parser."""
    starts = offsets_of_lines(text)
    docs = set()
    for node in ast.walk(ast.parse(text)):
        match node:
            case ast.AST(body=[ast.Expr(value=ast.Constant(value=str())) as doc, *_]):
                docs.add((doc.lineno, doc.col_offset))
    comments = strings = 0
    depth, opened = 0, 0
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        start, end = (starts[line - 1] + column for line, column in (token.start, token.end))
        name = tokenize.tok_name[token.type]
        if name == "COMMENT" or (name == "STRING" and token.start in docs):
            comments += end - start
        elif name == "STRING" and not depth:
            strings += end - start - len(re.match("[a-zA-Z]*", token.string)[0])
        elif name == "FSTRING_START":
            opened = start + len(re.match("[a-zA-Z]*", token.string)[0]) if not depth else opened
            depth += 1
        elif name == "FSTRING_END":
            depth -= 1
            strings += 0 if depth else end - opened
    return comments, strings


def test_python_files_are_lexed_as_cpython_does() -> None:
    """To the character, but for one file in fifty: after a colon in brackets a string may pass for a docstring."""
    off = []
    for path in REAL:
        text = path.read_bytes().decode("utf-8", "replace").replace("\r\n", "\n")
        comments, strings = python_truth(text)
        got = signals(text, "Python")
        want = comments / max(len(text), 1), strings / max(len(text) - comments, 1)
        if got["comment_fraction"] != want[0] or got["string_fraction"] != want[1]:
            off.append(path.name)
            assert got["comment_fraction"] == pytest.approx(want[0], abs=0.01), path.name
            assert got["string_fraction"] == pytest.approx(want[1], abs=0.02), path.name
    assert len(off) <= len(REAL) * 0.02, off


def c_truth(text: str) -> dict[str, float]:
    """Lexes C one character at a time, as the docstrings say."""
    i, n = 0, len(text)
    blind = 0
    kinds = [""] * n  # of each character: comment, string or code
    while i < n:
        line_end = LINE_END.search(text, i)
        stop = line_end.start() if line_end else n
        if text.startswith("//", i) and text[i - 1 : i] != "\\":
            kinds[i:stop] = ["comment"] * (stop - i)
            i = stop
        elif text.startswith("/*", i):
            close = text.find("*/", i + 2)
            stop = n if close < 0 else close + 2
            kinds[i:stop] = ["comment"] * (stop - i)
            i = stop
        elif text[i] in "\"'" and i >= blind and (text[i] == '"' or not SEPARATOR.search(text, 0, i)):
            match = STRINGS[text[i]].match(text, i)
            if match[2] or LINE_END.search(match[1]):
                kinds[i : match.end()] = ["string"] * (match.end() - i)
                i = match.end()
            else:
                kinds[i] = "code"
                blind = stop
                i += 1
        else:
            kinds[i] = "code"
            i += 1
    ends = [0, *(match.end() for match in LINE_END.finditer(text))]
    ends += [n] if ends[-1] != n else []
    lines = [
        [kind for char, kind in zip(text[a:b], kinds[a:b], strict=True) if not char.isspace()]
        for a, b in pairwise(ends)
    ]
    comments = kinds.count("comment")
    return {
        "comment_fraction": comments / max(n, 1),
        "string_fraction": kinds.count("string") / max(n - comments, 1),
        "code_lines": sum("code" in line or "string" in line for line in lines),
        "comment_lines": sum(bool(line) and set(line) == {"comment"} for line in lines),
    }


C_PIECES = st.sampled_from(
    ["/*", "*/", "//", "/", "*", '"', "'", "\\", "\n", "\r\n", "\r", " ", "\t", "\u3000", "a", "é", "1", "u8", "todo",
     "\\\n", "\\\r\n"]
)  # fmt: skip


@settings(deadline=None)
@given(st.lists(C_PIECES, max_size=40).map("".join) | st.text(max_size=60))
@example("'\\'\\'\\'")
@example("1'000'000 // it's")
@example("9'0'9")
@example('"a\\\nb" c')
@example('"a" /* "b\n" */ \'c')
def test_c_is_lexed_as_the_slow_lexer_does(text: str) -> None:
    got = signals(text, "C")
    assert {name: got[name] for name in c_truth("")} == c_truth(text)


MARKS = sorted({mark for row in LANGUAGES for mark in (*row.line_comments, *sum(row.block_comments, ()), *row.strings)})


@settings(deadline=None, max_examples=300)
@given(
    st.sampled_from([row.name for row in LANGUAGES]),
    st.lists(st.sampled_from([*MARKS, "\n", "\r\n", " ", "x", "é", "\\", "TODO", "print", "assert"]), max_size=25).map(
        "".join
    ),
)
def test_every_line_is_code_comment_or_blank(language: str, text: str) -> None:
    got = signals(text, language)
    if got["code_lines"] is not None:
        comment_lines = got["comment_lines"] or 0
        assert got["code_lines"] + comment_lines + got["n_blank_lines"] == got["n_lines"]
    fractions = [value for name, value in got.items() if name.endswith("_fraction") and value is not None]
    assert all(0 <= value <= 1 for value in fractions)


@pytest.mark.parametrize(
    ("language", "text", "name", "value"),
    [
        ("Python", 'def f():\n    """Doc."""\n    x = """no doc"""\n', "comment_fraction", 10 / 45),
        ("Python", '# c\nr"""Doc."""\n', "comment_fraction", 14 / 16),
        ("Python", 'x = [\n    """no doc""",\n]\n', "comment_fraction", 0.0),
        ("Python", "x = '# no comment'\n", "comment_fraction", 0.0),
        ("Python", "x = 'ab'\n", "string_fraction", 4 / 9),
        ("Python", "# todo\n# Fixme: x\n# YOUR CODE HERE\n# autodoc\nx = 'todo'\n", "todo_line_fraction", 3 / 5),
        ("Python", 'def f():\n    """TODO: say more."""\n', "todo_line_fraction", 1 / 2),
        ("C", "/* one\n   TODO two\n*/\nint x;\n", "todo_line_fraction", 1 / 4),
        ("Python", "assert x\nself.assertEqual(1, 1)\ny = 'assert'\n# assert\nassess\n", "assert_line_fraction", 2 / 4),
        ("C", "static_ASSERT(x);\nint y;\n", "assert_line_fraction", 1 / 2),
        ("Python", "print(1)\nx.print(1)\npprinter = 'print'\nfoo; print(2)\n", "print_line_fraction", 2 / 4),
        ("Java", "System.out.println(1);\nSystem.out.flush();\n", "print_line_fraction", 1 / 2),
        ("Go", 'fmt.Println("x")\nfmt.Sprint("y")\n', "print_line_fraction", 1 / 2),
        ("C++", "std::cout << 1;\nint couture;\nfprintf(f);\n", "print_line_fraction", 2 / 3),
        ("Rust", 'println!("x");\nlet println = 1;\n', "print_line_fraction", 1 / 2),
        ("JavaScript", "console.log(1)\nconsole.table(2)\n", "print_line_fraction", 1 / 2),
        ("Python", "import os\nfrom a import b\nx = 'import'\nimportant = 1\n", "import_line_fraction", 2 / 4),
        ("JavaScript", "import a from 'a'\nconst b = require('b')\nreimport(c)\n", "import_line_fraction", 2 / 3),
        ("C", "#include <a.h>\n# include <b.h>\n#define include\n", "import_line_fraction", 2 / 3),
        ("Java", "import a.b;\nfoo(import);\n", "import_line_fraction", 1 / 2),
        ("Python", "class A:\n    pass\n    # pass\nbypass = 1\n", "pass_line_fraction", 1 / 3),
        ("C", "#if X\n  # endif\nint a; // #\n", "preprocessor_line_fraction", 2 / 3),
        ("C", "goto out;\nx = \"goto\";\n", "goto_line_fraction", 1 / 2),
        ("C", "int main(void) {\nint\nmain (int argc)\nreturn main(1);\ndomain(2);\nprint main(x);\n", "n_main", 2),
        ("Python", "x = '" + "word " * 21 + "'\ny = '" + "word " * 20 + "'\n", "long_string_line_fraction", 0.5),
        ("C", '"' + "a" * 21 + " http://" + "b" * 30 + " " + "c" * 20 + '"\n', "long_string_word_fraction", 21 / 83),
        ("Python", "'" + "abcdefghij\\n" * 4 + "'\n", "long_string_word_fraction", 0.0),
        ("Python", "x = 'a' + f'b'\ny = 'a', 'b'\nz = a + 'b'\n'a' +\\\n 'b'\n", "string_concat_line_fraction", 0.2),
        ("PHP", "$a = 'a' . 'b';\n$b = 'a' + 'b';\n", "string_concat_line_fraction", 1 / 2),
        ("Lua", "x = 'a' .. 'b'\ny = 'a' . 'b'\n", "string_concat_line_fraction", 1 / 2),
        ("Rust", "/* a /* b */ c */ x\n", "comment_fraction", 17 / 20),
        ("C", "/* a /* b */ c */ x\n", "comment_fraction", 12 / 20),
        ("C", '/* never closed "\n' * 3, "comment_lines", 3),
        ("JavaScript", "x = `a\n// no comment\n`\n", "comment_lines", 0),
        ("Shell", "echo $# ${x#y} # c\n", "comment_fraction", 3 / 19),
        ("TeX", "50\\% of % c\n", "comment_fraction", 3 / 12),
        ("Rust", "let c = '\"'; // c\n", "comment_fraction", 4 / 18),
        ("MATLAB", "y = x' % it's\n", "comment_fraction", 6 / 14),
        ("Ruby", "=begin\nx\n=end\ny =begin\n", "comment_lines", 3),
        ("Vim Script", '" c\nlet x = 1 " no\n', "comment_lines", 1),
        ("Go", "x := `\\`\n", "string_fraction", 3 / 9),
        ("Lua", "--[[ a\nb ]] x\n-- y\n", "comment_lines", 2),
        ("HTML", "<!-- c -->\n<p>x</p>\n", "comment_lines", 1),
        ("C", "int x; /* c */\n/* c */ int y;\n/* c */\n\n", "code_lines", 2),
    ],
)  # fmt: skip
def test_worked_examples(language: str, text: str, name: str, value: float) -> None:
    assert signals(text, language)[name] == pytest.approx(value)


def test_null_where_a_language_has_no_such_thing() -> None:
    nothing = signals("x\n", "Text")
    assert all(
        nothing[name] is None for name in ("comment_fraction", "string_fraction", "code_lines", "print_line_fraction")
    )
    json = signals('{"a": 1}\n', "JSON")
    assert (json["comment_fraction"], json["string_fraction"], json["code_lines"]) == (None, 3 / 9, 1)
    assert signals("x\n", "C")["pass_line_fraction"] is None
    python, c = signals("x\n", "Python"), signals("x\n", "C")
    for name in ("goto_line_fraction", "preprocessor_line_fraction", "n_main"):
        assert (python[name], c[name]) == (None, 0)
    assert signals("x\n", "YAML")["import_line_fraction"] is None
    assert signals("x\n", "No Such Language")["code_lines"] is None


@pytest.mark.parametrize(
    "text",
    ["'" * 1_000_000, "'\\" * 500_000, "/*" * 500_000, '"""' * 300_000, "(* " * 300_000, "x" * 1_000_000,
     "main" * 250_000,     "'a' + " * 160_000,
     "main (" + " " * 900_000 + "main(", "# todo " * 140_000, "\n" * 1_000_000, "\\" * 1_000_000],
)  # fmt: skip
@pytest.mark.parametrize("language", ["Python", "C", "OCaml", "Rust"])
def test_a_megabyte_of_the_same_ends(text: str, language: str) -> None:
    got = signals(text, language)
    assert got["code_lines"] + got["comment_lines"] + got["n_blank_lines"] == got["n_lines"]
