"""How much of a card's peak a run uses."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

import torch

from train.model import ModelConfig
from train.presets import n_parameters

# Dense peak in TFLOPS of matrix products in bfloat16 or float16 with float32 sums, without sparsity, by NVIDIA's data
# sheets; the first entry whose words are all in the name counts, as the driver writes it: an H100 without PCIe or NVL
# in its name is an SXM.
_PEAK_TFLOPS: tuple[tuple[tuple[str, ...], float], ...] = (
    (("GB200",), 2500.0),
    (("B200",), 2250.0),
    (("B100",), 1750.0),
    (("H200", "NVL"), 835.5),
    (("H200",), 989.4),
    (("GH200",), 989.4),
    (("H100", "NVL"), 835.5),
    (("H100", "PCIe"), 756.0),
    (("H100",), 989.4),
    (("H800",), 989.4),
    (("H20",), 148.0),
    (("A100",), 312.0),
    (("A800",), 312.0),
    (("A40",), 149.7),
    (("A30",), 165.0),
    (("A10",), 125.0),
    (("L40S",), 362.05),
    (("L40",), 181.05),
    (("L4",), 121.0),
    (("RTX 6000 Ada",), 364.2),
    (("RTX 5090",), 209.5),
    (("RTX 4090",), 165.2),
    (("RTX 3090",), 71.0),
    (("V100",), 125.0),
    (("T4",), 65.0),
)


def peak_flops(card: str) -> float | None:
    """The card's dense peak in FLOP/s for 16-bit matrix products, None for a card that the table does not know."""
    found = (tflops for words, tflops in _PEAK_TFLOPS if all(word in card for word in words))
    tflops = next(found, None)
    return None if tflops is None else tflops * 1e12


def flops_per_token(config: ModelConfig, sequence_length: int, *, adapters_only: bool = False) -> float:
    """Operations to train on one token: 6 N + 12 L H C T (PaLM, Chowdhery et al. 2022, appendix B).

    N are the parameters without embedding tables, which are looked up, and with the head, which is multiplied by, tied
    or not. Attention counts whole sequences as that paper does: causal and document masks make the true number smaller
    and so the utilisation told larger, by at most 12 L H C T / (6 N + 12 L H C T). What is recomputed does not count.
    With `adapters_only` it is 4 N: frozen weights have no gradients; the adapters' own operations, under a hundredth,
    are left out.
    """
    looked_up = config.max_positions * config.d_model if config.positions == "learned" else 0
    looked_up += 0 if config.tied else config.vocab_size * config.d_model
    n = n_parameters(config) - looked_up
    return (4.0 if adapters_only else 6.0) * n + 12.0 * config.n_layers * config.d_model * sequence_length


class Speed:
    """Tokens a second, the share of the cards' peak, and the share of time in which the data was waited for.

    The peak is that of 16-bit products: in float32 (`half` false) no share is told.
    """

    def __init__(
        self,
        config: ModelConfig,
        sequence_length: int,
        device: torch.device,
        n_cards: int,
        *,
        half: bool = True,
        adapters_only: bool = False,
    ):
        self.device, self.n_cards = device, n_cards
        self.flops = flops_per_token(config, sequence_length, adapters_only=adapters_only)
        self.card = torch.cuda.get_device_name(device) if device.type == "cuda" else None
        self.peak = peak_flops(self.card) if self.card and half else None
        self.unknown_card = self.card if self.card and half and self.peak is None else None
        self._again()

    def _again(self) -> None:
        self.began, self.waited, self.n_tokens, self.n_steps = time.perf_counter(), 0.0, 0, 0

    @contextmanager
    def waiting(self) -> Iterator[None]:
        """Around the wait for a step's data."""
        began = time.perf_counter()
        yield
        self.waited += time.perf_counter() - began

    def trained(self, n_tokens: int) -> None:
        """A step is done, on so many tokens over all cards; padding counts, for the cards work on it."""
        self.n_tokens += n_tokens
        self.n_steps += 1

    def since_last(self) -> dict[str, float | None]:
        """Figures since they were last asked for; memory in GB, the most that was allocated and reserved."""
        seconds = time.perf_counter() - self.began
        rate = self.n_tokens / seconds
        cuda = self.device.type == "cuda"
        told = {
            "tokens_per_s": rate,
            "step_s": seconds / max(1, self.n_steps),
            "mfu": rate * self.flops / (self.peak * self.n_cards) if self.peak else None,
            "data_wait_share": self.waited / seconds,
            "memory_gb": torch.cuda.max_memory_allocated(self.device) / 1e9 if cuda else None,
            "memory_reserved_gb": torch.cuda.max_memory_reserved(self.device) / 1e9 if cuda else None,
        }
        self._again()
        return told
