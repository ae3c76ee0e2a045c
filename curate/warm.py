"""Compile the kernels once, so that workers load them: `python -m curate.warm`, part of the installation.

Without it the first run's workers would each compile them at the same time, for most of a minute.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa

import analyzers.text.lexical
from analyzers.decode import decode_batch
from analyzers.licences.header import heads
from analyzers.signals import GROUPS
from analyzers.syntax.bugs.words import Words
from analyzers.text.measure import measure
from dedup.benchmark_tables import shipped
from dedup.contamination import Finder
from dedup.exact import keys
from dedup.near import NearMinHash, NearSimHash, near

_SAMPLES = (
    (
        "Python",
        'import os\n\n\ndef f(x: int) -> str:\n    """Say it. 中文"""\n    # TODO: more\n    return "a b c" + \'d\'\n',
    ),
    ("C", '#include <stdio.h>\nint main(void) { /* é */ printf("%d", 0x1F); return 0; }\n'),
    ("HTML", "<html><body><p>Hello, world</p><script>1</script></body></html>\n"),
    ("Markdown", "# Title\n\nSome prose. 一些中文。\n\n* item ...\n"),
)


def is_compiled() -> bool:
    """Whether kernels were compiled and kept beside their sources before."""
    return any((Path(analyzers.text.lexical.__file__).parent / "__pycache__").glob("*.nbi"))


def compile_kernels() -> None:
    """Run every kernel that stages use on a few lines."""
    content = run_text_kernels()
    Finder(shipped("HumanEval")).find(content, np.zeros(len(content), np.uint8))
    Words(b"int x;", [(0, 1)], b"")
    for spec in (NearMinHash(), NearSimHash()):
        near([content, content], spec)


def run_text_kernels() -> pa.LargeStringArray:
    """Those that every recipe uses; gives the lines."""
    raw = pa.array([text.encode() for _, text in _SAMPLES], pa.large_binary())
    content = decode_batch(raw).content
    measure(content, [language for language, _ in _SAMPLES], GROUPS)
    heads(content)
    keys(content, ignore_whitespace=True)
    return content


if __name__ == "__main__":
    compile_kernels()
