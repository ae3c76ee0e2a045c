"""redact: secrets, personal data and forged special tokens go before anything is measured."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Literal

import pyarrow as pa
import pyarrow.compute as pc
from pydantic import field_validator

from analyzers.dirt.forged import check_tokens, neutralise
from analyzers.secrets.personal import PERSONAL
from analyzers.secrets.redact import REDACTIONS, redact
from analyzers.secrets.scan import MAX_CANDIDATES, PLACEHOLDER_OF, scan
from curate.errors import WrongUse
from curate.special_tokens import SPECIAL_TOKENS
from curate.stage import Stage
from curate.stages.decode import content_ids

Action = Literal["replace", "drop", "keep"]

_PERSONAL = frozenset(rule.kind for rule in PERSONAL)
_GROUPS: dict[str, frozenset[str]] = {
    "personal": _PERSONAL,
    "secrets": frozenset(PLACEHOLDER_OF) - _PERSONAL,
}
_BEFORE = frozenset({"read", "decode", "licence", "opt_out", "language", "dirt"})  # ask about the content as found


class Redact(Stage):
    """Each file is scanned once. What is found is replaced by typed placeholders, the same value in a file by the same
    one; `redactions` tells kind and place of each, never the value. Special tokens that content spells out are broken:
    no text can forge the structure of training text. content_id, size_bytes and all that is measured later are of
    the content as shipped, which is why the stage stands before everything that measures.

    `actions` says for a kind, or a group (`secrets`, `personal`), what else to do than replace: drop the file, or keep
    what was found. A kind's own word is above its group's. Reasons to drop: secret_KIND, too_many_secrets.
    """

    name = "redact"
    reads = ("content", "content_id", "size_bytes")
    writes = {
        "content": pa.large_string(),
        "content_id": pa.string(),
        "size_bytes": pa.int64(),
        "redactions": REDACTIONS,
    }

    actions: dict[str, Action] = {}
    special_tokens: tuple[str, ...] = SPECIAL_TOKENS

    @field_validator("actions")
    @classmethod
    def _known(cls, actions: dict[str, Action]) -> dict[str, Action]:
        known = {*PLACEHOLDER_OF, *_GROUPS}
        if unknown := sorted(actions.keys() - known):
            raise ValueError(f"{unknown[0]!r} is no kind and no group; there are {', '.join(sorted(known))}")
        return actions

    @field_validator("special_tokens")
    @classmethod
    def _breakable(cls, tokens: tuple[str, ...]) -> tuple[str, ...]:
        check_tokens(tokens)
        if clash := {f"<{name}>" for name in PLACEHOLDER_OF.values()} & set(tokens):
            raise ValueError(f"special token {min(clash)!r} is what a placeholder looks like")
        return tokens

    def kinds(self, action: Action) -> frozenset[str]:
        """The kinds with which this is done."""
        asked = {
            kind: self.actions[group] for group, kinds in _GROUPS.items() if group in self.actions for kind in kinds
        }
        asked |= {kind: chosen for kind, chosen in self.actions.items() if kind not in _GROUPS}
        return frozenset(kind for kind in PLACEHOLDER_OF if asked.get(kind, "replace") == action)

    def check(self, written: Mapping[str, str]) -> None:
        """Also that nothing has been measured yet: it would be of a content that is not shipped."""
        super().check(written)
        if late := sorted(set(written.values()) - _BEFORE):
            raise WrongUse(
                f"stage 'redact' changes content that {late[0]!r} has looked into: put it right after 'language'"
            )

    def measure(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """Content, id and size as shipped, the redactions, and the verdict."""
        keep, content = self.kinds("keep"), batch.column("content")
        findings, too_many = scan(content, keep)
        redacted, redactions, refused = redact(content, findings, keep)
        shipped, redactions = neutralise(redacted, self.special_tokens, redactions)
        columns = {name: batch.column(name) for name in batch.schema.names} | {"redactions": redactions}
        if shipped is not content:
            columns |= {"content": shipped, "content_id": content_ids(shipped)}
            columns["size_bytes"] = pc.coalesce(pc.binary_length(shipped).cast(pa.int64()), columns["size_bytes"])
        return pa.RecordBatch.from_pydict(columns | self._verdict(findings, {*too_many, *refused}, batch.num_rows))

    def _verdict(self, findings: pa.Table, too_many: set[int], n_rows: int) -> dict[str, pa.Array]:
        """Reason, and how many findings there are of the kind that names it, or how many candidates are too many."""
        drop = self.kinds("drop")
        rows, kinds = (findings[name].to_pylist() for name in ("row", "kind"))
        found = Counter((row, kind) for row, kind in zip(rows, kinds, strict=True) if kind in drop)
        reasons: list[str | None] = [None] * n_rows
        values: list[int | None] = [None] * n_rows
        for (row, kind), count in reversed(found.items()):  # the first one in the file has the last word
            reasons[row], values[row] = f"secret_{kind}", count
        for row in too_many:
            reasons[row], values[row] = "too_many_secrets", None
        limits = [MAX_CANDIDATES if row in too_many else None for row in range(n_rows)]
        return {
            "drop_reason": pa.array(reasons, pa.string()),
            "drop_value": pa.array(values, pa.float64()),
            "drop_limit": pa.array(limits, pa.float64()),
        }
