"""Python on a cluster's machines: an archive of an environment, shipped with a run, unpacked beside every executor."""

from __future__ import annotations

import importlib.util
import json
import platform
import sys
import tarfile
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

import xxhash

from curate.errors import WrongUse

SUFFIXES = (".tar.gz", ".tgz")
"""Names of archives that Spark gives to the system's tar. Others it unpacks itself, and nothing in them can be run."""

FOLDER = "environment"
"""Where an executor finds the archive's content, in its working folder."""

PYTHON = f"./{FOLDER}/bin/python"

TOLD = "codemill-environment.json"
"""The archive's first member: what it was made of."""

PACKAGES = ("analyzers", "curate", "dedup", "train")


def package_files(packages: Iterable[str] = PACKAGES) -> Iterator[tuple[str, Path]]:
    """Name below site-packages and place of every file of our packages, wherever they are installed."""
    for package in packages:
        found = importlib.util.find_spec(package)
        for folder in (found.submodule_search_locations if found else None) or ():
            for path in sorted(Path(folder).rglob("*")):
                if path.is_file():
                    yield f"{package}/{path.relative_to(folder).as_posix()}", path


@cache
def code_hash() -> str:
    """xxh3-64 of the files that workers run, names and bytes. Two machines with the same one mill alike."""
    digest = xxhash.xxh3_64()
    for name, path in package_files(("analyzers", "curate", "dedup")):
        if "__pycache__" not in path.parts:
            content = path.read_bytes()
            digest.update(f"{name}\0{len(content)}\0".encode() + content)
    return digest.hexdigest()


def settings(master: str, environment: str) -> dict[str, str]:
    """Spark settings by which every executor gets the archive `environment`, a path or a URL.

    WrongUse where there is no cluster, no such archive, or one of another codemill or Python than the driver's: a run
    would end with an error hours later, or worse, without one.
    """
    if master.startswith("local"):
        raise WrongUse(f"--env {environment} is for a cluster: leave it out, or name one by --master")
    if not environment.endswith(SUFFIXES):
        raise WrongUse(f"--env {environment}: Spark unpacks {', '.join(SUFFIXES)}; `codemill cluster pack` makes one")
    if "://" not in environment:
        _check(Path(environment))
        environment = Path(environment).absolute().as_uri()
    # Kubernetes and standalone masters know one name, YARN's distributed cache the other.
    name = "spark.yarn.dist.archives" if master.startswith("yarn") else "spark.archives"
    return {name: f"{environment}#{FOLDER}"}


def told_in(archive: Path) -> dict:
    """What an archive says of itself. WrongUse where `codemill cluster pack` did not make it."""
    try:
        with tarfile.open(archive) as packed:
            first = packed.next()
            content = packed.extractfile(first) if first is not None and first.name == TOLD else None
            if content is not None:
                return json.load(content)
    except FileNotFoundError:
        raise WrongUse(f"--env {archive}: there is no such file; `codemill cluster pack` makes one") from None
    except (OSError, tarfile.TarError, ValueError) as error:
        raise WrongUse(f"--env {archive} cannot be read ({error}): pack it again") from None
    raise WrongUse(f"--env {archive} is not of codemill's making: `codemill cluster pack --out {archive}` makes one")


def _check(archive: Path) -> None:
    told = told_in(archive)
    python = ".".join(map(str, sys.version_info[:2]))
    if told["python"].rsplit(".", 1)[0] != python:
        raise WrongUse(
            f"--env {archive} has Python {told['python']} and this is {platform.python_version()}: Spark wants the "
            f"same minor version at both ends, so pack with this one"
        )
    if told["code"] != code_hash():
        raise WrongUse(f"--env {archive} has another codemill than this one: `codemill cluster pack` packs this one")


def spark_settings(given: Iterable[str]) -> dict[str, str]:
    """K=V words of --conf as Spark settings. WrongUse for a word without `=`, or a name that is not Spark's."""
    found = {}
    for word in given:
        name, equals, value = word.partition("=")
        if not equals or not name.startswith("spark."):
            raise WrongUse(f"--conf {word}: write spark.NAME=VALUE, as spark.executor.memory=4g")
        found[name] = value
    return found
