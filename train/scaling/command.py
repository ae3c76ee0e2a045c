"""`codemill scaling fit|plan`: parse, call, print."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

scaling = typer.Typer(no_args_is_help=True, help="Fit scaling laws to runs, and plan the next one.")

_Json = Annotated[bool, typer.Option("--json", help="JSON, for machines")]


@scaling.command("fit")
def fit_command(
    points: Annotated[
        list[Path], typer.Argument(metavar="RUN|TABLE.csv...", help="runs, or parameters,tokens,language,loss")
    ],
    out: Annotated[Path, typer.Option("--out", help="the folder to write: fit.json and report.html")],
    on_the_way: Annotated[
        bool, typer.Option("--on-the-way", help="every validation, not the last alone; of constant rates only")
    ] = False,
    seed: Annotated[int, typer.Option(help="of the bootstrap")] = 0,
    as_json: _Json = False,
) -> None:
    """Fit L(N, D) = (Nc/N)^aN + (Dc/D)^aD + Linf to finished runs, for each language, with intervals.

    Example: codemill scaling fit out/runs/small out/runs/medium out/runs/large --out out/scaling
    """
    from train.scaling.fit import FitConfig
    from train.scaling.steps import fit_runs, told_fits

    fits, left_out = fit_runs(points, out, FitConfig(seed=seed), on_the_way=on_the_way)
    found = {name: fit.to_json() for name, fit in fits.items()}
    print(json.dumps({"laws": found, "left_out": left_out}) if as_json else told_fits(fits, left_out, out))


@scaling.command("plan")
def plan_command(
    fit: Annotated[Path, typer.Argument(metavar="FIT", help="a folder that `codemill scaling fit` wrote")],
    flops: Annotated[float, typer.Option(help="of the whole training, 6 x parameters x tokens")],
    out: Annotated[Path, typer.Option("--out", help="the folder to write: plan.json, report.html, mixture.yaml")],
    run: Annotated[Path | None, typer.Option("--run", help="a finished run, whose languages are shared out")] = None,
    tokenizer: Annotated[
        Path | None, typer.Option("--tokenizer", help="tokenizer.json, to count the run's tokens")
    ] = None,
    languages: Annotated[str | None, typer.Option(help="names with commas; without it the run's, or the fit's")] = None,
    epochs: Annotated[float, typer.Option(help="how often a token may be taken, at most")] = 4.0,
    parameters: Annotated[float | None, typer.Option(help="a fixed size, instead of the best one")] = None,
    as_json: _Json = False,
) -> None:
    """Plan parameters, tokens and each language's share for a budget; with a run, also a mixture for `codemill pack`.

    Example: codemill scaling plan out/scaling --flops 1e21 --run out/code --tokenizer tokenizer.json --out out/plan
    """
    from train.scaling.steps import PlanRequest, plan_from, told_plan

    names = tuple(name.strip() for name in languages.split(",")) if languages else None
    request = PlanRequest(
        flops=flops, run=run, tokenizer=tokenizer, languages=names, epochs=epochs, parameters=parameters
    )
    found = plan_from(fit, request, out)
    print(json.dumps(found.to_json()) if as_json else told_plan(found, out))
