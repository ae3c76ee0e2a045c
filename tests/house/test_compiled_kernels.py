"""A kernel that was compiled before is known again by all the modules that it may be made of."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

SMALL = """
from {package}.kernel import inlined
@inlined
def small(a):
    return a + {n}
"""
LARGE = """
import small
from {package}.kernel import kernel
@kernel
def large(a):
    return small.small(a)
"""


def found(folder: Path) -> str:
    told = "import large; print(large.large(1), sum(large.large.stats.cache_hits.values()))"
    environment = os.environ | {"PYTHONPATH": f"{folder}:{Path.cwd()}", "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.check_output([sys.executable, "-c", told], env=environment, text=True).strip()


@pytest.mark.parametrize("package", ["analyzers.text", "dedup", "train.bpe"])
def test_what_is_inlined_from_another_file_is_compiled_anew_where_that_file_changed(
    package: str, tmp_path: Path
) -> None:
    """An upgrade that leaves the outer file as it is, down to its time; the inner one keeps its time and size."""
    (tmp_path / "large.py").write_text(LARGE.format(package=package))
    small = tmp_path / "small.py"
    small.write_text(SMALL.format(package=package, n=1))
    assert found(tmp_path) == "2 0"
    assert found(tmp_path) == "2 1"
    told = small.stat()
    small.write_text(SMALL.format(package=package, n=4))
    os.utime(small, ns=(told.st_atime_ns, told.st_mtime_ns))
    assert found(tmp_path) == "5 0"
