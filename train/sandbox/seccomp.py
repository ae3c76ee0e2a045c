"""The seccomp filter: classic BPF, assembled by hand, for x86_64 and aarch64.

Everything is allowed except `syscalls.REFUSED` and, but for compilers, `syscalls.MESSAGES` (EPERM), socketpair for any
but local sockets (EPERM), clone with a flag for a new namespace (EPERM), clone3, whose flags no filter can see (ENOSYS,
on which C libraries fall back to clone), calls newer than the table (ENOSYS), and calls of another architecture, x32
included, which kill the process. A filter is inherited and cannot be taken off.
"""

from __future__ import annotations

import errno
import platform
import struct

from train.sandbox import linux, syscalls

AUDIT_ARCH = {"x86_64": 0xC000_003E, "aarch64": 0xC000_00B7}
LOCAL = 1  # AF_UNIX
X32_BIT = 0x4000_0000
NEW_NAMESPACES = (
    linux.CLONE_NEWNS | linux.CLONE_NEWCGROUP | linux.CLONE_NEWUTS | linux.CLONE_NEWIPC
    | linux.CLONE_NEWUSER | linux.CLONE_NEWPID | linux.CLONE_NEWNET
)  # fmt: skip
# CLONE_NEWTIME is not among them: in clone's flags that bit is part of the exit signal.

ALLOW, KILL, ERRNO = 0x7FFF_0000, 0x8000_0000, 0x0005_0000
LOAD, JUMP_EQUAL, JUMP_ABOVE, JUMP_BITS, RETURN = 0x20, 0x15, 0x25, 0x45, 0x06
NUMBER_AT, ARCH_AT, FIRST_ARGUMENT_AT = 0, 4, 16  # in struct seccomp_data; the low half, both machines little-endian


def _instruction(code: int, operand: int, if_true: int = 0, if_false: int = 0) -> bytes:
    return struct.pack("=HBBI", code, if_true, if_false, operand)


def _refuse(number: int | None, error: int) -> list[bytes]:
    if number is None:
        return []
    return [_instruction(JUMP_EQUAL, number, 0, 1), _instruction(RETURN, ERRNO | error)]


def supported(machine: str | None = None) -> bool:
    """Whether there is a table for this architecture."""
    return (machine or platform.machine()) in AUDIT_ARCH


def program(machine: str | None = None, *, own_pid: int | None = None, compiler: bool = False) -> bytes:
    """The filter's instructions, eight bytes each.

    `own_pid` is for a program without a PID namespace: it may then signal itself and its own process group (0), and
    neither it nor a child may leave that group. A compiler may also use its socket pairs for messages.
    """
    machine = machine or platform.machine()
    if machine not in AUDIT_ARCH:
        raise OSError(f"no seccomp filter for {machine}: there is one for {' and '.join(AUDIT_ARCH)}")
    column = syscalls.COLUMN[machine]
    code = [
        _instruction(LOAD, ARCH_AT),
        _instruction(JUMP_EQUAL, AUDIT_ARCH[machine], 1, 0),
        _instruction(RETURN, KILL),
        _instruction(LOAD, NUMBER_AT),
    ]
    if machine == "x86_64":
        code += [_instruction(JUMP_ABOVE, X32_BIT - 1, 0, 1), _instruction(RETURN, KILL)]
    code += [_instruction(JUMP_ABOVE, syscalls.LAST_KNOWN, 0, 1), _instruction(RETURN, ERRNO | errno.ENOSYS)]
    code += _refuse(syscalls.CLONE3[column], errno.ENOSYS)
    refused = syscalls.REFUSED if compiler else {**syscalls.REFUSED, **syscalls.MESSAGES}
    for numbers in refused.values():
        code += _refuse(numbers[column], errno.EPERM)
    if own_pid is not None:
        for numbers in (*syscalls.GROUP_LEAVING.values(), syscalls.PIDFD_SEND_SIGNAL):
            code += _refuse(numbers[column], errno.EPERM)
        for numbers in syscalls.SIGNALLING.values():
            code += [
                _instruction(JUMP_EQUAL, numbers[column] or 0, 0, 5),
                _instruction(LOAD, FIRST_ARGUMENT_AT),
                _instruction(JUMP_EQUAL, own_pid, 2, 0),
                _instruction(JUMP_EQUAL, 0, 1, 0),
                _instruction(RETURN, ERRNO | errno.EPERM),
                _instruction(RETURN, ALLOW),
            ]
    code += [
        _instruction(JUMP_EQUAL, syscalls.SOCKETPAIR[column], 0, 4),
        _instruction(LOAD, FIRST_ARGUMENT_AT),
        _instruction(JUMP_EQUAL, LOCAL, 1, 0),
        _instruction(RETURN, ERRNO | errno.EPERM),
        _instruction(RETURN, ALLOW),
        _instruction(JUMP_EQUAL, syscalls.CLONE[column], 0, 3),
        _instruction(LOAD, FIRST_ARGUMENT_AT),
        _instruction(JUMP_BITS, NEW_NAMESPACES, 0, 1),
        _instruction(RETURN, ERRNO | errno.EPERM),
        _instruction(RETURN, ALLOW),
    ]
    return b"".join(code)
