"""A file as a tree that loses nothing: every character belongs to exactly one piece of it."""

from __future__ import annotations

import re
from typing import Literal, NamedTuple, TypeAlias

from lisa_scaffold.pattern import compile_lazily

# What a parser would make of a value, as far as a comparison needs it: text is `str`; other
# scalars are a pair (tag, text); a mapping is a dict by key, a sequence a list.
Value: TypeAlias = "str | tuple[str, str] | dict[Key, Value] | list[Value]"
Key: TypeAlias = tuple[str, ...]
Path: TypeAlias = tuple[str, ...]

# One that nothing ends goes on to the end of the text.
COMMENT = compile_lazily(r"#.*|//.*|/\*[\s\S]*?(?:\*/|\Z)")


class NotSure(Exception):  # noqa: N818 - giving up is no error
    """A merger gives up: the file stays a conflict."""


class Indistinct(NotSure):
    """Nothing tells some members apart: no two versions of them can be compared."""


class Leaf(NamedTuple):
    """A value without parts that can be merged: its text, and what the text says."""

    text: str
    value: Value


class Entry(NamedTuple):
    """A member of a mapping (with a key) or of a sequence (with an empty one).

    Its text is lead, head, node, gap, comma, tail. The lead is what is above: blank lines and
    comments, which belong to the member below them. The tail is what follows on the same line.
    """

    key: Key
    lead: str
    head: str
    node: Node
    tail: str
    gap: str = ""
    comma: bool = False
    item: bool = False
    """An element of a TOML array of tables: its key names the array."""


class Branch(NamedTuple):
    """A mapping or a sequence.

    Attributes
    ----------
    kind
        Whether its members have keys.
    bracketed
        Whether brackets enclose it and commas part its members. Otherwise each member begins
        on a line of its own, after `column` spaces.
    compact
        Whether the first member is on the line of its parent, as in ``- name: x``.
    """

    kind: Literal["map", "seq"]
    bracketed: bool
    opening: str
    entries: tuple[Entry, ...]
    closing: str
    column: int = 0
    compact: bool = False


Node: TypeAlias = Leaf | Branch


def write(node: Node) -> str:
    """The text of a node."""
    if isinstance(node, Leaf):
        return node.text
    pieces = [node.opening]
    for index, entry in enumerate(node.entries):
        inline = node.bracketed or (node.compact and index == 0)
        comma = "," if entry.comma else ""
        pieces += [entry.lead, "" if inline else " " * node.column, entry.head, write(entry.node)]
        pieces += [entry.gap, comma, entry.tail]
    return "".join([*pieces, node.closing])


def write_content(entry: Entry) -> str:
    """The text of an entry without lead, comma and what surrounds the comma."""
    return f"{entry.head}{write(entry.node)}{entry.tail}"


def read_value(node: Node) -> Value:
    """The value of a node, whatever its layout."""
    if isinstance(node, Leaf):
        return node.value
    if node.kind == "seq":
        return [read_value(entry.node) for entry in node.entries]
    found: dict[Key, Value] = {}
    arrays: dict[Key, list[Value]] = {}
    for entry in node.entries:
        value = read_value(entry.node)
        if not entry.item:
            found[entry.key] = value
            arrays.pop(entry.key, None)
        elif entry.key in arrays:
            arrays[entry.key].append(value)
        else:
            before = found.get(entry.key)
            items = [*before, value] if isinstance(before, list) else [value]
            found[entry.key] = arrays[entry.key] = items
    return found


def split_comments(text: str) -> list[str]:
    """The comment lines of a lead, an opening or a closing."""
    return [stripped for line in text.split("\n") if (stripped := line.strip())]


def find_remarks(node: Node) -> list[str]:
    """Every comment inside a node."""
    if isinstance(node, Leaf):
        return []
    found = [*COMMENT.findall(node.opening)]
    for entry in node.entries:
        found += [*COMMENT.findall(entry.lead), *find_remarks(entry.node)]
        found += COMMENT.findall(entry.gap + entry.tail)
        if isinstance(entry.node, Branch) and not entry.node.bracketed:
            found += re.findall(r"\s(#.*)", entry.head)
    return [remark.strip() for remark in [*found, *COMMENT.findall(node.closing)]]


def drop_copies(node: Branch) -> Branch:
    """A tree without the copies of a key that is there more than once and always says the same."""
    first: dict[Key, Entry] = {}
    entries: list[Entry] = []
    for member in node.entries:
        entry = member
        if isinstance(member.node, Branch):
            entry = member._replace(node=drop_copies(member.node))
        other = first.setdefault(entry.key, entry)
        if (
            node.kind != "map"
            or node.bracketed
            or entry.item
            or entry is other
            or write_content(entry) != write_content(other)
            or split_comments(entry.lead) != split_comments(other.lead)
        ):
            entries.append(entry)
    return node._replace(entries=tuple(entries))


def shift_branch(node: Branch, by: int) -> Branch:
    """The same mapping or sequence, indented by more or fewer columns."""
    if by == 0:
        return node
    entries = tuple(shift_entry(entry, by, node.bracketed) for entry in node.entries)
    column = node.column if node.bracketed else max(node.column + by, 0)
    return node._replace(entries=entries, closing=_indent(node.closing, by), column=column)


def shift_entry(entry: Entry, by: int, bracketed: bool) -> Entry:
    """The same entry, indented by more or fewer columns."""
    node = entry.node
    if isinstance(node, Leaf):
        node = node._replace(text=_indent(node.text, by))
    else:
        node = shift_branch(node, by)
    # Where no brackets enclose it, the lead begins at the start of a line.
    lead = _indent(entry.lead, by) if bracketed else _indent(f"\n{entry.lead}", by)[1:]
    return entry._replace(lead=lead, node=node, head=_indent(entry.head, by))


def _indent(text: str, by: int) -> str:
    """Move every line after the first by a number of columns; empty lines stay empty."""
    if by == 0:
        return text
    first, *rest = text.split("\n")
    lines = [first]
    for line in rest:
        if not line.strip():
            # The last line of a lead is the indentation of what follows it.
            lines.append(line and " " * max(len(line) + by, 0))
        elif by > 0:
            lines.append(" " * by + line)
        else:
            lines.append(line[min(-by, len(line) - len(line.lstrip(" "))) :])
    return "\n".join(lines)
