"""The tokenizer: any text comes back, special tokens are given and never read, one file for one seed."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from runs_by_hand import CHINESE, CODE, ENGLISH, corpus, document, make_run
from tokenizers import Tokenizer as Backend
from tokenizers import models

from curate.errors import RunFailed, WrongUse
from curate.shards import RESERVED_IDS, SPECIAL_TOKENS, Run
from train.chance import copies
from train.domains import domain_of
from train.tokenizer import Tokenizer
from train.tokenizer_comparison import compare, table
from train.tokenizer_training import MAX_LEARNT_BYTES, TokenizerConfig, factors_of, learnable, train_tokenizer

SMALL = TokenizerConfig(vocabulary_size=448, sample_bytes=20_000)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return corpus(tmp_path_factory.mktemp("run"))


@pytest.fixture(scope="module")
def tokenizer(run: Run, tmp_path_factory: pytest.TempPathFactory) -> Tokenizer:
    out = tmp_path_factory.mktemp("tokenizer") / "tokenizer.json"
    train_tokenizer([run], out, SMALL)
    return Tokenizer(out)


@given(text=st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=60))
@example(text="<|endoftext|><fim_middle>\0\r\n\t \u200b\u0300é１２３中文\U0010ffff")
@example(text="  \n\n    x\r\r\n")
@settings(max_examples=200)
def test_any_text_comes_back_and_no_special_token_comes_out(tokenizer: Tokenizer, text: str) -> None:
    [ids] = tokenizer.encode([text])
    assert tokenizer.decode(ids) == text
    assert all(number >= RESERVED_IDS for number in ids)
    assert tokenizer.token_bytes is not None
    assert sum(tokenizer.token_bytes[number] for number in ids) == len(text.encode())


def test_special_tokens_have_the_ids_of_the_table_and_spares_follow(tokenizer: Tokenizer) -> None:
    found = tokenizer.backend.get_added_tokens_decoder()
    assert sorted(found) == list(range(RESERVED_IDS))
    assert tuple(found[i].content for i in range(len(SPECIAL_TOKENS))) == SPECIAL_TOKENS
    assert all(one.special for one in found.values())
    assert tokenizer.special_ids()["end_of_text"] == 0
    assert tokenizer.special("<fim_prefix>") == 1
    assert tokenizer.size == tokenizer.n_ids == 448
    assert tokenizer.token_bytes is not None
    assert set(tokenizer.token_bytes[:RESERVED_IDS]) == {0}
    assert min(tokenizer.token_bytes[RESERVED_IDS:]) == 1


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("x = 1234", ["x", " =", " ", "1", "2", "3", "4"]),
        ("if a:\n        return", ["if", " a", ":\n", "       ", " return"]),
        ("a\n\n    b", ["a", "\n\n   ", " b"]),
        ("self.name_of", ["self", ".name", "_of"]),
        ("计算sum的值", ["计算", "sum", "的值"]),
        ("\treturn x;\n}\n", ["\treturn", " x", ";\n", "}\n"]),
    ],
)
def test_where_text_is_cut(tokenizer: Tokenizer, text: str, pieces: list[str]) -> None:
    cut = tokenizer.backend.pre_tokenizer.pre_tokenize_str(text)
    assert [text[start:end] for _, (start, end) in cut] == pieces


def test_one_seed_gives_one_file_and_another_gives_another(run: Run, tokenizer: Tokenizer, tmp_path: Path) -> None:
    few = {"vocabulary_size": 400, "sample_bytes": 3_000}
    for name, seed in (("a", 0), ("b", 0), ("c", 1)):
        train_tokenizer([run], tmp_path / name, TokenizerConfig(**few, seed=seed))
    a, b, c = ((tmp_path / name).read_bytes() for name in "abc")
    assert a == b != c


def test_the_sample_has_the_shares_of_its_domains(run: Run, tmp_path: Path) -> None:
    summary = train_tokenizer([run], tmp_path / "t.json", SMALL)
    by_domain = {one.domain: one for one in summary.sample}
    assert by_domain["code"].bytes > by_domain["chinese"].bytes > 0
    assert by_domain["chinese"].factor == pytest.approx(2_000 / by_domain["chinese"].bytes)
    assert 0.5 < by_domain["code"].sampled_bytes / 16_000 < 1.5


def test_a_scarce_domain_is_repeated_only_so_often_and_an_absent_one_is_told(tmp_path: Path) -> None:
    available = {"code": 1_000, "chinese": 10, "english": 0}
    assert factors_of(available, TokenizerConfig(sample_bytes=1_000)) == {
        "code": 0.8,
        "chinese": 4.0,
        "english": 4.0,
    }
    run = make_run(tmp_path / "run", [document("a.py", "x = 1\n" * 50)])
    summary = train_tokenizer([run], tmp_path / "t.json", TokenizerConfig(vocabulary_size=1000))
    told = " ".join(summary.lines())
    assert "no chinese and no english text" in told
    assert "of 1,000 entries" in told


@pytest.mark.parametrize("sign", ["=", " ", "\n", "中", "x"])
def test_nothing_is_learnt_from_pieces_without_end(sign: str) -> None:
    """One line of a million signs would take the trainer minutes, for tokens that no text needs."""
    most, more = sign * (MAX_LEARNT_BYTES // len(sign.encode())), sign * (MAX_LEARNT_BYTES + 2)
    last = sign if sign.isspace() else ""  # white space leaves its last character to what follows
    assert list(learnable(f"1{most}2")) == [f"1{most}2"]
    assert list(learnable(f"1{more}2{more}3{more}")) == ["1", f"{last}2", f"{last}3"]
    assert list(learnable(f"{more}中1")) == (["1"] if sign == "中" else [f"{last}中1"])
    assert list(learnable(more)) == []
    assert list(learnable("")) == [""]


def test_machines_without_numba_give_the_same_ids(tokenizer: Tokenizer, monkeypatch: pytest.MonkeyPatch) -> None:
    assert tokenizer.encoder is not None
    expected = tokenizer.encode([CODE, CHINESE, ""])
    monkeypatch.setitem(sys.modules, "train.bpe.encoder", None)
    other = Tokenizer(tokenizer.path)
    assert other.encoder is None
    assert other.encode([CODE, CHINESE, ""]) == expected


def test_copies_are_right_on_average() -> None:
    taken = [copies(2.25, 0, i) for i in range(2_000)]
    assert set(taken) == {2, 3}
    assert sum(taken) / 2_000 == pytest.approx(2.25, abs=0.03)


@pytest.mark.parametrize(
    ("language", "content", "domain"),
    [
        ("Python", CHINESE, "code"),
        ("Markdown", CHINESE, "chinese"),
        ("Markdown", ENGLISH, "english"),
        ("Text", "これは日本語の文章です。漢字も多い。" * 3, "english"),
        ("Text", "", "english"),
    ],
)
def test_the_domain_of_a_document(language: str, content: str, domain: str) -> None:
    assert domain_of(language, content) == domain


def test_an_empty_run_and_impossible_numbers_are_told(tmp_path: Path) -> None:
    run = make_run(tmp_path / "run", [])
    with pytest.raises(RunFailed, match="nothing to train on"):
        train_tokenizer([run], tmp_path / "t.json", SMALL)
    with pytest.raises(WrongUse, match="at least 320"):
        TokenizerConfig(vocabulary_size=319)
    with pytest.raises(WrongUse, match="one share"):
        TokenizerConfig(code=0, chinese=0, english=0)
    (tmp_path / "x.json").write_text("{}")
    with pytest.raises(WrongUse, match=r"x\.json is no tokenizer\.json"):
        Tokenizer(tmp_path / "x.json")


def test_tokenizers_of_other_makers_are_taken_as_they_are(tmp_path: Path) -> None:
    other = Backend(models.WordLevel({"a": 0, "?": 5}, unk_token="?"))
    other.save(str(tmp_path / "other.json"))
    found = Tokenizer(tmp_path / "other.json")
    assert (found.size, found.n_ids, found.token_bytes) == (2, 6, None)
    with pytest.raises(WrongUse, match="no token '<|endoftext|>'".replace("|", r"\|")):
        found.special_ids()


def test_a_comparison_counts_by_domain_and_language(run: Run, tokenizer: Tokenizer, tmp_path: Path) -> None:
    bytes_only = tmp_path / "bytes.json"
    told = json.loads(tokenizer.json)
    told["model"] |= {"merges": []}
    bytes_only.write_text(json.dumps(told))
    reports = compare([tokenizer, Tokenizer(bytes_only)], run, sample_bytes=10**9)
    ours, theirs = reports
    assert [one.name for one in ours.domains] == ["code", "chinese", "english"]
    assert {one.name for one in ours.languages} == {"C", "Python", "Markdown"}
    for one in theirs.domains:
        assert one.tokens == one.bytes
    code = sum(len(CODE.replace("{i}", str(i)) * 3) for i in range(40))
    assert ours.domains[0].characters == code
    assert ours.domains[0].rate < 0.5 < theirs.domains[0].rate == 1.0
    assert theirs.domains[1].rate == pytest.approx(2.9, abs=0.1)  # Han characters have three bytes, digits one
    assert theirs.used <= 256
    assert ours.to_json()["domains"][0]["c_rate"] == round(ours.domains[0].rate, 4)
    lines = table(reports, 1).splitlines()
    assert lines[0].split() == ["characters", "tokenizer.json", "bytes.json"]
    assert lines[1].split()[0] == "code"
    assert len(lines) == 1 + 3 + 1 + 2
