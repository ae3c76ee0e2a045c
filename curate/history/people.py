"""Programs that write commits and comments as people do, by their names (StarCoder's list and what it lacks)."""

from __future__ import annotations

_NAMES = frozenset(
    {"apache-hbase", "autorestci", "claassistant", "claassistantio", "cmsbuild", "codecov-commenter", "codecov-io",
     "coveralls", "danger-public", "dnfclas", "greenkeeper", "karma-pr-reporter", "mergify", "msftclas", "netlify",
     "probot-stale", "pydocteur", "renovate", "sparkqa", "vercel"}
)  # fmt: skip
_WITHIN = ("[bot]", "botmanager", "bors-", "jenkins", "k8s-", "-test-", "travis", "github-actions", "dependabot")
_ENDINGS = (
    "-automaton", "-automation", "-benchmark", "-build", "-deployer", "-cloud", "bot", "-ci", "-linter", "-teamcity",
    "-test", "-testing", "-service-account",
)  # fmt: skip
_PEOPLE = frozenset({"talbot", "abbot", "cabot"})  # names that end so


def is_program(name: str) -> bool:
    """Whether a user's or author's name is that of a program, as far as a name tells."""
    lower = name.lower()
    if lower.split()[-1:] and lower.split()[-1] in _PEOPLE:
        return False
    return lower in _NAMES or lower.endswith(_ENDINGS) or any(part in lower for part in _WITHIN)
