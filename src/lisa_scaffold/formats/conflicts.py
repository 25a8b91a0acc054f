"""Conflicts in a text, between the markers that git and the mergers write."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from lisa_scaffold.formats.diff import split_lines
from lisa_scaffold.formats.markdown import find_prose
from lisa_scaffold.formats.python import parse

_BEGINNINGS = ("<<<<<<< ", "||||||| ", ">>>>>>> ")


class Marked(NamedTuple):
    """One conflict.

    Attributes
    ----------
    start, end
        Numbers of the lines that it begins with and ends before, markers included, from 0.
    ours, theirs
        The lines of either side, with their ends.
    base
        The lines of the base, where the markers have them (``merge.conflictStyle=diff3``).
    names
        What the markers call the two sides.
    """

    start: int
    end: int
    ours: tuple[str, ...]
    theirs: tuple[str, ...]
    base: tuple[str, ...] | None
    names: tuple[str, str]


def find_marked(text: str) -> Iterator[Marked]:
    """The conflicts of a text, in order; markers that are not complete are none."""
    start, state = 0, ""
    sides: dict[str, list[str]] = {}
    name = ""
    for number, line in enumerate(split_lines(text)):
        bare = line.rstrip("\r\n")
        if bare.startswith("<<<<<<< "):
            start, state, sides, name = number, "ours", {"ours": []}, bare[8:].strip()
        elif state == "ours" and bare[:8].rstrip() == "|||||||":
            state, sides["base"] = "base", []
        elif state in {"ours", "base"} and bare == "=======":
            state, sides["theirs"] = "theirs", []
        elif state == "theirs" and bare.startswith(">>>>>>> "):
            state = ""
            yield Marked(
                start,
                number + 1,
                tuple(sides["ours"]),
                tuple(sides["theirs"]),
                tuple(sides["base"]) if "base" in sides else None,
                (name, bare[8:].strip()),
            )
        elif state:
            sides[state].append(line)


def find_forgotten(path: str, text: str) -> list[Marked]:
    """The conflicts of a text that nobody takes for an example of one.

    In the code blocks of Markdown they are one, and in a Python module that can be parsed they are
    part of a string.
    """
    found = [*find_marked(text)]
    if found and path.endswith(".md"):
        outside = {number - 1 for number, _ in find_prose(text)}
        return [each for each in found if each.start in outside]
    if found and path.endswith(".py"):
        return found if parse(text) is None else []
    return found


def replace_marked(text: str, place: Marked, lines: tuple[str, ...]) -> str:
    """A text with lines in place of a conflict, its markers included."""
    all_lines = split_lines(text)
    return "".join([*all_lines[: place.start], *lines, *all_lines[place.end :]])


def find_leftover(text: str, *, prose: bool) -> int | None:
    """Number of the first line, from 1, that is or was a marker; ``None`` without one.

    Parameters
    ----------
    text
        A text without whole conflicts.
    prose
        Whether a line of equals signs may underline a heading.
    """
    for number, line in enumerate(split_lines(text), 1):
        bare = line.rstrip("\r\n")
        if bare.startswith(_BEGINNINGS) or (bare == "=======" and not prose):
            return number
    return None
