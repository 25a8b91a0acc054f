"""Three-way merge of lists, which have an order and often no keys."""

from __future__ import annotations

from collections import Counter
from collections.abc import Set as AbstractSet
from typing import NamedTuple

from lisa_scaffold.formats.diff import is_subsequence
from lisa_scaffold.formats.tree import (
    Branch,
    Entry,
    Leaf,
    NotSure,
    Path,
    Value,
    read_value,
    split_comments,
    write_content,
)
from lisa_scaffold.merge import choice, declined, identities, layout, match, ordering, values
from lisa_scaffold.merge.declined import Note
from lisa_scaffold.merge.words import measure_likeness

_ALIKE = 0.3
_ALIKE_TEXT = 0.6
Versions = tuple[Entry | None, Entry | None, Entry | None]


class Members(NamedTuple):
    """The members of three branches by slot."""

    slots: match.Slots
    versions: dict[int, Versions]
    form: str
    strict: bool

    def value_at(self, slot: int) -> Value:
        """The value of a member in the first version that has it."""
        return next(read_value(found.node) for found in self.versions[slot] if found)


def merge_both_added(ours: Branch, theirs: Branch, path: Path, notes: list[Note]) -> Branch | None:
    """One list of two that both sides added, where one contains the other or the last item wins.

    ``None`` means to merge the items like those of any list. Where the order means something, as
    the list's name tells, nobody can be sure.
    """
    items = [[read_value(member.node) for member in side.entries] for side in (ours, theirs)]
    our_texts, their_texts = (
        [(repr(item), *_comments_of(e)) for item, e in zip(own, side.entries, strict=True)]
        for own, side in zip(items, (ours, theirs), strict=True)
    )
    if is_subsequence(their_texts, our_texts):
        return ours
    notes.append(f"{values.show_path(path)}: both sides added it; it has the items of both.")
    if is_subsequence(our_texts, their_texts):
        return theirs
    if values.is_last_wins(path):
        fresh = [
            e for e, item in zip(theirs.entries, items[1], strict=True) if item not in items[0]
        ]
        return layout.assemble(ours._replace(entries=()), ours, theirs, [*fresh, *ours.entries])
    if values.is_ordered(path):
        raise NotSure(f"{values.show_path(path)}: a list that both sides added")
    return None


def merge_in_order(sides: list[list[Entry]], items: list[list[Value]], path: Path) -> list[Entry]:
    """Merge lists whose order means something, as lines are merged."""
    texts = [
        [repr((item, _comments_of(e))) for item, e in zip(*side, strict=True)]
        for side in zip(items, sides, strict=True)
    ]
    picks = match.diff3(*texts)
    if picks is None and (one_by_one := _merge_one_by_one(sides, items)):
        return one_by_one
    picks = picks or match.diff3_edited(*texts)
    picks = picks or match.diff3(*texts, in_doubt=choice.find_side())
    if picks is None:
        raise NotSure(f"{values.show_path(path)}: both sides changed the same place of a list")
    merged = [items[side][index] for side, index in picks]
    counts = [Counter(repr(item) for item in side) for side in (*items, merged)]
    for item, count in counts[3].items():
        before, in_ours, in_theirs = (side[item] for side in counts[:3])
        expected = in_theirs if in_ours == before else in_ours
        if count != expected and before in (in_ours, in_theirs):
            raise NotSure(f"{values.show_path(path)}: one side moved an item, the other removed it")
    return [sides[side][index] for side, index in picks]


def _merge_one_by_one(sides: list[list[Entry]], items: list[list[Value]]) -> list[Entry] | None:
    """The items of lists in which both sides changed the words of the same ones."""
    merged = values.merge_one_by_one(items[0], items[1], items[2])
    if merged is None:
        return None
    entries: list[Entry] = []
    for before, ours, theirs, value in zip(*sides, merged, strict=True):
        node = next((side.node for side in (ours, theirs) if read_value(side.node) == value), None)
        own = read_value(ours.node)
        if node is None and isinstance(ours.node, Leaf) and isinstance(own, str):
            text = str(value)
            if ours.node.text.count(own) != 1 or set(text) & {*"\"'\\\n"}:
                return None
            node = Leaf(ours.node.text.replace(own, text), text)
        if node is None:
            return None
        lead = layout.merge_lead(before.lead, ours.lead, theirs.lead)
        tail = layout.pick(before.tail, ours.tail, theirs.tail)
        entries.append(ours._replace(lead=lead, node=node, tail=tail))
    return entries


def _comments_of(member: Entry) -> list[str]:
    return [*split_comments(member.lead), member.tail.strip()]


def leave_out_crowded(members: Members, path: Path, notes: list[Note]) -> set[int]:
    """Slots of versions that the template adds next to one that the project removed.

    Raises
    ------
    NotSure
        If the project adds one next to one that the template removed.
    """
    if members.form != "set":
        return set()
    slots = members.slots
    base, ours, theirs = (
        [members.value_at(slot) for slot in side] for side in (slots.base, slots.ours, slots.theirs)
    )
    where = values.show_path(path)
    doubtful: set[int] = set()
    if own := values.find_crowded_out(base, theirs, ours):
        doubt = NotSure(f"{where}: added beside what the other side removed")
        doubtful = choice.choose(set[int](), {slots.ours[index] for index in own}, doubt)
    out = values.find_crowded_out(base, ours, theirs)
    crowded = {slots.theirs[index] for index in out}
    if crowded and not choice.is_reported():
        doubt = NotSure(f"{where}: added beside what the project removed")
        return doubtful | choice.choose(crowded, set[int](), doubt)
    for index, removed in out.items():
        added = members.versions[slots.theirs[index]][2]
        text = write_content(added).strip() if added else ""
        notes.append(declined.note_crowded_out(where, text, values.text_of(removed) or ""))
    return doubtful | crowded


def leave_out_replaced(members: Members, path: Path, notes: list[Note]) -> set[int]:
    """Slots of the template in a list of which the project has replaced every item, and it too.

    Raises
    ------
    NotSure
        If nobody would be told of that, and neither side is taken in doubt.
    """
    if members.form != "records" or not members.slots.have_replaced_all():
        return set()
    where = values.show_path(path)
    if not choice.is_reported():
        doubt = NotSure(f"{where}: both sides replaced all that was there")
        return set(choice.choose(members.slots.theirs, members.slots.ours, doubt))
    texts = [
        "".join(write_content(entry) for v in members.versions.values() if (entry := v[side]))
        for side in range(3)
    ]
    before, own, offered = texts
    notes.append(declined.note_rewritten(where, before, offered, own))
    return {*members.slots.theirs}


def refuse_replacements(members: Members, out: AbstractSet[int], path: Path) -> set[int]:
    """Slots that one side adds in place of what only the other removed, and that resemble it.

    Raises
    ------
    NotSure
        If there are some, and neither side is taken in doubt.
    """
    found: set[int] = set()
    if members.form in ("map", "requirements"):
        return found
    versions = members.versions
    both = [slot for slot, v in versions.items() if v[1] and v[2] and not v[0]]
    for side, other, order in ((1, 2, members.slots.ours), (2, 1, members.slots.theirs)):
        added = [s for s, v in versions.items() if v[side] and not v[0] and not v[other]]
        removed = [s for s, v in versions.items() if v[0] and not v[other]]
        stay = {s for s, v in versions.items() if v[0] and v[side]}
        places, old_places = (
            ordering.find_gaps(order, stay),
            ordering.find_gaps(members.slots.base, stay),
        )
        for slot in added:
            place = places[slot]
            # Where both sides put the same there instead, nothing is unclear.
            if slot in out or any(places[s] == place for s in both):
                continue
            swapped = [s for s in removed if old_places.get(s) == place]
            if any(_resemble(members.value_at(s), members.value_at(slot)) for s in swapped):
                doubt = NotSure(f"{values.show_path(path)}: added in place of what is gone")
                if choice.choose(side == choice.THEIRS, side == choice.OURS, doubt):
                    found.add(slot)
    return found | _refuse_rivals(members, out, path)


def _refuse_rivals(members: Members, out: AbstractSet[int], path: Path) -> set[int]:
    """Slots of what both sides put in the place of what both removed, each in its own way."""
    versions = [(slot, v) for slot, v in members.versions.items() if slot not in out]
    if not any(v[0] and not v[1] and not v[2] for _, v in versions):
        return set()
    fresh = [slot for slot, v in versions if not v[0] and v[1] and not v[2]]
    offered = [slot for slot, v in versions if not v[0] and v[2] and not v[1]]
    for one in fresh:
        for two in offered:
            texts = [values.text_of(members.value_at(slot)) or "" for slot in (one, two)]
            if all(texts) and measure_likeness(*texts) >= _ALIKE_TEXT:
                doubt = NotSure(f"{values.show_path(path)}: both sides replaced what was there")
                return set(choice.choose(offered, fresh, doubt))
    return set()


def _resemble(one: Value, two: Value) -> bool:
    first, second = values.text_of(one), values.text_of(two)
    if isinstance(one, dict) and isinstance(two, dict):
        # Two records that share next to nothing are two, and not one rewritten.
        alike = match.measure_likeness(match.count_leaves(one), match.count_leaves(two))
        return identities.share_identity(one, two) or alike >= _ALIKE
    if first is None or second is None:
        return True
    short, long = sorted((first, second), key=len)
    return long.startswith(short[: max(len(short) * 2 // 3, 1)])
