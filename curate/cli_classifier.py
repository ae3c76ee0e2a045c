"""The command `classifier train`: a function that curate.cli registers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

if TYPE_CHECKING:
    from curate.classifier_train import Outcome

classifier_app = typer.Typer(help="fastText classifiers of files, for the stage `classify`.")

_FIGURES = ("files", "high", "auc", "agreement", "precision", "recall")


@classifier_app.callback()
def _group() -> None:
    """A group of its own, though there is one command so far."""


@classifier_app.command()
def train(
    run: Annotated[Path, typer.Option("--run", help="the folder of a finished run")],
    out: Annotated[Path, typer.Option("--out", help="the folder to write the model into")],
    labels: Annotated[
        Path | None, typer.Option("--labels", help="Parquet, CSV or JSONL: file_id or path, and label")
    ] = None,
    positive: Annotated[str | None, typer.Option(help="the good one of two labels")] = None,
    share: Annotated[float, typer.Option(help="of a language's files at either end of the scores")] = 0.25,
    files: Annotated[int, typer.Option(help="of a language at most, before the ends are taken")] = 4000,
    least_files: Annotated[int, typer.Option(help="of a language in either class")] = 50,
    languages: Annotated[str | None, typer.Option(help="these only, by commas")] = None,
    held_back: Annotated[float, typer.Option(help="share of the repositories to judge by")] = 0.2,
    folders: Annotated[int, typer.Option(help="of a path that stand for a repository where none is named")] = 1,
    epochs: Annotated[int, typer.Option(help="times that every file is seen")] = 10,
    lr: Annotated[float, typer.Option(help="fastText's learning rate")] = 0.3,
    n_grams: Annotated[int, typer.Option(help="words in a row that are told as one, at most")] = 2,
    seed: Annotated[int, typer.Option(help="of every choice")] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="JSON, for machines")] = False,
) -> None:
    """Train a fastText classifier on a run's best and worst files by quality_score, or on labels, and judge it.

    Example: codemill classifier train --run out/curated --out out/quality
    """
    from curate.classifier_labels import Choice, read_labels
    from curate.classifier_train import FitConfig
    from curate.classifier_train import train as train_classifier
    from curate.shards import Run

    choice = Choice(
        share=share, most_files=files, least_files=least_files, held_back=held_back, folders=folders, seed=seed,
        languages=tuple(filter(None, (languages or "").split(","))),
    )  # fmt: skip
    config = FitConfig(epochs=epochs, lr=lr, n_grams=n_grams, seed=seed)
    told = None if labels is None else read_labels(labels, positive)
    outcome = train_classifier(Run(run), out, choice, config, told)
    if as_json:
        print(json.dumps(outcome.card))
    else:
        _show(out, outcome, Console())


def _show(out: Path, outcome: Outcome, console: Console) -> None:
    """Figures of the files held back, by language and by threshold."""
    card, table = outcome.card, Table(box=None, header_style="dim")
    for name in ("held back", *_FIGURES, "learnt"):
        table.add_column(name, justify="left" if name == "held back" else "right")
    for language, one in card["languages"].items():
        table.add_row(language, *(_cell(one["held_back"][name]) for name in _FIGURES), f"{one['learnt']:,}")
    table.add_row("all", *(_cell(card["held_back"][name]) for name in _FIGURES), f"{card['files']['learnt']:,}")
    console.print(table)
    gates = Table("a gate at", "precision", "recall", "low files dropped", box=None, header_style="dim")
    for gate in card["held_back"]["thresholds"]:
        gates.add_row(*(_cell(gate[name]) for name in ("threshold", "precision", "recall", "low_dropped")))
    console.print(gates)
    console.print(
        f"learnt in {outcome.fit_seconds:.1f} s; {outcome.judge_mb_s:,.0f} MB/s of a core when it judges",
        highlight=False,
    )
    console.print(f"model     {out}", highlight=False)


def _cell(value: Any) -> str:
    return "" if value is None else f"{value:,}" if isinstance(value, int) else f"{value:.3f}"
