"""Pretraining on packed tokens: what it brings to the loop of train.loop."""

from __future__ import annotations

from typing import Any

import xxhash

from curate.errors import WrongUse
from train.batches import Batches, Source, labels_of
from train.config import PretrainConfig
from train.console import Face
from train.export import TOKENIZER
from train.loop import Work, carry_out
from train.order import Mixture
from train.packed import Packed
from train.parallel import World, joined
from train.start import begin
from train.validation import Validation, packed_validation

_SAME_TO_RESUME = ("model", "model_changes", "lora", "init_from", "data", "global_batch", "seed", "precision")


def pretrain(config: PretrainConfig, *, face: Face = "auto") -> dict[str, Any]:
    """Train to the last step, from the newest checkpoint in `out` where there is one; gives the last row of the trace.

    WrongUse for a configuration that cannot run or another one than `out` was begun with; see `carry_out`.
    """
    with joined(config.tensor_parallel, alone_with_mesh=config.precision != "float32") as world:
        config.accumulation(world.data_size)
        begin(config, world, _SAME_TO_RESUME)
        packed = [Packed(source.path) for source in config.data.sources]
        _check_vocabulary(packed, config)
        _bring_tokenizer(packed, config, world)
        work = Work(
            config=config,
            world=world,
            feed=batches_for(config, packed, world),
            sequence_length=config.data.sequence_length,
            validation=_validation(config, world),
            validate_every=config.validation.every if config.validation else 1,
        )
        return carry_out(work, face)


def batches_for(config: PretrainConfig, packed: list[Packed], world: World) -> Batches:
    """The run's batches, as this rank sees them."""
    names = [f"source {i}" for i in range(len(packed))]
    sources = [
        Source(one, room=config.data.sequence_length, seed=config.seed, name=name, fim_rate=config.data.fim_rate)
        for one, name in zip(packed, names, strict=True)
    ]
    return Batches(
        sources=sources,
        mixture=Mixture([source.weight for source in config.data.sources], config.seed),
        labels=[labels_of(packed), *(labels_of(packed, tag) for tag in config.data.tags)],
        global_batch=config.global_batch,
        rank=world.data_rank,
        world=world.data_size,
        mask_documents=config.data.mask_documents,
        ahead=config.data.ahead,
    )


def _validation(config: PretrainConfig, world: World) -> Validation | None:
    if config.validation is None:
        return None
    data = config.data
    return packed_validation(
        config.validation,
        room=data.sequence_length,
        micro_batch=config.micro_batch,
        mask_documents=data.mask_documents,
        world=world,
    )


def _check_vocabulary(packed: list[Packed], config: PretrainConfig) -> None:
    """Ids over the embedding would end in an assertion on the card, of which none can read the cause."""
    size = config.model_config_of().vocab_size
    for one in packed:
        known = 0 if one.token_bytes is None else len(one.token_bytes)
        needed = max([known, *(number + 1 for number in one.meta["special_tokens"].values())])
        if needed > size:
            raise WrongUse(
                f"{one.folder} has {needed} ids of tokens and the model's vocab_size is {size}: "
                f"set model_changes.vocab_size to {needed} or more"
            )


def _bring_tokenizer(packed: list[Packed], config: PretrainConfig, world: World) -> None:
    """Copy the tokenizer, where one is named, into `out`, after a look at whether the data were packed with it."""
    if config.tokenizer is None:
        return
    try:
        content = config.tokenizer.read_bytes()
    except OSError as error:
        raise WrongUse(f"tokenizer: {config.tokenizer} cannot be read: {error}") from None
    found = xxhash.xxh3_128_hexdigest(content)
    for one in packed:
        if one.meta["tokenizer_hash"] not in ("", found):  # "": the packer was not told
            raise WrongUse(
                f"{one.folder} was packed with a tokenizer of hash {one.meta['tokenizer_hash']} and "
                f"{config.tokenizer} has {found}: name the one that it was packed with"
            )
    if world.rank == 0:
        (config.out / TOKENIZER).write_bytes(content)
