"""Three-way merge of an ordered set: units that each have a name of their own.

A unit is a stretch of lines: a pattern, an instruction, a definition, with the comments above it.
Its place matters less than its being there, so two units added at one place are no conflict in
themselves.
"""

from __future__ import annotations

from bisect import insort
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import Any, NamedTuple

from lisa_scaffold.formats.stretches import Unit, Units, numbered
from lisa_scaffold.merge import declined
from lisa_scaffold.merge.declined import Kept
from lisa_scaffold.merge.effort import refuse_many
from lisa_scaffold.merge.text import likeness

_HEIR = 0.5
_NEARLY = 0.9
_LONGEST = 4000
Both = Callable[[Unit | None, Unit, Unit], tuple[Sequence[str], Iterable[str]] | None]
"""Merge a unit that both sides changed (or added, without a base): its lines, and notes."""
Gone = Callable[[Unit, "Unit | None", "Unit | None"], "tuple[Unit | None, str] | None"]
"""Decide about a unit that one side removed and the other changed: what stays, and a note."""
Together = Callable[[Unit | None, list[Unit], list[Unit]], list[Unit] | None]
"""Order what ours and theirs added at one place, after the unit given."""


class _Sides(NamedTuple):
    base: dict[Hashable, Unit]
    ours: dict[Hashable, Unit]
    theirs: dict[Hashable, Unit]


def merge_units(  # noqa: PLR0913
    base: Units,
    ours: Units,
    theirs: Units,
    both: Both,
    together: Together,
    *,
    gone: Gone | None = None,
    heirs: bool = True,
    free: bool = False,
) -> tuple[list[Unit], tuple[str, ...]] | None:
    """The units of both sides, or ``None`` where they contradict each other.

    With ``heirs``, a unit that is gone on both sides, with one much like it on one side alone,
    was replaced there and removed here: a contradiction. A unit that one side removed and the
    other changed is one, too, unless ``gone`` decides about it. Where the order means nothing
    (``free``), the project's stands if both sides changed it.
    """
    refuse_many(len(base), len(ours), len(theirs))
    sides = _Sides(*({unit.key: unit for unit in numbered(side)} for side in (base, ours, theirs)))
    if heirs and _removed_and_replaced(sides):
        return None
    notes = _decide_gone(sides, gone, heirs=heirs)
    order = None if notes is None else _order(sides, together, free=free)
    if notes is None or order is None:
        return None
    merged: list[Unit] = []
    for key in order:
        won = _one(key, sides, both)
        if won is None:
            return None
        merged.append(won[0])
        notes += won[1]
    return merged, tuple(notes)


def in_turn(_before: Unit | None, mine: list[Unit], yours: list[Unit]) -> list[Unit] | None:
    """First what the project added, then what the template added."""
    return mine + yours


def in_blocks(
    before: Unit | None,
    mine: list[Unit],
    yours: list[Unit],
    rank: Callable[[Unit], Any],
    heads: Callable[[Unit], bool],
) -> list[Unit]:
    """Additions of both sides: each stays in its block, in order where the block is in order."""
    first, second = (
        next((i for i, unit in enumerate(side) if unit.gap or heads(unit)), len(side))
        for side in (mine, yours)
    )
    head = _in_order(before, mine[:first], yours[:second], rank)
    return [*head, *mine[first:], *yours[second:]]


def _in_order(
    before: Unit | None, mine: list[Unit], yours: list[Unit], rank: Callable[[Unit], Any]
) -> list[Unit]:
    lead = [before] if before else []
    for side in (mine, yours):
        ranks = [rank(unit) for unit in (*lead, *side)]
        if ranks != sorted(ranks):
            return mine + yours
    merged = list(mine)
    for unit in yours:
        insort(merged, unit, key=rank)
    return merged


def _decide_gone(sides: _Sides, gone: Gone | None, *, heirs: bool) -> list[str] | None:
    """Take out of the sides what one removed and the other changed; ``None``: nobody knows."""
    base, ours, theirs = sides
    notes: list[str] = []
    for key, unit in list(base.items()):
        mine, yours = ours.get(key), theirs.get(key)
        left = mine or yours
        if left is None or (mine and yours) or left.lines == unit.lines:
            continue
        decided = gone(unit, mine, yours) if gone and not _repeated(sides, key) else None
        renamed = heirs and decided and isinstance(decided[1], Kept) and _has_heir(sides, key)
        if decided is None or renamed:
            return None
        notes.append(decided[1])
        # To the rest of the merge it is new, or was never there.
        del base[key]
        for side in (side for side in (ours, theirs) if key in side):
            if decided[0] is None:
                del side[key]
            else:
                side[key] = decided[0]._replace(key=key)
    return notes


def _repeated(sides: _Sides, key: Hashable) -> bool:
    """Whether a side has the name of a unit twice: nobody knows which of the two went."""
    match key:
        case (name, int()):
            return any((name, 2) in side for side in sides)
    return False


def _has_heir(sides: _Sides, key: Hashable) -> bool:
    """Whether the side without a unit may have renamed it, or has its lines elsewhere."""
    base, ours, theirs = sides
    without, other = (theirs, ours) if key in ours else (ours, theirs)
    if any(
        alike(base[key], unit) >= _HEIR
        for new, unit in without.items()
        if new not in base and new not in other
    ):
        return True
    own = _count([base[key]])
    elsewhere = _count(without.values()) - (_count(base.values()) - own)
    return 2 * (elsewhere & own).total() >= own.total()


def _count(units: Iterable[Unit]) -> Counter[str]:
    return Counter(line.strip() for unit in units for line in unit.lines if line.strip())


def project_decides(what: Callable[[Unit], str]) -> Gone:
    """A decision for the project: what it changed stays, what it removed stays away."""

    def decide(base: Unit, ours: Unit | None, theirs: Unit | None) -> tuple[Unit | None, str]:
        before = "\n".join(base.lines)
        if ours is None:
            after = "\n".join(theirs.lines) if theirs else ""
            return None, declined.removed(what(base), before, after)
        return ours, declined.changed(what(base), before, "\n".join(ours.lines))

    return decide


def _removed_and_replaced(sides: _Sides) -> bool:
    base, ours, theirs = sides
    gone = [base[key] for key in base if key not in ours and key not in theirs]
    new = [
        one[key]
        for one, other in ((ours, theirs), (theirs, ours))
        for key in one
        if key not in other and key not in base
    ]
    return any(alike(unit, heir) >= _HEIR for unit in gone for heir in new)


def one_sided(
    base: tuple[str, ...], ours: tuple[str, ...], theirs: tuple[str, ...]
) -> tuple[str, ...] | None:
    """The lines of the side that changed them; ``None`` where both did, each in its own way."""
    if ours == base:
        return theirs
    return ours if theirs in (base, ours) else None


def alike(first: Unit, second: Unit) -> float:
    """How much two units share, from 0 to 1."""
    texts = ("\n".join(unit.lines)[:_LONGEST] for unit in (first, second))
    return likeness(*texts)


def carried_over(
    what: str, ours: Unit, theirs: Unit
) -> tuple[Sequence[str], tuple[str, ...]] | None:
    """A unit that both sides added, nearly alike: the project took it over, its edits stay."""
    if alike(ours, theirs) < _NEARLY:
        return None
    texts = ["\n".join(unit.lines) for unit in (ours, theirs)]
    return ours.lines, (declined.carried_over(what, *texts),)


def adopted(base: Units, side: Units, *, nameless: Callable[[Unit], bool]) -> list[Unit]:
    """The units of a side, where an edited unit without a name of its own keeps the base's key."""
    known, present = {unit.key for unit in base}, {unit.key for unit in side}
    free = [unit for unit in base if nameless(unit) and unit.key not in present]
    found: list[Unit] = []
    for unit in side:
        heir = unit
        if nameless(unit) and unit.key not in known and free:
            best = max(free, key=lambda old: alike(old, unit))
            if alike(best, unit) >= _HEIR:
                # What stands above the match was removed: edits keep their order.
                del free[: free.index(best) + 1]
                heir = unit._replace(key=best.key)
        found.append(heir)
    return found


def _one(key: Hashable, sides: _Sides, both: Both) -> tuple[Unit, Iterable[str]] | None:
    base, ours, theirs = (side.get(key) for side in sides)
    if ours is None or theirs is None:
        only = ours or theirs
        return None if only is None else (only, ())
    gap = theirs.gap if base is not None and ours.gap == base.gap else ours.gap
    if ours.lines == theirs.lines or (base and theirs.lines == base.lines):
        return Unit(key, gap, ours.lines), ()
    if base and ours.lines == base.lines:
        return Unit(key, gap, theirs.lines), ()
    done = both(base, ours, theirs)
    return None if done is None else (Unit(key, gap, tuple(done[0])), done[1])


def _order(sides: _Sides, together: Together, *, free: bool) -> list[Hashable] | None:
    """Every key of the result in its place."""
    base, ours, theirs = sides
    common = base.keys() & ours.keys() & theirs.keys()
    was, mine, yours = ([key for key in side if key in common] for side in sides)
    if not free and mine not in (was, yours) and yours != was:
        return None
    lead, other = (theirs, ours) if mine == was else (ours, theirs)
    order = [key for key in lead if key in other or key not in base]
    places = _places(lead, other, base, set(order))
    for before, run in places:
        at = order.index(before) + 1 if before is not None else 0
        end = at
        while end < len(order) and order[end] not in base and order[end] not in other:
            end += 1
        beside = [lead[key] for key in order[at:end]]
        added = [other[key] for key in run]
        anchor = lead.get(before) if before is not None else None
        mixed: list[Unit] | None = added
        if beside:
            pair = (added, beside) if lead is theirs else (beside, added)
            mixed = together(anchor, *pair)
        if mixed is None:
            return None
        order[at:end] = [unit.key for unit in mixed] if beside else [*run]
    return order


def _places(
    lead: dict[Hashable, Unit],
    other: dict[Hashable, Unit],
    base: dict[Hashable, Unit],
    present: set[Hashable],
) -> list[tuple[Hashable | None, list[Hashable]]]:
    """Runs of keys that only ``other`` has, each with the key of the result that it follows."""
    places: list[tuple[Hashable | None, list[Hashable]]] = []
    before: Hashable | None = None
    fresh = True
    for key in other:
        if key in present:
            before, fresh = key, True
        elif key not in base and key not in lead:
            if fresh:
                places.append((before, []))
            places[-1][1].append(key)
            fresh = False
    return places
