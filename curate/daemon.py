"""The process that Spark forks its Python workers from: here it holds libraries and kernels before the first fork.

Spark's own daemon imports nothing, so that every worker spends its first two seconds importing Arrow and loading
kernels. Workers forked from this one have them, and share the memory they lie in. What threads the libraries start
(allocators' own) is restored in the child by their fork handlers; no thread of ours runs when a worker is forked.
"""

from __future__ import annotations

import curate.files
import curate.narrow
import curate.stages  # noqa: F401
from curate.warm import run_text_kernels


def main() -> None:
    """What Spark starts as `python -m curate.daemon pyspark.worker`."""
    import pyspark.daemon
    import pyspark.worker

    run_text_kernels()
    pyspark.daemon.manager()


if __name__ == "__main__":
    main()
