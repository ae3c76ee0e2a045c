"""Estimates of the divergence KL(policy || reference) from single tokens that the policy drew.

Source: Schulman 2020, "Approximating KL Divergence". With x = log reference - log policy: k1 = -x is unbiased and may
be negative, k2 = x^2 / 2 is biased with little variance, k3 = e^x - x - 1 is unbiased and never negative. x is clamped
to +-20, so that one token of which the two think differently cannot overflow.
"""

from __future__ import annotations

from typing import Literal

from torch import Tensor

KlForm = Literal["k1", "abs", "k2", "k3"]
LOG_RATIO_BOUND = 20.0


def kl(form: KlForm, logp: Tensor, reference_logp: Tensor) -> Tensor:
    """The estimate of each token, shaped like the log-probabilities; gradients go through `logp`."""
    x = (reference_logp - logp).clamp(-LOG_RATIO_BOUND, LOG_RATIO_BOUND)
    match form:
        case "k1":
            return -x
        case "abs":
            return x.abs()
        case "k2":
            return x.square() / 2
        case "k3":
            return x.exp() - x - 1
