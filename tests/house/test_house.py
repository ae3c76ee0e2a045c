"""The house's own rules: imports go down, rooms stay small, what is public is explained, what ships is named."""

from __future__ import annotations

import ast
import configparser
import re
import subprocess
import sys
from pathlib import Path

import pytest

from analyzers.signals import ALL_SIGNALS
from curate import recipe
from curate.stage import Stage
from curate.stages import STAGES

ROOT = Path(__file__).parents[2]
PACKAGES = ("analyzers", "curate", "dedup", "train")
FILES = [path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py"))]
IDS = [path.relative_to(ROOT).as_posix() for path in FILES]
MOST_LINES = 400

# What a package may not import, at the top of a file or inside a function.
FORBIDDEN = {
    "analyzers": {"pyspark", "torch", "dedup", "curate", "train"},
    "dedup": {"pyspark", "torch", "analyzers", "curate", "train"},
    "curate": {"torch", "train"},
    "train": {"pyspark", "analyzers", "dedup"},
}
DRAWERS = {"utils", "util", "common", "helpers", "helper", "misc"}


def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def imported(tree: ast.Module) -> set[str]:
    """Full names of all modules that a file imports anywhere in it."""
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


@pytest.mark.parametrize("path", FILES, ids=IDS)
def test_imports_go_down_only(path: Path) -> None:
    package = path.relative_to(ROOT).parts[0]
    names = imported(parsed(path))
    if path.relative_to(ROOT).as_posix() == "curate/cli.py":
        names = {name for name in names if not name.startswith("train.cli")}  # the command's one way to the trainer
    assert not {name for name in names if name.split(".")[0] in FORBIDDEN[package]}
    if package == "train":
        inner = {name for name in names if name.split(".")[0] == "curate"}
        assert all(name.startswith(("curate.shards", "curate.errors")) for name in inner), inner


@pytest.mark.parametrize("path", FILES, ids=IDS)
def test_pyspark_is_imported_by_who_uses_it_and_only_then(path: Path) -> None:
    """Inside functions or for type checking, so that a module can be read and tested without Spark."""
    at_import = [node for node in parsed(path).body if isinstance(node, (ast.Import, ast.ImportFrom))]
    names = imported(ast.Module(body=list(at_import), type_ignores=[]))
    assert not {name for name in names if name.split(".")[0] == "pyspark"}


@pytest.mark.parametrize(
    "statement",
    ["import curate", "import curate.shards", "from curate import Run", "import curate.recipe", "import curate.narrow"],
)
def test_results_are_read_without_spark(statement: str) -> None:
    told = f"{statement}; import sys; print(sorted(sys.modules.keys() & {{'pyspark', 'py4j', 'torch'}}))"
    ended = subprocess.run([sys.executable, "-c", told], capture_output=True, text=True, cwd=ROOT, check=False)
    assert (ended.stdout.strip(), ended.stderr) == ("[]", "")


@pytest.mark.parametrize("path", FILES, ids=IDS)
def test_a_file_is_no_drawer_and_no_attic(path: Path) -> None:
    assert not DRAWERS & {path.stem, *path.relative_to(ROOT).parts}
    assert len(path.read_text(encoding="utf-8").splitlines()) <= MOST_LINES


def public(tree: ast.Module) -> list[ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef]:
    """Public functions and classes, and public methods of public classes."""
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    top = [node for node in tree.body if isinstance(node, kinds) and not node.name.startswith("_")]
    classes = [node for node in top if isinstance(node, ast.ClassDef)]
    methods = [one for node in classes for one in node.body if isinstance(one, kinds) and not one.name.startswith("_")]
    return top + methods


@pytest.mark.parametrize("path", FILES, ids=IDS)
def test_what_is_public_is_explained(path: Path) -> None:
    tree = parsed(path)
    assert ast.get_docstring(tree) or not tree.body, "a module has a docstring"
    unexplained = [node.name for node in public(tree) if not ast.get_docstring(node)]
    assert unexplained == []


def reasons_in(*files: str) -> set[str]:
    """Reasons to drop that files give: `reason="..."`, `refused(place, "...")`, `cut(name, limit, "...")`, and
    `return None, None, "..."`."""
    at = {"refused": 1, "refuse": 1, "Bomb": 0, "cut": 2}
    values: list[ast.expr] = []
    for node in (node for file in files for node in ast.walk(parsed(ROOT / file))):
        if isinstance(node, ast.Call):
            values += [keyword.value for keyword in node.keywords if keyword.arg == "reason"]
            name = getattr(node.func, "id", getattr(node.func, "attr", ""))
            values += node.args[at[name] : at[name] + 1] if name in at else []
        elif isinstance(node, ast.Return) and isinstance(node.value, ast.Tuple) and len(node.value.elts) == 3:
            values.append(node.value.elts[-1])
    return {value.value for value in values if isinstance(value, ast.Constant) and isinstance(value.value, str)}


REASONS = {
    "read": reasons_in(
        "curate/inputs.py",
        "curate/readers.py",
        *(f"curate/sources/{name}.py" for name in ("archives", "datasets", "git", "members", "raw", "unit")),
    ),
    "decode": reasons_in("analyzers/decode.py"),
    "language": {"unknown_language", "unwanted_language"},
    "exact": {"exact_duplicate"},
    "simhash": {"near_duplicate", "chained"},
    "minhash": {"near_duplicate", "chained"},
    "resample": reasons_in("curate/stages/resample.py"),
}


def documented(stage: type[Stage]) -> set[str]:
    """The reasons that a stage's docstring lists: `Reasons to drop: one, other.`"""
    found = re.search(r"Reasons? to drop: ([\w\s,]+)\.", stage.__doc__ or "")
    return {word.strip() for word in found.group(1).split(",")} if found else set()


@pytest.mark.parametrize("name", STAGES)
def test_a_stage_has_its_name_and_names_its_reasons(name: str) -> None:
    stage = STAGES[name]
    module = sys.modules[stage.__module__]
    assert stage.__dict__.get("name") == name
    assert (module.__doc__ or "").startswith(f"{name}: ")
    assert len(stage.__doc__ or "") > 20
    if name in REASONS:
        assert documented(stage) == REASONS[name]
    elif name not in ("text", "layout"):  # the rules' names are the reasons of one, and the other drops nothing
        assert documented(stage), "add the line `Reasons to drop: ...` to the docstring"


def test_every_signal_is_named_once_and_every_rule_of_a_recipe_names_one() -> None:
    names = [signal.name for signal in ALL_SIGNALS]
    assert len(set(names)) == len(names)
    for shipped in recipe.names():
        loaded = recipe.load(shipped)
        for rule in (*loaded.stage("text").rules.values(), *loaded.stage("syntax").rules.values()):
            assert rule.signal in {*names, "size_bytes", "n_lines"}


def setup() -> configparser.ConfigParser:
    config = configparser.ConfigParser()
    config.read(ROOT / "setup.cfg", encoding="utf-8")
    return config


def test_every_package_on_disk_is_listed() -> None:
    listed = setup()["options"]["packages"].split()
    on_disk = {".".join(path.parent.relative_to(ROOT).parts) for path in FILES}
    assert set(listed) == on_disk
    assert listed == sorted(listed)
    assert all((ROOT / Path(*name.split("."))).joinpath("__init__.py").is_file() for name in listed)


def test_files_beside_the_code_are_shipped() -> None:
    shipped = {
        path.relative_to(ROOT)
        for package, patterns in setup()["options.package_data"].items()
        for pattern in patterns.split()
        for path in (ROOT / package.replace(".", "/")).glob(pattern)
    }
    beside = {
        path.relative_to(ROOT)
        for package in PACKAGES
        for path in (ROOT / package).rglob("*")
        if path.is_file() and path.suffix != ".py" and "__pycache__" not in path.parts
    }
    assert shipped == beside


def test_the_change_log_has_a_line_for_this_version() -> None:
    version = setup()["metadata"]["version"]
    changes = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8").splitlines()
    assert any(line.startswith("#") and (version in line or "nreleased" in line) for line in changes)
    assert any(line.startswith("- ") for line in changes)
