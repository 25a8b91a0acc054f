"""Putting merged members together again: indentation, commas, lines and comments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from lisa_scaffold.formats.tree import (
    COMMENT,
    Branch,
    Entry,
    NotSure,
    comments,
    shift_branch,
    shift_entry,
    value,
    write,
)
from lisa_scaffold.merge import match, values


def pick(base: str, ours: str, theirs: str) -> str:
    """The text that one side changed; where both did, the same up to white space."""
    if ours == base:
        return theirs
    if theirs in (base, ours):
        return ours
    squeezed = ["".join(text.split()) for text in (base, ours, theirs)]
    if squeezed[1] == squeezed[0] != squeezed[2]:
        return theirs
    if squeezed[2] in (squeezed[0], squeezed[1]):
        return ours
    raise NotSure("both sides changed the same words or comment")


def lead(base: str | None, ours: str, theirs: str) -> str:
    """Merge the comments above a member; blank lines are ours where both changed them."""
    if ours == base:
        return theirs
    if theirs in (base, ours):
        return ours
    said = [comments(text or "") for text in (base, ours, theirs)]
    if said[1] == said[0] and said[2] != said[0]:
        return theirs
    if said[2] in (said[0], said[1]):
        return ours
    picks = match.diff3(*said)
    if picks is not None and len({side for side, _ in picks}) == 1:
        whole = said[picks[0][0]]
        if len(whole) == len(picks):
            return ours if picks[0][0] == 1 else theirs
    if picks is None or not ours.endswith("\n"):
        raise NotSure("both sides changed a comment")
    blank = ours[: len(ours) - len(ours.lstrip("\n"))]
    margin = ours.rsplit("\n", 2)[-2]
    margin = margin[: len(margin) - len(margin.lstrip())]
    return blank + "".join(f"{margin}{said[side][index]}\n" for side, index in picks)


def same_column(base: Branch, ours: Branch, theirs: Branch) -> tuple[Branch, Branch, Branch]:
    """Indent three versions alike: as the side that changed the indentation does."""
    columns = [column(side) for side in (base, ours, theirs)]
    if None in columns or len(set(columns)) == 1:
        return base, ours, theirs
    wanted = columns[2] if columns[1] == columns[0] else columns[1]
    by = [(wanted or 0) - (own or 0) for own in columns]
    return shift_branch(base, by[0]), shift_branch(ours, by[1]), shift_branch(theirs, by[2])


def column(branch: Branch) -> int | None:
    """Where the members begin that stand on lines of their own."""
    if not branch.flow:
        return branch.column
    for member in branch.entries:
        if "\n" in member.lead:
            return len(member.lead) - member.lead.rindex("\n") - 1
    return None


def _spread(branch: Branch) -> bool:
    """Whether brackets enclose lines rather than a part of one line."""
    return any("\n" in member.lead for member in branch.entries) or "\n" in branch.closing


def assemble(base: Branch, ours: Branch, theirs: Branch, entries: Sequence[Entry]) -> Branch:
    """Make one branch of merged members."""
    style = ours if ours.entries else theirs
    if theirs.entries and _spread(ours) == _spread(base) != _spread(theirs):
        style = theirs
    if not ours.flow:
        return _block(base, ours, theirs, entries)
    members = _in_style(style, ours, theirs, entries)
    last = [side.entries[-1].comma if side.entries else None for side in (base, ours, theirs)]
    comma = last[2] if last[1] == last[0] and last[2] is not None else last[1]
    members = _commas(
        members, bool(style.entries[-1].comma if comma is None and style.entries else comma)
    )
    return replace(
        style,
        opening=_edge(base.opening, ours.opening, theirs.opening),
        entries=tuple(members),
        closing=_closing(style, base.closing, ours.closing, theirs.closing),
    )


def _edge(base: str, ours: str, theirs: str) -> str:
    """Merge the comments at the start or the end of a branch."""
    try:
        return pick(base, ours, theirs)
    except NotSure:
        return lead(base, ours, theirs)


def _closing(style: Branch, base: str, ours: str, theirs: str) -> str:
    if len({"".join(text.split()) for text in (base, ours, theirs)}) == 1:
        return style.closing
    return _edge(base, ours, theirs)


def _block(base: Branch, ours: Branch, theirs: Branch, entries: Sequence[Entry]) -> Branch:
    if not entries and ours.entries:
        raise NotSure("nothing is left of a block")
    compact = theirs.compact if ours.compact == base.compact else ours.compact
    if compact and entries and entries[0].lead:
        raise NotSure("a comment between a dash and the first key")
    return replace(
        ours,
        opening=_edge(base.opening, ours.opening, theirs.opening),
        entries=tuple(entries),
        closing=_edge(base.closing, ours.closing, theirs.closing),
        compact=compact,
    )


def _commas(entries: Sequence[Entry], last: bool) -> list[Entry]:
    """A comma after each member but the last, and after that one as before."""
    count = len(entries)
    wanted = [last if index == count - 1 else True for index in range(count)]
    return [
        e if e.comma == w else replace(e, comma=w) for e, w in zip(entries, wanted, strict=True)
    ]


def _in_style(style: Branch, ours: Branch, theirs: Branch, entries: Sequence[Entry]) -> list[Entry]:
    """Give each member the white space that its new place asks for."""
    if not _spread(style):
        return [_on_line(style, entry, index) for index, entry in enumerate(entries)]
    wanted = column(style)
    margin = "\n" + " " * (wanted or 0)
    firsts = [side.entries[0].lead for side in (style, ours, theirs) if side.entries]
    members = []
    for index, entry in enumerate(entries):
        fresh = entry
        if "\n" not in entry.lead and (index == 0 or entry.lead in firsts or not _crowded(style)):
            fresh = replace(shift_entry(entry, 0, True), lead=margin)
            if index == 0 and style.entries and "\n" not in style.entries[0].lead:
                fresh = replace(entry, lead=style.entries[0].lead)
        members.append(fresh)
    return members


def _crowded(branch: Branch) -> bool:
    """Whether some line holds several members."""
    return any("\n" not in member.lead for member in branch.entries[1:])


def _on_line(style: Branch, entry: Entry, index: int) -> Entry:
    if comments(entry.lead) or COMMENT.search(entry.tail + entry.gap):
        raise NotSure("a comment inside one line")
    leads = [member.lead for member in style.entries]
    first = leads[0] if leads else (" " if style.closing[:1] == " " else "")
    rest = leads[1] if len(leads) > 1 else " "
    lead = rest if index else first
    return entry if entry.lead == lead else replace(entry, lead=lead)


def sorted_in(order: list[int], slots: match.Slots, kept: Mapping[int, Entry]) -> list[int]:
    """Where both versions are sorted, sort what was added, too."""

    def name(slot: int) -> str:
        return (values.text_of(value(kept[slot].node)) or write(kept[slot].node)).casefold()

    sides = [[name(s) for s in side if s in kept] for side in (slots.ours, slots.theirs)]
    if all(len(side) > 1 and side == sorted(side) for side in sides):
        return sorted(order, key=name)
    return order
