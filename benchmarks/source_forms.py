"""A corpus in other forms: the same files in bare git repositories, tars and zips, one for each of its folders."""

from __future__ import annotations

import os
import shutil
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pygit2
import zstandard
from pygit2.enums import FileMode

_WHO = pygit2.Signature("corpus", "corpus@example.org", 1_700_000_000, 0)


def input_of(corpus: Path, form: str, scratch: Path) -> str:
    """What to name as INPUT for a corpus in a form, made below `scratch` where it is not there yet."""
    if form == "files":
        return str(corpus)
    suffix, make = FORMS[form]
    folder = scratch / form
    folder.mkdir(parents=True, exist_ok=True)
    for package in sorted(path for path in corpus.iterdir() if path.is_dir()):
        place = folder / f"{package.name}{suffix}"
        if not place.exists():
            make(package, place)
    return f"{folder}/*{suffix}"


def _git(package: Path, place: Path) -> None:
    unfinished = place.with_suffix(".unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    repository = pygit2.init_repository(unfinished, bare=True, initial_head="main")
    repository.create_commit("refs/heads/main", _WHO, _WHO, "all", _tree(repository, package), [])
    repository.pack()
    for loose in Path(repository.path, "objects").glob("??"):
        shutil.rmtree(loose)
    unfinished.rename(place)


def _tree(repository: pygit2.Repository, folder: Path) -> pygit2.Oid:
    builder = repository.TreeBuilder()
    for entry in os.scandir(folder):
        if entry.is_symlink():
            builder.insert(entry.name, repository.create_blob(os.readlink(os.fsencode(entry.path))), FileMode.LINK)
        elif entry.is_dir():
            builder.insert(entry.name, _tree(repository, Path(entry.path)), FileMode.TREE)
        else:
            builder.insert(entry.name, repository.create_blob(Path(entry.path).read_bytes()), FileMode.BLOB)
    return builder.write()


def _tar(package: Path, place: Path) -> None:
    with zstandard.open(place, "wb") as file, tarfile.open(fileobj=file, mode="w|") as archive:
        archive.add(package, package.name)


def _zip(package: Path, place: Path) -> None:
    with zipfile.ZipFile(place, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(package.rglob("*")):
            if path.is_file():
                archive.write(path, path.relative_to(package.parent))


FORMS: dict[str, tuple[str, Callable[[Path, Path], None]]] = {
    "git": (".git", _git),
    "tar": (".tar.zst", _tar),
    "zip": (".zip", _zip),
}
