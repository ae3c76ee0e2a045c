"""Low-rank adapters (Hu et al. 2021): y = W x + (alpha / rank) U (D x), with W frozen and U zero at first."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
from pydantic import BaseModel, ConfigDict, Field
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from curate.errors import WrongUse
from train.model import Decoder

_WEIGHTS, _CONFIG = "adapters.safetensors", "adapters.json"


class LoraConfig(BaseModel):
    """Rank and strength of adapters, and the layers that get one."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    rank: int = Field(default=16, ge=1)
    alpha: float = Field(default=32.0, gt=0)
    modules: tuple[str, ...] = ("query", "key", "value", "out", "gate", "up", "down")


class LoraLinear(nn.Linear):
    """A linear layer with an adapter. Its weight and bias keep their names and are frozen."""

    def __init__(self, base: nn.Linear, config: LoraConfig):
        factory: Any = {"device": base.weight.device, "dtype": base.weight.dtype}
        super().__init__(base.in_features, base.out_features, base.bias is not None, device="meta")
        self.weight, self.bias = base.weight, base.bias
        self.strength = config.alpha / config.rank
        self.lora_down = nn.Parameter(torch.empty(config.rank, base.in_features, **factory))
        self.lora_up = nn.Parameter(torch.zeros(base.out_features, config.rank, **factory))

    def forward(self, x: Tensor) -> Tensor:
        """The layer's output with the adapter's added."""
        y = nn.functional.linear(x, self.weight, self.bias)
        return y + nn.functional.linear(nn.functional.linear(x, self.lora_down), self.lora_up) * self.strength

    def merged(self) -> nn.Linear:
        """A plain layer that gives the same."""
        plain = nn.Linear(self.in_features, self.out_features, self.bias is not None, device="meta")
        plain.weight = nn.Parameter(self.weight.detach() + self.strength * self.lora_up @ self.lora_down)
        plain.bias = self.bias
        return plain


def apply_lora(model: Decoder, config: LoraConfig) -> None:
    """Put adapters on the named layers and freeze everything else, before sharding and before the first weights.

    WrongUse where no layer has one of the names.
    """
    model.requires_grad_(False)
    found = _linears(model, nn.Linear, config.modules)
    if not found:
        raise WrongUse(f"lora.modules is {', '.join(config.modules)} and no layer of the model has such a name")
    for parent, name, base in found:
        setattr(parent, name, LoraLinear(base, config))


def merge_lora(model: Decoder) -> None:
    """Add adapters to the weights and take them off; the model (not sharded) then exports like any other."""
    with torch.no_grad():
        for parent, name, adapted in _linears(model, LoraLinear):
            setattr(parent, name, adapted.merged())  # type: ignore[operator]
    model.requires_grad_(True)


def save_lora(model: Decoder, config: LoraConfig, folder: str | Path) -> None:
    """Write the adapters alone: adapters.safetensors and adapters.json."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    tensors = {name: one.detach().contiguous() for name, one in model.named_parameters() if "lora_" in name}
    save_file(tensors, folder / _WEIGHTS)
    (folder / _CONFIG).write_text(config.model_dump_json(indent=2) + "\n", encoding="utf-8")


def load_lora(model: Decoder, folder: str | Path) -> None:
    """Put saved adapters on a model without any. WrongUse where they belong to another shape."""
    folder = Path(folder)
    apply_lora(model, LoraConfig(**json.loads((folder / _CONFIG).read_text(encoding="utf-8"))))
    tensors = load_file(folder / _WEIGHTS)
    try:
        _, unexpected = model.load_state_dict(tensors, strict=False)
    except RuntimeError as error:
        raise WrongUse(f"{folder} has adapters of another model: {' '.join(str(error).split())}") from None
    if unexpected:
        raise WrongUse(f"{folder} has adapters of another model: {unexpected[0]} is not in this one")


def _linears(
    model: Decoder, kind: type[nn.Linear], names: tuple[str, ...] | None = None
) -> list[tuple[nn.Module, str, nn.Linear]]:
    return [
        (parent, name, child)
        for parent in list(model.layers.modules())
        for name, child in parent.named_children()
        if type(child) is kind and (names is None or name in names)
    ]
