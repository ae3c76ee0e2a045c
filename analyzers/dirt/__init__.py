"""Dirt: what hides in a text, what offends in it, and what would forge the structure of training text."""
