"""Ablations: one model trained on two curations of one input, and compared on what neither has seen."""
