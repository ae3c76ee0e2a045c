"""Plans: the best size against a search, shares by aD, what is scarce goes to the others."""

from __future__ import annotations

import json
import math
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from runs_by_hand import corpus
from synthetic_runs import law_of, runs

from curate.cli import main
from curate.errors import WrongUse
from curate.shards import Run
from train.pack import pack
from train.pack_config import load_or_make
from train.scaling.fit import FitConfig
from train.scaling.law import PUBLISHED
from train.scaling.mixture import languages_of, write_view
from train.scaling.plan import Question, plan
from train.scaling.steps import PlanRequest, fit_runs, plan_from
from train.tokenizer_training import TokenizerConfig, train_tokenizer

LAWS = {name: law_of(name) for name in PUBLISHED}
NAMES = tuple(PUBLISHED)


@pytest.mark.parametrize("language", PUBLISHED)
def test_the_size_is_the_one_in_closed_form(language: str) -> None:
    """For one language dL/dN = 0 at 6 N D = C gives aN (Nc/N)^aN = aD (Dc/D)^aD."""
    law = LAWS[language]
    found = plan(LAWS, Question(flops=1e22, languages=(language,)))
    assert 6 * found.parameters * found.tokens == pytest.approx(1e22)
    left, right = law.a_n * law.by_parameters(found.parameters), law.a_d * law.by_tokens(found.tokens)
    assert float(left) == pytest.approx(float(right), rel=1e-4)


def test_tokens_are_shared_in_proportion_to_the_exponents_of_data() -> None:
    found = plan(LAWS, Question(flops=1e22, languages=(*NAMES, "Fortran")))
    ratios = {name: tokens / found.exponents[name] for name, tokens in found.by_language.items()}
    assert max(ratios.values()) == pytest.approx(min(ratios.values()))
    assert found.exponents["C#"] == 1.350
    assert sum(found.by_language.values()) == pytest.approx(found.tokens)
    assert set(found.losses) == set(NAMES)


@given(st.lists(st.just(0.0) | st.floats(1e6, 1e12), min_size=3, max_size=3), st.floats(1e18, 1e24))
def test_no_language_is_asked_for_more_than_it_has(available: list[float], flops: float) -> None:
    if not sum(available):
        return
    there = dict(zip(NAMES[:3], available, strict=True))
    found = plan(LAWS, Question(flops=flops, languages=NAMES[:3], available=there, epochs=2.0))
    assert all(tokens <= 2 * there[name] * (1 + 1e-9) for name, tokens in found.by_language.items())
    open_ones = [name for name, tokens in found.by_language.items() if tokens < 2 * there[name] * (1 - 1e-9)]
    ratios = [found.by_language[name] / found.exponents[name] for name in open_ones]
    assert all(one == pytest.approx(other) for one, other in pairwise(ratios))
    if not found.bound_by_data:
        assert 6 * found.parameters * found.tokens == pytest.approx(flops, rel=1e-6)


def test_where_tokens_run_out_the_model_grows() -> None:
    free = plan(LAWS, Question(flops=1e22, languages=("Go",)))
    scarce = Question(flops=1e22, languages=("Go",), available={"Go": free.tokens / 40}, epochs=4.0)
    found = plan(LAWS, scarce)
    assert found.tokens == pytest.approx(free.tokens / 10, rel=1e-6)
    assert found.parameters == pytest.approx(10 * free.parameters, rel=1e-6)


def test_a_fixed_size_is_kept_and_more_computation_never_plans_less() -> None:
    fixed = plan(LAWS, Question(flops=1e22, languages=NAMES, parameters=7e9))
    assert (fixed.parameters, fixed.tokens) == (7e9, pytest.approx(1e22 / 6 / 7e9))
    sizes = [plan(LAWS, Question(flops=flops, languages=NAMES)).parameters for flops in np.geomspace(1e18, 1e24, 7)]
    assert sizes == sorted(sizes)


@pytest.mark.parametrize(
    ("question", "told"),
    [
        ({"flops": 0.0, "languages": ("Go",)}, "over 0"),
        ({"flops": 1e20, "languages": ()}, "no language"),
        ({"flops": 1e20, "languages": ("Go",), "available": {"Go": 0.0}}, "no tokens"),
        ({"flops": 1e20, "languages": ("Fortran",)}, "no law was fitted to Fortran"),
    ],
)
def test_what_cannot_be_planned_is_refused(question: dict, told: str) -> None:
    with pytest.raises(WrongUse, match=told):
        plan(LAWS, Question(**question))


@pytest.fixture(scope="module")
def counted(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A run whose manifest counts its languages, as the engine's does."""
    run = corpus(tmp_path_factory.mktemp("run"))
    told = run.manifest
    names = sorted(set(run.shards.to_table(columns=["language"])["language"].to_pylist()))
    told["counts"] = {"languages": {name: {"kept": {"files": 1}} for name in names} | {"Go": {"kept": {"files": 0}}}}
    (run.folder / "manifest.json").write_text(json.dumps(told), encoding="utf-8")
    return Run(run.folder)


def test_a_view_is_a_run_of_one_language(counted: Run, tmp_path: Path) -> None:
    view = write_view(counted, "Python", tmp_path / "Python")
    table = view.shards.to_table(columns=["language", "content"])
    assert set(table["language"].to_pylist()) == {"Python"}
    assert table.num_rows == counted.shards.count_rows(filter=None) - sum(
        counted.shards.to_table(columns=["language"])["language"].to_pylist().count(name) for name in ("C", "Markdown")
    )
    assert languages_of(counted) == ["C", "Markdown", "Python"]
    with pytest.raises(WrongUse, match="has no Go"):
        write_view(counted, "Go", tmp_path / "Go")


def test_a_plan_writes_a_mixture_that_packs_as_many_tokens_as_it_says(counted: Run, tmp_path: Path) -> None:
    table = tmp_path / "runs.csv"
    rows = [f"{one.parameters},{one.tokens},Python,{one.loss}" for one in runs(law_of("Python"), noise=1e-3)]
    table.write_text("\n".join(["parameters,tokens,language,loss", *rows]) + "\n", encoding="utf-8")
    fits, left_out = fit_runs([table], tmp_path / "fit", FitConfig(resamples=20))
    assert (list(fits), left_out) == (["Python"], {})
    tokenizer = tmp_path / "tokenizer.json"
    train_tokenizer([counted], tokenizer, TokenizerConfig(vocabulary_size=400, sample_bytes=20_000))
    request = PlanRequest(flops=1e13, run=counted.folder, tokenizer=tokenizer, parameters=4e8, epochs=3.0)
    found = plan_from(tmp_path / "fit", request, tmp_path / "plan")
    config = load_or_make([tmp_path / "plan" / "mixture.yaml"], tokenizer=None, out=None, settings=["path_rate=0"])
    summary = pack(config)
    assert set(summary.sources) == {"C", "Markdown", "Python"}
    packed = sum(counts.tokens - counts.documents for counts in summary.sources.values())
    assert packed == pytest.approx(found.tokens, rel=0.15)  # documents are taken whole, by chance
    told = yaml.safe_load((tmp_path / "plan" / "mixture.yaml").read_text(encoding="utf-8"))
    assert all(source["epochs"] <= 3.0 for source in told["sources"])
    page = (tmp_path / "plan" / "report.html").read_text(encoding="utf-8")
    assert "<script" not in page
    assert "http" not in page.replace("http-equiv", "")
    assert math.isclose(json.loads((tmp_path / "plan" / "plan.json").read_text())["tokens"], found.tokens)


def test_a_run_is_counted_with_a_tokenizer_or_not_at_all(counted: Run, tmp_path: Path) -> None:
    with pytest.raises(WrongUse, match="both --run and --tokenizer"):
        plan_from(tmp_path, PlanRequest(flops=1e20, run=counted.folder), tmp_path / "plan")


def test_the_commands_fit_and_plan_from_a_table(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    table, fitted = tmp_path / "runs.csv", tmp_path / "fit"
    rows = [f"{one.parameters},{one.tokens},Go,{one.loss}" for one in runs(law_of("Go"), sizes=3, budgets=3)]
    table.write_text("\n".join(["parameters,tokens,language,loss", *rows, "1e9,1e9,C,2"]) + "\n", encoding="utf-8")
    assert main_of("scaling", "fit", str(table), "--out", str(fitted)) == 0
    said = capsys.readouterr().out
    assert "Go: aN 0.845" in said
    assert "left out: C: 1 runs of 1 sizes" in said
    plan_words = ["scaling", "plan", str(fitted), "--flops", "1e21", "--out", str(tmp_path / "plan")]
    assert main_of(*plan_words, "--languages", "Go,Rust", "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert list(told["languages"]) == ["Go", "Rust"]
    assert main_of(*plan_words, "--languages", "Rust") == 2
    assert "no law was fitted to Rust" in capsys.readouterr().err


def main_of(*words: str) -> int:
    with pytest.raises(SystemExit) as ended:
        main(list(words))
    assert isinstance(ended.value.code, int)
    return ended.value.code
