"""layout: how shards and ledger are cut. The engine lays them out; here are the settings."""

from __future__ import annotations

from pydantic import Field

from curate.stage import Stage


class Layout(Stage):
    """Sizes of output files, in bytes of content before compression and in rows."""

    name = "layout"

    shard_bytes: int = Field(256 << 20, gt=0, description="content of one shard; repositories above it are split")
    ledger_rows: int = Field(1_000_000, gt=0, description="rows of one ledger file")
