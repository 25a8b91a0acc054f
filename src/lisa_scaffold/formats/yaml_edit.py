"""Entries of one YAML tree inserted into another: text is moved, all else stays as written."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from lisa_scaffold.formats.tree import (
    Branch,
    Entry,
    Node,
    NotSure,
    read_value,
    shift_entry,
    write_content,
)


def find_entry(branch: Branch, name: str) -> Entry | None:
    """The entry of a mapping by its key."""
    return next((entry for entry in branch.entries if entry.key == (name,)), None)


def find_list(branch: Branch, name: str) -> Branch | None:
    """A block sequence by its key; ``None`` where it is missing.

    Raises
    ------
    NotSure
        If something else is there.
    """
    return _find_block(branch, name, "seq", "no list, one item a line")


def find_mapping(branch: Branch, name: str) -> Branch | None:
    """A block mapping by its key; ``None`` where it is missing.

    Raises
    ------
    NotSure
        If something else is there.
    """
    return _find_block(branch, name, "map", "no mapping, one key a line")


def _find_block(branch: Branch, name: str, kind: str, otherwise: str) -> Branch | None:
    entry = find_entry(branch, name)
    if entry is None:
        return None
    node = entry.node
    if not isinstance(node, Branch) or node.kind != kind or node.bracketed:
        raise NotSure(f"{name}: {otherwise}")
    return node


def find_text(node: Node, name: str) -> str:
    """The text of a key of a mapping; empty where there is none."""
    value = read_value(node)
    found = value.get((name,)) if isinstance(value, dict) else None
    return found if isinstance(found, str) else ""


def change_entry(branch: Branch, name: str, change: Callable[[Entry], Entry]) -> Branch:
    """The mapping with the entry of a key changed."""
    entries = [change(each) if each.key == (name,) else each for each in branch.entries]
    return branch._replace(entries=tuple(entries))


def insert_entries(branch: Branch, at: int, new: Iterable[Entry], column: int) -> Branch:
    """A block with entries inserted before one of its own.

    Parameters
    ----------
    column
        The column of the new entries so far.
    """
    shifted = [shift_entry(entry, branch.column - column, False) for entry in new]
    entries = _end_last(branch.entries)
    if branch.compact and at == 0:
        raise NotSure("something before the first key behind a dash")
    return branch._replace(entries=(*entries[:at], *_end_last(shifted), *entries[at:]))


def append_entries(branch: Branch, new: Iterable[Entry], column: int) -> Branch:
    """A block with entries added at its end."""
    return insert_entries(branch, len(branch.entries), new, column)


def _end_last(entries: Sequence[Entry]) -> tuple[Entry, ...]:
    """Entries, the last of which ends its line: a file may lack its last newline."""
    return (*entries[:-1], end_line(entries[-1])) if entries else ()


def end_line(entry: Entry) -> Entry:
    """An entry that ends its line."""
    node = entry.node
    if isinstance(node, Branch) and not node.bracketed and node.entries:
        return entry._replace(node=node._replace(entries=_end_last(node.entries)))
    return entry if write_content(entry).endswith("\n") else entry._replace(tail=f"{entry.tail}\n")
