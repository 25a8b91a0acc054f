"""Markdown as far as the rules need it: headings and prose, with their lines."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
_HEADING = re.compile(r" {0,3}(#{1,6})(?![^ \t])(.*)")
_CLOSED = re.compile(r"(.*[ \t])#++[ \t]*")
_UNDERLINE = re.compile(r" {0,3}(=+|-+)[ \t]*$")
_NO_TITLE = re.compile(r"\s*([-*+>|#]|\d+[.)]\s|$)")


class Heading(NamedTuple):
    """A heading: its level (1 is the title), its text without the marks, its line."""

    level: int
    text: str
    line: int


def prose(text: str) -> Iterator[tuple[int, str]]:
    """The lines outside fenced code and comments, with their numbers."""
    fence = ""
    comment = False
    for number, line in enumerate(text.split("\n"), 1):
        mark = _FENCE.match(line)
        if fence:
            if mark and mark[1].startswith(fence) and not line.strip(" `~"):
                fence = ""
        elif comment:
            comment = "-->" not in line
        elif mark:
            fence = mark[1]
        elif line.lstrip().startswith("<!--"):
            comment = "-->" not in line
        else:
            yield number, line


def headings(text: str) -> tuple[Heading, ...]:
    """The headings of a text, in both notations."""
    found = []
    above = (0, "")
    for number, line in prose(text):
        if match := _HEADING.match(line):
            closed = _CLOSED.fullmatch(match[2])
            text = (closed[1] if closed and closed[1].strip() else match[2]).strip()
            found.append(Heading(len(match[1]), text, number))
        elif (
            (match := _UNDERLINE.match(line))
            # The line above must be a paragraph of its own.
            and above[0] == number - 1
            and not _NO_TITLE.match(above[1])
        ):
            found.append(Heading(1 if match[1][0] == "=" else 2, above[1].strip(), above[0]))
        above = (number, line)
    return tuple(found)
