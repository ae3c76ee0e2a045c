"""The command line: parse, call, print. What a command does is in the module it calls."""

from __future__ import annotations

import json
import logging
import sys
from pathlib import Path
from typing import Annotated, Any

import typer
import yaml
from rich.console import Console

from curate import (
    cli_classifier,
    cli_cluster,
    cli_facts,
    cli_held_out,
    cli_history,
    cli_index,
    cli_profile,
    cli_rules,
    cli_what_if,
)
from curate.errors import CodemillError, WrongUse
from train.cli import app as trainer

app = typer.Typer(
    help="Raw source code in, training data out.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
recipes_app = typer.Typer(invoke_without_command=True)
app.add_typer(recipes_app, name="recipes")
app.add_typer(trainer)
app.add_typer(cli_index.index_app, name="index")
app.add_typer(cli_cluster.cluster_app, name="cluster")
app.add_typer(cli_classifier.classifier_app, name="classifier")
app.command()(cli_facts.facts)
app.command()(cli_facts.query)
app.command()(cli_profile.profile)
app.command()(cli_rules.rules)
app.command()(cli_held_out.hold_out)
app.command()(cli_what_if.what_if)
app.command()(cli_history.commits)
app.command()(cli_history.issues)

_INTERRUPTED = "interrupted: the same command goes on where it stopped"

_Set = Annotated[list[str] | None, typer.Option("--set", metavar="K=V", help="put a setting over the recipe's")]
_Json = Annotated[bool, typer.Option("--json", help="JSON lines, for machines")]
_RunFolder = Annotated[Path, typer.Option("--run", help="the folder of a finished run")]


@app.command()
def run(
    recipe: Annotated[str, typer.Argument(help="a shipped recipe's name, or a YAML file")],
    inputs: Annotated[
        list[str],
        typer.Argument(
            metavar="INPUT...",
            help="folders, git repositories (REPO@REV), archives, .jsonl(.gz|.zst), .parquet, URLs, globs",
        ),
    ],
    out: Annotated[Path, typer.Option("--out", help="the folder to write; new, or of an interrupted run")],
    master: Annotated[str | None, typer.Option(help="local[N], spark://HOST:PORT, yarn, k8s://URL")] = None,
    environment: cli_cluster.Env = None,
    conf: cli_cluster.Conf = None,
    settings: _Set = None,
    index: Annotated[
        Path | None, typer.Option("--index", help="an index of earlier runs, whose files count as kept")
    ] = None,
    fresh: Annotated[bool, typer.Option("--fresh", help="remove an earlier run in --out first")] = False,
    keep_work: Annotated[bool, typer.Option("--keep-work", help="leave OUT/_work in place")] = False,
    as_json: _Json = False,
) -> None:
    """Mill inputs by a recipe into shards, ledger, manifest and report. Interrupted? The same command goes on.

    Example: codemill run codefuse path/to/code --out out/curated --set stages.text.rules.lines.max=5000
    """
    from curate import summary
    from curate.api import run as run_recipe
    from curate.cluster import spark_settings
    from curate.index import settings_for
    from curate.progress import Reporter
    from curate.recipe import load

    reporter = Reporter("json" if as_json else "auto")
    changes = list(settings or ())
    if index is not None:
        changes += settings_for(load(recipe, changes), index)
    finished = run_recipe(
        recipe, inputs, out, settings=changes, master=master, environment=environment,
        spark_settings=spark_settings(conf or ()), fresh=fresh, keep_work=keep_work, reporter=reporter,
    )  # fmt: skip
    if as_json:
        print(
            json.dumps(
                {"run": str(finished.folder), "counts": finished.summary, "warnings": finished.manifest["warnings"]}
            )
        )
    else:
        summary.show(finished, Console())


@recipes_app.callback()
def recipes(context: typer.Context) -> None:
    """List the recipes, a line each.

    Example: codemill recipes
    """
    from curate import recipe

    if context.invoked_subcommand is None:
        for name in recipe.names():
            print(f"{name:<12} {recipe.load(name).description}")


@recipes_app.command()
def show(
    name: Annotated[str, typer.Argument(help="a recipe's name, or a YAML file")],
    settings: _Set = None,
) -> None:
    """Print a recipe as YAML with every setting spelt out: the start of one's own.

    Example: codemill recipes show codefuse > mine.yaml
    """
    from curate.recipe import load

    print(yaml.safe_dump(load(name, settings or ()).as_dict(), sort_keys=False, allow_unicode=True, width=120), end="")


@app.command()
def signals() -> None:
    """List every signal that a rule can name: group, name, type, meaning and source.

    Example: codemill signals
    """
    from analyzers.signals import ALL_SIGNALS

    for signal in ALL_SIGNALS:
        print(f"{signal.group:<11} {signal.name:<27} {signal.type:<8} {signal.meaning} ({signal.source})")


@app.command()
def why(
    file: Annotated[str, typer.Argument(help="a file_id, or a path (or the end of one)")],
    run_folder: _RunFolder,
    as_json: _Json = False,
) -> None:
    """Tell the story of one file: what was measured, what was decided, and by which limit.

    Example: codemill why src/main.py --run out/curated
    """
    from curate import why as story
    from curate.shards import Run

    rows = story.find(Run(run_folder), file)
    if as_json:
        for row in rows:
            print(json.dumps(row, default=str, ensure_ascii=False))
    else:
        story.show(Run(run_folder), rows, Console())


def main(arguments: list[str] | None = None) -> None:
    """The `codemill` command. Exit codes: 0 done, 1 failed, 2 wrong use, 130 interrupted."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    debug = "--debug" in given
    if not debug:
        logging.getLogger().addHandler(logging.NullHandler())  # py4j logs the trace of what it raises as well
    command: Any = typer.main.get_command(app)
    try:
        code = command.main(args=[word for word in given if word != "--debug"], standalone_mode=False)
    except KeyboardInterrupt:
        _fail(_INTERRUPTED, 130)
    except CodemillError as error:
        if debug:
            raise
        _fail(str(error), 2 if isinstance(error, WrongUse) else 1)
    except Exception as error:
        if debug:
            raise
        _end(error)
    if code == 130:  # typer ends so by itself, without a word
        _fail(_INTERRUPTED, 130)
    sys.exit(code if isinstance(code, int) else 0)


def _end(error: Any) -> None:
    """The end of a command by an error that is not ours: click's, Spark's, or a defect."""
    if hasattr(error, "format_message"):  # click's own errors; typer may carry a copy of click
        if not error.format_message():  # no command was given: it shows the help
            error.show()
            sys.exit(2)
        _fail(error.format_message(), 2)
    if type(error).__name__ == "Abort":
        _fail(_INTERRUPTED, 130)
    _fail(_one_sentence(error), 1)


def _one_sentence(error: Exception) -> str:
    """The last line that tells a cause; Spark wraps Python's and Java's in pages."""
    if isinstance(error, ModuleNotFoundError):
        return f"{error.name} is not installed, which this command needs: make extras, or pip install 'codemill[all]'"
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    if any("No space left on device" in line for line in lines):
        return (
            "no space left on the device that holds --out or Spark's scratch (SPARK_LOCAL_DIRS): "
            "free some and say the same again"
        )
    causes = [line for line in lines if line.startswith("Caused by:") or "Error:" in line or "Exception:" in line]
    told = (causes or lines or [type(error).__name__])[-1]
    return f"{told[:300]} (--debug shows all of it)"


def _fail(message: str, code: int) -> None:
    print(f"codemill: {message}", file=sys.stderr)
    sys.exit(code)
