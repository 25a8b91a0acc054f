"""Entries of one YAML tree set into another: text is moved, and all else stays as it is written."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from lisa_scaffold.formats.tree import Branch, Entry, Node, NotSure, Value, shift_entry, value


def member(branch: Branch, name: str) -> Entry | None:
    """The entry of a mapping by its key."""
    return next((entry for entry in branch.entries if entry.key == (name,)), None)


def listed(branch: Branch, name: str) -> Branch | None:
    """A block sequence by its key; ``None`` where it is missing.

    Raises
    ------
    NotSure
        If something else stands there.
    """
    entry = member(branch, name)
    if entry is None:
        return None
    node = entry.node
    if not isinstance(node, Branch) or node.kind != "seq" or node.flow:
        raise NotSure(f"{name}: no list, one item a line")
    return node


def table(branch: Branch, name: str) -> Branch | None:
    """A block mapping by its key; ``None`` where it is missing.

    Raises
    ------
    NotSure
        If something else stands there.
    """
    entry = member(branch, name)
    if entry is None:
        return None
    node = entry.node
    if not isinstance(node, Branch) or node.kind != "map" or node.flow:
        raise NotSure(f"{name}: no mapping, one key a line")
    return node


def text_at(node: Node, name: str) -> str:
    """The text under a key of a mapping; empty where there is none."""
    said: Value = value(node)
    found = said.get((name,)) if isinstance(said, dict) else None
    return found if isinstance(found, str) else ""


def with_member(branch: Branch, name: str, change: Callable[[Entry], Entry]) -> Branch:
    """The mapping with the entry of a key changed."""
    entries = [change(each) if each.key == (name,) else each for each in branch.entries]
    return replace(branch, entries=tuple(entries))


def inserted(branch: Branch, at: int, new: Iterable[Entry], column: int) -> Branch:
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


def appended(branch: Branch, new: Iterable[Entry], column: int) -> Branch:
    """A block with entries at its end."""
    return inserted(branch, len(branch.entries), new, column)


def _ended(entries: Sequence[Entry]) -> tuple[Entry, ...]:
    """Entries, the last of which ends its line: a file may lack its last newline."""
    if not entries:
        return ()
    last = entries[-1]
    return (*entries[:-1], with_end(last))


def with_end(entry: Entry) -> Entry:
    """An entry that ends its line."""
    node = entry.node
    if isinstance(node, Branch) and not node.flow and node.entries:
        inner = (*node.entries[:-1], with_end(node.entries[-1]))
        return replace(entry, node=replace(node, entries=inner))
    from lisa_scaffold.formats.tree import content

    return entry if content(entry).endswith("\n") else replace(entry, tail=f"{entry.tail}\n")
