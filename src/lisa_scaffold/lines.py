"""Lines of a text for a terminal: as wide as it is, and in its colours."""

from __future__ import annotations

from collections.abc import Callable, Iterable

Paint = Callable[[str, str], str]
"""Gives a text a style, by its name: ``title``, ``must``, ``should``, ``code`` or ``hint``."""

_NARROWEST = 20
_INDENT = " " * 10


def strip_style(_style: str, text: str) -> str:
    """A text in no style."""
    return text


def count(number: int, noun: str) -> str:
    """A number of things, such as ``1 finding`` or ``2 findings``."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def join_names(names: Iterable[str], most: int = 10) -> str:
    """Some names, such as ``a, b and c``; of many the first ones, and how many more there are."""
    shown = [*names]
    if len(shown) > most + 1:
        shown = [*shown[:most], f"{len(shown) - most} more"]
    return " and ".join(filter(None, (", ".join(shown[:-1]), *shown[-1:])))


def join_codes(codes: Iterable[str]) -> str:
    """Codes of rules, those of a family as one where there are several: ``CIT001, LIC (8)``."""
    families: dict[str, list[str]] = {}
    for code in codes:
        families.setdefault(code.rstrip("0123456789"), []).append(code)
    return ", ".join(
        f"{letters} ({len(found)})" if len(found) > 1 else found[0]
        for letters, found in sorted(families.items())
    )


def wrap_text(start: str, text: str, width: int) -> str:
    """A text behind its start, or below it where there is no room, in lines of a width.

    No word is broken.

    Parameters
    ----------
    width
        Columns of the terminal; 0: none shows it, and it stays one line.
    """
    room = width - len(start)
    if not width or len(text) <= room:
        return f"{start}{text}"
    indent = " " * len(start)
    if room < _NARROWEST:
        start, indent = f"{start.rstrip()}\n{_INDENT}", _INDENT
        room = max(width - len(_INDENT), _NARROWEST)
    lines = _split(text, room)
    return f"\n{indent}".join([f"{start}{lines[0]}", *lines[1:]])


def fit(text: str, width: int) -> str:
    """Sentences in lines of a width; what is indented stays so, and goes on further to the right.

    Parameters
    ----------
    width
        Columns of the terminal; 0: none shows them, and they stay as they are.
    """
    if not width:
        return text

    def fit_line(line: str) -> list[str]:
        if len(line) <= width:
            return [line]
        said = line.lstrip()
        begin = line.removesuffix(said)
        return _split(said, max(width, _NARROWEST), begin, f"{begin}  ")

    return "\n".join(each for line in text.split("\n") for each in fit_line(line))


def _split(text: str, width: int, begin: str = "", below: str = "") -> list[str]:
    # Most texts are short enough, or shown by no terminal.
    import textwrap

    return textwrap.wrap(
        text,
        width,
        initial_indent=begin,
        subsequent_indent=below,
        break_long_words=False,
        break_on_hyphens=False,
    )
