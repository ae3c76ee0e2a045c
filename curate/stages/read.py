"""read: files and rows, found and opened. The engine calls the readers; here are the settings."""

from __future__ import annotations

from pydantic import Field

from curate.readers import RAW
from curate.stage import Stage


class Read(Stage):
    """How input is read. Reasons to drop: unreadable, too_large_to_read, empty, symlink, not_a_file, version_control,
    output_folder, bad_json, no_content, no_content_column."""

    name = "read"
    writes = {field.name: field.type for field in RAW if not field.name.startswith("drop_")}

    max_bytes: int = Field(16_000_000, gt=0, description="a larger file is told of and not opened")
    pack_bytes: int = Field(8 << 20, gt=0, description="small files are listed in packs of about this size")
    task_bytes: int = Field(64 << 20, gt=0, description="what one task reads at most, unless one unit is larger")
    batch_bytes: int = Field(4 << 20, gt=0, description="content that goes through the stages at a time")
