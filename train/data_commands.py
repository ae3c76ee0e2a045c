"""`codemill tokenizer train|compare`, `codemill pack`, `codemill instructions`: parse, call, print."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

tokenizer = typer.Typer(no_args_is_help=True, help="Train tokenizers, and see how well they compress.")

_Json = Annotated[bool, typer.Option("--json", help="JSON, for machines")]
_Seed = Annotated[int, typer.Option(help="of every choice")]


@tokenizer.command("train")
def train_command(
    runs: Annotated[list[Path], typer.Argument(metavar="RUN...", help="folders of finished runs")],
    out: Annotated[Path, typer.Option("--out", help="the tokenizer.json to write")],
    size: Annotated[int, typer.Option(help="entries of the vocabulary, 64 special ones included")] = 100_864,
    sample_mb: Annotated[float, typer.Option(help="MB of text to train on")] = 1000.0,
    code: Annotated[float, typer.Option(help="share of code in the sample")] = 0.8,
    chinese: Annotated[float, typer.Option(help="share of Chinese prose")] = 0.1,
    english: Annotated[float, typer.Option(help="share of English and other prose")] = 0.1,
    seed: _Seed = 0,
) -> None:
    """Train a byte-level BPE tokenizer on a seeded sample of runs, weighted by domain.

    Example: codemill tokenizer train out/code out/chinese --out tokenizer.json --size 32000 --sample-mb 200
    """
    from curate.shards import Run
    from train.tokenizer_training import TokenizerConfig, train_tokenizer

    config = TokenizerConfig(
        vocabulary_size=size, sample_bytes=int(sample_mb * 1e6), code=code, chinese=chinese, english=english, seed=seed
    )
    summary = train_tokenizer([Run(run) for run in runs], out, config, say=lambda text: typer.echo(text, err=True))
    print("\n".join(summary.lines()))


@tokenizer.command("compare")
def compare_command(
    tokenizers: Annotated[list[Path], typer.Argument(metavar="TOKENIZER.json...", help="of any maker")],
    run: Annotated[Path, typer.Option("--run", help="the folder of a finished run, whose text is encoded")],
    sample_mb: Annotated[float, typer.Option(help="MB of the run's text to look at")] = 20.0,
    languages: Annotated[int, typer.Option(help="languages to show, those with most text")] = 10,
    seed: _Seed = 0,
    as_json: _Json = False,
) -> None:
    """Compare tokenizers: tokens a character (C-Rate, lower is better) by domain and language, vocabulary in use.

    Example: codemill tokenizer compare mine.json theirs.json --run out/code
    """
    from curate.shards import Run
    from train.tokenizer import Tokenizer
    from train.tokenizer_comparison import compare, table

    reports = compare([Tokenizer(path) for path in tokenizers], Run(run), sample_bytes=int(sample_mb * 1e6), seed=seed)
    print(json.dumps([one.to_json() for one in reports], ensure_ascii=False) if as_json else table(reports, languages))


def pack(
    what: Annotated[list[Path], typer.Argument(metavar="CONFIG.yaml | RUN...", help="a mixture, or runs as they are")],
    tokenizer_path: Annotated[Path | None, typer.Option("--tokenizer", help="tokenizer.json; over the file's")] = None,
    out: Annotated[Path | None, typer.Option("--out", help="the folder to write; over the file's")] = None,
    settings: Annotated[list[str] | None, typer.Option("--set", metavar="K=V", help="put over the file's")] = None,
    fresh: Annotated[bool, typer.Option("--fresh", help="write anew what is packed there already")] = False,
    datatrove: Annotated[Path | None, typer.Option(help="a folder for the same as datatrove's token file")] = None,
    as_json: _Json = False,
) -> None:
    """Render, tokenise and pack runs for training. train/pack_config.py has the fields of CONFIG.yaml.

    Example: codemill pack out/code --tokenizer tokenizer.json --out out/packed --set fim_rate=0.5
    """
    from train.pack import pack as run
    from train.pack_config import load_or_make

    config = load_or_make(what, tokenizer=tokenizer_path, out=out, settings=settings or ())
    summary = run(config, fresh=fresh, say=lambda text: typer.echo(text, err=True))
    if datatrove is not None:
        from train.packed import Packed
        from train.token_file import write_token_file

        write_token_file(Packed(config.out), datatrove)
    print(json.dumps(summary.to_json()) if as_json else "\n".join(summary.lines()))


def instructions(
    runs: Annotated[list[Path], typer.Argument(metavar="RUN...", help="folders of finished runs that have pairs")],
    out: Annotated[Path, typer.Option("--out", help="the JSONL file to write")],
    tasks: Annotated[
        str, typer.Option(help="of these, with commas between")
    ] = "generation,comment,explanation,completion,translation,test",
    every_task: Annotated[bool, typer.Option("--every-task", help="a sample of each task for every pair")] = False,
    chinese: Annotated[float, typer.Option(help="share of Chinese among questions without prose")] = 0.2,
    seed: _Seed = 0,
    as_json: _Json = False,
) -> None:
    """Make instruction data of function-comment pairs, of their parallels in other languages and of their tests.

    Example: codemill instructions out/code --out sft.jsonl --tasks generation,comment
    """
    from curate.shards import Run
    from train.instructions import InstructionConfig, write_instructions

    config = InstructionConfig(tasks=tasks.split(","), every_task=every_task, chinese=chinese, seed=seed)
    counts = write_instructions([Run(run) for run in runs], out, config)
    told = ", ".join(f"{task} {number:,}" for task, number in counts.items())
    print(json.dumps(counts) if as_json else f"{told}: {out}")
