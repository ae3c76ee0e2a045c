"""Batches made in the background, a few ahead of the step that is computed."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator
from typing import TypeVar

Made = TypeVar("Made")


def ahead(make: Callable[[int], Made], first: int, n_ready: int) -> Iterator[Made]:
    """make(first), make(first + 1), ... without end, by a thread that keeps `n_ready` of them.

    What the thread raises is raised here, in its turn. Close the iterator to end the thread.
    """
    ready: queue.Queue[Made | BaseException] = queue.Queue(n_ready)
    ended = threading.Event()
    thread = threading.Thread(target=_fill, args=(make, first, ready, ended), daemon=True, name="batches")
    thread.start()
    try:
        while True:
            found = ready.get()
            if isinstance(found, BaseException):
                raise found
            yield found
    finally:
        ended.set()
        while thread.is_alive():
            _drain(ready)
            thread.join(timeout=0.01)


def _fill(
    make: Callable[[int], Made], number: int, ready: queue.Queue[Made | BaseException], ended: threading.Event
) -> None:
    try:
        while not ended.is_set():
            ready.put(make(number))
            number += 1
    except BaseException as error:
        ready.put(error)


def _drain(ready: queue.Queue[Made | BaseException]) -> None:
    while not ready.empty():
        ready.get_nowait()
