"""Secrets and personal data: recall and precision on a marked corpus, beside detect-secrets, and speed on real source.

    pip install detect-secrets
    python -m benchmarks.redaction [FOLDER ...] [--megabytes 40] [--peer-megabytes 0.5]

The corpora are those of the tests, made from seeds. A value is found if a finding overlaps it; a finding elsewhere is
a false one. detect-secrets runs all its plugins and default filters on files, and says lines: a line with the value
counts as found. Speed is of one core, over files of up to 1 MB: the median of five passes after one, scan alone and
scan with redaction. The file is not called secrets.py: a script's folder hides the library's module of that name.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import pyarrow as pa

from analyzers.secrets.redact import redact
from analyzers.secrets.scan import RULES, scan, spans

ROOT = Path(__file__).parents[1]
sys.path.append(str(ROOT / "tests/analyzers/secrets"))

import marked  # noqa: E402
import marked_published  # noqa: E402

BATCH_BYTES = 8_000_000
RUNS = 5
MAX_FILE_BYTES = 1_000_000


def ours(sample: marked.Sample) -> tuple[bool, int]:
    """(the value was found, false findings)."""
    start, end = sample.start or 0, sample.end or 0
    hits = [first < end and start < last for _, first, last in spans(sample.text.encode())]
    return any(hits), len(hits) - sum(hits)


def detect_secrets_lines(path: Path) -> set[int]:
    """Lines, from 1, where detect-secrets finds something."""
    from detect_secrets.core.scan import scan_file

    return {secret.line_number for secret in scan_file(str(path))}


def theirs(sample: marked.Sample) -> tuple[bool, int]:
    """The same of detect-secrets."""
    with tempfile.NamedTemporaryFile("w", suffix=".py", encoding="utf-8") as file:
        file.write(sample.text)
        file.flush()
        lines = detect_secrets_lines(Path(file.name))
    row, start, end = sample.text.encode(), sample.start, sample.end
    wanted: set[int] = set()
    if start is not None:
        wanted = set(range(row.count(b"\n", 0, start) + 1, row.count(b"\n", 0, end) + 2))
    return bool(lines & wanted), len(lines - wanted)


def judge(name: str, finder) -> None:
    """Prints recall and precision of each corpus and group, and the kinds with misses or false findings."""
    for corpus, made in (("made here", marked), ("forms of published fixtures", marked_published)):
        negatives = Counter[str]()
        for sample in made.negatives():
            negatives[sample.kind] += finder(sample)[1]
        for group, kinds in (("keys", marked.KEYS), ("personal data", marked.PERSONAL)):
            total, found, false = Counter[str](), Counter[str](), Counter[str]()
            for sample in made.positives():
                if sample.kind in kinds:
                    hit, extra = finder(sample)
                    total[sample.kind] += 1
                    found[sample.kind] += hit
                    false["beside marked values"] += extra
            n_found, n_false = found.total(), (false + negatives).total()
            precision = n_found / (n_found + n_false) if n_found else float("nan")
            recall = n_found / total.total()
            print(f"{name}, {corpus}, {group}: recall {recall:.3f} of {total.total()}, precision {precision:.3f}")
            print(
                "   missed:", ", ".join(f"{k} {total[k] - found[k]}/{total[k]}" for k in total if found[k] < total[k])
            )
            print("   false:", ", ".join(f"{kind} {n}" for kind, n in (+(false + negatives)).most_common(12)))


def texts(folders: list[Path], budget_bytes: int) -> list[tuple[Path, str]]:
    """UTF-8 files below the folders, in order, until the budget is spent."""
    taken = []
    for path in (path for folder in folders for path in sorted(folder.rglob("*"))):
        if budget_bytes <= 0:
            break
        try:
            content = path.read_text("utf-8") if path.is_file() and path.stat().st_size <= MAX_FILE_BYTES else ""
        except (OSError, UnicodeDecodeError):
            continue
        if content and "\0" not in content:
            taken.append((path, content))
            budget_bytes -= len(content.encode())
    return taken


def speed(corpus: list[tuple[Path, str]]) -> None:
    """Prints MB/s of scan, and of scan and redaction, and what was found."""
    batches, rows, size, n_bytes = [], [], 0, 0
    for _, text in corpus:
        rows.append(text)
        size += len(text.encode())
        if size >= BATCH_BYTES:
            batches.append(pa.array(rows, pa.large_string()))
            n_bytes, rows, size = n_bytes + size, [], 0
    batches.append(pa.array(rows, pa.large_string()))
    n_bytes += size
    passes = {"scan": lambda batch: scan(batch), "scan and redact": lambda batch: redact(batch, scan(batch)[0])}
    for name, work in passes.items():
        times = []
        for _ in range(RUNS + 1):
            begin = time.perf_counter()
            for batch in batches:
                work(batch)
            times.append(time.perf_counter() - begin)
        print(f"{name}: {n_bytes / 1e6 / statistics.median(times[1:]):.0f} MB/s over {n_bytes / 1e6:.0f} MB")
    kinds = Counter(kind for batch in batches for kind in scan(batch)[0]["kind"].to_pylist())
    print("found:", ", ".join(f"{kind} {n}" for kind, n in kinds.most_common()))


def peer_speed(corpus: list[tuple[Path, str]], budget_bytes: float) -> None:
    """Prints MB/s of detect-secrets over the first files of the budget."""
    begin, done = time.perf_counter(), 0
    for path, text in corpus:
        if done >= budget_bytes:
            break
        detect_secrets_lines(path)
        done += len(text.encode())
    print(f"detect-secrets: {done / 1e6 / (time.perf_counter() - begin):.2f} MB/s over {done / 1e6:.1f} MB")


def main() -> None:
    """Prints the report."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folders", nargs="*", type=Path, default=[ROOT / "benchmarks/data/S/files"])
    parser.add_argument("--megabytes", type=float, default=40, help="source for our speed")
    parser.add_argument("--peer-megabytes", type=float, default=0.5, help="source for detect-secrets' speed")
    arguments = parser.parse_args()
    print(f"{len(RULES)} rules for {len({rule.kind for rule in RULES})} kinds")
    judge("codemill", ours)
    corpus = texts(arguments.folders, int(arguments.megabytes * 1e6))
    speed(corpus)
    try:
        from detect_secrets.settings import default_settings
    except ImportError:
        print("detect-secrets is not installed: pip install detect-secrets to compare")
        return
    with default_settings():
        judge("detect-secrets", theirs)
        peer_speed(corpus, arguments.peer_megabytes * 1e6)


if __name__ == "__main__":
    main()
