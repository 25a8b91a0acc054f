"""A member that one side removed while the other side left it, moved its version, or changed it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace

from lisa_scaffold import versions
from lisa_scaffold.formats.tree import (
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
from lisa_scaffold.merge import declined, match, values

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
    if value(base.node) == value(left.node):
        notes.append(_only_remarked(base, left, path, by_ours=ours is not None))
        return None
    pinned = values.only_pins(path, value(base.node), value(left.node))
    if pinned and _own_remarks(base) == _own_remarks(left):
        notes.append(_only_moved(base, left, path, by_ours=ours is not None))
        return None
    if strict or not any(label(left)) or not _one_member(base, left):
        raise NotSure(f"{values.where(path)}: removed by one side, changed by the other")
    if ours is None:
        notes.append(declined.removed(values.where(path), content(base), content(left)))
        return None
    return _stays(base, ours, path, notes)


def _stays(base: Entry, ours: Entry, path: Path, notes: list[str]) -> Entry:
    """What the project changed and the template removed; of a list what the project put in it."""
    own = values.own_part(path, value(base.node), value(ours.node))
    stays = ours if own is None else _only(ours, own)
    say = declined.changed if own is None else declined.own_items
    notes.append(say(values.where(path), content(base), content(stays)))
    return stays


def _only(entry: Entry, own: Value) -> Entry:
    """A list, or a table of lists, without all else."""
    node = entry.node
    if not isinstance(node, Branch):
        raise NotSure("no list")
    members = [member for member in node.entries if not isinstance(own, dict) or member.key in own]
    if isinstance(own, dict):
        members = [_only(member, own[member.key]) for member in members]
    else:
        members = [member for member in members if value(member.node) in own]
    if node.flow:
        if "\n" not in members[0].lead + node.entries[0].lead:
            members[0] = replace(members[0], lead=node.entries[0].lead)
        members[-1] = replace(members[-1], comma=node.entries[-1].comma)
    return replace(entry, node=replace(node, entries=tuple(members)))


def _one_member(one: Entry, two: Entry) -> bool:
    """Whether two versions are surely of one member: something that identifies it is the same."""
    return label(one) == label(two) or match.share_identity(value(one.node), value(two.node))


def label(member: Entry) -> Path:
    """What a path calls a member: its key, or the field that identifies it."""
    if member.key and not member.item:
        return member.key
    said = value(member.node)
    if isinstance(said, dict):
        found = match.identities([said])[0][0]
        return (*member.key, found[1] if isinstance(found, tuple) else "")
    named = versions.split_requirement(values.text_of(said) or "")
    return (*member.key, versions.normalised(named["name"]) if named else "")


def dangling(notes: Iterable[str], base: Branch, theirs: Branch, merged: Branch) -> str | None:
    """A key that the template removed, and that something names which stays for the project."""
    stays = {
        name
        for note in notes
        if isinstance(note, declined.Kept)
        for name in _NAME.findall(note.stays)
    }
    return min(stays & (_keys(base) - _keys(theirs) - _keys(merged)), default=None)


def _keys(node: Node) -> set[str]:
    if isinstance(node, Leaf):
        return set()
    own = {part for entry in node.entries for part in entry.key}
    return own.union(*(_keys(entry.node) for entry in node.entries))


def only_pins(base: Branch, ours: Branch) -> bool:
    """Whether the project moved pins, and changed nothing else."""
    one, two = (Entry((), "", "", side, "") for side in (base, ours))
    said = value(base), value(ours)
    return (
        said[0] != said[1]
        and values.only_pins((), *said)
        and _own_remarks(one) == _own_remarks(two)
    )


def _only_remarked(base: Entry, left: Entry, path: Path, *, by_ours: bool) -> str:
    who = ("template", "project") if by_ours else ("project", "template")
    before = entry_remarks(base)
    news = " ".join(remark for remark in entry_remarks(left) if remark not in before)
    said = "" if any(label(left)) else values.text_of(value(left.node)) or ""
    what = f"{values.where(path)}: {said}".removesuffix(": ")
    return f"{what}: the {who[0]} removed it, the {who[1]} changed its comment ({news}); both go."


def _only_moved(base: Entry, left: Entry, path: Path, *, by_ours: bool) -> str:
    moved = ", ".join(dict.fromkeys(_moved(value(base.node), value(left.node))))
    return only_moved(values.where(path), moved, by_ours=by_ours)


def only_moved(what: str, moved: str, *, by_ours: bool) -> str:
    """A note on what one side removed, and the other (`by_ours`: the project) moved the pin of."""
    who = ("template", "project") if by_ours else ("project", "template")
    return (
        f"{what}: the {who[0]} removed it and the {who[1]} only moved its "
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
    return [r for r in entry_remarks(member) if not versions.VERSION_REMARK.fullmatch(r)]
