"""Entries of one YAML tree set into another: text is moved, and all else stays as it is written."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from lisa_scaffold.formats.tree import Branch, Entry, Node, NotSure, Value, read_value, shift_entry


def find_entry(branch: Branch, name: str) -> Entry | None:
    """The entry of a mapping by its key."""
    return next((entry for entry in branch.entries if entry.key == (name,)), None)


def find_list(branch: Branch, name: str) -> Branch | None:
    """A block sequence by its key; ``None`` where it is missing.

    Raises
    ------
    NotSure
        If something else stands there.
    """
    entry = find_entry(branch, name)
    if entry is None:
        return None
    node = entry.node
    if not isinstance(node, Branch) or node.kind != "seq" or node.bracketed:
        raise NotSure(f"{name}: no list, one item a line")
    return node


def find_mapping(branch: Branch, name: str) -> Branch | None:
    """A block mapping by its key; ``None`` where it is missing.

    Raises
    ------
    NotSure
        If something else stands there.
    """
    entry = find_entry(branch, name)
    if entry is None:
        return None
    node = entry.node
    if not isinstance(node, Branch) or node.kind != "map" or node.bracketed:
        raise NotSure(f"{name}: no mapping, one key a line")
    return node


def find_text(node: Node, name: str) -> str:
    """The text under a key of a mapping; empty where there is none."""
    said: Value = read_value(node)
    found = said.get((name,)) if isinstance(said, dict) else None
    return found if isinstance(found, str) else ""


def change_entry(branch: Branch, name: str, change: Callable[[Entry], Entry]) -> Branch:
    """The mapping with the entry of a key changed."""
    entries = [change(each) if each.key == (name,) else each for each in branch.entries]
    return replace(branch, entries=tuple(entries))


def insert_entries(branch: Branch, at: int, new: Iterable[Entry], column: int) -> Branch:
    """A block with entries set in before one of its own.

    Parameters
    ----------
    column
        Where the new entries stood before.
    """
    shifted = [shift_entry(entry, branch.column - column, False) for entry in new]
    entries = [*_ended(branch.entries), *()]
    if branch.compact and at == 0:
        raise NotSure("something before the first key behind a dash")
    return replace(branch, entries=(*entries[:at], *_ended(shifted), *entries[at:]))


def append_entries(branch: Branch, new: Iterable[Entry], column: int) -> Branch:
    """A block with entries at its end."""
    return insert_entries(branch, len(branch.entries), new, column)


def _ended(entries: Sequence[Entry]) -> tuple[Entry, ...]:
    """Entries, the last of which ends its line: a file may lack its last newline."""
    if not entries:
        return ()
    last = entries[-1]
    return (*entries[:-1], end_line(last))


def end_line(entry: Entry) -> Entry:
    """An entry that ends its line."""
    node = entry.node
    if isinstance(node, Branch) and not node.bracketed and node.entries:
        inner = (*node.entries[:-1], end_line(node.entries[-1]))
        return replace(entry, node=replace(node, entries=inner))
    from lisa_scaffold.formats.tree import write_content

    return entry if write_content(entry).endswith("\n") else replace(entry, tail=f"{entry.tail}\n")
