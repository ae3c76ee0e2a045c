"""Many cards: FSDP2 over the data ranks, tensor and sequence parallelism within, under torchrun or alone."""

from __future__ import annotations

import os
import queue
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.distributed.device_mesh import DeviceMesh, init_device_mesh
from torch.distributed.fsdp import MixedPrecisionPolicy, fully_shard
from torch.distributed.rendezvous import rendezvous
from torch.distributed.tensor import DTensor, Replicate, Shard, distribute_module, distribute_tensor
from torch.distributed.tensor.parallel import (
    ColwiseParallel,
    ParallelStyle,
    PrepareModuleInput,
    RowwiseParallel,
    SequenceParallel,
    parallelize_module,
)

from curate.errors import CodemillError, WrongUse
from train.model import IGNORED, Decoder, ModelConfig

_TIMEOUT = timedelta(minutes=10)  # a rank that is gone ends the others' collectives after so long


_AT_WORK, _WORD_S = "at work", 20.0  # what rank 0 tells while others wait for it, and how often (seconds)


@dataclass(frozen=True, kw_only=True)
class World:
    """This process among the others: `mesh` has the dimensions data and tensor, None where nothing is split.

    Checkpoints have a group of their own, as they are written beside training, and so have small objects: what two
    threads send over one group waits for each other for ever.
    """

    device: torch.device
    mesh: DeviceMesh | None = None
    checkpoint_group: dist.ProcessGroup | None = None
    object_group: dist.ProcessGroup | None = None

    @property
    def rank(self) -> int:
        """Number of this process."""
        return dist.get_rank() if self.mesh else 0

    @property
    def size(self) -> int:
        """How many processes there are."""
        return self.mesh.size() if self.mesh else 1

    @property
    def data_rank(self) -> int:
        """Which part of each batch is this process's."""
        return self.mesh.get_local_rank("data") if self.mesh else 0

    @property
    def data_size(self) -> int:
        """How many parts a batch has."""
        return self.mesh["data"].size() if self.mesh else 1

    def sum(self, values: Tensor) -> Tensor:
        """Sum over all processes, in place."""
        if self.size > 1:
            dist.all_reduce(values)
        return values

    def same(self, value: Any) -> Any:
        """Rank 0's value of a small object, on all ranks."""
        if self.size == 1:
            return value
        box = [value]
        dist.broadcast_object_list(box, src=0, group=self.object_group)
        return box[0]

    def any(self, here: bool) -> bool:
        """Whether it is so on any process."""
        return bool(self.sum(torch.tensor([float(here)], device=self.device)).item()) if self.size > 1 else here

    def gathered(self, value: Any) -> list[Any]:
        """Every rank's value of a small object, on all ranks, in their order."""
        if self.size == 1:
            return [value]
        box: list[Any] = [None] * self.size
        dist.all_gather_object(box, value, group=self.object_group)
        return box

    def by_first(self, work: Callable[[], Any]) -> Any:
        """What `work` gives, done by rank 0 alone; all ranks raise what it raises for the user.

        The others hear from rank 0 all the while, so that work of hours wears out nobody's patience.
        """
        if self.size == 1:
            return work()
        if self.rank == 0:
            error, found = self._told_of(work)
            self.same((error, found if error is None else None))
        else:
            while (told := self.same(None)) == _AT_WORK:
                pass
            error, found = told
        if error is not None:
            raise error
        return found

    def _told_of(self, work: Callable[[], Any]) -> tuple[CodemillError | None, Any]:
        """Work done in a thread, and meanwhile a word to the other ranks now and then."""
        ended: queue.Queue[tuple[BaseException | None, Any]] = queue.Queue()
        threading.Thread(target=_done, args=(work, ended), daemon=True, name="first").start()
        while True:
            try:
                error, found = ended.get(timeout=_WORD_S)
            except queue.Empty:
                self.same(_AT_WORK)
                continue
            if error is None or isinstance(error, CodemillError):
                return error, found
            raise error


def _done(work: Callable[[], Any], ended: queue.Queue[tuple[BaseException | None, Any]]) -> None:
    try:
        ended.put((None, work()))
    except BaseException as error:
        ended.put((error, None))


def fill(model: Decoder, whole: Decoder, where: str) -> None:
    """A model's parameters, sharded or not, from a whole one on the CPU that every rank has. Adapters stay as they are.

    WrongUse, with `where` the whole one comes from, where one is missing or misshapen.
    """
    values = dict(whole.named_parameters())
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if "lora_" in name:
                continue
            value = values.get(name)
            if value is None or value.shape != parameter.shape:
                found = "missing" if value is None else f"of shape {tuple(value.shape)}"
                raise WrongUse(f"{where}: {name} is {found} and must be of shape {tuple(parameter.shape)}")
            own: Tensor = value.to(parameter.device, parameter.dtype)
            if isinstance(parameter, DTensor):
                own = distribute_tensor(own, parameter.device_mesh, parameter.placements, src_data_rank=None)
            parameter.copy_(own)


@contextmanager
def joined(tensor_parallel: int = 1, *, alone_with_mesh: bool = False) -> Iterator[World]:
    """The world that torchrun's variables tell of, left at the end; without them one process alone.

    `alone_with_mesh` gives one process a mesh of size 1, which sharding's mixed precision needs.
    """
    size = int(os.environ.get("WORLD_SIZE", "1"))
    if size % tensor_parallel:
        raise WrongUse(f"tensor_parallel is {tensor_parallel} and must divide the number of processes, {size}")
    cuda = torch.cuda.is_available()
    device = torch.device("cuda", int(os.environ.get("LOCAL_RANK", "0"))) if cuda else torch.device("cpu")
    if cuda:
        torch.cuda.set_device(device)
    store, rank = _meeting_place(size)
    backend = "cpu:gloo,cuda:nccl" if cuda else "gloo"
    dist.init_process_group(backend, store=store, rank=rank, world_size=size, timeout=_TIMEOUT)
    try:
        split = size > 1 or alone_with_mesh
        shape = (size // tensor_parallel, tensor_parallel)
        mesh = init_device_mesh(device.type, shape, mesh_dim_names=("data", "tensor")) if split else None
        checkpoints, objects = (dist.new_group(backend="gloo") for _ in range(2))
        yield World(device=device, mesh=mesh, checkpoint_group=checkpoints, object_group=objects)
    finally:
        dist.destroy_process_group()


def _meeting_place(size: int) -> tuple[dist.Store, int]:
    """The store in which processes find each other, and this one's rank.

    torchrun starts lost ranks again over the same store (torch 2.13): without the attempt's number before its keys, a
    process may find the addresses of one that is gone.
    """
    if size == 1:
        return dist.HashStore(), 0
    store, rank, _ = next(rendezvous("env://", timeout=_TIMEOUT))
    return dist.PrefixStore(f"attempt {os.environ.get('TORCHELASTIC_RESTART_COUNT', '0')}", store), rank


def shard(model: Decoder, world: World, *, precision: torch.dtype, compiled: bool) -> None:
    """Split a model (best on the meta device) over the world, and compile its layers; parameters stay float32.

    Computation is in `precision`; gradients are summed over the data ranks, in float32. Each layer is gathered when
    it is needed and let go again, after the forward pass and after the backward pass.
    """
    if world.mesh is not None and world.mesh["tensor"].size() > 1:
        _tensor_parallel(model, world.mesh["tensor"])
    if compiled:
        for layer in model.layers:
            layer.compile(fullgraph=True)
        if model.token_nll.__module__ == "train.model":
            model.token_nll = torch.compile(model.token_nll)
    if world.mesh is None:
        return
    policy = MixedPrecisionPolicy(param_dtype=precision, reduce_dtype=torch.float32, cast_forward_inputs=False)
    data = world.mesh["data"]
    for module in (*model.layers, model):
        kept = data.size() == 1 or module is model
        fully_shard(module, mesh=data, mp_policy=policy, reshard_after_forward=not kept)
        module.set_gradient_divide_factor(1.0)
        module.set_force_sum_reduction_for_comms(True)


def _tensor_parallel(model: Decoder, mesh: DeviceMesh) -> None:
    """Heads, feed-forward width and vocabulary over the ranks; tokens between the layers (Korthikanti et al. 2022)."""
    _check_divisible(model.config, mesh.size())
    rows = RowwiseParallel(input_layouts=Replicate(), output_layouts=Shard(1))
    one_kv_head = model.config.kv_heads == 1
    layer_plan: dict[str, ParallelStyle] = {
        "attention_norm": SequenceParallel(),
        "attention": _gathered(3),
        "attention.query": ColwiseParallel(),
        "attention.key": _OnEveryRank() if one_kv_head else ColwiseParallel(),
        "attention.value": _OnEveryRank() if one_kv_head else ColwiseParallel(),
        "attention.out": RowwiseParallel(output_layouts=Shard(1)),
        "mlp_norm": SequenceParallel(),
        "mlp": _gathered(1),
        "mlp.up": ColwiseParallel(),
        "mlp.gate": ColwiseParallel(),
        "mlp.down": RowwiseParallel(output_layouts=Shard(1)),
    }
    for layer in model.layers:
        present = dict(layer.named_modules())
        parallelize_module(layer, mesh, {name: style for name, style in layer_plan.items() if name in present})
    whole: dict[str, ParallelStyle] = {
        "embedding": rows,
        "norm": SequenceParallel(use_local_output=True),
        "head": ColwiseParallel(input_layouts=Shard(1)),
    }
    if model.config.positions == "learned":
        whole["position_embedding"] = rows
    parallelize_module(model, mesh, whole)
    model.tie()
    part = model.config.vocab_size // mesh.size()
    model.token_nll = partial(_sharded_nll, mesh.get_group(), mesh.get_local_rank() * part)


def _gathered(n_inputs: int) -> PrepareModuleInput:
    """The first input, split by tokens, whole again; the others as they are."""
    others = (None,) * (n_inputs - 1)
    return PrepareModuleInput(input_layouts=(Shard(1), *others), desired_input_layouts=(Replicate(), *others))


def _check_divisible(config: ModelConfig, size: int) -> None:
    widths = {"n_heads": config.n_heads, "d_ff": config.ff_width, "vocab_size": config.vocab_size}
    if config.kv_heads > 1:
        widths["n_kv_heads"] = config.kv_heads
    for name, width in widths.items():
        if width % size:
            raise WrongUse(f"tensor_parallel is {size} and must divide {name}, {width}")


class _OnEveryRank(ParallelStyle):
    """A layer that all ranks compute whole and of whose output each uses a part: its gradients are summed."""

    def _apply(self, module: nn.Module, device_mesh: DeviceMesh) -> nn.Module:
        group = device_mesh.get_group()

        def local(_: nn.Module, output: DTensor, __: DeviceMesh) -> Tensor:
            return _SummedGradient.apply(output.to_local(), group)

        return distribute_module(module, device_mesh, output_fn=local)  # type: ignore[arg-type]


class _SummedGradient(torch.autograd.Function):
    @staticmethod
    def forward(context: Any, x: Tensor, group: dist.ProcessGroup) -> Tensor:
        context.group = group
        return x.view_as(x)

    @staticmethod
    def backward(context: Any, gradient: Tensor) -> tuple[Tensor, None]:
        gradient = gradient.contiguous()
        dist.all_reduce(gradient, group=context.group)
        return gradient, None


def _sharded_nll(group: dist.ProcessGroup, first: int, logits_NV: Tensor, targets_N: Tensor) -> Tensor:
    """`train.model.token_nll` where each rank has the logits of its own part of the vocabulary, from `first` on."""
    apply: Callable[..., Tensor] = _ShardedNll.apply
    return apply(logits_NV.float(), targets_N, first, group)


class _ShardedNll(torch.autograd.Function):
    """log(sum of exp) - the target's logit, by three reductions over the vocabulary's parts (Megatron-LM)."""

    @staticmethod
    def forward(context: Any, logits_NV: Tensor, targets_N: Tensor, first: int, group: dist.ProcessGroup) -> Tensor:
        highest_N = logits_NV.amax(-1)
        dist.all_reduce(highest_N, dist.ReduceOp.MAX, group=group)
        shifted_NV = logits_NV - highest_N[:, None]
        own_N = targets_N - first
        here_N = (own_N >= 0) & (own_N < logits_NV.shape[-1])
        own_N = own_N.where(here_N, torch.zeros_like(own_N))
        target_N = shifted_NV.gather(-1, own_N[:, None])[:, 0] * here_N
        exponentials_NV = shifted_NV.exp_()
        both_2N = torch.stack((exponentials_NV.sum(-1), target_N))
        dist.all_reduce(both_2N, group=group)
        borne_N = targets_N != IGNORED
        context.save_for_backward(exponentials_NV / both_2N[0][:, None], own_N, here_N, borne_N)
        return (both_2N[0].log() - both_2N[1]) * borne_N

    @staticmethod
    def backward(context: Any, gradient_N: Tensor) -> tuple[Tensor, None, None, None]:
        shares_NV, own_N, here_N, borne_N = context.saved_tensors
        shares_NV = shares_NV.scatter_add(-1, own_N[:, None], -here_N[:, None].to(shares_NV.dtype))
        return shares_NV * (gradient_N * borne_N)[:, None], None, None, None
