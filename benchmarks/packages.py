"""Where the source code of the benchmark corpora comes from: packages, had by name through the ordinary clients.

apt-get (Debian or Ubuntu, no root needed), pip and npm download; nothing is installed and no set-up script runs: wheels
and npm tarballs are opened as archives, Debian packages through `dpkg-deb --fsys-tarfile`. Versions on PyPI and npm are
pinned; a distribution serves one version at a time, so what came is recorded instead.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

SIZES = ("S", "M", "L")


class PackageError(Exception):
    """A package cannot be had; the message is one sentence."""


@dataclass(frozen=True, kw_only=True)
class Package:
    """A package, and how much of it each corpus takes."""

    client: str
    """apt, pip or npm."""
    names: tuple[str, ...]
    """Names to try in order: distributions put version numbers into theirs. On PyPI and npm, one name."""
    version: str
    """Pinned version; empty for apt."""
    megabytes: tuple[float, float, float]
    """At most this much text (1 MB = 1,000,000 bytes) for S, M and L; 0 leaves the package out. Never decreasing."""

    def __post_init__(self) -> None:
        if list(self.megabytes) != sorted(self.megabytes):
            raise ValueError(f"{self.names[0]}: megabytes must not decrease from S to L, or S is no part of L")

    def max_bytes(self, size: str) -> int:
        """The share of this package in corpus S, M or L, in bytes."""
        return int(self.megabytes[SIZES.index(size)] * 1_000_000)


@dataclass(frozen=True, kw_only=True)
class Download:
    """A package's archive on disk."""

    name: str
    version: str
    path: Path


def _apt(names: str, *megabytes: float) -> Package:
    s, m, l = megabytes  # noqa: E741
    return Package(client="apt", names=tuple(names.split(" | ")), version="", megabytes=(s, m, l))


def _pip(name: str, version: str, *megabytes: float) -> Package:
    s, m, l = megabytes  # noqa: E741
    return Package(client="pip", names=(name,), version=version, megabytes=(s, m, l))


def _npm(name: str, version: str, *megabytes: float) -> Package:
    s, m, l = megabytes  # noqa: E741
    return Package(client="npm", names=(name,), version=version, megabytes=(s, m, l))


PACKAGES = (
    # C and C++
    _apt("gdb-source", 5, 17, 40),
    _apt("linux-source-6.1 | linux-source-6.8.0 | linux-source", 0, 25, 110),
    _apt("libboost1.81-dev | libboost1.83-dev | libboost1.74-dev", 3, 13, 40),
    _apt("gcc-12-source | gcc-13-source", 0, 0, 55),
    _apt("llvm-14-dev | llvm-15-dev", 0, 0, 25),
    _apt("libeigen3-dev", 0, 3, 8),
    _apt("qtbase5-private-dev", 0, 3, 8),
    # Java
    _apt("openjdk-17-source", 7, 38, 110),
    # Go
    _apt("golang-1.19-src | golang-1.22-src | golang-1.18-src", 5, 23, 60),
    _apt("golang-golang-x-tools-dev", 0, 3, 7),
    _apt("golang-github-aws-aws-sdk-go-dev", 0, 0, 20),
    # Rust
    _apt("rust-src", 5, 22, 50),
    _apt("librust-tokio-dev", 0, 1, 4),
    _apt("librust-winapi-dev", 0, 0, 5),
    # Python
    _pip("django", "5.0.6", 3, 8, 15),
    _pip("sympy", "1.12", 3, 8, 20),
    _pip("sqlalchemy", "2.0.30", 1, 4, 10),
    _pip("transformers", "4.41.2", 0, 10, 30),
    _pip("networkx", "3.3", 0, 3, 6),
    _pip("pandas", "2.2.2", 0, 6, 20),
    _pip("ansible", "9.5.1", 0, 0, 20),
    _pip("twisted", "24.3.0", 0, 3, 8),
    _pip("plotly", "5.22.0", 0, 0, 8),
    _pip("scipy", "1.13.1", 0, 0, 20),
    # JavaScript and TypeScript
    _npm("three", "0.164.1", 3, 7, 18),
    _npm("rxjs", "7.8.1", 1, 3, 6),
    _npm("date-fns", "3.6.0", 1, 3, 6),
    _npm("antd", "5.17.4", 0, 6, 20),
    _npm("@mui/material", "5.15.20", 0, 4, 12),
    _npm("react-native", "0.74.1", 2, 8, 20),
    _npm("typescript", "5.4.5", 0, 2, 8),
    _npm("effect", "3.2.5", 1, 5, 10),
    _npm("ethers", "6.12.1", 0, 2, 5),
    _npm("@babylonjs/core", "7.8.2", 0, 0, 15),
    _npm("phaser", "3.80.1", 0, 5, 15),
    _npm("webpack", "5.91.0", 0, 2, 5),
    _npm("@tensorflow/tfjs-core", "4.20.0", 0, 3, 8),
    _npm("core-js", "3.37.1", 0, 1, 3),
    _npm("@openzeppelin/contracts", "5.0.2", 0, 0.5, 3),
    _npm("bootstrap", "5.3.3", 0.5, 2, 5),
    _npm("codemirror", "5.65.16", 0.5, 2, 4),
    # PHP, Ruby, Perl, Lua, shells and the long tail
    _apt("wordpress", 2.5, 6, 15),
    _apt("mediawiki", 0, 6, 20),
    _apt("libruby3.1 | libruby3.2 | libruby3.0", 2, 5, 12),
    _apt("redmine", 0, 2, 6),
    _apt("perl-modules-5.36 | perl-modules-5.38 | perl-modules-5.34", 2, 6, 15),
    _apt("prosody", 0.5, 1, 3),
    _apt("awesome", 0.3, 1, 3),
    _apt("zsh-common", 0.5, 2, 6),
    _apt("bash-completion", 0.4, 1, 2),
    _apt("libhugs-base-bundled", 0.5, 1, 2),
    _apt("cmake-data", 0.5, 2, 5),
    _apt("vim-runtime", 0.5, 2, 8),
    _apt("tcllib", 0, 3, 10),
    _apt("erlang-src", 0, 4, 15),
    _apt("sbcl-source", 0, 3, 10),
    _apt("octave-common", 0, 2, 6),
    _apt("racket-common", 0, 0, 10),
    _apt("fpc-source-3.2.2", 0, 0, 15),
)


def fetch(package: Package, cache: Path) -> Download:
    """The package's archive, from the cache or downloaded into it.

    Raises:
        PackageError: the client is missing, or no name of the package can be had.
    """
    refusals = []
    for name in package.names:
        folder = cache / package.client / f"{name}@{package.version or 'any'}".replace("/", "_")
        try:
            path = _archive_in(folder) or _download(package, name, folder)
        except PackageError as error:
            refusals.append(str(error))
        else:
            return Download(name=name, version=package.version or _debian_version(path), path=path)
    raise PackageError("; ".join(refusals))


def _archive_in(folder: Path) -> Path | None:
    return next(iter(sorted(folder.iterdir())), None) if folder.is_dir() else None


def _command(client: str, name: str, version: str) -> list[str]:
    if client == "apt":
        return ["apt-get", "download", "--quiet=2", name]
    if client == "npm":
        return ["npm", "pack", "--silent", f"{name}@{version}"]
    # A fixed platform and Python: the same wheel everywhere, and never a source distribution whose set-up would run.
    target = ["--platform", "manylinux2014_x86_64", "--python-version", "3.11"]
    flags = ["--no-deps", "--only-binary=:all:", "--disable-pip-version-check", "--quiet"]
    return [sys.executable, "-m", "pip", "download", *flags, *target, f"{name}=={version}"]


def _download(package: Package, name: str, folder: Path) -> Path:
    """Downloads into a scratch folder that takes its place whole: an interrupted download is never taken for one."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    command = _command(package.client, name, package.version)
    if shutil.which(command[0]) is None:
        raise PackageError(f"{name} needs {command[0]}, which is not installed")
    with tempfile.TemporaryDirectory(dir=folder.parent) as scratch:
        done = subprocess.run(command, cwd=scratch, capture_output=True, text=True, errors="replace", check=False)
        if done.returncode != 0 or _archive_in(Path(scratch)) is None:
            raise PackageError(f"{name} cannot be had from {package.client} ({_last_line(done.stderr)})")
        Path(scratch, "archive").mkdir()
        for path in sorted(Path(scratch).iterdir()):
            if path.is_file():
                path.rename(Path(scratch, "archive", path.name))
        Path(scratch, "archive").rename(folder)
    return next(folder.iterdir())


def _last_line(message: str) -> str:
    lines = [line.strip() for line in message.splitlines() if line.strip()]
    return lines[-1] if lines else "no reason given"


def _debian_version(path: Path) -> str:
    return subprocess.run(
        ["dpkg-deb", "--field", str(path), "Version"], capture_output=True, text=True, check=True
    ).stdout.strip()
