"""Checkpoints: written beside the training, whole or not at all, and read by any number of ranks.

    OUT/checkpoints/step-00001000/   torch.distributed.checkpoint's files of model and optimizer, and
                    trainer.json     step, data position, loss scale, guard, validation loss

A checkpoint is written as NAME.part and renamed when every rank's part of it is on the disk.
"""

from __future__ import annotations

import json
import re
import shutil
import warnings
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import torch.distributed.checkpoint as dcp
from torch import nn
from torch.distributed.checkpoint.state_dict import get_model_state_dict, get_state_dict, set_state_dict
from torch.optim import Optimizer

from curate.errors import RunFailed, WrongUse
from train.config import CheckpointConfig, ModelChoice
from train.lora import apply_lora, merge_lora
from train.model import Decoder
from train.parallel import World
from train.settings import parse

_TRAINER = "trainer.json"
_NAME = re.compile(r"step-(\d{8,})")


class Checkpoints:
    """The checkpoints of a run. At most one is being written; asking for the next waits for it."""

    def __init__(self, folder: str | Path, config: CheckpointConfig, world: World):
        self.folder, self.config, self.world = Path(folder), config, world
        self._writing: tuple[Future[Any], Path, dict[str, Any]] | None = None

    def save(self, model: nn.Module, optimizer: Optimizer, trainer: dict[str, Any]) -> None:
        """Take the state as it is now and write it in the background. `trainer` has `step` and `validation_loss`."""
        self.wait()
        final = self.folder / f"step-{trainer['step']:08d}"
        part = final.with_name(f"{final.name}.part")
        if self.world.rank == 0:
            shutil.rmtree(part, ignore_errors=True)
            part.mkdir(parents=True)
        self.world.same(None)  # the folder is there before anyone writes into it
        with _quiet():
            weights, moments = get_state_dict(model, optimizer)
            state = {"model": weights, "optimizer": moments}
            future = dcp.async_save(state, checkpoint_id=part, process_group=self.world.checkpoint_group)
        self._writing = future, final, trainer  # type: ignore[assignment]

    def poll(self) -> None:
        """Publish what was written, if it was; cheap, for every step."""
        if self._writing and self._writing[0].done():
            self.wait()

    def wait(self) -> None:
        """Publish what is being written. RunFailed where it could not be written."""
        if self._writing is None:
            return
        (future, final, trainer), self._writing = self._writing, None
        try:
            future.result()
        except Exception as error:
            raise RunFailed(f"{final.name} could not be written: {error}: make room, and start again") from error
        if self.world.rank == 0:
            part = final.with_name(f"{final.name}.part")
            (part / _TRAINER).write_text(json.dumps(trainer), encoding="utf-8")
            shutil.rmtree(final, ignore_errors=True)
            part.rename(final)
            self._prune()

    @contextmanager
    def settled(self) -> Iterator[None]:
        """Nothing is being written any more when the block is left. What went wrong in it is what is told."""
        try:
            yield
        except BaseException:
            with suppress(RunFailed):
                self.wait()
            raise
        self.wait()

    def newest(self) -> Path | None:
        """The newest whole checkpoint, the same on all ranks."""
        found = finished(self.folder) if self.world.rank == 0 else []
        return self.world.same(found[-1] if found else None)

    def load(self, checkpoint: Path, model: nn.Module, optimizer: Optimizer) -> dict[str, Any]:
        """Fill model and optimizer, whatever number of ranks wrote it; gives what `save` was told besides."""
        with _quiet():
            weights, moments = get_state_dict(model, optimizer)
            state: dict[str, Any] = {"model": weights, "optimizer": moments}
            dcp.load(state, checkpoint_id=checkpoint, process_group=self.world.checkpoint_group)
            set_state_dict(model, optimizer, model_state_dict=state["model"], optim_state_dict=state["optimizer"])
        return trainer_of(checkpoint)

    def _prune(self) -> None:
        found = finished(self.folder)
        losses = {one: trainer_of(one).get("validation_loss") for one in found}
        judged = {one: loss for one, loss in losses.items() if loss is not None}
        best = min(judged, key=lambda one: judged[one], default=None) if self.config.keep_best else None
        for one in found[: -self.config.keep_last]:
            if one != best:
                shutil.rmtree(one, ignore_errors=True)


def finished(folder: str | Path) -> list[Path]:
    """Whole checkpoints of a folder, oldest first."""
    found = [path for path in Path(folder).glob("step-*") if _NAME.fullmatch(path.name) and (path / _TRAINER).exists()]
    return sorted(found, key=lambda path: int(path.name.removeprefix("step-")))


def trainer_of(checkpoint: str | Path) -> dict[str, Any]:
    """What a checkpoint says besides weights."""
    return json.loads((Path(checkpoint) / _TRAINER).read_text(encoding="utf-8"))


@contextmanager
def _quiet() -> Iterator[None]:
    """Without torch's warnings on its own use of itself."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", category=FutureWarning, module="torch")
        warnings.filterwarnings("ignore", category=DeprecationWarning, module="torch")
        warnings.filterwarnings("ignore", category=UserWarning, module="torch")
        yield


def load_trained(folder: str | Path) -> Decoder:
    """The whole model, float32 on the CPU, of a run's folder (its newest checkpoint) or of one checkpoint of it.

    Adapters that were trained are merged. WrongUse where there is no checkpoint.
    """
    folder = Path(folder)
    whole = finished(folder / "checkpoints")
    checkpoint = whole[-1] if whole else folder
    if not (checkpoint / _TRAINER).exists():
        raise WrongUse(f"{folder} is neither a run's folder nor a whole checkpoint of one")
    told = json.loads((checkpoint.parents[1] / "config.json").read_text(encoding="utf-8"))
    config = parse(
        ModelChoice, {name: told[name] for name in ModelChoice.model_fields if name in told}, where=str(folder)
    )
    model = Decoder(config.model_config_of())
    if config.lora:
        apply_lora(model, config.lora)
    with _quiet():
        state = {"model": get_model_state_dict(model)}
        dcp.load(state, checkpoint_id=checkpoint, no_dist=True)
    model.load_state_dict(state["model"])
    if config.lora:
        merge_lora(model)
    return model
