"""Which library names legacy encodings of source code best: accuracy and speed side by side.

    python benchmarks/legacy_encodings.py [CATALOGUES]

Texts are real lines of Python's standard library with real translated sentences among them as comments (message
catalogues, by default those of the Vim that is installed here), encoded, the share of non-ASCII bytes from 1 % to 90 %.
An answer is right when decoding with it gives the very text back; the name as such does not matter. Every library sees
the same bytes: the lines that hold non-ASCII bytes, as decoding shows them. The last column is decode_one itself with
its guards. Libraries that are not installed are left out and named.
"""

from __future__ import annotations

import random
import struct
import sys
import sysconfig
import time
from collections import defaultdict
from collections.abc import Callable
from functools import partial
from pathlib import Path

from analyzers.decode import decode_one
from analyzers.legacy_encodings import non_ascii_lines

CATALOGUES = Path("/usr/share/vim/vim90/lang")
SHARES = (0.01, 0.05, 0.2, 0.5, 0.9)  # of non-ASCII bytes in the file
TEXTS_PER_CELL = 30
SEED = 20_240_607

LANGUAGES = {  # Python's codec: folders of catalogues in languages that are written in it
    "gb18030": ("zh_CN.UTF-8",),
    "big5": ("zh_TW.UTF-8",),
    "cp932": ("ja",),
    "euc_jp": ("ja",),
    "cp949": ("ko.UTF-8",),
    "cp1252": ("de", "fr", "es", "it", "pt_BR", "sv", "fi"),
    "cp1251": ("ru", "uk"),
    "koi8_r": ("ru",),
    "cp1250": ("pl.UTF-8", "cs"),
}

Detector = Callable[[bytes], str | None]
Row = tuple[str, float, str, bytes]


def detectors() -> dict[str, Detector]:
    """What is installed here: name and version to a function from bytes to a codec, None for no answer."""
    found: dict[str, Detector] = {}
    try:
        import chardet

        found[f"chardet {chardet.__version__}"] = lambda data: chardet.detect(data, prefer_superset=True)["encoding"]
    except ImportError:
        print("left out: chardet is not installed")
    try:
        import cchardet

        found[f"faust-cchardet {cchardet.__version__}"] = lambda data: cchardet.detect(data)["encoding"]
    except ImportError:
        print("left out: faust-cchardet is not installed")
    try:
        import charset_normalizer

        def normalizer(data: bytes) -> str | None:
            best = charset_normalizer.from_bytes(data).best()
            return best.encoding if best else None

        found[f"charset-normalizer {charset_normalizer.__version__}"] = normalizer
    except ImportError:
        print("left out: charset-normalizer is not installed")
    try:
        import chardetng_py

        found["chardetng-py"] = chardetng_py.detect
    except ImportError:
        print("left out: chardetng-py is not installed")
    return found


def sentences(folder: Path, codec: str) -> list[str]:
    """Translated messages of one language, a line each, only those that are not ASCII and that the codec can hold."""
    messages = [message for path in sorted(folder.rglob("*.mo")) for message in translations(path.read_bytes())]
    lines = [line.strip() for message in messages for line in message.splitlines() if not line.isascii()]
    return [line for line in lines if line.encode(codec, "ignore").decode(codec) == line]


def translations(data: bytes) -> list[str]:
    """The translated side of a GNU .mo catalogue (little-endian), without its header."""
    magic, _, n_messages, _, table = struct.unpack_from("<5I", data)
    if magic != 0x950412DE:
        raise ValueError(f"no little-endian message catalogue: it begins with {magic:#x}")
    places = [struct.unpack_from("<2I", data, table + 8 * at) for at in range(n_messages)]
    header, *messages = [data[start : start + length] for length, start in places]
    charset = header.partition(b"charset=")[2].split()[0].decode("ascii")
    return [message.decode(charset, "ignore").replace("\0", "\n") for message in messages]


def code_lines() -> list[str]:
    """Lines of real code, all of them ASCII."""
    paths = sorted(Path(sysconfig.get_paths()["stdlib"]).glob("[a-h]*.py"))
    return [line for path in paths for line in path.read_text("utf-8").splitlines() if line.isascii()]


def make_text(code: list[str], comments: list[str], codec: str, share: float, rng: random.Random) -> str:
    """A file of which about `share` of the bytes is not ASCII."""
    n_bytes = rng.choice((1_000, 4_000, 16_000))
    lines: list[str] = []
    size = foreign = 0
    start = rng.randrange(len(code))
    while size < n_bytes:
        if foreign <= share * size:
            comment = rng.choice(comments)
            if share >= 0.5:  # sentences alone, without the blanks and Latin words that dilute them
                comment = "".join(word for word in comment.split() if not word.isascii()) or comment
            line = f"# {comment}"
            encoded = line.encode(codec)
            foreign += sum(byte > 127 for byte in encoded)
        else:
            start = (start + 1) % len(code)
            line = code[start]
            encoded = line.encode(codec)
        size += len(encoded) + 1
        lines.append(line)
    return "\n".join(lines) + "\n"


def make_texts(root: Path) -> list[Row]:
    """Rows of (codec, share wanted, text, bytes)."""
    rng = random.Random(SEED)
    code = code_lines()
    rows = []
    for codec, folders in LANGUAGES.items():
        by_folder = [lines for folder in folders if (lines := sentences(root / folder, codec))]
        if not by_folder:
            raise SystemExit(f"no catalogues for {codec} below {root}: give a folder that has {', '.join(folders)}")
        for share in SHARES:
            for at in range(TEXTS_PER_CELL):
                text = make_text(code, by_folder[at % len(by_folder)], codec, share, rng)
                rows.append((codec, share, text, text.encode(codec)))
    return rows


def decode_with(data: bytes, detector: Detector) -> str | None:
    """The text by the codec that the detector names, None where it names none or a wrong one."""
    codec = detector(non_ascii_lines(data))
    try:
        return data.decode(codec) if codec else None
    except (LookupError, UnicodeDecodeError):
        return None


def measure(rows: list[Row], decoder: Callable[[bytes], str | None]) -> tuple[dict[str, float], float]:
    """Share of right answers per codec and per share of non-ASCII bytes, and seconds per file."""
    right: dict[str, list[bool]] = defaultdict(list)
    seconds = 0.0
    for codec, share, text, data in rows:
        start = time.perf_counter()
        answer = decoder(data)
        seconds += time.perf_counter() - start
        verdict = answer == text
        for key in (codec, f"{share:.0%}", "all"):
            right[key].append(verdict)
    return {key: sum(values) / len(values) for key, values in right.items()}, seconds / len(rows)


def main() -> None:
    """Print one table: a row per codec and per share, a column per library."""
    root = Path(sys.argv[1]) if len(sys.argv) > 1 else CATALOGUES
    rows = make_texts(root)
    answers: dict[str, tuple[dict[str, float], float]] = {}
    for name, detector in detectors().items():
        answers[name] = measure(rows, partial(decode_with, detector=detector))
    answers["decode_one"] = measure(rows, lambda data: decode_one(data)[0])
    print(f"{len(rows)} texts")
    print(f"{'':10}" + "".join(f"{name:>26}" for name in answers))
    for key in [*LANGUAGES, *(f"{share:.0%}" for share in SHARES), "all"]:
        print(f"{key:10}" + "".join(f"{accuracy[key]:26.3f}" for accuracy, _ in answers.values()))
    print(f"{'us/file':10}" + "".join(f"{seconds * 1e6:26.0f}" for _, seconds in answers.values()))


if __name__ == "__main__":
    main()
