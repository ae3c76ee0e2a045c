"""The errors that a user can mend. The command line prints them as one sentence; anything else is a defect of ours."""

from __future__ import annotations


class CodemillError(Exception):
    """Root of the tree: what went wrong, the value and the bound, and the next step, in one sentence."""


class WrongUse(CodemillError, ValueError):
    """The call cannot be carried out as written: a bad recipe, input or option. Exit code 2."""


class RunFailed(CodemillError, RuntimeError):
    """The run was started and cannot end well: nothing read, files unaccounted for, no space. Exit code 1."""
