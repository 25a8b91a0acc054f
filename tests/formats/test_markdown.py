"""What the rules take from Markdown and reStructuredText is what a reader sees."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from lisa_scaffold.formats import markdown, restructured
from lisa_scaffold.formats.markdown import Heading, _parsed_headings, find_headings, find_prose


def targets(text: str) -> list[tuple[str, int]]:
    return [(link.target, link.line) for link in markdown.find_links(text, lambda _: True)]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("[a](b.md)", [("b.md", 1)]),
        (r"[a](b\_c.md)", [("b_c.md", 1)]),
        ("[a](b(c).md)", [("b(c).md", 1)]),
        ("[a](<b c.md>)", [("b c.md", 1)]),
        ("[a](b&amp;c)", [("b&c", 1)]),
        ("[a](b%20c)", [("b c", 1)]),
        ("[a](\nb.md)", [("b.md", 2)]),
        ("[![a](b.png)](c.md)", [("b.png", 1), ("c.md", 1)]),
        ("a\n    [b](c)", [("c", 2)]),
        ("- a\n\n  [b](c)\n\n> [d](e)", [("c", 3), ("e", 5)]),
        ("[a]\n\n[a]: b.md", [("b.md", 3)]),
        ("<a href=\"b.md\">c</a> <img src='d.png'>", [("b.md", 1), ("d.png", 1)]),
        ('<p>\n<img src="d.png">\n</p>', [("d.png", 2)]),
        ("It costs $5 and [a](b) $6.", [("b", 1)]),
    ],
)
def test_links(text: str, found: list[tuple[str, int]]) -> None:
    assert targets(text) == found


@pytest.mark.parametrize(
    "text",
    [
        "`[a](b)`",
        "`a\n[a](b)`",
        "```\n[a](b)\n```",
        "~~~ md\n[a](b)\n~~~",
        "    [a](b)",
        "<!-- [a](b) -->",
        "<!-- a\n\n[a](b)\n\n-->",
        "a <!-- [a](b)\n[c](d) --> b",
        '<!-- <img src="b"> -->',
        "<pre>\n[a](b)\n</pre>",
        r"\[a](b)",
        r"[a\](b)",
        "$a[b](c)$",
        "$$\na[b](c)\n$$",
        "[a]: b.md",
    ],
)
def test_what_is_no_link(text: str) -> None:
    assert targets(text) == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("`a <b.md>`_", ["b.md"]),
        ("`a <b.md>`__", ["b.md"]),
        ("`a <b_>`_\n\n.. _b: c.rst\n", ["c.rst"]),
        (".. image:: a.png\n   :target: b.html\n", ["a.png", "b.html"]),
        ("``a <b.md>`_``", []),
        ("::\n\n   `a <b.md>`_\n", []),
        (".. a comment: `a <b.md>`_\n", []),
        (".. include:: /etc/passwd\n\n`a <b.md>`_", ["b.md"]),
    ],
)
def test_links_in_restructured_text(text: str, found: list[str]) -> None:
    assert [link.target for link in restructured.find_links(text, lambda _: True)] == found


def test_nothing_is_included(capfd: pytest.CaptureFixture[str]) -> None:
    text = ".. include:: pyproject.toml\n.. raw:: html\n   :file: README.md\n\n`a <b>`_ *c\n"
    assert [link.target for link in restructured.find_links(text, lambda _: True)] == ["b"]
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    "more",
    ["*a " * 20_000, "*a " * 1_500, "|a| " * 500, f"{' ' * 50}a", "- " * 30, "a\n\n" * 20_000],
)
def test_what_would_take_long_is_not_read(more: str) -> None:
    assert list(restructured.find_links(f"`a <b>`_\n\n{more}\n", lambda _: True)) == []


def test_headings_stand_outside_of_code_and_comments() -> None:
    text = "# A #\n\n<!--\n## [1]\n-->\n```\n## [2]\n```\n- # b\n\n## [3] ##\nc\n---\n"
    assert find_headings(text) == (Heading(1, "A", 1), Heading(2, "[3]", 11), Heading(2, "c", 12))


def test_prose_stands_outside_of_code_and_html() -> None:
    assert [line for _, line in find_prose("a\n```\nb\n```\n\n    c\n\n<pre>\nd\n</pre>\n\ne")] == [
        *("a", "", "", "", "e")
    ]


PIECES = st.sampled_from(
    [
        *("# a", "## [1.0]", "#b", " # c", "===", "---", "```", "~~~", "    # d", "<!-- ", "-->"),
        *("> # e", "- # f", "- a", "1. b", "<div>", "</div>", "", "\t# g", "text", "# a #", "#"),
    ]
)


@given(st.lists(PIECES, max_size=12))
def test_headings_are_those_of_commonmark(lines: list[str]) -> None:
    text = "\n".join(lines)
    tokens = MarkdownIt("commonmark").parse(text)
    wanted = [
        (int(token.tag[1]), token.map[0] + 1)
        for token in tokens
        if token.type == "heading_open" and token.level == 0 and token.map
    ]
    assert [(each.level, each.line) for each in find_headings(text)] == wanted


WORDS = st.sampled_from(
    [*"[]()<>`\\!\"'$&", "\n", "\n\n", "a", "b.md", "](", "]: ", "<!--", "-->", "    ", "# "]
)


@given(st.lists(WORDS, max_size=30).map("".join))
def test_every_link_found_is_one_of_commonmark(text: str) -> None:
    rendered = MarkdownIt("commonmark").render(text)
    for link in markdown.find_links(text, lambda _: True):
        assert 1 <= link.line <= text.count("\n") + 1
        assert "<a " in rendered or "<img " in rendered


_PIECES = (
    *("# a", "## b", "  # z", "```", "```py", "~~~", "````", "  ```", "    ```", "\t```", "   ~~~"),
    *("- x", "  y", "1. n", "> q", "<!-- c", "<!-- c -->", "-->", "<div>", "---", "===", "--"),
    *("* * *", "`` ` ``", "text", ""),
)


@given(st.lists(st.sampled_from(_PIECES), min_size=1, max_size=9))
def test_what_the_lines_tell_the_parser_tells_too(lines: list[str]) -> None:
    text = "\n".join(lines)
    assert find_headings(text) == tuple(_parsed_headings(text))


def test_code_and_comments_need_no_parser(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(markdown, "_parsed_headings", None)
    text = (
        "# A\n\n<!--\n## no\n-->\n\n---\n\n- x\n\n  ```sh\n  # no\n  ```\n\n```\n# no\n```\n## B\n"
    )
    assert find_headings(text) == (Heading(1, "A", 1), Heading(2, "B", 18))
