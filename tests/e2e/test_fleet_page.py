"""The page of a fleet in a real browser: Debian's Chromium, driven through WebDriver."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from selenium.webdriver import Chrome, ChromeOptions, ChromeService
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.select import Select

from lisa_scaffold.fleet.records import Found, Request, Row, Status
from lisa_scaffold.report.fleet import html

from .parts.machine import need
from .test_page import FLAGS, Page, scheme, scripts, size

EVIL = (
    "</script><script>document.title='taken'</script><img src=x onerror=\"document.title='taken'\">"
)
LICENCE = Found("LIC002", "must", "pyproject.toml", 3, "no licence")
WORST = Found(EVIL, "must", EVIL, 1, EVIL)
OPENED = Request("https://x.org/1", "opened")
ALPHA = Row("lisa/alpha", "https://x.org/a", version="v1.0.0", behind=2, must=10, should=1)
ALPHA = replace(ALPHA, kind="package")
ROWS = (
    replace(ALPHA, findings=(LICENCE,)),
    Row("lisa/beta", "/b", version="v2.0.0", behind=0, must=9, request=OPENED),
    Row(EVIL, f"javascript:{EVIL}", version=EVIL, behind=0, findings=(WORST,)),
    Row("lisa/gone", problem=f"it is gone {EVIL}"),
)
HISTORY = [
    Status(f"2026-11-{day:02}T00:00:00+00:00", "v2.0.0", ROWS[: 1 + day % 4], {"archived": 1})
    for day in range(1, 20)
]


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chrome]:
    options = ChromeOptions()
    options.binary_location = need("chromium")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    for flag in (*FLAGS, f"--user-data-dir={tmp_path_factory.mktemp('profile')}"):
        options.add_argument(flag)
    with Chrome(options, ChromeService(need("chromedriver"))) as opened:
        yield opened


@pytest.fixture
def page(browser: Chrome, tmp_path: Path) -> Page:
    path = tmp_path / "page.html"
    path.write_text(html.report(HISTORY), encoding="utf-8")
    scripts(browser, run=True)
    size(browser, 1200)
    browser.get("about:blank")
    browser.get(path.as_uri())
    return Page(browser)


def click(page: Page, element: WebElement) -> None:
    """Click where nothing else is above: what is scrolled to may stop below the filter."""
    page.browser.execute_script("arguments[0].scrollIntoView({block: 'center'})", element)
    page.browser.execute_async_script("setTimeout(arguments[0], 600)")
    element.click()


def names(page: Page) -> list[str]:
    rows = page.shown("#projects tbody tr")
    return [row.find_element(By.CSS_SELECTOR, "th").text for row in rows]


def test_sorting_and_filter_stand_in_the_address(page: Page) -> None:
    whole = names(page)
    assert len(whole) == 4
    must = page.one("th[data-sort=must] button")
    click(page, must)
    assert names(page)[-2:] == ["lisa/beta", "lisa/alpha"]  # 9 before 10
    must.send_keys(Keys.ENTER)
    assert names(page)[:2] == ["lisa/alpha", "lisa/beta"]
    assert page.one("th[data-sort=must]").get_attribute("aria-sort") == "descending"
    page.one("#text").send_keys("lisa")
    Select(page.one("#state")).select_by_visible_text("current")
    assert (names(page), page.status) == (["lisa/beta"], "1 of 4 projects")
    address = page.browser.current_url
    assert address.endswith("#text=lisa&state=current&sort=-must")
    page.browser.get("about:blank")
    page.browser.get(address)
    assert names(page) == ["lisa/beta"]
    click(page, page.one("button[type=reset]"))
    page.browser.execute_async_script("setTimeout(arguments[0], 20)")
    assert names(page) == whole
    page.one("#text").send_keys("LIC002")
    assert names(page) == ["lisa/alpha"]
    page.one("#text").send_keys("nothing")
    assert page.one("#nothing").is_displayed()
    click(page, page.one("button[type=reset]"))
    page.browser.execute_async_script("setTimeout(arguments[0], 20)")
    click(page, page.one("#must"))
    assert names(page) == ["lisa/alpha", "lisa/beta"]
    assert page.browser.current_url.endswith("#must=1")
    click(page, page.one("a[href='#practice=does%20not%20follow']"))
    assert names(page) == ["lisa/alpha", "lisa/beta"]
    Select(page.one("#practice")).select_by_visible_text("unreadable")
    assert (len(names(page)), page.status) == (1, "1 of 4 projects")
    assert page.browser.current_url.endswith("#practice=unreadable")


def test_a_page_a_project_and_the_way_back(page: Page) -> None:
    page.one("#text").send_keys("alpha")
    page.one("#projects tbody a[href='#p:lisa/alpha']").send_keys(Keys.ENTER)
    assert [each.get_attribute("id") for each in page.shown(".project")] == ["p:lisa/alpha"]
    assert not page.one(".overview").is_displayed()
    assert "no licence" in page.one("[id='p:lisa/alpha']").text
    click(page, page.one(".back a"))
    assert (names(page), page.shown(".project.chosen")) == (["lisa/alpha"], [])


def test_a_project_of_any_name_has_an_address(page: Page) -> None:
    """Which is the same tomorrow, when there are others before it."""
    link = page.one("#projects tbody tr[data-state=current] a[href*=script]")
    click(page, link)
    (shown,) = page.shown(".project")
    assert shown.find_element(By.TAG_NAME, "h2").text.startswith(EVIL)


def test_the_filter_finds_what_its_hint_names(page: Page) -> None:
    hint = page.one("#text").get_attribute("placeholder")
    assert hint == "name, kind, version or code of a rule"
    for word in ("alpha", "package", "v1.0.0", "LIC002"):
        page.one("#text").clear()
        page.one("#text").send_keys(word)
        assert (word, names(page)) == (word, ["lisa/alpha"])


def test_nothing_runs_and_nothing_is_asked_for(page: Page) -> None:
    assert page.browser.title.startswith("4 projects, 50 % up to date")
    assert page.all("img") == []
    asked = [
        entry["message"]
        for entry in page.browser.get_log("performance")  # type: ignore[no-untyped-call]
        if "Network.requestWillBeSent" in entry["message"]
    ]
    assert [each for each in asked if '"url":"http' in each] == []
    assert [each for each in page.log() if "favicon" not in each] == []


@pytest.mark.parametrize("width", [390, 1200])
@pytest.mark.parametrize("colours", ["light", "dark"])
def test_it_fits_a_phone_in_any_light(width: int, colours: str, page: Page) -> None:
    size(page.browser, width)
    scheme(page.browser, colours)
    whole = page.browser.execute_script("return document.documentElement.scrollWidth")
    assert whole <= width
    ground, text = (
        page.browser.execute_script(f"return getComputedStyle(document.body).{each}")
        for each in ("backgroundColor", "color")
    )
    assert (ground == "rgb(17, 18, 27)") is (colours == "dark")
    assert ground != text


def test_it_is_read_without_its_script(browser: Chrome, page: Page) -> None:
    scripts(browser, run=False)
    browser.refresh()
    try:
        assert len(page.shown("#projects tbody tr")) == 4
        assert len(page.shown(".project")) == 4
        assert not page.one("#filter").is_displayed()
    finally:
        scripts(browser, run=True)


def test_every_control_has_a_name_and_is_reached_by_keys(page: Page) -> None:
    for each in page.all("input, select"):
        label = page.one(f"label[for={each.get_attribute('id')}]")
        assert label.text
    seen = set()
    for _ in range(40):
        page.browser.switch_to.active_element.send_keys(Keys.TAB)
        active = page.browser.switch_to.active_element
        seen.add(active.get_attribute("id") or active.text)
    assert {"text", "state", "project", "must", "merge request"} <= seen
