"""The tables that rooms share, as Arrow schemas. Changing one is a line in CHANGELOG."""

from __future__ import annotations

import pyarrow as pa

from analyzers.signals import arrow_struct

SIGNALS = arrow_struct()
SIGNAL_TYPES: dict[str, pa.DataType] = {field.name: field.type for field in SIGNALS}

SOURCE = pa.struct(
    [
        ("uri", pa.string()),  # input label and path below it; the manifest says where each label's root was
        ("member", pa.string()),  # inside an archive
        ("row", pa.int64()),  # Parquet: row number; JSONL: byte offset of the line in the uncompressed file
        ("revision", pa.string()),  # of a repository
    ]
)

REDACTION = pa.struct([("kind", pa.string()), ("start", pa.int64()), ("end", pa.int64())])
SEGMENT_REMOVED = pa.struct([("segment_id", pa.string()), ("kind", pa.string()), ("duplicate_of", pa.string())])

_PLACE = [
    ("file_id", pa.string()),
    ("content_id", pa.string()),
    ("source", SOURCE),
    ("repo", pa.string()),
    ("path", pa.string()),
    ("root", pa.string()),
    ("language", pa.string()),
    ("encoding", pa.string()),
    ("licence", pa.string()),
    ("stars", pa.int32()),
    ("committed_at", pa.timestamp("us", "UTC")),
    ("size_bytes", pa.int64()),
    ("n_lines", pa.int32()),
]
_MEASURED = [
    ("quality_score", pa.float32()),
    ("signals", SIGNALS),
    ("tags", pa.map_(pa.string(), pa.string())),
    ("redactions", pa.list_(REDACTION)),
    ("segments_removed", pa.list_(SEGMENT_REMOVED)),
]
_DECIDED = [
    ("drop_stage", pa.string()),
    ("drop_reason", pa.string()),
    ("drop_value", pa.float64()),
    ("drop_text", pa.string()),
    ("drop_limit", pa.float64()),
    ("duplicate_of", pa.string()),
    ("similarity", pa.float64()),
    ("cluster", pa.string()),
    ("match", pa.string()),
]

DOCUMENT = pa.schema([*_PLACE, ("content", pa.large_string()), *_MEASURED])
"""A row of OUT/shards: one kept file."""

LEDGER = pa.schema([*_PLACE, *_MEASURED, *_DECIDED])
"""A row of OUT/ledger: one file that was read. The last nine columns are null when it was kept."""

PAIR = pa.schema(
    [
        ("pair_id", pa.string()),
        ("file_id", pa.string()),
        ("segment_id", pa.string()),
        ("language", pa.string()),
        ("kind", pa.string()),
        ("name", pa.string()),
        ("signature", pa.string()),
        ("parameters", pa.list_(pa.string())),
        ("doc_style", pa.string()),
        ("comment", pa.string()),
        ("comment_language", pa.string()),
        ("code", pa.string()),
        ("code_with_comment", pa.string()),
        ("start", pa.int64()),
        ("end", pa.int64()),
        ("repo", pa.string()),
        ("path", pa.string()),
        ("licence", pa.string()),
        ("drop_reason", pa.string()),
    ]
)
"""A row of OUT/pairs: a definition and its comment (analyzers.syntax.pairs.Pair) in a kept file."""

NOTICE_TEXT = pa.struct(
    [
        ("path", pa.string()),
        ("text_id", pa.string()),  # the file's content_id
        ("text", pa.string()),  # null where an earlier row has it
    ]
)
NOTICES = pa.schema(
    [
        ("origin", pa.string()),  # repository, or input where none is known
        ("repo", pa.string()),
        ("root", pa.string()),  # folder of the licence file or manifest; null where there is none
        ("licence", pa.string()),  # SPDX expression; null unknown
        ("files", pa.int64()),  # kept
        ("bytes", pa.int64()),
        ("copyrights", pa.list_(pa.string())),
        ("copyrights_left_out", pa.int64()),
        ("texts", pa.list_(NOTICE_TEXT)),
    ]
)
"""A row of OUT/NOTICES.parquet: a tree, root and licence of kept files, and what that licence asks to be passed on."""

DECISION = pa.schema([("file_id", pa.string()), *_DECIDED])
"""What a wide stage gives: a row for each file it drops, naming stage and reason."""

VERDICT = ("drop_reason", "drop_value", "drop_text", "drop_limit")
"""The columns in which a narrow stage says that a file goes; drop_reason null means that it stays."""

EVIDENCE = ("match",)
"""The columns in which a narrow stage may say besides what it found in a file that goes; null for one that stays."""

VERDICT_COLUMNS = [(name, LEDGER.field(name).type) for name in VERDICT]
