"""What regular expressions of others may cost."""

from __future__ import annotations

import re
import time

import pytest

from lisa_scaffold.pattern import count_ways, is_dear_to_compile


@pytest.mark.parametrize(
    ("text", "ways"),
    [
        ("abc", 1),
        ("a|b|c", 3),
        ("(a|b)(c|d|e)", 6),
        ("(a|(b|c)d)(?:e|f)|g", 7),
        (r"\(a\|b[(|)]", 1),
        ("[]|](a|b)", 2),
        ("[^]|](a|b)", 2),
        ("(|a)" * 30, 2**30),
    ],
)
def test_ways_through_alternatives_are_counted(text: str, ways: int) -> None:
    re.compile(text)
    assert count_ways(text) == ways


@pytest.mark.parametrize(
    ("text", "dear"),
    [
        ("(?i)[\0-\U0010ffff]", True),
        (r"[\0-\U0010ffff]", True),
        ("[]\xe9]", True),
        (r"(?i)\.(png|jpg)$", False),
        (r"docs/r\xe9sum\xe9", False),
        (r"[\w.-]+[^\d]", False),
    ],
)
def test_what_is_dear_to_compile(text: str, *, dear: bool) -> None:
    re.compile(text)
    assert is_dear_to_compile(text) is dear


@pytest.mark.parametrize("text", ["[ -~]", "(a|b)", r"\w[^\d]"])
def test_what_is_not_costs_little(text: str) -> None:
    start = time.process_time()
    re.compile("(?i)" + text * 10_000)
    assert time.process_time() - start < 5
