"""Datalog rules in Logica's syntax: parsed, checked against the relations, compiled to SQL, one predicate at a time.

Rules see the relations of analyzers.syntax.facts as `Function(id:, name:)`, `DocOf(...)`, and nothing else: no tables,
no files, no SQL of their own. Everything that a rule names is looked up in lists that are closed (relations, columns,
the functions of curate.dialects), so that a hostile file can ask for much work and for nothing more.

Recursion: a recursive predicate is `distinct` and refers to itself alone. It is computed round by round until nothing
changes, `@Recursive(P, 20);` rounds at most (MOST_ROUNDS by default): what lies further is not found.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from importlib import resources
from pathlib import Path
from typing import Any

from logica.compiler import functors, rule_translate, universe
from logica.parser_py import parse

from analyzers.syntax.facts.relations import RELATIONS
from curate.datalog_trees import auxiliary, called, calls, column, literal, rename, subject, too_much, with_conditions
from curate.dialects import CALLABLE
from curate.errors import WrongUse

MOST_BYTES = 64_000
MOST_ROUNDS = 20
ROUNDS_BOUND = 1_000  # what @Recursive may ask for

_AUXILIARY = re.compile(r"_MultBodyAggAux$")
_BEFORE = "Before"  # a recursive predicate as it was a round before: Logica's names hold no such prefix by chance
_SPACES = re.compile(r'"""(?:.*?)"""|"[^"\n]*"|#[^\n]*|/\*.*?\*/', re.DOTALL)
_ORDER = re.compile(r"([a-z_][a-z0-9_]*)( (asc|desc))?", re.IGNORECASE)
_COLOURS = re.compile(r"\x1b\[\d+m|\{\w+\}")
_ANNOTATIONS = ("@OrderBy", "@Limit", "@Recursive", "@With", "@NoWith", "@NoInject")


def predicate_name(relation: str) -> str:
    """How rules call a relation: doc_of is DocOf."""
    return "".join(part.capitalize() for part in relation.split("_"))


PREDICATES = {predicate_name(relation): relation for relation in RELATIONS}
"""Relations by the names that rules have for them."""


def shipped() -> dict[str, str]:
    """The rules that come along, by name: their text."""
    folder = resources.files("curate.queries")
    files = sorted((item for item in folder.iterdir() if item.name.endswith(".l")), key=lambda item: item.name)
    return {item.name.removesuffix(".l"): item.read_text(encoding="utf-8") for item in files}


def load(rules: str | Path) -> Program:
    """Checked rules from a file, or shipped ones by name. WrongUse says what is wrong, and where."""
    known = shipped()
    if str(rules) in known:
        return Program(known[str(rules)], f"{rules}.l")
    path = Path(rules)
    if not path.is_file():
        raise WrongUse(f"no rules {str(rules)!r}: name a .l file, or one of {', '.join(known)}")
    try:
        return Program(path.read_text(encoding="utf-8"), str(rules))
    except UnicodeDecodeError as error:
        raise WrongUse(f"{rules}: not UTF-8: {error.reason} at byte {error.start}") from None


@dataclass(frozen=True)
class Program:
    """Rules that were parsed and checked. Made of their text; `where` names it in messages."""

    text: str
    where: str

    def __post_init__(self) -> None:
        if len(self.text.encode()) > MOST_BYTES:
            raise WrongUse(f"{self.where}: rules of more than {MOST_BYTES} bytes: split them into files")
        self._check()

    @cached_property
    def _rules(self) -> list[dict[str, Any]]:
        """Logica's parse, annotations among it."""
        clean = self._clean
        for sign, why in (("${", "flags are not known here"), ("`", "names are not quoted here")):
            if sign in clean:
                raise WrongUse(f"{self._at(clean.index(sign))}: {sign!r}: {why}")
        if found := re.search(r"(?:^|;)\s*import\s", clean):
            raise WrongUse(f"{self._at(found.end())}: import: rules stand in one file")
        for place, much in too_much(clean):
            raise WrongUse(f"{self._at(place)}: a rule has more than {much}: make it two")
        try:
            return [with_conditions(rule) for rule in parse.ParseFile(clean)["rule"]]
        except parse.ParsingException as error:
            raise WrongUse(f"{self._place(error.location)}: {_plain(error)}") from None
        except (RecursionError, AssertionError, KeyError, IndexError, TypeError, ValueError, AttributeError) as error:
            raise WrongUse(f"{self.where}: not Logica: {_plain(error)}") from None

    @cached_property
    def _clean(self) -> str:
        """The text with comments blanked, every place where it was."""

        def blank(found: re.Match[str]) -> str:
            return found[0] if found[0].startswith('"') else re.sub(r"[^\n]", " ", found[0])

        return _SPACES.sub(blank, self.text)

    @cached_property
    def predicates(self) -> dict[str, tuple[str, ...]]:
        """Predicates that the rules define, in order, and the columns of each."""
        found: dict[str, tuple[str, ...]] = {}
        for rule in self._rules:
            name = rule["head"]["predicate_name"]
            if not name.startswith("@") and not _AUXILIARY.search(name):
                found.setdefault(name, tuple(column(each["field"]) for each in rule["head"]["record"]["field_value"]))
        return found

    @cached_property
    def rounds(self) -> dict[str, int]:
        """Recursive predicates, each after those it refers to, and how many rounds each may take."""
        asked = {subject: arguments for name, subject, arguments in self._annotations if name == "@Recursive"}
        return {name: (asked.get(name) or [MOST_ROUNDS])[0] for name in self._ordered if name in self._needs(name)}

    def default(self) -> str:
        """The predicate that no other uses; WrongUse where there is not exactly one."""
        used = {other for name in self.predicates for other in self._direct[name] if other != name}
        last = [name for name in self.predicates if name not in used]
        if len(last) != 1:
            raise WrongUse(f"{self.where}: it defines {', '.join(last or self.predicates)}: say --predicate")
        return last[0]

    def check_predicate(self, predicate: str) -> str:
        """The name itself; WrongUse where the rules do not define it."""
        if predicate not in self.predicates:
            raise WrongUse(f"{self.where}: no predicate {predicate!r}; it defines {', '.join(self.predicates)}")
        return predicate

    def relations(self, predicate: str) -> list[str]:
        """Relations that a predicate needs."""
        return sorted(PREDICATES[name] for name in self._needs(predicate) if name in PREDICATES)

    def recursive(self, predicate: str) -> list[str]:
        """Recursive predicates that one needs, itself included, in the order in which they can be computed."""
        needed = {*self._needs(predicate), predicate}
        return [name for name in self.rounds if name in needed]

    def sql(self, predicate: str, engine: str, tables: Mapping[str, str]) -> str:
        """The query of a predicate. `tables` are those that exist, by predicate, recursive ones among them."""
        rules = [rule for rule in self._rules if self._defines(rule) not in tables]
        return self._compiled(rules, predicate, engine, tables)

    def first_round(self, predicate: str, engine: str, tables: Mapping[str, str]) -> str:
        """The query of a recursive predicate without its recursive rules; WrongUse where all of them are."""
        rules = []
        for rule in self._rules:
            goes_round = self._defines(rule) == predicate and predicate in called(rule.get("body", {}))
            if not goes_round and self._defines(rule) not in tables:
                rules.append(rule)
        forwarding = {auxiliary(predicate)}
        if all(called(rule.get("body", {})) == forwarding for rule in rules if self._defines(rule) == predicate):
            raise WrongUse(
                f"{self.where}: every rule of {predicate} refers to {predicate}: one must say where it begins"
            )
        return self._compiled(rules, predicate, engine, tables)

    def next_round(self, predicate: str, engine: str, tables: Mapping[str, str], before: str) -> str:
        """The query of a recursive predicate from its rows a round before, the table `before`."""
        rules = [rule for rule in copy.deepcopy(self._rules) if self._defines(rule) not in tables]
        for rule in rules:
            if self._defines(rule) == predicate:
                rename(rule.get("body", {}), predicate, _BEFORE + predicate)
        return self._compiled(rules, predicate, engine, {**tables, _BEFORE + predicate: before})

    def _compiled(self, rules: list[dict[str, Any]], predicate: str, engine: str, tables: Mapping[str, str]) -> str:
        kept = [rule for rule in copy.deepcopy(rules) if rule["head"]["predicate_name"] != "@Recursive"]
        there = {rule["head"]["predicate_name"] for rule in kept}
        kept = [rule for rule in kept if not rule["head"]["predicate_name"].startswith("@") or subject(rule) in there]
        try:
            program = universe.LogicaProgram(
                kept, table_aliases=dict(tables), user_flags={"logica_default_engine": engine}
            )
            program.FormattedPredicateSql(predicate)
        except rule_translate.RuleCompileException as error:
            raise WrongUse(f"{self._place(error.rule_str)}: {_plain(error)}") from None
        except functors.FunctorError as error:
            raise WrongUse(f"{self.where}: {_plain(error)}") from None
        except (RecursionError, AssertionError, KeyError, IndexError, TypeError, ValueError, AttributeError) as error:
            raise WrongUse(f"{self.where}: {predicate} cannot be compiled: {_plain(error)}") from None
        return str(program.execution.main_predicate_sql)

    def _check(self) -> None:
        if not self.predicates:
            raise WrongUse(
                f"{self.where}: no rules: write one, as in `Long(id:) :- Function(id:, lines:), lines > 100;`"
            )
        for name in self.predicates:
            if name in PREDICATES or name in CALLABLE:
                raise WrongUse(f"{self._named(name)}: {name} is known already: give it another name")
        for rule in self._rules:
            name = rule["head"]["predicate_name"]
            if name.startswith("@"):
                self._check_annotation(rule)
                continue
            for call in calls(rule):
                self._check_call(call, rule)
        for name in self.predicates:
            others = [other for other in self._needs(name) if other != name and name in self._needs(other)]
            others = [other for other in others if not _AUXILIARY.search(other)]
            if others:
                raise WrongUse(
                    f"{self._named(name)}: {name} and {others[0]} refer to each other: write them as one predicate"
                )
        for name in self.rounds:
            heads = [rule for rule in self._rules if rule["head"]["predicate_name"] == name]
            if not all("distinct_denoted" in rule for rule in heads):
                raise WrongUse(f"{self._named(name)}: {name} refers to itself: write `{name}(...) distinct :- ...`")

    def _check_call(self, call: dict[str, Any], rule: dict[str, Any]) -> None:
        name = call["predicate_name"]
        fields = [each["field"] for each in call["record"]["field_value"]]
        if name in PREDICATES:
            columns: tuple[str, ...] = tuple(RELATIONS[PREDICATES[name]].names)
        elif name in self.predicates:
            columns = self.predicates[name]
        elif name in CALLABLE or _AUXILIARY.search(name):
            return
        else:
            raise WrongUse(
                f"{self._in(rule, name)}: nothing is called {name}: there are the relations {', '.join(PREDICATES)}, "
                f"what the rules define, and the functions {', '.join(sorted(set(CALLABLE) - _INTERNAL))}"
            )
        for field in fields:
            if column(field) not in columns:
                told = f"column {field!r}" if isinstance(field, str) else "column without a name"
                raise WrongUse(f"{self._in(rule, name)}: {name} has no {told}; it has {', '.join(columns)}")

    def _check_annotation(self, rule: dict[str, Any]) -> None:
        name, about = rule["head"]["predicate_name"], subject(rule)
        if name not in _ANNOTATIONS:
            raise WrongUse(f"{self._in(rule, name)}: {name} is not taken here; {', '.join(_ANNOTATIONS)} are")
        if about not in self.predicates:
            raise WrongUse(f"{self._in(rule, name)}: {name} of {about or 'nothing'}, which the rules do not define")
        fields = rule["head"]["record"]["field_value"][1:]
        if "body" in rule or any(not isinstance(field["field"], int) for field in fields):
            raise WrongUse(f"{self._in(rule, name)}: {name} takes a predicate and plain values")
        for value in (literal(field["value"]) for field in fields):
            if name == "@OrderBy":
                found = _ORDER.fullmatch(value) if isinstance(value, str) else None
                if found is None or found[1] not in (*self.predicates[about], "desc", "asc", "DESC", "ASC"):
                    raise WrongUse(f"{self._in(rule, name)}: {value!r} is no column of {about}")
            elif name == "@Recursive" and not (isinstance(value, int) and 1 <= value <= ROUNDS_BOUND):
                raise WrongUse(f"{self._in(rule, name)}: rounds are 1 to {ROUNDS_BOUND}, not {value!r}")
            elif name == "@Limit" and not (isinstance(value, int) and value >= 1):
                raise WrongUse(f"{self._in(rule, name)}: a limit is a whole number from 1, not {value!r}")

    @cached_property
    def _annotations(self) -> list[tuple[str, str, list[Any]]]:
        found = []
        for rule in self._rules:
            name = rule["head"]["predicate_name"]
            if name.startswith("@"):
                values = [literal(field["value"]) for field in rule["head"]["record"]["field_value"][1:]]
                found.append((name, subject(rule), values))
        return found

    @cached_property
    def _direct(self) -> dict[str, set[str]]:
        """What each predicate's rules name, those of its auxiliary ones too."""
        direct: dict[str, set[str]] = {name: set() for name in self.predicates}
        for rule in self._rules:
            name = rule["head"]["predicate_name"]
            if not name.startswith("@"):
                direct[self._defines(rule)] |= {other for other in called(rule) if not _AUXILIARY.search(other)}
        for name in direct:
            heads_only = all(
                name not in called(rule.get("body", {})) for rule in self._rules if self._defines(rule) == name
            )
            if heads_only:
                direct[name].discard(name)
        return direct

    def _needs(self, predicate: str) -> set[str]:
        """Everything that a predicate leads to; itself only where it is recursive."""
        found, waiting = set[str](), [*self._direct.get(predicate, ())]
        while waiting:
            name = waiting.pop()
            if name not in found:
                found.add(name)
                waiting += self._direct.get(name, ())
        return found

    @cached_property
    def _ordered(self) -> list[str]:
        """Predicates, each after those it needs."""
        return sorted(self.predicates, key=lambda name: len(self._needs(name) - {name}))

    def _defines(self, rule: dict[str, Any]) -> str:
        return _AUXILIARY.sub("", rule["head"]["predicate_name"])

    def _at(self, place: int) -> str:
        return f"{self.where}, line {self._clean.count(chr(10), 0, max(0, place)) + 1}"

    def _place(self, part: Any) -> str:
        """Where a part of the text stands: Logica tells of a place within its own statement."""
        whole = str(getattr(part, "heritage", part))
        at = self._clean.find(whole)
        return self.where if at < 0 or not whole else self._at(at + int(getattr(part, "start", 0)))

    def _in(self, rule: dict[str, Any], name: str) -> str:
        text = str(rule["full_text"])
        at = self._clean.find(text)
        inner = re.search(rf"(?<!\w){re.escape(name)}(?!\w)", text)
        return self.where if at < 0 else self._at(at + (inner.start() if inner else 0))

    def _named(self, name: str) -> str:
        found = re.search(rf"(?<!\w){re.escape(name)}\s*\(", self._clean)
        return self._at(found.start()) if found else self.where


_INTERNAL = frozenset({"Agg+", "Combine", "1", "Aggr", "Constraint", "=", "is", "is not"})


def _plain(error: Exception) -> str:
    return " ".join(_COLOURS.sub("", str(error) or type(error).__name__).split())[:300]
