"""An ablation as one self-contained page: the difference, its intervals, curves, dimensions, and what follows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from train.charts import CHART_CSS, Axis, Series, amount, chart
from train.evaluate.markup import Html, escape, table, tag
from train.evaluate.page_style import CSS

_MOST_VALUES = 25  # of a dimension; the JSON has them all
_OWN_CSS = """
.verdict { font-size: 1.15rem; margin-top: .9rem; }
.zero { stroke: var(--quiet); stroke-width: 1; vector-effect: non-scaling-stroke; }
.better { fill: var(--pass); } .worse { fill: var(--other); } .unclear { fill: var(--quiet); }
.reach { opacity: .35; }
"""
_FIRST = ("language", "kept by", "quality", "size")


def render(result: Mapping[str, Any]) -> str:
    """The page of a result."""
    first, second = result["arms"]
    title = f"{second} against {first}"
    body = tag(
        "main",
        tag("h1", title),
        tag("p", _experiment(result), class_="quiet"),
        _headline(result),
        _curves(result),
        _trained(result),
        *(_dimension(name, result) for name in _ordered(result["compared"]["by"])),
        *(_proposal(name, result) for name in result["arms"]),
        _footer(result),
    )
    head = (
        '<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}: ablation</title><style>{CSS}{CHART_CSS}{_OWN_CSS}</style>"
    )
    return f'<!doctype html>\n<html lang="en"><head>{head}</head><body>{body}</body></html>\n'


def outcome(result: Mapping[str, Any]) -> str:
    """The whole difference in words."""
    first, second = result["arms"]
    whole = result["compared"]["all"]
    size = f"{abs(whole['difference']) / whole['a']:.2%}"
    if whole["verdict"] == "unclear":
        return f"No difference is shown between {first} and {second}: the interval holds 0."
    word = "fewer" if whole["verdict"] == "better" else "more"
    helps = "helps" if whole["verdict"] == "better" else "hurts"
    return (
        f"The model trained on {second} needs {size} {word} bits per byte than the one trained on {first}: it {helps}."
    )


def _experiment(result: Mapping[str, Any]) -> str:
    settings, split = result["settings"], result["split"]
    n_seeds = len(settings["seeds"])
    return (
        f"{amount(settings['parameters'])} parameters, {amount(settings['tokens'])} tokens, "
        f"{n_seeds} pair{'s' if n_seeds > 1 else ''} of models; {split['kept']:,} held-out files of "
        f"{split['held_out_repositories']:,} repositories."
    )


def _headline(result: Mapping[str, Any]) -> Html:
    first, second = result["arms"]
    whole = result["compared"]["all"]
    rows: list[tuple[object, ...]] = [("all of it", *_interval(whole["interval"]))]
    rows += [("seeds alone", *_interval(whole["over_seeds"]))]
    rows += [("held-out repositories alone", *_interval(whole["over_repositories"]))]
    return tag(
        "section",
        tag("p", f"{whole['difference']:+.4f}", tag("small", " bits per byte, "
            f"{second} {whole['b']:.4f} less {first} {whole['a']:.4f}"), class_="amount"),
        tag("p", outcome(result), class_="verdict"),
        table("95% intervals of the difference, by what is taken for chance", ("", "from", "to"), rows),
    )  # fmt: skip


def _interval(found: Sequence[float] | None) -> tuple[str, str]:
    return ("not known", "") if found is None else (f"{found[0]:+.4f}", f"{found[1]:+.4f}")


def _curves(result: Mapping[str, Any]) -> Html | None:
    """Mean over seeds, with the lowest and highest seed behind it."""
    series = []
    for tone, (name, trained) in enumerate(result["trained"].items()):
        places = list(zip(*trained["curves"], strict=True))
        line = [(some[0][0], sum(value for _, value in some) / len(some)) for some in places]
        spread = [(some[0][0], min(v for _, v in some), max(v for _, v in some)) for some in places]
        series.append(Series(name=name, line=line, dots=line, spread=spread, tone=tone))
    if not any(one.line for one in series):
        return None
    axes = Axis(name="tokens trained on"), Axis(name="bits per byte")
    return chart("Held-out loss during training, on a sample; bands are the lowest and highest seed", series, *axes)


def _trained(result: Mapping[str, Any]) -> Html:
    rows: list[tuple[object, ...]] = []
    for name, one in result["trained"].items():
        files = result["split"]["train"][name]
        rows.append((name, f"{files['files']:,}", f"{files['bytes'] / 1e6:,.1f}", amount(one["tokens"]),
                     amount(one["seen"]), f"{one['epochs']:.2f}"))  # fmt: skip
    columns = ("arm", "files", "MB", "tokens there are", "trained on", "epochs")
    return table("What each model was trained on, held-out repositories left out", columns, rows)


def _ordered(by: Mapping[str, Any]) -> list[str]:
    return [name for name in _FIRST if name in by] + [name for name in by if name not in _FIRST]


def _dimension(name: str, result: Mapping[str, Any]) -> Html:
    """Differences of a dimension's values, with intervals on one scale."""
    first, second = result["arms"]
    values = list(result["compared"]["by"][name].items())
    shown = values[:_MOST_VALUES]
    edges = [abs(edge) for _, one in shown for edge in one["interval"] or (one["difference"],)]
    reach = max(edges, default=0.0) or 1.0
    rows: list[tuple[object, ...]] = [
        (value, f"{one['files']:,}", f"{one['n_bytes'] / 1e3:,.0f}", f"{one['a']:.3f}", f"{one['b']:.3f}",
         f"{one['difference']:+.4f}", _bar(f"{value}: {one['verdict']}", one, reach))
        for value, one in shown
    ]  # fmt: skip
    more = len(values) - len(shown)
    caption = f"Bits per byte; left of the line {second} is better, bars are 95% intervals, up to ±{reach:.3f}"
    caption += f"; {more} more values are in result.json" if more else ""
    columns = (name, "files", "kB", first, second, "difference", "")
    return tag("section", tag("h2", name[0].upper() + name[1:]), table(caption, columns, rows))


def _bar(title: str, one: Mapping[str, Any], reach: float) -> Html:
    def place(value: float) -> float:
        return round(500 + 480 * max(-1.0, min(1.0, value / reach)), 1)

    parts = []
    if one["interval"]:
        low, high = map(place, one["interval"])
        width = max(high - low, 2)
        parts.append(tag("rect", class_=f"{one['verdict']} reach", x=low, y=2, width=width, height=8))
    parts.append(tag("rect", class_=one["verdict"], x=place(one["difference"]) - 4, y=0, width=8, height=12))
    line = tag("line", class_="zero", x1=500, x2=500, y1=0, y2=12)
    return tag("svg", tag("title", title), line, *parts, role="img", viewBox="0 0 1000 12", preserveAspectRatio="none")


def _proposal(name: str, result: Mapping[str, Any]) -> Html | None:
    proposed = result["proposals"][name]
    if not proposed["languages"]:
        return None
    other = next(one for one in result["arms"] if one != name)
    rows: list[tuple[object, ...]] = []
    for language, one in proposed["languages"].items():
        rules = ", ".join(f"{rule['rule']} {rule['files']:,}" for rule in one["rules"])
        asked = f"{one['epochs']:.2f} times" if "epochs" in one else "look at the rules"
        rows.append((language, f"{one['share']:.1%}", f"{one['other_share']:.1%}", asked, rules or "none"))
    columns = ("language", f"share of {name}", f"share of {other}", "proposal", "files dropped by")
    written = f"A mixture is in {proposed['mixture']}, for codemill pack." if proposed["mixture"] else None
    return tag(
        "section",
        tag("h2", f"Where {name} is weak"),
        tag("p", written) if written else None,
        table(f"Languages whose held-out loss is clearly above that of {other}", columns, rows),
    )


def _footer(result: Mapping[str, Any]) -> Html:
    split, settings = result["split"], result["settings"]
    return tag(
        "footer",
        tag("p", f"Held out by a hash of repositories' names, before any recipe: of {split['read']:,} files, "
            f"{split['resembling_training']:,} resembled training data of either arm (Jaccard similarity of word "
            f"5-grams at least {settings['hold_out']['min_similarity']}) and {split['resembling_each_other']:,} each "
            "other, and were left out. They are as they lie in the input: nothing was redacted, or cut but what is "
            f"behind {settings['hold_out']['max_document_tokens']:,} tokens.", class_="quiet"),
        tag("p", "Both arms share model, tokenizer, number of tokens, and by seed first weights. The interval adds the "
            "variance over seeds and that over repositories (a bootstrap), and is Student's t of both. By chance alone "
            "one value in twenty is coloured.", class_="quiet"),
    )  # fmt: skip
