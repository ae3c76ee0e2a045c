"""Text signals of whole batches, measured by kernels over Arrow's buffers: measure() is the door."""

from __future__ import annotations

from analyzers.text.measure import measure

__all__ = ["measure"]
