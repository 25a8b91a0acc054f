"""Comments for a merge request: short, and inert whatever stands in a project."""

from __future__ import annotations

import re
from html import unescape

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from lisa_scaffold.model import Waived
from lisa_scaffold.report.check import markdown
from lisa_scaffold.report.markdown import code, escaped
from lisa_scaffold.shown import brief, visible

from ...support.results import EVIL, checked, finding, sample

PAGES = "https://lisa.pages.in2p3.fr/lisa-scaffold/reference/rules"
CODE = re.compile(r"(?<![`\\])(`+)(?!`).+?(?<!`)\1(?!`)")
JOINER = "\u2060"
PARSER = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])


def test_the_report_of_a_project() -> None:
    assert (
        markdown.report([sample()])
        == f"""\
### lisa-scaffold check: 3 findings in lisa-noise (1 must, 2 should)

- **must** [SYN001]({PAGES}/SYN001.html) `pyproject.toml:12:9`: no valid TOML\\: Invalid value
- should [CHG002]({PAGES}/CHG002.html) `CHANGELOG.md:7`: `[1.3]` is no version (`--fix` repairs it)
- should [CHG003]({PAGES}/CHG003.html) `CHANGELOG.md:9`: no date below line 9

<details><summary>1 waived</summary>

- **must** [SYN006]({PAGES}/SYN006.html) `.gitlab-ci.yml:21`: the key script stands twice \
(waived: kept until the runner is replaced)

</details>

- the project is 2 versions behind
"""
    )


def test_a_project_in_order() -> None:
    assert "2 projects are in order" in markdown.report([checked(), checked()])
    assert markdown.report([checked()]) == "### lisa-scaffold check: lisa-noise is in order\n"


def test_many_projects_have_a_table() -> None:
    tidy, untidy = checked(name="lisa-tidy"), checked(finding(), name="lisa-untidy")
    assert (
        markdown.report([tidy, untidy])
        == f"""\
### lisa-scaffold check: 1 finding in 2 projects (1 should)

| project | must | should | waived |
| --- | ---: | ---: | ---: |
| lisa-untidy | 0 | 1 | 0 |
| lisa-tidy | 0 | 0 | 0 |

#### lisa-untidy

- should [CHG002]({PAGES}/CHG002.html) `CHANGELOG.md:5`: not as it should be
"""
    )


def test_what_must_be_mended_comes_first() -> None:
    lines = markdown.report([checked(finding("CHG002"), finding("SYN001"))]).splitlines()
    assert [line[:16] for line in lines[2:]] == ["- **must** [SYN0", "- should [CHG002"]


def test_a_long_list_is_folded() -> None:
    found = [finding(line=number) for number in range(1, 31)]
    before, _, after = markdown.report([checked(*found)]).partition("<details>")
    assert before.count("\n- ") == 10
    assert after.startswith("<summary>20 more</summary>\n\n- should ")
    assert after.count("\n- ") == 20


def test_a_very_long_list_is_cut() -> None:
    found = [finding(line=number, path="x" * 5000, message=EVIL * 50) for number in range(1, 5001)]
    waived = [Waived(each, "why") for each in found]
    result = checked(*found, waived=tuple(waived), notes=tuple(EVIL * 50 for _ in range(5000)))
    for results in [[result], [result] * 300]:
        comment = markdown.report(results)
        assert comment.count("\n- should ") == 100
        assert "And 4900 findings more, which the other reports show.\n" in comment
        # GitLab takes a million, and nobody reads a tenth of it.
        assert len(comment) < 250_000
    assert "| and 200 more | | | |" in comment


def rendered(text: str) -> str:
    """The text that a reader sees, if nothing of it was taken as markup."""
    html = PARSER.renderInline(text)
    assert "<" not in html, html
    return unescape(html)


@given(st.text(max_size=60) | st.text("\\`*_{}[]()<>#+-.!|~&@:/$^\"'=% a1\n", max_size=60))
def test_escaped_text_is_shown_as_it_is(text: str) -> None:
    shown = brief(f"a{text}a", 300)
    assert rendered(escaped(f"a{text}a")).replace(JOINER, "") == shown


ADDRESSES = [
    "www.x.example",
    "WWW.x.example",
    "http://x.example",
    "ftp://x",
    "svn+ssh://x",
    "a@b.c",
]
# https://github.github.com/gfm/#autolinks-extension-, in the text that a reader sees.
LINKED = re.compile(r"www\.|[a-z]://|[\w.+-]@\w", re.IGNORECASE)


@pytest.mark.parametrize("address", ADDRESSES)
@pytest.mark.parametrize("around", ["{}", "see {}.", "({})", "a: *{}*", "x{}"])
def test_a_bare_address_is_no_link(address: str, around: str) -> None:
    text = around.format(address)
    assert LINKED.search(text)
    seen = rendered(escaped(text))
    assert LINKED.search(seen) is None
    assert seen.replace(JOINER, "") == text


@given(st.text("` \\a\n|<", min_size=1, max_size=40))
def test_code_is_shown_as_it_is(text: str) -> None:
    html = PARSER.renderInline(f"({code(text)})")
    inner = html.removeprefix("(<code>").removesuffix("</code>)")
    assert "<" not in inner
    assert unescape(inner) == visible(text) or not visible(text).strip()


@pytest.mark.parametrize("name", ["path", "message", "reason", "note", "name"])
def test_nothing_foreign_is_markup(name: str) -> None:
    evil = f"\n/close\n{EVIL}\n\n</details>\n# Title\n[a](http://x.example.org) ~~~ ``` <!-- "
    given = {name: evil}
    one = finding(path=given.get("path", "a"), message=given.get("message", "m"))
    result = checked(
        one,
        name=given.get("name", "n"),
        waived=(Waived(one, given.get("reason", "r")),),
        notes=(given.get("note", "n"),),
    )
    for results in [[result], [result, result]]:
        comment = markdown.report(results)
        # A command to GitLab, such as /close, stands at the beginning of a line.
        assert not [line for line in comment.splitlines() if line.startswith("/")]
        html = PARSER.render(comment)
        links = {part.split('"')[0] for part in html.split('href="')[1:]}
        assert links == {f"{PAGES}/CHG002.html"}
        assert "<img" not in html
        assert "<script" not in html
        assert html.count("<details>") == html.count("</details>") == len(results)
        assert html.count("<h3>") == 1
        outside = CODE.sub("", comment)
        assert "@all" not in outside
