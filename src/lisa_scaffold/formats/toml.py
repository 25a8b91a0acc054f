"""TOML as a tree that loses nothing, and as plain values."""

from __future__ import annotations

import re
import tomllib
from typing import Any

from lisa_scaffold.bounds import explain_crowded_toml, explain_excess
from lisa_scaffold.formats import brackets
from lisa_scaffold.formats.tree import Branch, Entry, Key, Leaf, NotSure, Value
from lisa_scaffold.pattern import compile_lazily

_STRING = r'"""(?:\\[\s\S]|[^\\])*?"{3,5}|\'\'\'[\s\S]*?\'{3,5}|"(?:\\.|[^"\\\n])*"|\'[^\'\n]*\''
_PART = r'(?:[\w-]+|"(?:\\.|[^"\\\n])*"|\'[^\'\n]*\')'
_KEY = rf"{_PART}(?:[ \t]*\.[ \t]*{_PART})*"
_HEADER = compile_lazily(rf"[ \t]*(\[\[?)[ \t]*({_KEY})[ \t]*\]\]?[ \t]*(?:#.*)?\n")
_LEAD = compile_lazily(r"(?:[ \t]*+(?:#.*)?\n)*+")
_REST = compile_lazily(r"[ \t]*(?:#.*)?\n")
_FILE_HEAD = compile_lazily(r"(?:[ \t]*+#.*\n)++(?:[ \t]*+\n)++")
_TABLE = Branch("map", False, "", (), "")


def parse(text: str) -> Branch:
    """The tree of a TOML document.

    Raises
    ------
    NotSure
        If it is no TOML that this module understands.
    """
    if explain_crowded_toml(text):
        raise NotSure("more than can soon be read")
    match = _FILE_HEAD.match(text)
    opening = match[0] if match else ""
    position = len(opening)
    top: list[Entry] = []
    tables: list[tuple[Entry, list[Entry]]] = []
    while True:
        match = _LEAD.match(text, position)
        start = match.end() if match else position
        if start == len(text):
            break
        lead = text[position:start]
        if header := _HEADER.match(text, start):
            item = header[1] == "[["
            table = Entry(_read_key(header[2]), lead, header[0], _TABLE, "", item=item)
            tables.append((table, []))
            position = header.end()
            continue
        match = _SYNTAX.key.match(text, start)
        if match is None:
            raise NotSure("no key where one is due")
        node, end = brackets.read(text, match.end(), _SYNTAX)
        rest = _REST.match(text, end)
        if rest is None:
            raise NotSure("more than a value on a line")
        entry = Entry(_read_key(match[1]), lead, match[0], node, rest[0])
        (tables[-1][1] if tables else top).append(entry)
        position = rest.end()
    return Branch("map", False, opening, (*top, *_nest_tables(tables)), text[position:])


def _nest_tables(tables: list[tuple[Entry, list[Entry]]]) -> list[Entry]:
    """Tables with their entries; those of an array's element are inside it, behind its own keys."""
    nested: list[tuple[Entry, list[Entry]]] = []
    for table, entries in tables:
        last = nested[-1][0] if nested else None
        size = len(last.key) if last and last.item else 0
        if last and size and len(table.key) > size and table.key[:size] == last.key:
            body = _TABLE._replace(entries=tuple(entries))
            nested[-1][1].append(table._replace(key=table.key[size:], node=body))
        else:
            nested.append((table, entries))
    return [t._replace(node=_TABLE._replace(entries=tuple(entries))) for t, entries in nested]


def _read_key(text: str) -> Key:
    if text.isalnum():
        return (text,)
    return tuple(_read_string(part) for part in re.findall(_PART, text))


def drop_key_parts(entry: Entry, count: int) -> Entry:
    """An entry with a dotted key, such as ``lint.select``, without the first parts of it."""
    parts = re.match(rf"[ \t]*(?:{_PART}[ \t]*\.[ \t]*){{{count}}}", entry.head)
    if parts is None:
        raise NotSure("a key with fewer parts")
    return entry._replace(key=entry.key[count:], head=entry.head[parts.end() :])


def add_key_parts(entry: Entry, parts: Key) -> Entry:
    """An entry with more parts before its key."""
    if not all(re.fullmatch(r"[\w-]+", part, re.ASCII) for part in parts):
        raise NotSure("a key with quotes")
    return entry._replace(key=(*parts, *entry.key), head=f"{'.'.join(parts)}.{entry.head}")


def _read_string(text: str) -> str:
    if text[0] not in "\"'":
        return text
    if "\\" in text or text[:3] in ('"""', "'''"):
        try:
            return str(tomllib.loads(f"x = {text}")["x"])
        except tomllib.TOMLDecodeError as error:
            raise NotSure("no string that TOML knows") from error
    return text[1:-1]


_SYNTAX = brackets.Syntax(
    space=compile_lazily(r"(?:[ \t\n]++|#.*)*+"),
    tail=compile_lazily(r"[ \t]*#.*|"),
    scalar=compile_lazily(rf"{_STRING}|[\w+-](?:[\w.:+-]|(?<=\d) (?=\d))*"),
    key=compile_lazily(rf"[ \t]*({_KEY})[ \t]*=[ \t]*"),
    read_scalar=lambda text: Leaf(text, _read_string(text) if text[0] in "\"'" else ("", text)),
    read_key=_read_key,
)


def load(text: str) -> Value:
    """The value of a TOML document.

    Raises
    ------
    NotSure
        If it is invalid.
    """
    if explain_crowded_toml(text):
        raise NotSure("more than can soon be read")
    try:
        data = tomllib.loads(text)
    except ValueError as error:
        # A decoding error is one, and so is a number of more digits than Python reads.
        raise NotSure("invalid TOML") from error
    if beyond := explain_excess(data):
        raise NotSure(beyond)
    return _to_value(data)


def _to_value(data: Any) -> Value:
    match data:
        case dict():
            return {(key,): _to_value(part) for key, part in data.items()}
        case list():
            return [_to_value(part) for part in data]
        case str():
            return data
    return "", str(data)


_NEWER = compile_lazily(
    rf"(?P<string>{_STRING})|(?P<comment>#[^\n]*)|(?P<other>[{{}}\n])|[^\"'#{{}}\n]+|."
)
_ESCAPE = compile_lazily(r"\\(?:e|x([0-9A-Fa-f]{2})|(.))", re.DOTALL)


def is_newer(text: str) -> bool:
    """Whether a text that is no TOML 1.0 is TOML 1.1: one that the older form can say too."""
    # What is refused for its size alone is of the older form.
    if explain_crowded_toml(text) or _is_older(text):
        return False
    parts: list[str] = []
    depth = 0
    for match in _NEWER.finditer(text):
        part = match[0]
        if match["string"] and part[0] == '"':
            part = _ESCAPE.sub(_say_older, part)
        elif match["comment"] and depth:
            part = ""
        elif match["other"]:
            depth = max(0, depth + {"{": 1, "}": -1}.get(part, 0))
            if part == "}":
                while parts and not parts[-1].strip():
                    parts.pop()
                parts[-1:] = [each.rstrip().removesuffix(",") for each in parts[-1:]]
            elif part == "\n" and depth:
                part = " "
        parts.append(part)
    return _is_older("".join(parts))


def _is_older(text: str) -> bool:
    try:
        tomllib.loads(text)
    except ValueError:  # also of a number of too many digits
        return False
    return True


def _say_older(match: re.Match[str]) -> str:
    """An escape of TOML 1.1 as one of TOML 1.0."""
    if match[2] is not None:
        return match[0]
    return f"\\u00{match[1] or '1b'}"
