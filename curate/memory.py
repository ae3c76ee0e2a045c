"""Memory of a run's stages: the most that the JVMs and the Python processes of an executor held at once.

Spark looks at every executor's tree of processes as it runs, parsers included, and keeps the peaks of each of its own
stages; here those of one of ours are put together. It costs tasks nothing, and works on any master on Linux.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pyspark import SparkContext

SETTINGS = {
    "spark.executor.processTreeMetrics.enabled": "true",
    "spark.executor.metrics.pollingInterval": "500ms",
}
"""What makes Spark look. A stage whose tasks are all shorter than the interval may go unseen."""

_PEAKS = {"jvm_bytes": "ProcessTreeJVMRSSMemory", "python_bytes": "ProcessTreePythonRSSMemory"}
_BUS_MILLISECONDS = 2_000  # for what tasks told at their end to arrive


class Watch:
    """The jobs of a group that begin from now on."""

    def __init__(self, context: SparkContext, group: str):
        self._context, self._group = context, group
        self._earlier = set(context.statusTracker().getJobIdsForGroup(group))

    def peaks(self) -> dict[str, int]:
        """jvm_bytes and python_bytes: resident bytes of an executor's JVM, and of all its Python processes together
        (pages that they share count in each), each the most that was seen in any executor; {} where nothing was seen.
        """
        from py4j.protocol import Py4JError

        found = dict.fromkeys(_PEAKS, 0)
        # Not of Spark's public interface, and asked for when the work is done: no run ends for want of an answer.
        with contextlib.suppress(Py4JError, OSError):
            for stage in self._stages():
                self._see(stage, found)
        return {name: value for name, value in found.items() if value}

    def _stages(self) -> Iterator[int]:
        """Spark's stages of our jobs, when it knows of all that their tasks told at their end."""
        from py4j.protocol import Py4JJavaError

        with contextlib.suppress(Py4JJavaError):  # it is busy: what has arrived has to do
            self._context._jsc.sc().listenerBus().waitUntilEmpty(_BUS_MILLISECONDS)
        tracker = self._context.statusTracker()
        for job in set(tracker.getJobIdsForGroup(self._group)) - self._earlier:
            info = tracker.getJobInfo(job)
            yield from info.stageIds if info else ()

    def _see(self, stage: int, found: dict[str, int]) -> None:
        """Puts the peaks of one of Spark's stages into what was found."""
        from py4j.protocol import Py4JJavaError

        with contextlib.suppress(Py4JJavaError):  # a stage that was skipped, or forgotten, is not there
            peak = self._context._jsc.sc().statusStore().lastStageAttempt(stage).peakExecutorMetrics()
            if peak.isDefined():
                for name, metric in _PEAKS.items():
                    found[name] = max(found[name], peak.get().getMetricValue(metric))
