"""A whole ablation in miniature: processes, scores, comparison, page; and going on where it stopped."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from arms_by_hand import arms

from curate.cli import main
from curate.errors import RunFailed, WrongUse
from curate.shards import Run
from train.ablation.ablate import ablate, told
from train.ablation.comparison import Scores, compare
from train.ablation.config import AblationConfig
from train.ablation.page import outcome, render
from train.ablation.proposal import propose, weak_languages
from train.ablation.steps import HELD_OUT, Arm, Steps, arms_of
from train.packed import Packed
from train.settings import parse

SMALL: dict[str, Any] = {
    "model_changes": {"n_layers": 1, "n_heads": 2, "n_kv_heads": 2, "d_model": 32, "d_ff": 64},
    "vocabulary_size": 400, "tokens": 8_000, "seeds": [0], "sequence_length": 64, "global_batch": 8, "micro_batch": 8,
    "optimizer": {"lr": 1e-2, "warmup_steps": 2}, "precision": "float32", "looks": 2,
    "hold_out": {"share": 0.25, "max_document_tokens": 500},
}  # fmt: skip


def config(**more: Any) -> AblationConfig:
    return parse(AblationConfig, SMALL | more, where="test")


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str], list[str], dict[str, Any]]:
    """OUT, the arms, what was said, and the result."""
    folder = tmp_path_factory.mktemp("ablation")
    places = [f"{name}={run.folder}" for name, run in arms(folder).items()]
    said: list[str] = []
    return folder / "out", places, said, ablate(places, folder / "out", config(), say=said.append)


def test_both_models_see_as_many_tokens_and_score_the_same_documents(done: tuple) -> None:
    out, _, _, result = done
    packed = Packed(out / "packed" / HELD_OUT)
    assert result["compared"]["all"]["files"] == packed.n_documents == result["split"]["kept"] > 20
    seen = [one["seen"] for one in result["trained"].values()]
    assert seen[0] == pytest.approx(seen[1], rel=0.05)
    assert result["compared"]["all"]["n_bytes"] <= sum(row["size_bytes"] for row in documents(out))
    assert max(packed.lengths) == 500
    configurations = [
        yaml.safe_load((out / "runs" / f"{name}-0" / "pretrain.yaml").read_text(encoding="utf-8"))
        for name in ("raw", "clean")
    ]
    different = {name for name, value in configurations[0].items() if value != configurations[1][name]}
    assert different == {"out", "data"}


def documents(out: Path) -> list[dict]:
    return [row for batch in Run(out / "split" / HELD_OUT).documents() for row in batch.to_pylist()]


def test_losses_by_document_add_up_to_those_of_validation(done: tuple) -> None:
    """The trace's last look at the same documents, all of which fit into its 256 sequences."""
    out, _, _, result = done
    lines = (out / "runs" / "raw-0" / "trace.jsonl").read_text(encoding="utf-8").splitlines()
    last = json.loads(lines[-1])["validation"]
    assert result["compared"]["all"]["a"] == pytest.approx(last["bits_per_byte"], rel=1e-4)


def test_the_arm_that_never_saw_junk_is_worse_at_it_and_that_is_told(done: tuple) -> None:
    _, _, _, result = done
    kept = result["compared"]["by"]["kept by"]
    assert set(kept) == {"raw", "raw and clean"}
    assert kept["raw"]["difference"] > 0.05 > kept["raw and clean"]["difference"]
    assert result["compared"]["by"]["language"]["JSON"]["verdict"] == "worse"
    proposed = result["proposals"]["clean"]["languages"]["JSON"]
    assert proposed["rules"] == [{"rule": "text.data_size", "files": 24}]
    assert "epochs" not in proposed  # it has none of it to repeat


def test_the_page_tells_it_and_loads_nothing(done: tuple) -> None:
    out, _, _, result = done
    page = (out / "report.html").read_text(encoding="utf-8")
    assert "clean against raw" in page
    assert outcome(result).split(":")[0] in page
    assert "Where clean is weak" in page
    assert not [word for word in ("<script", "http://", "https://", "<link", "None", "nan") if word in page]
    assert json.loads((out / "result.json").read_text(encoding="utf-8")) == json.loads(json.dumps(result))
    assert "held-out bits per byte: raw" in told(result, out)


def test_said_again_only_what_is_missing_is_done(done: tuple) -> None:
    out, places, said, result = done
    assert [line.split(" ...")[0] for line in said if "..." in line] == [
        "hold out", "tokenizer", "pack raw", "pack clean", "pack held_out",
        "train raw with seed 0", "score raw with seed 0", "train clean with seed 0", "score clean with seed 0",
    ]  # fmt: skip
    (out / "scores" / "clean-0.parquet").unlink()
    again: list[str] = []
    assert ablate(places, out, config(), say=again.append) == result
    assert [line.split(" ...")[0] for line in again if "..." in line] == ["score clean with seed 0"]


def test_another_question_in_the_same_folder_is_refused(done: tuple) -> None:
    out, places, _, _ = done
    with pytest.raises(WrongUse, match="begun with other tokens"):
        ablate(places, out, config(tokens=9_000), say=print)
    with pytest.raises(WrongUse, match="begun with other arms"):
        ablate(places[::-1], out, config(), say=print)


def test_a_process_that_fails_is_told_of_with_its_last_words(tmp_path: Path) -> None:
    (tmp_path / "tokenizer.json").write_text("{}", encoding="utf-8")
    made = arms(tmp_path, n_repositories=4, n_files=3)
    found = (Arm(name="raw", what=str(made["raw"].folder)), Arm(name="clean", what=str(tmp_path / "nowhere")))
    steps = Steps(arms=found, config=config(inputs=(str(tmp_path / "in"),)), out=tmp_path / "out")
    with pytest.raises(RunFailed, match=r"curate clean ended with code 2: codemill: no recipe .* the same command"):
        steps.run()


@pytest.mark.parametrize(
    ("places", "told_of"),
    [(["out/a", "other/a"], "'a' and 'a'"), (["held_out=x", "y"], "'held_out'")],
)
def test_arms_called_alike_are_refused(places: list[str], told_of: str) -> None:
    with pytest.raises(WrongUse, match=told_of):
        arms_of(places)


def test_a_recipe_needs_an_input_and_a_configuration_is_checked(tmp_path: Path) -> None:
    with pytest.raises(WrongUse, match="--input"):
        ablate(["minimal", "codefuse"], tmp_path, config(), say=print)
    with pytest.raises(WrongUse, match="comes twice"):
        config(seeds=[1, 1])
    with pytest.raises(WrongUse, match="sets by itself"):
        config(pretrain={"steps": 3})


def scores(effect_by_language: dict[str, float]) -> Scores:
    """Three seeds, 30 repositories, six files of each language in each."""
    random = np.random.default_rng(0)
    languages = [name for name in effect_by_language for _ in range(180)]
    repositories = [f"r{i % 30:02d}" for i in range(len(languages))]
    n_bytes = random.integers(1000, 9000, len(languages))
    effect = np.array([effect_by_language[name] for name in languages])
    a = (1.5 + random.normal(0, 0.1, len(languages)) + random.normal(0, 0.002, (3, 1))) * n_bytes * math.log(2)
    b = a + effect * n_bytes * math.log(2)
    dimensions = {"language": languages, "repository": repositories}
    return Scores(nats={"raw": a, "clean": b}, n_bytes=n_bytes, dimensions=dimensions)


def test_weak_languages_of_either_arm_become_a_proposal(done: tuple) -> None:
    found = compare(scores({"Go": 0.05, "Java": -0.05, "C": 0.0}), ("raw", "clean"))
    by = found["by"]["language"]
    assert {name: one["difference"] for name, one in by.items()} == pytest.approx({"Go": 0.05, "Java": -0.05, "C": 0.0})
    assert (weak_languages(by, first=True), weak_languages(by, first=False)) == (["Java"], ["Go"])
    run = Run(done[0].parent / "clean")
    proposed = propose(["Go", "Java"], run, {"Go": 0.1, "Java": 0.5}, {"Go": 0.2, "Java": 0.3})
    assert proposed["Go"]["epochs"] == pytest.approx(2.0)
    assert "epochs" not in proposed["Java"]


@pytest.mark.parametrize(
    ("effect", "words"), [(-0.05, "it helps"), (0.05, "it hurts"), (0.0, "No difference is shown")]
)
def test_the_outcome_is_said_as_it_is(effect: float, words: str, done: tuple) -> None:
    compared = compare(scores({"Go": effect}), ("raw", "clean"))
    result = done[3] | {"compared": compared, "arms": {"raw": "a", "clean": "b"}}
    assert words in outcome(result)
    assert words in render(result)


def test_the_command_parses_and_says_what_is_missing_in_a_line(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "ablation.yaml").write_text("tokens: 1000\n", encoding="utf-8")
    words = ["ablate", "raw=minimal", "codefuse", "--out", str(tmp_path / "out")]
    settings = ["--config", str(tmp_path / "ablation.yaml"), "--set", "hold_out.share=0.5"]
    with pytest.raises(SystemExit) as ended:
        main([*words, *settings])
    assert (ended.value.code, "--input" in capsys.readouterr().err) == (2, True)
    with pytest.raises(SystemExit) as ended:
        main([*words, *settings[:-1], "hold_out.share=2"])
    assert (ended.value.code, "hold_out.share" in capsys.readouterr().err) == (2, True)
