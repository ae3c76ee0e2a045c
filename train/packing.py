"""Documents into sequences of fixed length: best fit, so that few tokens are padding and none that fit are cut.

Best-fit decreasing (Ding et al. 2024, "Fewer truncations improve language modeling"): pieces by falling length, each
into the fullest sequence that still has room. Documents longer than a sequence are cut into pieces first.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Pieces:
    """Parts of documents, a row a piece; `size` is what it fills, fill-in-the-middle's three tokens included."""

    document: np.ndarray
    start: np.ndarray  # first token within the document
    n_tokens: np.ndarray
    size: np.ndarray


def cut(documents: np.ndarray, lengths: np.ndarray, extra: np.ndarray, room: int) -> Pieces:
    """Documents of these lengths as pieces that fit a sequence of `room` tokens with `extra` tokens each."""
    most = room - extra
    n_pieces = -(-lengths // most)
    owner = np.repeat(np.arange(len(documents)), n_pieces)
    number = np.arange(len(owner)) - np.repeat(np.cumsum(n_pieces) - n_pieces, n_pieces)
    start = number * most[owner]
    n_tokens = np.minimum(most[owner], lengths[owner] - start)
    return Pieces(documents[owner], start, n_tokens, n_tokens + extra[owner])


def best_fit(sizes: np.ndarray, room: int) -> list[list[int]]:
    """Sequences as lists of piece numbers. Every size must be in 1..room.

    Rooms that are left are bits of one integer: the lowest bit at or above a size is the fullest sequence that takes
    it. About 3 microseconds a piece.
    """
    sequences: list[list[int]] = []
    by_room: list[list[int]] = [[] for _ in range(room + 1)]
    open_rooms = 0
    order = np.argsort(-sizes, kind="stable").tolist()
    for piece, size in zip(order, sizes[order].tolist(), strict=True):
        fitting = open_rooms >> size
        if fitting:
            left = size + (fitting & -fitting).bit_length() - 1
            sequence = by_room[left].pop()
            if not by_room[left]:
                open_rooms ^= 1 << left
        else:
            left, sequence = room, len(sequences)
            sequences.append([])
        sequences[sequence].append(piece)
        left -= size
        if left:
            by_room[left].append(sequence)
            open_rooms |= 1 << left
    return sequences
