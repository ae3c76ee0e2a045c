"""Frameworks and libraries of a file: by its imports, and by what only a file of some framework has."""

from __future__ import annotations

import re
from functools import cache
from typing import NamedTuple

from analyzers.portrait import framework_table as first
from analyzers.portrait import framework_table_more as more
from analyzers.portrait.imports import MANNERS

MOST_PARTS = 4  # of a module's name that a row can name


class Framework(NamedTuple):
    """One framework or library. `rank` is its place in its language's table: the lowest one names the file."""

    name: str
    role: str
    domain: str
    rank: int


class _Table(NamedTuple):
    by_module: dict[str, Framework]
    by_start: tuple[tuple[re.Pattern[str], Framework], ...]


TABLES: dict[str, str] = {
    "python": first.PYTHON, "javascript": first.JAVASCRIPT, "jvm": first.JVM, "c": more.C, "dotnet": more.DOTNET,
    "go": more.GO, "rust": more.RUST, "php": more.PHP, "ruby": more.RUBY, "perl": more.PERL, "lua": more.LUA,
    **more.OTHERS,
}  # fmt: skip
"""Tables by manner of imports."""

# What imports do not say: languages (none: all), a pattern of the path, one of the text, and whose they are.
_SIGNS: tuple[tuple[frozenset[str], str, str, Framework], ...] = (
    (frozenset({"Ruby", "HTML", "ERB", "HTML+ERB", "Text", "YAML"}),
     r"(?:^|/)app/(?:controllers|models|views|helpers|mailers|jobs|channels)/|(?:^|/)db/migrate/|\.erb$|(?:^|/)config/"
     r"(?:environment|application|routes)\.rb$",
     r"ApplicationController|ActionController|ActiveRecord|ApplicationRecord|ActiveSupport|Rails\.|<%|^module \w+Helper"
     r"|\b(?:has_many|belongs_to|safe_attributes|validates)\b|^class \w+ < \w+", Framework("Rails", "web", "web", 0)),
    (frozenset({"PHP"}), "", r"\bWP_[A-Z]\w+|\b(?:add_action|add_filter|wp_\w+|get_option)\s*\(|ABSPATH",
     Framework("WordPress", "web", "web", 1)),
    (frozenset({"PHP"}), "", r"MediaWikiServices|\$wg[A-Z]\w+|\bwf[A-Z]\w+\(|extends Maintenance\b",
     Framework("MediaWiki", "web", "web", 2)),
    (frozenset({"YAML"}), r"(?:^|/)(?:roles|playbooks|molecule|tasks|handlers)/",
     r"^\s*-\s+(?:name|hosts|include_role|ansible\.builtin)\b", Framework("Ansible", "platform", "devops", 3)),
    (frozenset({"YAML"}), "", r"^apiVersion:.*\n(?:.*\n){0,4}?kind:", Framework("Kubernetes", "cloud", "devops", 4)),
    (frozenset({"YAML"}), r"(?:^|/)(?:docker-)?compose[\w.-]*\.ya?ml$", "", Framework("Docker", "cloud", "devops", 5)),
    (frozenset({"Dockerfile"}), "", "", Framework("Docker", "cloud", "devops", 5)),
    (frozenset({"HCL", "Terraform"}), r"\.tf(?:vars)?$", "", Framework("Terraform", "cloud", "devops", 6)),
    (frozenset({"Vue"}), "", "", Framework("Vue", "ui", "web", 7)),
    (frozenset({"Svelte"}), "", "", Framework("Svelte", "ui", "web", 8)),
    (frozenset({"JavaScript", "HTML"}), "", r"\bjQuery\s*\(|\$\(document\)", Framework("jQuery", "ui", "web", 90)),
)  # fmt: skip
_SIGN_CHARS = 16_384


@cache
def _table(manner: str) -> _Table:
    by_module: dict[str, Framework] = {}
    by_start: list[tuple[re.Pattern[str], Framework]] = []
    for rank, line in enumerate(TABLES[manner].strip().splitlines()):
        name, role, domain, names = (part.strip() for part in line.split("|"))
        framework = Framework(name, role, domain, rank)
        for module in names.split():
            if module.endswith("*"):
                by_start.append((re.compile(module.removesuffix("*").replace(".", r"\.")), framework))
            else:
                by_module[module] = framework
    return _Table(by_module, tuple(by_start))


@cache
def _signs(language: str) -> tuple[tuple[re.Pattern[str], re.Pattern[str], Framework], ...]:
    return tuple(
        (re.compile(path), re.compile(text, re.MULTILINE), framework)
        for languages, path, text, framework in _SIGNS
        if language in languages
    )


def frameworks(imported: list[str], path: str, text: str, language: str) -> list[Framework]:
    """Those that a file uses, each once, the one that shapes it most first: by the tables' order, test frameworks
    last."""
    found: dict[str, Framework] = {}
    manner = MANNERS.get(language)
    if manner in TABLES:
        table = _table(manner)
        for module in imported:
            framework = _named(module, table)
            if framework is not None:
                found.setdefault(framework.name, framework)
    head = text[:_SIGN_CHARS]
    for of_path, of_text, framework in _signs(language):
        if framework.name not in found and of_path.search(path) and of_text.search(head):
            found[framework.name] = framework
    return sorted(found.values(), key=lambda one: (one.role == "test", one.rank, one.name))


def _named(module: str, table: _Table) -> Framework | None:
    parts = module.split("/")
    for n_parts in range(min(len(parts), MOST_PARTS), 0, -1):
        framework = table.by_module.get("/".join(parts[:n_parts]))
        if framework is not None:
            return framework
    return next((framework for start, framework in table.by_start if start.match(module)), None)
