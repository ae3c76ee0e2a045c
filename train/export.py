"""Weights in and out: safetensors with config.json, as transformers and the servers built on it read them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import torch
from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor

from curate.errors import WrongUse
from train.chat import RoleNames, template
from train.layouts import LAYOUTS, Layout, fused, layout_for, our_config, part_of, their_config
from train.model import Decoder, ModelConfig
from train.special_tokens import CHAT_END, CHAT_START, END_OF_TEXT
from train.trained import TOKENIZER

_INDEX = "model.safetensors.index.json"
_SINGLE = "model.safetensors"
_DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}


def read_config(folder: str | Path) -> ModelConfig:
    """The configuration of an exported or public model. WrongUse where there is none, or none of ours."""
    return our_config(_json(Path(folder) / "config.json"))


def load_weights(model: Decoder, folder: str | Path) -> None:
    """Fill a model, sharded or not, from a folder with config.json and safetensors, one file or several.

    Adapters stay as they are. Every rank reads for itself. WrongUse where a tensor is missing or misshapen.
    """
    from torch.distributed.tensor import DTensor, distribute_tensor

    folder = Path(folder)
    layout = LAYOUTS[_json(folder / "config.json")["model_type"]]
    with ExitStack() as stack, torch.no_grad():
        read = _Reader(folder, stack)
        for name, parameter in model.named_parameters():
            if "lora_" in name:
                continue
            whole = read.parameter(model.config, layout, name)
            if whole.shape != parameter.shape:
                raise WrongUse(f"{folder}: {name} has the shape {tuple(whole.shape)}, not {tuple(parameter.shape)}")
            if isinstance(parameter, DTensor):
                whole = whole.to(parameter.device, parameter.dtype)
                whole = distribute_tensor(whole, parameter.device_mesh, parameter.placements, src_data_rank=None)
            parameter.copy_(whole)


class _Reader:
    """Tensors by their names, over all files of a folder, each opened once."""

    def __init__(self, folder: Path, stack: ExitStack):
        self.folder, self.stack = folder, stack
        names = _json(folder / _INDEX)["weight_map"] if (folder / _INDEX).exists() else None
        self.files: dict[str, Any] = {}
        self.where: dict[str, str] = names or dict.fromkeys(self._file(_SINGLE).keys(), _SINGLE)

    def _file(self, name: str) -> Any:
        if name not in self.files:
            try:
                opened = safe_open(self.folder / name, framework="pt")
            except OSError as error:
                raise WrongUse(f"{self.folder / name} cannot be read: {error}") from None
            self.files[name] = self.stack.enter_context(opened)
        return self.files[name]

    def parameter(self, config: ModelConfig, layout: Layout, name: str) -> Tensor:
        """Our parameter `name`, cut from theirs where theirs holds three."""
        theirs, part = layout.place(name)
        if theirs not in self.where:  # folders made from the bare model leave the family's prefix out
            theirs = theirs.partition(".")[2]
        if theirs not in self.where:
            raise WrongUse(f"{self.folder} has no tensor {layout.place(name)[0]!r}; it has {len(self.where)} others")
        whole = self._file(self.where[theirs]).get_tensor(theirs)
        return part_of(config, whole, part) if part else whole


def export(
    model: Decoder,
    folder: str | Path,
    *,
    dtype: str = "bfloat16",
    max_shard_bytes: int = 5_000_000_000,
    tokenizer: Path | None = None,
    chat: RoleNames | None = None,
) -> Path:
    """Write a whole (not sharded) model as config.json and safetensors, in several files above `max_shard_bytes`.

    The layout is the one that can hold the model: GPT-NeoX, Llama or GPT-BigCode. `dtype` is float32, bfloat16 or
    float16. `tokenizer`, a tokenizer.json, is copied, and its end of text named as what ends a text; with `chat`, the
    roles' names of a model that chats, its template is written and what ends a text is the end of a turn. Returns the
    folder. WrongUse where no layout fits or the dtype is another.
    """
    if dtype not in _DTYPES:
        raise WrongUse(f"dtype is {dtype!r} and must be one of {', '.join(_DTYPES)}")
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    config = their_config(model.config) | {"dtype": dtype, "torch_dtype": dtype}
    if tokenizer is not None:
        config |= _put_tokenizer(tokenizer, folder, chat)
    (folder / "config.json").write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")
    shards = list(_shards(model, _DTYPES[dtype], max_shard_bytes))
    names = [_SINGLE] if len(shards) == 1 else _shard_names(len(shards))
    where: dict[str, str] = {}
    for name, keys in zip(names, shards, strict=True):
        tensors = {key: _theirs(model, key).to(_DTYPES[dtype]).contiguous() for key in keys}
        save_file(tensors, folder / name, metadata={"format": "pt"})
        where |= dict.fromkeys(keys, name)
    if len(shards) > 1:
        size = sum(_n_bytes(model, _DTYPES[dtype]).values())
        index = {"metadata": {"total_size": size}, "weight_map": where}
        (folder / _INDEX).write_text(json.dumps(index, indent=2) + "\n", encoding="utf-8")
    return folder


def _put_tokenizer(tokenizer: Path, folder: Path, chat: RoleNames | None) -> dict[str, Any]:
    """Write tokenizer.json and tokenizer_config.json; gives config.json's fields on where texts begin and end.

    Without them transformers takes its family's own ids for the end, which are other tokens here.
    """
    text = tokenizer.read_text(encoding="utf-8")
    added = {one["content"]: one["id"] for one in json.loads(text)["added_tokens"]}
    told: dict[str, Any] = {"tokenizer_class": "PreTrainedTokenizerFast"}
    end = CHAT_END if chat else END_OF_TEXT
    if end in added:
        told |= {"eos_token": end}
    if chat:
        told |= {"chat_template": template(chat), "additional_special_tokens": [CHAT_START, CHAT_END]}
    (folder / TOKENIZER).write_text(text, encoding="utf-8")
    (folder / "tokenizer_config.json").write_text(json.dumps(told, indent=2) + "\n", encoding="utf-8")
    return {"bos_token_id": added.get(END_OF_TEXT), "eos_token_id": added.get(end)}


def _shard_names(n: int) -> list[str]:
    return [f"model-{i:05d}-of-{n:05d}.safetensors" for i in range(1, n + 1)]


def _places(model: Decoder) -> dict[str, dict[str | None, Tensor]]:
    """Their names, each with our parameters that make it."""
    layout = layout_for(model.config)
    found: dict[str, dict[str | None, Tensor]] = {}
    for name, parameter in model.named_parameters():
        theirs, part = layout.place(name)
        found.setdefault(theirs, {})[part] = parameter.detach()
    return found


def _theirs(model: Decoder, name: str) -> Tensor:
    parts = _places(model)[name]
    return parts[None] if None in parts else fused(model.config, {str(part): one for part, one in parts.items()})


def _n_bytes(model: Decoder, dtype: torch.dtype) -> dict[str, int]:
    return {
        name: sum(part.numel() for part in parts.values()) * dtype.itemsize for name, parts in _places(model).items()
    }


def _shards(model: Decoder, dtype: torch.dtype, max_bytes: int) -> Iterator[list[str]]:
    """Their names in order, cut into files of at most `max_bytes`; a tensor over that has a file of its own."""
    keys: list[str] = []
    size = 0
    for name, n_bytes in _n_bytes(model, dtype).items():
        if keys and size + n_bytes > max_bytes:
            yield keys
            keys, size = [], 0
        keys.append(name)
        size += n_bytes
    yield keys


def _json(path: Path) -> dict[str, Any]:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise WrongUse(f"{path} cannot be read: {error}") from None
