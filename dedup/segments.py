"""Segments that similar files have in common: which of them go, and from where.

Files are taken in keeper priority, best first. A segment goes from a file where a better one, of those paired with it,
still has it and stays: so what a removal names is there. A segment goes as a whole, with those inside it, and only if
each of these is in such a file as well: a function whose comment is nowhere else stays. Of segments in one another the
outermost goes. A file of which too little is left goes altogether, and then nothing is removed because of it.

What may be compared at all is the caller's to say (`Piece`). The pairs decide, and no chain of them: of a ~ b ~ c,
where b lacks what a and c have in common, c keeps it.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

LITTLE_OF_ITS_OWN, TOO_LITTLE_LEFT = "little_of_its_own", "too_little_left"


class Piece(NamedTuple):
    """A segment of a file that is compared with those of others."""

    key: str  # equal where the segments are the same
    start: int  # bytes, half-open; those of a file are in order of start, outer before inner
    end: int
    may_go: bool  # False: others may go because of it, and it stays


class File(NamedTuple):
    """A file and what is compared of it."""

    node: bytes  # its name; names ascend in keeper priority
    n_bytes: int  # of content, without what is nobody's own, as licence headers
    pieces: Sequence[Piece]


class Cut(NamedTuple):
    """A piece that goes."""

    piece: int  # its place among the file's
    keeper: bytes  # the best of the files because of which it goes


class Outcome(NamedTuple):
    """What becomes of a file."""

    cuts: tuple[Cut, ...]  # outermost pieces, by start
    left: frozenset[str]  # keys of what it still has; none where it goes
    reason: str | None  # why it goes
    value: float | None  # share of bytes, or bytes, that are left
    limit: float | None
    keeper: bytes | None  # of a file that goes: the one that has most of its bytes, of equals the best


@dataclass(frozen=True, kw_only=True)
class Least:
    """What must be left of a file from which something goes."""

    own_share: float = 0.2
    """Of n_bytes, inclusive."""
    own_bytes: int = 64
    """Inclusive."""


def deduplicate(files: Sequence[File], pairs: Iterable[tuple[int, int]], least: Least) -> list[Outcome]:
    """What becomes of each file, in the order given; pairs are of places among them, in any order.

    ValueError where two files have one name.
    """
    order = sorted(range(len(files)), key=lambda place: files[place].node)
    if any(files[a].node == files[b].node for a, b in pairwise(order)):
        raise ValueError("two files have the same name: names must be of one file each")
    rank = {place: at for at, place in enumerate(order)}
    better: list[list[int]] = [[] for _ in files]
    for one, other in {(min(pair, key=rank.__getitem__), max(pair, key=rank.__getitem__)) for pair in pairs}:
        better[other].append(one)
    found: dict[int, Outcome] = {}
    for place in order:
        keepers = ((files[one].node, found[one].left) for one in sorted(better[place], key=rank.__getitem__))
        found[place] = decide(files[place], keepers, least)
    return [found[place] for place in range(len(files))]


def decide(file: File, keepers: Iterable[tuple[bytes, frozenset[str]]], least: Least) -> Outcome:
    """What becomes of one file, by what its better neighbours still have: (node, keys), best first."""
    own = {piece.key for piece in file.pieces}
    held: dict[str, bytes] = {}
    for node, keys in keepers:
        for key in own & keys:
            held.setdefault(key, node)
    cuts = tuple(_cuts(file.pieces, held))
    if not cuts:
        return Outcome((), frozenset(own), None, None, None, None)
    spans = [(file.pieces[cut.piece].start, file.pieces[cut.piece].end) for cut in cuts]
    left = file.n_bytes - sum(end - start for start, end in spans)
    share = left / file.n_bytes if file.n_bytes > 0 else 0.0
    if share < least.own_share or left < least.own_bytes:
        told = (LITTLE_OF_ITS_OWN, share, least.own_share)
        if share >= least.own_share:
            told = (TOO_LITTLE_LEFT, float(left), float(least.own_bytes))
        return Outcome(cuts, frozenset(), *told, _most_of(file.pieces, cuts))
    stay = frozenset(piece.key for piece in file.pieces if not _is_inside(piece, spans))
    return Outcome(cuts, stay, None, None, None, None)


def _cuts(pieces: Sequence[Piece], held: Mapping[str, bytes]) -> Iterable[Cut]:
    """Outermost pieces that may go and are held by others, with all that is inside them."""
    gone = 0
    around: list[int] = []  # ends of the pieces that are open
    for place, piece in enumerate(pieces):
        around = [end for end in around if end > piece.start]
        crosses = any(end < piece.end for end in around)
        around.append(piece.end)
        if piece.start < gone or crosses or not piece.may_go or piece.key not in held:
            continue
        inner = place + 1
        while inner < len(pieces) and pieces[inner].start < piece.end:
            if pieces[inner].key not in held or pieces[inner].end > piece.end:
                break
            inner += 1
        else:
            yield Cut(place, held[piece.key])
            gone = piece.end


def _is_inside(piece: Piece, spans: list[tuple[int, int]]) -> bool:
    place = bisect_right(spans, piece.start, key=lambda span: span[0]) - 1
    return place >= 0 and piece.end <= spans[place][1]


def _most_of(pieces: Sequence[Piece], cuts: Iterable[Cut]) -> bytes:
    n_bytes: dict[bytes, int] = {}
    for cut in cuts:
        n_bytes[cut.keeper] = n_bytes.get(cut.keeper, 0) + pieces[cut.piece].end - pieces[cut.piece].start
    return min(n_bytes, key=lambda node: (-n_bytes[node], node))
