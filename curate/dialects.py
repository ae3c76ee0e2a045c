"""Logica's rules in the SQL of DuckDB and of Spark: what a rule may call, and what that is in each.

Logica's own dialects differ in more than SQL does (Spark's has no string length, its `in` takes the list first), so the
two here share one table: what stands in it means the same on both, and nothing else may be called.
"""

from __future__ import annotations

import re
from typing import Any

from logica.compiler import dialects
from logica.compiler.expr_translate import QL

DUCKDB, SPARK = "codemill_duckdb", "codemill_spark"

_MANY = ("Round", "Least", "Greatest", "Coalesce")  # take any number of arguments

FUNCTIONS: dict[str, tuple[str, str]] = {
    "ToString": ("CAST({0} AS VARCHAR)", "CAST({0} AS STRING)"),
    "ToInt64": ("CAST({0} AS BIGINT)", "CAST({0} AS BIGINT)"),
    "ToFloat64": ("CAST({0} AS DOUBLE)", "CAST({0} AS DOUBLE)"),
    "Like": ("({0} LIKE {1})", "({0} LIKE {1})"),
    "Matches": ("regexp_matches({0}, {1})", "({0} RLIKE {1})"),
    "StartsWith": ("starts_with({0}, {1})", "startswith({0}, {1})"),
    "EndsWith": ("ends_with({0}, {1})", "endswith({0}, {1})"),
    "Contains": ("contains({0}, {1})", "contains({0}, {1})"),
    "Length": ("LENGTH({0})", "LENGTH({0})"),
    "Lower": ("LOWER({0})", "LOWER({0})"),
    "Upper": ("UPPER({0})", "UPPER({0})"),
    "Replace": ("REPLACE({0}, {1}, {2})", "REPLACE({0}, {1}, {2})"),
    "Abs": ("ABS({0})", "ABS({0})"),
    "Round": ("ROUND(%s)", "ROUND(%s)"),
    "Log": ("LN({0})", "LN({0})"),
    "Sqrt": ("SQRT({0})", "SQRT({0})"),
    "Least": ("LEAST(%s)", "LEAST(%s)"),
    "Greatest": ("GREATEST(%s)", "GREATEST(%s)"),
    "Coalesce": ("COALESCE(%s)", "COALESCE(%s)"),
    "IsNull": ("({0} IS NULL)", "({0} IS NULL)"),
    "Sum": ("SUM({0})", "SUM({0})"),
    "Min": ("MIN({0})", "MIN({0})"),
    "Max": ("MAX({0})", "MAX({0})"),
    "Avg": ("AVG({0})", "AVG({0})"),
    "Count": ("COUNT(DISTINCT {0})", "COUNT(DISTINCT {0})"),
}
"""Functions and aggregations, with their SQL in DuckDB and in Spark."""

OPERATORS: dict[str, tuple[str, str]] = {
    "++": ("(%s) || (%s)", "CONCAT(%s, %s)"),
    "%": ("(%s) %% (%s)", "(%s) %% (%s)"),
    "in": ("list_contains({right}, {left})", "ARRAY_CONTAINS({right}, {left})"),
}
"""Operators that are not the same in both."""

CALLABLE = frozenset(
    {*FUNCTIONS, *OPERATORS, "+", "-", "*", "/", "=", "==", "!=", "<", "<=", ">", ">=", "&&", "||", "!", "If", "Agg+",
     "Combine", "1", "Aggr", "Constraint", "is", "is not"}
)  # fmt: skip
"""What a rule may call beside relations and its own predicates; some only inside what Logica makes of a rule."""


class _Shared(dialects.Dialect):
    """What both dialects have in common. The names of methods are Logica's."""

    side = 0
    name = ""

    def Name(self) -> str:
        """What Logica compares where engines differ; strings are written by it."""
        return self.name

    def BuiltInFunctions(self) -> dict[str, str]:
        """Functions of the table."""
        return {name: sides[self.side] for name, sides in FUNCTIONS.items()}

    def InfixOperators(self) -> dict[str, str]:
        """Operators of the table."""
        return {name: sides[self.side] for name, sides in OPERATORS.items()}

    def Subscript(self, record: str, subscript: str, record_is_table: bool) -> str:
        """A field of a row."""
        return f"{record}.{subscript}"

    def LibraryProgram(self) -> str:
        """Predicates that come along: none but what Logica itself leans on."""
        return "->(left:, right:) = {arg: left, value: right};"

    def GroupBySpecBy(self) -> str:
        """Grouped by the expressions themselves."""
        return "expr"

    def DecorateCombineRule(self, rule: Any, var: str) -> Any:
        """Nothing is done to aggregations within a rule."""
        return rule


class DuckDb(_Shared):
    """Rules for DuckDB."""

    side, name = 0, "DuckDB"

    def UnnestPhrase(self) -> str:
        """A list as a table."""
        return "(select unnest({0}) as unnested_pod) as {1}"

    def ArrayPhrase(self) -> str:
        """A list of values."""
        return "[%s]"

    def BuiltInFunctions(self) -> dict[str, str]:
        """And the column that a list as a table has."""
        return super().BuiltInFunctions() | {"ValueOfUnnested": "{0}.unnested_pod"}


class SparkSql(_Shared):
    """Rules for Spark SQL."""

    side, name = 1, "Databricks"

    def UnnestPhrase(self) -> str:
        """A list as a table."""
        return "explode({0}) AS pushkin({1})"

    def ArrayPhrase(self) -> str:
        """A list of values."""
        return "ARRAY(%s)"


def _n_arguments(template: str) -> int:
    return len(set(re.findall(r"\{\d\}", template)))


# Logica looks dialects and functions up by name in tables of its own; there is no other door.
dialects.DIALECTS.update({DUCKDB: DuckDb, SPARK: SparkSql})
QL.InstallBulkFunctionsOfStandardSQL()
for _name, _sides in FUNCTIONS.items():
    if _name not in QL.BUILT_IN_FUNCTIONS:
        _n = _n_arguments(_sides[0])
        QL.BULK_FUNCTIONS[_name] = _sides[0]
        QL.BULK_FUNCTIONS_ARITY_RANGE[_name] = (1, float("inf")) if _name in _MANY else (_n, _n)
