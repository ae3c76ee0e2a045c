"""The filter, run by an interpreter for both architectures, and by the kernel in a child."""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import re
import struct
from collections.abc import Callable
from pathlib import Path

import pytest

from train.sandbox import linux, seccomp, syscalls

MACHINES = ("x86_64", "aarch64")
HEADERS = {
    "x86_64": Path("/usr/include/x86_64-linux-gnu/asm/unistd_64.h"),
    "aarch64": Path("/usr/include/asm-generic/unistd.h"),
}


def verdict(program: bytes, arch: int, number: int, first: int = 0) -> int:
    """What a filter returns: the few instructions of classic BPF that it is made of."""
    data = struct.pack("=IIQ6Q", number, arch, 0, first, 0, 0, 0, 0, 0)
    code = list(struct.iter_unpack("=HBBI", program))
    accumulator, at = 0, 0
    while True:
        operation, if_true, if_false, operand = code[at]
        at += 1
        if operation == 0x20:
            accumulator = struct.unpack_from("=I", data, operand)[0]
        elif operation == 0x06:
            return operand
        else:
            compare: dict[int, Callable[[int, int], bool]] = {
                0x15: int.__eq__, 0x25: int.__gt__, 0x45: lambda a, b: bool(a & b)
            }  # fmt: skip
            at += if_true if compare[operation](accumulator, operand) else if_false


def denied(error: int) -> int:
    return 0x50000 | error


@pytest.mark.parametrize("machine", MACHINES)
def test_refused_calls_and_no_others(machine: str) -> None:
    program = seccomp.program(machine)
    column, arch = syscalls.COLUMN[machine], seccomp.AUDIT_ARCH[machine]
    table = {**syscalls.REFUSED, **syscalls.MESSAGES}
    refused = {numbers[column] for numbers in table.values()} - {None}
    apart = {syscalls.CLONE3[column], syscalls.SOCKETPAIR[column]}
    for number in range(syscalls.LAST_KNOWN + 1):
        if number not in apart:
            expected = denied(errno.EPERM) if number in refused else seccomp.ALLOW
            assert verdict(program, arch, number) == expected, number
    assert verdict(program, arch, syscalls.CLONE3[column]) == denied(errno.ENOSYS)
    assert verdict(program, arch, syscalls.LAST_KNOWN + 1) == denied(errno.ENOSYS)


@pytest.mark.parametrize("machine", MACHINES)
def test_other_architectures_are_killed(machine: str) -> None:
    program = seccomp.program(machine)
    for arch in (0, 0x40000003, *(value for name, value in seccomp.AUDIT_ARCH.items() if name != machine)):
        assert verdict(program, arch, 1) == seccomp.KILL
    if machine == "x86_64":
        assert verdict(program, seccomp.AUDIT_ARCH[machine], seccomp.X32_BIT | 41) == seccomp.KILL


@pytest.mark.parametrize("machine", MACHINES)
def test_clone_and_socketpair_by_their_argument(machine: str) -> None:
    program = seccomp.program(machine)
    column, arch = syscalls.COLUMN[machine], seccomp.AUDIT_ARCH[machine]
    clone, pair = syscalls.CLONE[column], syscalls.SOCKETPAIR[column]
    assert verdict(program, arch, clone, 0x01200011) == seccomp.ALLOW
    for flag in (0x20000, 0x02000000, 0x04000000, 0x08000000, 0x10000000, 0x20000000, 0x40000000):
        assert verdict(program, arch, clone, flag | 17) == denied(errno.EPERM)
    assert verdict(program, arch, pair, 1) == seccomp.ALLOW
    assert verdict(program, arch, pair, 2) == denied(errno.EPERM)


@pytest.mark.parametrize("machine", MACHINES)
def test_without_a_pid_namespace_signals_stay_at_home(machine: str) -> None:
    program = seccomp.program(machine, own_pid=4711)
    column, arch = syscalls.COLUMN[machine], seccomp.AUDIT_ARCH[machine]
    for numbers in syscalls.SIGNALLING.values():
        assert verdict(program, arch, numbers[column] or 0, 4711) == seccomp.ALLOW
        assert verdict(program, arch, numbers[column] or 0, 0) == seccomp.ALLOW
        for pid in (1, 4710, 0xFFFFFFFF):
            assert verdict(program, arch, numbers[column] or 0, pid) == denied(errno.EPERM)
    for numbers in syscalls.GROUP_LEAVING.values():
        assert verdict(program, arch, numbers[column] or 0) == denied(errno.EPERM)


@pytest.mark.parametrize("machine", MACHINES)
def test_a_compiler_may_send_messages(machine: str) -> None:
    program = seccomp.program(machine, compiler=True)
    column, arch = syscalls.COLUMN[machine], seccomp.AUDIT_ARCH[machine]
    for numbers in syscalls.MESSAGES.values():
        assert verdict(program, arch, numbers[column] or 0) == seccomp.ALLOW
    assert verdict(program, arch, syscalls.REFUSED["socket"][column] or 0) == denied(errno.EPERM)


def test_an_unknown_architecture_is_said() -> None:
    with pytest.raises(OSError, match="no seccomp filter for mips"):
        seccomp.program("mips")


@pytest.mark.parametrize("machine", MACHINES)
def test_numbers_are_those_of_the_headers(machine: str) -> None:
    if not HEADERS[machine].exists():
        pytest.skip("the kernel's headers are not installed")
    text = re.sub(r"__NR3264_", "__NR_", HEADERS[machine].read_text())
    known = {name: int(number) for name, number in re.findall(r"#define __NR_(\w+) (\d+)", text)}
    column = syscalls.COLUMN[machine]
    for table in (syscalls.REFUSED, syscalls.MESSAGES, syscalls.GROUP_LEAVING, syscalls.SIGNALLING):
        for name, numbers in table.items():
            if numbers[column] is not None and name in known:
                assert numbers[column] == known[name], name


@pytest.mark.skipif(not seccomp.supported(), reason="no filter for this architecture")
def test_the_kernel_takes_the_filter() -> None:
    """In a child: a socket and an unshare fail with EPERM, a pipe and a fork do not."""
    child = os.fork()
    if child == 0:
        wrong = 1
        try:
            linux.prctl(linux.PR_SET_NO_NEW_PRIVS, 1)
            linux.install_filter(seccomp.program())
            column = syscalls.COLUMN[platform.machine()]
            libc = ctypes.CDLL(None, use_errno=True)
            wrong = 0
            for name in ("socket", "unshare", "ptrace", "keyctl", "io_uring_setup", "userfaultfd", "bpf", "mount"):
                ctypes.set_errno(0)
                answer = libc.syscall(ctypes.c_long(syscalls.REFUSED[name][column] or 0), 0, 0, 0, 0, 0)
                wrong += not (answer == -1 and ctypes.get_errno() == errno.EPERM)
            os.pipe()
            if (grandchild := os.fork()) == 0:
                os._exit(0)
            os.waitpid(grandchild, 0)
        finally:
            os._exit(wrong)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
