"""Free text is refused with a word about what is allowed, or comes back exactly from every file."""

from __future__ import annotations

import ast
import re
import tempfile
import tomllib
from collections.abc import Callable
from email.message import Message
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from myst_parser.config.main import MdParserConfig
from myst_parser.parsers.mdit import create_md_parser

from lisa_scaffold.errors import AnswersError

from ..conftest import ROOT
from ..support.answers import Answers, answers, template
from ..support.files import contents
from ..support.sweeps import examples, sampled

LONGEST = {"project_name": 80, "description": 300, "author_name": 120, "copyright_holder": 120}
Files = dict[str, bytes]


# --- Reading the files back --------------------------------------------------------------------


@cache
def markdown(path: str) -> MarkdownIt:
    """The parser that reads the file: Sphinx's with MyST for the pages, CommonMark elsewhere."""
    if path.startswith("docs/"):
        return create_md_parser(MdParserConfig(), RendererHTML)
    return MarkdownIt("commonmark")


def blocks(files: Files, path: str) -> list[Token]:
    return markdown(path).parse(files[path].decode())


def shape(files: Files, path: str) -> list[str]:
    return [token.type for token in blocks(files, path)]


def sentence(files: Files, path: str, number: int) -> str:
    """The text of one block, which must hold text alone: no emphasis, link, code or HTML."""
    inline = [token for token in blocks(files, path) if token.type == "inline"][number]
    assert [child.type for child in inline.children or []] == ["text"]
    return (inline.children or [])[0].content


def from_markdown(path: str, number: int) -> Callable[[Files], str]:
    return lambda files: sentence(files, path, number)


def from_yaml(path: str, *keys: str | int) -> Callable[[Files], Any]:
    return lambda files: dig(yaml.safe_load(files[path]), *keys)


def from_toml(*keys: str | int) -> Callable[[Files], Any]:
    return lambda files: dig(tomllib.loads(files["pyproject.toml"].decode()), *keys)


def dig(data: Any, *keys: str | int) -> Any:
    for key in keys:
        data = data[key]
    return data


def holder(files: Files) -> str:
    found = re.findall(r"^Copyright \(c\) 2026,? (.*)$", files["LICENSE"].decode(), re.MULTILINE)
    assert len(found) == 1
    return str(found[0])


def holder_in_comment(files: Files) -> str:
    found = re.findall(r"^# Copyright 2026 (.*)$", files["CITATION.cff"].decode(), re.MULTILINE)
    assert len(found) == 1
    return str(found[0])


def holder_in_readme(files: Files) -> str:
    """The text before the link to the licence, which must hold text alone."""
    inline = [token for token in blocks(files, "README.md") if token.type == "inline"][-1]
    children = inline.children or []
    assert [child.type for child in children] == ["text", "link_open", "text", "link_close", "text"]
    found = re.fullmatch(r"Copyright 2026 (.*)\. [\w.-]+, see ", children[0].content)
    assert found
    return found[1]


def holder_in_pages(files: Files) -> str:
    found = re.findall(r"^copyright = (.*)$", files["docs/conf.py"].decode(), re.MULTILINE)
    assert len(found) == 1
    return str(ast.literal_eval(found[0])).removeprefix("2026, ")


READINGS: dict[str, dict[str, Callable[[Files], Any]]] = {
    "project_name": {
        ".copier-answers.yml": from_yaml(".copier-answers.yml", "project_name"),
        "CITATION.cff": from_yaml("CITATION.cff", "title"),
        "README.md": from_markdown("README.md", 0),
        "docs/index.md": from_markdown("docs/index.md", 0),
    },
    "description": {
        ".copier-answers.yml": from_yaml(".copier-answers.yml", "description"),
        "CITATION.cff": from_yaml("CITATION.cff", "abstract"),
        "README.md": from_markdown("README.md", 2),
        "docs/index.md": from_markdown("docs/index.md", 1),
        "pyproject.toml": from_toml("project", "description"),
    },
    "author_name": {
        ".copier-answers.yml": from_yaml(".copier-answers.yml", "author_name"),
        "CITATION.cff": from_yaml("CITATION.cff", "authors", 0, "name"),
        "pyproject.toml": from_toml("project", "authors", 0, "name"),
    },
    "author_email": {
        ".copier-answers.yml": from_yaml(".copier-answers.yml", "author_email"),
        "CITATION.cff": from_yaml("CITATION.cff", "authors", 0, "email"),
        "pyproject.toml": from_toml("project", "authors", 0, "email"),
    },
    "copyright_holder": {
        ".copier-answers.yml": from_yaml(".copier-answers.yml", "copyright_holder"),
        "CITATION.cff": holder_in_comment,
        "LICENSE": holder,
        "README.md": holder_in_readme,
        "docs/conf.py": holder_in_pages,
    },
}
# The licences that name a holder.
LICENSES = ["BSD-3-Clause", "MIT"]
FEATURES = {"cli": True, "notebooks": True, "docs": True, "sonar": True, "container": True}
# A name of the package that does not follow from the free text, and few files: a test of the table
# above shows that the others hold no free text.
SMALL = {
    "distribution": "d",
    "import_name": "i",
    "author_email": "a@b.c",
    "container": False,
    "sonar": False,
}


def rendered(complete: Answers) -> Files:
    with tempfile.TemporaryDirectory() as folder:
        template().render(complete, Path(folder, "project"))
        return contents(Path(folder, "project"))


@cache
def usual_answers(license_: str) -> Answers:
    return answers(license=license_, **SMALL)


@cache
def usual(license_: str) -> Files:
    return rendered(usual_answers(license_))


def test_the_table_of_readings_names_every_file_that_free_text_goes_to() -> None:
    marks = {key: f"mark-{key.replace('_', '-')}" for key in LONGEST}
    marks["author_email"] = "mark-email@example.org"
    for license_ in LICENSES:
        files = rendered(answers(**{**SMALL, **FEATURES, **marks, "license": license_}))
        found = {
            key: {path for path, content in files.items() if mark.encode() in content}
            for key, mark in marks.items()
        }
        assert found == {key: set(paths) for key, paths in READINGS.items()}


def test_an_image_repository_has_it_in_the_same_places() -> None:
    marks = {key: f"mark-{key.replace('_', '-')}" for key in LONGEST}
    marks["author_email"] = "mark-email@example.org"
    files = rendered(answers(kind="image", license="MIT", distribution="d", **marks))
    found = {
        key: {path for path, content in files.items() if mark.encode() in content}
        for key, mark in marks.items()
    }
    own = {".copier-answers.yml", "CITATION.cff", "LICENSE", "README.md"}
    assert found == {key: set(paths) & own for key, paths in READINGS.items()}
    for key, mark in marks.items():
        assert {READINGS[key][path](files) for path in found[key]} == {mark}


def test_the_documentation_reads_markdown_with_formulae_and_no_further_extension() -> None:
    found = re.findall(rb"myst_enable_extensions = .*", usual("MIT")["docs/conf.py"])
    assert found == [b'myst_enable_extensions = ["amsmath", "dollarmath"]']


@pytest.mark.parametrize(
    ("named", "expected"),
    [
        ({}, "Ada Example"),
        ({"Author-email": "Bo <bo@example.org>"}, "Bo <bo@example.org>"),
        ({"Author": "Bo", "Author-email": "bo@example.org"}, "Bo"),
    ],
)
def test_pages_of_an_adopted_project_have_an_author(
    named: dict[str, str], expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = usual_answers("MIT") | {"adopted": True, "author_name": "Ada Example", "docs": True}
    page = rendered(given)["docs/conf.py"].decode()
    told = Message()
    for name, value in {"Name": "lisa-noise", "Version": "1.0", **named}.items():
        told[name] = value
    monkeypatch.setattr("importlib.metadata.metadata", lambda _: told)
    settings: dict[str, Any] = {"__file__": "docs/conf.py"}
    exec(page, settings)  # noqa: S102 - as Sphinx does
    assert settings["author"] == expected


# --- The property ------------------------------------------------------------------------------


LETTERS = {
    letter: word
    for word, letters in re.findall(
        r'^  "([a-z]+)": "(\w+)",$',
        (ROOT / "includes/names.jinja").read_text("utf-8"),
        re.MULTILINE,
    )
    for letter in letters
}


def plain(text: str) -> str:
    return "".join(LETTERS.get(letter, letter) for letter in text.lower())


def is_allowed(key: str, text: str) -> bool:
    """The rule in Python's words: one line, printable, no white space at its ends."""
    control = {
        *map(chr, (*range(0x20), *range(0x7F, 0xA0), 0x2028, 0x2029, 0xFEFF, 0xFFFE, 0xFFFF))
    }
    return (
        1 <= len(text) <= LONGEST[key]
        and text == text.strip()
        and not any(letter in control or "\ud800" <= letter <= "\udfff" for letter in text)
        # Accents fall off, and letters such as æ are written as two: the distribution's name is
        # made from what is left.
        and (key != "project_name" or re.search("[A-Za-z]", plain(text)) is not None)
        and (key != "author_name" or "," not in text)
    )


def refused(texts: dict[str, str]) -> dict[str, str]:
    """What is refused, with the message."""
    try:
        answers(**texts)
    except AnswersError as error:
        return error.problems
    return {}


def round_trip(texts: dict[str, str], license_: str) -> Files:
    """Check what is refused, and that the rest comes back from the files, which are returned."""
    problems = refused(texts)
    assert {key for key in problems if key in LONGEST} == {
        key for key in texts if key in LONGEST and not is_allowed(key, texts[key])
    }
    assert all(re.match("Write |Use |Leave ", said) for said in problems.values())
    taken = {key: text for key, text in texts.items() if key not in problems and text}
    if not taken:
        return usual(license_)
    files = rendered({**usual_answers(license_), **taken})
    found = {key: {read(files) for read in READINGS[key].values()} for key in taken}
    assert found == {key: {text} for key, text in taken.items()}
    for path in ("README.md", "docs/index.md"):
        assert shape(files, path) == shape(usual(license_), path), path
    return files


SPECIAL = [
    # Markdown
    *("# x", "x #", "x ##", "#", "- x", "-", "---", "+ x", "* x", "*x*", "**x**", "_x_", "__x__"),
    *(
        "~x~",
        "~~x~~",
        "1. x",
        "1) x",
        "= x",
        "===",
        "> x",
        "<b>",
        "</a>",
        "<!-- x -->",
        "`x`",
        "``",
    ),
    *("<x@y.z>", "<http://x.y>", "http://x.y/z_a_b", "&amp;", "&#35;", "&", "|x|", "| x | y |"),
    *(
        "[x]",
        "[x](y)",
        "![x](y)",
        "[^1]",
        "[^1]: x",
        "[x]: y",
        "```",
        "~~~",
        "x\\",
        "x`",
        "A <b>x</b>",
    ),
    "1986. A great year",
    # MyST and GitLab
    *("(x)=", "+++", "+++ x", "% x", "{x}`y`", "$x$", "$", "@x", "!1", ":smile:", ":::", "{#x}"),
    # YAML and TOML
    *("null", "~", "true", "yes", "No", "1", "1e3", "0x10", "2026-01-02", ".inf", "<<", "=", "..."),
    *("!!str x", "&x y", "? x", "%YAML 1.2", "%", ": ", "x: y", "x # y", "{", "}", "x, y", ","),
    *('"', "'", '"""', "'''", "\\", "\\n", "\\u0041", "x\\y"),
    # Jinja, shells, format strings
    *(
        "{{ x }}",
        "{{",
        "}}",
        "{% raw %}",
        "{% endraw %}",
        "{# x #}",
        "{%",
        "$(x)",
        "${x}",
        "%s",
        "{0}",
    ),
    # Letters
    *(
        "é",
        "Ångström",
        "e\u0301",
        "λ",
        "漢字",
        "\U0001f680",
        "\U0001f469\u200d\U0001f680",
        "\u200b",
    ),
    *("\u202e", "\ufdd0", "\U0001fffe", "\U0010ffff", "\ue000", "\u00ad", "x\u00a0y", "x\u3000y"),
    # What is refused: more than a line, control characters, space at the ends
    *("\n", "x\ny", "x\r\ny", "\t", "x\ty", "\x00", "x\x1by", "x\x7fy", "x\x85y", "x\u2028y"),
    *(
        "x\u2029y",
        "\ufeffx",
        "\ufffex",
        "\ud800",
        "x\udcffy",
        " x",
        "x ",
        "\u3000x",
        "x\u00a0",
        " ",
    ),
    # Lengths
    *("", "x" * 80, "x" * 81, "x" * 120, "x" * 121, "x" * 300, "x" * 301, "x y " * 74 + "x"),
    *("é\\" * 150, "\U0001f680" * 300, '"' * 120, "A" + "\U0001f680" * 79),
]


@sampled("text", SPECIAL, 6)
def test_special_text_is_refused_or_comes_back_exactly(text: str) -> None:
    # The letter makes it a project's name, the text stays at the end of a line.
    round_trip({**dict.fromkeys(READINGS, text), "project_name": f"A{text}"}, "BSD-3-Clause")


ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=40)
PIECES = st.lists(st.sampled_from(SPECIAL) | st.text(max_size=3), max_size=6).map("".join)
EMAIL = st.builds("{}@x.org".format, st.from_regex(r"\A[!-~]{1,20}\Z"))


@settings(max_examples=examples(40))
@given(
    texts=st.fixed_dictionaries(
        {**dict.fromkeys(LONGEST, PIECES | ANY_TEXT), "author_email": EMAIL}
    ),
    license_=st.sampled_from(LICENSES),
)
def test_any_text_is_refused_or_comes_back_exactly(texts: dict[str, str], license_: str) -> None:
    files = round_trip(texts, license_)
    recorded = yaml.safe_load(files[".copier-answers.yml"])
    again = {key: value for key, value in recorded.items() if not key.startswith("_")}
    assert rendered(answers(**again)) == files
