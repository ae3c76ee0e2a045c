"""resample: how much of each language and domain stays. Which files stay is a function of content_id and seed."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any, Literal, get_args

import pyarrow as pa
import pyarrow.compute as pc
from pydantic import BaseModel, ConfigDict, Field, model_validator

from analyzers.languages import BY_NAME, canonical
from curate import budget
from curate.stage import Decided, Keep, Wide, decisions

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

BINS = 4096  # a file's place in the draw; a rate or cap is met to within one of them
HAN_FRACTION = 0.3  # of letters, above which prose is Chinese

Domain = Literal["code", "zh", "en", "other"]


class Cap(BaseModel):
    """An upper bound for one language; null is none."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    max_bytes: int | None = Field(None, ge=0)
    max_tokens: int | None = Field(None, ge=0)
    max_share: float | None = Field(None, ge=0, le=1, description="of all bytes of code before resampling")


class Resample(Wide):
    """Minimum share, keep rates, caps, token budget by aD, mixture of domains: in this order, the tightest one names
    the reason. Reasons to drop: rare_language, keep_rate, cap, budget, mixture.

    Every file has a place in 0..1 by hash of content_id and seed, and stays if it is below its language's rate. Lower
    rates keep subsets of higher ones.
    """

    name = "resample"
    reads = ("language", "content_id", "size_bytes", "han_fraction")
    writes = {"domain": pa.string()}
    keys = ("domain",)

    seed: int = 0
    min_language_share: float = Field(0.0, ge=0, lt=1, description="of all bytes of code; CodeFuse 0.001")
    keep_rates: dict[str, float] = {}
    caps: dict[str, Cap] = {}
    budget_tokens: float | None = Field(None, gt=0, description="for all code, allocated in proportion to aD")
    exponents: dict[str, float] = Field(default_factory=lambda: dict(budget.DATA_EXPONENTS))
    mixture: dict[str, float] = {}
    anchor: Domain | None = Field("code", description="the domain that stays whole; null cuts to the scarcest")
    tokens_per_byte: dict[str, float] = Field(
        default_factory=lambda: dict(budget.TOKENS_PER_BYTE), description="by language, else by domain"
    )

    @model_validator(mode="after")
    def _check(self) -> Resample:
        for name in (*self.keep_rates, *self.caps, *self.exponents):
            if name != "Unknown" and canonical(name) != name:
                raise ValueError(f"{name!r} is no language of the table")
        for name, rate in self.keep_rates.items():
            if not 0 <= rate <= 1:
                raise ValueError(f"keep_rates.{name} is {rate} and must lie in 0..1")
        if unknown := set(self.mixture) - set(get_args(Domain)):
            raise ValueError(f"mixture names {sorted(unknown)[0]!r}; domains are {', '.join(get_args(Domain))}")
        positive = {"exponents": self.exponents, "tokens_per_byte": self.tokens_per_byte, "mixture": self.mixture}
        for field, values in positive.items():
            for name, value in values.items():
                if value < 0 or (value == 0 and field != "mixture"):
                    raise ValueError(f"{field}.{name} is {value} and must be above 0")
        if self.mixture and abs(sum(self.mixture.values()) - 1) > 1e-6:
            raise ValueError(f"mixture adds up to {sum(self.mixture.values()):g} and must add up to 1")
        if self.mixture and self.anchor is not None and self.anchor not in self.mixture:
            raise ValueError(f"anchor {self.anchor!r} has no share in the mixture")
        return self

    def measure(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """The domain: code, or for prose zh or en by its letters."""
        kinds = [getattr(BY_NAME.get(language), "kind", None) for language in batch.column("language").to_pylist()]
        is_prose = pa.array([kind == "prose" for kind in kinds])
        is_han = pc.fill_null(pc.greater_equal(batch.column("han_fraction"), HAN_FRACTION), False)
        prose = pc.if_else(is_han, "zh", "en")
        return batch.append_column("domain", pc.if_else(is_prose, prose, "code").cast(pa.string()))

    def decide(self, files: DataFrame, keep: Keep) -> Decided:
        """Files whose place in the draw is at or above the rate of their language and domain."""
        from pyspark.sql import functions as F

        place = F.shiftrightunsigned(F.xxhash64("content_id", F.lit(self.seed)), 52).cast("int")
        drawn = files.select("file_id", "language", "domain", "size_bytes", place.alias("bin"))
        rows = (
            drawn.groupBy("language", "domain", "bin")
            .agg(F.sum("size_bytes").alias("n_bytes"), F.count("*").alias("n_files"))
            .collect()  # at most BINS rows a language
        )
        groups = Groups(rows, self)
        limits, reasons = groups.limits()
        key = F.concat_ws("\t", "language", "domain")
        table = {name: (limits[name], reasons[name]) for name in limits if limits[name] < BINS}
        notes = {"asked_and_got": groups.table(limits, reasons)}
        if not table:
            return Decided(decisions=decisions(drawn.where("false"), {}), notes=notes)
        limit = F.create_map(*(F.lit(x) for name, (bound, _) in table.items() for x in ("\t".join(name), bound)))[key]
        reason = F.create_map(*(F.lit(x) for name, (_, why) in table.items() for x in ("\t".join(name), why)))[key]
        decided = {
            "drop_stage": F.lit(self.name),
            "drop_reason": reason,
            "drop_value": F.col("bin") / BINS,
            "drop_limit": limit / BINS,
        }
        return Decided(decisions=decisions(drawn.where(F.col("bin") >= limit), decided), notes=notes)


Name = tuple[str, str]  # language, domain


class Groups:
    """What there is of each language and domain, by place in the draw."""

    def __init__(self, rows: list[Any], stage: Resample):
        self.stage = stage
        self.n_bytes: dict[Name, list[int]] = defaultdict(lambda: [0] * BINS)
        self.n_files: dict[Name, list[int]] = defaultdict(lambda: [0] * BINS)
        for row in rows:
            self.n_bytes[row["language"], row["domain"]][row["bin"]] += row["n_bytes"]
            self.n_files[row["language"], row["domain"]][row["bin"]] += row["n_files"]
        self.names = sorted(self.n_bytes)

    def rate(self, name: Name) -> float:
        """Tokens per byte."""
        known = self.stage.tokens_per_byte
        return known.get(name[0], known.get(name[1], budget.TOKENS_PER_BYTE["code"]))

    def tokens(self, name: Name, limit: int) -> float:
        """Estimated tokens of the files below a place in the draw."""
        return sum(self.n_bytes[name][:limit]) * self.rate(name)

    def below(self, name: Name, tokens: float, limit: int) -> int:
        """The highest place, up to `limit`, below which there are no more than so many tokens."""
        held = 0.0
        for place in range(limit):
            held += self.n_bytes[name][place] * self.rate(name)
            if held > tokens * (1 + 1e-12):
                return place
        return limit

    def limits(self) -> tuple[dict[Name, int], dict[Name, str | None]]:
        """For every group the place at which it is cut, BINS keeping all, and the setting that cut it there."""
        limits = dict.fromkeys(self.names, BINS)
        reasons: dict[Name, str | None] = dict.fromkeys(self.names)

        def cut(name: Name, limit: int, reason: str) -> None:
            if limit < limits[name]:
                limits[name], reasons[name] = limit, reason

        stage = self.stage
        code = [name for name in self.names if name[1] == "code"]
        total = sum(sum(self.n_bytes[name]) for name in code)
        for name in code:
            if sum(self.n_bytes[name]) < stage.min_language_share * total:
                cut(name, 0, "rare_language")
        for name in self.names:
            cut(name, round(stage.keep_rates.get(name[0], 1.0) * BINS), "keep_rate")
            for tokens in self._capped(name, total):
                cut(name, self.below(name, tokens, limits[name]), "cap")
        if stage.budget_tokens is not None:
            there = {name[0]: self.tokens(name, limits[name]) for name in code}
            given = budget.allocate(stage.budget_tokens, there, stage.exponents)
            for name in code:
                if given.get(name[0], 0.0) < there[name[0]]:
                    cut(name, self.below(name, given[name[0]], limits[name]), "budget")
        if stage.mixture:
            self._mix(limits, cut)
        return limits, reasons

    def _capped(self, name: Name, total: int) -> list[float]:
        cap = self.stage.caps.get(name[0], Cap())
        bounds = [
            None if cap.max_bytes is None else cap.max_bytes * self.rate(name),
            cap.max_tokens,
            None if cap.max_share is None else cap.max_share * total * self.rate(name),
        ]
        return [float(bound) for bound in bounds if bound is not None]

    def _mix(self, limits: dict[Name, int], cut: Any) -> None:
        there: dict[str, float] = defaultdict(float)
        for name in self.names:
            there[name[1]] += self.tokens(name, limits[name])
        shares: dict[str, float] = dict(self.stage.mixture)
        wanted = budget.mix(there, shares, self.stage.anchor)
        for name in self.names:
            if wanted[name[1]] < there[name[1]]:
                part = wanted[name[1]] / there[name[1]]
                cut(name, self.below(name, self.tokens(name, limits[name]) * part, limits[name]), "mixture")

    def table(self, limits: dict[Name, int], reasons: dict[Name, str | None]) -> dict[str, Any]:
        """Asked and got, for the manifest: rows by language, and shares by domain."""
        got: dict[str, float] = defaultdict(float)
        rows = []
        for name in self.names:
            n_bytes, n_files, limit = self.n_bytes[name], self.n_files[name], limits[name]
            got[name[1]] += self.tokens(name, limit)
            rows.append(
                {
                    "language": name[0],
                    "domain": name[1],
                    "files_in": sum(n_files),
                    "files_kept": sum(n_files[:limit]),
                    "bytes_in": sum(n_bytes),
                    "bytes_kept": sum(n_bytes[:limit]),
                    "tokens_kept": round(self.tokens(name, limit)),
                    "asked_rate": limit / BINS,
                    "cut_by": reasons[name],
                }
            )
        total = sum(got.values())
        asked: dict[str, float] = dict(self.stage.mixture)
        domains = [
            {
                "domain": domain,
                "asked_share": asked.get(domain),
                "got_share": got[domain] / total if total else 0.0,
                "tokens": round(got[domain]),
            }
            for domain in sorted({*got, *asked})
        ]
        return {"languages": rows, "domains": domains}
