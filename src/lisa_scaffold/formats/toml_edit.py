"""Changes of TOML on its lossless tree, so that all else stays as it is written."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import reduce

from lisa_scaffold.formats import toml
from lisa_scaffold.formats.literal import Names, quoted
from lisa_scaffold.formats.tree import Branch, Entry, Leaf, NotSure, write


def set_value(text: str, keys: Names, literal: str) -> str:
    """Give a key a value, making the key and its table where they are missing."""

    def change(tree: Branch) -> Branch:
        leaf = Leaf(literal, literal)
        changed, done = _change_entry(tree, keys, lambda entry: entry._replace(node=leaf))
        if done:
            return changed
        return _add_entry(
            tree, keys, Entry(keys[-1:], "", f"{_write_key(keys[-1:])} = ", leaf, "\n")
        )

    return _change_tree(text, change)


def move_key(text: str, keys: Names, to: Names) -> str:
    """Give a key, or the header of a table, another place or name; nothing where that is taken."""

    def change(tree: Branch) -> Branch:
        taken: list[Entry] = []
        rest, done = _change_entry(tree, keys, taken.append)
        if not done or _change_entry(tree, to, lambda entry: entry)[1]:
            return tree
        if taken[0].head.startswith("["):
            head = f"[{_write_key(to)}]\n"
            entries = [e._replace(key=to, head=head) if e.key == keys else e for e in tree.entries]
            return tree._replace(entries=tuple(entries))
        head = taken[0].head if to[-1] == keys[-1] else f"{_write_key(to[-1:])} = "
        return _add_entry(rest, to, taken[0]._replace(key=(to[-1],), head=head))

    return _change_tree(text, change)


def remove_key(text: str, keys: Names) -> str:
    """Remove a key, or a table, where it is there."""
    return _change_tree(text, lambda tree: _change_entry(tree, keys, lambda _: None)[0])


def add_items(text: str, keys: Names, literals: Iterable[str]) -> str:
    """Add items at the end of a list that is there, all at once: a text is read for each change."""
    return _change_list(text, keys, lambda node: reduce(_add_item, literals, node))


def _add_item(node: Branch, literal: str) -> Branch:
    item = Leaf(literal, literal)
    if not node.entries:
        blank = " " if node.closing.startswith(" ") or node.opening.endswith(" ") else ""
        return node._replace(entries=(Entry((), blank, "", item, ""),))
    *others, last = node.entries
    lead = last.lead
    if "\n" in lead:
        lead = "\n" + lead.rpartition("\n")[2]
    elif not others:
        lead = " "
    new = last._replace(node=item, tail="", head="", lead=lead)
    return node._replace(entries=(*others, last._replace(comma=True), new))


def replace_item(text: str, keys: Names, old: str, literal: str | None) -> str:
    """Replace a text in a list by another item, or remove it."""

    def change(node: Branch) -> Branch:
        entries: list[Entry] = []
        for entry in node.entries:
            if not (isinstance(entry.node, Leaf) and entry.node.value == old):
                entries.append(entry)
            elif literal is not None:
                like = _quote_like(entry.node, literal)
                entries.append(entry._replace(node=Leaf(like, like)))
        if entries and len(entries) < len(node.entries):
            if entries[-1] is not node.entries[-1]:
                entries[-1] = entries[-1]._replace(comma=node.entries[-1].comma)
            if entries[0] is not node.entries[0] and "\n" not in entries[0].lead:
                entries[0] = entries[0]._replace(lead=node.entries[0].lead)
        return node._replace(entries=tuple(entries))

    return _change_list(text, keys, change)


def _quote_like(old: Leaf, literal: str) -> str:
    """A text in the quotes of what it replaces, where it can stand in them."""
    inner = literal[1:-1]
    is_plain = old.text.startswith("'") and not old.text.startswith("'''")
    is_plain = is_plain and literal == f'"{inner}"' and not {"'", "\\"} & {*inner}
    return f"'{inner}'" if is_plain else literal


def _change_list(text: str, keys: Names, change: Callable[[Branch], Branch]) -> str:
    def change_entry(entry: Entry) -> Entry:
        node = entry.node
        if not isinstance(node, Branch) or node.kind != "seq":
            raise NotSure("no list")
        return entry._replace(node=change(node))

    return _change_tree(text, lambda tree: _change_entry(tree, keys, change_entry)[0])


def _change_tree(text: str, change: Callable[[Branch], Branch]) -> str:
    # What is added at the end begins a line of its own.
    ended = text if text.endswith("\n") else f"{text}\n"
    try:
        changed = write(change(toml.parse(ended)))
    except NotSure:
        return text
    return text if changed == ended else changed


def _change_entry(
    branch: Branch, keys: Names, change: Callable[[Entry], Entry | None]
) -> tuple[Branch, bool]:
    """Change the entry of some keys, wherever its table is; whether it is there."""
    entries: list[Entry] = []
    done = False
    for entry in branch.entries:
        size = len(entry.key)
        changed: Entry | None = entry
        if entry.key == keys[:size] and not entry.item and not done:
            if entry.key == keys:
                changed, done = change(entry), True
            elif size and isinstance(entry.node, Branch) and entry.node.kind == "map":
                inner, done = _change_entry(entry.node, keys[size:], change)
                changed = entry._replace(node=inner)
        if changed is not None:
            entries.append(changed)
    return branch._replace(entries=tuple(entries)), done


def _add_entry(tree: Branch, keys: Names, new: Entry) -> Branch:
    """The tree with a new entry, in its table where that is there."""
    entries, above = tree.entries, keys[:-1]
    for index, entry in enumerate(entries):
        if entry.key == above and isinstance(entry.node, Branch) and not entry.item:
            if entry.node.bracketed:
                raise NotSure("an inline table")
            body = entry.node._replace(entries=(*entry.node.entries, new))
            changed = entry._replace(node=body)
            return tree._replace(entries=(*entries[:index], changed, *entries[index + 1 :]))
    if not above:
        return tree._replace(entries=(new, *entries))
    body = Branch("map", False, "", (new,), "")
    table = Entry(above, "\n" if entries else "", f"[{_write_key(above)}]\n", body, "")
    # A new table goes behind those that share its first two names, or at the end.
    family = above[:2]
    places = [i for i, entry in enumerate(entries, 1) if entry.key[: len(family)] == family]
    at = places[-1] if places else len(entries)
    return tree._replace(entries=(*entries[:at], table, *entries[at:]))


def _write_key(keys: Names) -> str:
    bare = (key.replace("-", "").replace("_", "") for key in keys)
    return ".".join(
        key if part.isalnum() and key.isascii() else quoted(key)
        for key, part in zip(keys, bare, strict=True)
    )
