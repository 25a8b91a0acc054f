"""Changes of TOML on the lossless tree that the merge uses; read where a fix is applied alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from lisa_scaffold.formats import toml
from lisa_scaffold.formats.literal import Names, quoted
from lisa_scaffold.formats.tree import Branch, Entry, Leaf, NotSure, write


def set_value(text: str, keys: Names, literal: str) -> str:
    """Give a key a value, making the key and its table where they are missing."""

    def change(tree: Branch) -> Branch:
        changed, done = _at(tree, keys, lambda entry: replace(entry, node=Leaf(literal, literal)))
        return changed if done else _added(tree, keys, literal)

    return _on_tree(text, change)


def remove_key(text: str, keys: Names) -> str:
    """Remove a key."""
    return _on_tree(text, lambda tree: _at(tree, keys, lambda _: None)[0])


def move_key(text: str, keys: Names, to: Names) -> str:
    """Give a key, or the header of a table, another place; nothing where that is taken."""

    def change(tree: Branch) -> Branch:
        taken: list[Entry] = []
        rest, done = _at(tree, keys, taken.append)
        if not done or _at(tree, to, lambda entry: entry)[1]:
            return tree
        if taken[0].head.startswith("["):
            return _renamed(tree, keys, to)
        return _with_entry(rest, to, replace(taken[0], key=(to[-1],)))

    return _on_tree(text, change)


def _renamed(tree: Branch, keys: Names, to: Names) -> Branch:
    head = f"[{'.'.join(map(_bare, to))}]\n"
    entries = (
        replace(entry, key=to, head=head) if entry.key == keys else entry for entry in tree.entries
    )
    return replace(tree, entries=tuple(entries))


def add_item(text: str, keys: Names, literal: str) -> str:
    """Add an item at the end of a list that is there."""
    return _on_list(text, keys, lambda node: _with_item(node, literal))


def replace_item(text: str, keys: Names, old: str, literal: str | None) -> str:
    """Put another item in the place of a text in a list, or remove it."""
    return _on_list(text, keys, lambda node: _with_replaced(node, old, literal))


def _on_list(text: str, keys: Names, changed: Callable[[Branch], Branch]) -> str:
    def change(entry: Entry) -> Entry:
        node = entry.node
        if not isinstance(node, Branch) or node.kind != "seq":
            raise NotSure("no list")
        return replace(entry, node=changed(node))

    return _on_tree(text, lambda tree: _at(tree, keys, change)[0])


def _on_tree(text: str, change: Callable[[Branch], Branch]) -> str:
    # What is added at the end begins a line of its own.
    ended = text if text.endswith("\n") else f"{text}\n"
    try:
        changed = write(change(toml.parse(ended)))
    except NotSure:
        return text
    return text if changed == ended else changed


def _at(
    branch: Branch, keys: Names, change: Callable[[Entry], Entry | None]
) -> tuple[Branch, bool]:
    """Change the entry of some keys, wherever its table stands; whether it is there."""
    entries: list[Entry] = []
    closing, done = branch.closing, False
    for entry in branch.entries:
        own = entry.key == keys[: len(entry.key)] and not entry.item and not done
        if own and entry.key == keys:
            done = True
            changed = change(entry)
            if changed is not None:
                entries.append(changed)
            continue
        if own and entry.key and isinstance(entry.node, Branch) and entry.node.kind == "map":
            inner, done = _at(entry.node, keys[len(entry.key) :], change)
            entries.append(replace(entry, node=inner))
            continue
        entries.append(entry)
    return replace(branch, entries=tuple(entries), closing=closing), done


def _added(tree: Branch, keys: Names, literal: str) -> Branch:
    """The tree with a new key, in its table where that is there."""
    name = keys[-1]
    new = Entry((name,), "", f"{_bare(name)} = ", Leaf(literal, literal), "\n")
    return _with_entry(tree, keys, new)


def _with_entry(tree: Branch, keys: Names, new: Entry) -> Branch:
    above = keys[:-1]
    for index, entry in enumerate(tree.entries):
        if entry.key == above and isinstance(entry.node, Branch) and not entry.item:
            if entry.node.bracketed:
                raise NotSure("an inline table")
            body = replace(entry.node, entries=(*entry.node.entries, new))
            changed = replace(entry, node=body)
            return replace(
                tree, entries=(*tree.entries[:index], changed, *tree.entries[index + 1 :])
            )
    if not above:
        return replace(tree, entries=(new, *tree.entries))
    header = f"[{'.'.join(map(_bare, above))}]\n"
    body = Branch("map", False, "", (new,), "")
    lead = "\n" if tree.entries else ""
    table = Entry(above, lead, header, body, "")
    at = _after_family(tree.entries, above)
    return replace(tree, entries=(*tree.entries[:at], table, *tree.entries[at:]))


def _after_family(entries: Sequence[Entry], above: Sequence[str]) -> int:
    """Where a new table goes: behind those that share its first two names, or at the end."""
    family = tuple(above[:2])
    at = [i for i, entry in enumerate(entries, 1) if entry.key[: len(family)] == family]
    return at[-1] if at else len(entries)


def _with_item(node: Branch, literal: str) -> Branch:
    last = node.entries[-1] if node.entries else None
    item = Leaf(literal, literal)
    if last is None:
        blank = " " if node.closing.startswith(" ") or node.opening.endswith(" ") else ""
        return replace(node, entries=(Entry((), blank, "", item, ""),))
    new = replace(last, node=item, tail="", head="", lead=_own_lead(node))
    before = replace(last, comma=True)
    return replace(node, entries=(*node.entries[:-1], before, new))


def _own_lead(node: Branch) -> str:
    """The white space in front of an item."""
    first, last = node.entries[0], node.entries[-1]
    lead = last.lead if len(node.entries) > 1 else first.lead
    if "\n" in lead:
        return "\n" + lead.rpartition("\n")[2]
    return lead if len(node.entries) > 1 else " "


def _with_replaced(node: Branch, old: str, literal: str | None) -> Branch:
    entries: list[Entry] = []
    for entry in node.entries:
        if not (isinstance(entry.node, Leaf) and entry.node.value == old):
            entries.append(entry)
        elif literal is not None:
            entries.append(replace(entry, node=Leaf(literal, literal)))
    if entries and len(entries) < len(node.entries):
        if entries[-1] is not node.entries[-1]:
            entries[-1] = replace(entries[-1], comma=node.entries[-1].comma)
        if entries[0] is not node.entries[0] and "\n" not in entries[0].lead:
            entries[0] = replace(entries[0], lead=node.entries[0].lead)
    return replace(node, entries=tuple(entries))


def _bare(name: str) -> str:
    return (
        name
        if name.replace("-", "").replace("_", "").isalnum() and name.isascii()
        else quoted(name)
    )
