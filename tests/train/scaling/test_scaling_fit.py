"""Laws come back from synthetic runs, with noise and with runs that went wrong; too few runs are refused."""

from __future__ import annotations

import dataclasses

import pytest
from synthetic_runs import law_of, runs

from curate.errors import WrongUse
from train.scaling.fit import FitConfig, Point, fit
from train.scaling.law import PUBLISHED, Law, data_exponent
from train.scaling.results import read_fits, write_json

FEW = FitConfig(resamples=40)


@pytest.mark.parametrize("language", PUBLISHED)
def test_the_published_exponents_come_back(language: str) -> None:
    law = law_of(language)
    found = fit(runs(law), FEW)
    assert found.law.to_json() == pytest.approx(law.to_json(), rel=1e-4)
    assert found.rms < 1e-7
    assert found.undetermined == ()


@pytest.mark.parametrize("language", PUBLISHED)
def test_they_come_back_through_noise_and_lie_in_their_intervals(language: str) -> None:
    law = law_of(language)
    found = fit(runs(law, noise=2e-3, seed=1), FEW)
    for name in ("a_n", "a_d", "l_inf"):
        assert getattr(found.law, name) == pytest.approx(getattr(law, name), rel=0.05)
        assert found.low[name] <= getattr(law, name) <= found.high[name]
    assert found.rms == pytest.approx(2e-3, rel=0.4)


def test_a_run_that_went_wrong_moves_little() -> None:
    law = law_of("Java")
    points = runs(law, noise=1e-3)
    points[7] = points[7]._replace(loss=points[7].loss * 1.4)
    found = fit(points, FEW)
    assert found.law.a_n == pytest.approx(law.a_n, rel=0.03)
    assert found.law.a_d == pytest.approx(law.a_d, rel=0.03)


def test_wider_noise_makes_wider_intervals_and_the_seed_decides() -> None:
    law = law_of("Go")
    quiet, loud = (fit(runs(law, noise=noise), FEW) for noise in (1e-3, 5e-3))
    assert loud.high["a_d"] - loud.low["a_d"] > 2 * (quiet.high["a_d"] - quiet.low["a_d"])
    assert fit(runs(law, noise=1e-3), FEW) == quiet
    assert fit(runs(law, noise=1e-3), dataclasses.replace(FEW, seed=1)).low != quiet.low


@pytest.mark.parametrize(("n_unit", "d_unit"), [(1e-9, 1.0), (1.0, 1e-9), (3.0, 0.2)])
def test_units_of_parameters_and_tokens_change_no_exponent(n_unit: float, d_unit: float) -> None:
    points = runs(law_of("Rust"), noise=2e-3, sizes=3, budgets=3)
    scaled = [one._replace(parameters=one.parameters * n_unit, tokens=one.tokens * d_unit) for one in points]
    config = FitConfig(resamples=1)
    one, other = fit(points, config).law, fit(scaled, config).law
    assert (one.a_n, one.a_d, one.l_inf) == pytest.approx((other.a_n, other.a_d, other.l_inf), rel=1e-3)


def test_an_exponent_that_the_runs_do_not_tell_is_named() -> None:
    flat = [one._replace(loss=2.0) for one in runs(law_of("Java"), sizes=3, budgets=3)]
    assert set(fit(flat, FitConfig(resamples=5)).undetermined) <= {"a_n", "a_d"}
    only_tokens = Law(a_n=1.0, log_n_c=-50.0, a_d=0.5, log_d_c=20.0, l_inf=1.0)
    assert fit(runs(only_tokens), FitConfig(resamples=5)).law.a_d == pytest.approx(0.5, rel=0.01)


@pytest.mark.parametrize(
    ("points", "told"),
    [
        (runs(law_of("Go"), sizes=2, budgets=6), "12 runs of 2 sizes and 6 numbers"),
        (runs(law_of("Go"), sizes=6, budgets=2), "12 runs of 6 sizes and 2 numbers"),
        ([*runs(law_of("Go")), Point(1e9, 1e9, float("nan"), "out/run7")], "out/run7"),
        ([*runs(law_of("Go")), Point(0, 1e9, 2.0, "out/run8")], "out/run8"),
    ],
)
def test_runs_that_tell_no_law_are_refused(points: list[Point], told: str) -> None:
    with pytest.raises(WrongUse, match=told):
        fit(points, FEW)


def test_fits_are_read_as_they_were_written(tmp_path) -> None:
    found = fit(runs(law_of("Go"), noise=1e-3), FEW)
    write_json(tmp_path / "fit.json", {"laws": {"Go": found.to_json()}})
    assert read_fits(tmp_path) == {"Go": found}
    (tmp_path / "fit.json").write_text('{"laws": {"Go": {"law": {"a_n": 1}}}}', encoding="utf-8")
    with pytest.raises(WrongUse, match="codemill scaling fit"):
        read_fits(tmp_path)


def test_the_exponent_of_data_is_ones_own_then_the_tables_then_its_median() -> None:
    own = {"Go": dataclasses.replace(law_of("Go"), a_d=0.9)}
    assert [data_exponent(name, own) for name in ("Go", "Rust", "Fortran")] == [0.9, 1.297, 1.247]
