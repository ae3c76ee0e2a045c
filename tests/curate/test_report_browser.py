"""The report in a real browser: light and dark, narrow and wide, nothing runs, nothing is loaded, nothing overflows."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import report_by_hand

from curate import report

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed: pip install codemill[dev]")

CHROMIUM = next(
    (found for name in ("chromium", "chromium-browser", "google-chrome") if (found := shutil.which(name))), None
)
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on the path: apt-get install chromium")

# Elements that stand out of the page, apart from what scrolls on its own.
OUTSIDE = """() => [...document.querySelectorAll('main *')].filter(e => {
  const box = e.getBoundingClientRect();
  return box.width && (box.right > innerWidth + 1 || box.left < -1) && !e.closest('.wide, pre');
}).map(e => e.outerHTML.slice(0, 120))"""
CONTRAST = """() => { const light = text => { const [r, g, b] = text.match(/[0-9.]+/g).map(v => v / 255)
    .map(v => v <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4); return .2126 * r + .7152 * g + .0722 * b; };
  const paper = light(getComputedStyle(document.body).backgroundColor);
  return Math.min(...[...document.querySelectorAll('h1, p, td, small, summary, figcaption, li')].map(e => {
    const ink = light(getComputedStyle(e).color);
    return (Math.max(ink, paper) + .05) / (Math.min(ink, paper) + .05); })); }"""


@pytest.fixture(scope="module")
def browser() -> Iterator[playwright.Browser]:
    with playwright.sync_playwright() as engine:
        started = engine.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield started
        started.close()


@pytest.fixture(scope="module")
def page_url(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder: Path = tmp_path_factory.mktemp("browser")
    return report.write(report_by_hand.make(folder / "in", folder / "out")).as_uri()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [400, 800, 1600])
def test_the_page_stands_in_any_window(browser: playwright.Browser, page_url: str, scheme: str, width: int) -> None:
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
    page = context.new_page()
    said: list[str] = []
    asked: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("request", lambda request: asked.append(request.url))
    page.goto(page_url)
    page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.evaluate(OUTSIDE) == []
    assert page.evaluate(CONTRAST) > 4.5
    assert page.title() == "by hand: codemill report"  # what tries to run would change it
    assert (
        report_by_hand.HOSTILE.replace("\u202e", "\ufffd") in page.locator("pre", has_text="onerror").first.inner_text()
    )
    assert page.locator("svg.plot").first.bounding_box()["width"] > 150
    assert (said, asked) == ([], [page_url])
    context.close()
