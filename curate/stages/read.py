"""read: files and rows, found and opened. The engine calls the readers; here are the settings."""

from __future__ import annotations

import os
from typing import Any

from pydantic import Field, model_validator

from curate.errors import WrongUse
from curate.sources.raw import RAW
from curate.sources.stars import Stars, check, digest_of, load
from curate.stage import Stage


class Read(Stage):
    """How input is read. Reasons to drop: unreadable, too_large_to_read, empty, symlink, not_a_file, version_control,
    output_folder, bad_json, no_content, no_content_column, broken_repository, no_revision, too_many_files, submodule,
    missing_object, unsafe_path, hard_link, encrypted, duplicate_member, nested_archive, archive_bomb,
    too_large_to_copy."""

    name = "read"
    writes = {field.name: field.type for field in RAW if not field.name.startswith("drop_")}

    max_bytes: int = Field(16_000_000, gt=0, description="a larger file is told of and not opened")
    pack_bytes: int = Field(8 << 20, gt=0, description="small files are listed in packs of about this size")
    task_bytes: int = Field(64 << 20, gt=0, description="what one task reads at most, unless one unit is larger")
    batch_bytes: int = Field(4 << 20, gt=0, description="content that goes through the stages at a time")
    stars: str | None = Field(None, description="a .csv, .jsonl or .parquet with the stars of repositories")
    stars_sha256: str | None = Field(None, description="of that table; filled in, and checked where it is given")

    @model_validator(mode="before")
    @classmethod
    def _digest(cls, fields: dict[str, Any]) -> dict[str, Any]:
        """The table is a part of the recipe: with other stars it is another one."""
        if fields.get("stars") is None:
            return fields
        try:
            table = os.path.abspath(str(fields["stars"]))
            digest = digest_of(table)
            check(table)
        except WrongUse as error:
            raise ValueError(str(error)) from None
        if fields.get("stars_sha256") not in (None, digest):
            raise ValueError(f"the table of stars has sha256 {digest}, not {fields['stars_sha256']}: it changed")
        return {**fields, "stars": table, "stars_sha256": digest}

    def table(self) -> Stars | None:
        """The stars, where a table is given."""
        return None if self.stars is None else load(self.stars, str(self.stars_sha256))
