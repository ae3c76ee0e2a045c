"""The report page: whole, harmless, and telling every number of the manifest's counts."""

from __future__ import annotations

import base64
import copy
import hashlib
from collections import Counter
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
import report_by_hand
from hypothesis import example, given
from hypothesis import strategies as st

from curate import report
from curate.report.counts import MOST_LANGUAGES, funnel
from curate.report.markup import bars, escape, join, percent, tag
from curate.shards import Run

HOSTILE = "\"'><script>alert(1)</script><img src=x onerror=alert(1)></style></svg><!--\u202e\x00"
# All that a page is made of: no script, link, image, frame, form or object.
TAGS = {
    "html", "head", "meta", "title", "style", "body", "main", "header", "footer", "section", "h1", "h2", "p", "dl",
    "dt", "dd", "div", "ul", "li", "table", "caption", "thead", "tbody", "tr", "th", "td", "span", "small", "bdi",
    "wbr", "i", "data", "time", "svg", "rect", "details", "summary", "pre", "code", "path", "figure", "figcaption", "b",
    "h3",
}  # fmt: skip
VOID = {"meta", "wbr"}


def amounts(files: int, n_bytes: int) -> dict[str, int]:
    return {"files": files, "bytes": n_bytes}


def manifest() -> dict[str, Any]:
    """A run that read 1,234 files, dropped by three stages and resampled. Reasons come as the ledger counts them."""
    resampled = {"language": "HTML", "domain": "code", "files_in": 120, "files_kept": 60, "bytes_in": 700_001,
                 "bytes_kept": 420_007, "tokens_kept": 87_501, "asked_rate": 0.5, "cut_by": "keep_rate"}  # fmt: skip
    return {
        "codemill": "0.1.0",
        "finished_at": "2026-03-04T05:06:07+00:00",
        "recipe": {
            "name": "mine", "description": "A recipe.", "seed": 7, "hash": "ab" * 32,
            "stages": [
                {"read": {"max_bytes": 16}}, {"decode": {}}, {"text": {"rules": {"lines": {"max": 9.0, "min": None}}}},
                {"exact": {}}, {"resample": {"keep_rates": {"HTML": 0.5}}}, {"layout": {}},
            ],
        },
        "versions": {"python": "3.11.7", "numpy": "2.4.6"},
        "inputs": {"roots": [{"label": "code", "location": "/data/code", "is_folder": True}], "hash": "cd" * 8,
                   "n_files": 1234, "n_units": 1234, "bytes": 12_345_678},
        "counts": {
            "read": amounts(1234, 12_345_678), "kept": amounts(1034, 9_000_123), "dropped": amounts(200, 3_345_555),
            "plain_files": 1234,
            "reasons": [
                {"stage": "resample", "reason": "keep_rate", "languages": {"HTML": 60}, **amounts(60, 349_994)},
                {"stage": "text", "reason": "lines", "languages": {"A": 1, "B": 2, "C": 9, "Python": 88},
                 **amounts(100, 2_995_550)},
                {"stage": "decode", "reason": "empty", "languages": {"not detected": 40}, **amounts(40, 11)},
            ],
            "languages": {
                "HTML": {"read": amounts(120, 700_001), "kept": amounts(60, 350_007)},
                "Python": {"read": amounts(1074, 11_645_666), "kept": amounts(974, 8_650_116)},
            },
        },
        "stages": {
            "listing": {"seconds": 1.25, "memory": {}},
            "narrow": {"seconds": 2.5, "memory": {"jvm_bytes": 765_432_109, "python_bytes": 1_523_200_000}},
            "exact": {"seconds": 0.5, "dropped": 0, "memory": {"jvm_bytes": 700_000_001}},
            "resample": {"seconds": 1.0, "asked_and_got": {
                "languages": [resampled],
                "domains": [{"domain": "code", "asked_share": 0.8, "got_share": 0.9, "tokens": 2_250_030},
                            {"domain": "zh", "asked_share": None, "got_share": 0.1, "tokens": 250_003}]}},
            "layout": {"seconds": 7.0},
        },
        "seconds": {"listing": 9.5, "exact": 0.5, "resample": 1.0, "layout": 7.0},
        "warnings": ["something to hear of"],
        "files": [{"path": "ledger/00000.parquet", "rows": 1234, "bytes": 9, "sha256": "ef" * 32}],
    }  # fmt: skip


def nothing_kept() -> dict[str, Any]:
    made = manifest()
    made["counts"]["kept"], made["counts"]["dropped"] = amounts(0, 0), made["counts"]["read"]
    for language in made["counts"]["languages"].values():
        language["kept"] = amounts(0, 0)
    resampled = made["stages"]["resample"]["asked_and_got"]
    resampled["languages"], resampled["domains"] = [], []
    return made


def nothing_read() -> dict[str, Any]:
    made = nothing_kept()
    made["counts"] |= {"read": amounts(0, 0), "dropped": amounts(0, 0), "reasons": [], "languages": {}}
    return made | {"warnings": [], "seconds": {}, "stages": {}}


def not_resampled() -> dict[str, Any]:
    made = manifest()
    del made["stages"]["resample"]
    return made


def many_languages() -> dict[str, Any]:
    made = manifest()
    made["counts"]["languages"] |= {
        f"Language {number}": {"read": amounts(number + 5, 99_000), "kept": amounts(number, 77_000)}
        for number in range(40)
    }
    return made


def hostile() -> dict[str, Any]:
    """Every string of the manifest that comes from data is hostile, and so is every name that is a key there."""

    def turned(value: Any, path: tuple[str, ...] = ()) -> Any:
        if isinstance(value, dict):
            return {named(key, path): turned(one, (*path, key)) for key, one in value.items()}
        if isinstance(value, list):
            return [turned(one, (*path, "[]")) for one in value]
        return f"{value}{HOSTILE}" if isinstance(value, str) else value

    def named(key: str, path: tuple[str, ...]) -> str:
        from_data = path[-1:] in [("languages",), ("versions",), ("seconds",), ("keep_rates",), ("rules",)]
        return f"{key}{HOSTILE}" if from_data else key

    return turned(manifest())


CASES = [manifest, nothing_kept, nothing_read, not_resampled, many_languages, hostile]


class Page(HTMLParser):
    """Reads a page strictly: what is opened is closed, in order."""

    def __init__(self, text: str):
        super().__init__()
        self.open: list[str] = []
        self.tags: Counter[str] = Counter()
        self.attributes: list[tuple[str, str, str | None]] = []
        self.comments: list[str] = []
        self.texts: dict[str, list[str]] = {}
        self.inside_details: list[str] = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags[tag] += 1
        self.attributes += [(tag, name, value) for name, value in attrs]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        raise AssertionError(f"self-closed {tag}")

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_comment(self, data: str) -> None:
        self.comments.append(data)

    def handle_data(self, data: str) -> None:
        self.texts.setdefault(self.open[-1] if self.open else "", []).append(data)
        if "details" in self.open:
            self.inside_details.append(data)

    @property
    def text(self) -> str:
        return " ".join(part for parts in self.texts.values() for part in parts)

    def values(self, tag: str, attribute: str) -> list[str]:
        return [value or "" for of, name, value in self.attributes if (of, name) == (tag, attribute)]


@pytest.mark.parametrize("make", CASES)
def test_page_is_whole(make: Any) -> None:
    page = Page(report.page(make()))
    assert set(page.tags) <= TAGS
    for once in ("html", "head", "title", "main", "h1"):
        assert page.tags[once] == 1 + (page.tags["svg"] if once == "title" else 0)
    assert page.tags["table"] == page.tags["thead"] + 1  # all but that of inputs and versions have headings


@pytest.mark.parametrize("make", CASES)
def test_page_loads_and_runs_nothing(make: Any) -> None:
    text = report.page(make())
    page = Page(text)
    names = {name for _, name, _ in page.attributes}
    assert not names & {"src", "href", "style", "xlink:href", "srcset", "action"}
    assert not {name for name in names if name.startswith("on")}
    assert page.comments == []
    (css,) = page.texts["style"]
    assert "url(" not in css
    assert "@import" not in css
    digest = base64.b64encode(hashlib.sha256(css.encode()).digest()).decode()
    assert page.values("meta", "content")[0] == f"default-src 'none'; style-src 'sha256-{digest}'"


def test_hostile_names_are_shown_as_they_are() -> None:
    page = Page(report.page(hostile()))
    shown = HOSTILE.replace("\x00", "\ufffd").replace("\u202e", "\ufffd")
    bdi, notes = "".join(page.texts["bdi"]), "".join(page.texts["small"])
    for name in ("mine", "/data/code", "Python", "HTML", "code", "keep_rate"):
        assert f"{name}{shown}" in bdi
    assert f"Python{shown} 88" in notes
    assert f"something to hear of{shown}" in page.texts["li"]


@pytest.mark.parametrize("make", CASES)
def test_every_count_is_on_the_page(make: Any) -> None:
    counts = make()["counts"]
    wanted = [counts[name] for name in ("read", "kept", "dropped")] + counts["reasons"]
    wanted += [amount for both in counts["languages"].values() for amount in both.values()]
    page = Page(report.page(make()))
    shown = Counter(page.values("data", "value"))
    assert Counter(str(amount[unit]) for amount in wanted for unit in ("files", "bytes")) <= shown
    for amount in wanted:
        assert f"{amount['files']:,}" in page.texts["data"]
        assert f"{amount['bytes']:,} bytes" in page.values("data", "title")


def test_sections_come_and_go() -> None:
    titles = [
        "3 warnings",
        "From read to kept",
        "What was dropped, and why",
        "Languages",
        "Mixture: asked and got",
        "Time and memory",
    ]
    made = manifest() | {"warnings": ["a", "b", "c"]}
    assert Page(report.page(made)).texts["h2"] == [*titles, "How to make it again"]
    assert "Mixture: asked and got" not in Page(report.page(not_resampled())).texts["h2"]
    empty = Page(report.page(nothing_read()))
    assert empty.texts["h2"] == [titles[1], titles[2], "How to make it again"]
    assert "Nothing was dropped." in empty.texts["p"]
    assert "rect" not in empty.tags
    assert "of the MB read" not in empty.text


def test_long_tails_are_folded_and_whole() -> None:
    page = Page(report.page(many_languages()))
    assert f"{42 - MOST_LANGUAGES} more languages, 24.0% of the MB kept" in page.texts["summary"]
    folded = {name for name in page.texts["bdi"] if name in page.inside_details and name.startswith("Language ")}
    assert len(folded) == 42 - MOST_LANGUAGES
    assert {f"Language {number}" for number in range(40)} <= set(page.texts["bdi"])


def test_rules_name_the_languages_they_hit_most() -> None:
    assert "Python 88, C 9, B 2 and 1 more" in Page(report.page(manifest())).texts["small"]


def test_mixture_tells_asked_and_got() -> None:
    page = Page(report.page(manifest()))
    told = {"code: asked 80.0%, got 90.0%", "zh: asked nothing, got 10.0%", "HTML: asked 50.0%, got 60.0%"}
    assert told <= set(page.texts["title"])
    assert "code, cut by keep_rate" in page.texts["small"]
    assert {"80.0%", "90.0%", "50.0%", "60.0%"} <= set(page.texts["td"])
    assert {"2250030", "250003", "87501", "700001", "420007"} <= set(page.values("data", "value"))


def test_a_stage_finished_by_an_earlier_start_keeps_its_seconds() -> None:
    text = report.page(manifest())
    assert "narrow: 2.5 seconds" in text
    assert "listing: 9.5 seconds" in text
    assert text.count("finished by an earlier start of the run") == 1


def test_memory_stands_beside_seconds_where_it_was_seen() -> None:
    page = Page(report.page(manifest()))
    assert {"JVM GB", "Python GB"} <= set(page.texts["th"])
    assert {"765432109", "1523200000", "700000001"} <= set(page.values("data", "value"))
    assert {"0.77", "1.52", "0.70"} <= set(page.texts["data"])
    assert page.values("span", "title").count("not seen") == 7  # listing, resample and layout; exact's Python
    earlier = manifest()
    for notes in earlier["stages"].values():
        notes.pop("memory", None)
    page = Page(report.page(earlier))
    assert "Time" in page.texts["h2"]
    assert "JVM GB" not in page.texts["th"]


def test_settings_leave_out_what_is_off() -> None:
    (settings,) = Page(report.page(manifest())).texts["pre"]
    assert "max: 9.0" in settings
    assert "min" not in settings
    assert "- decode: {}" in settings


def test_date_is_told_in_words() -> None:
    assert "4 March 2026, 05:06 UTC" in Page(report.page(manifest())).texts["time"]


def test_write_puts_the_same_page_into_the_run(tmp_path: Path) -> None:
    run = report_by_hand.make(tmp_path / "in", tmp_path / "out")
    path = report.write(run)
    first = path.read_bytes()
    assert path == tmp_path / "out" / "report.html"
    assert report.write(Run(run.folder)).read_bytes() == first
    assert report.page_of(run.folder, run.manifest).encode() == first


stages = st.sampled_from(["read", "decode", "text", "exact", "elsewhere"])


@given(st.lists(st.tuples(stages, st.integers(0, 10**6), st.integers(0, 10**12))), st.integers(0, 10**6))
def test_funnel_ends_with_what_was_kept(drops: list[tuple[str, int, int]], n_kept: int) -> None:
    made = copy.deepcopy(manifest())
    kept = amounts(n_kept, 3 * n_kept)
    made["counts"]["reasons"] = [{"stage": stage, **amounts(files, n_bytes)} for stage, files, n_bytes in drops]
    made["counts"]["read"] = {unit: kept[unit] + sum(row[unit] for row in made["counts"]["reasons"]) for unit in kept}
    steps = funnel(made)
    names = [name for name, _, _ in steps]
    assert names == [
        name for name in ("read", "decode", "text", "exact", "elsewhere") if name in {drop[0] for drop in drops}
    ]
    left = made["counts"]["read"]
    for _, dropped, after in steps:
        assert {unit: left[unit] - dropped[unit] for unit in left} == after
        left = after
    assert left == kept


@given(st.text())
def test_text_comes_back_and_can_be_written(text: str) -> None:
    made = tag("p", text, title=text)
    made.encode()
    page = Page(made)
    shown = "".join(page.texts.get("p", []))
    assert page.values("p", "title") == [shown]
    assert len(shown) == len(text)
    assert all(a == b or b == "\ufffd" for a, b in zip(text, shown, strict=True))


def test_broken_text_can_be_written() -> None:
    assert escape("a\ud800\x1b\u202e<") == "a\ufffd\ufffd\ufffd&lt;"
    assert join("<", None, tag("b", "<")) == "&lt;<b>&lt;</b>"


@given(st.floats(0, 1), st.floats(0, 1))
@example(1.0, 1e-6)  # a sliver at the very end
def test_bars_stay_inside_their_plot_and_show_what_is_there(start: float, length: float) -> None:
    page = Page(bars("x", [("files", min(start, 1 - length), length)]))
    assert page.tags["rect"] == (length > 0)
    for x, width in zip(page.values("rect", "x"), page.values("rect", "width"), strict=True):
        assert float(x) >= 0
        assert float(x) + float(width) <= 1000.1
        assert float(width) > 0


@pytest.mark.parametrize(
    ("share", "text"),
    [(0, "0.0%"), (1e-9, "<0.1%"), (0.5, "50.0%"), (1 - 1e-9, ">99.9%"), (1, "100.0%")],
)
def test_percent_never_rounds_to_nothing_or_all(share: float, text: str) -> None:
    assert percent(share) == escape(text)
