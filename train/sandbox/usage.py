"""What the processes of a jail use together, read from /proc. Limits of single processes do not add up to that."""

from __future__ import annotations

import os
import resource
from dataclasses import dataclass

TICKS = os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")


@dataclass
class Usage:
    """CPU seconds of all processes, dead ones included; bytes resident, pages shared by a fork counted twice."""

    cpu_s: float
    resident_bytes: int
    pids: list[int]


def measure(group: int | None) -> Usage:
    """Of every process but this one in the PID namespace, or in one process group where there is no namespace.

    CPU time of a child that nobody waited for, its parent ignoring SIGCHLD, is lost with the child: the wall-clock
    limit holds for those.
    """
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    found = Usage(children.ru_utime + children.ru_stime, 0, [])
    own = os.getpid()
    for name in os.listdir("/proc"):
        if not name.isdigit() or int(name) == own:
            continue
        try:
            with open(f"/proc/{name}/stat", "rb") as file:
                fields = file.read().rpartition(b")")[2].split()
        except OSError:
            continue  # it ended meanwhile
        if group is not None and int(fields[2]) != group:
            continue
        found.cpu_s += sum(map(int, fields[11:15])) / TICKS
        found.resident_bytes += int(fields[21]) * PAGE
        found.pids.append(int(name))
    return found


def proportional_bytes(pids: list[int]) -> int:
    """Bytes in memory of some processes together, shared pages counted once. Slow: for confirming a suspicion."""
    total = 0
    for pid in pids:
        try:
            with open(f"/proc/{pid}/smaps_rollup") as lines:
                total += sum(int(line.split()[1]) for line in lines if line.startswith("Pss:")) * 1024
        except OSError:
            continue
    return total
