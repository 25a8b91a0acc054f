"""Foreign text in Markdown, where none of it is markup."""

from __future__ import annotations

import re

from lisa_scaffold.pattern import compile_lazily
from lisa_scaffold.shown import brief, harmless

LONGEST = 300

_JOINER = "&#8288;"
# What an address is known by: its scheme, its host, or its person; each as it is escaped.
_ADDRESS = compile_lazily(r"www(?=\.)|\\:(?=//)|\\@(?=\S)", re.IGNORECASE)


def escaped(text: str, most: int = LONGEST) -> str:
    """Foreign text as plain text: no markup, link, mention of people, command to the forge.

    A backslash neutralises every sign that means something to CommonMark, or to GitLab
    (https://spec.commonmark.org/0.31.2/#backslash-escapes). The text never begins a line. GitLab
    makes links of bare addresses as well, and finds them by the text alone, whatever is escaped
    (https://github.github.com/gfm/#autolinks-extension-): a word joiner, which nobody sees, parts
    what they are known by.
    """
    shown = re.sub(r"([!-&*+:-@\[-`{-~])", r"\\\1", brief(text, most))
    return _ADDRESS.sub(rf"\g<0>{_JOINER}", shown)


def code(text: str, most: int = LONGEST) -> str:
    """Foreign text as code, whatever backticks are in it."""
    shown = brief(text, most)
    fence = "`" * (_longest_run(shown) + 1)
    # Where there is a space on both sides, one of each is stripped.
    space = " " if shown.strip() and ("`" in shown or shown.startswith(" ")) else ""
    return f"{fence}{space}{shown}{space}{fence}"


def block(text: str, language: str = "") -> list[str]:
    """Lines of foreign text as a block of code, whatever backticks are in them."""
    fence = "`" * max(_longest_run(text) + 1, 3)
    return [f"{fence}{language}", *harmless(text.rstrip("\n")).split("\n"), fence]


def _longest_run(text: str) -> int:
    return max(map(len, re.findall("`+", text)), default=0)
