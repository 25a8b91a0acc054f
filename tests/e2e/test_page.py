"""The pages of reports in a real browser: Debian's Chromium, driven through WebDriver."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from selenium.webdriver import Chrome, ChromeOptions, ChromeService
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.select import Select
from selenium.webdriver.support.wait import WebDriverWait

from lisa_scaffold.git import Blob
from lisa_scaffold.model import Checked, Excerpt, Waived
from lisa_scaffold.report.changes import Changes, build_changes_page
from lisa_scaffold.report.check import html
from lisa_scaffold.report.document import Item, Section
from lisa_scaffold.sync.outcome import Conflict, Synced

from ..support.results import EVIL, checked, finding, sample
from .parts.machine import need

FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
    "--window-size=1200,900",
)


def hostile() -> Checked:
    """A project whose file names and values try to run, to load and to mislead."""
    attacks = [
        EVIL,
        "</style></script><script>document.title='taken'</script>",
        "<img src=x onerror=\"document.title='taken'\">",
        "\"' onmouseover=\"document.title='taken'\" x='",
        "javascript:document.title='taken'",
        "{{ 7 * 7 }}{% raw %}",
        "\u202e\u2066\x1b]8;;http://x.example.org\x07",
    ]
    found = [
        finding(path=text, message=f"{text} `{text}`", line=n) for n, text in enumerate(attacks, 1)
    ]
    return checked(
        *found,
        name="".join(attacks),
        path=Path("hostile"),
        waived=tuple(Waived(each, each.message) for each in found),
        notes=tuple(attacks),
        excerpts={each: Excerpt(max(1, each.line), tuple(attacks)) for each in found},
        diff="\n".join(f"+{text}" for text in attacks),
    )


class Page:
    """A page in the browser."""

    def __init__(self, browser: Chrome) -> None:
        self.browser = browser

    def all(self, selector: str) -> list[WebElement]:
        return self.browser.find_elements(By.CSS_SELECTOR, selector)

    def one(self, selector: str) -> WebElement:
        return self.browser.find_element(By.CSS_SELECTOR, selector)

    def shown(self, selector: str) -> list[WebElement]:
        return [each for each in self.all(selector) if each.is_displayed()]

    def places(self) -> list[str]:
        return [each.text.split(" ")[0].split("\n")[0] for each in self.shown(".finding .place")]

    @property
    def status(self) -> str:
        return self.one("#status").text

    def select(self, field: str, value: str) -> None:
        Select(self.one(f"#{field}")).select_by_value(value)

    def log(self) -> list[str]:
        return [entry["message"] for entry in self.browser.get_log("browser")]  # type: ignore[no-untyped-call]


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chrome]:
    options = ChromeOptions()
    options.binary_location = need("chromium")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    for flag in (*FLAGS, f"--user-data-dir={tmp_path_factory.mktemp('profile')}"):
        options.add_argument(flag)
    with Chrome(options, ChromeService(need("chromedriver"))) as opened:
        yield opened


def show(browser: Chrome, folder: Path, *results: Checked) -> Page:
    path = folder / "page.html"
    path.write_text(html.report(results), encoding="utf-8")
    browser.get(path.as_uri())
    return Page(browser)


def scripts(browser: Chrome, *, run: bool) -> None:
    browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": not run})


def size(browser: Chrome, width: int) -> None:
    metrics = {"width": width, "height": 800, "deviceScaleFactor": 1, "mobile": False}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)


def scheme(browser: Chrome, name: str) -> None:
    features = [{"name": "prefers-color-scheme", "value": name}]
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})


def mixed() -> list[Checked]:
    """Two projects, of which one has findings of two families."""
    return [sample(), checked(finding("SYN002", "other.yml", 3, "a tab"), name="lisa-other")]


def test_the_filter(browser: Chrome, tmp_path: Path) -> None:
    page = show(browser, tmp_path, *mixed())
    every = ["pyproject.toml:12:9", "CHANGELOG.md:7", "CHANGELOG.md:9", "other.yml:3"]
    assert page.places() == every
    assert page.status == "All 4 findings"

    page.select("severity", "should")
    assert page.places() == ["CHANGELOG.md:7", "CHANGELOG.md:9"]
    assert page.status == "2 of 4 findings"
    assert [each.text for each in page.shown(".project h2")] == ["lisa-noise"]

    page.one("#fixable").click()
    assert page.places() == ["CHANGELOG.md:7"]
    page.one("#fixable").click()
    page.select("severity", "")
    page.select("family", "SYN")
    assert page.places() == ["pyproject.toml:12:9", "other.yml:3"]

    page.one("#text").send_keys("TAB yaml")
    assert page.places() == ["other.yml:3"]
    page.one("#text").send_keys(" nowhere")
    assert page.places() == []
    assert page.status == "0 of 4 findings"
    assert page.one("#nothing").text == "No finding is left by the filter."

    page.one("button[type=reset]").click()
    assert page.places() == every
    assert page.status == "All 4 findings"
    assert not page.one("#nothing").is_displayed()
    assert page.log() == []


def test_a_family_of_the_summary_filters(browser: Chrome, tmp_path: Path) -> None:
    page = show(browser, tmp_path, *mixed())
    page.one("a[data-family=CHG]").click()
    assert page.places() == ["CHANGELOG.md:7", "CHANGELOG.md:9"]
    assert browser.current_url.endswith("#p1-CHG002")


def test_the_filter_by_keyboard(browser: Chrome, tmp_path: Path) -> None:
    page = show(browser, tmp_path, *mixed())
    browser.switch_to.active_element.send_keys(Keys.TAB)
    assert browser.switch_to.active_element.text == "Skip to the findings"
    page.one("#text").send_keys("tab", Keys.ENTER)  # sends no form away
    assert page.places() == ["other.yml:3"]
    reached = []
    for _ in range(4):
        browser.switch_to.active_element.send_keys(Keys.TAB)
        reached.append(browser.switch_to.active_element.get_attribute("id"))
    assert reached == ["severity", "family", "fixable", ""]
    browser.switch_to.active_element.send_keys(Keys.ENTER)
    # A form is reset after the event that tells of it, and so is the list.
    WebDriverWait(browser, 10).until(lambda _: page.status == "All 4 findings")


def test_the_page_is_whole_without_a_script(browser: Chrome, tmp_path: Path) -> None:
    scripts(browser, run=False)
    try:
        page = show(browser, tmp_path, *mixed())
        assert len(page.places()) == 4
        assert page.shown("#filter, #nothing") == []
        assert len(page.shown(".excerpt mark")) == 2
        assert page.shown(".why dd") == []
        page.one(".why summary").send_keys(Keys.ENTER)
        assert len(page.shown(".why dd")) == 3
    finally:
        scripts(browser, run=True)


def test_what_is_hostile_is_inert(browser: Chrome, tmp_path: Path) -> None:
    page = show(browser, tmp_path, hostile(), sample())
    for summary in page.all("summary"):
        summary.send_keys(Keys.ENTER)
    assert len(page.shown(".finding")) == 10
    assert len(page.all("script")) == len(page.all("style")) == 1
    assert page.all("img") == []
    assert "alert('x')" in page.one("h2[id=p2-title]").text
    page.one("#text").send_keys("<img")
    assert len(page.shown(".finding")) == 7
    assert browser.title == "10 findings in 2 projects · lisa-scaffold check"
    assert page.log() == []


def test_the_policy_stops_what_gets_in_all_the_same(browser: Chrome, tmp_path: Path) -> None:
    """As if our escaping had failed."""
    page = html.report([sample()])
    attacks = (
        "<script>document.title='taken'</script><b onclick=\"document.title='taken'\">x</b>"
        "<img src='http://127.0.0.1:9/'><b style='color:red'>y</b>"
    )
    path = tmp_path / "attacked.html"
    path.write_text(page.replace("<main>", f"<main>{attacks}"), encoding="utf-8")
    browser.get(path.as_uri())
    browser.find_element(By.CSS_SELECTOR, "b[onclick]").click()
    assert browser.title == "3 findings in lisa-noise · lisa-scaffold check"
    stopped = [line for line in Page(browser).log() if "Content Security Policy" in line]
    assert len(stopped) == 4


@pytest.mark.parametrize("width", [320, 390, 768, 1200])
def test_nothing_is_wider_than_the_screen(browser: Chrome, tmp_path: Path, width: int) -> None:
    long = checked(finding(path="deep/" * 60 + "x", message="m" * 400), name="lisa-" + "long" * 30)
    size(browser, width)
    try:
        for results in [[sample()], [sample(), hostile(), long], [long]]:
            show(browser, tmp_path, *results)
            wide = browser.execute_script("return document.documentElement.scrollWidth")
            assert wide <= width
    finally:
        browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def test_dark_and_light(browser: Chrome, tmp_path: Path) -> None:
    grounds = {}
    for name in ("dark", "light"):
        scheme(browser, name)
        page = show(browser, tmp_path, sample())
        grounds[name] = page.one("body").value_of_css_property("background-color")
    assert grounds == {"dark": "rgba(17, 18, 27, 1)", "light": "rgba(245, 246, 250, 1)"}


def test_what_is_folded_is_printed(browser: Chrome, tmp_path: Path) -> None:
    page = show(browser, tmp_path, sample())
    browser.execute_script("dispatchEvent(new Event('beforeprint'))")
    assert [each.text for each in page.shown(".reason")] == [
        "Waived: kept until the runner is replaced"
    ]
    browser.execute_script("dispatchEvent(new Event('afterprint'))")
    assert page.shown(".reason") == []


def test_many_findings_are_filtered_at_once(browser: Chrome, tmp_path: Path) -> None:
    """Five thousand findings: a key is answered before the next one is pressed."""
    results = [
        checked(*(finding(line=n, message=f"no {n}") for n in range(1, 51)), name=f"lisa-{number}")
        for number in range(100)
    ]
    page = show(browser, tmp_path, *results)
    took = browser.execute_script(
        "const form = document.getElementById('filter'); form.text.value = 'no 17';"
        "const start = performance.now(); form.dispatchEvent(new Event('input'));"
        "return performance.now() - start"
    )
    assert page.status == "100 of 5000 findings"
    assert took < 1000  # 20 ms on an idle machine


# --- What changes in a project's files ------------------------------------------------------------


def show_changes(browser: Chrome, folder: Path, *, long: bool = False) -> Page:
    """The page of an update with one file of each sort, and hostile names and lines."""
    synced = Synced()
    old, new = ("x = 1\n" * 20, "x = 1\n" * 10 + "size = 2\n" + "x = 1\n" * 10)
    stages = {1: Blob("100644", b"a\n"), 2: Blob("100644", b"b\n"), 3: Blob("100644", b"c\n")}
    marked = b"<<<<<<< project\nb\n=======\nc\n>>>>>>> template\n"
    synced.conflict("open.txt", Conflict(stages, Blob("100644", marked)))
    synced.settle("merged.toml", "merged", Blob("100644", new.encode()))
    evil = f"{EVIL}<img src=x onerror=document.title='taken'>"
    synced.settle(evil, "added", Blob("100644", b"<img src=x>"))
    synced.keep("kept.md", "the project has it otherwise.")
    synced.patches["kept.md"] = "--- a/kept.md\n+++ b/kept.md\n@@ -1 +1 @@\n-a\n+b\n"
    if long:
        synced.settle("deep/" * 60 + "x", "updated", Blob("100644", b"word" * 500))
    before = {"open.txt": stages[2], "merged.toml": Blob("100644", old.encode())}
    path = folder / "page.html"
    changes = Changes(
        synced, before, {"merged.toml": ["tool.yy: no line has it.", "size: a line."]}
    )
    section = Section("Notes", (Item(EVIL),), folded=f"{EVIL}\n")
    path.write_text(build_changes_page("update", "demo: from v1 to v2", changes, [section]))
    browser.get(path.as_uri())
    return Page(browser)


def test_the_filter_of_an_update(browser: Chrome, tmp_path: Path) -> None:
    page = show_changes(browser, tmp_path)
    assert page.status == "All 4 files"
    Select(page.one("#status-of")).select_by_value("merged")
    assert page.status == "1 of 4 files"
    assert [each.text for each in page.shown(".file h3")] == ["merged merged.toml"]
    Select(page.one("#status-of")).select_by_value("")
    page.one("#open").click()
    assert [each.text for each in page.shown(".file h3 code")] == ["open.txt", "kept.md"]
    page.one("#open").click()
    page.one("#text").send_keys("nowhere at all")
    assert page.one("#nothing").text == "No file is left by the filter."
    assert page.log() == []
    assert browser.title == "demo: from v1 to v2 · lisa-scaffold update"
    assert page.all("img") == []


def test_an_update_by_keyboard(browser: Chrome, tmp_path: Path) -> None:
    page = show_changes(browser, tmp_path)
    browser.switch_to.active_element.send_keys(Keys.TAB)
    assert browser.switch_to.active_element.text == "Skip to the files"
    reached = []
    for _ in range(5):
        browser.switch_to.active_element.send_keys(Keys.TAB)
        element = browser.switch_to.active_element
        reached.append(element.get_attribute("id") or element.text)
    assert reached == ["Notes", "text", "status-of", "open", "unfold"]
    folds = page.all("details.sides")
    assert all(each.get_attribute("open") for each in folds)
    browser.switch_to.active_element.send_keys(Keys.ENTER)
    assert [each.get_attribute("open") for each in folds] == [None] * len(folds)
    assert page.one("#unfold").text == "Unfold all"


def test_an_update_shows_what_differs_without_a_script(browser: Chrome, tmp_path: Path) -> None:
    scripts(browser, run=False)
    try:
        page = show_changes(browser, tmp_path)
        assert [each.text for each in page.shown(".three pre")] == ["b", "a", "c"]
        assert [each.text for each in page.shown(".remark")] == ["size: a line."]
        assert page.shown("#filter, #nothing") == []
        assert page.shown(".copy") == []
    finally:
        scripts(browser, run=True)


@pytest.mark.parametrize("width", [320, 390, 1280])
def test_an_update_fits_the_screen(browser: Chrome, tmp_path: Path, width: int) -> None:
    size(browser, width)
    try:
        page = show_changes(browser, tmp_path, long=True)
        wide = browser.execute_script("return document.documentElement.scrollWidth")
        assert wide <= width
        # On a narrow screen what is equal is shown once, and what differs one above the other.
        (row, *_) = page.shown("tr.changed")
        shown = [each.text for each in row.find_elements(By.TAG_NAME, "td") if each.is_displayed()]
        assert shown == (["", "", "11", "size = 2"] if width > 1000 else ["11", "size = 2"])
    finally:
        browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def test_a_patch_is_copied(browser: Chrome, tmp_path: Path) -> None:
    page = show_changes(browser, tmp_path)
    browser.execute_cdp_cmd(
        "Browser.grantPermissions",
        {"permissions": ["clipboardReadWrite", "clipboardSanitizedWrite"]},
    )
    button = page.one(".copy")
    button.send_keys(Keys.ENTER)  # a click would have to wait for the page to scroll
    WebDriverWait(browser, 10).until(lambda _: button.text != "Copy the patch")
    assert button.text == "Copied"
    copied = browser.execute_async_script("navigator.clipboard.readText().then(arguments[0])")
    assert copied == "--- a/kept.md\n+++ b/kept.md\n@@ -1 +1 @@\n-a\n+b\n"
