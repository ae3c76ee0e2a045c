"""minhash: files with similar shingle sets, found by MinHash and banding, each removal proved by exact Jaccard."""

from __future__ import annotations

from typing import Literal

import pyarrow as pa
from pydantic import Field, model_validator

from curate.index_stage import NearIndexed
from curate.near_tasks import Search
from curate.stages.simhash import token_keys
from dedup.banding import Bands
from dedup.candidates import Bound
from dedup.minhash import MinHash as Permutations
from dedup.signatures import Signature, sign
from dedup.tokens import Tokenizer


class MinHash(NearIndexed):
    """MinHash dedup over shingles of tokens (Broder 1997; StarCoder's 256 permutations of 5-grams).

    A file goes only if its similarity to a kept one, measured on the whole sets, is at or above `min_similarity`; files
    of fewer than `shingle_tokens` tokens are not compared. Reasons to drop: near_duplicate, chained. The second comes
    with `closure` only: no proof ties the file to the one that stays.
    """

    name = "minhash"
    reads = ("content", "content_id")
    writes = {"minhash": pa.binary(), "minhash_tokens": pa.binary()}
    keys = ("minhash", "minhash_tokens", "content")

    min_similarity: float = Field(0.7, gt=0, le=1, description="inclusive; of what `proof` measures")
    proof: Literal["jaccard", "containment", "estimate"] = Field(
        "jaccard", description="containment: of the worse in the better; estimate: equal MinHash values, no proof"
    )
    permutations: int = Field(256, ge=1, le=4096)
    bands: int = Field(42, ge=1, description="42 of 6 rows find .995 of the pairs at .7; StarCoder has 25 of 10")
    rows: int = Field(6, ge=1)
    shingle_tokens: int = Field(5, ge=1, le=64)
    split_identifiers: bool = Field(False, description="camelCase and snake_case count as their words")
    seed: int = 1
    closure: bool = Field(False, description="let chains of resemblance remove files that are like no kept one")
    most_whole: int = Field(64, ge=1, description="files under one key that are all compared; of more, with leaders")

    @model_validator(mode="after")
    def _signature_fits(self) -> MinHash:
        self.signature()
        return self

    def signature(self) -> Signature:
        """What makes signatures comparable."""
        return Signature(
            tokenizer=Tokenizer(split_identifiers=self.split_identifiers),
            shingle_tokens=self.shingle_tokens,
            minhash=Permutations(permutations=self.permutations, seed=self.seed),
            bands=Bands(bands=self.bands, rows=self.rows),
        )

    def version(self) -> str:
        """That of the signature."""
        return self.signature().version

    def search(self, n_files: int) -> Search:
        """How pairs are looked for, the same among however many files."""
        signature = self.signature()
        assert signature.bands is not None
        return Search(
            signature=signature, keys=signature.bands, bound=Bound(most_whole=self.most_whole),
            min_proof=self.min_similarity, proof=self.proof, closure=self.closure,
        )  # fmt: skip

    def measure(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """Values (4 bytes each) and the key of all tokens (16 bytes); null for files too short for a shingle."""
        found = sign(batch.column("content"), self.signature())
        assert found.minhash is not None
        values = pa.array([row.tobytes() for row in found.minhash], pa.binary())
        return batch.append_column("minhash", values).append_column("minhash_tokens", token_keys(found))
