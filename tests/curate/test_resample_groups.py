"""What resampling decides from its counts, and the domain of a file; without Spark."""

from __future__ import annotations

import pyarrow as pa
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from curate.stages.resample import BINS, HAN_FRACTION, Groups, Resample

CODE = ("Python", "Java", "HTML", "Ruby")
PROSE = "Markdown"


def rows(*groups: tuple[str, str, int], every: int = 1) -> list[dict]:
    """One file of so many bytes in every n-th place of the draw."""
    return [
        {"language": language, "domain": domain, "bin": place, "n_bytes": n_bytes, "n_files": 1}
        for language, domain, n_bytes in groups
        for place in range(0, BINS, every)
    ]


def limits(found: list[dict], **fields) -> dict[str, tuple[int, str | None]]:
    at, reasons = Groups(found, Resample(**fields)).limits()
    return {name[0]: (at[name], reasons[name]) for name in at}


ALL_KEPT = (BINS, None)


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, {"Python": ALL_KEPT, "HTML": ALL_KEPT}),
        ({"keep_rates": {"HTML": 0.5}}, {"Python": ALL_KEPT, "HTML": (BINS // 2, "keep_rate")}),
        ({"keep_rates": {"HTML": 0.0}}, {"Python": ALL_KEPT, "HTML": (0, "keep_rate")}),
        ({"keep_rates": {"HTML": 1.0}}, {"Python": ALL_KEPT, "HTML": ALL_KEPT}),
        # Python has 300 bytes a place, HTML 100: a quarter of all
        ({"min_language_share": 0.25}, {"Python": ALL_KEPT, "HTML": ALL_KEPT}),
        ({"min_language_share": 0.26}, {"Python": ALL_KEPT, "HTML": (0, "rare_language")}),
        ({"caps": {"HTML": {"max_bytes": 100 * 7}}}, {"Python": ALL_KEPT, "HTML": (7, "cap")}),
        ({"caps": {"HTML": {"max_bytes": 100 * 7 + 99}}}, {"Python": ALL_KEPT, "HTML": (7, "cap")}),
        ({"caps": {"HTML": {"max_tokens": 25 * 7}}}, {"Python": ALL_KEPT, "HTML": (7, "cap")}),
        ({"caps": {"HTML": {"max_share": 0.125}}}, {"Python": ALL_KEPT, "HTML": (BINS // 2, "cap")}),
        ({"caps": {"HTML": {"max_bytes": 0}}}, {"Python": ALL_KEPT, "HTML": (0, "cap")}),
        # the tightest one names the reason
        ({"caps": {"HTML": {"max_bytes": 700}}, "keep_rates": {"HTML": 0.5}}, {"Python": ALL_KEPT, "HTML": (7, "cap")}),
        (
            {"caps": {"HTML": {"max_share": 0.2}}, "keep_rates": {"HTML": 0.5}},
            {"Python": ALL_KEPT, "HTML": (BINS // 2, "keep_rate")},
        ),
        # both have the same exponent: half the budget each, HTML at 25 tokens a place and Python at 75
        (
            {"budget_tokens": 2 * 25 * 75 * 4, "exponents": {"Python": 1, "HTML": 1}},
            {"Python": (100, "budget"), "HTML": (300, "budget")},
        ),
        ({"budget_tokens": 1e12}, {"Python": ALL_KEPT, "HTML": ALL_KEPT}),
    ],
)
def test_worked_examples(fields: dict, expected: dict) -> None:
    assert limits(rows(("Python", "code", 300), ("HTML", "code", 100)), **fields) == expected


def test_a_mixture_cuts_prose_to_its_share_beside_the_code() -> None:
    found = rows(("Python", "code", 800), (PROSE, "en", 200))
    flat = {"code": 1.0, "en": 1.0, "zh": 1.0}
    fields = {"mixture": {"code": 0.8, "zh": 0.1, "en": 0.1}, "tokens_per_byte": flat}
    assert limits(found, **fields) == {"Python": ALL_KEPT, PROSE: (BINS // 2, "mixture")}
    assert limits(found, **fields, anchor="en") == {"Python": ALL_KEPT, PROSE: ALL_KEPT}
    # with its own proportion halved first, there is nothing left for the mixture to cut
    assert limits(found, **fields, keep_rates={PROSE: 0.5})[PROSE] == (BINS // 2, "keep_rate")


def test_prose_is_never_a_rare_language() -> None:
    found = rows(("Python", "code", 10**6), (PROSE, "en", 1))
    assert limits(found, min_language_share=0.5)[PROSE] == ALL_KEPT


def test_tokens_by_language_else_by_domain() -> None:
    groups = Groups(
        rows(("Python", "code", 100), (PROSE, "zh", 100)), Resample(tokens_per_byte={"Python": 0.5, "code": 9, "zh": 2})
    )
    assert [groups.tokens((name, domain), 10) for name, domain in (("Python", "code"), (PROSE, "zh"))] == [500, 2000]


def test_what_was_asked_and_what_was_got() -> None:
    found = rows(("Python", "code", 800), (PROSE, "en", 100))
    stage = Resample(
        mixture={"code": 0.8, "en": 0.1, "zh": 0.1}, tokens_per_byte={"code": 1, "en": 1}, keep_rates={"Python": 0.5}
    )
    groups = Groups(found, stage)
    told = groups.table(*groups.limits())
    half = BINS // 2
    assert told["languages"] == [
        {"language": PROSE, "domain": "en", "files_in": BINS, "files_kept": half, "bytes_in": BINS * 100,
         "bytes_kept": half * 100, "tokens_kept": half * 100, "asked_rate": 0.5, "cut_by": "mixture"},
        {"language": "Python", "domain": "code", "files_in": BINS, "files_kept": half, "bytes_in": BINS * 800,
         "bytes_kept": half * 800, "tokens_kept": half * 800, "asked_rate": 0.5, "cut_by": "keep_rate"},
    ]  # fmt: skip
    assert [(row["domain"], row["asked_share"], row["got_share"]) for row in told["domains"]] == [
        ("code", 0.8, pytest.approx(8 / 9)),
        ("en", 0.1, pytest.approx(1 / 9)),
        ("zh", 0.1, 0.0),
    ]


def test_nothing_to_resample() -> None:
    groups = Groups([], Resample(mixture={"code": 1.0}, budget_tokens=5, min_language_share=0.5))
    assert groups.limits() == ({}, {})
    assert groups.table({}, {})["domains"] == [{"domain": "code", "asked_share": 1.0, "got_share": 0.0, "tokens": 0}]


GROUPS = st.lists(
    st.tuples(st.sampled_from([*((one, "code") for one in CODE), (PROSE, "zh"), (PROSE, "en")]), st.integers(1, 9999)),
    min_size=1, max_size=5, unique_by=lambda group: group[0],
)  # fmt: skip
SETTINGS = st.fixed_dictionaries(
    {
        "min_language_share": st.sampled_from([0.0, 0.01, 0.2]),
        "keep_rates": st.dictionaries(st.sampled_from((*CODE, PROSE)), st.floats(0, 1), max_size=3),
        "caps": st.dictionaries(
            st.sampled_from((*CODE, PROSE)),
            st.fixed_dictionaries({}, optional={"max_bytes": st.integers(0, 10**7), "max_share": st.floats(0, 1)}),
            max_size=2,
        ),
        "budget_tokens": st.none() | st.floats(1, 1e7),
        "mixture": st.just({}) | st.just({"code": 0.8, "zh": 0.1, "en": 0.1}),
        "anchor": st.sampled_from(["code", None]),
    }
)


@settings(deadline=None, max_examples=60)
@given(GROUPS, SETTINGS)
def test_no_setting_is_exceeded(given_groups: list, fields: dict) -> None:
    found = rows(*((*name, n_bytes) for name, n_bytes in given_groups), every=64)
    stage = Resample(**fields)
    groups = Groups(found, stage)
    at, reasons = groups.limits()
    all_code = sum(n_bytes * BINS // 64 for (_, domain), n_bytes in given_groups if domain == "code")
    for name, limit in at.items():
        assert 0 <= limit <= BINS
        assert (limit == BINS) == (reasons[name] is None)
        assert limit <= round(stage.keep_rates.get(name[0], 1) * BINS)
        cap = stage.caps.get(name[0])
        kept = sum(groups.n_bytes[name][:limit])
        if cap is not None and cap.max_bytes is not None:
            assert kept <= cap.max_bytes * (1 + 1e-9)
        if cap is not None and cap.max_share is not None:
            assert kept <= cap.max_share * all_code * (1 + 1e-9)
    if stage.budget_tokens is not None:
        code = sum(groups.tokens(name, limit) for name, limit in at.items() if name[1] == "code")
        assert code <= stage.budget_tokens * (1 + 1e-9)


@settings(deadline=None, max_examples=60)
@given(GROUPS, SETTINGS, st.sampled_from((*CODE, PROSE)), st.floats(0, 1), st.floats(0, 1))
def test_lowering_a_rate_keeps_a_subset(groups: list, fields: dict, name: str, one: float, other: float) -> None:
    """A file stays while its place is below the limit, so a lower limit is a subset."""
    assume(not fields["mixture"] or fields["anchor"] == "code")  # without an anchor one domain is cut by another
    found = rows(*((*group, n_bytes) for group, n_bytes in groups), every=64)

    def cut(rate: float) -> dict:
        stage = Resample(**fields | {"keep_rates": fields["keep_rates"] | {name: rate}})
        return {group: limit for group, limit in Groups(found, stage).limits()[0].items() if group[0] == name}

    low, high = cut(min(one, other)), cut(max(one, other))
    assert all(limit <= high[group] for group, limit in low.items())


@pytest.mark.parametrize(
    ("language", "han_fraction", "domain"),
    [
        ("Python", None, "code"),
        ("Unknown", None, "code"),
        ("JSON", 1.0, "code"),
        (PROSE, 1.0, "zh"),
        (PROSE, HAN_FRACTION, "zh"),
        (PROSE, HAN_FRACTION - 1e-9, "en"),
        (PROSE, None, "en"),
        ("Text", 0.0, "en"),
    ],
)
def test_the_domain_of_a_file(language: str, han_fraction: float | None, domain: str) -> None:
    batch = pa.RecordBatch.from_pydict({"language": [language], "han_fraction": pa.array([han_fraction], pa.float64())})
    measured = Resample().measure(batch)
    assert measured.schema.field("domain").type == pa.string()
    assert measured.column("domain").to_pylist() == [domain]


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"mixture": {"code": 0.8, "zh": 0.1}}, "must add up to 1"),
        ({"mixture": {"code": 1.5, "zh": -0.5}}, "-0.5"),
        ({"mixture": {"zh": 1.0}}, "anchor 'code' has no share"),
        ({"keep_rates": {"Python": 1.1}}, "must lie in 0..1"),
        ({"keep_rates": {"python": 1}}, "no language of the table"),
        ({"caps": {"Klingonscript": {}}}, "no language of the table"),
        ({"exponents": {"Python": 0}}, "exponents"),
        ({"tokens_per_byte": {"Python": 0}}, "tokens_per_byte"),
        ({"caps": {"Python": {"max_bytes": -1}}}, "greater than or equal to 0"),
    ],
)
def test_settings_that_cannot_be_meant(fields: dict, told: str) -> None:
    with pytest.raises(ValidationError, match=told):
        Resample(**fields)
