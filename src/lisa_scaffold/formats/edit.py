"""Changes of a text, as small as they can be; those of TOML leave all else as it is written."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

from lisa_scaffold.formats.literal import Names

Change = Callable[[str], str]
"""Changes a text, as little as will do; a text in which there is nothing to do comes back as is."""


def replace_line(number: int, old: str, new: str) -> Change:
    """Replace a line, which is found by number (counted from 1) or by text."""
    return _change_line(number, lambda line: line == old, lambda _: new)


def replace_in_line(number: int, old: str, new: str) -> Change:
    """Replace a part of a line, which is found by number (counted from 1) or by that part."""
    return _change_line(number, lambda line: old in line, lambda line: line.replace(old, new, 1))


def _change_line(number: int, is_wanted: Callable[[str], bool], edit: Change) -> Change:
    """Change the line at a number or, where another fix has moved it, the only one like it."""

    def change(text: str) -> str:
        lines = text.split("\n")
        at = number - 1
        if number > len(lines) or not is_wanted(lines[at]):
            found = [index for index, line in enumerate(lines) if is_wanted(line)]
            if len(found) != 1:
                return text
            at = found[0]
        return "\n".join([*lines[:at], edit(lines[at]), *lines[at + 1 :]])

    return change


def replace_block(old: str, new: str) -> Change:
    """Replace whole lines, which must stand there once."""

    def change(text: str) -> str:
        whole = f"\n{text}\n"
        if whole.count(f"\n{old}\n") != 1:
            return text
        return whole.replace(f"\n{old}\n", f"\n{new}\n")[1:-1]

    return change


def insert_before(pattern: str, new: str) -> Change:
    """Insert lines in front of the first line that a pattern matches, or else at the end."""

    def change(text: str) -> str:
        match = re.search(pattern, text, re.MULTILINE)
        if match is None:
            return append(new)(text)
        return f"{text[: match.start()]}{new}{text[match.start() :]}"

    return change


def append(new: str) -> Change:
    """Add lines at the end of a text."""
    return lambda text: f"{text}{'' if text.endswith(chr(10)) or not text else chr(10)}{new}"


def add_line(line: str) -> Change:
    """Add a line at the end of a text that does not have it yet."""
    return lambda text: text if line in text.split("\n") else append(f"{line}\n")(text)


def set_value(keys: Names, literal: str) -> Change:
    """Give a key a value (written as TOML), making the key and its table where they are missing."""
    return _change_toml("set_value", keys, literal)


def move_key(keys: Names, to: Names) -> Change:
    """Give a key, or the header of a table, another place or name; nothing where that is taken."""
    return _change_toml("move_key", keys, to)


def remove_key(keys: Names) -> Change:
    """Remove a key, or a table, where it is there."""
    return _change_toml("remove_key", keys)


def add_item(keys: Names, literal: str) -> Change:
    """Add an item (written as TOML) at the end of a list that is there."""
    return add_items(keys, [literal])


def add_items(keys: Names, literals: Sequence[str]) -> Change:
    """Add items (written as TOML) at the end of a list that is there."""
    return _change_toml("add_items", keys, literals) if literals else lambda text: text


def replace_item(keys: Names, old: str, literal: str | None) -> Change:
    """Replace a text in a list by another item (written as TOML), or remove it."""
    return _change_toml("replace_item", keys, old, literal)


def _change_toml(operation: str, *arguments: Any) -> Change:
    def change(text: str) -> str:
        # It takes longer to load than all rules together, and only a fix that is applied needs it.
        from lisa_scaffold.formats import toml_edit

        changed: str = getattr(toml_edit, operation)(text, *arguments)
        return changed

    return change
