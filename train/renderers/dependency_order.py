"""An order of files in which what is imported comes before what imports it (DeepSeek-Coder).

Files that import one another in a circle cannot all come after what they import: of those, the one with the fewest
imports that have not come yet goes first, and so on. DeepSeek-Coder takes that one among all files that are left; here
it is taken within the circle alone, so that no import is out of order but those that are part of a circle.
"""

from __future__ import annotations

import heapq
from collections.abc import Sequence, Set


def dependency_order(imports: Sequence[Set[int]]) -> list[int]:
    """Places 0 to n-1 in such an order; `imports[i]` are the places that i imports. What it imports of itself counts
    for nothing.

    Files that are connected stay together, in the order of their first place, and places decide wherever imports do
    not. O((n + imports) log n), and no recursion.
    """
    circle_of, circles = _circles(imports)
    group_of = _connected(imports)
    waits: list[set[int]] = [set() for _ in circles]
    for place, imported in enumerate(imports):
        waits[circle_of[place]] |= {circle_of[one] for one in imported}
    importers: list[list[int]] = [[] for _ in circles]
    n_waits = []
    for circle, others in enumerate(waits):
        others.discard(circle)
        n_waits.append(len(others))
        for other in others:
            importers[other].append(circle)
    ranks = [(group_of[members[0]], members[0]) for members in circles]
    ready = [(ranks[circle], circle) for circle, n in enumerate(n_waits) if not n]
    heapq.heapify(ready)
    order: list[int] = []
    while ready:
        _, circle = heapq.heappop(ready)
        order += _opened(circles[circle], imports)
        for other in importers[circle]:
            n_waits[other] -= 1
            if not n_waits[other]:
                heapq.heappush(ready, (ranks[other], other))
    return order


def _opened(members: list[int], imports: Sequence[Set[int]]) -> list[int]:
    """The files of one circle: again and again the one with the fewest imports that are left."""
    if len(members) == 1:
        return members
    own = set(members)
    left = {one: (imports[one] & own) - {one} for one in members}
    importers: dict[int, list[int]] = {one: [] for one in members}
    for one, others in left.items():
        for other in others:
            importers[other].append(one)
    counts = {one: len(others) for one, others in left.items()}
    heap = [(count, one) for one, count in counts.items()]
    heapq.heapify(heap)
    order: list[int] = []
    while heap:
        count, one = heapq.heappop(heap)
        if counts.get(one) != count:
            continue  # it has a lower count by now, or came already
        order.append(one)
        del counts[one]
        for other in importers[one]:
            if other in counts:
                counts[other] -= 1
                heapq.heappush(heap, (counts[other], other))
    return order


def _circles(imports: Sequence[Set[int]]) -> tuple[list[int], list[list[int]]]:
    """Which circle each place is in, and the places of each, sorted: strongly connected components (Tarjan 1972)."""
    n = len(imports)
    number, low = [-1] * n, [0] * n
    circle_of = [-1] * n
    circles: list[list[int]] = []
    path: list[int] = []  # places that are in no circle yet, in the order they were met
    counter = 0
    for root in range(n):
        if number[root] >= 0:
            continue
        number[root] = low[root] = counter
        counter += 1
        path.append(root)
        walk = [(root, iter(sorted(imports[root])))]
        while walk:
            place, others = walk[-1]
            other = next(others, None)
            if other is None:
                walk.pop()
                if walk:
                    low[walk[-1][0]] = min(low[walk[-1][0]], low[place])
                if low[place] == number[place]:
                    circles.append([])
                    while circle_of[place] < 0:
                        member = path.pop()
                        circle_of[member] = len(circles) - 1
                        circles[-1].append(member)
                    circles[-1].sort()
            elif number[other] < 0:
                number[other] = low[other] = counter
                counter += 1
                path.append(other)
                walk.append((other, iter(sorted(imports[other]))))
            elif circle_of[other] < 0:
                low[place] = min(low[place], number[other])
    return circle_of, circles


def _connected(imports: Sequence[Set[int]]) -> list[int]:
    """For each place the lowest one that imports lead to in whatever direction: union by the lower place."""
    above = list(range(len(imports)))

    def lowest(place: int) -> int:
        while above[place] != place:
            above[place] = above[above[place]]
            place = above[place]
        return place

    for place, others in enumerate(imports):
        for other in others:
            one, two = sorted((lowest(place), lowest(other)))
            above[two] = one
    return [lowest(place) for place in range(len(imports))]
