"""`codemill ablate` as a function: steps, comparison, page and proposals."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from curate.shards import Run
from train.ablation.comparison import LANGUAGE, compare, read_scores
from train.ablation.config import AblationConfig
from train.ablation.page import outcome, render
from train.ablation.proposal import propose, shares_of, weak_languages, write_proposal
from train.ablation.steps import HELD_OUT, Arm, Steps, arms_of, remove
from train.packed import Packed
from train.presets import n_parameters
from train.scaling.results import write_json

RESULT, PAGE = "result.json", "report.html"


def ablate(
    places: Sequence[str], out: Path, config: AblationConfig, *, fresh: bool = False, say: Callable[[str], None]
) -> dict[str, Any]:
    """Does the second arm's curation help? Writes and gives the result. The same call goes on where it stopped."""
    if fresh:
        remove(out)
    steps = Steps(arms=arms_of(places), config=config, out=out, say=say)
    steps.run()
    result = _result(steps)
    write_json(out / RESULT, result)
    (out / PAGE).write_text(render(result), encoding="utf-8")
    return result


def _result(steps: Steps) -> dict[str, Any]:
    names = tuple(arm.name for arm in steps.arms)
    first, second = names
    files = {name: [steps.scores(name, seed) for seed in steps.config.seeds] for name in names}
    compared = compare(read_scores(files), (first, second))
    trained = {arm.name: _trained(steps, arm) for arm in steps.arms}
    return {
        "arms": {arm.name: arm.what for arm in steps.arms},
        "settings": steps.config.model_dump(mode="json") | {"parameters": _parameters(steps)},
        "split": Run(steps.out / "split" / HELD_OUT).manifest["split_counts"],
        "trained": trained,
        "compared": compared,
        "proposals": _proposals(steps, compared["by"][LANGUAGE], trained),
    }


def _parameters(steps: Steps) -> int:
    from train.config import PretrainConfig
    from train.settings import parse

    raw = json.loads((steps.training(steps.arms[0].name, steps.config.seeds[0]) / "config.json").read_text("utf-8"))
    return n_parameters(parse(PretrainConfig, raw, where="config.json").model_config_of())


def _trained(steps: Steps, arm: Arm) -> dict[str, Any]:
    """Tokens there are and tokens seen, and the curve of each seed: (tokens, held-out bits per byte)."""
    packed = Packed(steps.packed(arm.name))
    curves = [_curve(steps.training(arm.name, seed) / "trace.jsonl") for seed in steps.config.seeds]
    seen = curves[0][-1][0] if curves[0] else 0
    return {
        "tokens": packed.n_tokens,
        "documents": packed.n_documents,
        "seen": seen,
        "epochs": seen / packed.n_tokens,
        "shares": shares_of(packed),
        "curves": curves,
    }


def _curve(trace: Path) -> list[tuple[int, float]]:
    n_tokens, found = 0, []
    for line in trace.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        n_tokens += row["n_tokens"]
        if row.get("validation"):
            found.append((n_tokens, row["validation"]["bits_per_byte"]))
    return found


def _proposals(steps: Steps, by_language: dict[str, Any], trained: dict[str, Any]) -> dict[str, Any]:
    """What each arm's weak languages ask for."""
    first, second = steps.arms
    found = {}
    for arm, other in ((first, second), (second, first)):
        run = steps.curated(arm)
        weak = weak_languages(by_language, first=arm is first)
        proposed = propose(weak, run, trained[arm.name]["shares"], trained[other.name]["shares"])
        mixture = write_proposal(proposed, run, steps.out / "proposal" / arm.name, steps.tokenizer)
        found[arm.name] = {"languages": proposed, "mixture": str(mixture) if mixture else None}
    return found


def told(result: dict[str, Any], out: Path) -> str:
    """The outcome in a few lines."""
    (first, second), whole = result["arms"], result["compared"]["all"]
    lines = [f"held-out bits per byte: {first} {whole['a']:.4f}, {second} {whole['b']:.4f}"]
    lines.append(outcome(result))
    worst = [name for name, one in result["proposals"][second]["languages"].items()]
    if worst:
        lines.append(f"{second} is worse in {', '.join(worst)}")
    lines += [f"mixture: codemill pack {one['mixture']}" for one in result["proposals"].values() if one["mixture"]]
    return "\n".join([*lines, f"page: {out / PAGE}"])
