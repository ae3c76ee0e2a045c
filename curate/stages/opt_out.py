"""opt_out: what owners do not want to be trained on goes, and what is like it goes too."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyarrow as pa
from pydantic import Field, model_validator

from curate.errors import WrongUse
from curate.near_opted import OptedSearch, find
from curate.opted_out import KINDS, Kind, OptedOut, content_hashes, digest_of, load, owner_of
from curate.stage import Decided, Keep, Wide, decisions
from dedup.banding import Bands
from dedup.minhash import MinHash
from dedup.signatures import Signature, sign
from dedup.tokens import Tokenizer

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

_BANDS = Bands(bands=25, rows=5)  # finds .990 of the pairs at .7, all but 2 in 10^5 at .8
_MARKS = {"UTF-8-SIG": b"\xef\xbb\xbf", "UTF-16LE": b"\xff\xfe", "UTF-16BE": b"\xfe\xff", "UTF-32LE": b"\xff\xfe\0\0"}


class OptOut(Wide):
    """Files on opt-out lists, and near-duplicates of them. `match` names the entry.

    Lists are text (an entry a line, # begins a comment), JSONL or Parquet (a column named repo, owner, path or
    content), and may have millions of entries. It stands right after `decode`. Hashes of content are of the bytes as
    found: sha256, sha1, Git's blob id, md5, or our content_id. Of a near-duplicate `duplicate_of` is the opted-out file
    that it is like. Reasons to drop: opted_out_repo, opted_out_owner, opted_out_path, opted_out_content,
    near_opted_out.
    """

    name = "opt_out"
    reads = ("content", "content_id", "encoding", "path", "repo")
    writes = {
        "opted_out": pa.string(),
        "opted_out_match": pa.string(),
        "opted_out_minhash": pa.binary(),
        "opted_out_tokens": pa.binary(),
    }
    keys = ("opted_out", "opted_out_match", "opted_out_minhash", "opted_out_tokens", "content")
    early = True

    repos: tuple[str, ...] = Field((), description="lists of repositories, owner/name")
    owners: tuple[str, ...] = Field((), description="lists of owners")
    paths: tuple[str, ...] = Field((), description="lists of paths or globs, alone or behind owner/name/")
    contents: tuple[str, ...] = Field((), description="lists of hashes of content")
    near: float | None = Field(
        0.7, gt=0, le=1, description="Jaccard similarity, inclusive; null lets what is like stay"
    )
    lists_sha256: str | None = Field(None, description="of the lists; filled in, and checked where it is given")

    @model_validator(mode="before")
    @classmethod
    def _digest(cls, fields: dict[str, Any]) -> dict[str, Any]:
        """The lists are a part of the recipe: with others it is another one."""
        try:
            digest = digest_of(_lists(fields))
        except WrongUse as error:
            raise ValueError(str(error)) from None
        if fields.get("lists_sha256") not in (None, digest):
            raise ValueError(f"the opt-out lists have sha256 {digest}, not {fields['lists_sha256']}: they changed")
        return {**fields, "lists_sha256": digest}

    def listed(self) -> OptedOut:
        """The entries of all lists."""
        return load(_lists(self.model_dump()), str(self.lists_sha256))

    def signature(self) -> Signature:
        """What near-duplicates are looked for by."""
        permutations = MinHash(permutations=_BANDS.bands * _BANDS.rows)
        return Signature(tokenizer=Tokenizer(), shingle_tokens=5, minhash=permutations, bands=_BANDS)

    def measure(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """Which entry a file matches. It stays until all files are read where others may be like it, else goes now."""
        listed, n_rows = self.listed(), batch.num_rows
        reasons: list[str | None] = [None] * n_rows
        matches: list[str | None] = [None] * n_rows
        asked = {kind for kind, _ in _lists(self.model_dump())}
        for kind in (kind for kind in KINDS if kind in asked):
            for row, entry in enumerate(_matches(listed, kind, batch)):
                if entry is not None and reasons[row] is None:
                    reasons[row], matches[row] = f"opted_out_{kind}", f"{kind} {entry}"
        signed: list[pa.Array] = [pa.nulls(n_rows, pa.binary())] * 2
        if self.near is not None and listed.n_entries:
            found = sign(batch.column("content"), self.signature())
            assert found.minhash is not None
            long_enough = [int(n) > 0 for n in found.n_shingles]
            for place, values in enumerate((found.minhash, found.token_key)):
                rows = zip(values, long_enough, strict=True)
                signed[place] = pa.array([row.tobytes() if is_long else None for row, is_long in rows], pa.binary())
        columns = (pa.array(reasons, pa.string()), pa.array(matches, pa.string()), *signed)
        for name, column in zip(self.writes, columns, strict=True):
            batch = batch.append_column(name, column)
        if self.near is None:
            batch = batch.append_column("drop_reason", columns[0]).append_column("match", columns[1])
        return batch

    def decide(self, files: DataFrame, keep: Keep) -> Decided:
        """Files on the lists, and files that are like one of them."""
        from pyspark.sql import functions as F

        opted = files.where("opted_out is not null").select("file_id", "opted_out", "opted_out_match")
        own = {"drop_stage": F.lit(self.name), "drop_reason": F.col("opted_out"), "match": F.col("opted_out_match")}
        gone, notes = decisions(opted, own), {"entries": self.listed().n_entries}
        if self.near is None or not notes["entries"]:
            return Decided(decisions=gone, notes=notes)
        search = OptedSearch(signature=self.signature(), bands=_BANDS, min_similarity=self.near)
        compared = files.select(
            "file_id", "content", F.col("opted_out_minhash").alias("minhash"),
            F.col("opted_out_tokens").alias("tokens"), F.col("opted_out").isNotNull().alias("is_opted"),
        )  # fmt: skip
        found, counts = find(compared, keep, search)
        entries = opted.select(F.col("file_id").alias("witness"), F.col("opted_out_match").alias("entry"))
        like = {
            "drop_stage": F.lit(self.name), "drop_reason": F.lit("near_opted_out"), "drop_value": F.col("similarity"),
            "drop_limit": F.lit(self.near), "duplicate_of": F.col("witness"), "similarity": F.col("similarity"),
            "match": F.col("entry"),
        }  # fmt: skip
        near = decisions(found.join(entries, "witness"), like)
        return Decided(decisions=gone.unionByName(near), notes=notes | counts)


def _lists(fields: dict[str, Any]) -> tuple[tuple[Kind, str], ...]:
    named = (("repo", "repos"), ("owner", "owners"), ("path", "paths"), ("content", "contents"))
    return tuple((kind, str(path)) for kind, field in named for path in fields.get(field) or ())  # type: ignore[misc]


def _matches(listed: OptedOut, kind: Kind, batch: pa.RecordBatch) -> list[str | None]:
    """For each row the entry of a kind that it matches."""
    repos = batch.column("repo").to_pylist()
    if kind == "repo":
        return listed.known(kind, repos)
    if kind == "owner":
        return listed.known(kind, [owner_of(repo) for repo in repos])
    if kind == "path":
        paths = batch.column("path").to_pylist()
        whole = [f"{repo}/{path}" if repo and path else None for repo, path in zip(repos, paths, strict=True)]
        exact = zip(listed.known(kind, paths), listed.known(kind, whole), repos, paths, strict=True)
        return [alone or behind or listed.glob(repo, path) for alone, behind, repo, path in exact]
    found = listed.known(kind, batch.column("content_id").to_pylist())
    hashed = zip(batch.column("content"), batch.column("encoding").to_pylist(), strict=True)
    hashes = [list(content_hashes(_as_found(text.as_py(), encoding)).values()) for text, encoding in hashed]
    for names in zip(*hashes, strict=True):
        found = [one or other for one, other in zip(found, listed.known(kind, names), strict=True)]
    return found


def _as_found(text: str | None, encoding: str | None) -> bytes:
    """The bytes that a text was decoded from; its UTF-8 where its encoding does not give them back."""
    text = text or ""
    if encoding in (None, "UTF-8"):
        return text.encode()
    try:
        return _MARKS.get(encoding, b"") + text.encode(encoding.removesuffix("-SIG"))
    except (LookupError, UnicodeEncodeError):
        return text.encode()
