"""The table of languages: for each its toolchain, how it is compiled and run, and how its tests are kept honest.

`{box}` is the folder with the sources and what was compiled, `{shelf}` what the toolchain prepared once; both are seen
by the run and not writable to it. Toolchains are looked for where the client runs and shown to the jails read-only.
"""

from __future__ import annotations

import functools
import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from train.sandbox import linked, linked_go
from train.sandbox.limits import Limits


@dataclass(frozen=True, kw_only=True)
class Language:
    """One language."""

    name: str
    source: str  # name of the source file
    tools: tuple[str, ...]  # commands that must be there
    version: tuple[str, ...]  # prints the version on its first line
    tests: Literal["called", "linked", "cases"]  # beside `cases`, which every language has
    run: tuple[str, ...]  # a whole program
    compile: str = ""  # for bash; "" for none
    compile_whole: str = ""  # a whole program, for cases
    prepare: str = ""  # for bash: fills the shelf, once a worker
    linked_run: tuple[str, ...] = ()
    failure_signs: tuple[str, ...] = ()  # of an assertion that did not hold, in the standard error
    memory_signs: tuple[str, ...] = ()  # of an end for lack of memory, in the standard error
    environment: Mapping[str, str] = field(default_factory=dict)
    least_memory_mb: int = 0  # of the runtime itself, added to a trial's limit
    virtual_machine: bool = False  # reserves address space that it never uses


_JAVA = ("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xshare:auto", "-Xss64m", "-XX:-UsePerfData")
_NODE = {"OPENSSL_CONF": "/dev/null"}  # a configuration that may not be read stops it, unlike one that is not there
_TSC = "cd {box}; tsc --target es2022 --lib es2022,dom --outDir out solution.ts > log || true; test -s out/solution.js"

TABLE: tuple[Language, ...] = (
    Language(
        name="Python", source="solution.py", tools=(), version=("python3", "--version"), tests="called",
        run=("python3", "-I", "-S", "{box}/solution.py"), memory_signs=("MemoryError",),
    ),
    Language(
        name="C++", source="solution.cpp", tools=("g++", "ld", "nm", "objcopy"), version=("g++", "--version"),
        tests="linked", compile=linked.CPP_COMPILE,
        compile_whole="cd {box}; g++ -std=gnu++17 -O1 -w -o program solution.cpp",
        run=("{box}/program",), linked_run=("{box}/program",), memory_signs=("bad_alloc",),
    ),
    Language(
        name="Java", source="Solution.java", tools=("javac", "java"), version=("javac", "-version"), tests="linked",
        compile="cd {box}; javac -J-XX:TieredStopAtLevel=1 -J-XX:+UseSerialGC -nowarn -d . *.java",
        compile_whole="cd {box}; javac -J-XX:TieredStopAtLevel=1 -J-XX:+UseSerialGC -nowarn -d . Solution.java",
        run=("java", *_JAVA, "-cp", "{box}", "Solution"),
        linked_run=("java", *_JAVA, "-ea", "-cp", "{box}", "Codemill"),
        memory_signs=("OutOfMemoryError",), least_memory_mb=512, virtual_machine=True,
    ),
    Language(
        name="JavaScript", source="solution.js", tools=("node",), version=("node", "--version"), tests="called",
        run=("node", "{box}/solution.js"), memory_signs=("heap out of memory", "Array buffer allocation failed"),
        environment=_NODE, least_memory_mb=256, virtual_machine=True,
    ),
    Language(
        name="Go", source="solution.go", tools=("go",), version=("go", "version"), tests="linked",
        prepare=linked_go.GO_SHELF, compile=linked_go.GO_COMPILE,
        compile_whole="set -e; cd {box}; go tool compile -importcfg {shelf}/importcfg -o main.a -p main solution.go;"
        " go tool link -importcfg {shelf}/importcfg -o program main.a",
        run=("{box}/program",), linked_run=("{box}/program",), memory_signs=("out of memory", "cannot allocate memory"),
        environment={"GOCACHE": "/tmp/cache", "GO111MODULE": "off"}, least_memory_mb=128, virtual_machine=True,
    ),
    Language(
        name="Rust", source="solution.rs", tools=("rustc", "cc"), version=("rustc", "--version"), tests="linked",
        compile=linked.RUST_COMPILE, compile_whole=linked.RUST_COMPILE,
        run=("{box}/program",), linked_run=("{box}/program",), memory_signs=("memory allocation of",),
        failure_signs=("assertion ",),
    ),
    Language(
        name="TypeScript", source="solution.ts", tools=("tsc", "node"), version=("tsc", "--version"), tests="called",
        compile=_TSC, compile_whole=_TSC, run=("node", "{box}/out/solution.js"),
        memory_signs=("heap out of memory", "Array buffer allocation failed"), environment=_NODE,
        least_memory_mb=256, virtual_machine=True,
    ),
    Language(
        name="Bash", source="solution.sh", tools=("bash",), version=("bash", "--version"), tests="cases",
        run=("bash", "{box}/solution.sh"), memory_signs=("xrealloc", "xmalloc"),
    ),
)  # fmt: skip
BY_NAME: Mapping[str, Language] = {language.name: language for language in TABLE}
COMPILING = Limits(
    cpu_s=60, wall_factor=3, memory_mb=3072, address_space=False, processes=128, files=1024, disk_mb=256, inodes=8192
)  # fmt: skip


@functools.cache
def missing(name: str) -> str | None:
    """The first command of a language's toolchain that is not there; None where all are."""
    return next((tool for tool in BY_NAME[name].tools if shutil.which(tool) is None), None)


def versions() -> dict[str, str]:
    """Language -> the first line its toolchain says of its version, or what is missing."""
    said = {}
    for language in TABLE:
        lacks = missing(language.name)
        if lacks is not None:
            said[language.name] = f"not here: no {lacks}"
            continue
        done = subprocess.run(language.version, capture_output=True, text=True, check=False)
        said[language.name] = (done.stdout or done.stderr).strip().split("\n", 1)[0]
    return said


@functools.cache
def _homes() -> Mapping[str, tuple[str, str]]:
    """Command -> (its folder, the folder that must be shown for it), for those outside of /usr and /bin."""
    found = {}
    for tool in sorted({tool for language in TABLE for tool in language.tools}):
        path = shutil.which(tool)
        if path is None or os.path.realpath(path).startswith(("/usr/", "/bin/")):
            continue
        home = os.path.dirname(os.path.dirname(os.path.realpath(path)))
        if tool == "rustc":  # may be a proxy that chooses a toolchain
            home = subprocess.run(
                [path, "--print", "sysroot"], capture_output=True, text=True, check=False
            ).stdout.strip()
        found[tool] = (f"{home}/bin", home)
    return found


def roots() -> tuple[str, ...]:
    """What of the host must be shown for the toolchains, beside the system."""
    java = [f"/etc/{name}" for name in os.listdir("/etc") if name.startswith("java-")]
    return (*(home for _, home in _homes().values()), *java)


def path() -> str:
    """PATH inside a jail."""
    return ":".join([*dict.fromkeys(folder for folder, _ in _homes().values()), "/usr/local/bin", "/usr/bin", "/bin"])


def stretched(language: Language, limits: Limits) -> Limits:
    """A trial's limits with what the language's runtime needs for itself."""
    own = {"memory_mb": limits.memory_mb + language.least_memory_mb}
    if language.virtual_machine:
        own |= {"address_space": False, "files": max(limits.files, 256)}
    return Limits(**limits.__dict__ | own)
