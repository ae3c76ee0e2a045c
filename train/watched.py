"""Health as a run acts on it: what any card reports is told, and leads to a line, to a checkpoint or to the end."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from curate.errors import RunFailed
from train.checkpoint import Checkpoints
from train.config import CommonConfig
from train.health import Trouble, Watch, watch
from train.metrics import Metrics
from train.parallel import World


class Watched:
    """The cards of all ranks, as a rank's loop looks at them between steps. `own` is this rank's, None without one."""

    def __init__(self, own: Watch | None, world: World, metrics: Metrics, checkpoints: Checkpoints) -> None:
        self.own, self.world, self.metrics, self.checkpoints = own, world, metrics, checkpoints
        self.anywhere = world.any(own is not None)

    @property
    def figures(self) -> dict[str, float]:
        """What this rank's card reported last, by names for TensorBoard."""
        return {f"health/{name}": value for name, value in self.own.figures.items()} if self.own else {}

    def look(self) -> bool:
        """Whether a card asks for a checkpoint; RunFailed, on all ranks, where one asks for the end. All ranks look."""
        found: list[Trouble] = self.own.take() if self.own else []
        if not self.anywhere or not self.world.any(bool(found)):
            return False
        everywhere: list[Trouble] = [one for each in self.world.gathered(found) for one in each]
        for one in everywhere:
            self.metrics.say(f"health: {one.text}")
        stopping = [one for one in everywhere if one.policy == "stop"]
        if stopping:
            self.checkpoints.wait()
            newest = self.checkpoints.newest()
            raise RunFailed(
                f"the run was ended: {stopping[0].text}: take the card out, and start again; it goes on from "
                f"{newest.name if newest else 'the beginning, as there is no checkpoint'}"
            )
        return any(one.policy == "checkpoint" for one in everywhere)


@contextmanager
def watched(config: CommonConfig, world: World, metrics: Metrics, checkpoints: Checkpoints) -> Iterator[Watched]:
    """Watch this rank's card as `config.health` says, until the end; why it is not watched is said."""
    found = watch(config.health, world.device) if config.health else "health is not watched: health is null"
    if isinstance(found, str):
        metrics.say(found)
    own = found if isinstance(found, Watch) else None
    try:
        yield Watched(own, world, metrics, checkpoints)
    finally:
        if own:
            own.close()
