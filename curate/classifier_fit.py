"""fastText's training, in a process of its own: `python -m curate.classifier_fit TEXT MODEL SETTINGS`.

With one thread, which alone gives the same model twice, fastText 0.9 and its builds fill a tenth of their input matrix
with random numbers and leave the rest as the allocator gave it. In a new process that hands large blocks back to the
system (the allocator's threshold fixed), it is zeros: the same start every time, and no NaN.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from curate.errors import RunFailed

_ALLOCATOR = {"MALLOC_MMAP_THRESHOLD_": "65536", "MALLOC_PERTURB_": "255", "OMP_NUM_THREADS": "1"}
"""glibc: blocks from 64 KiB on are fresh pages, which are zeros, and smaller ones are filled with ~255."""


def fit(text: Path, model: Path, settings: dict[str, Any]) -> None:
    """Train on lines of `text` and write `model`. RunFailed with fastText's own reason where it fails."""
    words = [sys.executable, "-m", "curate.classifier_fit", str(text), str(model), json.dumps(settings)]
    ended = subprocess.run(words, env=os.environ | _ALLOCATOR, capture_output=True, text=True, check=False)
    if ended.returncode:
        reason = (ended.stderr.strip().splitlines() or ["it was killed"])[-1]
        raise RunFailed(f"fastText failed: {reason}; where it says NaN, take a smaller --lr")


def main(text: str, model: str, settings: str) -> None:
    """What the child does."""
    import fasttext

    fasttext.train_supervised(text, **json.loads(settings), thread=1, verbose=0).save_model(model)


if __name__ == "__main__":
    main(*sys.argv[1:])
