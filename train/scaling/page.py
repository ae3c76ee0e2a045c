"""A fit, and a plan made with it, as one self-contained page: curves, exponents with intervals, and the plan."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from train.charts import CHART_CSS, Axis, Series, amount, chart
from train.evaluate.markup import Html, escape, table, tag
from train.evaluate.page_style import CSS
from train.scaling.fit import Fit
from train.scaling.law import PUBLISHED
from train.scaling.plan import Plan, Question, expected_loss

_LINE = 80  # points of a curve
_MOST_LINES = 6  # sizes drawn of one language
_BEYOND = 4.0  # curves go on so many times past the largest run


def render(fits: Mapping[str, Fit], plan: Plan | None = None) -> str:
    """The page."""
    title = "Scaling laws" if plan is None else f"A plan for {plan.question.flops:.2g} FLOPs"
    body = tag(
        "main",
        tag("h1", title),
        _plan(fits, plan) if plan else None,
        tag("h2", "Losses and the fitted law"),
        tag("p", "Dots are runs, lines the law at each of their sizes. L(N, D) = (Nc/N)^aN + (Dc/D)^aD + Linf, "
            "in nats a token, with N parameters and D tokens.", class_="quiet"),
        _warnings(fits),
        tag("div", *(_curves(name, fit) for name, fit in fits.items()), class_="figures"),
        _exponents(fits),
        _footer(),
    )  # fmt: skip
    head = (
        '<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{CSS}{CHART_CSS}</style>"
    )
    return f'<!doctype html>\n<html lang="en"><head>{head}</head><body>{body}</body></html>\n'


def _curves(name: str, fit: Fit) -> Html:
    """Loss against tokens, a line a size."""
    sizes = sorted({one.parameters for one in fit.points})
    drawn = (
        sizes
        if len(sizes) <= _MOST_LINES
        else [sizes[i] for i in np.linspace(0, len(sizes) - 1, _MOST_LINES).astype(int)]
    )
    tokens = [one.tokens for one in fit.points]
    along = np.geomspace(min(tokens), max(tokens) * _BEYOND, _LINE)
    series = []
    for i, size in enumerate(drawn):
        line = list(zip(along.tolist(), fit.law.loss(size, along).tolist(), strict=True))
        dots = [(one.tokens, one.loss) for one in fit.points if one.parameters == size]
        shade = i / max(1, len(drawn) - 1)
        series.append(Series(name=f"{amount(size)} parameters", line=line, dots=dots, shade=shade))
    return chart(name, series, Axis(name="tokens", log=True), Axis(name="loss, nats a token", log=True))


def _warnings(fits: Mapping[str, Fit]) -> Html | None:
    said = [
        f"{name}: {' and '.join(_SHOWN[key] for key in fit.undetermined)} could not be told by these runs; "
        "add sizes or budgets further apart."
        for name, fit in fits.items()
        if fit.undetermined
    ]
    return tag("p", " ".join(said), class_="warn") if said else None


_SHOWN = {"a_n": "aN", "a_d": "aD", "l_inf": "Linf"}


def _exponents(fits: Mapping[str, Fit]) -> Html:
    rows: list[tuple[object, ...]] = []
    for name, fit in fits.items():
        cells = [_with_interval(getattr(fit.law, key), fit.low[key], fit.high[key]) for key in _SHOWN]
        found = PUBLISHED.get(name)
        theirs = f"{found.a_n:.3f}, {found.a_d:.3f}, {found.l_inf:.3f}" if found else ""
        rows.append((name, len(fit.points), *cells, f"{fit.rms:.2%}", theirs))
    return table(
        "Exponents with their 95% intervals; published: aN, aD, Linf of A Practical Guide to Code Intelligence (2025)",
        ("language", "runs", "aN", "aD", "Linf", "error", "published"),
        rows,
    )


def _with_interval(value: float, low: float, high: float) -> Html:
    return tag("span", f"{value:.3f}", tag("small", f" {low:.3f} to {high:.3f}"))


def _plan(fits: Mapping[str, Fit], plan: Plan) -> Html:
    told = [
        tag(
            "p",
            f"{amount(plan.parameters)} parameters",
            tag("small", f" on {amount(plan.tokens)} tokens"),
            class_="amount",
        )
    ]
    if plan.interval:
        (low, high), (fewest, most) = plan.interval["parameters"], plan.interval["tokens"]
        told.append(
            tag("p", f"95% interval {amount(low)} to {amount(high)} parameters, {amount(fewest)} to {amount(most)} "
                "tokens", class_="quiet")
        )  # fmt: skip
    if plan.bound_by_data:
        told.append(
            tag("p", "There are no more tokens than these, repeated as often as was allowed: the rest of the "
                "computation goes into parameters.", class_="warn")
        )  # fmt: skip
    return tag("section", *told, _at_this_budget(fits, plan), _languages(plan))


def _at_this_budget(fits: Mapping[str, Fit], plan: Plan) -> Html:
    laws = {name: fit.law for name, fit in fits.items()}
    sizes = np.geomspace(plan.parameters / 20, plan.parameters * 20, _LINE)
    free = Question(**{**vars(plan.question), "parameters": None})
    losses = [expected_loss(laws, free, plan.exponents, float(size)) for size in sizes]
    line = list(zip(sizes.tolist(), losses, strict=True))
    caption = "Expected loss of every size at this budget; the plan's is marked"
    axes = Axis(name="parameters", log=True), Axis(name="loss, nats a token", log=True)
    return chart(caption, [Series(name="loss", line=line)], *axes, mark=plan.parameters)


def _languages(plan: Plan) -> Html:
    rows: list[tuple[object, ...]] = []
    for name, tokens in plan.by_language.items():
        available = (plan.question.available or {}).get(name)
        loss = plan.losses.get(name)
        rows.append((
            name, amount(tokens), f"{tokens / plan.tokens:.1%}", f"{plan.exponents[name]:.3f}",
            f"{tokens / available:.2f}" if available else "", "" if loss is None else f"{loss:.3f}",
        ))  # fmt: skip
    columns = ("language", "tokens", "share", "aD", "epochs", "expected loss")
    return table("Tokens by language, in proportion to aD as far as there are any", columns, rows)


def _footer() -> Html:
    return tag(
        "footer",
        tag("p", "Fitted with Huber's loss on log losses from many first guesses (Hoffmann et al. 2022, approach 3); "
            "intervals by a bootstrap of residuals. Computation is 6 N D. A law says little far outside the runs it "
            "was fitted to.", class_="quiet"),
    )  # fmt: skip
