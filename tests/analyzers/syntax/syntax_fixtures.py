"""The fixture of each language, for tests of this folder."""

from __future__ import annotations

from pathlib import Path

from analyzers.syntax.languages import MODULES, spec_of

FIXTURES = Path(__file__).parent / "fixtures"


def fixture(language: str) -> bytes:
    """Its module's name and any extension."""
    (path,) = FIXTURES.glob(f"{MODULES[language]}.*")
    return path.read_bytes()


def tier_of(language: str) -> str:
    """A, B or C."""
    spec = spec_of(language)
    assert spec is not None
    return spec.tier
