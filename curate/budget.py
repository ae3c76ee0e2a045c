"""How many tokens each language and domain should have: pure arithmetic on small tables, no data.

Sources: CodeFuse-13B (minimum share, 80/10/10 mixture); "A Practical Guide to Code Intelligence" (exponents aD).
"""

from __future__ import annotations

from collections.abc import Mapping

# Scaling exponents of data, aD, in L(N, D) = (Nc/N)^aN + (Dc/D)^aD + Linf. The guide's table, not its prose.
DATA_EXPONENTS: Mapping[str, float] = {
    "Python": 1.217, "Java": 1.129, "JavaScript": 1.247, "TypeScript": 1.303, "C#": 1.350, "Go": 1.149, "Rust": 1.297,
}  # fmt: skip
MEDIAN_EXPONENT = 1.247  # of the seven: what a language without a measured exponent takes

# Tokens per UTF-8 byte by domain: CodeFuse's C-Rate (tokens per character) where a character is one byte in code and
# English, three in Chinese. A tokenizer's own measurements replace it.
TOKENS_PER_BYTE: Mapping[str, float] = {"code": 0.25, "zh": 0.38, "en": 0.24, "other": 0.30}


def allocate(budget: float, available: Mapping[str, float], exponents: Mapping[str, float]) -> dict[str, float]:
    """Shares of a token budget in proportion to aD, no language above what it has (both in tokens).

    What a small language leaves over goes to the others in the same proportion. Their sum is the budget, or all there
    is where the budget is larger.
    """
    given: dict[str, float] = {}
    open_languages = {name for name, tokens in available.items() if tokens > 0}
    left = min(budget, sum(available.values()))
    while open_languages:
        total = sum(exponents.get(name, MEDIAN_EXPONENT) for name in open_languages)
        asked = {name: left * exponents.get(name, MEDIAN_EXPONENT) / total for name in sorted(open_languages)}
        full = {name for name in open_languages if asked[name] >= available[name]}
        if not full:
            return given | asked
        given |= {name: available[name] for name in full}
        left = max(0.0, left - sum(available[name] for name in full))
        open_languages -= full
    return given


def mix(available: Mapping[str, float], shares: Mapping[str, float], anchor: str | None) -> dict[str, float]:
    """Tokens of each domain so that they stand in the proportion of `shares`, none above what it has.

    `anchor` names the domain that is kept whole: the others are cut to their share beside it, and where one has less
    than that, it stays short. None keeps the proportion exactly, at the size that the scarcest domain allows; domains
    of which there is nothing are left out of it. Domains without a share are kept as they are.
    """
    present = {name: share for name, share in shares.items() if share > 0 and available.get(name, 0) > 0}
    if not present:
        return dict(available)
    if anchor is not None:
        unit = available[anchor] / shares[anchor] if anchor in present else float("inf")
    else:
        unit = min(available[name] / share for name, share in present.items())
    wanted = {name: min(available[name], unit * share) for name, share in present.items()}
    unwanted = {name: 0.0 for name, share in shares.items() if share == 0 and name in available}
    return dict(available) | wanted | unwanted
