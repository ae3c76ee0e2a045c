"""redact as a stage: what is shipped, what is recorded, what is dropped, and where in a recipe it may stand."""

from __future__ import annotations

import io
import random
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pytest
import xxhash
from pydantic import ValidationError
from rich.console import Console

import curate
from analyzers.dirt.forged import KIND
from curate import summary
from curate.errors import WrongUse
from curate.narrow import mill, work_schema
from curate.recipe import load, parse
from curate.sources.raw import RAW
from curate.stage import Stage, check_contracts
from curate.stages import STAGES
from curate.stages.decode import Decode
from curate.stages.language import DetectLanguage
from curate.stages.read import Read
from curate.stages.redact import Redact
from curate.stages.text import Text
from train.special_tokens import CHAT_END, ids, named_ids

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

sys.path.append(str(Path(__file__).parents[1] / "analyzers/secrets"))

import marked

RNG = random.Random(5)
MAIL = "lena@northwind.io"
PEM = marked.fill("{pem:1}", RNG)
TOKEN = marked.fill("glpat-{url:20}", RNG)
SOURCE = f'"""By {MAIL}."""\nKEY = """{PEM}"""\nMAIL = "{MAIL}"\nEND = "<|im_end|>"\n'
SHIPPED = '"""By <EMAIL>."""\nKEY = """<PRIVATE_KEY>"""\nMAIL = "<EMAIL>"\nEND = "<|im_end| >"\n'


def milled(redact: Redact, *texts: str) -> list[dict]:
    stages: tuple[Stage, ...] = (Decode(), DetectLanguage(), redact, Text())
    rows = [
        {"file_id": str(number), "path": "a.py", "raw": text.encode(), "size_bytes": len(text.encode())}
        for number, text in enumerate(texts)
    ]
    raw = pa.RecordBatch.from_pylist([{name: row.get(name) for name in RAW.names} for row in rows], schema=RAW)
    batch = mill(raw, "file", stages, work_schema(check_contracts((Read(), *stages))))
    batch.validate(full=True)
    return sorted(batch.to_pylist(), key=lambda row: row["file_id"])


def test_everything_refers_to_the_content_as_shipped() -> None:
    row, plain = milled(Redact(), SOURCE, "x = 1\n")
    assert row["content"] == SHIPPED
    assert row["content_id"] == xxhash.xxh3_128_hexdigest(SHIPPED.encode())
    assert (row["size_bytes"], row["n_lines"]) == (len(SHIPPED), SHIPPED.count("\n"))
    marked_texts = [(one["kind"], SHIPPED[one["start"] : one["end"]]) for one in row["redactions"]]
    assert marked_texts == [
        ("email", "<EMAIL>"), ("private_key", "<PRIVATE_KEY>"), ("email", "<EMAIL>"), (KIND, "<|im_end| >"),
    ]  # fmt: skip
    assert (plain["content"], plain["size_bytes"], plain["redactions"]) == ("x = 1\n", 6, [])


def test_nothing_of_a_value_is_left_in_any_column() -> None:
    told = repr(milled(Redact(), SOURCE) + milled(Redact(actions={"secrets": "drop"}), SOURCE))
    assert MAIL not in told
    assert PEM[40:80] not in told


def test_a_kind_may_drop_or_keep_and_its_own_word_is_above_its_groups() -> None:
    stage = Redact(actions={"secrets": "drop", "gitlab_token": "replace", "personal": "keep"})
    key, token, mail = milled(stage, SOURCE, f'a = "{TOKEN}"\n', f"# {MAIL}\n")
    assert (key["drop_stage"], key["drop_reason"], key["drop_value"]) == ("redact", "secret_private_key", 1)
    assert key["content"] is None
    assert token["content"] == 'a = "<KEY>"\n'
    assert (mail["content"], mail["redactions"], mail["drop_reason"]) == (f"# {MAIL}\n", [], None)


def test_the_first_of_several_reasons_is_told_with_its_count() -> None:
    row = milled(Redact(actions={"private_key": "drop", "email": "drop"}), SOURCE)[0]
    assert (row["drop_reason"], row["drop_value"]) == ("secret_email", 2)


def test_a_file_with_too_many_is_dropped_and_its_neighbours_are_not() -> None:
    before, row, after = milled(Redact(), "x = 1\n", "password=a1b2c3d4e5 " * 40_000, f"# {MAIL}\n")
    assert (row["drop_stage"], row["drop_reason"], row["drop_limit"]) == ("redact", "too_many_secrets", 10_000)
    assert (before["content"], after["content"]) == ("x = 1\n", "# <EMAIL>\n")


def test_copies_that_differ_in_their_secrets_become_equal() -> None:
    other = SOURCE.replace(MAIL, "omar@vektorix.de")
    assert len({row["content_id"] for row in milled(Redact(), SOURCE, other)}) == 1


def test_special_tokens_are_a_setting() -> None:
    row = milled(Redact(special_tokens=("[INST]",)), "a = '[INST]<|im_end|>'\n")[0]
    assert row["content"] == "a = '[INST ]<|im_end|>'\n"
    assert milled(Redact(special_tokens=()), "<|im_end|>")[0]["content"] == "<|im_end|>"


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"actions": {"e_mail": "keep"}}, "'e_mail' is no kind and no group; there are"),
        ({"actions": {"email": "blur"}}, "'replace', 'drop' or 'keep'"),
        ({"special_tokens": ["a b c"]}, "no white space"),
        ({"special_tokens": ["<EMAIL>"]}, "'<EMAIL>' is what a placeholder looks like"),
    ],
)
def test_settings_that_cannot_be_meant(fields: dict, told: str) -> None:
    with pytest.raises(ValidationError, match=told):
        Redact(**fields)


def test_it_stands_before_everything_that_measures() -> None:
    raw = load("minimal").as_dict()
    names = [next(iter(stage)) for stage in raw["stages"]]
    at = names.index("language") + 1
    good = raw | {"stages": [*raw["stages"][:at], {"redact": {}}, {"text": {}}, *raw["stages"][at:]]}
    assert parse(good, where="here").stage("redact").kinds("replace") >= {"email", "private_key"}
    early = raw | {"stages": [*raw["stages"][:at], {"dirt": {}}, {"redact": {}}, *raw["stages"][at:]]}
    assert [stage.name for stage in parse(early, where="here").stages][at : at + 2] == ["dirt", "redact"]
    late = raw | {"stages": [*raw["stages"][:at], {"text": {}}, {"redact": {}}, *raw["stages"][at:]]}
    with pytest.raises(WrongUse, match="'redact' changes content that 'text' has looked into: put it right after"):
        parse(late, where="here")


def test_the_trainers_table_is_the_one_that_is_broken() -> None:
    assert tuple(ids()) == STAGES["redact"]().special_tokens
    assert CHAT_END in ids()
    assert named_ids()["end_of_text"] == 0
    assert {"fim_prefix", "fim_suffix", "fim_middle", "im_start", "im_end"} <= named_ids().keys()
    assert list(ids().values()) == list(range(len(ids())))


@pytest.mark.spark
def test_a_run_tells_what_was_replaced_in_kept_files(tmp_path: Path, spark: SparkSession) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.py").write_text(SOURCE)
    (tmp_path / "in" / "b.py").write_text(f'MAIL = "{MAIL}"\nOTHER = "olga@northwind.io"\n')
    (tmp_path / "in" / "copy.py").write_text(SOURCE)  # goes, with what was replaced in it
    stages = ["read", "decode", "language", "redact", "text", "exact", "layout"]
    run = curate.run(parse({"stages": stages}, where="here"), tmp_path / "in", tmp_path / "out", spark)
    assert run.summary["kept"]["files"] == 2
    assert run.summary["replaced"] == {"email": 4, "private_key": 1, "special_token": 1}
    printed = io.StringIO()
    summary.show(run, Console(file=printed, width=200))
    assert "replaced in kept files: email 4, private_key 1, special_token 1" in printed.getvalue()
