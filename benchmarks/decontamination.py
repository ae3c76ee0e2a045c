"""Decontamination: which copies of benchmarks' tasks are found, what is found in code that has none, and speed.

    python -m benchmarks.decontamination BENCHMARKS [--clean FOLDER ...] [--show 20]

BENCHMARKS holds the files that dedup.benchmark_tables.SHIPPED names; the tables are those that come along. Every task
is planted in several ways, each in a file of its own, which counts as found where the stage with its defaults drops it.
Renaming is consistent, of every name that the solution declares, by its syntax tree. Files of --clean are looked at as
a run would: those with a finding are listed, to be judged by eye. Speed is of one core, processor time, over those
files, reading excepted.
"""

from __future__ import annotations

import argparse
import ast
import html
import json
import re
import textwrap
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
from tree_sitter import Node, Parser

from analyzers.detect import detect_batch
from analyzers.syntax.grammars import load
from curate.stages.decontaminate import Decontaminate, finder_of, marks_of
from dedup.benchmark_tables import SHIPPED
from dedup.contamination import KINDS
from dedup.tasks import Task, read_tasks

LANGUAGES = {"cpp": "C++", "js": "JavaScript", "javascript": "JavaScript", "java": "Java", "go": "Go"}
GRAMMARS = {"Python": "python", "C++": "cpp", "JavaScript": "javascript", "Java": "java", "Go": "go"}
DECLARING = {
    "Python": {
        "function_definition": ("name", "parameters"), "lambda": ("parameters",), "assignment": ("left",),
        "augmented_assignment": ("left",), "for_statement": ("left",), "for_in_clause": ("left",),
        "named_expression": ("name",),
    },
    "C++": {
        "init_declarator": ("declarator",), "parameter_declaration": ("declarator",), "declaration": ("declarator",),
        "function_declarator": ("declarator",), "for_range_loop": ("declarator",),
    },
    "Java": {
        "variable_declarator": ("name",), "formal_parameter": ("name",), "method_declaration": ("name",),
        "enhanced_for_statement": ("name",), "lambda_expression": ("parameters",), "inferred_parameters": (),
    },
    "JavaScript": {
        "variable_declarator": ("name",), "arrow_function": ("parameters", "parameter"), "for_in_statement": ("left",),
        "function_declaration": ("name", "parameters"), "function_expression": ("parameters",),
    },
    "Go": {
        "function_declaration": ("name",), "parameter_declaration": ("name",), "short_var_declaration": ("left",),
        "var_spec": ("name",), "range_clause": ("left",), "const_spec": ("name",),
    },
}  # fmt: skip
"""Nodes that declare names, and the fields in which the names stand."""
FILLER = Path(argparse.__file__).read_text(encoding="utf-8").splitlines()
BATCH_BYTES = 8_000_000
MAX_FILE_BYTES = 4_000_000


def language_of(task: Task) -> str:
    """Linguist's name."""
    return LANGUAGES.get(task.language, "Python")


def walk(node: Node) -> Iterator[Node]:
    """The node and all below it."""
    stack = [node]
    while stack:
        node = stack.pop()
        yield node
        stack += node.children


def tree(code: str, language: str) -> Node:
    """The root of the syntax tree."""
    return Parser(load(GRAMMARS[language])).parse(code.encode()).root_node


def declared(root: Node, language: str) -> set[bytes]:
    """Names of variables, parameters and functions that the code declares."""
    names = set()
    for node in walk(root):
        for field in DECLARING[language].get(node.type, ()):
            for place in node.children_by_field_name(field):
                in_types = {inner.id for part in walk(place) if part.type == "type" for inner in walk(part)}
                names |= {one.text for one in walk(place) if one.type == "identifier" and one.id not in in_types}
    return {name for name in names if name}


def replaced(code: str, edits: list[tuple[int, int, bytes]]) -> str:
    """Code with bytes replaced."""
    data = code.encode()
    for start, end, text in sorted(edits, reverse=True):
        data = data[:start] + text + data[end:]
    return data.decode()


def renamed(task: Task) -> str:
    """Every declared name another."""
    root = tree(task.code, language_of(task))
    new = {name: b"walrus_%d" % n for n, name in enumerate(sorted(declared(root, language_of(task))))}
    uses = [node for node in walk(root) if node.type == "identifier" and node.text in new]
    return replaced(task.code, [(node.start_byte, node.end_byte, new[node.text or b""]) for node in uses])


def uncommented(task: Task) -> str:
    """Without comments."""
    comments = [node for node in walk(tree(task.code, language_of(task))) if "comment" in node.type]
    return replaced(task.code, [(node.start_byte, node.end_byte, b"") for node in comments])


def commented(task: Task) -> str:
    """A comment behind every line."""
    mark = "#" if language_of(task) == "Python" else "//"
    return "\n".join(f"{line}  {mark} here we do step {n}" for n, line in enumerate(task.code.splitlines()))


def reformatted(task: Task) -> str:
    """Python as ast.unparse writes it; of others white space, braces on lines of their own, and single quotes."""
    if language_of(task) == "Python":
        try:
            return ast.unparse(ast.parse(task.code))
        except SyntaxError:
            return re.sub(r"[ \t]+", "\t", task.code)
    spaced = re.sub(r"\s*([=<>+*/-]+)\s*", r" \1 ", task.code)
    return re.sub(r"[ \t]+", " ", re.sub(r"\s*([{}])\s*", r"\n\1\n", spaced))


def embedded(task: Task) -> str:
    """Between 250 lines of other code and 250 more."""
    return "\n".join([*FILLER[:250], task.code, *FILLER[250:500]])


def prose(task: Task) -> str:
    """The prompt as it is."""
    return "\n".join(task.texts)


PLANTED: dict[str, Callable[[Task], str]] = {
    "verbatim": lambda task: task.code,
    "reformatted": reformatted,
    "no comments": uncommented,
    "commented": commented,
    "in JSON": lambda task: json.dumps({"id": task.name, "code": task.code}),
    "in 500 lines": embedded,
    "renamed": renamed,
    "renamed, spaced": lambda task: renamed(task).replace("\n", "\n\n").replace(" ", "  "),
    "renamed, in 500": lambda task: embedded(replace(task, code=renamed(task))),
}
PROMPTS: dict[str, Callable[[Task], str]] = {
    "prompt": prose,
    "wrapped": lambda task: textwrap.indent(textwrap.fill(" ".join(prose(task).split()), 60), "# "),
    "in Markdown": lambda task: "# Exercise\n\n" + textwrap.indent(prose(task), "> "),
    "in HTML": lambda task: "<p>" + html.escape(prose(task)).replace("\n", "<br>\n") + "</p>",
    "in JSON": lambda task: json.dumps({"prompt": prose(task)}),
    "tests": lambda task: task.tests,
}


def plant(stage: Decontaminate, tasks: dict[str, list[Task]]) -> None:
    """Prints the share of tasks that are found, by kind of copy."""
    for title, ways in (("solution", PLANTED), ("prompt", PROMPTS)):
        print(f"\n{title:<18}" + "".join(f"{name:>18}" for name in tasks))
        for way, write in ways.items():
            shares = []
            for some in tasks.values():
                language = [
                    "HTML" if way == "in HTML" else "JSON" if way == "in JSON" else language_of(task) for task in some
                ]
                verdict = judge(stage, [write(task) for task in some], language)
                shares.append(np.mean([row["drop_reason"] is not None for row in verdict]))
            print(f"{way:<18}" + "".join(f"{share:>18.3f}" for share in shares), flush=True)


def judge(stage: Decontaminate, texts: list[str], languages: list[str]) -> list[dict]:
    """What the stage says of files."""
    columns = {"content": pa.array(texts, pa.large_string()), "language": pa.array(languages)}
    told = stage.measure(pa.RecordBatch.from_pydict(columns))
    return told.select([name for name in told.schema.names if name != "content"]).to_pylist()


def batches(folders: Iterable[Path]) -> Iterator[tuple[list[Path], pa.LargeBinaryArray, np.ndarray]]:
    """(paths, contents, marks of their languages) of the files below folders: no links, no NULs, no giants."""
    paths: list[Path] = []
    contents: list[bytes] = []
    n_bytes = 0
    for path in (path for folder in folders for path in sorted(folder.rglob("*"))):
        if path.is_symlink() or not path.is_file() or path.stat().st_size > MAX_FILE_BYTES:
            continue
        content = path.read_bytes()
        if b"\0" in content:
            continue
        paths.append(path)
        contents.append(content)
        n_bytes += len(content)
        if n_bytes >= BATCH_BYTES:
            yield _batch(paths, contents)
            paths, contents, n_bytes = [], [], 0
    if paths:
        yield _batch(paths, contents)


def _batch(paths: list[Path], contents: list[bytes]) -> tuple[list[Path], pa.LargeBinaryArray, np.ndarray]:
    column = pa.array(contents, pa.large_binary())
    languages = detect_batch([str(path) for path in paths], column).to_pylist()
    return paths, column, np.array([marks_of(language) for language in languages], np.uint8)


def look(stage: Decontaminate, folders: list[Path], most: int) -> None:
    """Prints how many files are found among clean ones, which, by what, and the speed."""
    finder, n_files, n_bytes, seconds, found = finder_of(stage), 0, 0, 0.0, []
    for paths, content, marks in batches(folders):
        begin = time.process_time()
        result = finder.find(content, marks)
        seconds += time.process_time() - begin
        n_files, n_bytes = n_files + len(paths), n_bytes + content.nbytes
        for row in np.flatnonzero(result.reached):
            part = result.part[row]
            kind, task = KINDS[finder.table.part_kinds[part]], finder.table.tasks[finder.table.part_tasks[part]]
            found.append((kind, result.share[row], int(result.shared[row]), task, paths[row]))
    print(f"\n{n_files:,} files, {n_bytes / 1e6:.0f} MB at {n_bytes / 1e6 / seconds:.0f} MB/s: {len(found)} found")
    print("by part:", dict(Counter(kind for kind, *_ in found)))
    for kind, share, shared, task, path in found[:most]:
        print(f"   {kind:<8} {share:.2f} ({shared}) {task:<26} {path}")


def main() -> None:
    """Prints the report."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("benchmarks", type=Path)
    parser.add_argument("--clean", nargs="*", type=Path, default=[])
    parser.add_argument("--show", type=int, default=20)
    options = parser.parse_args()
    files = [(name, file) for name, some in SHIPPED.items() for file in some]
    tasks = {file.split(".")[0][-17:]: read_tasks([options.benchmarks / file], name) for name, file in files}
    stage = Decontaminate()
    plant(stage, tasks)
    for folder in options.clean:
        look(stage, [folder], options.show)


if __name__ == "__main__":
    main()
