"""How often the language of ambiguous files is told right, at what cost: by extension alone, by content, by magika.

    pip install magika                        # optional
    python -m benchmarks.languages [--data benchmarks/data/languages] [--misses .h]

Files and labels come from packages (languages_gather.py); the first run gathers them. Rules were written from one half
of the packages and are judged on the other, which is held back: halves are told apart by a hash of the package's name.
magika sees the same bytes; where its label does not claim the extension the default stands.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

sys.path.append(str(Path(__file__).parent))

from languages_gather import NO_EXTENSION, gather

from analyzers.detect import detect_batch
from analyzers.languages import AMBIGUOUS, canonical

NOT_CODE = frozenset(("Unknown", "Text"))
"""Either is right for a text without an extension."""
OF_MAGIKA = {"latex": "TeX", "lisp": "Common Lisp", "cpp": "C++", "objectivec": "Objective-C"}
RUNS = 5

Answers = list[str]


def by_name(table: pa.Table) -> Answers:
    """Path alone."""
    nothing = pa.nulls(len(table), pa.large_string())
    return detect_batch(table["path"].to_pylist(), nothing).to_pylist()


def by_content(table: pa.Table) -> Answers:
    """What the stage `language` does."""
    return detect_batch(table["path"].to_pylist(), table["content"].combine_chunks()).to_pylist()


def magika_answers() -> Callable[[pa.Table], Answers] | None:
    """The same by magika where it is installed: its model is in the wheel, nothing is downloaded."""
    try:
        from magika import Magika
    except ImportError:
        print("left out: magika is not installed")
        return None
    model = Magika()

    def answers(table: pa.Table) -> Answers:
        return [
            _of_magika(model.identify_bytes(content.encode()).output.label, extension)
            for content, extension in zip(table["content"].to_pylist(), table["extension"].to_pylist(), strict=True)
        ]

    return answers


def _of_magika(label: str, extension: str) -> str:
    language = OF_MAGIKA.get(label) or canonical(label) or "Unknown"
    claimants = AMBIGUOUS.get(extension)
    if claimants is None:
        return language
    if label == "asm":  # both kinds: the one that claims the extension, the default where both do
        return next((name for name in claimants if "Assembly" in name), claimants[0])
    return language if language in claimants else claimants[0]


def is_right(answer: str, language: str) -> bool:
    """Whether an answer is the label; for what is no code, whether it isn't taken for code."""
    return answer == language or (language in NOT_CODE and answer in NOT_CODE)


def print_table(table: pa.Table, answers: dict[str, Answers]) -> None:
    """A row per extension and language: files held back and shares told right, then the same of the other half."""
    held = table["is_held_back"].to_pylist()
    keys = list(zip(table["extension"].to_pylist(), table["language"].to_pylist(), strict=True))
    right: dict[str, Counter] = {name: Counter() for name in answers}
    total: Counter = Counter()
    for at, (extension, language) in enumerate(keys):
        for key in ((extension, language), (extension, "all"), ("all", "all")):
            total[key, held[at]] += 1
            for name, given in answers.items():
                right[name][key, held[at]] += is_right(given[at], language)
    print(
        "held back | extension | language | files |" + "|".join(answers) + "| other half: files |" + "|".join(answers)
    )
    for key in sorted({key for key, _ in total}, key=lambda key: (key[0] == "all", key[0], key[1] == "all", key[1])):
        cells = []
        for half in (True, False):
            n = total[key, half]
            cells += [str(n), *(f"{right[name][key, half] / n:.3f}" if n else "" for name in answers)]
        print(f"| {key[0]} | {key[1]} | " + " | ".join(cells) + " |")
    for half in (True, False):  # every extension counts the same, however many files the registries have
        for name in answers:
            shares = [
                right[name][(extension, "all"), half] / n
                for extension in sorted({key[0] for key, _ in total} - {"all"})
                if (n := total[(extension, "all"), half])
            ]
            mean = sum(shares) / len(shares)
            print(f"mean over extensions, {'held back' if half else 'other half'}, {name}: {mean:.3f}")


def print_misses(table: pa.Table, answers: Answers, extension: str, held_back: bool) -> None:
    """Paths of an extension that are told wrong, by label and answer."""
    misses: dict[tuple[str, str], list[str]] = defaultdict(list)
    for row, answer in zip(table.drop_columns("content").to_pylist(), answers, strict=True):
        if row["extension"] == extension and row["is_held_back"] == held_back and not is_right(answer, row["language"]):
            misses[row["language"], answer].append(f"{row['package']}: {row['path']}")
    for (language, answer), paths in sorted(misses.items()):
        print(f"{language} told as {answer}: {len(paths)}")
        print("".join(f"    {path}\n" for path in paths), end="")


def print_cost(table: pa.Table) -> None:
    """Microseconds a file of detect_batch, by extension, and of a name that settles it."""
    for extension in sorted(set(table["extension"].to_pylist())):
        rows = table.filter(pa.compute.equal(table["extension"], extension))
        content, paths = rows["content"].combine_chunks(), rows["path"].to_pylist()
        plain = [f"{path}.py" for path in paths]
        cost = _microseconds(paths, content)
        print(f"{extension}: {cost:.1f} us a file, {_microseconds(plain, content):.1f} as .py, {len(paths)} files")


def _microseconds(paths: list[str], content: pa.LargeStringArray) -> float:
    detect_batch(paths, content)
    best = min(_seconds(paths, content) for _ in range(RUNS))
    return 1e6 * best / len(paths)


def _seconds(paths: list[str], content: pa.LargeStringArray) -> float:
    begin = time.perf_counter()
    detect_batch(paths, content)
    return time.perf_counter() - begin


def main() -> None:
    """Prints the accuracy of every way, and the cost of ours."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=Path("benchmarks/data/languages"), help="default: %(default)s")
    parser.add_argument("--misses", metavar="EXTENSION", help=f"list the misses of one extension, or of {NO_EXTENSION}")
    parser.add_argument("--held-back", action="store_true", help="with --misses: those of the half that judges")
    options = parser.parse_args()
    file = options.data / "files.parquet"
    table = pq.read_table(file if file.exists() else gather(options.data))
    if options.misses:
        print_misses(table, by_content(table), options.misses, options.held_back)
        return
    ways: dict[str, Callable[[pa.Table], Answers] | None] = {"name": by_name, "content": by_content}
    ways["magika"] = magika_answers()
    answers = {}
    for name, way in ways.items():
        if way is not None:
            begin = time.perf_counter()
            answers[name] = way(table)
            print(f"{name}: {1e6 * (time.perf_counter() - begin) / len(table):.0f} us a file, first call included")
    print_table(table, answers)
    print_cost(table)


if __name__ == "__main__":
    main()
