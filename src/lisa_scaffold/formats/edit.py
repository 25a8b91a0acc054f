"""Changes of a TOML text: on the lossless tree that the merge uses, so that all else stays.

That tree takes longer to load than all rules together, and only a fix that is applied needs it.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from lisa_scaffold.formats.literal import Names

Change = Callable[[str], str]
"""Changes a text, as little as will do; a text in which there is nothing to do comes back as is."""


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


def set_value(keys: Names, literal: str) -> Change:
    """Give a key a value (written as TOML), making the key and its table where they are missing."""

    def change(text: str) -> str:
        from lisa_scaffold.formats import toml_edit

        return toml_edit.set_value(text, keys, literal)

    return change


def remove_key(keys: Names) -> Change:
    """Remove a key; a comment above it stays, one behind it goes."""

    def change(text: str) -> str:
        from lisa_scaffold.formats import toml_edit

        return toml_edit.remove_key(text, keys)

    return change


def move_key(keys: Names, to: Names) -> Change:
    """Give a key, or the header of a table, another place; nothing where that is taken."""

    def change(text: str) -> str:
        from lisa_scaffold.formats import toml_edit

        return toml_edit.move_key(text, keys, to)

    return change


def add_item(keys: Names, literal: str) -> Change:
    """Add an item (written as TOML) at the end of a list that is there."""

    def change(text: str) -> str:
        from lisa_scaffold.formats import toml_edit

        return toml_edit.add_item(text, keys, literal)

    return change


def replace_item(keys: Names, old: str, literal: str | None) -> Change:
    """Put another item (written as TOML) in the place of a text in a list, or remove it."""

    def change(text: str) -> str:
        from lisa_scaffold.formats import toml_edit

        return toml_edit.replace_item(text, keys, old, literal)

    return change
