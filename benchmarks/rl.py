"""Each estimator on the toy of `train.rl.toy`: pass@1 before and after, and where the seconds went.

    python -m benchmarks.rl                          five estimators, one thread of a CPU; some minutes
    python -m benchmarks.rl --estimators rloo --seed 1

One small model is pretrained for all. Every answer that is counted was run in the jail. pass@1 before and after are
those of the first round, before anything was learnt, and of the last: 32 answers to each of 18 prompts, temperature 1.
Held out are other namings of the same functions' parameters, 10 answers each. Rollout, reward and update are means of a
step in seconds, reward being what was waited for after the last answer.

grpo_passk has as many answers in groups of two. It rewards the best of a group for being better than the second, so
that of rewards that are 0 or 1 it learns from groups with one right answer only: in groups of 32 (`--passk-samples 32`)
it stops as soon as two are.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Sequence
from pathlib import Path
from statistics import fmean
from typing import Any

import torch
from rich.console import Console
from rich.table import Table

from train.pretrain import pretrain
from train.rl import toy
from train.rl.estimators import ESTIMATORS
from train.rl.loop import train_rl

PARTS = ("rollout", "reward", "update")


def main(arguments: Sequence[str] | None = None) -> list[dict[str, Any]]:
    """Train with every estimator, print a table, and give its rows."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--estimators", nargs="+", default=list(ESTIMATORS), choices=ESTIMATORS)
    parser.add_argument("--steps", type=int, default=30)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--passk-samples", type=int, default=2, help="answers to a prompt under grpo_passk")
    parser.add_argument("--folder", type=Path, help="where runs stay; a model that is there is not pretrained again")
    options = parser.parse_args(arguments)
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.folder or Path(temporary)
        if not (folder / "pretrained" / "checkpoints").is_dir():
            toy.write(folder)
            pretrain(toy.pretraining(folder), face="quiet")
        rows = []
        for estimator in options.estimators:
            rows.append(measured(folder, estimator, options.steps, options.seed, options.passk_samples))
            print(json.dumps(rows[-1]), flush=True)
    table = Table(
        "estimator", "steps", "pass@1 before", "after", "held out before", "after", *(f"{p}, s" for p in PARTS)
    )
    for row in rows:
        scores = (f"{row[name]:.3f}" for name in ("before", "after", "held_out_before", "held_out_after"))
        table.add_row(row["estimator"], str(row["steps"]), *scores, *(f"{row[part]:.2f}" for part in PARTS))
    Console().print(table)
    return rows


def measured(folder: Path, estimator: str, steps: int, seed: int, passk_samples: int) -> dict[str, Any]:
    """One run: pass@1 before and after, on prompts that were trained on and on others, and seconds."""
    out = folder / f"{estimator}-{seed}"
    config = toy.reinforcement(folder, out=out, estimator=estimator, steps=steps, seed=seed)
    if estimator == "grpo_passk":
        groups = config.samples * config.prompts_per_step // passk_samples
        config = config.model_copy(update={"samples": passk_samples, "prompts_per_step": groups})
    train_rl(config, face="quiet")
    told = [json.loads(line) for line in (out / "trace.jsonl").read_text(encoding="utf-8").splitlines()]
    looks = [row["held_out"]["pass@1"]["score"] for row in told if "held_out" in row]
    passed = [row["passed"] for row in told if "passed" in row]
    seconds = [row["seconds"] for row in told if "seconds" in row]
    found = {"estimator": estimator, "steps": steps, "before": passed[0], "after": passed[-1]}
    found |= {"held_out_before": looks[0], "held_out_after": looks[-1]}
    found |= {"programs_run": sum(one["programs_run"] for one in seconds)}
    return found | {part: fmean(one[part] for one in seconds) for part in PARTS}


if __name__ == "__main__":
    main()
