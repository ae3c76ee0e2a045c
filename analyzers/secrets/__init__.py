"""Secrets and personal data: found by one multi-pattern pass and exact checks, replaced by typed placeholders."""
