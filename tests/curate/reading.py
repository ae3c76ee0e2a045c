"""Files read as the engine reads them, without Spark."""

from __future__ import annotations

import os
from pathlib import Path

from curate.inputs import units_of_file
from curate.readers import read_units
from curate.sources.unit import Start

MAX_BYTES = 16_000_000


def file_units(*paths: Path, named: bool = True) -> list[dict]:
    """Units of files that the user named, or that were found in a folder."""
    starts = [Start(location=os.fsencode(path), uri=path.name, is_folder=False, named=named) for path in paths]
    return [unit for start in starts for unit in units_of_file(start)]


def rows_of(*paths: Path) -> list[dict]:
    """What the readers give for files that the user named."""
    batches = read_units(file_units(*paths), max_bytes=MAX_BYTES, batch_bytes=1 << 20)
    return [row for batch in batches for row in batch.to_pylist()]
