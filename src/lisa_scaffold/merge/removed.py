"""Members that one side removed while the other left them, moved their version or changed them."""

from __future__ import annotations

from collections.abc import Iterable

from lisa_scaffold.formats.tree import (
    Branch,
    Entry,
    Leaf,
    Node,
    NotSure,
    Path,
    Value,
    find_remarks,
    read_value,
    split_comments,
    write_content,
)
from lisa_scaffold.merge import declined, identities, values
from lisa_scaffold.merge.declined import Declined, Note
from lisa_scaffold.pattern import compile_lazily
from lisa_scaffold.versions import normalize_name, split_requirement

_NAME = compile_lazily(r"[A-Za-z_][\w-]*")


def merge_one_sided(  # noqa: PLR0913 - three versions, where they are, what is reported of them
    base: Entry | None,
    ours: Entry | None,
    theirs: Entry | None,
    path: Path,
    notes: list[Note],
    *,
    strict: bool,
) -> Entry | None:
    """Merge a member that at least one side lacks; ``None`` where the result lacks it.

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
    before, after = read_value(base.node), read_value(left.node)
    old_remarks, new_remarks = find_entry_remarks(base), find_entry_remarks(left)
    if before == after and old_remarks == new_remarks:
        return None
    label = find_label(left)
    path = (*path, *label)
    where = values.show_path(path)
    if before == after:
        who = ("project", "template") if ours is None else ("template", "project")
        news = " ".join(remark for remark in new_remarks if remark not in old_remarks)
        text = "" if any(label) else values.text_of(after) or ""
        what = f"{where}: {text}".removesuffix(": ")
        if news:
            news = f"changed its comment ({news})"
            notes.append(f"{what}: the {who[0]} removed it, the {who[1]} {news}; both go.")
        return None
    if values.has_only_moved_pins(path, before, after) and _own_remarks(base) == _own_remarks(left):
        moved = ", ".join(dict.fromkeys(_list_moves(before, after)))
        notes.append(note_moved(where, moved, by_ours=ours is not None))
        return None
    same_member = label == find_label(base) or identities.share_identity(before, after)
    if strict or not any(label) or not same_member:
        raise NotSure(f"{where}: removed by one side, changed by the other")
    if ours is None:
        notes.append(declined.note_removed(where, write_content(base), write_content(left)))
        return None
    own = values.find_own_part(path, before, after)
    stays = ours if own is None else _reduce_to(ours, own)
    make_note = declined.note_changed if own is None else declined.note_own_items
    notes.append(make_note(where, write_content(base), write_content(stays)))
    return stays


def _reduce_to(entry: Entry, own: Value) -> Entry:
    """A list, or a table of lists, with nothing but some of its items."""
    node = entry.node
    if not isinstance(node, Branch):
        raise NotSure("no list")
    if isinstance(own, dict):
        members = [_reduce_to(e, own[e.key]) for e in node.entries if e.key in own]
    else:
        members = [member for member in node.entries if read_value(member.node) in own]
    if node.bracketed:
        if "\n" not in members[0].lead + node.entries[0].lead:
            members[0] = members[0]._replace(lead=node.entries[0].lead)
        members[-1] = members[-1]._replace(comma=node.entries[-1].comma)
    return entry._replace(node=node._replace(entries=tuple(members)))


def find_label(member: Entry) -> Path:
    """The name of a member in a path: its key, or the field that identifies it."""
    if member.key and not member.item:
        return member.key
    value = read_value(member.node)
    if isinstance(value, dict):
        return (*member.key, identities.find_name(value))
    parts = split_requirement(values.text_of(value) or "")
    return (*member.key, normalize_name(parts["name"]) if parts else "")


def find_dangling(
    notes: Iterable[Note], base: Branch, theirs: Branch, merged: Branch
) -> str | None:
    """A key that the template removed, and that something names which stays for the project."""
    declined_changes = (note for note in notes if isinstance(note, Declined))
    stays = {name for note in declined_changes for name in _NAME.findall(note.stays)}
    return min(stays & (_find_keys(base) - _find_keys(theirs) - _find_keys(merged)), default=None)


def _find_keys(node: Node) -> set[str]:
    if isinstance(node, Leaf):
        return set()
    own = {part for entry in node.entries for part in entry.key}
    return own.union(*(_find_keys(entry.node) for entry in node.entries))


def has_only_moved_pins(base: Branch, ours: Branch) -> bool:
    """Whether the project moved pins, and changed nothing else."""
    sides = [Entry((), "", "", side, "") for side in (base, ours)]
    before, after = read_value(base), read_value(ours)
    return (
        before != after
        and values.has_only_moved_pins((), before, after)
        and _own_remarks(sides[0]) == _own_remarks(sides[1])
    )


def note_moved(what: str, moved: str, *, by_ours: bool) -> str:
    """Note what one side removed, and the other (`by_ours`: the project) moved the pin of."""
    who = ("template", "project") if by_ours else ("project", "template")
    gone = "removed it" if by_ours else "does not have it"
    return (
        f"{what}: the {who[0]} {gone} and the {who[1]} only moved its "
        f"version ({moved}); it stays out."
    )


def _list_moves(before: Value, after: Value) -> list[str]:
    match before, after:
        case dict(), dict():
            return [m for key in before for m in _list_moves(before[key], after[key])]
        case list(), list():
            pairs = zip(before, after, strict=True)
            return [m for old, new in pairs for m in _list_moves(old, new)]
        case _ if before != after:
            return [f"{values.text_of(before)} → {values.text_of(after)}"]
    return []


def find_entry_remarks(member: Entry) -> list[str]:
    """The comments above, inside and behind a member."""
    tail = member.tail.strip()
    return [*split_comments(member.lead), *find_remarks(member.node), *([tail] if tail else [])]


def _own_remarks(member: Entry) -> list[str]:
    """The comments of an entry, without those that name the version of a pin."""
    return [r for r in find_entry_remarks(member) if not values.VERSION_REMARK.fullmatch(r)]
