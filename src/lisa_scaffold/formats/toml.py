"""Three-way merge of TOML by key: tables, keys and arrays are moved as they are written."""

from __future__ import annotations

import re
import tomllib
from dataclasses import replace
from typing import Any

from lisa_scaffold.bounds import crowded_toml, excess
from lisa_scaffold.formats import brackets
from lisa_scaffold.formats.tree import Branch, Entry, Key, Leaf, NotSure, Value

_STRING = r'"""(?:\\[\s\S]|[^\\])*?"{3,5}|\'\'\'[\s\S]*?\'{3,5}|"(?:\\.|[^"\\\n])*"|\'[^\'\n]*\''
_PART = r'(?:[\w-]+|"(?:\\.|[^"\\\n])*"|\'[^\'\n]*\')'
_KEY = rf"{_PART}(?:[ \t]*\.[ \t]*{_PART})*"
_HEADER = re.compile(rf"[ \t]*(\[\[?)[ \t]*({_KEY})[ \t]*\]\]?[ \t]*(?:#.*)?\n")
_LEAD = re.compile(r"(?:[ \t]*+(?:#.*)?\n)*+")
_REST = re.compile(r"[ \t]*(?:#.*)?\n")
_FILE_HEAD = re.compile(r"(?:[ \t]*+#.*\n)++(?:[ \t]*+\n)++")


def parse(text: str) -> Branch:
    """The tree of a TOML document.

    Raises
    ------
    NotSure
        If it is no TOML that this module understands.
    """
    if crowded_toml(text):
        raise NotSure("more than can soon be read")
    match = _FILE_HEAD.match(text)
    opening = match[0] if match else ""
    position = len(opening)
    entries: list[Entry] = []
    inside: list[Entry] = []
    while True:
        match = _LEAD.match(text, position)
        start = match.end() if match else position
        if start == len(text):
            break
        header = _HEADER.match(text, start)
        if header:
            key = _read_key(header[2])
            _close(entries, inside)
            item = header[1] == "[["
            entries.append(Entry(key, text[position:start], header[0], _TABLE, "", item=item))
            position = header.end()
            continue
        entry, position = _statement(text, position, start)
        into = inside if entries and entries[-1].node is _TABLE else entries
        into.append(entry)
    _close(entries, inside)
    return Branch("map", False, opening, tuple(_nested(entries)), text[position:])


_TABLE = Branch("map", False, "", (), "")


def _close(entries: list[Entry], inside: list[Entry]) -> None:
    """Put what stands below a header into its table."""
    if inside:
        table = replace(_TABLE, entries=tuple(inside))
        entries[-1] = replace(entries[-1], node=table)
        inside.clear()


def _nested(entries: list[Entry]) -> list[Entry]:
    """Put the tables of an array's element inside that element."""
    found: list[Entry] = []
    inside: list[Entry] = []
    for entry in entries:
        last = found[-1] if found else None
        if last is not None and last.item and _below(last.key, entry.key):
            inside.append(replace(entry, key=entry.key[len(last.key) :]))
            continue
        _extend(found, inside)
        found.append(entry)
    _extend(found, inside)
    return found


def _below(table: Key, key: Key) -> bool:
    return len(key) > len(table) and key[: len(table)] == table


def _extend(found: list[Entry], inside: list[Entry]) -> None:
    """Put the tables below an array's element into it, behind its own keys."""
    if inside and isinstance(table := found[-1].node, Branch):
        entries = (*table.entries, *inside)
        found[-1] = replace(found[-1], node=replace(table, entries=entries))
        inside.clear()


def _statement(text: str, at: int, start: int) -> tuple[Entry, int]:
    """A key with its value, and the rest of its line."""
    match = _SYNTAX.key.match(text, start)
    if match is None:
        raise NotSure("no key where one is due")
    node, position = brackets.read(text, match.end(), _SYNTAX)
    rest = _REST.match(text, position)
    if rest is None:
        raise NotSure("more than a value on a line")
    entry = Entry(_read_key(match[1]), text[at:start], match[0], node, rest[0])
    return entry, rest.end()


def _read_key(text: str) -> Key:
    return tuple(_read_string(part) for part in re.findall(_PART, text))


def _read_string(text: str) -> str:
    if text[0] not in "\"'":
        return text
    if "\\" in text or text[:3] in ('"""', "'''"):
        try:
            return str(tomllib.loads(f"x = {text}")["x"])
        except tomllib.TOMLDecodeError as error:
            raise NotSure("no string that TOML knows") from error
    return text[1:-1]


def _read_scalar(text: str) -> Leaf:
    return Leaf(text, _read_string(text) if text[0] in "\"'" else ("", text))


_SYNTAX = brackets.Syntax(
    space=re.compile(r"(?:[ \t\n]++|#.*)*+"),
    tail=re.compile(r"[ \t]*#.*|"),
    scalar=re.compile(rf"{_STRING}|[\w+-](?:[\w.:+-]|(?<=\d) (?=\d))*"),
    key=re.compile(rf"[ \t]*({_KEY})[ \t]*=[ \t]*"),
    read_scalar=_read_scalar,
    read_key=_read_key,
)


def load(text: str) -> Value:
    """What a TOML document says.

    Raises
    ------
    NotSure
        If it is invalid.
    """
    if crowded_toml(text):
        raise NotSure("more than can soon be read")
    try:
        said = tomllib.loads(text)
    except ValueError as error:
        # A decoding error is one, and so is a number of more digits than Python reads.
        raise NotSure("invalid TOML") from error
    if beyond := excess(said):
        raise NotSure(beyond)
    return _plain(said)


def _plain(said: Any) -> Value:
    match said:
        case dict():
            return {(key,): _plain(part) for key, part in said.items()}
        case list():
            return [_plain(part) for part in said]
        case str():
            return said
    return "", str(said)
