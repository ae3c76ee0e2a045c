"""Scaling laws: fitted to runs, and used to plan the next one."""
