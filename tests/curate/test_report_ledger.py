"""What the report takes from a ledger: histograms with limits, samples that show no secret, clusters."""

from __future__ import annotations

import html
import tempfile
from pathlib import Path

import made_run
import numpy as np
import pytest
import report_by_hand
from hypothesis import given
from hypothesis import strategies as st
from made_run import row
from report_by_hand import HOSTILE, MAIL, SECRET

from curate import report
from curate.report import gathering
from curate.report.clusters import MOST_MEMBERS, largest
from curate.report.gathering import gather
from curate.report.samples import MOST_A_RULE, as_shipped
from curate.report.sketches import Scale, Sketch, edge, places, scale_of
from curate.shards import Run


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    folder = tmp_path_factory.mktemp("report")
    return report_by_hand.make(folder / "in", folder / "out")


@pytest.fixture(scope="module")
def page(run: Run) -> str:
    return report.page(run.manifest, gather(run))


def test_every_file_is_in_a_histogram_once(run: Run) -> None:
    found = gather(run)
    assert found.n_rows == run.ledger.count_rows()
    lines = found.sketches["n_lines"]
    assert lines.kept.sum() == run.summary["kept"]["files"]
    assert lines.dropped.sum() == run.summary["dropped"]["files"]
    assert found.sketches["is_generated"].dropped.tolist()[1] == 1
    assert "n_words" not in found.sketches  # not measured
    assert found.quality["Python"].n_files == 41


@pytest.mark.parametrize("scale", ["fraction", "points", "log", "yes_or_no"])
@given(st.floats(-1e12, 1e12), st.floats(-1e12, 1e12))
def test_bins_are_in_order_and_hold_what_their_edges_say(scale: Scale, first: float, second: float) -> None:
    one, other = places(scale, np.array(sorted([first, second])))
    assert one <= other
    sketch = Sketch(scale)
    sketch.add(np.array([first, second, np.nan]), np.array([True, False, True]))
    assert (sketch.kept.sum(), sketch.dropped.sum(), sketch.n_files) == (1, 1, 2)
    place = int(np.flatnonzero(sketch.kept)[0])
    if 0.02 < first < (1 if scale in ("fraction", "yes_or_no") else 100):
        assert edge(scale, place) <= first * (1 + 1e-9)
        assert first <= edge(scale, place + 1) * (1 + 1e-9) or scale == "yes_or_no"


def test_scales_follow_names() -> None:
    names = ["alnum_fraction", "quality_score", "min_maintainability", "n_lines"]
    assert [scale_of(name, is_bool=False) for name in names] == ["fraction", "points", "points", "log"]
    assert scale_of("is_xml", is_bool=True) == "yes_or_no"


def test_limits_stand_at_their_histograms(page: str) -> None:
    assert "at most 100</b> <bdi>text.lines" in page
    assert "at least 0.25</b> <bdi>text.alnum</bdi>, but for 1 languages" in page
    assert "goes if yes</b> <bdi>text.generated" in page
    assert page.count('class="limit"') == 2
    assert page.index("<bdi>n_lines") < page.index("signals of chars, without limits")


def test_samples_show_no_secret_and_nothing_of_what_was_opted_out(page: str) -> None:
    assert SECRET not in page
    assert SECRET[4:] not in page
    assert MAIL not in page
    assert "mail = &#x27;&lt;EMAIL&gt;&#x27;" in page
    assert "opted_out_text" not in page
    assert "opted out: its text is not shown" in page


def test_hostile_text_is_shown_as_text(page: str) -> None:
    shown = html.escape(HOSTILE.replace("\u202e", "\ufffd"))
    assert shown in page
    assert "<script" not in page
    assert "<img" not in page
    assert "script-src" not in page  # default-src 'none' forbids it


def test_samples_are_some_of_each_rule_and_kept_files_near_its_limit(run: Run, page: str) -> None:
    found = gather(run).samples
    by_rule = [one for one in found if one.group == ("text", "lines") and one.value is None]
    assert len(by_rule) == MOST_A_RULE
    (near, *_) = [one for one in found if one.group == ("text", "lines") and one.value is not None]
    assert (near.row["path"], near.value) == ("near.py", 99)
    assert "its source is not there any more" in [one.without for one in by_rule]
    assert len([one for one in found if one.group == ("minhash", "near_duplicate")]) == MOST_A_RULE
    assert "500 against 100" in page


def test_a_key_over_the_edge_of_what_is_shown_is_replaced_whole() -> None:
    text = "#" * 890 + f"\ntoken = '{SECRET}'\n"
    assert SECRET[:8] not in (as_shipped(text) or "")


def test_samples_do_not_hang_on_where_rows_stand(tmp_path: Path) -> None:
    run = report_by_hand.make(tmp_path / "in", tmp_path / "out")
    rows = run.ledger.to_table().to_pylist()
    turned = made_run.make(
        tmp_path / "turned", rows[::-1], recipe=run.manifest["recipe"], inputs=run.manifest["inputs"]
    )
    assert [one.row["path"] for one in gather(turned).samples] == [one.row["path"] for one in gather(run).samples]


def test_clusters_are_the_largest_with_their_least_similar_members(run: Run, page: str) -> None:
    (cluster,) = largest(run)
    assert (cluster.n_files, cluster.n_bytes, cluster.least_similarity) == (8, 8000, 0.9)
    assert cluster.keeper is not None
    assert cluster.keeper["path"] == "kept_0.py"
    assert [one["path"] for one in cluster.members] == [f"copy_{number}.py" for number in range(MOST_MEMBERS)]
    assert "and 2 more" in page


@given(st.dictionaries(st.sampled_from("abcdefgh"), st.integers(1, 9), min_size=1))
def test_clusters_count_every_member(sizes: dict[str, int]) -> None:
    rows = [
        row(f"{name}{number}", drop_stage="exact", drop_reason="exact_duplicate", cluster=f"id of {name}")
        for name, size in sizes.items()
        for number in range(size)
    ]
    with tempfile.TemporaryDirectory() as folder:
        found = largest(made_run.make(Path(folder), rows))
    assert {one.file_id: one.n_files for one in found} == {f"id of {name}": size for name, size in sizes.items()}
    assert [one.n_files for one in found] == sorted(sizes.values(), reverse=True)
    assert {one.keeper for one in found} == {None}  # of an earlier run: not in this ledger


def test_a_long_ledger_is_looked_at_in_part(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gathering, "MOST_ROWS", 1)
    found = gather(run)
    assert found.n_rows == run.ledger.count_rows()  # at least one file of it
    found.n_rows = 7
    assert f"Counted over 7 of {run.summary['read']['files']} files." in report.page(run.manifest, found)


def test_a_page_stays_small(page: str) -> None:
    assert len(page.encode()) < 200_000
