"""What one run may use, and how much slower this machine is than the one on which such limits were thought out."""

from __future__ import annotations

import contextlib
import functools
import resource
import time
from dataclasses import dataclass

MB = 1 << 20
# CPU seconds of `_fixed_work` on the machine that the limits are meant for: one core of a server of about 2021 (AMD
# EPYC, 2.5 to 3.5 GHz), CPython 3.11.
REFERENCE_SECONDS = 0.030


@dataclass(frozen=True, kw_only=True)
class Limits:
    """Limits of one run, inclusive. Times are those of the reference machine, stretched on a slower one."""

    cpu_s: float = 5.0  # CPU time of all processes of the run together
    wall_factor: float = 4.0  # the wall limit is so many times the CPU limit, plus `wall_extra_s`: the last resort
    wall_extra_s: float = 2.0
    memory_mb: int = 512  # of all processes together; also of each one's data segment
    address_space: bool = (
        True  # bound each process's address space too; virtual machines reserve far more than they use
    )
    processes: int = 64  # processes and threads
    files: int = 128  # open descriptors of a process
    disk_mb: int = 64  # of /tmp, which is memory, and of any one file
    inodes: int = 4096
    output_bytes: int = 65_536  # kept of standard output and of standard error each; what comes after is dropped

    @property
    def wall_s(self) -> float:
        """Wall-clock limit in seconds, before it is stretched."""
        return self.cpu_s * self.wall_factor + self.wall_extra_s

    def stretched(self, slowness: float) -> Limits:
        """The same limits for a machine that needs `slowness` times the CPU time."""
        values = self.__dict__ | {"cpu_s": self.cpu_s * slowness, "wall_extra_s": self.wall_extra_s * slowness}
        return Limits(**values)


def _fixed_work() -> int:
    """A short calculation of the kind that programs under test do: integers, a list, a dict, strings."""
    total, table, words = 0, {}, []
    for i in range(60_000):
        total = (total * 31 + i) % 1_000_003
        table[total & 1023] = i
        if not i & 7:
            words.append(str(total))
    return total + len("".join(sorted(words)))


@functools.cache
def slowness() -> float:
    """This machine's CPU time for a fixed calculation over the reference's, at least 1: the best of five.

    CPU time, so that a busy machine is not taken for a slow one; the best, so that a neighbour's cache misses are not
    taken for the machine's. Limits are never tightened on a faster machine.
    """
    best = float("inf")
    for _ in range(5):
        begin = time.process_time()
        _fixed_work()
        best = min(best, time.process_time() - begin)
    return max(1.0, best / REFERENCE_SECONDS)


def apply(limits: Limits) -> None:
    """Sets this process's resource limits, hard and soft. The CPU limit here is a second above the watched one."""
    memory = limits.memory_mb * MB
    wanted = {
        resource.RLIMIT_CPU: int(limits.cpu_s) + 2,
        resource.RLIMIT_DATA: memory,
        resource.RLIMIT_FSIZE: limits.disk_mb * MB,
        resource.RLIMIT_NOFILE: limits.files,
        resource.RLIMIT_NPROC: limits.processes,
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_MEMLOCK: 64 * 1024,
        resource.RLIMIT_MSGQUEUE: 0,
        resource.RLIMIT_SIGPENDING: 256,
    }
    if limits.address_space:
        wanted[resource.RLIMIT_AS] = memory + 256 * MB  # the interpreter's own mappings
    for name, value in wanted.items():
        hard = resource.getrlimit(name)[1]
        bound = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(name, (bound, bound))
    stack = 64 * MB  # deep recursion is slow code, not hostile code
    hard = resource.getrlimit(resource.RLIMIT_STACK)[1]
    with contextlib.suppress(ValueError):
        resource.setrlimit(resource.RLIMIT_STACK, (stack, stack) if hard == resource.RLIM_INFINITY else (hard, hard))
