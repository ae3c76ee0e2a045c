"""Pretraining on packed tokens or on finished runs as they are: what it brings to the loop of train.loop.

OUT/held_out/  finished runs that are validated on, as packed tokens
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import xxhash

from curate.errors import WrongUse
from curate.shards import MANIFEST, Run
from train.batches import Batches
from train.config import PretrainConfig
from train.console import Face
from train.labels import Labels, check_tags, labels_of
from train.loop import Work, carry_out
from train.order import Lanes
from train.packed import Packed
from train.parallel import World, joined
from train.renderers.document import RenderConfig
from train.sequences import Sequences, Source
from train.start import begin
from train.streamed import Streamed, StreamedSource, values_of
from train.tokenizer import Tokenizer
from train.trained import TOKENIZER
from train.validation import Validation, packed_validation

_SAME_TO_RESUME = ("model", "model_changes", "lora", "init_from", "data", "global_batch", "seed", "precision")
_MOST_LANES, _BLOCKS_A_LANE = 8, 16  # where the configuration leaves lanes open

Corpus = Packed | Streamed


def pretrain(config: PretrainConfig, *, face: Face = "auto") -> dict[str, Any]:
    """Train to the last step, from the newest checkpoint in `out` where there is one; gives the last row of the trace.

    WrongUse for a configuration that cannot run or another one than `out` was begun with; see `carry_out`.
    """
    with joined(config.tensor_parallel, alone_with_mesh=config.precision != "float32") as world:
        config.accumulation(world.data_size)
        begin(config, world, _SAME_TO_RESUME)
        corpora = [opened(source.path, config, world) for source in config.data.sources]
        _check_vocabulary(corpora, config)
        _bring_tokenizer(corpora, config, world)
        work = Work(
            config=config,
            world=world,
            feed=batches_for(config, corpora, world),
            sequence_length=config.data.sequence_length,
            validation=_validation(config, world),
            validate_every=config.validation.every if config.validation else 1,
        )
        return carry_out(work, face)


def batches_for(config: PretrainConfig, corpora: Sequence[Corpus], world: World) -> Batches:
    """The run's batches, as this rank sees them."""
    lanes = _lanes(config, corpora)
    all_lanes = [*corpora] * lanes
    labels = [labels_of(all_lanes), *(labels_of(all_lanes, tag) for tag in config.data.tags)]
    check_tags(labels, "data.tags")
    return Batches(
        sources=[
            _source(one, f"source {i}", config, labels, lane, lanes)
            for lane in range(lanes)
            for i, one in enumerate(corpora)
        ],
        mixture=Lanes(config.data.phases(), config.seed, lanes=lanes, global_batch=config.global_batch),
        labels=labels,
        global_batch=config.global_batch,
        rank=world.data_rank,
        world=world.data_size,
        mask_documents=config.data.mask_documents,
        ahead=config.data.ahead,
    )


def _source(
    corpus: Corpus, name: str, config: PretrainConfig, labels: Sequence[Labels], lane: int, lanes: int
) -> Sequences[Any]:
    data = config.data
    if isinstance(corpus, Packed):
        place: dict[str, Any] = {"seed": config.seed, "name": name, "lane": lane, "lanes": lanes}
        return Source(corpus, room=data.sequence_length, fim_rate=data.fim_rate, **place)
    rendering = RenderConfig(
        repo_name_rate=data.repo_name_rate,
        path_rate=data.path_rate,
        stars_rate=data.stars_rate,
        fim_rate=data.fim_rate,
    )
    return StreamedSource(
        corpus,
        room=data.sequence_length,
        seed=config.seed,
        name=name,
        rendering=rendering,
        labels=labels,
        lane=lane,
        lanes=lanes,
    )


def _lanes(config: PretrainConfig, corpora: Sequence[Corpus]) -> int:
    """How many lanes there are: a function of configuration and data, not of the world."""
    blocks = [one.n_blocks for one in corpora if isinstance(one, Streamed)]
    asked = config.data.lanes
    if not blocks:
        return 1
    if asked is None:
        most = max(1, min(_MOST_LANES, min(blocks) // _BLOCKS_A_LANE))
        return next(n for n in range(most, 0, -1) if config.global_batch % n == 0)
    if config.global_batch % asked or asked > min(blocks):
        raise WrongUse(
            f"data.lanes is {asked} and must divide global_batch, {config.global_batch}, and be at most "
            f"{min(blocks)}, the blocks of the smallest run"
        )
    return asked


def opened(path: Path, config: PretrainConfig, world: World) -> Corpus:
    """A folder of packed tokens, or a finished run, looked through for benchmarks by one rank. WrongUse for others."""
    if not (path / MANIFEST).exists():
        return Packed(path)
    tokenizer, run = _tokenizer(config, path), Run(path)
    return Streamed(run, tokenizer, world.by_first(partial(_first_look, run, config.data.tags)))


def _first_look(run: Run, tags: Sequence[str]) -> dict[str, list[str]]:
    """The tags' values. WrongUse where a shard is an evaluation file; what was decontaminated is not read for it."""
    stages = run.manifest.get("recipe", {}).get("stages", ())
    if not any("decontaminate" in stage for stage in stages):
        from train.evaluate.refusal import refuse_evaluation_files

        refuse_evaluation_files(run.files("shards/"))
    return values_of(run, tags)


def _tokenizer(config: PretrainConfig, path: Path) -> Tokenizer:
    if config.tokenizer is None:
        raise WrongUse(f"{path} is a finished run, whose text is tokenised while training: name a tokenizer")
    return Tokenizer(config.tokenizer)


def _validation(config: PretrainConfig, world: World) -> Validation | None:
    if config.validation is None:
        return None
    data = config.data
    packed = [world.by_first(partial(_held_out, path, config)) for path in config.validation.sources]
    return packed_validation(
        config.validation.model_copy(update={"sources": tuple(packed)}),
        room=data.sequence_length,
        micro_batch=config.micro_batch,
        mask_documents=data.mask_documents,
        world=world,
    )


def _held_out(path: Path, config: PretrainConfig) -> Path:
    """The folder, or where it is a finished run, one with its packed tokens, plain files without metadata."""
    if not (path / MANIFEST).exists():
        return path
    from train.pack import pack
    from train.pack_config import PackConfig, PackSource

    tokenizer = _tokenizer(config, path)
    key = xxhash.xxh3_64_hexdigest((path / MANIFEST).read_bytes() + tokenizer.hash.encode())
    out = config.out / "held_out" / key
    if not (out / "meta.json").exists():
        rates = dict.fromkeys(("repo_name_rate", "path_rate", "stars_rate"), 0.0)
        pack(PackConfig(tokenizer=tokenizer.path, out=out, sources=(PackSource(run=path),), **rates))
    return out


def _check_vocabulary(corpora: Sequence[Corpus], config: PretrainConfig) -> None:
    """Ids over the embedding would end in an assertion on the card, of which none can read the cause."""
    size = config.model_config_of().vocab_size
    for one in corpora:
        if one.n_ids > size:
            raise WrongUse(
                f"{one.folder} has {one.n_ids} ids of tokens and the model's vocab_size is {size}: "
                f"set model_changes.vocab_size to {one.n_ids} or more"
            )


def _bring_tokenizer(corpora: Sequence[Corpus], config: PretrainConfig, world: World) -> None:
    """Copy the tokenizer, where one is named, into `out`, after a look at whether the data were packed with it."""
    if config.tokenizer is None:
        return
    try:
        content = config.tokenizer.read_bytes()
    except OSError as error:
        raise WrongUse(f"tokenizer: {config.tokenizer} cannot be read: {error}") from None
    found = xxhash.xxh3_128_hexdigest(content)
    for one in corpora:
        if isinstance(one, Packed) and one.meta["tokenizer_hash"] not in ("", found):  # "": the packer was not told
            raise WrongUse(
                f"{one.folder} was packed with a tokenizer of hash {one.meta['tokenizer_hash']} and "
                f"{config.tokenizer} has {found}: name the one that it was packed with"
            )
    if world.rank == 0:
        (config.out / TOKENIZER).write_bytes(content)
