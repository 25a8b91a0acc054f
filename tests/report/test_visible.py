"""Foreign text that cannot mislead."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lisa_scaffold.report.visible import brief, visible


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("café, naïve 光 🚀", "café, naïve 光 🚀"),
        ("\x1b[31mred\x1b[0m", "\\x1b[31mred\\x1b[0m"),
        ("two\nlines\r\tand a tab", "two\\nlines\\r\\tand a tab"),
        ("a\u202egpj.exe", "a\\u202egpj.exe"),
        ("zero\u200bwidth\ufeff", "zero\\u200bwidth\\ufeff"),
        ("paragraph\u2029", "paragraph\\u2029"),
        ("\x9b31m\x00\x7f", "\\x9b31m\\x00\\x7f"),
        ("latin-\udce9", "latin-\\udce9"),
        ("non\u00a0breaking", "non\u00a0breaking"),
        ("\ufffe", "\\ufffe"),
    ],
)
def test_what_has_no_form_is_written_out(text: str, shown: str) -> None:
    assert visible(text) == shown


@given(st.text(st.characters(codec=None)))
def test_nothing_invisible_is_left(text: str) -> None:
    left = {unicodedata.category(character) for character in visible(text)}
    assert not left & {"Cc", "Cf", "Cs", "Cn", "Zl", "Zp"}
    assert visible(visible(text)) == visible(text)


@pytest.mark.parametrize(
    ("text", "most", "shown"),
    [
        ("short", 5, "short"),
        ("longer", 5, "longe … (6 characters)"),
        ("long words", 5, "long … (10 characters)"),
        ("\x00\x00", 5, "\\x00\\ … (2 characters)"),
        ("x" * 10_000_000, 3, "xxx … (10000000 characters)"),
    ],
)
def test_a_long_text_is_cut(text: str, most: int, shown: str) -> None:
    assert brief(text, most) == shown
