"""datatrove: datatrove's filters for natural language, as steps of a recipe."""

from __future__ import annotations

import inspect
import json
import re
from functools import cache
from typing import Any, Literal

import pyarrow as pa
import pyarrow.compute as pc
from pydantic import BaseModel, ConfigDict, Field, model_validator

from analyzers.languages import canonical
from curate.stage import Stage
from curate.stages.resample import Domain, Resample

BLOCKS = ("GopherQualityFilter", "GopherRepetitionFilter", "FineWebQualityFilter", "C4ParagraphFilter", "RegexFilter")
"""Filters that judge a text by nothing but itself."""

_REFUSED = {
    "C4QualityFilter": "rewrites texts, and files are shipped as they are",
    "C4BadWordsFilter": "downloads its lists; the stage `dirt` has lexicons",
    "FastTextClassifierFilter": "downloads a model",
    "LanguageFilter": "downloads a model; `domains` tells Chinese from English",
    "LambdaFilter": "takes code, which a recipe does not hold",
    "SamplerFilter": "draws by order and not by content; the stage `resample` has keep_rates",
    "UnigramLogProbFilter": "downloads its frequencies",
    "URLFilter": "judges addresses of web pages, which files do not have",
}
_OWN = ("self", "exclusion_writer")  # arguments that no recipe can give
_HAN = "\u3400-\u9fff\uf900-\ufaff"
_WORD = re.compile(rf"[{_HAN}]|[^\W{_HAN}](?:[^\s{_HAN}]*[^\W{_HAN}])?|[^\w\s]")


class Block(BaseModel):
    """One filter: which texts it judges, and beside these fields the filter's own arguments by their names.

    Where `language` is left out, words are what stands between blanks, the marks around it apart, and single Han
    characters; on 250 technical English texts this gave spaCy's verdict for 94 % (Gopher) and 100 % (FineWeb). Where it
    is given, words are those of datatrove's tokenizer for it, mostly spaCy's, which must be installed and is slow.
    """

    model_config = ConfigDict(extra="allow", frozen=True)

    block: Literal[
        "GopherQualityFilter", "GopherRepetitionFilter", "FineWebQualityFilter", "C4ParagraphFilter", "RegexFilter"
    ]
    languages: tuple[str, ...] | None = None  # Linguist's names; null judges all of the domains
    domains: tuple[Domain, ...] = Field(("en",), min_length=1)

    @model_validator(mode="before")
    @classmethod
    def _is_allowed(cls, fields: Any) -> Any:
        name = fields.get("block") if isinstance(fields, dict) else None
        if name in _REFUSED:
            raise ValueError(f"{name} {_REFUSED[name]}; there are {', '.join(BLOCKS)}")
        return fields

    @model_validator(mode="after")
    def _can_be_made(self) -> Block:
        for name in self.languages or ():
            if canonical(name) != name:
                raise ValueError(f"{name!r} is no language of the table")
        _filter(self.block, json.dumps(self.model_extra, sort_keys=True))
        return self


class Datatrove(Stage):
    """Filters in the recipe's order; the first one that refuses a text names the reason. They run in Python, at some
    MB/s, and see only texts of their domains: prose that is at least three tenths Han is `zh`, other prose `en`.

    Reasons to drop: datatrove_BLOCK_REASON.
    """

    name = "datatrove"
    reads = ("content", "language", "han_fraction")

    blocks: tuple[Block, ...] = Field(..., min_length=1)

    def measure(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """The verdict."""
        domains = Resample().measure(batch).column("domain")
        languages = batch.column("language")
        reasons: list[str | None] = [None] * batch.num_rows
        for block in self.blocks:
            judged = pc.is_in(domains, pa.array(block.domains))
            if block.languages is not None:
                judged = pc.and_(judged, pc.is_in(languages, pa.array(block.languages)))
            refuses = _filter(block.block, json.dumps(block.model_extra, sort_keys=True))
            for row in pc.indices_nonzero(judged).to_pylist():
                if reasons[row] is None and (reason := refuses(batch.column("content")[row].as_py())):
                    reasons[row] = f"datatrove_{block.block}_{reason}"
        return batch.append_column("drop_reason", pa.array(reasons, pa.string()))


@cache
def _filter(name: str, arguments: str) -> Any:
    """A function of a text that gives the filter's reason to refuse it, or None. Made once a process.

    ValueError in one sentence where datatrove or its tokenizer is missing, or where the arguments are not the filter's.
    """
    try:
        from datatrove.data import Document
        from datatrove.pipeline import filters
        from datatrove.utils.word_tokenizers import load_word_tokenizer
    except ImportError as error:
        raise ValueError(f"datatrove cannot be loaded ({error}): pip install 'codemill[prose]'") from None
    made, given = getattr(filters, name), json.loads(arguments)
    known = [parameter for parameter in inspect.signature(made.__init__).parameters if parameter not in _OWN]
    if unknown := sorted(given.keys() - set(known)):
        raise ValueError(f"{name} has no argument {unknown[0]!r}; it has {', '.join(known) or 'none'}")
    try:
        if "language" in given:
            load_word_tokenizer(given["language"]).word_tokenize("a")
        elif "language" in known:
            given["language"] = _words()
        judge = made(**given)
    except Exception as error:
        raise ValueError(f"{name} cannot be made: {' '.join(str(error).split())[:200]}") from None

    def refuses(text: str) -> str | None:
        answer = judge.filter(Document(text=text, id=""))
        kept, reason = answer if isinstance(answer, tuple) else (answer, "refused")
        return None if kept else re.sub(r"\W+", "_", str(reason)).strip("_")

    return refuses


@cache
def _words() -> Any:
    """Words without a package or a model, as datatrove asks for them."""
    from datatrove.utils.word_tokenizers import WordTokenizer

    class Words(WordTokenizer):
        """`_WORD`. Sentences end at a mark that white space follows, or at an ideographic one."""

        def word_tokenize(self, text: str) -> list[str]:
            return _WORD.findall(text)

        def sent_tokenize(self, text: str) -> list[str]:
            return [part for part in re.split(r"(?<=[.!?…])\s+|(?<=[。！？])", text) if part.strip()]

        def span_tokenize(self, text: str) -> list[tuple[int, int]]:
            return [
                (found.start(), found.end()) for found in re.finditer(r"\S[\s\S]*?(?:[.!?…](?=\s)|[。！？]|\Z)", text)
            ]

    return Words()
