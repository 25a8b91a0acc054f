"""What is special about lists: a list has an order, and often no key tells its items apart."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from lisa_scaffold.formats.tree import Branch, Entry, NotSure, Path, Value, comments, content, value
from lisa_scaffold.merge import declined, layout, match, values

Versions = tuple[Entry | None, Entry | None, Entry | None]


@dataclass(frozen=True)
class Members:
    """The members of three branches by slot."""

    slots: match.Slots
    versions: dict[int, Versions]
    kind: str
    strict: bool
    sortable: bool


def both_added(ours: Branch, theirs: Branch, path: Path, notes: list[str]) -> Branch | None:
    """One list of two that both sides added, where one holds the other or the last item wins.

    ``None``: take the items of both, each of which has a name or stands for itself. Where the
    order of the items means something, nobody can be sure.
    """
    said = [
        [(repr(value(e.node)), *_comments_of(e)) for e in side.entries] for side in (ours, theirs)
    ]
    if _within(said[1], said[0]):
        return ours
    notes.append(f"{values.where(path)}: both sides added it; it has the items of both.")
    if _within(said[0], said[1]):
        return theirs
    items = [[value(member.node) for member in side.entries] for side in (ours, theirs)]
    if values.is_last_wins(path):
        fresh = [
            e for e, item in zip(theirs.entries, items[1], strict=True) if item not in items[0]
        ]
        return layout.assemble(replace(ours, entries=()), ours, theirs, [*fresh, *ours.entries])
    if values.is_ordered(path) or values.list_kind(path, *items) == "ordered":
        raise NotSure(f"{values.where(path)}: a list that both sides added")
    return None


def _within(less: Sequence[object], more: Sequence[object]) -> bool:
    """Whether all items of one sequence stand in the other, in the same order."""
    rest = iter(more)
    return all(item in rest for item in less)


def in_order(sides: list[list[Entry]], said: list[list[Value]], path: Path) -> list[Entry]:
    """Merge lists whose order means something, as lines are merged."""
    texts = [
        [repr((v, _comments_of(e))) for v, e in zip(*s, strict=True)]
        for s in zip(said, sides, strict=True)
    ]
    picks = match.diff3(*texts)
    if picks is None:
        raise NotSure(f"{values.where(path)}: both sides changed the same place of a list")
    _no_return(said, [said[side][index] for side, index in picks], path)
    return [sides[side][index] for side, index in picks]


def _no_return(said: list[list[Value]], merged: list[Value], path: Path) -> None:
    """Refuse a list in which an item is back that one side moved and the other removed."""
    counts = [Counter(repr(item) for item in side) for side in (*said, merged)]
    for item, count in counts[3].items():
        old, mine, other = (side[item] for side in counts[:3])
        if count != (other if mine == old else mine) and old in (mine, other):
            raise NotSure(f"{values.where(path)}: one side moved an item, the other removed it")


def _comments_of(member: Entry) -> list[str]:
    return [*comments(member.lead), member.tail.strip()]


def crowded_out(members: Members, path: Path, notes: list[str]) -> set[int]:
    """Versions that the template adds next to one that the project removed: they are left out.

    Raises
    ------
    NotSure
        If the project adds one next to one that the template removed.
    """
    if members.kind != "set":
        return set()
    slots = members.slots
    base, ours, theirs = (
        [_said(members, slot) for slot in side] for side in (slots.base, slots.ours, slots.theirs)
    )
    if values.crowded_out(base, theirs, ours):
        raise NotSure(f"{values.where(path)}: added beside what the other side removed")
    out = values.crowded_out(base, ours, theirs)
    for index, removed in out.items():
        added = members.versions[slots.theirs[index]][2]
        text = content(added).strip() if added else ""
        notes.append(declined.crowded_out(values.where(path), text, values.text_of(removed) or ""))
    return {slots.theirs[index] for index in out}


def fixed_places(members: Members, out: set[int], path: Path) -> None:
    """Refuse where one side adds in place of what only the other removed, and resembles it."""
    if members.kind == "map":
        return
    for side, other in ((1, 2), (2, 1)):
        added = [s for s, v in members.versions.items() if v[side] and not v[0] and not v[other]]
        gone = [s for s, v in members.versions.items() if v[0] and not v[other]]
        mine = members.slots.ours if side == 1 else members.slots.theirs
        both = [s for s, v in members.versions.items() if v[1] and v[2] and not v[0]]
        for slot in added:
            if slot not in out and _replaces(members, mine, slot, gone, both, side):
                raise NotSure(f"{values.where(path)}: added in place of what is gone")


def _replaces(  # noqa: PLR0913, PLR0917 - all of them are needed
    members: Members, mine: list[int], slot: int, gone: list[int], both: list[int], side: int
) -> bool:
    """Whether an added member stands where the same side removed what the other removed too.

    Where both sides put the same there instead, nothing is unclear.
    """
    if members.kind == "requirements":
        return False
    stay = {s for s, v in members.versions.items() if v[0] and v[side]}
    place = match.gaps(mine, stay)[slot]
    if any(match.gaps(mine, stay)[s] == place for s in both):
        return False
    before = match.gaps(members.slots.base, stay)
    swapped = [s for s in gone if before.get(s) == place]
    return any(_resemble(_said(members, s), _said(members, slot)) for s in swapped)


def _said(members: Members, slot: int) -> Value:
    return next(value(found.node) for found in members.versions[slot] if found)


def _resemble(one: Value, two: Value) -> bool:
    first, second = values.text_of(one), values.text_of(two)
    if first is None or second is None:
        return True
    short, long = sorted((first, second), key=len)
    return long.startswith(short[: max(len(short) * 2 // 3, 1)])
