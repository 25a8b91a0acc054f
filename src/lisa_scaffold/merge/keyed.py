"""Three-way merge of TOML, YAML and JSON by key: entries are moved as they are written."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence

from lisa_scaffold.formats.tree import (
    Branch,
    Entry,
    Leaf,
    Node,
    NotSure,
    Path,
    Value,
    drop_copies,
    read_value,
    split_comments,
    write,
    write_content,
)
from lisa_scaffold.merge import (
    choice,
    declined,
    forms,
    identities,
    layout,
    lists,
    match,
    moves,
    needs,
    ordering,
    removed,
    values,
    verify,
)
from lisa_scaffold.merge.declined import COMMENT_WAS, MergedText, Note
from lisa_scaffold.merge.effort import refuse_many
from lisa_scaffold.merge.lists import Members, Versions
from lisa_scaffold.merge.mend import mend_base


def merge_toml(base: str, ours: str, theirs: str) -> MergedText | None:
    """Merge three versions of a TOML file; ``None`` where that is not sure."""
    from lisa_scaffold.formats import toml  # a merge driver needs one of the two

    def merge(base: str, ours: str, theirs: str) -> MergedText | None:
        merged = _merge_document(toml.parse, base, ours, theirs, moving=True)
        return verify.refuse_unsound(toml.load, (base, ours, theirs), merged, moving=True)

    return _merge_mended(merge, toml.load, base, ours, theirs)


def _merge_mended(
    merge: Callable[[str, str, str], MergedText | None],
    load: verify.Load,
    base: str,
    ours: str,
    theirs: str,
) -> MergedText | None:
    """Merge with a base that cannot be read as both sides have mended it."""
    done = merge(base, ours, theirs)
    if done is None and (mended := mend_base(load, base, ours, theirs)) is not None:
        done = merge(mended, ours, theirs)
    return done


def merge_yaml(base: str, ours: str, theirs: str) -> MergedText | None:
    """Merge three versions of a YAML file; ``None`` where that is not sure.

    Several documents are merged one by one; those that one side added are put below.
    """
    from lisa_scaffold.formats import yaml

    return _merge_mended(_merge_yaml_documents, yaml.load, base, ours, theirs)


def _merge_yaml_documents(base: str, ours: str, theirs: str) -> MergedText | None:
    from lisa_scaffold.formats import yaml

    try:
        before, our_texts, their_texts = map(yaml.split_documents, (base, ours, theirs))
        if len(before) == len(our_texts) == len(their_texts) == 1:
            return _merge_yaml_document(base, ours, theirs)
        count = len(before)
        if min(len(our_texts), len(their_texts)) != count or not (
            _are_in_order(before, our_texts) and _are_in_order(before, their_texts)
        ):
            return None
    except NotSure:
        return None
    text, notes = "", list[Note]()
    for sides in zip(before, our_texts, their_texts, strict=False):
        done = _merge_yaml_document(*sides)
        if done is None:
            return None
        text, notes = text + done[0], [*notes, *done[1]]
    return text + "".join([*our_texts[count:], *their_texts[count:]]), tuple(notes)


def _merge_yaml_document(base: str, ours: str, theirs: str) -> MergedText | None:
    from lisa_scaffold.formats import yaml

    merged = _merge_document(yaml.parse, base, ours, theirs)
    merged = verify.refuse_unsound(yaml.load, (base, ours, theirs), merged)
    if merged is None:
        # A base with a key that stands twice, and says the same each time, is as good as without.
        try:
            without_copies = write(drop_copies(yaml.parse(base)))
        except NotSure:
            return None
        if without_copies not in ("", base):
            return _merge_yaml_document(without_copies, ours, theirs)
    return merged


def _are_in_order(base: list[str], side: list[str]) -> bool:
    """Whether every document of the base is most like the one in its own place."""
    from lisa_scaffold.formats import yaml

    old, new = ([match.count_leaves(yaml.load(text)) for text in texts] for texts in (base, side))
    return all(
        max(range(len(side)), key=lambda j: (match.measure_likeness(leaves, new[j]), j == i)) == i
        for i, leaves in enumerate(old)
    )


def merge_json(base: str, ours: str, theirs: str) -> MergedText | None:
    """Merge three versions of a JSON file; ``None`` where that is not sure."""
    from lisa_scaffold.formats import json as json_format  # as above

    merged = _merge_document(json_format.parse, base, ours, theirs)
    if merged and all(map(_is_strict, (base, ours, theirs))) and not _is_strict(merged[0]):
        return None
    return verify.refuse_unsound(json_format.load_lenient, (base, ours, theirs), merged)


def _is_strict(text: str) -> bool:
    import json

    try:
        json.loads(text or "null")
    except ValueError:
        return False
    return True


def _merge_document(
    parse: Callable[[str], Branch], base: str, ours: str, theirs: str, *, moving: bool = False
) -> MergedText | None:
    """Merge three versions of a text that `parse` makes trees of; ``None`` where that is not sure.

    Parameters
    ----------
    moving
        Whether to follow keys that one side moved to another table.
    """
    if ours in (base, theirs):
        return theirs, ()
    if theirs == base:
        return ours, ()
    texts = (base, ours, theirs)
    done = None if choice.find_side() else _merge_trees(parse, texts, texts, moving=moving)
    if done is None:
        # A comment that the project took out divides nothing, wherever the template has it now.
        done = _merge_trees(parse, verify.drop_removed_comments(*texts), texts, moving=moving)
    return done


def _merge_trees(
    parse: Callable[[str], Branch],
    read: tuple[str, str, str],
    texts: tuple[str, str, str],
    *,
    moving: bool,
) -> MergedText | None:
    """Merge what was read of three versions of a text."""
    base, ours, theirs = texts
    notes: list[Note] = []
    has_end = [text.endswith("\n") or not text for text in texts]
    try:
        sides = [parse(text if text.endswith("\n") or not text else f"{text}\n") for text in read]
        if moving:
            sides = moves.gather_dotted_keys(sides)
            # What one side moved is put in its new place in base and in the other side.
            data = [read_value(side) for side in sides]
            for side, lost in enumerate(moves.settle_withdrawn(data[0], data[1], data[2]), 1):
                sides[side] = moves.drop_from_tree(sides[side], lost)
            by_ours = moves.find_moves(data[0], data[2], data[1])
            by_theirs = moves.find_moves(data[0], data[1], data[2])
            sides[1:] = [
                moves.apply_moves_to_tree(sides[1], by_theirs, sides[2]),
                moves.apply_moves_to_tree(sides[2], by_ours, sides[1]),
            ]
            sides[0] = moves.apply_moves_to_tree(sides[0], by_theirs, sides[2])
            sides[0] = moves.apply_moves_to_tree(sides[0], by_ours, sides[1])
        with ordering.divided_by(base):
            root = merge_branch(sides[0], sides[1], sides[2], (), notes)
            open_names = needs.find_open(*map(read_value, (*sides[1:], root)))
            if any(open_names):
                notes.clear()
                with needs.settling(open_names):
                    root = merge_branch(sides[0], sides[1], sides[2], (), notes)
    except (NotSure, RecursionError):
        return None
    if not choice.find_side() and removed.find_dangling(notes, sides[0], sides[2], root):
        return None
    merged = verify.drop_revived_comments(base, ours, theirs, write(root))
    merged = verify.drop_doubled_comments(base, ours, theirs, merged)
    if not (has_end[2] if has_end[1] == has_end[0] else has_end[1]):
        merged = merged.removesuffix("\n")
    return merged, tuple(dict.fromkeys(notes))


def merge_branch(
    base: Branch | None, ours: Branch, theirs: Branch, path: Path, notes: list[Note]
) -> Branch:
    """Merge three mappings, or three sequences; without a base, both sides added one."""
    if base is None:
        if ours.kind == "seq" and (whole := lists.merge_both_added(ours, theirs, path, notes)):
            return whole
        base = ours._replace(entries=())
    texts = [write(side) for side in (base, ours, theirs)]
    if not needs.unsettled().concerns(*texts):
        if texts[1] in (texts[0], texts[2]):
            return theirs
        if texts[2] == texts[0]:
            return ours
    head, (base, ours, theirs) = layout.detach_head(*layout.align(base, ours, theirs))
    base, ours, theirs = layout.hand_over_comments(base, ours, theirs)
    base, ours, theirs = layout.hand_over_last_comments(base, ours, theirs)
    members = _match_members(base, ours, theirs, path)
    if isinstance(members, list):
        return layout.assemble(base, ours, theirs, members)
    merged: dict[int, Entry] = {}
    out = members.slots.out | lists.leave_out_crowded(members, path, notes)
    out |= lists.leave_out_replaced(members, path, notes)
    for slot, versions in members.versions.items():
        entry = None
        if slot not in out:
            entry = _merge_member(versions, path, notes, strict=members.strict)
        if entry is not None:
            merged[slot] = entry
    keep = set(merged) - lists.refuse_replacements(members, out, path)
    order = ordering.order_slots(members.slots, keep, members.strict)
    order = ordering.respect_walls(order, members.versions)
    made = layout.assemble(base, ours, theirs, [merged[slot] for slot in order])
    return layout.attach_head(head, made)


def _match_members(base: Branch, ours: Branch, theirs: Branch, path: Path) -> Members | list[Entry]:
    """Match the members of three branches; merge those where nothing but the order decides."""
    sides = [list(side.entries) for side in (base, ours, theirs)]
    refuse_many(*map(len, sides))
    items = [[read_value(member.node) for member in side] for side in sides]
    form, strict = "map", False
    if base.kind == "map":
        if values.have_recast_jobs(path, *map(read_value, (base, ours, theirs))):
            raise NotSure(f"{values.show_path(path)}: both sides changed the jobs that it makes")
        slots = _match_mapping(sides, items)
    else:
        form = values.classify_list(path, *items)
        if form == "ordered":
            return lists.merge_in_order(sides, items, path)
        if form == "records":
            slots = match.match_by_likeness(
                *_pair_keys(identities.identify(*items), items), keyed=False
            )
            strict = values.is_ordered(path)
        else:
            slots = match.match_by_key(*values.make_item_keys(form, *items))
    numbers = (slots.base, slots.ours, slots.theirs)
    by_slot = [dict(zip(own, side, strict=True)) for own, side in zip(numbers, sides, strict=True)]
    versions: dict[int, Versions] = {
        slot: (by_slot[0].get(slot), by_slot[1].get(slot), by_slot[2].get(slot))
        for slot in dict.fromkeys([*slots.base, *slots.ours, *slots.theirs])
    }
    return Members(slots, versions, form, strict)


def _pair_keys(
    keys: Sequence[Sequence[Hashable]], items: Sequence[Sequence[Value]]
) -> list[list[match.Item]]:
    return [list(zip(*side, strict=True)) for side in zip(keys, items, strict=True)]


def _match_mapping(sides: list[list[Entry]], items: list[list[Value]]) -> match.Slots:
    """Match a mapping by key, and elements of an array of tables by what identifies them."""
    found: list[dict[int, int]] = [{}, {}, {}]
    out: set[int] = set()
    first = 0
    arrays = dict.fromkeys(member.key for side in sides for member in side if member.item)
    for array in [None, *arrays]:
        places = [
            [i for i, m in enumerate(side) if (m.key if m.item else None) == array]
            for side in sides
        ]
        parts = [[own[i] for i in where] for own, where in zip(items, places, strict=True)]
        keys: list[list[Hashable]] = identities.identify(*parts)
        if array is None:
            keys = [[side[i].key for i in where] for side, where in zip(sides, places, strict=True)]
        try:
            slots = match.match_by_likeness(*_pair_keys(keys, parts), keyed=array is None)
        except NotSure as doubt:
            if array is None:
                raise
            slots = match.keep_apart(parts, doubt)
        out |= {first + slot for slot in slots.out}
        numbers = (slots.base, slots.ours, slots.theirs)
        for into, where, own in zip(found, places, numbers, strict=True):
            into.update({i: first + slot for i, slot in zip(where, own, strict=True)})
        first += 1 + max((slot for own in numbers for slot in own), default=0)
    base, ours, theirs = ([into[i] for i in sorted(into)] for into in found)
    return match.Slots(base, ours, theirs, frozenset(out))


def _merge_member(
    versions: Versions, path: Path, notes: list[Note], *, strict: bool
) -> Entry | None:
    """Merge one member, unless a name that it needs, or defines, settles the matter."""
    settled = _settle_need(versions, path) if any(needs.unsettled()) else None
    if settled is None:
        return _merge_entry(versions, path, notes, strict=strict)
    notes.append(settled[1])
    return settled[0]


def _merge_entry(
    versions: Versions, path: Path, notes: list[Note], *, strict: bool
) -> Entry | None:
    """Merge one member; ``None`` where the result lacks it."""
    base, ours, theirs = versions
    told = len(notes)
    if ours is None or theirs is None:
        return _merge_one_sided(versions, path, notes, strict=strict)
    path = (*path, *removed.find_label(ours))
    lead = _merge_leads(base, ours, theirs, path, notes)
    if not lead and not ours.lead.strip() and ours.head.lstrip()[:1] == "[":
        lead = ours.lead  # a blank line parts tables, wherever the template has lost it
    texts = [write_content(side) if side else None for side in versions]
    is_settled = not needs.unsettled().concerns(*texts)
    if is_settled and texts[1] == texts[0]:
        merged = theirs
    elif is_settled and texts[2] in texts[:2]:
        merged = ours
    else:
        try:
            merged = _merge_changed(base, ours, theirs, path, notes)
            _refuse_untold(notes, told)
            if choice.find_side():
                # Where the rest of the file would not be merged for it, the member is in doubt.
                before, own, other = (text or "" for text in texts)
                text = verify.drop_doubled_comments(before, own, other, write_content(merged))
                if line := verify.find_miscounted_line(before, own, other, text):
                    raise NotSure(f"{values.show_path(path)}: {line} more or less often")
        except NotSure as doubt:
            merged = choice.choose(ours, theirs, doubt)
            del notes[told:]
    return merged if merged.lead == lead else merged._replace(lead=lead)


def _merge_leads(
    base: Entry | None, ours: Entry, theirs: Entry, path: Path, notes: list[Note]
) -> str:
    """What stands above a member that both sides have."""
    offered, strayed = theirs.lead, list[str]()
    if base is None and choice.is_reported():
        offered, strayed = layout.split_further_in(offered)
    try:
        lead = layout.merge_lead(base.lead if base else None, ours.lead, offered)
    except NotSure as doubt:
        before, own, new = (
            split_comments(each.lead) if each else [] for each in (base, ours, theirs)
        )
        if _is_own_remark(base, ours, theirs, (before, own, new)):
            texts = ("".join(f"{line}\n" for line in side) for side in (own, new))
            notes.append(declined.note_own_comment(values.show_path(path), *texts))
            return ours.lead
        # Where one side removed the comments, those that the other put in their place stay.
        if not before or {*before} & {*own, *new} or (own and new):
            return choice.choose(ours.lead, theirs.lead, doubt)
        lead = ours.lead if own else theirs.lead
    if strayed and not {*strayed} <= {*ours.lead.splitlines(keepends=True)}:
        notes.append(declined.note_strayed(values.show_path(path), "".join(strayed)))
    return lead


def _is_own_remark(
    base: Entry | None, ours: Entry, theirs: Entry, comments: Sequence[Sequence[str]]
) -> bool:
    """Whether both sides wrote what stands above a member whose value is the project's.

    Where it is the template's, its words are about that.
    """
    before, own, new = comments
    if not (own and new and choice.is_reported()):
        return False
    values_of = [read_value(side.node) if side else None for side in (base, ours, theirs)]
    if values_of[2] != values_of[1] and (base is None or values_of[2] != values_of[0]):
        return False
    said = {*before, *own, *new} - ({*own} & {*new})
    return all(map(layout.is_remark, said))


def _merge_one_sided(
    versions: Versions, path: Path, notes: list[Note], *, strict: bool
) -> Entry | None:
    """Merge a member that one side lacks."""
    base, ours, theirs = versions
    left, told = ours or theirs, len(notes)
    try:
        kept = removed.merge_one_sided(base, ours, theirs, path, notes, strict=strict)
        if base and left and read_value(base.node) != read_value(left.node):
            _refuse_untold(notes, told)
    except NotSure as doubt:
        del notes[told:]
        return choice.choose(ours, theirs, doubt)
    if not choice.is_reported():
        del notes[told:]  # what is gone on one side, and says the same on the other, goes
    return kept


def _refuse_untold(notes: list[Note], told: int) -> None:
    """Refuse a merge of a member that has to be told of where there is no report.

    Raises
    ------
    NotSure
        If it added notes to the ones that were told already.
    """
    if len(notes) > told and not choice.is_reported():
        raise NotSure(str(notes[-1]))


def _settle_need(versions: Versions, path: Path) -> tuple[Entry | None, Note] | None:
    """The project's member, with a note, where the template's does not go together with it."""
    base, ours, theirs = versions
    left = ours or theirs
    if left is None:
        return None
    path = (*path, *removed.find_label(left))
    before, mine, offered = (write_content(side) if side else "" for side in versions)
    if theirs is None:
        if base is None or ours is None or not needs.unsettled().keeps(path, mine):
            return None
        return ours, declined.note_needed(values.show_path(path), before, mine)
    is_whole = base is None or ours is None or isinstance(theirs.node, Leaf)
    if not is_whole or not needs.unsettled().declines(path, before, offered):
        return None
    above = "".join(f"{line}\n" for line in split_comments(theirs.lead) if base is None)
    what = values.show_path(path)
    return ours, declined.note_unmet(what, before, above + offered, mine)


def _merge_changed(
    base: Entry | None, ours: Entry, theirs: Entry, path: Path, notes: list[Note]
) -> Entry:
    """Merge a member that both sides changed, or added, differently."""
    choice.count_doubtful()
    node: Node
    before = base.node if base else None
    if base is None and values.is_filled(read_value(ours.node), read_value(theirs.node)):
        texts = [write_content(side) for side in (ours, theirs)]
        notes.append(declined.note_filled(values.show_path(path), *texts))
        return ours
    match before, ours.node, theirs.node:
        case ((Branch() | None), Branch() as o, Branch() as t) if (
            len({(b.kind, b.bracketed) for b in (before, o, t) if b}) == 1
        ):
            node = merge_branch(before, o, t, path, notes)
        case ((Leaf() | None), Leaf(), Leaf()):
            return _merge_leaf(base, ours, theirs, path, notes)
        case Leaf(), Branch() as o, Branch() as t if _are_lists_of(before, o, t, path):
            listed = [e for e in o.entries if read_value(e.node) == read_value(before)]
            node = merge_branch(o._replace(entries=tuple(listed)), o, t, path, notes)
        case _:
            alike = forms.unify(base, ours, theirs)
            if alike is None:
                return _pick_rewritten(base, ours, theirs, path)
            return _merge_changed(*alike, path, notes)
    old = base or ours._replace(head="", tail="")
    return (ours if ours.comma else theirs)._replace(
        head=_pick(old.head, ours.head, theirs.head),
        node=node,
        gap=_pick(old.gap, ours.gap, theirs.gap),
        tail=_pick(old.tail, ours.tail, theirs.tail),
    )


def _pick(base: str, ours: str, theirs: str) -> str:
    """What stands beside the members of a branch: they are merged, however doubtful it is."""
    try:
        return layout.pick(base, ours, theirs)
    except NotSure as doubt:
        return choice.choose(ours, theirs, doubt)


def _are_lists_of(base: Node, ours: Branch, theirs: Branch, path: Path) -> bool:
    """Whether both sides made one value the list of it and others."""
    if not (ours.bracketed and theirs.bracketed and ours.kind == theirs.kind == "seq"):
        return False
    item = read_value(base)
    return all(
        isinstance(items, list)
        and item in items
        and values.classify_list(path, [item], items) in ("set", "requirements")
        for items in (read_value(ours), read_value(theirs))
    )


def _pick_rewritten(base: Entry | None, ours: Entry, theirs: Entry, path: Path) -> Entry:
    """Where one side only wrote the same in another form, pick the other's change."""
    found = [read_value(side.node) if side else None for side in (base, ours, theirs)]
    remarks = [set(removed.find_entry_remarks(s)) if s else set() for s in (base, ours, theirs)]
    # What the base says too is no comment of a side's own.
    if base is not None and found[1] == found[0] and remarks[1] <= remarks[2] | remarks[0]:
        return theirs
    if found[1] == found[2] and remarks[2] <= remarks[1] | remarks[0]:
        return ours
    if base is not None and found[2] == found[0] and remarks[2] <= remarks[1] | remarks[0]:
        return ours
    if values.are_alike(path, read_value(ours.node), read_value(theirs.node)) and (
        remarks[2] <= remarks[1]
    ):
        return ours
    raise NotSure(f"{values.show_path(path)}: both sides changed it")


def _merge_leaf(
    base: Entry | None, ours: Entry, theirs: Entry, path: Path, notes: list[Note]
) -> Entry:
    old = base or ours._replace(head="", tail="")
    before = read_value(base.node) if base else None
    our_value, their_value = read_value(ours.node), read_value(theirs.node)
    if _is_block(ours) != _is_block(theirs) and before in (our_value, their_value):
        return theirs if our_value == before else ours  # the white space goes with the form
    head = layout.pick(old.head, ours.head, theirs.head)
    node = ours.node
    if our_value == their_value:
        try:
            tail = layout.pick(old.tail, ours.tail, theirs.tail)
        except NotSure:
            tail = ours.tail
            notes.append(
                f"{values.show_path(path)}: both sides have it; the project's comment stays"
                f"{COMMENT_WAS}{theirs.tail.strip()}"
            )
    elif before in (our_value, their_value):
        node = ours.node if their_value == before else theirs.node
        if their_value == before and _has_own_comment(old, ours, theirs, path):
            tail = ours.tail
            notes.append(
                f"{values.show_path(path)}: the project changed it, the template only the comment "
                f"{theirs.tail.strip()}, which is left out"
            )
        else:
            tail = layout.pick(old.tail, ours.tail, theirs.tail)
    else:
        node, tail = _decide_leaf(base, ours, theirs, path, notes)
    return ours._replace(head=head, node=node, tail=tail)


def _is_block(member: Entry) -> bool:
    """Whether a value is a text that YAML takes by its lines."""
    return isinstance(member.node, Leaf) and member.node.text[:1] in ("|", ">")


def _has_own_comment(base: Entry, ours: Entry, theirs: Entry, path: Path) -> bool:
    """Whether the comment behind a value that the project changed is the project's as well.

    Of a pinned version the template's would be about another one.
    """
    added = theirs.tail.strip() not in (base.tail.strip(), ours.tail.strip(), "")
    if added and values.is_pin(path, read_value(ours.node)):
        return True
    try:
        layout.pick(base.tail, ours.tail, theirs.tail)
    except NotSure:
        return True
    return False


def _has_reason(ours: Entry, theirs: Entry) -> bool:
    """Whether the project has given a value a comment of its own, which may say why."""
    known = removed.find_entry_remarks(theirs)
    remarks = [remark for remark in removed.find_entry_remarks(ours) if remark not in known]
    return any(not values.VERSION_REMARK.fullmatch(remark) for remark in remarks)


def _keep_words(
    said: tuple[Value | None, Value, Value],
    ours: Entry,
    theirs: Entry,
    path: Path,
    notes: list[Note],
) -> tuple[Node, str]:
    """The project's description, and what follows it, with a note on the template's.

    Raises
    ------
    NotSure
        If the value is no description, or none of the project's own.
    """
    if not values.are_own_words(path, *said):
        raise NotSure(f"{values.show_path(path)}: both sides changed it")
    texts = [write_content(side) for side in (ours, theirs)]
    notes.append(declined.note_own_words(values.show_path(path), *texts))
    return ours.node, ours.tail


def _decide_leaf(
    base: Entry | None, ours: Entry, theirs: Entry, path: Path, notes: list[Note]
) -> tuple[Node, str]:
    """The value, and what follows it on its line, where both sides changed the value."""
    b, o, t = base.node if base else None, ours.node, theirs.node
    if isinstance(b, Branch) or not (isinstance(o, Leaf) and isinstance(t, Leaf)):
        raise NotSure(f"{values.show_path(path)}: both sides changed it")
    tails = [side.tail if side else "" for side in (base, ours, theirs)]
    if b and "\n" in b.text and "\n" in o.text:
        text = values.merge_block(b.text, o.text, t.text)
        if text is not None:
            return Leaf(text, ("merged", text)), layout.pick(*tails)
    said = (b.value if b else None, o.value, t.value)
    decision = values.decide_scalar(path, *said, tails)
    if decision is None:
        return _keep_words(said, ours, theirs, path, notes)
    if base is None and decision.text != values.text_of(o.value) and _has_reason(ours, theirs):
        note = declined.note_carried_over(
            values.show_path(path), write_content(ours), write_content(theirs)
        )
        decision = values.Decision(values.text_of(o.value) or "", note)
    if decision.note:
        notes.append(decision.note)
    for side, leaf in (1, o), (2, t):
        if decision.text == values.text_of(leaf.value):
            # The comment behind the value that won, unless only the other side changed it.
            is_versioned = any(values.VERSION_REMARK.fullmatch(tail.strip()) for tail in tails[1:])
            other = 3 - side
            return leaf, tails[other if tails[side] == tails[0] and not is_versioned else side]
    # The text between the quotes of ours is replaced.
    value = o.value
    risky = "\n" if o.text == value else "\"'\\\n"
    if not isinstance(value, str) or o.text.count(value) != 1 or set(decision.text) & set(risky):
        raise NotSure("a value that cannot be written in the same way")
    return Leaf(o.text.replace(value, decision.text), decision.text), layout.pick(*tails)
