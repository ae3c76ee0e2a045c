"""Recipes: what ships, what --set does, and one sentence for every recipe that cannot be meant."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from analyzers.signals import ALL_SIGNALS
from curate import recipe
from curate.errors import WrongUse
from curate.stages import STAGES

SMALL: dict = {"stages": ["read", "decode", "language", {"exact": {}}]}


def parsed(**changes) -> recipe.Recipe:
    return recipe.parse({**SMALL, **changes}, where="test")


def test_what_ships() -> None:
    assert recipe.names() == ["codefuse", "minimal", "opencoder", "starcoder"]
    assert recipe.DEFAULT in recipe.names()


@pytest.mark.parametrize("name", recipe.names())
def test_a_shipped_recipe(name: str) -> None:
    loaded = recipe.load(name)
    assert loaded.name == name
    assert loaded.description.endswith(".")
    names = [stage.name for stage in loaded.stages]
    assert names[:2] == ["read", "decode"]
    assert "language" in names
    text = STAGES["text"].model_validate(loaded.stage("text").model_dump())
    known = {signal.name for signal in ALL_SIGNALS} | {"size_bytes", "n_lines"}
    assert {rule.signal for rule in text.rules.values()} <= known  # type: ignore[attr-defined]
    for rule in text.rules.values():  # type: ignore[attr-defined]
        assert (rule.min, rule.max, rule.drop_if) != (None, None, None), f"{rule.signal} has no limit"


@pytest.mark.parametrize("name", recipe.names())
def test_a_recipe_spelt_out_is_the_same_recipe(name: str, tmp_path: Path) -> None:
    loaded = recipe.load(name)
    spelt = tmp_path / "mine.yaml"
    spelt.write_text(yaml.safe_dump(loaded.as_dict(), sort_keys=False, allow_unicode=True), encoding="utf-8")
    assert recipe.load(spelt) == loaded
    assert recipe.load(spelt).hash == loaded.hash


def test_codefuse_carries_the_paper_s_limits() -> None:
    loaded = recipe.load("codefuse")
    limits = {rule.signal: rule for rule in reversed(loaded.stage("text").rules.values())}
    assert limits["n_lines"].max == 10_000
    assert limits["size_bytes"].max == 1_000_000
    assert limits["mean_line_chars"].max == 100
    assert limits["alnum_fraction"].min == 0.40
    assert loaded.stage("resample").min_language_share == 0.001
    assert loaded.stage("resample").mixture == {"code": 0.8, "zh": 0.1, "en": 0.1}


def test_the_hash_changes_with_settings_and_order_of_stages_alone() -> None:
    assert parsed().hash == parsed().hash
    assert parsed().hash == parsed(stages=[{"read": None}, "decode", "language", "exact"]).hash
    assert parsed().hash != parsed(stages=["read", "decode", "language"]).hash
    assert parsed().hash != parsed(seed=1).hash
    assert parsed().hash != parsed(stages=["read", "decode", {"language": {"keep_unknown": True}}, "exact"]).hash


def test_the_seed_reaches_stages_that_draw_unless_they_have_their_own() -> None:
    def drawn(seed: int, fields: dict) -> int:
        stages = ["read", "decode", "language", {"text": {"rules": {}}}, {"resample": fields}]
        return parsed(seed=seed, stages=stages).stage("resample").seed

    assert (drawn(5, {}), drawn(5, {"seed": 7}), drawn(0, {})) == (5, 7, 0)


def test_a_stage_that_is_left_out_has_its_defaults() -> None:
    assert "layout" not in [stage.name for stage in parsed().stages]
    assert parsed().stage("layout") == STAGES["layout"]()
    assert parsed(stages=[{"read": {"max_bytes": 5}}, "decode", "language"]).stage("read").max_bytes == 5
    assert [stage.name for stage in parsed().wide] == ["exact"]


@pytest.mark.parametrize(
    ("setting", "found"),
    [
        ("stages.text.rules.lines.max=5", lambda got: got.stage("text").rules["lines"].max == 5),
        ("stages.text.rules.lines.max=null", lambda got: got.stage("text").rules["lines"].max is None),
        ("stages.text.rules.new={signal: n_words, min: 3}", lambda got: got.stage("text").rules["new"].min == 3),
        ("stages.text.rules.new.signal=n_words", lambda got: got.stage("text").rules["new"].signal == "n_words"),
        ("stages.language.only=[Python, Go]", lambda got: got.stage("language").only == ("Python", "Go")),
        ("stages.exact.ignore=[whitespace]", lambda got: got.stage("exact").ignore == ("whitespace",)),
        ("stages.resample.mixture=", lambda got: pytest.fail("an empty value is null, which a mixture cannot be")),
        ("seed=7", lambda got: got.seed == 7 and got.stage("resample").seed == 7),
    ],
)
def test_set_puts_a_value_over_the_recipe_s(setting: str, found) -> None:
    if setting.endswith("="):
        with pytest.raises(WrongUse, match=r"stages\.resample\.mixture"):
            recipe.load("codefuse", [setting])
        return
    got = recipe.load("codefuse", [setting])
    assert found(got)
    assert got.hash != recipe.load("codefuse").hash
    others = {rule for rule in got.stage("text").rules if rule not in ("lines", "new")}
    assert others == {rule for rule in recipe.load("codefuse").stage("text").rules if rule != "lines"}


def test_set_touches_one_rule_where_yaml_shares_a_mapping(tmp_path: Path) -> None:
    shared = tmp_path / "mine.yaml"
    rules = "{a: &one {signal: n_words, max: 5}, b: *one, c: {<<: *one, min: 2}}"
    shared.write_text(f"stages: [read, decode, language, text: {{rules: {rules}}}]", encoding="utf-8")
    got = recipe.load(shared, ["stages.text.rules.a.max=7"]).stage("text").rules
    assert [(got[name].min, got[name].max) for name in "abc"] == [(None, 7), (None, 5), (2, 5)]


@pytest.mark.parametrize(
    ("setting", "told"),
    [
        ("lines=5", "write stages.NAME.FIELD=VALUE"),
        ("stages.text.rules.lines.max", "write stages.NAME.FIELD=VALUE"),
        ("stages.minhash.x=1", "has the stages read, decode"),
        ("stages.text=1", "no such place"),
        ("steps.text.measure_all=1", "no such place"),
        ("seed=[", "not valid YAML"),
        ("seed=soon", "must be a whole number"),
        ("stages.text.rules.lines.max=many", r"stages\.text\.rules\.lines\.max.*'many'"),
        ("stages.text.rules.linez.max=5", r"stages\.text\.rules\.linez\.signal"),
        ("stages.text.ruls.lines.max=5", "fields: rules, measure_all"),
        ("stages.text.rules.new={signal: n_wrods}", "'n_wrods', which is no signal"),
        ("stages.text.rules.new={signal: n_words, max: 5, told_by: whom}", "told by 'whom', which is none of"),
        ("stages.resample.mixture.zh=0.5", "must add up to 1"),
        ("stages.resample.keep_rates.HTML=2", r"keep_rates\.HTML is 2"),
        ("stages.resample.keep_rates.Klingonscript=1", "no language of the table"),
    ],
)
def test_a_setting_that_cannot_be_meant_is_told_of(setting: str, told: str) -> None:
    with pytest.raises(WrongUse, match=told) as raised:
        recipe.load("codefuse", [setting])
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "mapping with a list of `stages`"),
        ("- read", "mapping with a list of `stages`"),
        ("stages: read", "mapping with a list of `stages`"),
        ("stages: [", "not valid YAML"),
        ("stages: [read]\nseed: 1\nseed: 2", "'seed' stands there twice"),
        ("stages:\n- text: {rules: {a: {signal: n_words}, a: {signal: n_chars}}}", "'a' stands there twice"),
        ("stages: [read]\nsteps: 1\n2: 3", "is no field of a recipe"),
        ("stages: []", "first stage must be `read`, and there is none"),
        ("stages: [decode, read]", "first stage must be `read`, and is 'decode'"),
        ("stages: [read, decode, decode]", "'decode' stands there 2 times"),
        ("stages: [read, blend]", "no stage 'blend'; there are read, decode"),
        ("stages: [{read: {}, decode: {}}]", "one an item"),
        ("stages: [read: 5]", "one an item"),
        ("stages: [read: {5: 5}]", "one an item"),
        ("stages: [null]", "one an item"),
        ("stages: [read]\nseed: true", "must be a whole number"),
        ("stages: [read: {max_bytes: 0}]", r"stages\.read\.max_bytes.*\(given 0\)"),
        ("stages: [read: {max: 1}]", "fields: max_bytes"),
        ("stages: [read, language, decode]", "'language' needs the column 'content'"),
        ("stages: [read, decode, exact]", "'exact' needs the column 'language'"),
        ("stages: [read, decode, language, exact, text]", "'text' looks into files and stands after 'exact'"),
        ("stages: [read, layout]", "'content' and no stage writes it: add `- decode`"),
        ("stages: [read, decode]", "'language' and no stage writes it: add `- language`"),
    ],
)
@pytest.mark.parametrize("settings", [[], ["stages.read.batch_bytes=5"]])
def test_a_recipe_that_cannot_be_meant_is_told_of(text: str, told: str, settings: list[str], tmp_path: Path) -> None:
    written = tmp_path / "mine.yaml"
    written.write_text(text, encoding="utf-8")
    told_of_either = f"{told}|no such place" if settings else told  # --set may be the first to stumble
    with pytest.raises(WrongUse, match=told_of_either) as raised:
        recipe.load(written, settings)
    assert "\n" not in str(raised.value)


def test_a_recipe_that_is_not_there_or_no_text(tmp_path: Path) -> None:
    with pytest.raises(WrongUse, match="no recipe 'codefuze': name one of codefuse, minimal"):
        recipe.load("codefuze")
    (tmp_path / "bytes.yaml").write_bytes(b"stages: [\xff\xfe]")
    with pytest.raises(WrongUse, match="not valid YAML"):
        recipe.load(tmp_path / "bytes.yaml")
