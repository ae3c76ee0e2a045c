"""Tags of made files: imports, frameworks, module kinds, dialects, bands; values are those that the table names."""

from __future__ import annotations

from datetime import UTC, datetime

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzers.portrait.bands import BANDS, bands
from analyzers.portrait.dimensions import BY_NAME, DIMENSIONS, SEPARATOR
from analyzers.portrait.domain import domain
from analyzers.portrait.frameworks import TABLES, frameworks
from analyzers.portrait.imports import MANNERS, modules
from analyzers.portrait.module_kind import module_kind
from analyzers.portrait.signs import signs, spoken
from analyzers.portrait.tags import of_text, tags


@pytest.mark.parametrize(
    ("language", "text", "found"),
    [
        ("Python", "import os, django.db as d\nfrom . import x\nfrom ..a.b import y\n",
         ["os", "django/db", "./", "./a/b"]),
        ("TypeScript", "import {\n a } from '@angular/core';\nconst b = require(\"./b\");", ["@angular/core", "./b"]),
        ("Java", "import static org.junit.Assert.*;\nimport java.util.List;", ["org/junit/Assert/", "java/util/List"]),
        ("C++", '#include <boost/asio.hpp>\n#  include "a.h"', ["boost/asio.hpp", "a.h"]),
        ("Go", 'import (\n\t"fmt"\n\tg "github.com/gin-gonic/gin"\n)\nfunc f() {\n\t"no"\n}',
         ["fmt", "github.com/gin-gonic/gin"]),
        ("Rust", "pub use tokio::net::Tcp;\nextern crate serde;", ["tokio/net/Tcp", "serde"]),
        ("PHP", "namespace App;\nuse Illuminate\\Http\\Request;", ["App", "Illuminate/Http/Request"]),
        ("COBOL", "import x", []),
    ],
)  # fmt: skip
def test_imports_are_read_as_their_language_writes_them(language: str, text: str, found: list[str]) -> None:
    assert modules(text, language) == found


@pytest.mark.parametrize(
    ("path", "language", "text", "first"),
    [
        ("a.py", "Python", "import numpy\nimport torch\nimport pytest\n", "PyTorch"),
        ("a.py", "Python", "import pytest\nimport numpy\n", "NumPy"),
        ("a.py", "Python", "import moto\nimport requests\n", "Requests"),
        ("A.java", "Java", "import org.springframework.boot.X;\n", "Spring"),
        ("a.cpp", "C++", "#include <QWidget>\n", "Qt"),
        ("a.c", "C", "#include <linux/module.h>\n", "Linux kernel"),
        ("app/models/user.rb", "Ruby", "class User < ApplicationRecord\nend\n", "Rails"),
        ("wp.php", "PHP", "add_action('init', 'f');", "WordPress"),
        ("k.yaml", "YAML", "apiVersion: v1\nkind: Pod\n", "Kubernetes"),
        ("a.sol", "Solidity", 'import "@openzeppelin/contracts/a.sol";', "OpenZeppelin"),
    ],
)
def test_the_framework_that_shapes_a_file_comes_first(path: str, language: str, text: str, first: str) -> None:
    assert frameworks(modules(text, language), path, text, language)[0].name == first


def test_every_row_of_the_framework_tables_is_whole() -> None:
    assert set(TABLES) == set(MANNERS.values())
    roles = {*BY_NAME["framework_role"].values}
    for table in TABLES.values():
        rows = [[part.strip() for part in line.split("|")] for line in table.strip().splitlines()]
        assert all(len(row) == 4 and row[3] and row[1] in roles and SEPARATOR not in row[0] for row in rows)
        assert len({row[0] for row in rows}) == len(rows)


@pytest.mark.parametrize(
    ("path", "language", "text", "kind"),
    [
        ("pkg/tests/test_a.py", "Python", "", "test"),
        ("pkg/tests/data/a.json", "JSON", "{}", "fixture"),
        ("app/migrations/0001_initial.py", "Python", "", "migration"),
        (".github/workflows/a.yml", "YAML", "", "ci"),
        ("src/UserController.java", "Java", "class UserController {}", "controller"),
        ("src/UserRepository.java", "Java", "class UserRepository {}", "dal"),
        ("src/a.java", "Java", "package a;\n@Service\nclass A {}", "service"),
        ("src/OrderFacade.java", "Java", "class OrderFacade {}", "facade"),
        ("src/Shape.java", "Java", "package a;\n\n/** A shape. */\npublic interface Shape { }", "interface"),
        ("locale/de/a.po", "Gettext Catalog", "", "i18n"),
        ("setup.py", "Python", "", "build"),
        ("Dockerfile", "Dockerfile", "", "deploy"),
        ("README.md", "Markdown", "", "docs"),
        ("news.rb", "Ruby", "class News\nend", "library"),
        ("a/__init__.py", "Python", "", "index"),
        ("lib/a.js", "JavaScript", "'use strict';\nmodule.exports = require('./b');\n", "index"),
        ("lib/a.js", "JavaScript", "'use strict';\nmodule.exports = function () { return 1; };\n", "library"),
        ("a.h", "C", "", "header"),
        ("tool", "Unknown", "#!/bin/thing\n", "script"),
        ("a.py", "Python", "class A: pass\nif __name__ == '__main__':\n    A()\n", "library"),
        ("a.py", "Python", "if __name__ == '__main__':\n    print()\n", "script"),
        ("a.css", "CSS", "", "style"),
        ("a.csv", "CSV", "1,2", "data"),
    ],
)
def test_module_kinds(path: str, language: str, text: str, kind: str) -> None:
    assert module_kind(path, language, text) == kind


@pytest.mark.parametrize(
    ("language", "text", "dialect"),
    [
        ("Python", "print 'a'\n", "python 2"),
        ("Python", "def f(a: int | None):\n    pass\n", "python 3.10+"),
        ("JavaScript", "import a from 'a';\n", "es modules"),
        ("JavaScript", "module.exports = 1;\n", "commonjs"),
        ("C++", "auto [a, b] = f();\n", "c++17"),
        ("Java", "public record A(int b) {}\n", "java 17+"),
        ("Zig", "const a = 1;\n", None),
    ],
)
def test_dialects_show(language: str, text: str, dialect: str | None) -> None:
    assert signs(text, language)["dialect"] == dialect


def test_comments_tell_a_natural_language() -> None:
    assert spoken("# 这是一个用于处理数据的函数\nx = 1\n", "Python") == "Chinese"
    assert spoken("// returns the value of the current file\n", "C") == "English"
    assert spoken("x = 1\n", "Python") is None


def test_domain_goes_by_framework_then_path_then_language() -> None:
    used = frameworks(["torch"], "web/a.py", "", "Python")
    assert domain(used, "web/a.py", "Python") == "ml"
    assert domain([], "src/kernel/a.c", "C") == "systems"
    assert domain([], "a.css", "CSS") == "web"
    assert domain([], "a.py", "Python") == "general"


def batch(**columns: pa.Array) -> pa.RecordBatch:
    n_rows = len(next(iter(columns.values())))
    base = {
        "content": pa.array(["x = 1\n"] * n_rows, pa.large_string()),
        "language": pa.array(["Python"] * n_rows),
        "path": pa.array(["a.py"] * n_rows),
    }
    return pa.RecordBatch.from_pydict(base | columns)


def test_bands_are_closed_below_and_leave_out_what_was_not_measured() -> None:
    rows = batch(max_cyclomatic=pa.array([1, 2, 10, 11, 50, 51, None], pa.int32()))
    found = bands(rows)["complexity"]
    assert found == ["flat", "low", "low", "medium", "high", "extreme", None]
    assert all(len(band.words) == len(band.edges) + 1 and list(band.edges) == sorted(band.edges) for band in BANDS)


def test_tags_of_a_batch_have_the_order_of_the_table_and_its_values() -> None:
    rows = batch(
        encoding=pa.array(["UTF-8", "GB18030"]),
        committed_at=pa.array([datetime(2021, 5, 1, tzinfo=UTC), None], pa.timestamp("us", "UTC")),
        quality_score=pa.array([90.0, None], pa.float32()),
        is_test_file=pa.array([True, False]),
    )
    first, second = (dict(row) for row in tags(rows).to_pylist())
    assert (first["encoding"], second["encoding"]) == ("utf-8", "chinese")
    assert (first["age"], first["quality"], first["test"]) == ("2020-2022", "high", "yes")
    assert "age" not in second
    assert "quality" not in second
    order = [dimension.name for dimension in DIMENSIONS]
    assert list(first) == sorted(first, key=order.index)
    for name, value in first.items():
        assert not BY_NAME[name].values or value in BY_NAME[name].values, name


def test_there_are_enough_dimensions_and_none_twice() -> None:
    names = [dimension.name for dimension in DIMENSIONS]
    assert len(names) == len(set(names)) >= 40


@given(
    st.text(st.characters(codec="utf-8"), max_size=200),
    st.sampled_from(["Python", "C++", "JavaScript", "PHP", "YAML", "Markdown", "Unknown"]),
    st.text(max_size=30),
)
def test_any_text_has_values_of_the_table(text: str, language: str, path: str) -> None:
    for name, value in of_text(path, language, text).items():
        if value is not None and BY_NAME[name].values and name != "domain":
            assert value in BY_NAME[name].values, (name, value)
