"""Tokens a second of our own decoding beside transformers' `generate`, for the same weights, prompts and lengths.

    python -m benchmarks.generate                                     tiny presets on a CPU; a minute
    python -m benchmarks.generate --presets codefuse-1.3b --device cuda --batch 64 --tokens 256

Weights are random and nothing ends early, so every row is `--tokens` long; prompts are a quarter to all of `--prompt`
long. Greedy. The ways take turns, and the best of `--rounds` counts. float32 on a CPU, bfloat16 elsewhere.

Both decode as they stand, and with `--compiled`, which a GPU does without being asked, also compiled over a static
cache: ours by `train.decode_step`, theirs by cache_implementation="static". The first call of each way, in which it
compiles, is not counted, and told as `first`, in seconds.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Callable, Sequence
from typing import Any

import torch
from rich.console import Console
from rich.table import Table

from train.decode_step import DecodeStep
from train.export import export
from train.generate import generate
from train.model import Decoder, init_weights
from train.presets import preset
from train.sampling import likeliest


def main(arguments: Sequence[str] | None = None) -> list[dict[str, Any]]:
    """Measure every preset both ways, print a table, and give its rows."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--presets", nargs="+", default=["tiny-codefuse", "tiny-llama", "tiny-starcoder"])
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--batch", type=int, default=16, help="rows")
    parser.add_argument("--prompt", type=int, default=64, help="tokens of the longest prompt")
    parser.add_argument("--tokens", type=int, default=64, help="new tokens of each row")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--compiled", action=argparse.BooleanOptionalAction, help="default: on a GPU")
    options = parser.parse_args(arguments)
    if options.compiled is None:
        options.compiled = options.device != "cpu"
    rows = []
    for name in options.presets:
        rows.append({"preset": name} | _measured(name, options))
        print(json.dumps(rows[-1]), flush=True)
    ways = list(rows[0]["rates"])
    table = Table("preset", *(f"{way}, tokens/s" for way in ways), *(f"{way} agrees" for way in ways[1:]))
    for row in rows:
        table.add_row(row["preset"], *(f"{rate:,.0f}" for rate in row["rates"].values()), *row["agree"].values())
    Console().print(table)
    return rows


def _measured(name: str, options: argparse.Namespace) -> dict[str, Any]:
    """Each way's best rate over the rounds, its first call's seconds, and how many rows came out as our plain way's."""
    dtype = torch.float32 if options.device == "cpu" else torch.bfloat16
    model = Decoder(preset(name))
    init_weights(model, 0)
    with tempfile.TemporaryDirectory() as folder:
        export(model, folder, dtype="float32")
        theirs = _loaded(folder, dtype, options.device)
    model = model.to(options.device, dtype).requires_grad_(False).eval()
    random = torch.Generator().manual_seed(0)
    lengths = torch.linspace(options.prompt // 4, options.prompt, options.batch).long().tolist()
    prompts = [torch.randint(1, model.config.vocab_size, (n,), generator=random).tolist() for n in lengths]
    ways: dict[str, Callable[[], list[list[int]]]] = {
        "ours": lambda: generate(model, prompts, likeliest, max_tokens=options.tokens),
        "transformers": lambda: _theirs(theirs, prompts, options),
    }
    if options.compiled:
        step = DecodeStep(model, compiled=True)
        ways["ours, compiled"] = lambda: generate(model, prompts, likeliest, max_tokens=options.tokens, step=step)
        ways["transformers, static"] = lambda: _theirs(theirs, prompts, options, cache_implementation="static")
    told, first, best = {}, {}, dict.fromkeys(ways, float("inf"))
    for way, run in ways.items():
        first[way], told[way] = _timed(run)
    for _ in range(options.rounds):
        for way, run in ways.items():
            best[way] = min(best[way], _timed(run)[0])
    agree = {
        way: f"{sum(map(list.__eq__, told['ours'], rows))} of {len(prompts)}"
        for way, rows in told.items()
        if way != "ours"
    }
    rates = {way: options.batch * options.tokens / seconds for way, seconds in best.items()}
    return {"rates": rates, "first": first, "agree": agree}


def _timed(run: Callable[[], list[list[int]]]) -> tuple[float, list[list[int]]]:
    """Seconds, and what came of it; tokens end on the CPU, so nothing is under way any more."""
    start = time.perf_counter()
    found = run()
    return time.perf_counter() - start, found


def _loaded(folder: str, dtype: torch.dtype, device: str) -> Any:
    import transformers

    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    model: Any = transformers.AutoModelForCausalLM.from_pretrained(folder, dtype=dtype)
    return model.to(device).eval()


def _theirs(model: Any, prompts: list[list[int]], options: argparse.Namespace, **more: Any) -> list[list[int]]:
    """`generate` with padding on the left and no end of text; its default cache is dynamic."""
    width = max(map(len, prompts))
    tokens = torch.tensor([[0] * (width - len(one)) + one for one in prompts], device=options.device)
    mask = torch.tensor([[0] * (width - len(one)) + [1] * len(one) for one in prompts], device=options.device)
    model.generation_config.eos_token_id = None
    with torch.inference_mode():
        out = model.generate(
            input_ids=tokens, attention_mask=mask, max_new_tokens=options.tokens, do_sample=False, pad_token_id=0,
            **more,
        )  # fmt: skip
    return out[:, width:].tolist()


if __name__ == "__main__":
    main()
