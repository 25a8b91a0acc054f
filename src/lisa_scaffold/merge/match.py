"""Matching the members of three versions."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Hashable, Sequence
from difflib import Match, SequenceMatcher
from itertools import accumulate, pairwise, product
from typing import NamedTuple

from lisa_scaffold.formats.diff import find_hunks, is_subsequence
from lisa_scaffold.formats.tree import Indistinct, NotSure, Value
from lisa_scaffold.merge import choice
from lisa_scaffold.merge.effort import refuse_many, spend
from lisa_scaffold.merge.identities import name_of
from lisa_scaffold.merge.words import measure_likeness as measure_texts
from lisa_scaffold.pattern import compile_lazily

_SAME_ITEM = 0.6
_SIMILAR = 0.5
_SIMILAR_KEYED = 0.7
_SIMILAR_APART = 0.4
_CLEARLY = 0.1
_MANY = 4  # leaves of a member that nobody takes for another one of its kind
_LARGEST = 120
_DASHES = compile_lazily(r"[-_]+")
_LIKENESS = 40  # steps of the shortest comparison

Item = tuple[Hashable, Value]
Leaves = Counter[tuple[object, ...]]
Partners = dict[int, int]
"""For each index of a side the index in base of the same member, where there is one."""


def diff3(
    base: Sequence[Hashable],
    ours: Sequence[Hashable],
    theirs: Sequence[Hashable],
    *,
    in_doubt: int = choice.NOBODY,
) -> list[tuple[int, int]] | None:
    """Merge three sequences: (side, index) of each item of the result, side 1 ours, 2 theirs.

    Changes that touch each other are a conflict, as they are in git: ``None``, or the items of
    the side that is taken `in_doubt`. Not so where both sides replaced all of the base's items,
    and one side has all that the other has.
    """
    result: list[tuple[int, int]] = []
    to_ours, to_theirs = (_Matcher(base, side).match_indices() for side in (ours, theirs))
    stable = [
        (i, to_ours[i], to_theirs[i]) for i in range(len(base)) if i in to_ours and i in to_theirs
    ]
    b = o = t = 0
    for b_end, o_end, t_end in [*stable, (len(base), len(ours), len(theirs))]:
        before, our_items, their_items = base[b:b_end], ours[o:o_end], theirs[t:t_end]
        replaced = not set(before) & {*our_items, *their_items}
        if their_items in (our_items, before):
            takes_ours = True
        elif our_items == before or (
            replaced and our_items and is_subsequence(our_items, their_items)
        ):
            takes_ours = False
        elif replaced and their_items and is_subsequence(their_items, our_items):
            takes_ours = True
        elif in_doubt:
            takes_ours = in_doubt == choice.OURS
        else:
            return None
        picked = range(o, o_end) if takes_ours else range(t, t_end)
        result += [(1 if takes_ours else 2, index) for index in picked]
        if b_end < len(base):
            result.append((1, o_end))
        b, o, t = b_end + 1, o_end + 1, t_end + 1
    return result


def diff3_edited(
    base: Sequence[str], ours: Sequence[str], theirs: Sequence[str]
) -> list[tuple[int, int]] | None:
    """Merge three sequences as `diff3` does, where an item that was edited holds its place.

    ``None`` where that makes no difference, or where both sides edited one item.
    """
    if len(set(base)) < len(base):
        return None
    edits: dict[str, tuple[int, int]] = {}
    followed: list[list[str]] = []
    for number, side in ((choice.OURS, ours), (choice.THEIRS, theirs)):
        same = [*side]
        for hunk in find_hunks([*base], same):
            old, new = base[hunk.start : hunk.end], side[hunk.other_start : hunk.other_end]
            if len(old) != len(new) or min(map(measure_texts, old, new)) < _SAME_ITEM:
                continue
            if not edits.keys().isdisjoint(old):
                return None
            same[hunk.other_start : hunk.other_end] = old
            edits |= {text: (number, hunk.other_start + i) for i, text in enumerate(old)}
        followed.append(same)
    picks = diff3(base, *followed) if edits else None
    if picks is None:
        return None
    texts = [followed[side - 1][index] for side, index in picks]
    if any(texts.count(text) != 1 for text in edits):
        return None  # the other side removed it, or has it twice
    return [edits.get(text, pick) for text, pick in zip(texts, picks, strict=True)]


class _Matcher(SequenceMatcher[Hashable]):
    """Counts the steps of the search: where many items are alike, the square of their number."""

    def __init__(self, first: Sequence[Hashable], second: Sequence[Hashable]) -> None:
        super().__init__(None, first, second, autojunk=False)
        self._first = first
        self._times = Counter(second)

    def match_indices(self) -> dict[int, int]:
        """Indices of the second sequence by those of the first."""
        blocks = self.get_matching_blocks()
        return {block.a + i: block.b + i for block in blocks for i in range(block.size)}

    def find_longest_match(
        self, alo: int = 0, ahi: int | None = None, blo: int = 0, bhi: int | None = None
    ) -> Match:
        """The longest run that both have within the given bounds."""
        span = self._first[alo:ahi]
        spend(len(span) + sum(self._times[item] for item in span))
        return super().find_longest_match(alo, ahi, blo, bhi)


class Slots(NamedTuple):
    """For each version, the slots of its members in order; the same slot is the same member."""

    base: list[int]
    ours: list[int]
    theirs: list[int]
    out: frozenset[int] = frozenset()
    """Slots of the side that is not taken in doubt."""

    def have_replaced_all(self) -> bool:
        """Whether each side has put something of its own in the place of all that there was."""
        base, ours, theirs = map(set, (self.base, self.ours, self.theirs))
        parts = (base, ours, theirs)
        return all(parts) and sum(map(len, parts)) == len(set.union(*parts))


def match_by_key(
    base: Sequence[Hashable], ours: Sequence[Hashable], theirs: Sequence[Hashable]
) -> Slots:
    """Match members with the same key."""
    number: dict[Hashable, int] = {}
    sides = [[number.setdefault(key, len(number)) for key in side] for side in (base, ours, theirs)]
    if any(len(set(side)) != len(side) for side in sides):
        raise Indistinct("a key stands twice")
    return Slots(sides[0], sides[1], sides[2])


def match_by_likeness(
    base: Sequence[Item], ours: Sequence[Item], theirs: Sequence[Item], *, keyed: bool
) -> Slots:
    """Match members with the same key, and similar ones where a key was renamed.

    A renamed member that is taken for a new one would bring back what the other side deleted.
    In a mapping (`keyed`) a key that stays says everything; in a sequence it must be unique.
    """
    refuse_many(len(base), len(ours), len(theirs))
    to_ours, to_theirs = _find_partners(base, ours, keyed), _find_partners(base, theirs, keyed)
    if keyed:
        _pair_renamed_alike(base, (ours, theirs), (to_ours, to_theirs))
        _pair_renamed_apart(base, (ours, theirs), (to_ours, to_theirs))
    for one, found, two, rest in (
        (ours, to_ours, theirs, to_theirs),
        (theirs, to_theirs, ours, to_ours),
    ):
        _part_renamed(base, one, found, two, rest)
        _pair_through(one, found, two, rest, keyed=keyed)
    _refuse_doubtful(base, ours, to_ours, to_theirs)
    _refuse_doubtful(base, theirs, to_theirs, to_ours)
    count = len(base)
    fresh: dict[Hashable, int] = {}
    new_keys = Counter(key for i, (key, _) in enumerate(ours) if i not in to_ours)
    our_slots: list[int] = []
    for index, (key, _) in enumerate(ours):
        if index in to_ours:
            our_slots.append(to_ours[index])
        else:
            fresh.setdefault(key, count)
            our_slots.append(count)
            count += 1
    their_slots: list[int] = []
    for index, (key, _) in enumerate(theirs):
        if index in to_theirs:
            their_slots.append(to_theirs[index])
        elif new_keys[key] == 1 and fresh.get(key) not in their_slots:
            their_slots.append(fresh[key])
        elif new_keys[key] > 1:
            raise Indistinct("both sides added members that nothing tells apart")
        else:
            their_slots.append(count)
            count += 1
    return Slots(list(range(len(base))), our_slots, their_slots)


def keep_apart(sides: Sequence[Sequence[Value]], doubt: NotSure) -> Slots:
    """Match no member: those of the side that is taken in doubt stay, all others go.

    Raises
    ------
    NotSure
        The doubt, where neither side is taken.
    """
    ends = accumulate(map(len, sides), initial=0)
    base, ours, theirs = (list(range(*pair)) for pair in pairwise(ends))
    return Slots(base, ours, theirs, frozenset(choice.choose(theirs, ours, doubt)))


def _find_partners(base: Sequence[Item], side: Sequence[Item], keyed: bool) -> Partners:
    old, new = Counter(key for key, _ in base), Counter(key for key, _ in side)
    where = {key: index for index, (key, _) in enumerate(base)}
    found = {
        index: where[key] for index, (key, _) in enumerate(side) if old[key] == 1 and new[key] == 1
    }
    if keyed:
        if len(new) < len(side) or len(old) < len(base):
            raise Indistinct("a key stands twice")
        _pair_respelled(base, side, found)
        _pair_renamed(base, side, found, least=_SIMILAR_KEYED)
        _pair_renamed_table(base, side, found)
        return found
    taken = set(found.values())
    for index, (_, value) in enumerate(side):
        if index not in found:
            equal = (i for i, (_, before) in enumerate(base) if i not in taken and before == value)
            partner = next(equal, None)
            if partner is not None:
                found[index] = partner
                taken.add(partner)
    _pair_twins(base, side, found)
    taken = set(found.values())
    left = Counter(key for index, (key, _) in enumerate(base) if index not in taken)
    more = Counter(key for index, (key, _) in enumerate(side) if index not in found)
    if any(left[key] * more[key] > 1 for key in left):
        raise Indistinct("members that nothing tells apart")
    _pair_renamed(base, side, found, least=_SIMILAR)
    return found


def _pair_respelled(base: Sequence[Item], side: Sequence[Item], found: Partners) -> None:
    """Pair keys that differ in their dashes, underscores and capitals alone."""
    taken = set(found.values())
    lost = [(_fold(key), i) for i, (key, _) in enumerate(base) if i not in taken]
    gained = [(_fold(key), i) for i, (key, _) in enumerate(side) if i not in found]
    counts = Counter(name for name, _ in (*lost, *gained))
    where = dict(lost)
    for name, index in gained:
        if name in where and counts[name] == 2:  # noqa: PLR2004 - one on each side
            found[index] = where[name]


def _fold(key: Hashable) -> Hashable:
    """A key path in one spelling; any other key as it is."""
    if isinstance(key, tuple) and all(isinstance(part, str) for part in key):
        return tuple(_DASHES.sub("_", part).lower() for part in key)
    return key


def _pair_twins(base: Sequence[Item], side: Sequence[Item], found: Partners) -> None:
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
        if (score := measure_likeness(count_leaves(before), count_leaves(value))) >= _SIMILAR
    }
    for (i, b), score in scores.items():
        spend(len(scores))
        rivals = (other for pair, other in scores.items() if (pair[0] == i) != (pair[1] == b))
        if max(rivals, default=0.0) > score - _CLEARLY:
            raise Indistinct("members that nothing tells apart")
        found[i] = b


def _pair_renamed(
    base: Sequence[Item], side: Sequence[Item], found: Partners, least: float
) -> None:
    """Pair what is similar enough, the most similar first."""
    taken = set(found.values())
    lost = [index for index in range(len(base)) if index not in taken]
    gained = [index for index in range(len(side)) if index not in found]
    if not lost or not gained or len(lost) * len(gained) > _LARGEST**2:
        return
    old = {index: count_leaves(base[index][1]) for index in lost}
    new = {index: count_leaves(side[index][1]) for index in gained}
    scores = sorted(
        (
            (score, -abs(i - b), -i, -b)
            for i in gained
            for b in lost
            if (score := measure_likeness(old[b], new[i])) >= least
        ),
        reverse=True,
    )
    for _, _, i, b in scores:
        if -i not in found and -b not in taken:
            found[-i] = -b
            taken.add(-b)


def _pair_renamed_table(base: Sequence[Item], side: Sequence[Item], found: Partners) -> None:
    """Pair a table with the only new one that has all of its keys, and some of its values."""
    taken = set(found.values())
    lost = [i for i, (_, value) in enumerate(base) if i not in taken and _is_table(value)]
    gained = [i for i, (_, value) in enumerate(side) if i not in found and _is_table(value)]
    if len(lost) != 1 or len(gained) != 1:
        return
    before, after = base[lost[0]][1], side[gained[0]][1]
    if not isinstance(before, dict) or not isinstance(after, dict):
        return
    if any(after.get(key) == value for key, value in before.items()) and {*before} <= {*after}:
        found[gained[0]] = lost[0]


def _is_table(value: Value) -> bool:
    return isinstance(value, dict) and len(value) > 1


def _pair_renamed_alike(
    base: Sequence[Item], sides: Sequence[Sequence[Item]], found: Sequence[Partners]
) -> None:
    """Pair what both sides gave the same new name, and edited since: less likeness will do."""
    ours, theirs = (
        {key: i for i, (key, _) in enumerate(side) if i not in partners}
        for side, partners in zip(sides, found, strict=True)
    )
    gone = [i for i in range(len(base)) if not any(i in side.values() for side in found)]
    for key in ours.keys() & theirs.keys():
        pair = ours[key], theirs[key]
        for partner in gone:
            before = count_leaves(base[partner][1])
            if all(
                measure_likeness(before, count_leaves(side[i][1])) >= _SIMILAR
                for side, i in zip(sides, pair, strict=True)
            ):
                found[0][pair[0]] = found[1][pair[1]] = partner
                gone.remove(partner)
                break


def _pair_renamed_apart(
    base: Sequence[Item], sides: Sequence[Sequence[Item]], found: Sequence[Partners]
) -> None:
    """Pair what both sides gave a new name, each another one, and edited: a job, not a version.

    Each of the three must be like both of the others, and no other member like it.
    """
    leaves = [[count_leaves(value) for _, value in side] for side in (base, *sides)]
    taken = [set[int](), *(set(partners) for partners in found)]
    gone = [i for i in range(len(base)) if not any(i in side.values() for side in found)]
    free = [
        [i for i, own in enumerate(side) if i not in used and own.total() >= _MANY]
        for side, used in zip(leaves, taken, strict=True)
    ]
    if not gone or math.prod(map(len, free)) > _LARGEST**2:
        return
    triples = [
        triple
        for triple in product(set(gone) & set(free[0]), free[1], free[2])
        if all(
            measure_likeness(leaves[one][triple[one]], leaves[two][triple[two]]) >= _SIMILAR_APART
            for one, two in ((0, 1), (0, 2), (1, 2))
        )
    ]
    for triple in triples:
        spend(len(triples))
        rivals = sum(any(a == b for a, b in zip(triple, o, strict=True)) for o in triples)
        if rivals == 1:
            found[0][triple[1]] = found[1][triple[2]] = triple[0]


def _part_renamed(
    base: Sequence[Item], one: Sequence[Item], found: Partners, two: Sequence[Item], rest: Partners
) -> None:
    """Undo pairs that look renamed where the other side has the new one beside the old one."""
    fresh = {key for index, (key, _) in enumerate(two) if index not in rest}
    where = {partner: index for index, partner in rest.items()}
    for index, partner in list(found.items()):
        key, before = base[partner]
        if one[index][0] == key or one[index][0] not in fresh or partner not in where:
            continue
        if two[where[partner]] != (key, before):
            raise NotSure("a member that one side renamed and the other added")
        del found[index]


def _pair_through(
    one: Sequence[Item], found: Partners, two: Sequence[Item], rest: Partners, *, keyed: bool
) -> None:
    """Pair what is like a member of the other side whose place in base is known.

    In a mapping (`keyed`) members of one form are like each other: there it must be clearly more
    like that one than like the others.
    """
    taken = set(found.values())
    fresh = {key for index, (key, _) in enumerate(two) if index not in rest}
    known = [(index, partner) for index, partner in rest.items() if partner not in taken]
    for index, (key, value) in enumerate(one):
        if index in found or not known or key in fresh:
            continue
        own = count_leaves(value)
        scores = [
            (two[i][0] == key, measure_likeness(own, count_leaves(two[i][1])), -i, partner)
            for i, partner in known
        ]
        same, score, place, partner = max(scores)
        second = max((each[1] for each in scores if each[3] != partner), default=0.0)
        is_clear = not keyed or score >= _SIMILAR_KEYED or second <= score - _CLEARLY
        if same or (score >= _SIMILAR and is_clear):
            found[index] = partner
            known.remove((-place, partner))


def _refuse_doubtful(
    base: Sequence[Item], one: Sequence[Item], found: Partners, rest: Partners
) -> None:
    """Refuse changes to what the other side removed that are not surely changes to that.

    These are a second member of the same name, and one that is merely similar.
    """
    stay = set(rest.values())
    removed = {key for partner, (key, _) in enumerate(base) if partner not in stay}
    removed &= {base[partner][0] for partner in found.values()}
    if any(key in removed for index, (key, _) in enumerate(one) if index not in found):
        raise NotSure("a member that one side removed and the other has twice")
    for index, partner in found.items():
        key, known = one[index][0], base[partner][0]
        if partner not in stay and key != known and name_of(key) == name_of(known):
            raise Indistinct("a member that one side changed and the other removed")


def count_leaves(value: Value, path: tuple[object, ...] = ()) -> Leaves:
    """Every leaf of a value with its path; the place in a list does not count."""
    spend(1)
    if isinstance(value, dict):
        parts = [count_leaves(part, (*path, key)) for key, part in value.items()]
    elif isinstance(value, list):
        parts = [count_leaves(part, (*path, "")) for part in value]
    else:
        return Counter([(*path, value)])
    total: Leaves = Counter()
    for part in parts:
        total.update(part)
    return total


def measure_likeness(one: Leaves, two: Leaves) -> float:
    """How much two values share, from 0 to 1; a lone scalar is never like another."""
    spend(_LIKENESS + len(one) + len(two))
    size = one.total() + two.total()
    return 2 * (one & two).total() / size if size > 2 else 0.0  # noqa: PLR2004
