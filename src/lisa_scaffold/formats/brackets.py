"""Reading values in brackets with commas: JSON, and the arrays of TOML."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

from lisa_scaffold.bounds import DEEP, DEEPEST
from lisa_scaffold.formats.tree import Branch, Entry, Key, Leaf, Node, NotSure


class Syntax(NamedTuple):
    """The syntax of a format between brackets.

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
        Reads the text of a scalar.
    read_key
        Reads the text of a key.
    """

    space: re.Pattern[str]
    tail: re.Pattern[str]
    scalar: re.Pattern[str]
    key: re.Pattern[str]
    read_scalar: Callable[[str], Leaf]
    read_key: Callable[[str], Key]


def read(text: str, at: int, syntax: Syntax, depth: int = 0) -> tuple[Node, int]:
    """The value that begins at a place, below `depth` others, and where it ends.

    Raises
    ------
    NotSure
        If it is no value, or nested too deeply.
    """
    if depth > DEEPEST:
        raise NotSure(DEEP)
    opening = text[at : at + 1]
    if opening not in ("[", "{"):
        match = syntax.scalar.match(text, at)
        if match is None:
            raise NotSure("no value that this format knows")
        return syntax.read_scalar(match[0]), match.end()
    keyed = opening == "{"
    at += 1
    entries: list[Entry] = []
    while True:
        start = _skip(syntax.space, text, at)
        if text[start : start + 1] == ("}" if keyed else "]"):
            closing = text[at : start + 1]
            members = tuple(entries)
            return Branch("map" if keyed else "seq", True, opening, members, closing), start + 1
        if entries and not entries[-1].comma and "\n" not in text[at:start]:
            raise NotSure("a comma is missing")
        key: Key = ()
        head_end = start
        if keyed:
            match = syntax.key.match(text, start)
            if match is None:
                raise NotSure("no key where one is due")
            head_end, key = match.end(), syntax.read_key(match[1])
        node, end = read(text, head_end, syntax, depth + 1)
        entry = Entry(key, text[at:start], text[start:head_end], node, "")
        entry, at = finish(text, end, entry, syntax)
        entries.append(entry)


def has_all_commas(node: Node) -> bool:
    """Whether no comma is missing at the end of a line, where people may forget one."""
    if isinstance(node, Leaf):
        return True
    commas = all(entry.comma for entry in node.entries[:-1])
    return (commas or not node.bracketed) and all(has_all_commas(e.node) for e in node.entries)


def finish(text: str, at: int, entry: Entry, syntax: Syntax) -> tuple[Entry, int]:
    """Add to an entry its comma, and the comment behind it."""
    after = _skip(syntax.space, text, at)
    if text[after : after + 1] != ",":
        end = _skip(syntax.tail, text, at)
        return (entry._replace(tail=text[at:end]) if end > at else entry), end
    if "\n" in text[at:after]:
        raise NotSure("a comma at the start of a line")
    end = _skip(syntax.tail, text, after + 1)
    return entry._replace(gap=text[at:after], comma=True, tail=text[after + 1 : end]), end


def _skip(pattern: re.Pattern[str], text: str, at: int) -> int:
    match = pattern.match(text, at)
    return match.end() if match else at
