"""One archive with a Python environment that runs wherever it is unpacked: what a cluster's machines need of Python.

It is no virtual environment, which would point to an interpreter that the other machine lacks, but a prefix of its
own: interpreter, standard library, the shared libraries they ask for beyond libc's, codemill with its compiled
kernels, and the distributions it requires. The other machine needs the same processor architecture and a libc as new
as this one's; another model of processor compiles the kernels again, once an executor.
"""

from __future__ import annotations

import gzip
import io
import json
import os
import platform
import site
import subprocess
import sys
import sysconfig
import tarfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from importlib import metadata
from importlib.util import cache_from_source
from pathlib import Path, PurePosixPath

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from curate.cluster import PACKAGES, SUFFIXES, TOLD, code_hash, package_files
from curate.errors import RunFailed, WrongUse

# Found by its own place, whatever the folder it was unpacked into. What the machine's user has installed for another
# Python must not be seen; children that it starts inherit all of it.
_PYTHON = """#!/bin/sh
here=$(dirname "$(readlink -f "$0")")
unset PYTHONHOME
export PYTHONNOUSERSITE=1 LD_LIBRARY_PATH="$here/../lib${{LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}}"
exec "$here/{name}" "$@"
"""
_COMMAND = """#!/bin/sh
exec "$(dirname "$(readlink -f "$0")")/python" -c 'from curate.cli import main; main()' "$@"
"""

# Of the standard library: tests, what draws windows, what builds and installs.
_LEFT_OUT = {
    "site-packages", "dist-packages", "test", "tests", "idlelib", "tkinter", "turtledemo", "ensurepip", "lib2to3",
}  # fmt: skip
_EXTENSIONS_LEFT_OUT = ("_tkinter.", "nis.", "_dbm.", "_gdbm.", "_test", "_ctypes_test", "xx")
_LIBC = ("libc.", "libm.", "libdl.", "libpthread.", "librt.", "libutil.", "libresolv.", "libc.musl", "ld-")

_LEVEL = 1  # of gzip: half of the content is compressed code, and a higher one takes minutes to save a tenth


@dataclass(frozen=True, kw_only=True)
class Packed:
    """What was packed: `bytes` are those of the files in it, unpacked."""

    path: Path
    files: int
    bytes: int
    distributions: dict[str, str]


def pack(out: Path, *, extras: Sequence[str] = (), with_spark: bool = False) -> Packed:
    """Write the running interpreter's environment to `out`, a .tar.gz.

    `extras` are codemill's (remote, prose) or distributions (torch) that shall go along with what they require;
    `with_spark` takes Spark's jars, which only a machine without Spark needs. RunFailed where workers would
    miss a module.
    """
    if not out.name.endswith(SUFFIXES):
        raise WrongUse(f"--out {out}: Spark knows archives by name: end it in {' or '.join(SUFFIXES)}")
    if sys.platform != "linux":
        raise RunFailed(f"this is {sys.platform}: pack on the kind of machine that the cluster has, which is Linux")
    own = _required(extras)
    packages = dict(package_files(PACKAGES))
    for one in own.values():
        if one.name != "codemill":  # it is taken from where it is imported, which may be a checkout
            packages |= _files_of(one, with_spark=with_spark)
    _try(packages)
    packages |= package_files(PACKAGES)  # kernels that were compiled now
    files = _interpreter() | {f"{_library()}/{_packages()}/{name}": path for name, path in packages.items()}
    versions = {name: one.version for name, one in sorted(own.items())}
    told = {
        "python": platform.python_version(), "machine": platform.machine(), "libc": " ".join(platform.libc_ver()),
        "code": code_hash(), "distributions": versions,
    }  # fmt: skip
    made = {"bin/python": _PYTHON.format(name=_executable().name), "bin/codemill": _COMMAND}
    made |= {f"{_library()}/{_packages()}/codemill-{versions['codemill']}.dist-info/METADATA": _metadata()}
    _write(out, files, made, json.dumps(told, indent=1))
    n_bytes = sum(path.stat().st_size for path in files.values())
    return Packed(path=out, files=len(files) + len(made) + 1, bytes=n_bytes, distributions=versions)


# Runs every kernel as a worker does, without installed modules that are not packed; compiles what is not compiled yet.
_TRY = """
import json, sys

class Absent:
    names = set(json.load(sys.stdin))

    @classmethod
    def find_spec(cls, name, path=None, target=None):
        if name.partition(".")[0] in cls.names:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Absent)
import curate.daemon, pyspark.daemon, pyspark.worker
from curate.warm import compile_kernels
compile_kernels()
"""


def _try(packed: Iterable[str]) -> None:
    """RunFailed where workers need a module that is not among the packed ones, by names below site-packages."""
    installed = {path.name for place in site.getsitepackages() for path in Path(place).glob("*")}
    absent = {name.split(".")[0] for name in installed} - {name.split("/")[0].split(".")[0] for name in packed}
    ended = subprocess.run(
        [sys.executable, "-c", _TRY], input=json.dumps(sorted(absent)), capture_output=True, text=True, check=False
    )
    if ended.returncode:
        raise RunFailed(
            f"workers could not work with what codemill requires ({ended.stderr.strip().splitlines()[-1]}): install "
            f"codemill again (pip install -e .) so that its requirements are known, or name more by --with"
        )


def _executable() -> Path:
    return Path(os.path.realpath(sys.executable))


def _library() -> str:
    """The standard library's folder below the interpreter's prefix: lib/python3.11, or lib64/python3.11."""
    return Path(sysconfig.get_path("stdlib")).relative_to(sys.base_prefix).as_posix()


def _packages() -> str:
    """The folder of installed packages, which Debian's Python calls otherwise."""
    return "dist-packages" if "deb_system" in sysconfig.get_scheme_names() else "site-packages"


def _interpreter() -> dict[str, Path]:
    """The interpreter, its standard library, and shared libraries, by their names in the archive."""
    folder = Path(sysconfig.get_path("stdlib"))
    files = {f"bin/{_executable().name}": _executable()}
    for path in sorted(folder.rglob("*")):
        parts = path.relative_to(folder).parts
        unwanted = _LEFT_OUT & set(parts) or parts[0].startswith("config-") or path.name.startswith("libpython")
        if path.is_file() and not unwanted and not _unwanted_extension(path):
            files[f"{_library()}/{'/'.join(parts)}"] = path
    binaries = [path for name, path in files.items() if name.startswith("bin/") or path.suffix == ".so"]
    return files | {f"lib/{path.name}": path for path in _shared_libraries(binaries)}


def _unwanted_extension(path: Path) -> bool:
    return path.parent.name == "lib-dynload" and path.name.startswith(_EXTENSIONS_LEFT_OUT)


def _shared_libraries(binaries: Sequence[Path]) -> list[Path]:
    """Those that binaries ask for, by the names they ask for, without libc's, which belong to the machine."""
    command = ["ldd", *map(str, binaries)]
    told = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    found = {line.split()[2] for line in told.splitlines() if " => /" in line}
    return [Path(place) for place in sorted(found) if not Path(place).name.startswith(_LIBC)]


def _required(extras: Sequence[str]) -> dict[str, metadata.Distribution]:
    """Codemill and all that it requires here, by name."""
    known = set(_distribution("codemill").metadata.get_all("Provides-Extra") or ())
    todo = [("codemill", frozenset(known & set(extras)))]
    todo += [(canonicalize_name(name), frozenset()) for name in extras if name not in known]
    done: set[tuple[str, frozenset[str]]] = set()
    while todo:
        name, wanted = todo.pop()
        if (name, wanted) in done:
            continue
        done.add((name, wanted))
        for text in _distribution(name).requires or ():
            asked = Requirement(text)
            if asked.marker is None or any(asked.marker.evaluate({"extra": one}) for one in ("", *wanted)):
                todo.append((canonicalize_name(asked.name), frozenset(asked.extras)))
    return {name: _distribution(name) for name, _ in done}


def _distribution(name: str) -> metadata.Distribution:
    try:
        return metadata.distribution(name)
    except metadata.PackageNotFoundError:
        raise RunFailed(f"{name} is not installed here and is to be packed: pip install {name}") from None


def _metadata() -> str:
    """Codemill's own, by which its version is known."""
    one = _distribution("codemill")
    return one.read_text("METADATA") or one.read_text("PKG-INFO") or ""


def _files_of(one: metadata.Distribution, *, with_spark: bool) -> Iterator[tuple[str, Path]]:
    """Name below site-packages and place of a distribution's files, without its tests."""
    if one.files is None or '"editable": true' in (one.read_text("direct_url.json") or ""):
        raise RunFailed(f"{one.name} does not list its files: install it with pip, and not as editable")
    for file in one.files:
        name, path = PurePosixPath(file), Path(str(one.locate_file(file)))
        jars = name.parts[:2] == ("pyspark", "jars") and not with_spark
        if ".." in name.parts or name.is_absolute() or "tests" in name.parts or jars:
            continue
        compiled = cache_from_source(str(path)) if name.suffix == ".py" else ""
        for place in (path, Path(compiled)):
            if place.is_file():
                yield (name if place is path else name.parent / "__pycache__" / place.name).as_posix(), place


def _write(out: Path, files: dict[str, Path], made: dict[str, str], told: str) -> None:
    """The same files give the same bytes. A half-written archive never has the name `out`."""
    unfinished = out.with_name(f"{out.name}.unfinished")
    out.parent.mkdir(parents=True, exist_ok=True)
    with (
        unfinished.open("wb") as file,
        gzip.GzipFile(filename="", mode="wb", compresslevel=_LEVEL, fileobj=file, mtime=0) as stream,
        tarfile.open(fileobj=stream, mode="w|") as archive,
    ):
        _add(archive, TOLD, told.encode(), mode=0o644)
        for name, text in made.items():
            _add(archive, name, text.encode(), mode=0o755)
        for name, path in sorted(files.items()):
            found = path.stat()  # compiled modules name the whole second of their source
            _add(archive, name, path.read_bytes(), mode=found.st_mode & 0o777 | 0o600, seconds=int(found.st_mtime))
    unfinished.replace(out)


def _add(archive: tarfile.TarFile, name: str, content: bytes, *, mode: int, seconds: int = 0) -> None:
    member = tarfile.TarInfo(name)
    member.size, member.mode, member.mtime = len(content), mode, seconds
    archive.addfile(member, io.BytesIO(content))
