from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pytest
from facts_project import make_facts

from curate.datalog import PREDICATES, Program, load, shipped
from curate.errors import WrongUse
from curate.facts import FactBase
from curate.query import open_duckdb, query

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

# What each shipped rule finds in the project, columns in the rule's order; counted by hand in facts_project.py.
CHAIN, CART, PRICE, TEST, APP, GOD = (
    "native/chain.c", "shop/cart.py", "shop/price.py", "tests/test_shop.py", "web/app.js", "core/God.java",
)  # fmt: skip
ANSWERS: dict[str, set[tuple[Any, ...]]] = {
    "call_chain": {
        (CHAIN, "a", "b", 1), (CHAIN, "a", "c", 2), (CHAIN, "a", "d", 3), (CHAIN, "b", "c", 1), (CHAIN, "b", "d", 2),
        (CHAIN, "c", "d", 1), (CART, "tax", "helper", 1), (CART, "total", "tax", 1), (CART, "total", "helper", 2),
    },
    "class_hierarchy": {(CART, "Cart", "Base", 1), (APP, "B", "A", 1), (APP, "C", "B", 1), (APP, "C", "A", 2)},
    "comment_ratio": {
        (CHAIN, "C", 1, 4, 0.2), (CART, "Python", 3, 21, 0.125), (PRICE, "Python", 0, 3, 0.0),
        (TEST, "Python", 0, 3, 0.0), (APP, "JavaScript", 1, 10, 1 / 11), (GOD, "Java", 0, 22, 0.0),
    },
    "complexity": {(APP, "pick", 8, 11)},
    "cyclic_imports": {("", "shop.cart"), ("", "shop.price")},
    "fan_in": {
        (CHAIN, "b", 4, 1), (CHAIN, "c", 3, 1), (CHAIN, "d", 2, 1), (CART, "helper", 27, 1), (CART, "tax", 21, 1),
    },
    "fan_out": {
        (CHAIN, "a", 5, 1), (CHAIN, "b", 4, 1), (CHAIN, "c", 3, 1), (CART, "save", 8, 1), (CART, "total", 18, 2),
        (CART, "tax", 21, 2), (PRICE, "total", 4, 2), (TEST, "test_cart", 4, 2),
    },
    "frameworks": {(APP, "JavaScript", "React")},
    "god_classes": {(GOD, "God", 1, 20, 100)},
    "long_parameters": {(CART, "total", 18, 6)},
    "repository_fan_in": {
        (CHAIN, "b", 4, 1), (CHAIN, "c", 3, 1), (CHAIN, "d", 2, 1), (CART, "helper", 27, 2), (CART, "tax", 21, 1),
        (PRICE, "total", 4, 1),
    },
    "tests_by_name": {(TEST, "test_cart", 4)},
    "total_lines": {("C", 1, 5, 4, 1), ("Java", 1, 22, 22, 0), ("JavaScript", 1, 13, 10, 1), ("Python", 3, 46, 27, 3)},
    "undocumented": {(CART, "lonely", 32, 5)},
    "unresolved_calls": {("C", 3, 3, 0, 0, 0.0), ("Python", 9, 2, 4, 3, 1 / 3)},
    "unused": {(APP, "pick", 8), (CART, "lonely", 32), (CHAIN, "a", 5), *((GOD, f"m{n}", n + 2) for n in range(20))},
}  # fmt: skip


@pytest.fixture(scope="module")
def facts(tmp_path_factory: pytest.TempPathFactory) -> FactBase:
    return make_facts(tmp_path_factory.mktemp("facts"))


def rows(table: pa.Table) -> list[tuple[Any, ...]]:
    return list(zip(*table.to_pydict().values(), strict=True))


def ask(text: str, folder: Path, tmp_path: Path, predicate: str | None = None) -> pa.Table:
    file = tmp_path / "asked.l"
    file.write_text(text, encoding="utf-8")
    return query(file, folder, predicate=predicate)


def test_every_shipped_rule_has_an_answer_and_says_what_it_gives() -> None:
    assert set(shipped()) == set(ANSWERS)
    assert all(text.startswith("# ") for text in shipped().values())


@pytest.mark.parametrize("name", ANSWERS)
def test_shipped_rules_find_what_was_counted_by_hand(name: str, facts: FactBase) -> None:
    found = rows(query(name, facts.folder))
    assert len(found) == len(set(found))
    assert set(found) == ANSWERS[name]


# Modules as languages write them; `load` stands twice below `util`, so its import from there fits two functions.
IMPORTED = {
    "src/a/one.py": "from .two import near\nfrom a.sub import packed\nfrom util.io import load\n\n\n"
    "def f():\n    near()\n    packed()\n    load()\n",
    "src/a/two.py": "def near():\n    pass\n",
    "src/a/sub/__init__.py": "def packed():\n    pass\n",
    "x/util/io.py": "def load():\n    pass\n",
    "y/util/io.py": "def load():\n    pass\n",
    "lib/use.js": 'import { draw } from "../shapes/box.js";\nfunction g() { draw(); }\n',
    "shapes/box.js": "export function draw() {}\n",
    "src/main.rs": "use crate::deep::inner::run;\nfn h() { run(); }\n",
    "src/deep/inner.rs": "pub fn run() {}\n",
    "src/main/java/p/Use.java": "package p;\nimport q.Tool;\nclass Use { void k() { Tool.make(); } }\n",
    "src/main/java/q/Tool.java": "package q;\nclass Tool { static void make() {} }\n",
}


def test_calls_through_imports_are_found_in_other_files(tmp_path: Path) -> None:
    found = rows(query("repository_fan_in", make_facts(tmp_path, IMPORTED).folder))
    assert {(path, name, callers) for path, name, _, callers in found} == {
        ("src/a/two.py", "near", 1), ("src/a/sub/__init__.py", "packed", 1), ("shapes/box.js", "draw", 1),
        ("src/deep/inner.rs", "run", 1), ("src/main/java/q/Tool.java", "make", 1),
    }  # fmt: skip


@pytest.mark.spark
def test_spark_gives_the_same_answers(facts: FactBase, spark: SparkSession) -> None:
    for name in ANSWERS:
        found = query(name, facts.folder, engine="spark", spark=spark)
        assert found.column_names == list(load(name).predicates[load(name).default()])
        assert len(found) == len(ANSWERS[name]), name
        assert set(rows(found)) == ANSWERS[name], name


@pytest.mark.spark
def test_functions_mean_the_same_in_spark(facts: FactBase, spark: SparkSession, tmp_path: Path) -> None:
    file = tmp_path / "all.l"
    file.write_text(
        """All(path:, a: ToString(n) ++ "'x\\"", b: ToInt64("12"), c: ToFloat64(n) / 8, d: Length(path), e: Upper(path),
               f: Replace(path, "/", "."), g: Abs(0 - n), h: Round(n / 7, 2), i: Least(n, 10), j: Greatest(n, 10),
               k: Coalesce(repo, "none"), l: n % 7, m: If(n > 20, "long", "short"), o: Sqrt(4.0), p: n * 2 - 1) :-
             File(path:, repo:, lines: n), Matches(path, "^[a-z]+/"), EndsWith(path, "y") || Contains(path, "God"),
             ~(path in ["shop/price.py", "b"]), StartsWith(Lower(path), "s") || Like(path, "c%");
           Parts(language:, n? Sum= n, least? Min= n, most? Max= n, mean? Avg= n, files? Count= path) distinct :-
             File(language:, path:, lines: n);""".replace('\\"', ""),
        encoding="utf-8",
    )
    for predicate in ("All", "Parts"):
        here = rows(query(file, facts.folder, predicate=predicate))
        assert here
        assert sorted(rows(query(file, facts.folder, predicate=predicate, engine="spark", spark=spark))) == sorted(here)


def test_every_relation_can_be_asked_under_its_name(facts: FactBase, tmp_path: Path) -> None:
    for name, relation in PREDICATES.items():
        columns = facts.table(relation).schema.names
        fields = ", ".join(f"{column}:" for column in columns)
        found = ask(f"All({fields}) :- {name}({fields});", facts.folder, tmp_path)
        assert found.column_names == columns
        assert found.num_rows == facts.contents["relations"][relation]["rows"]


def test_a_recursive_rule_ends_where_it_is_told_or_where_nothing_changes(facts: FactBase, tmp_path: Path) -> None:
    rule = "R(n:) distinct :- n == 1; R(n: m + 1) distinct :- R(n: m), m < 1000; @Recursive(R, {});"
    assert ask(rule.format(5), facts.folder, tmp_path).num_rows == 6
    rule = rule.replace("m < 1000", "m < 4")
    assert sorted(rows(ask(rule.format(900), facts.folder, tmp_path))) == [(1,), (2,), (3,), (4,)]


def test_limit_and_order(facts: FactBase, tmp_path: Path) -> None:
    assert query("total_lines", facts.folder, limit=2).num_rows == 2
    assert query("total_lines", facts.folder)["language"].to_pylist() == ["C", "Java", "JavaScript", "Python"]
    with pytest.raises(WrongUse, match="--limit 0"):
        query("total_lines", facts.folder, limit=0)


# Rules that are wrong, and what is said of them.
WRONG = {
    "A(x:) :- Function(id: x": r"asked.l.*Parenthesis|asked.l, line 1",
    "\n\nA(x:) :- Functions(id: x);": r"asked.l, line 3: nothing is called Functions: there are the relations File, ",
    "A(x:) :-\n  Function(id: x),\n  Call(calle: x);": "line 3: Call has no column 'calle'; it has function, ",
    "A(x:) :- Function(x);": "Function has no column without a name",
    "A(x:) :- Function(id: x); B(y:) :- A(z: y);": "A has no column 'z'; it has x",
    "A(x:) :- Function(id: y);": "asked.l, line 1: .*x",
    "Function(id:) :- Class(id:);": "Function is known already",
    "A(x:) :- A(x:), Function(id: x);": "write `A\\(...\\) distinct",
    "A(x:) distinct :- B(x:); B(x:) distinct :- A(x:) | Function(id: x);": "A and B refer to each other",
    "A(x:) distinct :- A(x:);": "every rule of A refers to A",
    "A(x:) :- Function(id: x); B(x:) :- Function(id: x);": "it defines A, B: say --predicate",
    "": "no rules",
    "# nothing\n": "no rules",
    "A(x:) :- Function(id: x); @Recursive(A, 100000);": "rounds are 1 to 1000, not 100000",
    "A(x:) :- Function(id: x); @Limit(A, 0);": "a limit is a whole number from 1, not 0",
    "A(x:) :- Function(id: x); @Limit(B, 1);": "@Limit of B, which the rules do not define",
    # What would reach beyond the facts.
    'A(x:) :- x == SqlExpr("1", {});': "nothing is called SqlExpr",
    'A(x:) :- x == ReadFile("/etc/passwd");': "nothing is called ReadFile",
    'A(x:) :- x == RunClingo("a");': "nothing is called RunClingo",
    'A(x:) :- x == FlagValue("a");': "nothing is called FlagValue",
    "A(x:) :- `read_csv('/etc/passwd')`(x:);": "'`': names are not quoted here",
    'A(x:) :- x == "${env:HOME}";': r"flags are not known here",
    "import other.file.P; A(x:) :- P(x:);": "rules stand in one file",
    '@AttachDatabase("a", "/tmp/a.db"); A(x:) :- Function(id: x);': "@AttachDatabase is not taken here",
    '@Engine("sqlite"); A(x:) :- Function(id: x);': "@Engine is not taken here",
    '@Ground(A, "b.c"); A(x:) :- Function(id: x);': "@Ground is not taken here",
    'A(x:) :- Function(id: x); @OrderBy(A, "x; DROP TABLE facts_file");': "is no column of A",
    'A(x:) :- Function(id: x); @OrderBy(A, "(select 1)");': "is no column of A",
    "B := A(x: Function); A(x:) :- Function(id: x);": "@Make is not taken here|asked.l",
}


@pytest.mark.parametrize("text", WRONG)
def test_what_is_wrong_with_rules_is_one_sentence_with_its_place(text: str, facts: FactBase, tmp_path: Path) -> None:
    with pytest.raises(WrongUse, match=WRONG[text]) as raised:
        ask(text, facts.folder, tmp_path)
    assert "\n" not in str(raised.value)
    assert "\x1b" not in str(raised.value)
    assert "asked.l" in str(raised.value)


def test_rules_that_are_too_long_or_too_deep(facts: FactBase, tmp_path: Path) -> None:
    with pytest.raises(WrongUse, match="more than 64000 bytes"):
        ask("#" * 64_001, facts.folder, tmp_path)
    for much, what in (
        ("(" * 5000, "brackets"),
        ("1+" * 400, "operators"),
        ("~" * 50, "operators"),
        ("| 1" * 9, "choices"),
    ):
        with pytest.raises(WrongUse, match=rf"asked\.l, line 2: a rule has more than \d+ .*{what}"):
            ask(f"B(x: 1);\nA(x:) :- x == {much}1;", facts.folder, tmp_path)


def test_values_in_rules_are_values(facts: FactBase, tmp_path: Path) -> None:
    evil = "'; DROP TABLE facts_file; --"
    assert rows(ask(f'A(x: "{evil}", y: n) :- File(path: n), n != "{evil}";', facts.folder, tmp_path))[0][0] == evil


@pytest.mark.parametrize(
    "sql",
    ["SELECT * FROM read_csv('/etc/passwd')", "ATTACH '/tmp/x.db' AS x", "SET enable_external_access = true",
     "COPY (SELECT 1) TO '/tmp/codemill_test'", "INSTALL httpfs", "SELECT * FROM read_text('/etc/hostname')"],
)  # fmt: skip
def test_the_database_itself_opens_nothing_but_facts(sql: str, facts: FactBase) -> None:
    with open_duckdb(facts) as database:
        with pytest.raises(WrongUse, match="DuckDB cannot carry out"):
            database.keep("x", f"{sql}")
        with pytest.raises(WrongUse, match="DuckDB cannot carry out"):
            database.rows(sql, None)
        assert database.rows("SELECT count(*) AS n FROM facts_file", None)["n"].to_pylist() == [6]


def test_what_is_not_there_is_said() -> None:
    with pytest.raises(WrongUse, match=r"no rules 'nothing\.l': name a .l file, or one of call_chain"):
        load("nothing.l")
    with pytest.raises(WrongUse, match="no predicate 'Chains'; it defines Chain, CallChain"):
        load("call_chain").check_predicate("Chains")
    with pytest.raises(WrongUse, match="holds no facts"):
        query("fan_in", "/nowhere")


def test_a_program_knows_what_it_needs() -> None:
    program = load("call_chain")
    assert program.relations("Chain") == ["call", "file", "function"]
    assert program.recursive("Chain") == ["CallChain"]
    assert program.rounds == {"CallChain": 8}
    assert Program("A(x:) distinct :- Class(id: x); # A(y:)\n", "rules").default() == "A"
