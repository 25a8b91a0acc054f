"""Bounds for the depth of data, the length of numbers, and the amount of source.

Python's recursion ends at a thousand calls, and how deep its parsers go depends on the version;
others take minutes for a short text. What passes here is far from either limit, and far beyond what
people write. Most files pass by their length.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import ast

DEEPEST = 64
"""Levels of nesting; a pipeline has ten."""

MOST_DIGITS = 4300
"""Digits of a number: Python itself refuses to write longer ones."""

# `ast.unparse` takes six calls for each; a sum of a hundred parts is as deep.
_DEEPEST_PYTHON = 120

_MOST_BITS = 14_284  # what 4300 digits need
DEEP = "nested too deeply"
LONG = f"a number of more than {MOST_DIGITS} digits"

# A TOML parser in Python takes some 20 µs for each; the longest pyproject.toml has a hundredth.
_MOST_VALUES = 50_000
_MOST_PARTS = 32

# A syntax tree takes up to a kilobyte for each; the longest modules that people write have half.
_MOST_WORDS = 100_000

# As text: `re` compiles and remembers them when they are first needed.
_LONG_NUMBER = rf"(?<!\d)\d{{{MOST_DIGITS + 1}}}"
_PART = r'(?:[\w-]+|"(?:\\.|[^"\\\n])*"|\'[^\'\n]*\')'
_LONG_KEY = rf"(?:^|[{{,[])[ \t]*{_PART}(?:[ \t]*\.[ \t]*{_PART}){{{_MOST_PARTS}}}"
# A number of another base, which Python reads and refuses to write; one of base 16 is the shortest.
_LONG_LITERAL = rf"\b0[xXoObB][0-9a-fA-F_]{{{_MOST_BITS // 4 + 1},}}"
# A comment or a string as one, a word, or a sign.
_WORD = "|".join(
    [
        "#.*",
        *(rf"{quote}[\s\S]*?(?:{quote}|\Z)" for quote in ('"""', "'''")),
        *(rf"{quote}(?:\\.|[^{quote}\\\n])*+{quote}?" for quote in ('"', "'")),
        r"\w+",
        r"[^\w\s]",
    ]
)


def explain_excess(data: Any) -> str | None:
    """Why data is more than anybody writes by hand; ``None`` where it is not.

    Parameters
    ----------
    data
        The result of a parser, in which no part stands in two places.
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
    return len(text) > MOST_DIGITS and re.search(_LONG_NUMBER, text) is not None


def explain_crowded_toml(text: str) -> tuple[int, str] | None:
    """Line and reason where TOML has more than a parser can read in reasonable time.

    A key of n parts costs a parser n² steps, and each value takes a while.
    """
    if sum(map(text.count, "=,[{")) > _MOST_VALUES:
        return 1, f"more than {_MOST_VALUES} keys and values"
    if text.count(".") >= _MOST_PARTS:
        for number, line in enumerate(text.split("\n"), 1):
            if line.count(".") >= _MOST_PARTS and re.search(_LONG_KEY, line):
                return number, f"a key of more than {_MOST_PARTS} parts"
    return None


def explain_crowded_python(source: str) -> str | None:
    """The reason where Python source has more than can be parsed in reasonable time."""
    # What stands in braces may be an expression in a string, the most expensive of all.
    braces = 5 * source.count("{")
    if len(source) + braces > _MOST_WORDS and (
        sum(1 for _ in re.finditer(_WORD, source)) + braces > _MOST_WORDS
    ):
        return f"more than {_MOST_WORDS} words and signs"
    long = len(source) > _MOST_BITS // 4 and re.search(_LONG_LITERAL, source)
    return LONG if long else None


def is_deep_python(tree: ast.AST) -> bool:
    """Whether Python source is nested too deeply for what goes down a tree by calling itself."""
    import ast

    level = [tree]
    for _ in range(_DEEPEST_PYTHON + 1):
        below: list[ast.AST] = []
        for node in level:
            for name in node._fields:
                part = getattr(node, name, None)
                if isinstance(part, list):
                    is_elif = name == "orelse" and len(part) == 1 and type(node) is ast.If
                    # What follows as `elif` stands no deeper than what it follows.
                    level_of = level if is_elif and type(part[0]) is ast.If else below
                    level_of += [each for each in part if isinstance(each, ast.AST)]
                elif isinstance(part, ast.AST) and part._fields:
                    below.append(part)
        if not below:
            return False
        level = below
    return True
