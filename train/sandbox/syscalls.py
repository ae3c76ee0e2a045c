"""System calls that no jailed program may make, by name, with their numbers on x86_64 and on aarch64.

None where the architecture has no such call. Source: the kernel's own tables, asm/unistd_64.h and
asm-generic/unistd.h; a test reads both where they are installed.
"""

from __future__ import annotations

from collections.abc import Mapping

COLUMN: Mapping[str, int] = {"x86_64": 0, "aarch64": 1}
SOCKETPAIR = (53, 199)  # of local sockets: a pipe between a program's own processes, which Java cannot do without
PIVOT_ROOT = (155, 41)
CLONE, CLONE3 = (56, 220), (435, 435)
LAST_KNOWN = 472  # above: unknown to the authors of this table, so refused as not there

# fmt: off
REFUSED: Mapping[str, tuple[int | None, int | None]] = {
    # sockets: an inherited pipe is all that a program talks through
    "socket": (41, 198), "connect": (42, 203), "bind": (49, 200), "listen": (50, 201),
    "accept": (43, 202), "accept4": (288, 242), "sendmmsg": (307, 269),
    "recvmmsg": (299, 243), "shutdown": (48, 210),
    "setsockopt": (54, 208), "getsockopt": (55, 209), "getsockname": (51, 204), "getpeername": (52, 205),
    # other processes' memory and descriptors
    "ptrace": (101, 117), "process_vm_readv": (310, 270), "process_vm_writev": (311, 271),
    "process_madvise": (440, 440), "kcmp": (312, 272), "pidfd_getfd": (438, 438),
    "migrate_pages": (256, 238), "move_pages": (279, 239),
    # mounts and roots
    "mount": (165, 40), "umount2": (166, 39), "pivot_root": (155, 41), "chroot": (161, 51), "open_tree": (428, 428),
    "move_mount": (429, 429), "fsopen": (430, 430), "fsconfig": (431, 431), "fsmount": (432, 432),
    "fspick": (433, 433), "mount_setattr": (442, 442), "name_to_handle_at": (303, 264),
    "open_by_handle_at": (304, 265), "quotactl": (179, 60), "quotactl_fd": (443, 443),
    "swapon": (167, 224), "swapoff": (168, 225),
    # namespaces
    "unshare": (272, 97), "setns": (308, 268), "sethostname": (170, 161), "setdomainname": (171, 162),
    # the kernel itself
    "bpf": (321, 280), "perf_event_open": (298, 241), "init_module": (175, 105), "finit_module": (313, 273),
    "delete_module": (176, 106), "create_module": (174, None), "kexec_load": (246, 104),
    "kexec_file_load": (320, 294), "reboot": (169, 142), "syslog": (103, 116), "acct": (163, 89),
    "iopl": (172, None), "ioperm": (173, None), "uselib": (134, None), "vhangup": (153, 58),
    "lookup_dcookie": (212, 18), "fanotify_init": (300, 262), "nfsservctl": (180, 42), "_sysctl": (156, None),
    "modify_ldt": (154, None), "personality": (135, 92),
    # keys
    "add_key": (248, 217), "request_key": (249, 218), "keyctl": (250, 219),
    # queues into the kernel, and memory that the kernel's owner cannot see
    "io_uring_setup": (425, 425), "io_uring_enter": (426, 426), "io_uring_register": (427, 427),
    "userfaultfd": (323, 282), "io_setup": (206, 0), "io_submit": (209, 2), "memfd_secret": (447, 447),
    # clocks
    "settimeofday": (164, 170), "clock_settime": (227, 112), "adjtimex": (159, 171), "clock_adjtime": (305, 266),
    # System V and POSIX message queues, which outlive their processes
    "shmget": (29, 194), "shmat": (30, 196), "shmctl": (31, 195), "msgget": (68, 186), "msgsnd": (69, 189),
    "msgrcv": (70, 188), "msgctl": (71, 187), "semget": (64, 190), "semop": (65, 193), "semctl": (66, 191),
    "semtimedop": (220, 192), "mq_open": (240, 180), "mq_unlink": (241, 181),
    # scheduling that could slow the neighbours
    "setpriority": (141, 140), "sched_setscheduler": (144, 119), "sched_setparam": (142, 118),
    "sched_setattr": (314, 274), "ioprio_set": (251, 30), "set_mempolicy": (238, 237), "mbind": (237, 235),
}

# Over the pairs of SOCKETPAIR compilers send messages to the processes that they start. Other programs have no need to.
MESSAGES: Mapping[str, tuple[int | None, int | None]] = {
    "sendto": (44, 206), "sendmsg": (46, 211), "recvfrom": (45, 207), "recvmsg": (47, 212),
}

# Without a PID namespace a process group is all that holds a program's children together: nobody may leave it.
GROUP_LEAVING: Mapping[str, tuple[int | None, int | None]] = {"setsid": (112, 157), "setpgid": (109, 154)}
# Their first argument is a process or thread: without a PID namespace only the program's own.
SIGNALLING: Mapping[str, tuple[int | None, int | None]] = {
    "kill": (62, 129), "tkill": (200, 130), "tgkill": (234, 131),
    "rt_sigqueueinfo": (129, 138), "rt_tgsigqueueinfo": (297, 240),
}
PIDFD_SEND_SIGNAL = (424, 424)
# fmt: on
