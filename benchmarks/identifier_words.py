"""The table of trigrams that tells words from made-up names, and how well it does.

    python -m benchmarks.identifier_words [FOLDER] [--megabytes 5] [--write]

Names are those that files of FOLDER (by default corpus M) declare. Every fifth folder of files is held back from the
table; figures are of those alone. A made-up name is a real one mangled in one of the ways of MANGLERS. For each
language and way: the area under the curve of the share of non-words, files as they are against the same files with all
their declared names mangled, and at the threshold the share of real names called non-words and of mangled ones found.
With --write the table goes to analyzers/syntax/trigrams.bin.
"""

from __future__ import annotations

import argparse
import base64
import random
import re
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from analyzers.languages import BY_NAME
from analyzers.syntax import analyze
from analyzers.syntax.declarations import declared
from analyzers.syntax.identifier_words import N_LETTERS, SCALE, TABLE, THRESHOLD, scores
from analyzers.syntax.kinds import kind_table
from analyzers.syntax.languages import spec_of
from analyzers.syntax.token_stream import last_word, token_stream

DATA = Path(__file__).parent / "data" / "M" / "files"
LANGUAGES = ("Python", "Java", "JavaScript", "C", "Go", "C++", "Rust", "TypeScript", "PHP", "Ruby")
HELD_BACK = 5  # one folder of so many
MIN_NAMES = 10  # of a file that is looked at
SMOOTHING = 0.5
_PART = re.compile(rb"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
_LETTERS = b"abcdefghijklmnopqrstuvwxyz"

Names = dict[str, tuple[bool, list[bytes]]]  # by path: held back or not, and the names


def _over_letters(name: bytes, change: Callable[[list[int]], list[int]]) -> bytes:
    """The name with its letters changed, what is no letter left in place."""
    places = [i for i, byte in enumerate(name) if chr(byte).isalpha()]
    made = bytearray(name)
    for place, letter in zip(places, change([name[i] for i in places]), strict=True):
        made[place] = letter
    return bytes(made)


def _random_letters(name: bytes, rng: random.Random) -> bytes:
    return _over_letters(name, lambda letters: [rng.choice(_LETTERS) for _ in letters])


def _shuffled(name: bytes, rng: random.Random) -> bytes:
    return _over_letters(name.lower(), lambda letters: rng.sample(letters, len(letters)))


def _without_vowels(name: bytes, rng: random.Random) -> bytes:
    return re.sub(rb"[aeiouAEIOU]", b"", name)


def _base64(name: bytes, rng: random.Random) -> bytes:
    return b"_" + base64.b64encode(rng.randbytes(9)).translate(None, b"+/=")


def _hex(name: bytes, rng: random.Random) -> bytes:
    return b"_0x" + rng.randbytes(4).hex().encode()


MANGLERS = {
    "random letters": _random_letters,
    "shuffled": _shuffled,
    "without vowels": _without_vowels,
    "base64": _base64,
    "hexadecimal": _hex,
}


def names_of(language: str, source: bytes) -> list[bytes]:
    """The different names that a file declares; none where it cannot be parsed."""
    spec, report = spec_of(language), analyze(language, source)
    if spec is None or isinstance(report, str) or report.definitions is None:
        return []
    stream = token_stream(report, source, kind_table(spec))
    at = np.flatnonzero(declared(stream, language, report.definitions))
    found = {source[start:end] for start, end in zip(stream.starts[at], stream.ends[at], strict=True)}
    return sorted(found | {last_word(one.name) for one in report.definitions})


def read(folder: Path, language: str, n_bytes: int) -> Names:
    """Names by file, of files spread over the folder."""
    found: Names = {}
    for path in _spread(folder, set(BY_NAME[language].extensions), n_bytes):
        names = names_of(language, path.read_bytes())
        if len(names) >= MIN_NAMES:
            held = zlib.crc32(str(path.parent.relative_to(folder)).encode()) % HELD_BACK == 0
            found[str(path)] = held, names
    return found


def _spread(folder: Path, extensions: set[str], n_bytes: int) -> Iterator[Path]:
    paths = [path for path in sorted(folder.rglob("*")) if path.suffix in extensions and path.is_file()]
    paths = [path for path in paths if 500 < path.stat().st_size < 200_000]
    return iter(paths[:: max(1, sum(path.stat().st_size for path in paths) // n_bytes)])


def _trigrams(name: bytes) -> list[int]:
    found = []
    for part in _PART.findall(name):
        letters = [0, *((byte | 32) - 96 for byte in part), 0]
        found += [
            (a * N_LETTERS + b) * N_LETTERS + c for a, b, c in zip(letters, letters[1:], letters[2:], strict=False)
        ]
    return found


def table_of(names: Counter[bytes]) -> np.ndarray:
    """Log-odds of trigrams in names against the same names mangled, int8 in units of 1/SCALE bit.

    A name counts once, and once more for each doubling of the files it is in.
    """
    rng = random.Random(0)
    real, made_up = np.full(N_LETTERS**3, SMOOTHING), np.full(N_LETTERS**3, SMOOTHING)
    for name, n_files in sorted(names.items()):
        weight = n_files.bit_length()
        for trigram in _trigrams(name):
            real[trigram] += weight
        for mangle in MANGLERS.values():
            for trigram in _trigrams(mangle(name, rng)):
                made_up[trigram] += weight
    odds = np.log2(real / real.sum()) - np.log2(made_up / made_up.sum())
    return np.clip(np.round(odds * SCALE), -127, 127).astype(np.int8)


def area(positive: list[float], negative: list[float]) -> float:
    """Area under the curve: how often a positive is above a negative, ties counting half."""
    ordered = np.sort(np.array(negative))
    below = np.searchsorted(ordered, positive, "left") + np.searchsorted(ordered, positive, "right")
    return float(below.mean() / 2 / len(negative))


def _share(found: np.ndarray) -> float:
    judged = found[~np.isnan(found)]
    return float((judged < THRESHOLD).mean()) if len(judged) else 0.0


def _tell(language: str, files: list[list[bytes]], table: np.ndarray) -> None:
    rng = random.Random(1)
    real = [scores(names, table) for names in files]
    shares = [_share(one) for one in real]
    line = f"{language:12} {len(files):5} files, {_share(np.concatenate(real)):.3f} of real names non-words;"
    for way, mangle in MANGLERS.items():
        made = [scores([mangle(name, rng) for name in names], table) for names in files]
        found = area([_share(one) for one in made], shares)
        line += f"  {way} {found:.4f} ({_share(np.concatenate(made)):.2f})"
    print(line, flush=True)


def main() -> None:
    """Reads, tells, writes."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("folder", nargs="?", type=Path, default=DATA)
    options.add_argument("--megabytes", type=float, default=5, help="of source for each language")
    options.add_argument("--write", action="store_true", help="write the table into the package")
    given = options.parse_args()
    by_language = {one: read(given.folder, one, int(given.megabytes * 1_000_000)) for one in LANGUAGES}
    files = [names for found in by_language.values() for held, names in found.values() if not held]
    table = table_of(Counter(name for names in files for name in names))
    for language, found in by_language.items():
        _tell(language, [names for held, names in found.values() if held], table)
    if given.write:
        TABLE.write_bytes(table.tobytes())


if __name__ == "__main__":
    main()
