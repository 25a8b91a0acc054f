"""What people do on the site, in a real browser."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from .conftest import PICTURES, SCOPES, Site

OPEN = ["/", "/challenges/example/", "/challenges/example/downloads/", "/accounts/login/"]
OPEN += ["/accounts/signup/", "/accounts/password/reset/"]
OWN = ["/tokens/", "/accounts/password/change/", "/accounts/logout/"]


def log_in(page: Page, site: Site) -> None:
    page.goto("/accounts/login/")
    page.fill("[name=login]", "admin@example.org")
    page.fill("[name=password]", site.password)
    page.click("main button[type=submit]")
    page.wait_for_selector("text=Log out")


def look_at(page: Page, path: str) -> None:
    """Open a page, keep a picture, and hold it to what everybody can use."""
    page.goto(path)
    name = path.strip("/").replace("/", "-") or "home"
    width = page.viewport_size["width"] if page.viewport_size else 0
    page.screenshot(path=PICTURES / f"{name}-{width}.png", full_page=True)
    wide = page.evaluate("document.documentElement.scrollWidth")
    assert wide <= width, f"{path} is wider than the window"
    found = Axe().run(page).response["violations"]
    told = [
        (each["id"], [node["target"] for node in each["nodes"]])
        for each in found
        if each["impact"] in ("serious", "critical")
    ]
    assert told == [], path


def test_people_log_in_download_and_look_at_the_plot(
    page: Page, site: Site, tmp_path: Path
) -> None:
    log_in(page, site)
    page.goto("/challenges/example/")
    with page.expect_download() as started:
        page.click("text=noise.csv")
    saved = tmp_path / "noise.csv"
    started.value.save_as(saved)
    assert saved.read_text(encoding="utf-8") == "frequency,strain\n0.001,1e-20\n"
    page.click("text=Downloads day by day")
    page.wait_for_selector(".plotly .bars path")
    assert int(page.locator("tbody td.number").last.inner_text()) >= 1
    cookies = page.context.cookies(site.url)
    assert {each["name"] for each in cookies} >= {"__Host-csrf", "__Host-session"}
    assert all(each["secure"] and each["httpOnly"] for each in cookies)


def test_people_log_in_by_their_institute(page: Page, site: Site, provider: str) -> None:
    page.goto("/accounts/login/")
    page.click('text="Institute"')
    # The site asks before it sends people elsewhere; then the provider asks who they are.
    with page.expect_request(f"{provider}/**") as asked:
        page.click("main button[type=submit]")
    (scopes,) = parse_qs(urlsplit(asked.value.url).query)["scope"]
    assert sorted(scopes.split()) == sorted(SCOPES.split())
    person = f"jo-{page.viewport_size['width']}" if page.viewport_size else "jo"
    page.fill("input[name=sub]", person)
    page.press("input[name=sub]", "Enter")
    # The provider tells no mail, and so the site asks for one.
    page.wait_for_url(f"{site.url}/accounts/3rdparty/signup/")
    look_at(page, "/accounts/3rdparty/signup/")
    page.fill("input[name=email]", f"{person}@institute.example.org")
    page.click("main button[type=submit]")
    page.wait_for_selector("text=Log out")
    page.goto("/tokens/")
    assert page.locator("h1").inner_text() == "Tokens"


def test_every_page_is_for_everybody(page: Page, site: Site) -> None:
    for path in OPEN:
        look_at(page, path)
    log_in(page, site)
    for path in OWN:
        look_at(page, path)


def test_a_token_is_made_and_taken_away(page: Page, site: Site) -> None:
    log_in(page, site)
    page.goto("/tokens/")
    page.fill("#name", "notebook")
    page.click("text=Make a token")
    assert len(page.locator("#made").inner_text()) > 20
    page.click("text=Delete notebook")
    assert page.locator("text=Delete notebook").count() == 0


@pytest.mark.parametrize("path", OPEN)
def test_browsers_are_told_to_be_strict(site: Site, path: str) -> None:
    status, headers = site.get(path)
    assert status == 200
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert int(headers["strict-transport-security"].partition("=")[2].split(";")[0]) >= 31536000
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert headers["referrer-policy"] == "same-origin"
