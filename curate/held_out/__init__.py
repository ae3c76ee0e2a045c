"""Held-out data: repositories that no arm of an experiment trains on, nor anything much like them."""
