"""The configuration of packing: which runs, in which shares, rendered how."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Self

from pydantic import Field, model_validator

from train.renderers.document import RenderConfig
from train.rendering import Manner
from train.settings import Section, parse, put, read


class PackSource(Section):
    """A run and how much of it is taken."""

    run: Path
    name: str = ""  # in the index's column source; the run folder's name without it
    render: Manner = "files"  # docs/formats.md has all of them
    weight: float | None = Field(default=None, gt=0)  # share of the tokens, in proportion to the other sources'
    epochs: float = Field(default=1.0, gt=0)  # how often each document is taken; with weights: at most

    @property
    def label(self) -> str:
        """The source's name."""
        return self.name or self.run.resolve().name


class PackConfig(Section):
    """Packed tokens from one run or a mixture of several.

    With weights, the source that is scarcest for its weight is taken `epochs` times and the others as often as their
    weights ask; a document is taken by a hash of its content. The order is that of the sources, epochs and shards: the
    trainer shuffles.
    """

    tokenizer: Path
    out: Path
    sources: tuple[PackSource, ...] = Field(min_length=1)
    repo_name_rate: float = Field(default=0.2, ge=0, le=1)  # see train.renderers.document.RenderConfig
    path_rate: float = Field(default=0.2, ge=0, le=1)
    stars_rate: float = Field(default=0.2, ge=0, le=1)
    named_rate: float = Field(default=0.5, ge=0, le=1)
    fim_rate: float = Field(default=0.0, ge=0, le=1)
    whole_rate: float = Field(default=0.2, ge=0, le=1)
    scripts_rate: float = Field(default=0.0, ge=0, le=1)
    max_document_tokens: int | None = Field(default=None, ge=2)  # longer documents end there, and are counted as cut
    seed: int = 0

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        labels = [source.label for source in self.sources]
        if len(set(labels)) < len(labels):
            raise ValueError(f"two sources have one name in {', '.join(labels)}: give each a name of its own")
        if len({source.weight is None for source in self.sources}) > 1:
            raise ValueError("some sources have a weight and some have none: give one to each or to none")
        return self

    def render_config(self, seed: int) -> RenderConfig:
        """The renderers' part, with a seed of one epoch of one source."""
        return RenderConfig(
            repo_name_rate=self.repo_name_rate,
            path_rate=self.path_rate,
            stars_rate=self.stars_rate,
            named_rate=self.named_rate,
            fim_rate=self.fim_rate,
            whole_rate=self.whole_rate,
            scripts_rate=self.scripts_rate,
            seed=seed,
        )


def load_or_make(
    what: Sequence[Path], *, tokenizer: Path | None, out: Path | None, settings: Sequence[str] = ()
) -> PackConfig:
    """The configuration in one YAML file, or of runs taken once each; `tokenizer`, `out` and settings go over it."""
    given = {name: str(path) for name, path in (("tokenizer", tokenizer), ("out", out)) if path is not None}
    if is_file := len(what) == 1 and what[0].suffix in (".yaml", ".yml"):
        raw = read(what[0])
    else:
        raw = {"sources": [{"run": str(run)} for run in what]}
    for setting in settings:
        put(raw, setting)
    where = str(what[0]) if is_file else "pack"
    return parse(PackConfig, raw | given, where=where)
