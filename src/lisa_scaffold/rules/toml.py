"""Changes of a TOML text: on the lossless tree that the merge uses, so that all else stays.

That tree takes longer to load than all rules together, and only a fix that is applied needs it.
"""

from __future__ import annotations

from lisa_scaffold.rules.fixes import Change

Names = tuple[str, ...]


def quoted(text: str) -> str:
    """A text as a TOML string."""
    from json import dumps

    return dumps(text, ensure_ascii=False).replace("\x7f", "\\u007F")


def set_value(keys: Names, literal: str) -> Change:
    """Give a key a value (written as TOML), making the key and its table where they are missing."""

    def change(text: str) -> str:
        from lisa_scaffold.rules import toml_tree

        return toml_tree.set_value(text, keys, literal)

    return change


def remove_key(keys: Names) -> Change:
    """Remove a key; a comment above it stays, one behind it goes."""

    def change(text: str) -> str:
        from lisa_scaffold.rules import toml_tree

        return toml_tree.remove_key(text, keys)

    return change


def add_item(keys: Names, literal: str) -> Change:
    """Add an item (written as TOML) at the end of a list that is there."""

    def change(text: str) -> str:
        from lisa_scaffold.rules import toml_tree

        return toml_tree.add_item(text, keys, literal)

    return change


def replace_item(keys: Names, old: str, literal: str | None) -> Change:
    """Put another item (written as TOML) in the place of a text in a list, or remove it."""

    def change(text: str) -> str:
        from lisa_scaffold.rules import toml_tree

        return toml_tree.replace_item(text, keys, old, literal)

    return change
