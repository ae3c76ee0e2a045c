"""An ablation's steps, each a process of its own, each skipped where its product lies there finished.

OUT/curated/NAME       a run of an arm's recipe, where the arm is a recipe
OUT/split              held_out, and train/NAME for each arm (`codemill hold-out`)
OUT/tokenizer.json     trained on both arms, or the one that was given
OUT/packed/NAME        tokens of each arm, and of held_out
OUT/runs/NAME-SEED     a training
OUT/scores/NAME-SEED.parquet  its losses on every held-out document
OUT/logs               what each process said
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from curate.errors import RunFailed, WrongUse
from curate.shards import MANIFEST, Run
from train.ablation.config import AblationConfig

HELD_OUT = "held_out"
_BYTES_A_TOKEN = 5  # more than tokenizers of code reach: the sample of an arm lasts for the training
_CODEMILL = "import sys; from curate.cli import main; main(sys.argv[1:])"
_STATE = "ablation.json"


@dataclass(frozen=True, kw_only=True)
class Arm:
    """One side of an ablation: `what` is the folder of a finished run, or a recipe."""

    name: str
    what: str

    @property
    def is_run(self) -> bool:
        """Whether it is curated already."""
        return (Path(self.what) / MANIFEST).is_file()


def arms_of(places: Sequence[str]) -> tuple[Arm, Arm]:
    """The arms from `NAME=PLACE` or `PLACE`. WrongUse where both are called alike."""
    found = []
    for place in places:
        name, equals, what = place.partition("=")
        found.append(Arm(name=name if equals else Path(place).resolve().name.removesuffix(".yaml"), what=what or place))
    first, second = found
    if first.name == second.name or HELD_OUT in (first.name, second.name):
        raise WrongUse(f"the arms are called {first.name!r} and {second.name!r}: name them, as in raw={first.what}")
    return first, second


@dataclass(kw_only=True)
class Steps:
    """Carries out an ablation up to the scores."""

    arms: tuple[Arm, Arm]
    config: AblationConfig
    out: Path
    say: Callable[[str], None] = field(default=lambda text: None)

    def run(self) -> None:
        """Every step that is not done yet. RunFailed where a process fails; the same call goes on there."""
        self.begin()
        for arm in self.arms:
            self._curate(arm)
        self._split()
        self._tokenizer()
        for name in (*(arm.name for arm in self.arms), HELD_OUT):
            self._pack(name)
        for seed in self.config.seeds:
            for arm in self.arms:
                self._train(arm.name, seed)
                self._score(arm.name, seed)

    def begin(self) -> None:
        """Write down what was asked for, or see that it is what was asked for before."""
        for arm in self.arms:
            if not arm.is_run and not self.config.inputs:
                raise WrongUse(f"{arm.what} is no finished run: to run it as a recipe, name what it reads with --input")
        asked: dict[str, Any] = {
            "arms": [vars(arm) for arm in self.arms],
            "config": self.config.model_dump(mode="json"),
        }
        path = self.out / _STATE
        if path.exists():
            before = json.loads(path.read_text(encoding="utf-8"))
            different = [name for name in asked["config"] if before["config"].get(name) != asked["config"][name]]
            different += ["arms"] if before["arms"] != asked["arms"] else []
            if different:
                raise WrongUse(
                    f"{self.out} was begun with other {', '.join(different)}: name another --out, or give --fresh"
                )
        self.out.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(asked, indent=1) + "\n", encoding="utf-8")

    def curated(self, arm: Arm) -> Run:
        """The arm's run."""
        return Run(arm.what if arm.is_run else self.out / "curated" / arm.name)

    def packed(self, name: str) -> Path:
        """Tokens of an arm, or HELD_OUT."""
        return self.out / "packed" / name

    def training(self, name: str, seed: int) -> Path:
        """The folder of a training."""
        return self.out / "runs" / f"{name}-{seed}"

    def scores(self, name: str, seed: int) -> Path:
        """The losses of a training's model."""
        return self.out / "scores" / f"{name}-{seed}.parquet"

    @property
    def tokenizer(self) -> Path:
        """What both arms are packed with."""
        return self.config.tokenizer or self.out / "tokenizer.json"

    def _curate(self, arm: Arm) -> None:
        run = self.curated(arm)
        if arm.is_run or (run.folder / MANIFEST).is_file():
            return
        self._codemill(f"curate {arm.name}", "run", arm.what, *self.config.inputs, "--out", str(run.folder))

    def _split(self) -> None:
        split, held = self.out / "split", self.config.hold_out
        if (split / HELD_OUT / MANIFEST).is_file():
            return
        runs = [f"{arm.name}={self.curated(arm).folder}" for arm in self.arms]
        self._codemill(
            "hold out", "hold-out", *runs, "--out", str(split), "--share", str(held.share),
            "--most-mb", str(held.most_mb), "--min-similarity", str(held.min_similarity),
            "--folders", str(held.folders), "--seed", str(held.seed),
            "--train-mb", str(self.config.tokens * _BYTES_A_TOKEN / 1e6),
        )  # fmt: skip

    def _tokenizer(self) -> None:
        if self.tokenizer.exists():
            return
        runs = [str(self.out / "split" / "train" / arm.name) for arm in self.arms]
        size, sample = str(self.config.vocabulary_size), str(self.config.tokenizer_mb)
        self._codemill(
            "tokenizer",
            "tokenizer",
            "train",
            *runs,
            "--out",
            str(self.tokenizer),
            "--size",
            size,
            "--sample-mb",
            sample,
        )

    def _pack(self, name: str) -> None:
        if (self.packed(name) / "meta.json").is_file():
            return
        held = name == HELD_OUT
        run = self.out / "split" / HELD_OUT if held else self.out / "split" / "train" / name
        # Names, paths and stars are left out of both, which the arms' recipes know nothing of.
        settings = ["repo_name_rate=0", "path_rate=0", "stars_rate=0"]
        settings += [f"max_document_tokens={self.config.hold_out.max_document_tokens}"] if held else []
        words = [word for setting in settings for word in ("--set", setting)]
        out, tokenizer = str(self.packed(name)), str(self.tokenizer)
        self._codemill(f"pack {name}", "pack", str(run), "--tokenizer", tokenizer, "--out", out, *words)

    def _train(self, name: str, seed: int) -> None:
        folder = self.training(name, seed)
        if self.scores(name, seed).exists() or last_step(folder) == self.config.steps:
            return
        folder.mkdir(parents=True, exist_ok=True)
        configuration = folder / "pretrain.yaml"
        configuration.write_text(yaml.safe_dump(self._pretraining(name, seed), sort_keys=False), encoding="utf-8")
        start = [sys.executable, "-m"]
        if self.config.processes > 1:
            start += ["torch.distributed.run", "--nproc-per-node", str(self.config.processes), "-m"]
        self._process(f"train {name} with seed {seed}", [*start, "train.pretrain_command", str(configuration)])

    def _pretraining(self, name: str, seed: int) -> dict[str, Any]:
        """The configuration of one training: the same for both arms but for the tokens' folder."""
        from torch import cuda

        config = self.config
        precision = config.precision or ("bfloat16" if cuda.is_available() else "float32")
        changes = {
            "max_positions": max(config.sequence_length, 128),
            "vocab_size": self._n_ids(),
        } | config.model_changes
        return {
            "checkpoint": {"every": config.steps, "keep_last": 1},
            "log_every": max(1, config.steps // 50),
            **config.pretrain,
            "out": str(self.training(name, seed)),
            "model": config.model,
            "model_changes": changes,
            "tokenizer": str(self.tokenizer),
            "data": {"sources": [{"path": str(self.packed(name))}], "sequence_length": config.sequence_length},
            "validation": {
                "sources": [str(self.packed(HELD_OUT))],
                "every": max(1, config.steps // config.looks),
                "max_sequences": 256,
            },
            "optimizer": config.optimizer.model_dump(mode="json"),
            "steps": config.steps,
            "global_batch": config.global_batch,
            "micro_batch": config.micro_batch,
            "precision": precision,
            "seed": seed,
        }

    def _n_ids(self) -> int:
        """Rows of the embedding: the tokenizer's ids, up to a multiple of 64."""
        from train.tokenizer import Tokenizer

        return -(-Tokenizer(self.tokenizer).n_ids // 64) * 64

    def _score(self, name: str, seed: int) -> None:
        path = self.scores(name, seed)
        if path.exists():
            return
        words = [str(self.training(name, seed)), str(self.packed(HELD_OUT)), "--out", str(path)]
        self._process(f"score {name} with seed {seed}", [sys.executable, "-m", "train.ablation.score", *words])

    def _codemill(self, step: str, *words: str) -> None:
        self._process(step, [sys.executable, "-c", _CODEMILL, *words])

    def _process(self, step: str, words: Sequence[str]) -> None:
        """Run a process to its end, its words into a log."""
        log = self.out / "logs" / f"{step.replace(' ', '-')}.log"
        log.parent.mkdir(parents=True, exist_ok=True)
        self.say(f"{step} ... ({log})")
        began = time.monotonic()
        with log.open("wb") as stream:
            code = subprocess.run(words, stdin=subprocess.DEVNULL, stdout=stream, stderr=stream, check=False).returncode
        if code:
            lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
            raise RunFailed(
                f"{step} ended with code {code}: {lines[-1] if lines else 'it said nothing'}; {log} has the rest, and "
                "the same command goes on here"
            )
        self.say(f"{step}: done in {time.monotonic() - began:.1f} s")


def last_step(folder: Path) -> int:
    """Steps of a training's newest checkpoint; 0 where there is none."""
    from train.checkpoint import finished

    found = finished(folder / "checkpoints")
    return int(found[-1].name.removeprefix("step-")) if found else 0


def remove(out: Path) -> None:
    """Remove an earlier ablation, and nothing else that lies in the folder."""
    for name in ("curated", "split", "packed", "runs", "scores", "logs", "proposal"):
        shutil.rmtree(out / name, ignore_errors=True)
    for name in (_STATE, "tokenizer.json", "result.json", "report.html"):
        (out / name).unlink(missing_ok=True)
