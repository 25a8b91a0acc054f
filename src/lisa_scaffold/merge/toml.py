"""Three-way merge of TOML by key: tables, keys and arrays are moved as they are written."""

from __future__ import annotations

import re
import tomllib
from dataclasses import replace
from typing import Any

from lisa_scaffold.merge import flow
from lisa_scaffold.merge.nodes import Branch, Entry, Key, Leaf, NotSure, Value

_STRING = r'"""(?:\\[\s\S]|[^\\])*?"{3,5}|\'\'\'[\s\S]*?\'{3,5}|"(?:\\.|[^"\\\n])*"|\'[^\'\n]*\''
_PART = r'(?:[\w-]+|"(?:\\.|[^"\\\n])*"|\'[^\'\n]*\')'
_KEY = rf"{_PART}(?:[ \t]*\.[ \t]*{_PART})*"
_HEADER = re.compile(rf"[ \t]*(\[\[?)[ \t]*({_KEY})[ \t]*\]\]?[ \t]*(?:#.*)?\n")
_LEAD = re.compile(r"(?:[ \t]*(?:#.*)?\n)*")
_REST = re.compile(r"[ \t]*(?:#.*)?\n")
_FILE_HEAD = re.compile(r"(?:[ \t]*#.*\n)+(?:[ \t]*\n)+")


def merge(base: str, ours: str, theirs: str) -> tuple[str, tuple[str, ...]] | None:
    """Merge three versions of a TOML file; ``None``: not sure."""
    # Those who only read a file do not load the merge.
    from lisa_scaffold.merge import tree, verify

    return verify.sound(
        load, (base, ours, theirs), tree.merge(parse, base, ours, theirs, moving=True)
    )


def parse(text: str) -> Branch:
    """The tree of a TOML document.

    Raises
    ------
    NotSure
        If it is no TOML that this module understands.
    """
    match = _FILE_HEAD.match(text)
    opening = match[0] if match else ""
    position, entries = len(opening), []
    while True:
        match = _LEAD.match(text, position)
        start = match.end() if match else position
        if start == len(text):
            break
        header = _HEADER.match(text, start)
        if header:
            key = _read_key(header[2])
            body = Branch("map", False, "", (), "")
            item = header[1] == "[["
            entries.append(Entry(key, text[position:start], header[0], body, "", item=item))
            position = header.end()
            continue
        entry, position = _statement(text, position, start)
        last = entries[-1] if entries else None
        if last is not None and isinstance(last.node, Branch) and not last.node.flow:
            entries[-1] = _with(last, last.node, entry)
        else:
            entries.append(entry)
    return Branch("map", False, opening, tuple(_nested(entries)), text[position:])


def _with(table: Entry, body: Branch, entry: Entry) -> Entry:
    return replace(table, node=replace(body, entries=(*body.entries, entry)))


def _nested(entries: list[Entry]) -> list[Entry]:
    """Put the tables of an array's element inside that element."""
    found: list[Entry] = []
    for entry in entries:
        last = found[-1] if found else None
        if (
            last is not None
            and last.item
            and isinstance(last.node, Branch)
            and len(entry.key) > len(last.key)
            and entry.key[: len(last.key)] == last.key
        ):
            inner = replace(entry, key=entry.key[len(last.key) :])
            found[-1] = _with(last, last.node, inner)
        else:
            found.append(entry)
    return found


def _statement(text: str, at: int, start: int) -> tuple[Entry, int]:
    """A key with its value, and the rest of its line."""
    match = _SYNTAX.key.match(text, start)
    if match is None:
        raise NotSure("no key where one is due")
    node, position = flow.read(text, match.end(), _SYNTAX)
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


_SYNTAX = flow.Syntax(
    space=re.compile(r"(?:[ \t\n]+|#.*)*"),
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
    try:
        return _plain(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise NotSure("invalid TOML") from error


def _plain(said: Any) -> Value:
    match said:
        case dict():
            return {(key,): _plain(part) for key, part in said.items()}
        case list():
            return [_plain(part) for part in said]
        case str():
            return said
    return "", str(said)
