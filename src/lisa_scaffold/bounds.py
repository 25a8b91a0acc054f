"""How deep data may be, how long a number, and how much source is read at all.

Python's recursion ends at a thousand calls, and some of its parsers go deeper or shallower by
version; others take minutes for what is short. What passes here is far from either, and far beyond
what people write. Most files are told by their length alone.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Any

DEEPEST = 64
"""Levels of nesting; a pipeline has ten."""

MOST_DIGITS = 4300
"""Digits of a number: Python itself refuses to write longer ones."""

_MOST_BITS = 14_284  # what 4300 digits need
DEEP = "nested too deeply"
LONG = f"a number of more than {MOST_DIGITS} digits"

# A parser of TOML in Python takes some 20 µs for each; the longest pyproject.toml has a hundredth.
_MOST_VALUES = 50_000
_MOST_PARTS = 32

# A syntax tree of Python takes up to a kilobyte for each; the longest modules that people write
# have half.
_MOST_WORDS = 100_000


def excess(data: Any) -> str | None:
    """Why data is more than anybody wrote by hand; ``None`` where it is not.

    Parameters
    ----------
    data
        What a parser made, without a part that is in two places.
    """
    level = [data]
    for _ in range(DEEPEST + 1):
        below: list[Any] = []
        for each in level:
            if isinstance(each, dict):
                below += each.values()
            elif isinstance(each, list):
                below += each
            elif isinstance(each, int) and each.bit_length() > _MOST_BITS:
                return LONG
        if not below:
            return None
        level = below
    return DEEP


def has_long_number(text: str) -> bool:
    """Whether a text has a number that Python refuses to read."""
    return len(text) > MOST_DIGITS and _long_number().search(text) is not None


@cache
def _long_number() -> re.Pattern[str]:
    return re.compile(rf"(?<!\d)\d{{{MOST_DIGITS + 1}}}")


def crowded_toml(text: str) -> tuple[int, str] | None:
    """The line, and what is too much there, where TOML has more than can soon be read.

    A key of n parts costs a parser n², and each value a while.
    """
    if sum(map(text.count, "=,[{")) > _MOST_VALUES:
        return 1, f"more than {_MOST_VALUES} keys and values"
    if text.count(".") >= _MOST_PARTS:
        for number, line in enumerate(text.split("\n"), 1):
            if line.count(".") >= _MOST_PARTS and _long_key().search(line):
                return number, f"a key of more than {_MOST_PARTS} parts"
    return None


@cache
def _long_key() -> re.Pattern[str]:
    part = r'(?:[\w-]+|"(?:\\.|[^"\\\n])*"|\'[^\'\n]*\')'
    return re.compile(rf"(?:^|[{{,[])[ \t]*{part}(?:[ \t]*\.[ \t]*{part}){{{_MOST_PARTS}}}")


def crowded_python(source: str) -> str | None:
    """What is too much, where source of Python has more than can soon be read."""
    # What stands in braces may be an expression in a text, the dearest of all.
    braces = 5 * source.count("{")
    if len(source) + braces > _MOST_WORDS and (
        sum(1 for _ in _word().finditer(source)) + braces > _MOST_WORDS
    ):
        return f"more than {_MOST_WORDS} words and signs"
    long = len(source) > MOST_DIGITS and _long_literal().search(source)
    return LONG if long else None


@cache
def _word() -> re.Pattern[str]:
    """Finds a comment or a text as one, a word, or a sign."""
    long = (rf"{quote}[\s\S]*?(?:{quote}|\Z)" for quote in ('"""', "'''"))
    short = (rf"{quote}(?:\\.|[^{quote}\\\n])*+{quote}?" for quote in ('"', "'"))
    return re.compile("|".join(["#.*", *long, *short, r"\w+", r"[^\w\s]"]))


@cache
def _long_literal() -> re.Pattern[str]:
    """Finds a number of other bases, which Python reads and refuses to write."""
    return re.compile(rf"\b0[xXoObB][0-9a-fA-F_]{{{MOST_DIGITS}}}")
