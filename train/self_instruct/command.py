"""`codemill self-instruct`: parse, call, print."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Annotated

import typer


def self_instruct(
    seeds: Annotated[list[Path], typer.Argument(metavar="SEEDS.jsonl...", help="chats, as of `codemill instructions`")],
    url: Annotated[str, typer.Option("--from", help="an OpenAI-compatible endpoint, http://.../v1")],
    model: Annotated[str, typer.Option(help="the model's name at the endpoint")],
    out: Annotated[Path, typer.Option("--out", help="the JSONL file to write")],
    wanted: Annotated[int, typer.Option(help="samples to keep")] = 1000,
    max_similarity: Annotated[float, typer.Option(help="ROUGE-L to any other task, from which one is dropped")] = 0.7,
    tests: Annotated[bool, typer.Option(help="ask for tests of Python, and keep what passes them")] = True,
    temperature: Annotated[float, typer.Option(help="of tasks and answers")] = 0.7,
    top_p: Annotated[float, typer.Option(help="of the likeliest tokens, so much of the chance")] = 0.95,
    max_tokens: Annotated[int, typer.Option(help="of one reply")] = 4096,
    concurrency: Annotated[int, typer.Option(help="calls at a time")] = 8,
    calls_per_minute: Annotated[float | None, typer.Option(help="at most; as fast as answers come without it")] = None,
    attempts: Annotated[int, typer.Option(help="of one call: 408, 409, 425, 429, 5xx and broken answers")] = 6,
    timeout: Annotated[float, typer.Option(help="seconds without a byte from the server")] = 600.0,
    seed: Annotated[int, typer.Option(help="of every choice")] = 0,
    workers: Annotated[int | None, typer.Option(help="programs judged at a time; the machine's cores")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="JSON, for machines")] = False,
) -> None:
    """Make new tasks and answers of seed tasks by a model at an endpoint. The same command resumes.

    The endpoint's key is read from CODEMILL_API_KEY.

    Example: codemill self-instruct sft.jsonl --from http://localhost:8000/v1 --model mine --out more.jsonl
    """
    from train.evaluate.generators.endpoint import Endpoint, Manners
    from train.evaluate.generators.opening import KEY
    from train.evaluate.generators.protocol import Sampling
    from train.evaluate.progress import Reporter
    from train.self_instruct.asking import Asker
    from train.self_instruct.config import SelfInstructConfig
    from train.self_instruct.rounds import self_instruct as run
    from train.self_instruct.seeds import read_seeds

    config = SelfInstructConfig(wanted=wanted, max_similarity=max_similarity, tests=tests, seed=seed)
    sampling = Sampling(temperature=temperature, top_p=top_p, max_tokens=max_tokens, seed=seed)
    manners = Manners(concurrency=concurrency, calls_per_minute=calls_per_minute, attempts=attempts, timeout_s=timeout)
    endpoint = Endpoint(url, model, api_key=os.environ.get(KEY), manners=manners)
    log = out.with_name(f"{out.name}.answers.jsonl")
    asker = Asker(generator=endpoint, model=model, log=log, sampling=sampling, concurrency=concurrency)
    found = read_seeds(seeds, config.max_seeds, config.seed)
    counts = run(found, out, asker, config, workers=workers, reporter=Reporter("json" if as_json else "auto"))
    told = ", ".join(f"{name} {number:,}" for name, number in counts.items())
    print(json.dumps(counts) if as_json else f"{told}: {out}")
