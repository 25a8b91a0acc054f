"""How findings are repaired: pure functions from text to text, and the files they are for."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

Change = Callable[[str], str]
"""Changes a text, as little as will do; a text in which there is nothing to do comes back as is."""


class Step(NamedTuple):
    """What happens to one file.

    Attributes
    ----------
    path
        The file.
    change
        Changes its text; ``None``: the file is replaced, or goes.
    content
        What stands in its place; ``None`` without a change: the file goes.
    """

    path: str
    change: Change | None = None
    content: bytes | None = None


class Fix(NamedTuple):
    """One or more steps that repair one finding."""

    steps: tuple[Step, ...]

    @classmethod
    def edit(cls, path: str, *changes: Change) -> Fix:
        """Change a file that is there."""
        return cls(tuple(Step(path, change) for change in changes))

    @classmethod
    def write(cls, path: str, content: str | bytes) -> Fix:
        """Create a file, or replace it whole."""
        return cls((Step(path, None, content.encode() if isinstance(content, str) else content),))

    @classmethod
    def delete(cls, path: str) -> Fix:
        """Remove a file."""
        return cls((Step(path),))

    def __or__(self, other: Fix) -> Fix:
        """Both, one after the other."""
        return Fix((*self.steps, *other.steps))


def replace_line(number: int, old: str, new: str) -> Change:
    """Put other lines in a line's place, which is found by number (counted from 1) or by text."""

    def change(text: str) -> str:
        lines = text.split("\n")
        at = _find(lines, number, lambda line: line == old)
        return text if at is None else "\n".join([*lines[:at], new, *lines[at + 1 :]])

    return change


def replace_in_line(number: int, old: str, new: str) -> Change:
    """Replace a part of a line, which is found by number (counted from 1) or by that part."""

    def change(text: str) -> str:
        lines = text.split("\n")
        at = _find(lines, number, lambda line: old in line)
        if at is None:
            return text
        return "\n".join([*lines[:at], lines[at].replace(old, new, 1), *lines[at + 1 :]])

    return change


def delete_line(number: int, old: str) -> Change:
    """Remove a line, which is found by number (counted from 1) or by text."""

    def change(text: str) -> str:
        lines = text.split("\n")
        at = _find(lines, number, lambda line: line == old)
        return text if at is None else "\n".join([*lines[:at], *lines[at + 1 :]])

    return change


def _find(lines: list[str], number: int, wanted: Callable[[str], bool]) -> int | None:
    """A line's index: at its number or, where another fix has moved it, the only one like it."""
    if number <= len(lines) and wanted(lines[number - 1]):
        return number - 1
    found = [index for index, line in enumerate(lines) if wanted(line)]
    return found[0] if len(found) == 1 else None


def insert_before(pattern: str, new: str) -> Change:
    """Put lines in front of the first line that a pattern matches, or else at the end."""

    def change(text: str) -> str:
        match = re.search(pattern, text, re.MULTILINE)
        if match is None:
            return append(new)(text)
        return f"{text[: match.start()]}{new}{text[match.start() :]}"

    return change


def append(new: str) -> Change:
    """Put lines at the end of a text."""

    def change(text: str) -> str:
        return f"{text}{'' if text.endswith(chr(10)) or not text else chr(10)}{new}"

    return change


def add_line(line: str) -> Change:
    """Put a line at the end of a text that does not have it yet."""

    def change(text: str) -> str:
        return text if line in text.split("\n") else append(f"{line}\n")(text)

    return change
