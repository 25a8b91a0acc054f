"""Patterns of paths: what the plain translation says, in a time that is no power of the stars."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lisa_scaffold.project.globs import LONGEST, translate_glob
from tests.support.sweeps import examples

PLAIN = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}


def plainly(pattern: str) -> str:
    pieces = re.split(r"(\*\*/|\*\*|\*|\?)", pattern)
    return "".join(PLAIN.get(piece) or re.escape(piece) for piece in pieces)


@settings(max_examples=examples(1000))
@given(
    st.lists(st.sampled_from(["a", "b", "/", "*", "/**/", "?", "**"]), max_size=8).map("".join),
    st.text("ab/", max_size=8),
)
def test_a_pattern_describes_what_its_plain_translation_does(pattern: str, path: str) -> None:
    # What three stars mean, and two behind a letter, nobody has said.
    if "***" not in pattern and not re.search(r"[^/]\*\*/", pattern):
        expected = re.fullmatch(plainly(pattern), path) is not None
        assert (re.fullmatch(translate_glob(pattern), path) is not None) == expected


@pytest.mark.parametrize("pattern", ["*a" * 100 + "b", "**/*a" * 100 + "b", "**a" * 100 + "b"])
def test_many_stars_cost_little(pattern: str) -> None:
    # The plain translation would take years.
    assert re.fullmatch(translate_glob(pattern), "a" * 250 + "/" + "a" * 250) is None


def test_a_pattern_that_is_too_long_describes_nothing() -> None:
    assert re.fullmatch(translate_glob("a" * LONGEST), "a" * LONGEST)
    assert re.fullmatch(translate_glob("*" + "a" * LONGEST), "a" * LONGEST) is None


@pytest.mark.parametrize(
    ("pattern", "path", "described"),
    [
        ("[ab]*.py", "b.py", True),
        ("[!ab]*.py", "b.py", False),
        ("[z-a]", "[z-a]", True),
        ("[[x]", "[", True),
        ("[a&&b]", "&", True),
        ("a[", "a[", True),
    ],
)
def test_sets(pattern: str, path: str, described: bool) -> None:
    found = re.fullmatch(translate_glob(pattern, sets=True), path)
    assert (found is not None) == described
