"""The labelled files of benchmarks/languages.py, from packages whose language is known, by name and version.

languages_packages.tsv is the plan. A row says that the files of a package with an extension and a path are in a
language; of the rows of one package the first that fits a file decides, and one without a language leaves it out.
Headers count as the language of the project that compiles them: those of C libraries are C although C++ may include
them. SQL counts as the dialect that it needs: with a function in PL/pgSQL it is PLpgSQL.

apt, npm and pip come through packages.py; src is a Debian source package, through lists of its own below the data
folder, so that the machine's own apt is left as it is.
"""

from __future__ import annotations

import csv
import fnmatch
import subprocess
import sys
import tarfile
import zipfile
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import pyarrow as pa
import pyarrow.parquet as pq
import xxhash
from archives import members
from packages import Package, PackageError, fetch

from analyzers.decode import decode_one
from analyzers.languages import LANGUAGES

PLAN = Path(__file__).with_name("languages_packages.tsv")
NO_EXTENSION = "(none)"
_EXTENSIONS = {extension for language in LANGUAGES for extension in language.extensions}
MAX_FILES = 40
"""Of a package, an extension and a language; those of lowest path hash, so that no project speaks for a language."""

APT_SOURCES = Path("/etc/apt/sources.list.d/debian.sources")
"""The machine's own sources in deb822 form, as Debian 12 and later have them."""

SCHEMA = pa.schema(
    {
        "package": pa.string(),
        "path": pa.string(),
        "extension": pa.string(),
        "language": pa.string(),
        "is_held_back": pa.bool_(),
        "content": pa.large_string(),
    }
)


@dataclass(frozen=True, kw_only=True)
class Row:
    """A line of the plan."""

    client: str
    package: str
    version: str
    extension: str
    path: str
    language: str


def plan() -> dict[tuple[str, str, str], list[Row]]:
    """The plan by (client, package, version), in its order."""
    grouped: dict[tuple[str, str, str], list[Row]] = defaultdict(list)
    with PLAN.open(encoding="utf-8", newline="") as file:
        for fields in csv.DictReader(file, delimiter="\t"):
            row = Row(**fields)
            grouped[row.client, row.package, row.version].append(row)
    return grouped


def is_held_back(package: str) -> bool:
    """Whether a package's files judge the rules, which were written from the others: a half, by the names' hash."""
    return xxhash.xxh3_64_intdigest(package.encode()) % 2 == 1


def extension_of(path: str) -> str:
    """The last extension as detect() reads it, NO_EXTENSION where there is none."""
    suffix = PurePosixPath(path).suffix or NO_EXTENSION
    return suffix if suffix in _EXTENSIONS else suffix.lower()


def label(rows: list[Row], path: str) -> str | None:
    """The language that the plan gives a path, None where it gives none."""
    extension = extension_of(path)
    for row in rows:
        if row.extension == extension and fnmatch.fnmatchcase(path, row.path):
            return row.language or None
    return None


def _archives(client: str, package: str, version: str, folder: Path) -> list[Path]:
    """A package's archives on disk, downloaded where they are not there yet."""
    if client == "src":
        return _source_archives(package, folder)
    wanted = Package(client=client, names=(package,), version=version, megabytes=(0, 0, 0))
    return [fetch(wanted, folder).path]


def _source_archives(package: str, folder: Path) -> list[Path]:
    target = folder / "src" / package
    if not target.is_dir():
        partial = target.with_name(f"{package}.partial")
        partial.mkdir(parents=True, exist_ok=True)
        command = ["apt-get", *_apt_options(folder), "--quiet=2", "--only-source", "--download-only", "source", package]
        done = subprocess.run(command, cwd=partial, capture_output=True, text=True, errors="replace", check=False)
        if done.returncode != 0:
            raise PackageError(f"source of {package} cannot be had ({done.stderr.strip().splitlines()[-1:]})")
        partial.rename(target)
    archives = sorted(path for path in target.iterdir() if ".tar." in path.name and path.suffix != ".asc")
    return [path for path in archives if ".debian.tar." not in path.name]


def _apt_options(folder: Path) -> list[str]:
    """Options that keep apt's lists in a folder of ours; the lists are fetched the first time."""
    state = (folder / "apt-state").resolve()
    options = ["-oDir::Etc::SourceList=/dev/null", f"-oDir::Etc::SourceParts={state}/sources"]
    options += [f"-oDir::State={state}", "-oDir::State::status=/dev/null", f"-oDir::Cache={state}"]
    sources = state / "sources" / APT_SOURCES.name
    if not sources.exists():
        if not APT_SOURCES.exists():
            raise PackageError(
                f"source packages need {APT_SOURCES}, which is not there: run this on Debian 12 or later"
            )
        for name in ("lists/partial", "archives/partial", "sources"):
            (state / name).mkdir(parents=True, exist_ok=True)
        sources.write_text(APT_SOURCES.read_text().replace("Types: deb\n", "Types: deb deb-src\n"))
        subprocess.run(["apt-get", *options, "--quiet=2", "update"], check=True, capture_output=True)
    return options


def labelled_files(rows: list[Row], archives: list[Path]) -> Iterator[tuple[str, str, str, str]]:
    """Yields (path, extension, language, content as UTF-8) of at most MAX_FILES a language and extension."""
    found: dict[tuple[str, str], list[tuple[int, str, bytes]]] = defaultdict(list)
    for archive in archives:
        for path, content in members(archive, lambda path: label(rows, path) is not None):
            language = label(rows, path)
            assert language is not None
            files = found[extension_of(path), language]
            files.append((xxhash.xxh3_64_intdigest(path.encode()), path, content))
            if len(files) > 2 * MAX_FILES:
                del sorted_in_place(files)[MAX_FILES:]
    for (extension, language), files in found.items():
        for _, path, content in sorted_in_place(files)[:MAX_FILES]:
            text = decode_one(content)[0]
            if text:
                yield path, extension, language, text


def sorted_in_place(files: list) -> list:
    """The list itself, sorted."""
    files.sort()
    return files


def _part(rows: list[Row], folder: Path) -> Path:
    """The labelled files of one package as Parquet, made where it isn't there for these rows of the plan yet."""
    client, package, version = rows[0].client, rows[0].package, rows[0].version
    digest = xxhash.xxh3_64_hexdigest(repr((rows, MAX_FILES)).encode())
    part = folder / "parts" / f"{client}-{package.replace('/', '_')}-{digest}.parquet"
    if not part.exists():
        files = labelled_files(rows, _archives(client, package, version, folder))
        columns = [
            (package, path, extension, language, is_held_back(package), text)
            for path, extension, language, text in files
        ]
        table = pa.Table.from_pylist([dict(zip(SCHEMA.names, row, strict=True)) for row in columns], schema=SCHEMA)
        part.parent.mkdir(exist_ok=True)
        pq.write_table(table, part.with_suffix(".partial"), compression="zstd")
        part.with_suffix(".partial").rename(part)
    return part


def gather(folder: Path) -> Path:
    """Writes `folder`/files.parquet, a row a file, equal contents once; what cannot be had is named on stderr."""
    tables = []
    for rows in plan().values():
        try:
            tables.append(pq.read_table(_part(rows, folder)))
        except (PackageError, OSError, EOFError, tarfile.TarError, zipfile.BadZipFile) as error:
            print(f"left out: {rows[0].package}: {error}", file=sys.stderr)
        else:
            print(f"{len(tables[-1]):5} files  {rows[0].package}", flush=True)
    table = pa.concat_tables(tables)
    keys = zip(table["extension"].to_pylist(), table["content"].to_pylist(), strict=True)
    digests = [xxhash.xxh3_128_hexdigest(f"{extension} {content}".encode()) for extension, content in keys]
    first = {digest: at for at, digest in reversed(list(enumerate(digests)))}
    target = folder / "files.parquet"
    pq.write_table(table.take(sorted(first.values())), target, compression="zstd")
    return target


if __name__ == "__main__":
    print(gather(Path("benchmarks/data/languages")))
