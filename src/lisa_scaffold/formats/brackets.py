"""Reading what brackets enclose and commas part: JSON, and the arrays of TOML."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace

from lisa_scaffold.bounds import DEEP, DEEPEST
from lisa_scaffold.formats.tree import Branch, Entry, Key, Leaf, Node, NotSure


@dataclass(frozen=True)
class Syntax:
    """What a format has between brackets.

    Attributes
    ----------
    space
        White space and comments.
    tail
        Comments that end a line, and the white space before them.
    scalar
        A scalar.
    key
        A key and what parts it from its value.
    read_scalar
        From the text of a scalar what it says.
    read_key
        From the text of a key the key.
    """

    space: re.Pattern[str]
    tail: re.Pattern[str]
    scalar: re.Pattern[str]
    key: re.Pattern[str]
    read_scalar: Callable[[str], Leaf]
    read_key: Callable[[str], Key]


def read(text: str, at: int, syntax: Syntax, depth: int = 0) -> tuple[Node, int]:
    """The value that begins at a place below so many others, and where it ends.

    Raises
    ------
    NotSure
        If it is none, or nested too deeply.
    """
    if depth > DEEPEST:
        raise NotSure(DEEP)
    if text[at : at + 1] in ("[", "{"):
        return _branch(text, at, syntax, depth)
    match = syntax.scalar.match(text, at)
    if match is None:
        raise NotSure("no value that this format knows")
    return syntax.read_scalar(match[0]), match.end()


def _branch(text: str, at: int, syntax: Syntax, depth: int) -> tuple[Branch, int]:
    kind, close = ("seq", "]") if text[at] == "[" else ("map", "}")
    opening, position = text[at], at + 1
    entries: list[Entry] = []
    while True:
        space = _match(syntax.space, text, position)
        if text[space : space + 1] == close:
            closing = text[position : space + 1]
            found = Branch(
                "seq" if kind == "seq" else "map", True, opening, tuple(entries), closing
            )
            return found, space + 1
        if entries and not entries[-1].comma and "\n" not in text[position:space]:
            raise NotSure("a comma is missing")
        entry, position = _entry(text, position, space, kind == "map", syntax, depth)
        entries.append(entry)


def _entry(  # noqa: PLR0913, PLR0917 - a place in a text, and what may stand there
    text: str, at: int, start: int, keyed: bool, syntax: Syntax, depth: int
) -> tuple[Entry, int]:
    head_end = start
    key: Key = ()
    if keyed:
        match = syntax.key.match(text, start)
        if match is None:
            raise NotSure("no key where one is due")
        head_end, key = match.end(), syntax.read_key(match[1])
    node, position = read(text, head_end, syntax, depth + 1)
    entry = Entry(key, text[at:start], text[start:head_end], node, "")
    return finish(text, position, entry, syntax)


def complete(node: Node) -> bool:
    """Whether no comma is missing at the end of a line, as people who edit by hand leave some."""
    if isinstance(node, Leaf):
        return True
    commas = all(entry.comma for entry in node.entries[:-1])
    return (commas or not node.bracketed) and all(complete(entry.node) for entry in node.entries)


def finish(text: str, at: int, entry: Entry, syntax: Syntax) -> tuple[Entry, int]:
    """Add to an entry its comma, and the comment behind it."""
    after = _match(syntax.space, text, at)
    comma = text[after : after + 1] == ","
    if comma and "\n" in text[at:after]:
        raise NotSure("a comma at the start of a line")
    if comma:
        end = _match(syntax.tail, text, after + 1)
        return replace(entry, gap=text[at:after], comma=True, tail=text[after + 1 : end]), end
    end = _match(syntax.tail, text, at)
    return (replace(entry, tail=text[at:end]) if end > at else entry), end


def _match(pattern: re.Pattern[str], text: str, at: int) -> int:
    match = pattern.match(text, at)
    return match.end() if match else at
