"""A member that one side removed while the other side left it, moved its version, or changed it."""

from __future__ import annotations

import re
from collections.abc import Iterable

from lisa_scaffold.merge import align, kept, values
from lisa_scaffold.merge.nodes import (
    Branch,
    Entry,
    Leaf,
    Node,
    NotSure,
    Path,
    Value,
    comments,
    content,
    remarks,
    value,
)

_NAME = re.compile(r"[A-Za-z_][\w-]*")


def one_sided(  # noqa: PLR0913 - three versions, where they stand, what is said of them
    base: Entry | None,
    ours: Entry | None,
    theirs: Entry | None,
    path: Path,
    notes: list[str],
    *,
    strict: bool,
) -> Entry | None:
    """Merge a member that at least one side does not have; ``None``: it is not there.

    What the project changed stays though the template removed it, and what the project removed
    stays away though the template changed it, with a note. In a sequence whose order means
    something (`strict`) members depend on each other: there nobody can be sure.

    Raises
    ------
    NotSure
        If the member is not surely the same one.
    """
    left = ours or theirs
    if base is None or left is None:
        return left
    if _same(base, left):
        return None
    path = (*path, *label(left))
    pinned = values.only_pins(path, value(base.node), value(left.node))
    if pinned and _own_remarks(base) == _own_remarks(left):
        notes.append(_only_moved(base, left, path, by_ours=ours is not None))
        return None
    if strict or not any(label(left)) or label(base) != label(left):
        raise NotSure(f"{values.where(path)}: removed by one side, changed by the other")
    where, before = values.where(path), content(base)
    if ours is None:
        notes.append(kept.removed(where, before, content(left)))
        return None
    notes.append(kept.changed(where, before, content(left)))
    return ours


def label(member: Entry) -> Path:
    """What a path calls a member: its key, or the field that identifies it."""
    if member.key and not member.item:
        return member.key
    said = value(member.node)
    if isinstance(said, dict):
        found = align.identities([said])[0][0]
        return (*member.key, found[1] if isinstance(found, tuple) else "")
    named = values.split_requirement(values.text_of(said) or "")
    return (*member.key, values.normalised(named["name"]) if named else "")


def dangling(notes: Iterable[str], base: Branch, theirs: Branch, merged: Branch) -> str | None:
    """A key that the template removed, and that something names which stays for the project."""
    stays = {
        name for note in notes if isinstance(note, kept.Kept) for name in _NAME.findall(note.stays)
    }
    return min(stays & (_keys(base) - _keys(theirs) - _keys(merged)), default=None)


def _keys(node: Node) -> set[str]:
    if isinstance(node, Leaf):
        return set()
    own = {part for entry in node.entries for part in entry.key}
    return own.union(*(_keys(entry.node) for entry in node.entries))


def _only_moved(base: Entry, left: Entry, path: Path, *, by_ours: bool) -> str:
    who = ("template", "project") if by_ours else ("project", "template")
    moved = ", ".join(dict.fromkeys(_moved(value(base.node), value(left.node))))
    return (
        f"{values.where(path)}: the {who[0]} removed it and the {who[1]} only moved its "
        f"version ({moved}); it stays removed."
    )


def _moved(before: Value, after: Value) -> list[str]:
    match before, after:
        case dict(), dict():
            return [m for key in before for m in _moved(before[key], after[key])]
        case list(), list():
            pairs = zip(before, after, strict=True)
            return [m for old, new in pairs for m in _moved(old, new)]
        case _ if before != after:
            return [f"{values.text_of(before)} → {values.text_of(after)}"]
    return []


def _same(one: Entry, two: Entry) -> bool:
    return value(one.node) == value(two.node) and entry_remarks(one) == entry_remarks(two)


def entry_remarks(member: Entry) -> list[str]:
    """The comments above, inside and behind a member."""
    tail = member.tail.strip()
    return [*comments(member.lead), *remarks(member.node), *([tail] if tail else [])]


def _own_remarks(member: Entry) -> list[str]:
    """The comments of an entry, without those that name the version of a pin."""
    return [r for r in entry_remarks(member) if not values.VERSION_REMARK.fullmatch(r)]
