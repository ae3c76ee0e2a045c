"""Training on a run by its scores or by labels, and the stage `classify` with what was trained."""

from __future__ import annotations

import json
import random
import shutil
import sys
from pathlib import Path
from typing import Any

import made_run
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from curate import recipe
from curate.classifier import CARD, MODEL, Trained
from curate.classifier_fit import fit
from curate.classifier_labels import Choice, examples, read_labels
from curate.classifier_measures import at, auc
from curate.classifier_train import FitConfig, train
from curate.errors import RunFailed, WrongUse
from curate.shards import Run
from curate.stages.classify import Classify

CHOICE = Choice(least_files=10, folders=1)
CONFIG = FitConfig(epochs=20, lr=0.5, buckets=1000, min_count=1)
WORDS = {True: ("alpha", "beta", "gamma"), False: ("delta", "eta", "theta")}


def rows(folder: Path) -> list[dict[str, Any]]:
    """Files of 30 repositories in two languages, good and bad ones told apart by their words. A made run's document has
    its path for content; a dropped file lies below `folder`."""
    found = []
    for n in range(240):
        good, language = n % 2 == 0, ("Python", "Go")[n // 2 % 2]
        chosen = random.Random(n)
        text = " ".join(chosen.choices(WORDS[good], k=12))
        dropped = {"drop_stage": "resample", "drop_reason": "rate"} if n % 5 == 0 else {}
        path = f"r{n // 4 % 30}/{text}"
        if dropped:
            path = f"r{n // 4 % 30}/{n}.py"
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_text(text)
        score = chosen.uniform(80, 100) if good else chosen.uniform(0, 20)
        found.append(made_run.row(path, language=language, quality_score=score, file_id=f"id {n}", **dropped))
    return found


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    place = tmp_path_factory.mktemp("classified")
    inputs = {"roots": [{"label": "in", "location": str(place / "in")}]}
    odd = [
        made_run.row(
            "r1/twin", quality_score=99, file_id="twin", duplicate_of="id 0", drop_stage="exact", drop_reason="copy"
        ),
        made_run.row(
            "r1/large",
            quality_score=99,
            file_id="large",
            size_bytes=2_000_000,
            drop_stage="resample",
            drop_reason="rate",
        ),
        made_run.row("r1/prose", quality_score=None, file_id="prose", language="Text"),
        made_run.row("r1/rare", quality_score=50, file_id="rare", language="Lua"),
    ]
    return made_run.make(place / "run", rows(place / "in") + odd, inputs=inputs)


@pytest.fixture(scope="module")
def trained(run: Run, tmp_path_factory: pytest.TempPathFactory) -> Trained:
    out = tmp_path_factory.mktemp("model")
    train(run, out, CHOICE, CONFIG)
    return Trained(out)


def test_examples_are_even_by_language_split_by_repository_and_no_duplicates(run: Run) -> None:
    found = examples(run, CHOICE)
    learnt, held_back = ([one for one in found if one.held_back is side] for side in (False, True))
    for language in ("Python", "Go"):
        sides = [one.is_high for one in learnt if one.language == language]
        assert sum(sides) * 2 == len(sides) >= 20
    assert {one.language for one in found} == {"Python", "Go"}
    repositories = [{one.source["uri"].split("/")[1] for one in side} for side in (learnt, held_back)]
    assert repositories[1]
    assert not repositories[0] & repositories[1]
    assert all((one.value >= 80) is one.is_high for one in found)
    assert len(found) < 140  # of 240, half lie between the ends
    assert found == sorted(found, key=lambda one: one.rank)


def test_a_model_tells_them_apart_and_is_the_same_twice(run: Run, trained: Trained, tmp_path: Path) -> None:
    assert trained.card["held_back"]["auc"] == 1
    assert trained.card["languages"]["Go"]["held_back"]["agreement"] == 1
    assert trained.card["files"]["learnt"] == sum(not one.held_back for one in examples(run, CHOICE))
    train(run, tmp_path / "again", CHOICE, CONFIG)
    for name in (CARD, MODEL):
        assert (tmp_path / "again" / name).read_bytes() == (trained.folder / name).read_bytes()
    assert sorted(path.name for path in (tmp_path / "again").iterdir()) == [MODEL, CARD]


def test_the_layout_of_a_run_does_not_show(trained: Trained, tmp_path: Path) -> None:
    inputs = {"roots": [{"label": "in", "location": str(tmp_path / "in")}]}
    turned = made_run.make(tmp_path / "run", rows(tmp_path / "in")[::-1], inputs=inputs)
    train(turned, tmp_path / "out", CHOICE, CONFIG)
    assert Trained(tmp_path / "out").sha256 == trained.sha256


@pytest.mark.parametrize("kind", ["csv", "jsonl", "parquet"])
def test_labels_stand_over_scores(kind: str, run: Run, tmp_path: Path) -> None:
    labels = [
        {"file_id": f"id {n}", "label": "bad" if n % 2 == 0 else "good"} for n in range(240)
    ]  # the other way round
    file = tmp_path / f"labels.{kind}"
    if kind == "parquet":
        pq.write_table(pa.Table.from_pylist(labels), file)
    elif kind == "csv":
        file.write_text("file_id,label\n" + "".join(f"{one['file_id']},{one['label']}\n" for one in labels))
    else:
        file.write_text("".join(json.dumps(one) + "\n" for one in labels))
    found = examples(run, CHOICE, read_labels(file, None))
    assert len(found) > 200
    assert all((one.value == 1) is one.is_high and (int(one.file_id[3:]) % 2 == 1) is one.is_high for one in found)
    turned = examples(run, CHOICE, read_labels(file, "bad"))
    assert {one.file_id for one in turned if one.is_high} == {one.file_id for one in found if not one.is_high}


def test_numbers_as_labels_are_a_score(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "labels.csv"
    file.write_text("path,label\n" + "".join(f"r{n // 4 % 30}/{n}.py,{n}\n" for n in range(0, 240, 5)))
    found = examples(run, Choice(least_files=3, share=0.25), read_labels(file, None))
    assert {one.kept for one in found} == {False}
    assert max(one.value for one in found if not one.is_high) < 120 < min(one.value for one in found if one.is_high)


WRONG = {
    "file_id,label\na,x\n": "has the labels 'x': two are needed, and --positive",
    "file_id,label\na,x\nb,y\nc,z\n": "two are needed",
    "file_id,label\na,good\nb,high\n": "--positive names the good one",
    "name,label\na,good\n": "has the columns name, label",
}


@pytest.mark.parametrize("text", WRONG)
def test_wrong_labels_are_one_sentence(text: str, tmp_path: Path) -> None:
    (tmp_path / "labels.csv").write_text(text)
    with pytest.raises(WrongUse, match=WRONG[text]):
        read_labels(tmp_path / "labels.csv", None)


def test_a_path_of_two_files_is_no_label(tmp_path: Path) -> None:
    twice = [made_run.row("a.py", file_id=name, quality_score=1) for name in ("1", "2")]
    (tmp_path / "labels.csv").write_text("path,label\na.py,good\nb.py,bad\n")
    with pytest.raises(WrongUse, match=r"'a.py', which is 2 files of the run: give file_id"):
        examples(made_run.make(tmp_path / "run", twice), CHOICE, read_labels(tmp_path / "labels.csv", None))


def test_what_cannot_be_trained_is_one_sentence(run: Run, tmp_path: Path) -> None:
    with pytest.raises(WrongUse, match=r"500 files with a high and as many with a low quality_score to learn from"):
        train(run, tmp_path / "out", Choice(least_files=500), CONFIG)
    (tmp_path / "mine").write_text("")
    with pytest.raises(WrongUse, match="neither empty nor a classifier"):
        train(run, tmp_path, CHOICE, CONFIG)
    with pytest.raises(WrongUse, match=r"held-back share is 1.5"):
        Choice(held_back=1.5)
    (tmp_path / "empty").write_text("")
    with pytest.raises(RunFailed, match=r"fastText failed: .*smaller --lr"):
        fit(tmp_path / "empty", tmp_path / "model", {})


def test_measures_are_those_of_their_definitions() -> None:
    drawn = np.random.default_rng(0)
    scores, is_high = drawn.integers(0, 9, 60) / 10, drawn.random(60) < 0.4
    pairs = [(a > b) + (a == b) / 2 for a in scores[is_high] for b in scores[~is_high]]
    assert auc(scores, is_high) == pytest.approx(np.mean(pairs))
    assert auc(scores, np.zeros(60, bool)) is None
    kept = at(0.3, np.array([0.3, 0.2, 0.9, 0.1]), np.array([True, True, False, False]))
    assert list(kept.values()) == [0.3, 0.5, 0.5, 0.5, 0.5]
    assert at(0.3, np.array([0.1]), np.array([True]))["precision"] is None


def batch(*files: tuple[str, str]) -> pa.RecordBatch:
    languages, texts = zip(*files, strict=True)
    return pa.RecordBatch.from_pydict({"language": languages, "content": pa.array(texts, pa.large_string())})


def test_the_stage_scores_and_drops(trained: Trained) -> None:
    stage = Classify(model=str(trained.folder), rules={"poor": {"signal": "classifier_score", "min": 0.5}})
    files = batch(("Go", "alpha beta"), ("Go", "delta eta"), ("Lua", "delta eta"), ("Python", "theta"))
    found = stage.measure(files).to_pylist()
    assert [row["drop_reason"] for row in found] == [None, "poor", None, "poor"]
    assert found[0]["classifier_score"] > 0.8 > 0.2 > found[1]["classifier_score"] == found[1]["drop_value"]
    assert found[2]["classifier_score"] is None
    assert found[1]["drop_limit"] == 0.5


def made(model: Path, **settings: Any) -> recipe.Recipe:
    stages = ["read", "decode", "language", {"classify": {"model": str(model), **settings}}, "layout"]
    return recipe.parse({"stages": stages}, where="mine")


def test_the_model_is_part_of_the_recipe(trained: Trained, run: Run, tmp_path: Path) -> None:
    first = made(trained.folder)
    assert first.as_dict()["stages"][3]["classify"]["model_sha256"] == trained.sha256
    other = tmp_path / "other"
    train(run, other, CHOICE, FitConfig(epochs=3, lr=0.5, buckets=1000, min_count=1))
    assert Trained(other).sha256 != trained.sha256
    with pytest.raises(WrongUse, match=r"has sha256 .*, not " + trained.sha256):
        made(other, model_sha256=trained.sha256)
    stage = made(other).stage("classify")
    shutil.copy(trained.folder / CARD, other / CARD)
    with pytest.raises(WrongUse, match="changed since the run began"):
        stage.measure(batch(("Go", "alpha")))
    shutil.rmtree(other)
    with pytest.raises(WrongUse, match="holds no classifier"):
        made(other)


def test_a_changed_model_and_a_missing_package_are_one_sentence(
    trained: Trained, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(trained.folder, tmp_path / "changed")
    with (tmp_path / "changed" / MODEL).open("ab") as file:
        file.write(b"x")
    with pytest.raises(WrongUse, match="changed since it was trained"):
        Trained(tmp_path / "changed").read()
    card = json.loads((trained.folder / CARD).read_text()) | {"text_form": "older"}
    (tmp_path / "changed" / CARD).write_text(json.dumps(card))
    with pytest.raises(WrongUse, match="trained on the text form 'older'"):
        made(tmp_path / "changed")
    monkeypatch.setitem(sys.modules, "fasttext", None)
    with pytest.raises(WrongUse, match=r"pip install 'codemill\[classifier\]'"):
        made(trained.folder)
