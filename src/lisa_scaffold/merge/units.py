"""Three-way merge of an ordered set: units that each have a name of their own.

A unit is a stretch of lines: a pattern, an instruction, a definition, with the comments above it.
Its place matters less than its presence, so two units added at one place are no conflict in
themselves.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import Any, NamedTuple

from lisa_scaffold.formats.stretches import Unit, Units, number_units
from lisa_scaffold.merge import choice, declined
from lisa_scaffold.merge.declined import Declined, Note
from lisa_scaffold.merge.effort import refuse_many
from lisa_scaffold.merge.words import measure_likeness

_HEIR = 0.5
_NEARLY = 0.9
_LONGEST = 4000

MergedUnit = tuple[Sequence[str], tuple[Note, ...]]
MergeBoth = Callable[[Unit | None, Unit, Unit], MergedUnit | None]
"""Merge a unit that both sides changed (or added, without a base): its lines, and notes."""
DecideRemoved = Callable[[Unit, "Unit | None", "Unit | None"], "tuple[Unit | None, Note] | None"]
"""Decide about a unit that one side removed and the other changed: what stays, and a note."""
Parts = Callable[[Unit, Unit], bool]
"""Whether what one side made of a unit, by its words, is another one in its place."""
PlaceTogether = Callable[[Unit | None, list[Unit], list[Unit]], list[Unit] | None]
"""Order what ours and theirs added at one place, after the unit given."""


class _Sides(NamedTuple):
    base: dict[Hashable, Unit]
    ours: dict[Hashable, Unit]
    theirs: dict[Hashable, Unit]


def merge_units(  # noqa: PLR0913
    base: Units,
    ours: Units,
    theirs: Units,
    both: MergeBoth,
    together: PlaceTogether,
    *,
    removed: DecideRemoved | None = None,
    heirs: bool = True,
    free: bool = False,
    steady: bool = False,
    parts: Parts = lambda *_: False,
) -> tuple[list[Unit], tuple[Note, ...]] | None:
    """The units of both sides, or ``None`` where they contradict each other.

    With ``heirs``, a unit that both sides lack, with one much like it on one side only, was
    replaced there and removed here: a contradiction, unless that one is of another kind
    (``parts``). So is a unit that one side removed and the other changed, unless ``removed``
    decides about it. Where the order means nothing (``free``), the project's stands if both sides
    changed it. What is new stays below the unit that it follows, or (``steady``) below the nearest
    that the other side has not moved. Where a side is taken in doubt, its units stand in the place
    of those that contradict each other; only the order of all of them still may.
    """
    refuse_many(len(base), len(ours), len(theirs))
    sides = _Sides(
        *({unit.key: unit for unit in number_units(side)} for side in (base, ours, theirs))
    )
    if heirs and not _settle_replaced(sides, parts):
        return None
    notes = _decide_removed(sides, removed, heirs=heirs)
    order = None if notes is None else _order_keys(sides, together, free=free, steady=steady)
    if notes is None or order is None:
        return None
    merged: list[Unit] = []
    for key in order:
        done = _merge_unit(key, sides, both) or _take_doubtful(key, sides)
        if done is None:
            return None
        merged.append(done[0])
        notes += done[1]
    return merged, tuple(notes)


def place_in_turn(_before: Unit | None, ours: list[Unit], theirs: list[Unit]) -> list[Unit] | None:
    """Place the project's additions above the template's."""
    return ours + theirs


def place_in_blocks(
    before: Unit | None,
    ours: list[Unit],
    theirs: list[Unit],
    is_head: Callable[[Unit], bool],
    rank: Callable[[Unit], Any] = lambda unit: unit.lines[0].casefold(),
) -> list[Unit]:
    """Place additions of both sides in their blocks, sorted where the block is sorted.

    Parameters
    ----------
    is_head
        Whether a unit begins a block.
    rank
        What a block is sorted by.
    """
    first, second = (
        next((i for i, unit in enumerate(side) if unit.gap or is_head(unit)), len(side))
        for side in (ours, theirs)
    )
    block = [*ours[:first], *theirs[:second]]
    lead = [before] if before else []
    ranks = [[rank(u) for u in (*lead, *side)] for side in (ours[:first], theirs[:second])]
    if all(side == sorted(side) for side in ranks):
        block.sort(key=rank)
    return [*block, *ours[first:], *theirs[second:]]


def let_project_decide(describe: Callable[[Unit], str]) -> DecideRemoved:
    """Let the project decide: what it changed stays, what it removed stays removed."""

    def decide(base: Unit, ours: Unit | None, theirs: Unit | None) -> tuple[Unit | None, Note]:
        before = "\n".join(base.lines)
        if ours is None:
            after = "\n".join(theirs.lines) if theirs else ""
            return None, declined.note_removed(describe(base), before, after)
        return ours, declined.note_changed(describe(base), before, "\n".join(ours.lines))

    return decide


def pick_changed(
    base: tuple[str, ...], ours: tuple[str, ...], theirs: tuple[str, ...]
) -> tuple[str, ...] | None:
    """The lines of the side that changed them; ``None`` where both did, each in its own way."""
    if ours == base:
        return theirs
    return ours if theirs in (base, ours) else None


def merge_comments(
    what: str, base: tuple[str, ...], ours: tuple[str, ...], theirs: tuple[str, ...]
) -> MergedUnit | None:
    """The comments above something; ``None`` where both sides changed them, each in its own way.

    Where one side removed them, others that the other side put in their place stay; of what both
    added nearly alike, the project's.
    """
    picked = pick_changed(base, ours, theirs)
    if picked is not None:
        return picked, ()
    left = {*filter(None, base)} & {*ours, *theirs}
    if base and not left and not (ours and theirs):
        return ours or theirs, ()
    if base or not (ours and theirs):
        return None
    return decline_carried_over(what, *(Unit(what, 0, lines) for lines in (ours, theirs)))


def measure_likeness_of_units(first: Unit, second: Unit) -> float:
    """How much two units share, from 0 to 1."""
    texts = ("\n".join(unit.lines)[:_LONGEST] for unit in (first, second))
    return measure_likeness(*texts)


def decline_carried_over(what: str, ours: Unit, theirs: Unit) -> MergedUnit | None:
    """Keep a unit that both sides added, nearly alike: the project copied it, its edits stay."""
    if measure_likeness_of_units(ours, theirs) < _NEARLY:
        return None
    texts = ["\n".join(unit.lines) for unit in (ours, theirs)]
    return ours.lines, (declined.note_carried_over(what, *texts),)


def adopt_keys(
    base: Units,
    side: Units,
    *,
    is_nameless: Callable[[Unit], bool],
    parts: Parts = lambda *_: False,
) -> list[Unit]:
    """The units of a side, where an edited unit without a name of its own has the base's key."""
    known, present = {unit.key for unit in base}, {unit.key for unit in side}
    free = [unit for unit in base if is_nameless(unit) and unit.key not in present]
    found: list[Unit] = []
    for unit in side:
        heir = unit
        if is_nameless(unit) and unit.key not in known and free:
            best = max(free, key=lambda old: measure_likeness_of_units(old, unit))
            if measure_likeness_of_units(best, unit) >= _HEIR and not parts(best, unit):
                # What is above the match was removed: edits do not change the order.
                del free[: free.index(best) + 1]
                heir = unit._replace(key=best.key)
        found.append(heir)
    return found


def _settle_replaced(sides: _Sides, parts: Parts) -> bool:
    """Settle where one side replaced, by something similar, a unit that the other removed.

    Returns whether that could be done: by the side that is taken in doubt.
    """
    base, ours, theirs = sides
    missing = [base[key] for key in base if key not in ours and key not in theirs]
    for number, one, other in ((choice.OURS, ours, theirs), (choice.THEIRS, theirs, ours)):
        for key in [key for key in one if key not in other and key not in base]:
            if any(
                measure_likeness_of_units(unit, one[key]) >= _HEIR and not parts(unit, one[key])
                for unit in missing
            ):
                if not choice.find_side():
                    return False
                if choice.find_side() != number:
                    del one[key]
    return True


def _take_doubtful(key: Hashable, sides: _Sides) -> tuple[Unit, tuple[Note, ...]] | None:
    """A unit that both sides have, as the side has it that is taken in doubt."""
    return (sides[choice.find_side()][key], ()) if choice.find_side() else None


def _decide_removed(
    sides: _Sides, removed: DecideRemoved | None, *, heirs: bool
) -> list[Note] | None:
    """Take units that one side removed and the other changed out of the sides.

    ``None`` where nobody can decide about one.
    """
    base, ours, theirs = sides
    notes: list[Note] = []
    for key, unit in list(base.items()):
        our_unit, their_unit = ours.get(key), theirs.get(key)
        left = our_unit or their_unit
        if left is None or (our_unit and their_unit) or left.lines == unit.lines:
            continue
        decided = removed(unit, our_unit, their_unit) if removed else None
        match key:
            # A side has this name twice: nobody knows which of the two was removed.
            case (name, int()) if any((name, 2) in side for side in sides):
                decided = None
        found = heirs and isinstance(decided and decided[1], Declined) and _find_heirs(sides, key)
        if decided is None or found:
            if not choice.find_side():
                return None
            # As the side has it that is taken in doubt, the other's heirs of it included.
            without = theirs if our_unit else ours
            if sides[choice.find_side()] is not without:
                for heir in _find_heirs(sides, key):
                    without.pop(heir, None)
            decided = sides[choice.find_side()].get(key), ""
        stays, note = decided
        notes += [note] if note else []
        # To the rest of the merge the unit is new, or was never there.
        del base[key]
        for side in (side for side in (ours, theirs) if key in side):
            if stays is None:
                del side[key]
            else:
                side[key] = stays._replace(key=key)
    return notes


def _find_heirs(sides: _Sides, key: Hashable) -> list[Hashable]:
    """What the side without a unit may have made of it; the unit itself if its lines are around."""
    base, ours, theirs = sides
    without, other = (theirs, ours) if key in ours else (ours, theirs)
    heirs = [
        new
        for new, unit in without.items()
        if new not in base and new not in other
        if measure_likeness_of_units(base[key], unit) >= _HEIR
    ]
    own = _count_lines([base[key]])
    elsewhere = _count_lines(without.values()) - (_count_lines(base.values()) - own)
    is_around = 2 * (elsewhere & own).total() >= own.total()
    return heirs or ([key] if is_around else [])


def _count_lines(units: Iterable[Unit]) -> Counter[str]:
    return Counter(line.strip() for unit in units for line in unit.lines if line.strip())


def _merge_unit(
    key: Hashable, sides: _Sides, both: MergeBoth
) -> tuple[Unit, tuple[Note, ...]] | None:
    base, ours, theirs = (side.get(key) for side in sides)
    if ours is None or theirs is None:
        only = ours or theirs
        return None if only is None else (only, ())
    gap = (theirs.gap if base is not None and ours.gap == base.gap else 0) or ours.gap
    if ours.lines == theirs.lines or (base and theirs.lines == base.lines):
        return Unit(key, gap, ours.lines), ()
    if base and ours.lines == base.lines:
        return Unit(key, gap, theirs.lines), ()
    choice.count_doubtful()
    done = both(base, ours, theirs)
    return None if done is None else (Unit(key, gap, tuple(done[0])), done[1])


def _order_keys(
    sides: _Sides, together: PlaceTogether, *, free: bool, steady: bool
) -> list[Hashable] | None:
    """Every key of the result in its place; ``None`` where both sides changed the order."""
    base, ours, theirs = sides
    common = base.keys() & ours.keys() & theirs.keys()
    before, our_order, their_order = ([key for key in side if key in common] for side in sides)
    if not free and our_order not in (before, their_order) and their_order != before:
        return None
    lead, other = (theirs, ours) if our_order == before else (ours, theirs)
    order = [key for key in lead if key in other or key not in base]
    moved = _find_moved(our_order if lead is ours else their_order, before) if steady else set()
    for above, run in _find_runs(lead, other, base, set(order) - moved):
        at = order.index(above) + 1 if above is not None else 0
        end = at
        while end < len(order) and order[end] not in base and order[end] not in other:
            end += 1
        if at == end:
            order[at:at] = run
            continue
        beside, added = [lead[key] for key in order[at:end]], [other[key] for key in run]
        anchor = lead.get(above) if above is not None else None
        pair = (added, beside) if lead is theirs else (beside, added)
        placed = together(anchor, *pair)
        if placed is None:
            if not choice.find_side():
                return None
            placed = pair[choice.find_side() - 1]
        order[at:end] = [unit.key for unit in placed]
    return order


def _find_moved(order: list[Hashable], before: list[Hashable]) -> set[Hashable]:
    """The keys that one side has moved: as few as let the others stand as they stood.

    Of two that have changed places it is the upper one: what follows is what a unit is made for.
    """
    places = {key: -at for at, key in enumerate(before)}
    tails: list[int] = []  # of the rows that rise, seen from below: the lowest end of each length
    previous: dict[int, int | None] = {}
    for place in (places[key] for key in reversed(order)):
        at = bisect_left(tails, place)
        previous[place] = tails[at - 1] if at else None
        tails[at : at + 1] = [place]
    stays: set[Hashable] = set()
    last = tails[-1] if tails else None
    while last is not None:
        stays.add(before[-last])
        last = previous[last]
    return {*before} - stays


def _find_runs(
    lead: dict[Hashable, Unit],
    other: dict[Hashable, Unit],
    base: dict[Hashable, Unit],
    present: set[Hashable],
) -> list[tuple[Hashable | None, list[Hashable]]]:
    """Runs of keys that only ``other`` has, each with the key of the result that it follows."""
    runs: list[tuple[Hashable | None, list[Hashable]]] = []
    above: Hashable | None = None
    fresh = True
    for key in other:
        if key in present:
            above, fresh = key, True
        elif key not in base and key not in lead:
            if fresh:
                runs.append((above, []))
            runs[-1][1].append(key)
            fresh = False
    return runs
