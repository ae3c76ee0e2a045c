"""What the commands do: from runs to fit.json and a page, from a fit to a plan, a page and a mixture."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from curate.errors import WrongUse
from curate.shards import Run
from train.charts import amount
from train.scaling.fit import Fit, FitConfig, fit
from train.scaling.law import Law
from train.scaling.mixture import languages_of, views, write_mixture
from train.scaling.page import render
from train.scaling.plan import MOST_EPOCHS, Plan, Question, plan
from train.scaling.points import ALL, read_points
from train.scaling.results import FIT, MIXTURE, PAGE, PLAN, read_fits, write_json


@dataclass(frozen=True, kw_only=True)
class PlanRequest:
    """What is asked for. With `run` and `tokenizer` the tokens there are bound the plan, and a mixture is written."""

    flops: float
    run: Path | None = None
    tokenizer: Path | None = None
    languages: tuple[str, ...] | None = None
    epochs: float = MOST_EPOCHS
    parameters: float | None = None


def fit_runs(
    places: Sequence[Path], out: Path, config: FitConfig, *, on_the_way: bool = False
) -> tuple[dict[str, Fit], dict[str, str]]:
    """Laws by language, and why languages have none; WrongUse where none has."""
    fits: dict[str, Fit] = {}
    left_out: dict[str, str] = {}
    for language, points in read_points(places, on_the_way=on_the_way).items():
        try:
            fits[language] = fit(points, config, name=language)
        except WrongUse as error:
            left_out[language] = str(error)
    if not fits:
        raise WrongUse(next(iter(left_out.values()), "no run tells of any loss: name finished runs with validation"))
    write_json(out / FIT, {"laws": {name: one.to_json() for name, one in fits.items()}, "left_out": left_out})
    (out / PAGE).write_text(render(fits), encoding="utf-8")
    return fits, left_out


def plan_from(folder: Path, request: PlanRequest, out: Path) -> Plan:
    """A plan by the fits of a folder. WrongUse for a run without a tokenizer to count by, or the other way round."""
    if (request.run is None) != (request.tokenizer is None):
        raise WrongUse("a run's tokens are counted with a tokenizer: give both --run and --tokenizer, or neither")
    fits = read_fits(folder)
    run = Run(request.run) if request.run else None
    languages = request.languages or tuple(languages_of(run) if run else [name for name in fits if name != ALL])
    available = None
    if run and request.tokenizer:
        sources = views(run, languages, out / "languages")
        available = _tokens(sources, request.tokenizer)
    question = Question(
        flops=request.flops, languages=languages, available=available, epochs=request.epochs,
        parameters=request.parameters,
    )  # fmt: skip
    found = plan({name: one.law for name, one in fits.items()}, question, _resampled(fits))
    write_json(out / PLAN, found.to_json())
    (out / PAGE).write_text(render(fits, found), encoding="utf-8")
    if available and request.tokenizer:
        epochs = {name: tokens / available[name] for name, tokens in found.by_language.items()}
        write_mixture(out / MIXTURE, sources, epochs, tokenizer=request.tokenizer)
    return found


def _tokens(sources: Mapping[str, Run], tokenizer_path: Path) -> dict[str, float]:
    """About how many tokens each source has."""
    from train.pack import expected_tokens
    from train.tokenizer import Tokenizer

    tokenizer = Tokenizer(tokenizer_path)
    return {name: expected_tokens(run, tokenizer, seed=0) for name, run in sources.items()}


def _resampled(fits: Mapping[str, Fit]) -> list[dict[str, Law]]:
    """The resamples of all languages side by side."""
    n = min(len(one.resampled) for one in fits.values())
    return [{name: one.resampled[i] for name, one in fits.items()} for i in range(n)]


def told_fits(fits: Mapping[str, Fit], left_out: Mapping[str, str], out: Path) -> str:
    """A line a language."""
    lines = []
    for name, one in fits.items():
        parts = (f"{key} {getattr(one.law, field):.3f} ({one.low[field]:.3f} to {one.high[field]:.3f})"
                 for key, field in (("aN", "a_n"), ("aD", "a_d"), ("Linf", "l_inf")))  # fmt: skip
        lines.append(f"{name}: {', '.join(parts)}; {len(one.points)} runs, error {one.rms:.2%}")
    lines += [f"left out: {why}" for why in left_out.values()]
    return "\n".join([*lines, f"page: {out / PAGE}"])


def told_plan(found: Plan, out: Path) -> str:
    """The plan, a line a language."""
    lines = [f"{amount(found.parameters)} parameters on {amount(found.tokens)} tokens"]
    lines += [
        f"{name}: {amount(tokens)} tokens, {tokens / found.tokens:.1%} (aD {found.exponents[name]:.3f})"
        for name, tokens in found.by_language.items()
    ]
    if found.question.available:
        lines.append(f"mixture: codemill pack {out / MIXTURE}")
    return "\n".join([*lines, f"page: {out / PAGE}"])
