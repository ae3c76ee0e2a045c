"""Text signals of whole batches, measured by kernels over Arrow's buffers: measure.measure() is the door."""
