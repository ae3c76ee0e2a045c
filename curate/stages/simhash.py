"""simhash: of files with SimHashes within a distance, each removal proved by a floor of exact Jaccard similarity."""

from __future__ import annotations

import pyarrow as pa
from pydantic import Field

from curate.index_stage import NearIndexed
from curate.near_tasks import Search
from dedup.banding import Bands
from dedup.candidates import SIMHASH_BOUND
from dedup.signatures import Signature, Signatures, among_bands, sign
from dedup.simhash import most_distance
from dedup.simhash_tables import choose_tables
from dedup.tokens import Tokenizer


class SimHash(NearIndexed):
    """SimHash dedup of whole files (CodeFuse-13B 2.1, step 2: similarity 0.95, a distance of 3 bits of 64).

    Pairs within the distance meet by construction; where very many files meet under one key, they are compared with its
    leaders only, and the manifest counts what was left out. Among more files than a distance has keys for (210 million
    at 6 bits, dedup.simhash_tables) a pair must share one of 42 bands of 6 MinHash values too. A file goes only if the
    Jaccard similarity of the shingle sets reaches `min_jaccard` too, so that small files do not fall to chance.
    Reasons to drop: near_duplicate, chained. The second comes with `closure` only: no proof ties the file to the one
    that stays.
    """

    name = "simhash"
    reads = ("content", "content_id")
    writes = {"simhash": pa.int64(), "simhash_tokens": pa.binary()}
    keys = ("simhash", "simhash_tokens", "content")

    min_similarity: float = Field(0.95, gt=0, le=1, description="inclusive; 1 - distance / 64")
    min_jaccard: float = Field(0.7, gt=0, le=1, description="inclusive")
    shingle_tokens: int = Field(5, ge=1, le=64)
    split_identifiers: bool = Field(False, description="camelCase and snake_case count as their words")
    closure: bool = Field(False, description="let chains of resemblance remove files that are like no kept one")

    def signature(self) -> Signature:
        """What makes signatures comparable."""
        tokenizer = Tokenizer(split_identifiers=self.split_identifiers)
        return Signature(tokenizer=tokenizer, shingle_tokens=self.shingle_tokens, minhash=None, bands=None)

    def version(self) -> str:
        """That of the signature, and the distance that keys are made for."""
        return f"{self.signature().version}/distance{most_distance(self.min_similarity)}"

    def search(self, n_files: int) -> Search:
        """How pairs are looked for among so many files; with an index, under its keys."""
        index = self.opened()
        cut_for = n_files if index is None else index.contents["cut_for"]
        tables = choose_tables(most_distance(self.min_similarity), cut_for)
        return Search(
            signature=self.signature(), keys=tables, bound=SIMHASH_BOUND, min_proof=self.min_jaccard,
            closure=self.closure,
        )  # fmt: skip

    def search_alone(self, n_files: int) -> Search:
        """The same, and among MinHash candidates where there are too many files for keys of SimHash."""
        try:
            return self.search(n_files)
        except ValueError:
            bands = Bands()
            return Search(
                signature=among_bands(self.signature(), bands), keys=bands, within=most_distance(self.min_similarity),
                bound=SIMHASH_BOUND, min_proof=self.min_jaccard, closure=self.closure,
            )  # fmt: skip

    def measure(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """The SimHash and the key of all tokens (16 bytes), null for files too short for a shingle."""
        found = sign(batch.column("content"), self.signature())
        simhashes = pa.array(found.simhash.view("int64"), pa.int64())
        return batch.append_column("simhash", simhashes).append_column("simhash_tokens", token_keys(found))


def token_keys(signatures: Signatures) -> pa.Array:
    """16 bytes that are equal where all tokens are; null for files too short for a shingle."""
    return pa.array(
        [
            key.tobytes() if n_shingles else None
            for key, n_shingles in zip(signatures.token_key, signatures.n_shingles, strict=True)
        ],
        pa.binary(),
    )
