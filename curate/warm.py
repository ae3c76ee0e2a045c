"""Compile kernels and automata once, so that workers load them: `python -m curate.warm`, part of the installation.

Without it the first run's workers would each compile them at the same time, for most of a minute.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import get_args

import numpy as np
import pyarrow as pa

import analyzers.text.lexical
from analyzers.classifier import fold
from analyzers.classifier_tokens import lines_of
from analyzers.decode import decode_batch
from analyzers.detect import detect
from analyzers.languages import AMBIGUOUS
from analyzers.licences.header import heads
from analyzers.signals import GROUPS
from analyzers.syntax.limits import Limits
from analyzers.syntax.task import examine
from analyzers.text.measure import measure
from curate import recipe
from curate.inputs import walk
from curate.narrow import mill, work_schema
from curate.readers import read_units
from curate.sources.unit import Start
from curate.stage import Stage, check_contracts
from curate.stages.syntax import Measure
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
_SUFFIXES = {"Python": ".py", "C": ".c", "HTML": ".html", "Markdown": ".md"}


def is_compiled() -> bool:
    """Whether kernels were compiled and kept beside their sources before."""
    return any((Path(analyzers.text.lexical.__file__).parent / "__pycache__").glob("*.nbi"))


def compile_kernels() -> None:
    """Run all that stages use on a few lines: as the shipped recipes do, and as parsers' children do."""
    content = run_text_kernels()
    wanted = {"measures": get_args(Measure), "bugs": True, "segments": True, "pairs": {}, "facts": ("file",)}
    for language, text in _SAMPLES:  # in a child compiling would count as the first file's time
        examine((language, "", None, None), text.encode(), Limits(), wanted)
    for extension in AMBIGUOUS:
        detect(f"x{extension}", b"x")
    for spec in (NearMinHash(), NearSimHash()):
        near([content, content], spec)
    with tempfile.TemporaryDirectory() as folder:
        for number, (language, text) in enumerate(_SAMPLES):
            Path(folder, f"{number}{_SUFFIXES[language]}").write_text(text * 3, encoding="utf-8")
        start = Start(location=os.fsencode(folder), uri="warm", is_folder=True, named=True)
        for name in recipe.names():
            _mill(recipe.load(name), list(walk(start)))


def _mill(loaded: recipe.Recipe, units: list[dict]) -> None:
    stages = [stage for stage in loaded.stages if type(stage).measure is not Stage.measure and stage.name != "syntax"]
    schema = work_schema(check_contracts(loaded.stages))
    for raw in read_units(units, max_bytes=1_000_000, batch_bytes=1_000_000):
        mill(raw, "file", stages, schema)


def run_text_kernels() -> pa.LargeStringArray:
    """Those that every recipe uses; gives the lines."""
    raw = pa.array([text.encode() for _, text in _SAMPLES], pa.large_binary())
    content = decode_batch(raw).content
    measure(content, [language for language, _ in _SAMPLES], GROUPS)
    heads(content)
    keys(content, ignore_whitespace=True)
    lines_of(content)
    fold(["x"], np.zeros((2, 1), np.float32), np.zeros((2, 1), np.float32), 0, 2, 1).scores(content)
    return content


if __name__ == "__main__":
    compile_kernels()
