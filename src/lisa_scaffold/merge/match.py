"""Which member of one version is which of another, and in what order the result has them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass
from difflib import Match, SequenceMatcher

from lisa_scaffold.formats.tree import Indistinct, Key, NotSure, Value
from lisa_scaffold.merge.effort import refuse_many, spend

_SIMILAR = 0.5
_CLEARLY = 0.1
_LARGEST = 120
_LIKENESS = 40  # steps of the shortest comparison


def diff3(
    base: Sequence[Hashable], ours: Sequence[Hashable], theirs: Sequence[Hashable]
) -> list[tuple[int, int]] | None:
    """Merge three sequences: (side, index) of each item of the result, side 1 ours, 2 theirs.

    Changes that touch each other are a conflict, as they are in git: ``None``.
    """
    result: list[tuple[int, int]] = []
    for b, o, t, stable in _regions(base, ours, theirs):
        mine, other = ours[o.start : o.stop], theirs[t.start : t.stop]
        before = base[b.start : b.stop]
        if stable or other in (mine, before):
            result += [(1, index) for index in o]
        elif mine == before or (_anew(before, mine, other) and _within(mine, other)):
            result += [(2, index) for index in t]
        elif _anew(before, mine, other) and _within(other, mine):
            result += [(1, index) for index in o]
        else:
            return None
    return result


def _anew(base: Sequence[Hashable], *sides: Sequence[Hashable]) -> bool:
    """Whether no side kept anything of what base has here."""
    return not any(set(base) & set(side) for side in sides)


def _within(less: Sequence[Hashable], more: Sequence[Hashable]) -> bool:
    """Whether one side did all that the other did, and more."""
    rest = iter(more)
    return bool(less) and all(item in rest for item in less)


def _regions(
    base: Sequence[Hashable], ours: Sequence[Hashable], theirs: Sequence[Hashable]
) -> Iterator[tuple[range, range, range, bool]]:
    """Split three sequences into stretches that all share, and what lies between them."""
    to_ours, to_theirs = _matches(base, ours), _matches(base, theirs)
    b = o = t = 0
    for index in range(len(base)):
        if index not in to_ours or index not in to_theirs:
            continue
        mine, other = to_ours[index], to_theirs[index]
        yield range(b, index), range(o, mine), range(t, other), False
        yield range(index, index + 1), range(mine, mine + 1), range(other, other + 1), True
        b, o, t = index + 1, mine + 1, other + 1
    yield range(b, len(base)), range(o, len(ours)), range(t, len(theirs)), False


def _matches(base: Sequence[Hashable], side: Sequence[Hashable]) -> dict[int, int]:
    blocks = _Matcher(base, side).get_matching_blocks()
    return {m.a + step: m.b + step for m in blocks for step in range(m.size)}


class _Matcher(SequenceMatcher[Hashable]):
    """Counts the steps of the search, which where many items are alike are the square of them."""

    def __init__(self, first: Sequence[Hashable], second: Sequence[Hashable]) -> None:
        super().__init__(None, first, second, autojunk=False)
        self._first = first
        self._times = Counter(second)

    def find_longest_match(
        self, alo: int = 0, ahi: int | None = None, blo: int = 0, bhi: int | None = None
    ) -> Match:
        """The longest run that both have between some places."""
        span = self._first[alo:ahi]
        spend(len(span) + sum(self._times[item] for item in span))
        return super().find_longest_match(alo, ahi, blo, bhi)


@dataclass(frozen=True)
class Slots:
    """For each version, the slots of its members in order; the same slot: the same member."""

    base: list[int]
    ours: list[int]
    theirs: list[int]


def by_key(base: Sequence[Hashable], ours: Sequence[Hashable], theirs: Sequence[Hashable]) -> Slots:
    """Members with the same key are the same."""
    number: dict[Hashable, int] = {}
    sides = [[number.setdefault(key, len(number)) for key in side] for side in (base, ours, theirs)]
    if any(len(set(side)) != len(side) for side in sides):
        raise Indistinct("a key stands twice")
    return Slots(*sides)


Item = tuple[Hashable, Value]


def by_likeness(
    base: Sequence[Item], ours: Sequence[Item], theirs: Sequence[Item], keyed: bool
) -> Slots:
    """Members with the same key are the same, and so are alike ones where a key was renamed.

    A renamed member that is taken for a new one would bring back what the other side deleted.
    In a mapping (`keyed`) a key that stays says everything; in a sequence it must be unique.
    """
    refuse_many(len(base), len(ours), len(theirs))
    mine, other = _partners(base, ours, keyed), _partners(base, theirs, keyed)
    for one, found, two, rest in (ours, mine, theirs, other), (theirs, other, ours, mine):
        _not_renamed(base, one, found, two, rest)
        _pair_through(one, found, two, rest)
    for one, found, rest in (ours, mine, other), (theirs, other, mine):
        _not_brought_back(base, one, found, rest)
        _surely_one(base, one, found, rest)
    fresh: dict[Hashable, int] = {}
    count = len(base)
    new_keys = Counter(key for i, (key, _) in enumerate(ours) if i not in mine)
    ours_slots: list[int] = []
    for index, (key, _) in enumerate(ours):
        if index not in mine:
            fresh.setdefault(key, count)
            ours_slots.append(count)
            count += 1
        else:
            ours_slots.append(mine[index])
    theirs_slots: list[int] = []
    for index, (key, _) in enumerate(theirs):
        if index in other:
            theirs_slots.append(other[index])
        elif new_keys[key] == 1 and fresh.get(key) not in theirs_slots:
            theirs_slots.append(fresh[key])
        elif new_keys[key] > 1:
            raise Indistinct("both sides added members that nothing tells apart")
        else:
            theirs_slots.append(count)
            count += 1
    return Slots(list(range(len(base))), ours_slots, theirs_slots)


def _partners(base: Sequence[Item], side: Sequence[Item], keyed: bool) -> dict[int, int]:
    """For each index of a side the index in base of the same member, where there is one."""
    old, new = Counter(key for key, _ in base), Counter(key for key, _ in side)
    where = {key: index for index, (key, _) in enumerate(base)}
    found = {
        index: where[key] for index, (key, _) in enumerate(side) if old[key] == 1 and new[key] == 1
    }
    if keyed and (len(new) < len(side) or len(old) < len(base)):
        raise Indistinct("a key stands twice")
    if keyed:
        _pair_renamed(base, side, found, least=0.7)
        return found
    _pair_equal(base, side, found)
    _pair_twins(base, side, found)
    taken = set(found.values())
    left = Counter(base[index][0] for index in range(len(base)) if index not in taken)
    more = Counter(key for index, (key, _) in enumerate(side) if index not in found)
    if any(left[key] * more[key] > 1 for key in left):
        raise Indistinct("members that nothing tells apart")
    _pair_renamed(base, side, found, least=_SIMILAR)
    return found


def _not_renamed(
    base: Sequence[Item],
    one: Sequence[Item],
    found: dict[int, int],
    two: Sequence[Item],
    rest: dict[int, int],
) -> None:
    """Part what looks renamed where the other side has the new one beside the old one."""
    fresh = {key for index, (key, _) in enumerate(two) if index not in rest}
    where = {partner: index for index, partner in rest.items()}
    for index, partner in list(found.items()):
        key, before = base[partner]
        if one[index][0] == key or one[index][0] not in fresh or partner not in where:
            continue
        if two[where[partner]] != (key, before):
            raise NotSure("a member that one side renamed and the other added")
        del found[index]


def _not_brought_back(
    base: Sequence[Item], one: Sequence[Item], found: dict[int, int], rest: dict[int, int]
) -> None:
    """Refuse a second member of the same name as one that the other side removed."""
    stay = set(rest.values())
    gone = {key for partner, (key, _) in enumerate(base) if partner not in stay}
    gone &= {base[partner][0] for partner in found.values()}
    if any(key in gone for index, (key, _) in enumerate(one) if index not in found):
        raise NotSure("a member that one side removed and the other has twice")


def _surely_one(
    base: Sequence[Item], one: Sequence[Item], found: dict[int, int], rest: dict[int, int]
) -> None:
    """Refuse a likeness alone as the proof that one side changed what the other removed."""
    stay = set(rest.values())
    for index, partner in found.items():
        key, known = one[index][0], base[partner][0]
        if partner not in stay and key != known and name_of(key) == name_of(known):
            raise Indistinct("a member that one side changed and the other removed")


def _pair_through(
    one: Sequence[Item], found: dict[int, int], two: Sequence[Item], rest: dict[int, int]
) -> None:
    """Pair what is like a member of the other side whose place in base is known."""
    taken = set(found.values())
    fresh = {key for index, (key, _) in enumerate(two) if index not in rest}
    known = [(index, partner) for index, partner in rest.items() if partner not in taken]
    for index, (key, value) in enumerate(one):
        if index in found or not known or key in fresh:
            continue
        own = leaves(value)
        scores = [
            (two[i][0] == key, likeness(own, leaves(two[i][1])), -i, partner)
            for i, partner in known
        ]
        same, score, place, partner = max(scores)
        if same or score >= _SIMILAR:
            found[index] = partner
            known.remove((-place, partner))


def _pair_equal(base: Sequence[Item], side: Sequence[Item], found: dict[int, int]) -> None:
    taken = set(found.values())
    for index, (_, value) in enumerate(side):
        if index in found:
            continue
        for candidate, (_, before) in enumerate(base):
            if candidate not in taken and before == value:
                found[index] = candidate
                taken.add(candidate)
                break


def _pair_twins(base: Sequence[Item], side: Sequence[Item], found: dict[int, int]) -> None:
    """Pair members of one name that are clearly more like each other than like any other.

    Raises
    ------
    Indistinct
        If some are alike, and might as well be others.
    """
    taken = set(found.values())
    scores = {
        (i, b): score
        for i, (key, value) in enumerate(side)
        for b, (known, before) in enumerate(base)
        if i not in found and b not in taken and name_of(key) == name_of(known)
        if (score := likeness(leaves(before), leaves(value))) >= _SIMILAR
    }
    for (i, b), score in scores.items():
        spend(len(scores))
        rivals = (other for pair, other in scores.items() if (pair[0] == i) != (pair[1] == b))
        if max(rivals, default=0.0) > score - _CLEARLY:
            raise Indistinct("members that nothing tells apart")
        found[i] = b


def _pair_renamed(
    base: Sequence[Item], side: Sequence[Item], found: dict[int, int], least: float
) -> None:
    """Pair what is alike enough, the most alike first."""
    taken = set(found.values())
    lost = [index for index in range(len(base)) if index not in taken]
    gained = [index for index in range(len(side)) if index not in found]
    if not lost or not gained or len(lost) * len(gained) > _LARGEST**2:
        return
    old = {index: leaves(base[index][1]) for index in lost}
    new = {index: leaves(side[index][1]) for index in gained}
    scores = sorted(
        (
            (score, -abs(i - b), -i, -b)
            for i in gained
            for b in lost
            if (score := likeness(old[b], new[i])) >= least
        ),
        reverse=True,
    )
    for _, _, i, b in scores:
        if -i not in found and -b not in taken:
            found[-i] = -b
            taken.add(-b)


def leaves(value: Value, path: tuple[object, ...] = ()) -> Counter[tuple[object, ...]]:
    """Every leaf of a value with its path; the place in a list does not count."""
    spend(1)
    if isinstance(value, dict):
        parts = [leaves(part, (*path, key)) for key, part in value.items()]
    elif isinstance(value, list):
        parts = [leaves(part, (*path, "")) for part in value]
    else:
        return Counter([(*path, value)])
    total: Counter[tuple[object, ...]] = Counter()
    for part in parts:
        total.update(part)
    return total


def likeness(one: Counter[tuple[object, ...]], two: Counter[tuple[object, ...]]) -> float:
    """How much two values share, from 0 to 1; a lone scalar is never like another."""
    spend(_LIKENESS + len(one) + len(two))
    size = one.total() + two.total()
    return 2 * (one & two).total() / size if size > 2 else 0.0  # noqa: PLR2004


def order(slots: Slots, keep: set[int], strict: bool) -> list[int]:
    """The slots to keep, in the order of the result.

    Where both sides add at the same place, ours come first. Where order means something
    (`strict`), that is not sure, nor is another order on both sides.
    """
    mine, other = slots.ours, slots.theirs
    moved = [_moved(slots.base, side) for side in (mine, other)]
    if all(moved) and strict and _common(mine, other) != _common(other, mine):
        raise NotSure("both sides changed the order")
    theirs_first = moved[1] and not moved[0]
    first, second = (other, mine) if theirs_first else (mine, other)
    result = _with_removed(slots.base, first)
    known, inserted = set(result), set(first) - set(slots.base) - set(second)
    for index, slot in enumerate(second):
        if slot in known or slot not in keep:
            continue
        at = next((result.index(s) + 1 for s in reversed(second[:index]) if s in known), 0)
        instead = _instead_of(slots.base, second, index)
        if instead in known:
            result.insert(max(result.index(instead), at), slot)
            known.add(slot)
            continue
        rivals = at
        while rivals < len(result) and result[rivals] in inserted:
            rivals += 1
        if strict and (rivals > at or (at and result[at - 1] in inserted)):
            raise NotSure("both sides added at the same place")
        result.insert(at if theirs_first else rivals, slot)
        known.add(slot)
    return [slot for slot in result if slot in keep]


def _instead_of(base: list[int], side: list[int], index: int) -> int:
    """What a side removed where it added a member: the two share a place (-1: nothing)."""
    before = next((s for s in reversed(side[:index]) if s in base), None)
    after = next((s for s in side[index:] if s in base), None)
    start = 0 if before is None else base.index(before) + 1
    gone = base[start : None if after is None else base.index(after)]
    return gone[0] if gone and not set(gone) & set(side) else -1


def _with_removed(base: list[int], side: list[int]) -> list[int]:
    """A side with what it removed still in place: after what it may have put there instead."""
    result = list(side)
    for index in range(len(base) - 1, -1, -1):
        if base[index] not in result:
            following = next((slot for slot in base[index + 1 :] if slot in result), None)
            result.insert(
                len(result) if following is None else result.index(following), base[index]
            )
    return result


def _common(one: list[int], two: list[int]) -> list[int]:
    there = set(two)
    return [slot for slot in one if slot in there]


def _moved(base: list[int], side: list[int]) -> bool:
    return _common(base, side) != _common(side, base)


def gaps(slots: list[int], stay: set[int]) -> dict[int, int]:
    """For each slot that does not stay, the one before it that does (-1: none)."""
    last, found = -1, {}
    for slot in slots:
        if slot in stay:
            last = slot
        else:
            found[slot] = last
    return found


# What identifies an item of a list, the surest first; the version behind a `@` does not count.
_IDENTIFYING = (
    *("repo", "id", "name", "uses", "component", "job", "python-version", "image", "module"),
    *("project", "file", "local", "template", "remote", "path", "key", "label", "url", "source"),
    *("package-ecosystem", "target", "title", "command", "run", "if"),
)


def identities(*sides: Sequence[Value]) -> list[list[Hashable]]:
    """A key for each member of some lists: the field that identifies it, and its value."""
    field = _common_field(sides)
    if field is None and one_name_each(*sides):
        return [[("", _only_name(item)) for item in side] for side in sides]
    keys = [[_identity(item, field) for item in side] for side in sides]
    often = {key for side in keys for key, count in Counter(side).items() if count > 1}
    return [
        [_with_inner(k, i) if k in often else k for k, i in zip(*pair, strict=True)]
        for pair in zip(keys, sides, strict=True)
    ]


def _with_inner(key: Hashable, item: Value) -> Hashable:
    """A name that several members share, with the names of what is in this one of them."""
    if not isinstance(key, tuple) or not isinstance(item, dict):
        return key
    inner = sorted((field, _names_in(part)) for field, part in item.items() if _names_in(part))
    return (*key, tuple(inner)) if inner else key


def _names_in(part: Value) -> tuple[str, ...]:
    """The names of the members of a list, or of a mapping; none where one has no name."""
    if not isinstance(part, dict | list):
        return ()
    found = [_identity(item, None) for item in ([part] if isinstance(part, dict) else part)]
    names = [str(key[1]) for key in found if isinstance(key, tuple)]
    return tuple(sorted(names)) if len(names) == len(found) else ()


def name_of(key: Hashable) -> Hashable:
    """The name of a member, without the names of what is in it."""
    return key[:2] if isinstance(key, tuple) and isinstance(key[0], tuple) else key


def share_identity(one: Value, two: Value) -> bool:
    """Whether two mappings have an identifying field with the same value."""
    found = ((_field(one, (name,)), _field(two, (name,))) for name in _IDENTIFYING)
    return any(first is not None and first == second for first, second in found)


def one_name_each(*sides: Sequence[Value]) -> bool:
    """Whether each member is a name, alone (``- a``) or with what is its own (``- b: {c: d}``)."""
    names = [[_only_name(item) for item in side] for side in sides]
    alone = all(None not in side and len(set(side)) == len(side) for side in names)
    return alone and any(isinstance(item, dict) for side in sides for item in side)


def _only_name(item: Value) -> str | None:
    match item:
        case dict() if len(item) == 1:
            name = next(iter(item))[-1]
            return None if name in _IDENTIFYING else name
        case dict() | list():
            return None
        case (_, name):
            return name
    return str(item)


def _common_field(sides: Sequence[Sequence[Value]]) -> Key | None:
    """The first identifying field that every item has and that is unique on each side."""
    for name in _IDENTIFYING:
        seen = [[_field(item, (name,)) for item in side] for side in sides]
        if all(None not in side and len(set(side)) == len(side) for side in seen):
            return (name,)
    return None


def _field(item: Value, key: Key) -> str | None:
    found = item.get(key) if isinstance(item, dict) else None
    if isinstance(found, tuple):
        found = found[1]
    return found.partition("@")[0] if isinstance(found, str) else None


def _identity(item: Value, field: Key | None) -> Hashable:
    for key in [field] if field else [(name,) for name in _IDENTIFYING]:
        found = _field(item, key)
        if found is not None:
            return (key, found)
    return repr(item)
