"""language: what a file is written in, and which languages go on."""

from __future__ import annotations

import pyarrow as pa

from analyzers.detect import detect_batch
from analyzers.languages import canonical
from curate.stage import Stage


class DetectLanguage(Stage):
    """Language by the data set's own word where it is one we know, else by modeline, name, shebang, extension, content.

    Reasons to drop: unknown_language, unwanted_language.
    """

    name = "language"
    reads = ("path", "claimed_language", "content")
    writes = {"language": pa.string()}

    keep_unknown: bool = False
    only: tuple[str, ...] | None = None  # Linguist's names; null takes every language

    def measure(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """The language column; "Unknown" where nothing tells."""
        detected = detect_batch(batch.column("path").to_pylist(), batch.column("content")).to_pylist()
        claimed = batch.column("claimed_language").to_pylist()
        languages = [
            (canonical(claim) if claim else None) or found for claim, found in zip(claimed, detected, strict=True)
        ]
        reasons = [self._refusal(language) for language in languages]
        texts = [language if reason else None for language, reason in zip(languages, reasons, strict=True)]
        return (
            batch.append_column("language", pa.array(languages, pa.string()))
            .append_column("drop_reason", pa.array(reasons, pa.string()))
            .append_column("drop_text", pa.array(texts, pa.string()))
        )

    def _refusal(self, language: str) -> str | None:
        if language == "Unknown":
            return None if self.keep_unknown else "unknown_language"
        return None if self.only is None or language in self.only else "unwanted_language"
