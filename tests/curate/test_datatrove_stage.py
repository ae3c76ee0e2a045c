"""datatrove both ways: its filters as a stage of ours, our stages as a block of its pipelines."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pytest
from datatrove.data import Document
from datatrove.executor import LocalPipelineExecutor
from datatrove.pipeline.filters import GopherQualityFilter
from pydantic import ValidationError

import curate
from curate.datatrove_blocks import NarrowStages
from curate.errors import WrongUse
from curate.recipe import load, parse
from curate.stages.datatrove import Datatrove, _words

ROOT = Path(__file__).parents[2]
WORDS = "and the of to that with have be this which from parser index value memory buffer thread kernel"
ENGLISH = WORDS.split(" ")
CHINESE = "的一是在不了有和人这中大为上个国我以要他时来用们生到作地于出就分对成会可主发年动同工也能下"


def english(rng: random.Random, n_words: int) -> str:
    sentences = []
    while n_words > 0:
        words = rng.choices(ENGLISH, k=12)
        sentences.append(" ".join(words).capitalize() + ".")
        n_words -= 12
    return "\n".join(sentences) + "\n"


def chinese(rng: random.Random, n_chars: int) -> str:
    return "".join("".join(rng.choices(CHINESE, k=20)) + "。\n" for _ in range(n_chars // 20))


def judged(stage: Datatrove, *rows: tuple[str, str]) -> list[str | None]:
    han = [sum("\u3400" <= c <= "\u9fff" for c in text) / len(text) for _, text in rows]
    columns = {
        "language": [language for language, _ in rows],
        "content": pa.array([text for _, text in rows], pa.large_string()),
        "han_fraction": [
            share if language != "Python" else None for (language, _), share in zip(rows, han, strict=True)
        ],
    }
    return stage.measure(pa.RecordBatch.from_pydict(columns)).column("drop_reason").to_pylist()


RNG = random.Random(2)
LONG, SHORT, HAN = english(RNG, 120), "Too few words.\n", chinese(RNG, 60)


def test_blocks_judge_their_domains_in_order() -> None:
    stage = Datatrove(
        blocks=[
            {"block": "GopherQualityFilter", "min_doc_words": 20},
            {"block": "GopherQualityFilter", "domains": ["zh"], "min_doc_words": 80, "min_avg_word_length": 1},
            {"block": "RegexFilter", "regex_exp": "kernel", "languages": ["Markdown"]},
        ]
    )
    rows = [("Text", LONG), ("Text", SHORT), ("Text", HAN), ("Python", SHORT), ("Markdown", LONG)]
    assert judged(stage, *rows) == [
        None,
        "datatrove_GopherQualityFilter_gopher_short_doc",
        "datatrove_GopherQualityFilter_gopher_short_doc",
        None,
        "datatrove_RegexFilter_refused",
    ]


def test_the_verdict_is_the_filters_own() -> None:
    rng = random.Random(3)
    texts = [english(rng, n_words) for n_words in (10, 45, 55, 300)]
    texts += [
        "the # of " * 60,
        "- the parsers of buffers\n" * 80,
        "1234 5678 " * 60,
        "the parsers of buffers...\n" * 60,
    ]
    direct = GopherQualityFilter(language=_words())
    expected = []
    for text in texts:
        answer = direct.filter(Document(text=text, id=""))
        expected.append(None if answer is True else f"datatrove_GopherQualityFilter_{answer[1]}")
    assert judged(Datatrove(blocks=[{"block": "GopherQualityFilter"}]), *(("Text", text) for text in texts)) == expected
    assert len(set(expected)) > 3


@pytest.mark.parametrize(
    ("block", "told"),
    [
        ({"block": "LanguageFilter"}, "LanguageFilter downloads a model; `domains` tells Chinese from English"),
        ({"block": "C4BadWordsFilter"}, "C4BadWordsFilter downloads its lists; the stage `dirt` has lexicons"),
        ({"block": "C4QualityFilter"}, "rewrites texts, and files are shipped as they are"),
        ({"block": "LambdaFilter"}, "takes code"),
        ({"block": "BestFilter"}, "Input should be 'GopherQualityFilter'"),
        ({"block": "GopherQualityFilter", "min_words": 5}, "has no argument 'min_words'; it has min_doc_words"),
        ({"block": "GopherQualityFilter", "exclusion_writer": 1}, "has no argument 'exclusion_writer'"),
        ({"block": "GopherQualityFilter", "language": "klingon"}, "cannot be made: Language 'klingon'"),
        ({"block": "RegexFilter", "regex_exp": "("}, "RegexFilter cannot be made: missing"),
        ({"block": "RegexFilter", "regex_exp": "a", "languages": ["Pyton"]}, "'Pyton' is no language of the table"),
    ],
)  # fmt: skip
def test_a_block_that_cannot_be_meant_is_refused_in_a_sentence(block: dict, told: str) -> None:
    with pytest.raises(ValidationError) as refused:
        Datatrove(blocks=[block])
    assert told in refused.value.errors()[0]["msg"]


def with_blocks(*blocks: dict) -> dict:
    raw = load("codefuse").as_dict()
    at = [next(iter(stage)) for stage in raw["stages"]].index("text") + 1
    return raw | {"stages": [*raw["stages"][:at], {"datatrove": {"blocks": list(blocks)}}, *raw["stages"][at:]]}


def test_a_recipe_holds_several_and_comes_back_the_same() -> None:
    raw = with_blocks({"block": "FineWebQualityFilter"}, {"block": "GopherQualityFilter", "min_doc_words": 10})
    recipe = parse(raw, where="here")
    assert [block.block for block in recipe.stage("datatrove").blocks] == [
        "FineWebQualityFilter",
        "GopherQualityFilter",
    ]
    assert parse(recipe.as_dict(), where="there").hash == recipe.hash
    with pytest.raises(WrongUse, match=r"stages\.datatrove\.blocks\.0: .*downloads a model"):
        parse(with_blocks({"block": "FastTextClassifierFilter"}), where="here")


def test_other_recipes_do_not_load_datatrove() -> None:
    told = "import curate.recipe, sys; curate.recipe.load('codefuse'); print('datatrove' in sys.modules)"
    ended = subprocess.run([sys.executable, "-c", told], capture_output=True, text=True, cwd=ROOT, check=False)
    assert ended.stdout.strip() == "False"


def test_our_stages_run_in_datatroves_executor(tmp_path: Path) -> None:
    documents = [
        Document(text="x = 1  # lena@northwind.io\n", id="one", metadata={"path": "a/one.py", "max_stars_count": 3}),
        Document(text="", id="two.py"),
        Document(text="nuqneH\n", id="three.klingon"),
        Document(text="int x;\n", id="four", metadata={"lang": "C"}),
    ]
    recipe = tmp_path / "own.yaml"
    recipe.write_text("stages: [read, decode, language, redact, text, exact]\n")
    got: list[Document] = []
    gone: list[tuple[str, str]] = []

    class Gone:
        def __enter__(self) -> Gone:
            return self

        def __exit__(self, *_: object) -> None:
            pass

        def write(self, document: Document, rank: int = 0) -> None:
            gone.append((document.id, document.metadata["filter_reason"]))

    block = NarrowStages(recipe, batch_bytes=30, exclusion_writer=Gone())

    def collect(data: Iterator[Document], rank: int = 0, world_size: int = 1) -> Iterator[Document]:
        for document in data:
            got.append(document)
            yield document

    executor = LocalPipelineExecutor(
        [documents, block, collect], tasks=1, workers=1, logging_dir=str(tmp_path / "logs")
    )
    executor.run()
    assert [(one.id, one.text, one.metadata["language"]) for one in got] == [
        ("one", "x = 1  # <EMAIL>\n", "Python"),
        ("four", "int x;\n", "C"),
    ]
    assert got[0].metadata["redactions"] == [{"kind": "email", "start": 9, "end": 16}]
    assert got[0].metadata["signals"]["n_chars"] == len(got[0].text)
    assert gone == [("two.py", "decode.empty"), ("three.klingon", "language.unknown_language")]


@pytest.mark.spark
def test_the_mixture_of_codefuse_is_reached_where_there_is_enough_text(tmp_path: Path, spark) -> None:
    rng = random.Random(8)
    for number in range(400):
        body = "\n".join(
            f"    {rng.choice(ENGLISH)}_{rng.randrange(10**9)} = {rng.randrange(10**9)}" for _ in range(12)
        )
        place = tmp_path / "in" / f"repo{number % 9}"
        place.mkdir(parents=True, exist_ok=True)
        (place / f"code{number}.py").write_text(f"def run_{number}():\n{body}\n")
        (place / f"text{number}.txt").write_text("".join(rng.choices("abcdefghij ", k=9)) + english(rng, 72))
        (place / f"zh{number}.md").write_text(chinese(rng, 300), encoding="utf-8")
        (place / f"bad{number}.txt").write_text(f"{rng.randrange(10**9)} 12 34\n" * 9)
    raw = with_blocks(
        {"block": "GopherQualityFilter"},
        {"block": "GopherQualityFilter", "domains": ["zh"], "min_avg_word_length": 1, "min_stop_words": 0},
    )
    raw["stages"] = [stage for stage in raw["stages"] if next(iter(stage)) not in ("simhash", "segments")]
    recipe = tmp_path / "mixed.yaml"
    recipe.write_text(json.dumps(raw))
    run = curate.run(recipe, [tmp_path / "in"], tmp_path / "out", spark)
    told = run.manifest["stages"]["resample"]["asked_and_got"]
    shares = {row["domain"]: row["got_share"] for row in told["domains"]}
    assert shares == pytest.approx({"code": 0.8, "zh": 0.1, "en": 0.1}, abs=0.015)
    reasons = run.ledger.to_table(columns=["drop_stage", "path"]).to_pylist()
    assert {row["drop_stage"] for row in reasons if "/bad" in row["path"]} == {"datatrove"}
