"""Definitions of variables and the uses they reach, over a flow graph: reaching definitions by a worklist of bit sets.

What a statement reads is read before what it writes is written, apart from expressions that bind a name for the rest of
their own statement (`:=`, `int i = 0, j = i`). Along an exception both what was there before a statement and what it
wrote go on. Names of other functions (globals, fields, closures) have no definition here and therefore no chain.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable
from typing import NamedTuple

from tree_sitter import Node

from analyzers.syntax.facts.accesses import Access, Accesses, accesses
from analyzers.syntax.facts.flow import Edge, Flow, graph_of

MOST_CHAINS = 50_000  # of a function; with more it has none: every definition could reach every use
MOST_VISITS = 30  # of a statement on average; real functions take two or three

Chain = tuple[str, int, int]


class FlowFacts(NamedTuple):
    """Edges of a function, and chains: a name, where it is written, where that value is read."""

    edges: list[Edge]
    chains: list[Chain]


def flow_of(
    function: Node, source: bytes, language: str, parameters: Iterable[tuple[str, int]] = ()
) -> FlowFacts | None:
    """Flow graph and chains of a function; `parameters` are names and places. None where no flow is followed.

    Chains are left out, all of them, beyond the bounds above.
    """
    graph = graph_of(function, source, language)
    if graph is None:
        return None
    found = accesses(graph, source, language)
    found.written[graph.entry] = [Access(name.encode(), place) for name, place in parameters]
    return FlowFacts(graph.edges, chains(graph, found))


def chains(graph: Flow, found: Accesses) -> list[Chain]:
    """Every pair of a definition and a use that it reaches, sorted; none at all beyond the bounds."""
    written = found.written
    every = [(place, one) for place in sorted(written) for one in written[place]]
    of_name: dict[bytes, int] = defaultdict(int)
    own: dict[int, int] = defaultdict(int)
    for bit, (place, one) in enumerate(every):
        of_name[one.name] |= 1 << bit
        own[place] |= 1 << bit
    reaching = _reaching(graph, written, own, of_name)
    if reaching is None:
        return []
    pairs: set[Chain] = set()
    for place, uses in found.read.items():
        at_once = [one for one in written.get(place, ()) if one.at_once]
        for name, at in uses:
            left = reaching.get(place, 0) & of_name.get(name, 0)
            while left:
                bit = left & -left
                pairs.add((_text(name), every[bit.bit_length() - 1][1].place, at))
                left ^= bit
            pairs.update((_text(name), one.place, at) for one in at_once if one.name == name and one.place < at)
            if len(pairs) > MOST_CHAINS:
                return []
    return sorted(pairs)


def _reaching(
    graph: Flow, written: dict[int, list[Access]], own: dict[int, int], of_name: dict[bytes, int]
) -> dict[int, int] | None:
    """Definitions that reach the beginning of each statement; None where that takes too long."""
    follows: dict[int, list[tuple[int, bool]]] = defaultdict(list)
    for start, end, kind in graph.edges:
        follows[start].append((end, kind == "exception"))
    kept = {place: ~_union(of_name[one.name] for one in found) for place, found in written.items() if found}
    before: dict[int, int] = {graph.entry: 0}
    waiting, queued = deque([graph.entry]), {graph.entry}
    left = MOST_VISITS * (len(graph.heads) + 1)
    while waiting:
        left -= 1
        if left < 0:
            return None
        place = waiting.popleft()
        queued.discard(place)
        reached = before[place]
        after = (reached & kept[place]) | own[place] if place in kept else reached
        for end, raised in follows[place]:
            value = before.get(end, 0) | after | (reached if raised else 0)
            if value != before.get(end, -1):
                before[end] = value
                if end not in queued:
                    queued.add(end)
                    waiting.append(end)
    return before


def _union(masks: Iterable[int]) -> int:
    whole = 0
    for mask in masks:
        whole |= mask
    return whole


def _text(name: bytes) -> str:
    return name.decode("utf-8", "replace")
