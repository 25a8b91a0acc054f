"""Three-way merge of TOML by key: tables, keys and arrays are moved as they are written."""

from __future__ import annotations

import json
from collections.abc import Callable, Hashable, Sequence
from dataclasses import replace

from lisa_scaffold import versions as versions_module
from lisa_scaffold.formats import json as json_format
from lisa_scaffold.formats import toml, yaml
from lisa_scaffold.formats.tree import (
    Branch,
    Entry,
    Leaf,
    Node,
    NotSure,
    Path,
    Value,
    content,
    value,
    without_copies,
    write,
)
from lisa_scaffold.formats.yaml import split_documents
from lisa_scaffold.merge import layout, lists, match, moves, removed, values, verify
from lisa_scaffold.merge import match as match_module
from lisa_scaffold.merge.effort import refuse_many
from lisa_scaffold.merge.lists import Members, Versions


def merge_toml(base: str, ours: str, theirs: str) -> tuple[str, tuple[str, ...]] | None:
    """Merge three versions of a TOML file; ``None``: not sure."""
    # Those who only read a file do not load the merge.
    from lisa_scaffold.merge import verify

    return verify.sound(
        toml.load, (base, ours, theirs), merge(toml.parse, base, ours, theirs, moving=True)
    )


def merge_yaml(base: str, ours: str, theirs: str) -> tuple[str, tuple[str, ...]] | None:
    """Merge three versions of a YAML file; ``None``: not sure."""
    try:
        sides = [split_documents(text) for text in (base, ours, theirs)]
    except NotSure:
        return None
    return _document(base, ours, theirs) if all(len(s) == 1 for s in sides) else _several(*sides)


def _document(base: str, ours: str, theirs: str) -> tuple[str, tuple[str, ...]] | None:
    merged = verify.sound(yaml.load, (base, ours, theirs), merge(yaml.parse, base, ours, theirs))
    if merged is None and (plain := _without_copies(base)):
        return _document(plain, ours, theirs)
    return merged


def _without_copies(text: str) -> str | None:
    """A document in which no key stands twice, where one that does says the same each time."""
    try:
        root = yaml.parse(text)
    except NotSure:
        return None
    plain = write(without_copies(root))
    return None if plain == text else plain


def _several(
    base: list[str], ours: list[str], theirs: list[str]
) -> tuple[str, tuple[str, ...]] | None:
    """Merge document by document; those that one side alone has stand below."""
    count = len(base)
    if min(len(ours), len(theirs)) != count or not (
        _in_order(base, ours) and _in_order(base, theirs)
    ):
        return None
    merged = [_document(*sides) for sides in zip(base, ours, theirs, strict=False)]
    text, notes = "", list[str]()
    for done in merged:
        if done is None:
            return None
        text, notes = text + done[0], [*notes, *done[1]]
    return text + "".join([*ours[count:], *theirs[count:]]), tuple(notes)


def _in_order(base: list[str], side: list[str]) -> bool:
    """Whether every document of the base is most like the one in its own place."""
    try:
        said = [[match_module.leaves(yaml.load(text)) for text in texts] for texts in (base, side)]
    except NotSure:
        return False
    return all(
        max(range(len(side)), key=lambda j: (match_module.likeness(old, said[1][j]), j == i)) == i
        for i, old in enumerate(said[0])
    )


def merge_json(base: str, ours: str, theirs: str) -> tuple[str, tuple[str, ...]] | None:
    """Merge three versions of a JSON file; ``None``: not sure."""
    merged = merge(json_format.parse, base, ours, theirs)
    if merged and all(map(_strict, (base, ours, theirs))) and not _strict(merged[0]):
        return None
    return verify.sound(json_format._said, (base, ours, theirs), merged)


def _strict(text: str) -> bool:
    try:
        json.loads(text or "null")
    except ValueError:
        return False
    return True


def merge(
    parse: Callable[[str], Branch], base: str, ours: str, theirs: str, *, moving: bool = False
) -> tuple[str, tuple[str, ...]] | None:
    """Merge three versions of a text that `parse` makes trees of; ``None``: not sure.

    Parameters
    ----------
    moving
        Whether to follow keys that one side moved to another table.
    """
    if ours in (base, theirs):
        return theirs, ()
    if theirs == base:
        return ours, ()
    notes: list[str] = []
    try:
        sides = [parse(_ended(text)) for text in (base, ours, theirs)]
        if moving:
            sides = _follow_moves(*sides)
        root = branch(sides[0], sides[1], sides[2], (), notes)
    except (NotSure, RecursionError):
        return None
    if removed.dangling(notes, sides[0], sides[2], root):
        return None
    merged = write(root)
    ends = [text.endswith("\n") or not text for text in (base, ours, theirs)]
    if not (ends[2] if ends[1] == ends[0] else ends[1]):
        merged = merged.removesuffix("\n")
    return merged, tuple(dict.fromkeys(notes))


def _follow_moves(base: Branch, ours: Branch, theirs: Branch) -> list[Branch]:
    """Put what one side moved where it put it, in base and in the other side."""
    said = [moves.nested(value(side)) for side in (base, ours, theirs)]
    mine, other = moves.moved(said[0], said[2], said[1]), moves.moved(said[0], said[1], said[2])
    ours, theirs = (
        moves.follow_in_tree(ours, other, theirs),
        moves.follow_in_tree(theirs, mine, ours),
    )
    base = moves.follow_in_tree(moves.follow_in_tree(base, other, theirs), mine, ours)
    return [base, ours, theirs]


def _ended(text: str) -> str:
    return text if text.endswith("\n") or not text else text + "\n"


def branch(
    base: Branch | None, ours: Branch, theirs: Branch, path: Path, notes: list[str]
) -> Branch:
    """Merge three mappings, or three sequences; without a base, both sides added one."""
    if base is None:
        if ours.kind == "seq" and (whole := lists.both_added(ours, theirs, path, notes)):
            return whole
        base = replace(ours, entries=())
    base, ours, theirs = layout.same_column(base, ours, theirs)
    if write(ours) in (write(base), write(theirs)):
        return theirs
    if write(theirs) == write(base):
        return ours
    members = _members(base, ours, theirs, path)
    if isinstance(members, list):
        return layout.assemble(base, ours, theirs, members)
    kept: dict[int, Entry] = {}
    out = lists.crowded_out(members, path, notes)
    for slot, versions in members.versions.items():
        merged = None if slot in out else entry(versions, path, notes, strict=members.strict)
        if merged is not None:
            kept[slot] = merged
    lists.fixed_places(members, out, path)
    order = match.order(members.slots, set(kept), members.strict)
    if members.sortable:
        order = layout.sorted_in(order, members.slots, kept)
    return layout.assemble(base, ours, theirs, [kept[slot] for slot in order])


def _members(base: Branch, ours: Branch, theirs: Branch, path: Path) -> Members | list[Entry]:
    """Match the members of three branches; a list where their order alone decides."""
    sides = [list(side.entries) for side in (base, ours, theirs)]
    refuse_many(*map(len, sides))
    said = [[value(member.node) for member in side] for side in sides]
    if base.kind == "map":
        return _numbered(sides, _map_slots(sides, said), "map", strict=False, sortable=False)
    kind = values.list_kind(path, *said)
    if kind == "records":
        keys = match.identities(*said)
        items = [list(zip(*pair, strict=True)) for pair in zip(keys, said, strict=True)]
        slots = match.by_likeness(items[0], items[1], items[2], keyed=False)
        strict = values.is_ordered(path)
        return _numbered(sides, slots, kind, strict=strict, sortable=False)
    if kind == "ordered":
        return lists.in_order(sides, said, path)
    set_keys = values.item_keys(kind, *said)
    slots = match.by_key(set_keys[0], set_keys[1], set_keys[2])
    return _numbered(sides, slots, kind, strict=False, sortable=True)


def _map_slots(sides: list[list[Entry]], said: list[list[Value]]) -> match.Slots:
    """Slots of a mapping by key; elements of an array of tables by what identifies them."""
    found: list[dict[int, int]] = [{}, {}, {}]
    first = 0
    arrays = dict.fromkeys(member.key for side in sides for member in side if member.item)
    for array in [None, *arrays]:
        places = [
            [i for i, m in enumerate(side) if (m.key if m.item else None) == array]
            for side in sides
        ]
        parts = [
            [values_of[i] for i in where] for values_of, where in zip(said, places, strict=True)
        ]
        keys: list[list[Hashable]] = match.identities(*parts)
        if array is None:
            keys = [[side[i].key for i in where] for side, where in zip(sides, places, strict=True)]
        items = [list(zip(k, part, strict=True)) for k, part in zip(keys, parts, strict=True)]
        slots = match.by_likeness(items[0], items[1], items[2], keyed=array is None)
        numbers = (slots.base, slots.ours, slots.theirs)
        for into, where, own in zip(found, places, numbers, strict=True):
            into.update({i: first + slot for i, slot in zip(where, own, strict=True)})
        first += 1 + max((slot for own in numbers for slot in own), default=0)
    return match.Slots(*([into[i] for i in sorted(into)] for into in found))


def _numbered(
    sides: list[list[Entry]], slots: match.Slots, kind: str, *, strict: bool, sortable: bool
) -> Members:
    numbers = (slots.base, slots.ours, slots.theirs)
    by_slot = [dict(zip(n, side, strict=True)) for n, side in zip(numbers, sides, strict=True)]
    every = dict.fromkeys([*slots.base, *slots.ours, *slots.theirs])
    versions: dict[int, Versions] = {
        slot: (by_slot[0].get(slot), by_slot[1].get(slot), by_slot[2].get(slot)) for slot in every
    }
    return Members(slots, versions, kind, strict, sortable)


def entry(versions: Versions, path: Path, notes: list[str], *, strict: bool) -> Entry | None:
    """Merge one member; ``None``: it is removed."""
    base, ours, theirs = versions
    if ours is None or theirs is None:
        return removed.one_sided(base, ours, theirs, path, notes, strict=strict)
    path = (*path, *removed.label(ours))
    lead = layout.lead(base.lead if base else None, ours.lead, theirs.lead)
    texts = [content(side) if side else None for side in versions]
    if texts[1] == texts[0]:
        merged = theirs
    elif texts[2] in texts[:2]:
        merged = ours
    else:
        merged = _both_changed(base, ours, theirs, path, notes)
    return merged if merged.lead == lead else replace(merged, lead=lead)


def _both_changed(
    base: Entry | None, ours: Entry, theirs: Entry, path: Path, notes: list[str]
) -> Entry:
    """Merge a member that both sides changed, or added, differently."""
    node: Node
    b = base.node if base else None
    match b, ours.node, theirs.node:
        case ((Branch() | None), Branch() as o, Branch() as t) if _alike(b, o, t):
            node = branch(b, o, t, path, notes)
        case ((Leaf() | None), Leaf(), Leaf()):
            return _leaf(base, ours, theirs, path, notes)
        case Leaf(), Branch() as o, Branch() as t if _lists_of(b, o, t, path):
            listed = tuple(member for member in o.entries if value(member.node) == value(b))
            node = branch(replace(o, entries=listed), o, t, path, notes)
        case _:
            return _other_form(base, ours, theirs, path)
    old = base or replace(ours, head="", tail="")
    return replace(
        ours if ours.comma else theirs,
        head=layout.pick(old.head, ours.head, theirs.head),
        node=node,
        gap=layout.pick(old.gap, ours.gap, theirs.gap),
        tail=layout.pick(old.tail, ours.tail, theirs.tail),
    )


def _lists_of(base: Node, ours: Branch, theirs: Branch, path: Path) -> bool:
    """Whether both sides made one value the list of it and others."""
    if not (ours.flow and theirs.flow and ours.kind == theirs.kind == "seq"):
        return False
    said = [value(base)]
    lists = [value(ours), value(theirs)]
    return all(
        isinstance(more, list)
        and said[0] in more
        and values.list_kind(path, said, more) in ("set", "requirements")
        for more in lists
    )


def _alike(base: Node | None, ours: Branch, theirs: Branch) -> bool:
    base = base or ours
    form = (ours.kind, ours.flow)
    return isinstance(base, Branch) and form == (theirs.kind, theirs.flow) == (base.kind, base.flow)


def _other_form(base: Entry | None, ours: Entry, theirs: Entry, path: Path) -> Entry:
    """Where one side only wrote the same in another form, the other's change counts."""
    said = [value(side.node) if side else None for side in (base, ours, theirs)]
    marks = [removed.entry_remarks(side) if side else [] for side in (base, ours, theirs)]
    if base is not None and said[1] == said[0] and set(marks[1]) <= set(marks[2]):
        return theirs
    if said[1] == said[2] and set(marks[2]) <= set(marks[1]) | set(marks[0]):
        return ours
    if base is not None and said[2] == said[0] and set(marks[2]) <= set(marks[1]):
        return ours
    raise NotSure(f"{values.where(path)}: both sides changed it")


def _leaf(base: Entry | None, ours: Entry, theirs: Entry, path: Path, notes: list[str]) -> Entry:
    old = base or replace(ours, head="", tail="")
    b = value(base.node) if base else None
    o, t = value(ours.node), value(theirs.node)
    head = layout.pick(old.head, ours.head, theirs.head)
    if o == t:
        node, tail = ours.node, _remark(old.tail, ours.tail, theirs.tail, path, notes)
    elif t == b:
        node, tail = ours.node, layout.pick(old.tail, ours.tail, theirs.tail)
    elif o == b:
        node, tail = theirs.node, layout.pick(old.tail, ours.tail, theirs.tail)
    else:
        node, tail = _decided(base, ours, theirs, path, notes)
    return replace(ours, head=head, node=node, tail=tail)


def _remark(base: str, ours: str, theirs: str, path: Path, notes: list[str]) -> str:
    """The comment behind a value on which both sides agree: the project's where they differ."""
    try:
        return layout.pick(base, ours, theirs)
    except NotSure:
        notes.append(
            f"{values.where(path)}: both sides have it, with other comments; the project's stays, "
            f"the template's was {theirs.strip()}"
        )
        return ours


def _decided(
    base: Entry | None, ours: Entry, theirs: Entry, path: Path, notes: list[str]
) -> tuple[Node, str]:
    """The value, and what stands behind it, where both sides changed the value."""
    b, o, t = base.node if base else None, ours.node, theirs.node
    if isinstance(b, Branch) or not (isinstance(o, Leaf) and isinstance(t, Leaf)):
        raise NotSure(f"{values.where(path)}: both sides changed it")
    if base and b and "\n" in b.text and "\n" in o.text:
        merged = _text_lines(b, o, t)
        if merged is not None:
            return merged, layout.pick(base.tail, ours.tail, theirs.tail)
    tails = [side.tail if side else "" for side in (base, ours, theirs)]
    decision = values.scalar(path, b.value if b else None, o.value, t.value, tails)
    if decision is None:
        raise NotSure(f"{values.where(path)}: both sides changed it")
    if decision.note:
        notes.append(decision.note)
    if decision.text == values.text_of(o.value):
        return o, _winning(tails, 1)
    if decision.text == values.text_of(t.value):
        return t, _winning(tails, 2)
    return _rewritten(o, decision.text), layout.pick(*tails)


def _winning(tails: Sequence[str], side: int) -> str:
    """The comment behind the value that won, unless the other side alone changed it."""
    if any(versions_module.VERSION_REMARK.fullmatch(tail.strip()) for tail in tails[1:]):
        return tails[side]
    return tails[3 - side] if tails[side] == tails[0] else tails[side]


def _text_lines(base: Leaf, ours: Leaf, theirs: Leaf) -> Leaf | None:
    sides = [leaf.text.splitlines(keepends=True) for leaf in (base, ours, theirs)]
    picks = match.diff3(*sides)
    if picks is None:
        return None
    text = "".join(sides[side][index] for side, index in picks)
    return Leaf(text, ("merged", text))


def _rewritten(leaf: Leaf, text: str) -> Leaf:
    """The leaf with another text between its quotes."""
    said = leaf.value
    risky = "\n" if leaf.text == said else "\"'\\\n"
    if not isinstance(said, str) or leaf.text.count(said) != 1 or set(text) & set(risky):
        raise NotSure("a value that cannot be written in the same way")
    return Leaf(leaf.text.replace(said, text), text)
