"""A list of YAML in one of its two forms: ``[a, b]``, or one item on each line."""

from __future__ import annotations

from lisa_scaffold.formats.tree import Branch, Entry, Leaf, find_remarks

_SPECIAL = set(",[]{}#&*!|>%@`\n")


def unify(
    base: Entry | None, ours: Entry, theirs: Entry
) -> tuple[Entry | None, Entry, Entry] | None:
    """The same members, with all lists in the form that the project gives its own.

    ``None`` where they are no such lists, are alike already, or cannot be written so.
    """
    sides = [side for side in (base, ours, theirs) if side and isinstance(side.node, Branch)]
    nodes = [side.node for side in sides if isinstance(side.node, Branch)]
    leaves = [entry.node for node in nodes for entry in node.entries]
    if (
        not (isinstance(ours.node, Branch) and isinstance(theirs.node, Branch))
        or any(node.kind != "seq" or not node.entries or find_remarks(node) for node in nodes)
        or len({node.bracketed for node in nodes}) == 1
        or not all(isinstance(leaf, Leaf) and _is_plain(leaf) for leaf in leaves)
    ):
        return None
    before = _write_like(base, ours) if base in sides else base
    return before, ours, _write_like(theirs, ours)


def _is_plain(leaf: Leaf) -> bool:
    if leaf.text[:1] in ("'", '"'):
        return "\n" not in leaf.text
    return bool(leaf.text) and not _SPECIAL & set(leaf.text) and ": " not in leaf.text


def _write_like(entry: Entry | None, like: Entry) -> Entry:
    """A list in the form of another one."""
    if entry is None or not isinstance(entry.node, Branch) or not isinstance(like.node, Branch):
        raise TypeError(entry)
    form = like.node
    last = len(entry.node.entries) - 1
    if form.bracketed:
        items = [
            item._replace(lead=" " if index else "", head="", tail="", comma=index < last)
            for index, item in enumerate(entry.node.entries)
        ]
    else:
        head = form.entries[0].head
        items = [
            item._replace(lead="", head=head, gap="", tail="\n", comma=False)
            for item in entry.node.entries
        ]
    return like._replace(lead=entry.lead, node=form._replace(entries=tuple(items)))
