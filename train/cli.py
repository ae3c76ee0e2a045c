"""The trainer's part of the command line: parse, call, print."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from train.ablation.command import ablate
from train.data_commands import instructions, pack, tokenizer
from train.export_command import export
from train.pretrain_command import pretrain
from train.rl_command import prompts, rl
from train.scaling.command import scaling
from train.self_instruct.command import self_instruct
from train.sft_command import sft

app = typer.Typer(no_args_is_help=True, add_completion=False)
train_app = typer.Typer(no_args_is_help=True, add_completion=False, help="Train models on packed tokens.")
app.add_typer(train_app, name="train")
train_app.command()(pretrain)
train_app.command()(rl)
train_app.command()(sft)
app.command()(export)
app.command()(ablate)
app.add_typer(tokenizer, name="tokenizer")
app.add_typer(scaling, name="scaling")
app.command()(pack)
app.command()(instructions)
app.command()(self_instruct)
app.command()(prompts)

_Json = Annotated[bool, typer.Option("--json", help="JSON lines, for machines")]
_Workers = Annotated[int | None, typer.Option(help="programs judged at a time; the machine's cores without it")]


@app.command("eval")
def evaluate(
    benchmarks: Annotated[list[Path], typer.Argument(metavar="BENCHMARK...", help="JSONL files of HumanEval's shape")],
    source: Annotated[
        str, typer.Option("--from", help="a JSONL file of completions, a run's or model's folder, http://...")
    ],
    out: Annotated[Path, typer.Option("--out", help="the folder to write; new, or of an interrupted evaluation")],
    task: Annotated[str, typer.Option(help="completion, translation, comment or tests")] = "completion",
    style: Annotated[str, typer.Option(help="base: the model goes on with a text; chat: it answers messages")] = "base",
    model: Annotated[str | None, typer.Option(help="the model's name at an endpoint")] = None,
    samples: Annotated[int, typer.Option(help="completions a problem")] = 1,
    temperature: Annotated[float, typer.Option(help="0 is greedy")] = 0.0,
    top_p: Annotated[float, typer.Option(help="of the likeliest tokens, so much of the chance")] = 0.95,
    beams: Annotated[int, typer.Option(help="of beam search; 1 is none")] = 1,
    max_tokens: Annotated[int, typer.Option(help="of one completion")] = 512,
    seed: Annotated[int, typer.Option(help="of sampling")] = 0,
    examples: Annotated[Path | None, typer.Option(help="problems put before each question with their answers")] = None,
    translate_from: Annotated[Path | None, typer.Option(help="the tasks in the language to translate from")] = None,
    words: Annotated[str, typer.Option(help="the language of comments: en or zh")] = "en",
    batch: Annotated[int, typer.Option(help="prompts at a time, where the model runs here")] = 16,
    concurrency: Annotated[int, typer.Option(help="calls to an endpoint at a time")] = 8,
    calls_per_minute: Annotated[float | None, typer.Option(help="to an endpoint, at most")] = None,
    cpu_seconds: Annotated[float, typer.Option(help="of one program, stretched on slow machines")] = 5.0,
    workers: _Workers = None,
    fresh: Annotated[bool, typer.Option("--fresh", help="remove an earlier evaluation in --out first")] = False,
    as_json: _Json = False,
) -> None:
    """Evaluate completions on benchmarks: pass@k with intervals, a page, and every verdict. The same command resumes.

    An endpoint's key is read from CODEMILL_API_KEY.

    Example: codemill eval HumanEval.jsonl.gz --from http://localhost:8000/v1 --model mine --out out/eval
    """
    from train.evaluate.evaluation import Question
    from train.evaluate.evaluation import evaluate as run
    from train.evaluate.generators.opening import Options
    from train.evaluate.generators.protocol import Sampling
    from train.evaluate.progress import Reporter
    from train.evaluate.summary import tell
    from train.sandbox.limits import Limits

    question = Question(
        benchmarks=benchmarks, source=source, task=task, style=style, words=words,  # type: ignore[arg-type]
        sampling=Sampling(
            samples=samples, temperature=temperature, top_p=top_p, beams=beams, max_tokens=max_tokens, seed=seed
        ),
        options=Options(model=model, batch=batch, concurrency=concurrency, calls_per_minute=calls_per_minute),
        limits=Limits(cpu_s=cpu_seconds), examples=examples, translate_from=translate_from,
    )  # fmt: skip
    summary = run(question, out, fresh=fresh, workers=workers, reporter=Reporter("json" if as_json else "auto"))
    print(json.dumps(summary, ensure_ascii=False) if as_json else tell(summary, out))


@app.command("verify")
def verify(
    chat: Annotated[Path, typer.Argument(help="instruction data: Chat JSONL whose meta has tests")],
    out: Annotated[Path, typer.Option("--out", help="the file to write: samples whose answer passes its tests")],
    keep_untested: Annotated[bool, typer.Option("--keep-untested", help="keep samples without tests too")] = False,
    cpu_seconds: Annotated[float, typer.Option(help="of one program, stretched on slow machines")] = 5.0,
    workers: _Workers = None,
    as_json: _Json = False,
) -> None:
    """Keep the samples of instruction data whose answer passes its own tests. The same command resumes.

    Example: codemill verify sft.jsonl --out sft-passed.jsonl
    """
    from train.evaluate.execution_filter import keep_passing
    from train.evaluate.progress import Reporter
    from train.sandbox.limits import Limits

    counts = keep_passing(
        chat, out, limits=Limits(cpu_s=cpu_seconds), keep_untested=keep_untested, workers=workers,
        reporter=Reporter("json" if as_json else "auto"),
    )  # fmt: skip
    told = ", ".join(f"{name} {number:,}" for name, number in counts.items())
    print(json.dumps(counts) if as_json else f"{told}: {out}")
