"""dirt: what hides in a file, what offends in it, and the recipe's limits on it."""

from __future__ import annotations

import hashlib
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import pyarrow as pa
from pydantic import field_validator, model_validator

from analyzers.dirt.lexicon import LEXICONS, check_terms
from analyzers.dirt.listed import read_hashes
from analyzers.dirt.measure import measure_dirt
from analyzers.signals import DIRT_SIGNALS, arrow_types
from curate.rules import Rule, check, judge
from curate.stage import Stage

_TYPES = arrow_types(DIRT_SIGNALS)
_LISTS = ("lexicon_file", "hashes_file")


class Dirt(Stage):
    """Signals of the group `dirt` and the rules on them, judged in order; the first one names the reason. They are of
    the content as it was found, so the stage may stand before `redact`.

    The rules that are set drop files in which a bidirectional control outlives its line, those with a payload in tags
    or variation selectors, the EICAR test file, and those in the user's list. Reasons to drop: names of the rules.
    """

    name = "dirt"
    reads = ("content", "language")
    writes = dict(_TYPES)

    lexicons: tuple[Literal["en", "zh"], ...] = ("en", "zh")
    lexicon_file: str | None = None  # a term a line, beside the lexicons
    hashes_file: str | None = None  # an MD5, SHA-1 or SHA-256 of UTF-8 text a line; on a cluster a path all workers see
    lists_digest: str | None = None  # sha256 of these files: another list is another recipe
    rules: dict[str, Rule] = {
        "trojan_source": Rule(signal="n_unpaired_bidi", max=0),
        "hidden_payload": Rule(signal="n_hidden", max=16),
        "test_virus": Rule(signal="is_test_virus", drop_if=True),
        "listed_hash": Rule(signal="is_listed", drop_if=True),
    }

    @field_validator("rules")
    @classmethod
    def _signals_exist(cls, rules: dict[str, Rule]) -> dict[str, Rule]:
        check(rules, _TYPES)
        return rules

    @model_validator(mode="before")
    @classmethod
    def _digest_lists(cls, fields: Any) -> Any:
        """Reads the lists once, so that a missing or faulty one is told before a job starts."""
        paths = [fields[name] for name in _LISTS if fields.get(name)] if isinstance(fields, dict) else []
        if not paths:
            return fields
        try:
            digest = hashlib.sha256(b"".join(hashlib.sha256(Path(path).read_bytes()).digest() for path in paths))
        except OSError as error:
            raise ValueError(f"the list {error.filename!r} cannot be read: {error.strerror}") from None
        if fields.get("lists_digest") not in (None, digest.hexdigest()):
            raise ValueError(f"the lists {', '.join(paths)} have changed since this recipe was written")
        return fields | {"lists_digest": digest.hexdigest()}

    @model_validator(mode="after")
    def _lists_are_sound(self) -> Dirt:
        check_terms(self.terms)
        if self.hashes_file is not None:
            read_hashes(self.hashes_file)
        return self

    @cached_property
    def terms(self) -> tuple[str, ...]:
        """The lexicons and the user's own terms, each once."""
        own: list[str] = []
        if self.lexicon_file is not None:
            lines = Path(self.lexicon_file).read_text(encoding="utf-8").splitlines()
            own = [line.strip() for line in lines if line.strip() and not line.startswith("#")]
        return tuple(dict.fromkeys([*(term for name in self.lexicons for term in LEXICONS[name]), *own]))

    def measure(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """The signals as columns, and the verdict of the rules."""
        for name, column in measure_dirt(batch.column("content"), self.terms, self.hashes_file).items():
            batch = batch.append_column(name, column)
        for name, column in judge(batch, self.rules).items():
            batch = batch.append_column(name, column)
        return batch
