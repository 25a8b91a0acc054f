"""Foreign text, such as file names and values, in a form that cannot mislead who reads it."""

from __future__ import annotations

from unicodedata import category


def visible(text: str) -> str:
    r"""A text in one line, with everything that has no form of its own written out.

    Control characters (line breaks and the escapes that steer a terminal among them), characters
    that turn the direction of writing (`CVE-2021-42574 <https://trojansource.codes/>`_), invisible
    ones, and the bytes of file names that are no UTF-8 become Python's escapes, such as ``\x1b``.
    """
    return text if text.isprintable() else "".join(map(_shown, text))


def _shown(character: str) -> str:
    # Python counts the spaces of typesetting, such as the one that never breaks, as not printable.
    if character.isprintable() or category(character) == "Zs":
        return character
    return character.encode("unicode_escape").decode("ascii")


def brief(text: str, most: int = 500) -> str:
    """A visible text that is no longer than a reader bears; what is cut off is counted."""
    # Whatever a character becomes, it is one at least: no more than these can be shown.
    shown = visible(text[: most + 1])
    if len(text) <= most and len(shown) <= most:
        return shown
    return f"{shown[:most].rstrip()} … ({len(text)} characters)"
