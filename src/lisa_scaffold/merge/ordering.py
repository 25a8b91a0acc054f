"""The order of matched members, where each side has one of its own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from itertools import groupby

from lisa_scaffold.formats.tree import Entry, NotSure, split_comments
from lisa_scaffold.merge import choice
from lisa_scaffold.merge.match import Slots

_walls: ContextVar[frozenset[str]] = ContextVar("comments of the base", default=frozenset())


@contextmanager
def divided_by(base: str) -> Iterator[None]:
    """Take the comments that have lines of their own in a base for walls between members."""
    lines = (line.strip() for line in base.split("\n"))
    token = _walls.set(frozenset(line for line in lines if line.startswith(("#", "//"))))
    try:
        yield
    finally:
        _walls.reset(token)


def order_slots(slots: Slots, keep: set[int], strict: bool) -> list[int]:
    """The slots to keep, in the order of the result.

    Where both sides add at the same place, ours come first. Where order means something
    (`strict`), that is not sure, nor is another order on both sides.
    """
    base, ours, theirs = slots.base, slots.ours, slots.theirs
    moved = [_pick_common(base, side) != _pick_common(side, base) for side in (ours, theirs)]
    if all(moved) and strict and _pick_common(ours, theirs) != _pick_common(theirs, ours):
        raise NotSure("both sides changed the order")
    theirs_first = moved[1] and not moved[0]
    first, second = (theirs, ours) if theirs_first else (ours, theirs)
    result = list(first)
    # What this side removed is put back in place: after what it may have put there instead.
    for index in range(len(base) - 1, -1, -1):
        if base[index] not in result:
            following = next((slot for slot in base[index + 1 :] if slot in result), None)
            at = len(result) if following is None else result.index(following)
            result.insert(at, base[index])
    known, inserted = set(result), (set(first) & keep) - set(base) - set(second)
    for index, slot in enumerate(second):
        if slot in known or slot not in keep:
            continue
        at = next((result.index(s) + 1 for s in reversed(second[:index]) if s in known), 0)
        replaced = _find_replaced(base, second, index)
        if replaced in known:
            place: int | None = max(result.index(replaced), at)
        else:
            place = _make_room(result, at, inserted, strict=strict, theirs_first=theirs_first)
        if place is not None:
            known.add(slot)
            result.insert(place, slot)
    return [slot for slot in result if slot in keep]


def respect_walls(
    order: list[int], versions: Mapping[int, tuple[Entry | None, Entry | None, Entry | None]]
) -> list[int]:
    """Keep what each side adds above or below a comment of the base where that side has it.

    Such a comment divides a list: between two of them may be what belongs to the project.
    """
    walls = _walls.get()
    if not walls:
        return order
    found: list[int] = []
    for is_added, group in groupby(order, lambda slot: versions[slot][0] is None):
        run, passed, ranks = [*group], [0, 0], dict[int, int]()
        for slot in run if is_added else ():
            _, ours, theirs = versions[slot]
            for side, entry in enumerate((ours, theirs)):
                passed[side] += len(walls & {*split_comments(entry.lead)}) if entry else 0
            ranks[slot] = max(n for n, e in zip(passed, (ours, theirs), strict=True) if e)
        found += sorted(run, key=lambda slot: ranks.get(slot, 0))
    return found


def _make_room(
    result: list[int], at: int, rivals: set[int], *, strict: bool, theirs_first: bool
) -> int | None:
    """Where a member belongs that is added at a place; `None`: nowhere, as its rivals stay."""
    start = end = at
    while end < len(result) and result[end] in rivals:
        end += 1
    while start and result[start - 1] in rivals:
        start -= 1
    if not strict or start == end:
        return at if theirs_first else end
    doubt = NotSure("both sides added at the same place")
    if choice.choose(not theirs_first, theirs_first, doubt):
        return None
    del result[start:end]
    return start


def _find_replaced(base: list[int], side: list[int], index: int) -> int:
    """The slot that a side removed where it added a member: they share a place (-1: none)."""
    before = next((s for s in reversed(side[:index]) if s in base), None)
    after = next((s for s in side[index:] if s in base), None)
    start = 0 if before is None else base.index(before) + 1
    removed = base[start : None if after is None else base.index(after)]
    return removed[0] if removed and not set(removed) & set(side) else -1


def _pick_common(one: list[int], two: list[int]) -> list[int]:
    there = set(two)
    return [slot for slot in one if slot in there]


def find_gaps(slots: list[int], stay: set[int]) -> dict[int, int]:
    """For each slot that does not stay, the one before it that does (-1: none)."""
    last, found = -1, {}
    for slot in slots:
        if slot in stay:
            last = slot
        else:
            found[slot] = last
    return found
