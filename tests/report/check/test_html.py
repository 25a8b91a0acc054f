"""The page: complete, self-contained, inert, readable by everybody."""

from __future__ import annotations

import re
from base64 import b64encode
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lisa_scaffold.model import Checked, Excerpt, Waived
from lisa_scaffold.report.check import html
from lisa_scaffold.report.page import _read_part

from ...support.pages import Page, check_structure
from ...support.results import EVIL, checked, finding, sample

PAGES = "https://lisa.pages.in2p3.fr/lisa-scaffold/reference/rules"


def page(*results: Checked) -> Page:
    return Page(html.report(results))


def hostile() -> Checked:
    """A project with something evil in every place that a project can fill."""
    one = finding(path=EVIL, message=f"{EVIL} `{EVIL}`", line=2)
    return checked(
        one,
        name=EVIL,
        path=Path(EVIL),
        kind=EVIL,
        version=EVIL,
        waived=(Waived(one, EVIL),),
        notes=(EVIL,),
        diff=f"+{EVIL}\n",
        excerpts={one: Excerpt(1, ("</code></pre>", EVIL))},
    )


def test_the_page_of_a_project() -> None:
    found = page(sample())
    assert found.texts("title") == ["3 findings in lisa-noise · lisa-scaffold check"]
    assert found.texts("h1") == ["3 findings in lisa-noise"]
    assert found.texts("p", class_="about") == ["package · template v1.2.3 · 6 rules applied"]
    assert found.texts("dd")[:4] == ["1", "2", "1", "1"]
    assert found.texts("tr") == [
        "family must should",
        "Files that can be read 1 0",
        "Changelog 0 2",
    ]
    assert found.texts("h3") == [
        "must SYN001 TOML files are valid",
        "should CHG002 The changelog has a section for the next version",
        "should CHG003 The dates of versions are unambiguous",
    ]
    assert found.texts("li") == [
        "no valid TOML: Invalid value pyproject.toml:12:9"
        ' [project]name = "lisa-noisedescription = 1',
        "[1.3] is no version CHANGELOG.md:7 --fix repairs it ## [1.3] - 2026-11-02",
        "no date below line 9 CHANGELOG.md:9",
        "SYN006 the key script stands twice .gitlab-ci.yml:21"
        " Waived: kept until the runner is replaced",
    ]
    assert found.texts("p", class_="note") == ["Note: the project is 2 versions behind"]


def test_what_is_repaired_where_somebody_asks_for_it_is_counted_apart() -> None:
    safe = finding("CHG002", "CHANGELOG.md", 7, "no version", fixable=True)
    unsafe = finding("PKG001", "pyproject.toml", 1, "none", fixable=True)._replace(unsafe=True)
    found = page(checked(safe, unsafe))
    assert found.texts("dd")[:4] == ["0", "2", "1", "0"]
    assert "of these, --fix repairs (1 more: --fix=unsafe)" in found.texts("dt")
    assert "of these, --fix repairs" in page(checked(safe)).texts("dt")


def test_every_rule_leads_to_its_page_and_says_why() -> None:
    found = page(sample())
    codes = found.all("a", class_="code")
    assert [(link.words, link.attributes["href"]) for link in codes] == [
        (code, f"{PAGES}/{code}.html") for code in ("SYN001", "CHG002", "CHG003", "SYN006")
    ]
    assert found.texts("details", class_="why")[0] == (
        "Why, and how to comply Why Tools that read the file stop, or silently fall back to their"
        " defaults. How Correct the line; an editor with TOML support highlights the mistake. What"
        " TOML 1.1 brought is a mistake in pyproject.toml alone: Python reads TOML 1.0, other tools"
        " may read both. Source TOML."
    )


def test_lines_around_a_finding_have_numbers_and_one_is_marked() -> None:
    found = page(sample())
    lines = [element for element in found.elements if element.attributes.get("class") == "line"]
    assert [(each.tag, each.attributes["data-n"], each.text) for each in lines] == [
        ("span", "11", "[project]"),
        ("mark", "12", 'name = "lisa-noise'),
        ("span", "13", "description = 1"),
        ("span", "6", ""),
        ("mark", "7", "## [1.3] - 2026-11-02"),
        ("span", "8", ""),
    ]


def test_a_project_in_order() -> None:
    found = page(checked(applied=("CHG001", "SYN001")))
    assert found.texts("h1") == ["lisa-noise is in order ✓"]
    assert found.texts("p", class_="clean") == [
        "Nothing found in: Files that can be read · Changelog"
    ]
    assert found.all("form") == []


def test_many_projects_have_a_table_that_leads_to_each() -> None:
    tidy = checked(name="lisa-tidy", path=Path("tidy"))
    worse = checked(finding("SYN001"), name="lisa-worse", path=Path("deep/worse"))
    bad = checked(*(finding(line=n) for n in range(1, 4)), name="lisa-bad", path=Path("lisa-bad"))
    found = page(tidy, bad, worse)
    assert found.texts("h1") == ["4 findings in 3 projects"]
    assert found.texts("tr")[-3:] == [
        "lisa-worse package v1.2.3 1 0",
        "lisa-bad package v1.2.3 0 3",
        "lisa-tidy package v1.2.3 0 0",
    ]
    assert found.texts("h2") == ["Summary", "lisa-worse", "lisa-bad"]
    assert found.texts("p", class_="about") == ["deep/worse"]
    assert (
        found.texts("header")[2]
        == "should CHG002 The changelog has a section for the next version 3 findings"
    )


def test_the_diff_of_fixes_is_shown() -> None:
    result = sample()._replace(diff="@@ -1 +1 @@\n-old\n+\x1bnew\n same\n")
    found = page(result)
    (shown,) = found.all("pre", class_="diff")
    assert shown.text == "@@ -1 +1 @@\n-old\n+\\x1bnew\n same\n"
    assert found.texts("span", class_="added") == ["+\\x1bnew"]
    long = page(result._replace(diff="+x\n" * 3000)).all("pre", class_="diff")[0].text
    assert long.endswith("\n… and 1000 lines more\n")


@pytest.mark.parametrize("results", [[sample()], [hostile()], [sample(), hostile()], [checked()]])
def test_the_page_needs_nothing_and_lets_nothing_in(results: list[Checked]) -> None:
    text = html.report(results)
    found = Page(text)
    assert {element.tag for element in found.elements} & {
        "img",
        "link",
        "iframe",
        "object",
    } == set()
    for element in found.elements:
        assert not element.attributes.keys() & {"src", "srcset", "style", "action", "data"}
        assert not [key for key in element.attributes if key.startswith("on")]
    links = {element.attributes["href"] for element in found.all("a")}
    ids = {element.attributes["id"] for element in found.elements if "id" in element.attributes}
    assert {link[1:] for link in links if link.startswith("#")} <= ids
    outside = {link for link in links if not link.startswith("#")}
    assert all(link.startswith("https://") and "x.example.org" not in link for link in outside)
    assert not re.search(r"url\(|@import", found.all("style")[0].text)


@pytest.mark.parametrize("results", [[sample()], [hostile()]])
def test_the_policy_allows_this_style_and_this_script_alone(results: list[Checked]) -> None:
    found = page(*results)
    (style,), (script,) = found.all("style"), found.all("script")
    hashes = [
        f"'sha256-{b64encode(sha256(each.text.encode()).digest()).decode()}'"
        for each in (style, script)
    ]
    (policy,) = found.all("meta", **{"http-equiv": "Content-Security-Policy"})
    assert policy.attributes["content"] == (
        f"default-src 'none'; style-src {hashes[0]}; script-src {hashes[1]}; "
        "base-uri 'none'; form-action 'none'"
    )
    # Whatever stands before it would not be bound by it.
    assert [element.tag for element in found.elements[:4]] == ["html", "head", "meta", "meta"]


def test_foreign_text_is_shown_as_what_it_is() -> None:
    found = page(hostile())
    shown = (
        "<script>alert('x')</script>\"&'`|\\u202e\\x1b[31m\\n@all ![i](http://x.example.org/i.png)"
    )
    assert len(found.all("script")) == 1
    assert found.texts("mark") == [f"{shown} \\udce9"]
    assert found.texts("p", class_="place") == [f"{shown} \\udce9:2"] * 2
    assert found.texts("p", class_="note") == [f"Note: {shown} \\udce9"]
    assert found.texts("span", class_="added") == ["+" + shown.partition("\\n")[0]]
    assert not {"\u202e", "\x1b"} & set(html.report([hostile()]))


@given(st.text(st.characters(codec=None), max_size=40))
def test_any_text_can_be_shown(text: str) -> None:
    one = finding(path=f"a{text}", message=text)
    result = checked(one, name=text, notes=(text,), excerpts={one: Excerpt(5, (text,))}, diff=text)
    found = html.report([result])
    assert len(Page(found).all("li")) == 1
    found.encode("utf-8")


@pytest.mark.parametrize("results", [[sample()], [sample(), hostile()], [checked()]])
def test_the_page_has_an_order_that_can_be_heard(results: list[Checked]) -> None:
    found = page(*results)
    check_structure(found)


# --- Contrast -------------------------------------------------------------------------------------

STYLE = _read_part("frame.css") + _read_part("check.css")
ON = {
    "--text": ("--ground", "--card", "--sunk", "--mark", "--added", "--removed"),
    "--quiet": ("--ground", "--card", "--sunk"),
    "--link": ("--ground", "--card"),
    "--must": ("--card",),
    "--should": ("--card",),
    "--fix": ("--ground", "--card"),
}
"""Which colour of a text stands on which ground."""


def palettes() -> dict[str, dict[str, str]]:
    """The colours of the page in light and in dark."""
    light, dark = re.findall(r":root \{([^}]*)\}", STYLE)[:2]
    colours = [dict(re.findall(r"(--\w+): (#[0-9a-f]{6});", text)) for text in (light, dark)]
    return {"light": colours[0], "dark": {**colours[0], **colours[1]}}


def luminance(colour: str) -> float:
    """Relative luminance (https://www.w3.org/TR/WCAG22/#dfn-relative-luminance)."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("mode", ["light", "dark"])
@pytest.mark.parametrize("text", ON)
def test_text_stands_out_from_its_ground(mode: str, text: str) -> None:
    """WCAG 2.2, AA: 4.5 to 1 (https://www.w3.org/TR/WCAG22/#contrast-minimum)."""
    colours = palettes()[mode]
    for ground in ON[text]:
        pair = sorted([luminance(colours[text]), luminance(colours[ground])])
        assert (pair[1] + 0.05) / (pair[0] + 0.05) >= 4.5, ground
