"""Putting merged members together again: indentation, commas, lines and comments."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise, takewhile

from lisa_scaffold.formats.tree import (
    COMMENT,
    Branch,
    Entry,
    Leaf,
    NotSure,
    shift_branch,
    shift_entry,
    split_comments,
)
from lisa_scaffold.merge import choice, match
from lisa_scaffold.merge.words import fold_comment, pick_farther
from lisa_scaffold.pattern import compile_lazily

_QUOTES = frozenset("'\"")
_WORD = compile_lazily(r"[A-Za-z]{2,}")
_SENTENCE = 2
_OPTION = compile_lazily(r"#\s?(?:[\w.-]+\s*=\s*\S+|\"[^\"]+\",?|'[^']+',?)")
_ORDER = compile_lazily(
    r"^(?:#|//)+\s*(?:-\s|[\"']|[A-Za-z_][\w.-]*\s?[:=]\s*\S)"
    r"|\b(?:noqa|nosec|nolint|nosemgrep|pragma|renovate|keep-sorted)\b"
    r"|\b(?:ignore|disable|enable)(?:-[\w-]{1,40})?\s?[=:\[]\s?\w"
    r"|lint\w{0,9}[ :-]{1,3}(?:ignore|disable|enable)"
)
"""An option or an entry in a comment, or what makes a tool do something."""


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
    for more, less, text in (squeezed[1], squeezed[2], ours), (squeezed[2], squeezed[1], theirs):
        if not base and more.startswith(f"{less}#"):
            return text  # of what both added, only one has a comment
    raise NotSure("both sides changed the same words or comment")


def merge_lead(base: str | None, ours: str, theirs: str) -> str:
    """Merge the comments above a member; blank lines are ours where both changed them."""
    if ours == base:
        return theirs
    if theirs in (base, ours):
        return ours
    comments = [split_comments(text or "") for text in (base, ours, theirs)]
    if comments[1] == comments[0] and comments[2] != comments[0]:
        return _keep_blanks(base or "", ours, theirs)
    said = [[*map(fold_comment, side)] for side in comments]
    # A side that only moved them about has not changed them.
    before, own, new = map(sorted, said)
    if said[2] == said[1] or before in (own, new):
        return (
            ours if new == before or said[2] == said[1] else _keep_blanks(base or "", ours, theirs)
        )
    picks = match.diff3(*comments)
    farther = pick_farther(*comments)
    if farther is None and picks is not None and len({side for side, _ in picks}) == 1:
        found = comments[picks[0][0]]
        farther = found if len(found) == len(picks) else None
    if farther is not None:
        return ours if farther == comments[1] else _keep_blanks(base or "", ours, theirs)
    if not ours.endswith("\n"):
        raise NotSure("both sides changed a comment")
    lines = [comments[side][index] for side, index in picks or ()]
    return _write_lead(ours, theirs, _unite_options(*comments) if picks is None else lines)


def _write_lead(ours: str, theirs: str, lines: Sequence[str]) -> str:
    """Comments as the project's are written, or the template's where the project has none."""
    form = ours if ours.strip() or not lines else theirs
    blank = form[: len(form) - len(form.lstrip("\n"))]
    last = form.rstrip("\n").rpartition("\n")[2]
    margin = last[: len(last) - len(last.lstrip())]
    below = form[len(form.rstrip("\n")) + 1 :] if last.strip() else ""
    return blank + "".join(f"{margin}{line}\n" for line in lines) + below


def _unite_options(base: Sequence[str], ours: Sequence[str], theirs: Sequence[str]) -> list[str]:
    """Comments of which both sides changed but options, which have no order.

    Raises
    ------
    NotSure
        If they changed others.
    """
    changed = {*base, *ours, *theirs} - ({*base} & {*ours} & {*theirs})
    if not all(map(_OPTION.fullmatch, changed)) or len({*ours}) < len(ours):
        raise NotSure("both sides changed a comment")
    lines = [line for line in ours if line in theirs or line not in base]
    for before, line in zip(["", *theirs], theirs, strict=False):
        if line not in base and line not in lines:
            lines.insert(lines.index(before) + 1 if before in lines else len(lines), line)
    return lines


def is_remark(comment: str) -> bool:
    """Whether a comment is a sentence, and neither an option nor an order to some tool."""
    return len(_WORD.findall(comment)) >= _SENTENCE and not _ORDER.search(comment)


def split_further_in(lead: str) -> tuple[str, list[str]]:
    """A lead, and its comments that are further in than the last one: they belong to what is above.

    The lead is without them.
    """
    lines = lead.splitlines(keepends=True)
    margins = [len(line) - len(line.lstrip(" ")) for line in lines if line.strip()]
    further = [line for line in lines if line.strip() and line[: margins[-1] + 1].isspace()]
    own = [line for line in lines if line not in further]
    while further and own and not own[0].strip():
        del own[0]
    return "".join(own), further


def _keep_blanks(base: str, ours: str, theirs: str) -> str:
    """The template's comments below the blank lines that the project has, where it changed them."""
    before, own = (text[: len(text) - len(text.lstrip("\n"))] for text in (base, ours))
    return theirs if own == before else own + theirs.lstrip("\n")


def detach_head(base: Branch, ours: Branch, theirs: Branch) -> tuple[str, list[Branch]]:
    """The comments at the top of a block, and the block without them, if they are its own.

    They are where another member follows them now: they have stayed when members came or went. So
    have those of the base that all sides have, if the others are those of the member below them.
    """
    sides = [base, ours, theirs]
    firsts = [side.entries[0] for side in sides if side.entries]
    if (
        base.kind != "map"
        or len(firsts) < len(sides)
        or any(side.bracketed or side.compact for side in sides)
        or len({(first.key, first.item) for first in firsts}) == 1
    ):
        return "", sides
    comments = [set(split_comments(first.lead)) for first in firsts]
    lines = [first.lead.splitlines(keepends=True) for first in firsts]
    own = [len(each) for each in lines]
    key = firsts[0].key
    below = (entry.lead for side in sides[1:] for entry in side.entries[1:] if entry.key == key)
    has_gone = any(comments[0] & {*split_comments(lead)} for lead in below)
    if has_gone or not all(found & comments[0] for found in comments):
        alike = takewhile(lambda row: len({*map(str.strip, row)}) == 1, zip(*lines, strict=False))
        own = [len(list(alike))] * len(sides)
        if "".join(lines[0][own[0] :]).strip():
            return "", sides
    heads = ["".join(each[:end]) for each, end in zip(lines, own, strict=True)]
    if not heads[0].strip():
        return "", sides
    try:
        head = merge_lead(*heads)
    except NotSure as doubt:
        head = choice.choose(heads[1], heads[2], doubt)
    bare = ["".join(each[end:]) for each, end in zip(lines, own, strict=True)]
    return head, [
        side._replace(entries=(side.entries[0]._replace(lead=lead), *side.entries[1:]))
        for side, lead in zip(sides, bare, strict=True)
    ]


def attach_head(head: str, branch: Branch) -> Branch:
    """A block with comments at its top."""
    if not head:
        return branch
    if not branch.entries:
        raise NotSure("comments with nothing below them")
    first, *rest = branch.entries
    lead = first.lead.lstrip("\n") if head.endswith("\n\n") else first.lead
    return branch._replace(entries=(first._replace(lead=head + lead), *rest))


def hand_over_comments(base: Branch, ours: Branch, theirs: Branch) -> list[Branch]:
    """The branches, where one side put a member between a comment and what stood below that.

    What the other side made of the comment stands above that new member, too.
    """
    sides = [base, ours, theirs]
    if base.kind != "map":
        return sides
    members = [{member.key: member for member in side.entries} for side in sides]
    for one, other in (1, 2), (2, 1):
        for new, below in pairwise(sides[one].entries):
            old, own = (members[each].get(below.key) for each in (0, other))
            is_new = new.key not in members[0] and new.key not in members[other]
            if not is_new or new.item or below.item or old is None or own is None:
                continue
            comments = {*split_comments(old.lead)}
            has_taken = comments <= {*split_comments(new.lead)} - {*split_comments(below.lead)}
            if own.lead == old.lead or not comments or not has_taken:
                continue
            try:
                lead = merge_lead(old.lead, own.lead, new.lead)
            except NotSure:
                continue
            members[one][new.key] = new._replace(lead=lead)
            for each, member in (0, old), (other, own):
                members[each][below.key] = member._replace(lead=below.lead)
    return [
        side._replace(entries=tuple(m if m.item else own[m.key] for m in side.entries))
        for side, own in zip(sides, members, strict=True)
    ]


def hand_over_last_comments(base: Branch, ours: Branch, theirs: Branch) -> list[Branch]:
    """The branches, where one side made an item of a comment that stands at the end of a list.

    So the comments above that one stand above an item now. What the other side made of them is made
    of them there.
    """
    sides = [base, ours, theirs]
    told = COMMENT.findall(base.closing)
    if base.kind != "seq" or not base.bracketed or not told:
        return sides
    for one, other in (1, 2), (2, 1):
        side, new = sides[one], COMMENT.findall(sides[other].closing)
        if new == told or not side.entries or COMMENT.search(side.closing):
            continue
        last = side.entries[-1]
        own = COMMENT.findall(last.lead)
        item = last.node.text if isinstance(last.node, Leaf) else "\n"
        if not {*own} & {*told} or any(item not in each for each in {*told} - {*own}):
            continue
        lines = [each for each in own if each in new or each not in told]
        lines += [each for each in new if each not in told and each not in own]
        margin = last.lead[last.lead.rindex("\n") :]
        lead = "".join(f"{margin}{each}" for each in lines) + margin
        blank = len(last.lead) - len(last.lead.lstrip("\n")) - 1
        entries = (*side.entries[:-1], last._replace(lead="\n" * blank + lead))
        sides[one] = side._replace(entries=entries)
        sides[0] = sides[0]._replace(closing=side.closing)
        sides[other] = sides[other]._replace(closing=side.closing)
        break
    return sides


def _find_column(branch: Branch) -> int | None:
    """The column of the members that are on lines of their own."""
    if not branch.bracketed:
        return branch.column
    for member in branch.entries:
        if "\n" in member.lead:
            return len(member.lead) - member.lead.rindex("\n") - 1
    return None


def align(base: Branch, ours: Branch, theirs: Branch) -> tuple[Branch, Branch, Branch]:
    """The same branches, with the members that have lines of their own in one column.

    It is the column of the side that changed it, so that what only one side indents otherwise is
    no change, and what comes from the other side is indented like its neighbours.
    """
    columns = [_find_column(side) for side in (base, ours, theirs)]
    found = [column for column in columns if column is not None]
    if len(set(found)) < 2 or "\t" in "".join(e.lead for e in (*ours.entries, *theirs.entries)):  # noqa: PLR2004
        return base, ours, theirs
    wanted = columns[2] if columns[1] in (None, columns[0]) else columns[1]
    if wanted is None:
        wanted = found[0]
    sides = [
        side if column is None else shift_branch(side, wanted - column)
        for side, column in zip((base, ours, theirs), columns, strict=True)
    ]
    return sides[0], sides[1], sides[2]


def _spans_lines(branch: Branch) -> bool:
    """Whether brackets enclose lines rather than a part of one line."""
    return any("\n" in member.lead for member in branch.entries) or "\n" in branch.closing


def assemble(base: Branch, ours: Branch, theirs: Branch, entries: Sequence[Entry]) -> Branch:
    """Make one branch of merged members."""
    if ours.kind == "seq":
        entries = _unify_quotes(ours, entries)
    opening = _merge_edge(base.opening, ours.opening, theirs.opening)
    if not ours.bracketed:
        if not entries and ours.entries:
            raise NotSure("nothing is left of a block")
        compact = theirs.compact if ours.compact == base.compact else ours.compact
        if compact and entries and entries[0].lead:
            raise NotSure("a comment between a dash and the first key")
        closing = _merge_edge(base.closing, ours.closing, theirs.closing)
        entries = tuple(entries)
        return ours._replace(opening=opening, entries=entries, closing=closing, compact=compact)
    style = ours if ours.entries else theirs
    if theirs.entries and _spans_lines(ours) == _spans_lines(base) != _spans_lines(theirs):
        style = theirs
    members = _apply_style(style, ours, theirs, entries)
    last = [side.entries[-1].comma if side.entries else None for side in (base, ours, theirs)]
    comma = last[2] if last[1] == last[0] and last[2] is not None else last[1]
    if comma is None or not _spans_lines(style):
        comma = style.entries[-1].comma if style.entries else False
    # A comma after each member but the last, and after that one as before.
    members = [e._replace(comma=True) for e in members[:-1]] + [
        e._replace(comma=comma) for e in members[-1:]
    ]
    closing = style.closing
    told = {*COMMENT.findall(theirs.closing)} - {*COMMENT.findall(base.closing + ours.closing)}
    if told and members and not theirs.entries and "\n" in members[0].lead:
        # What the template says in an empty list is about its items, and no word after the last.
        margin = members[0].lead[members[0].lead.rindex("\n") :]
        fresh = (comment for comment in COMMENT.findall(theirs.closing) if comment in told)
        lead = "".join(f"{margin}{comment}" for comment in fresh) + members[0].lead
        members[0] = members[0]._replace(lead=lead)
    elif len({"".join(side.closing.split()) for side in (base, ours, theirs)}) > 1:
        closing = _merge_edge(base.closing, ours.closing, theirs.closing)
    return style._replace(opening=opening, entries=tuple(members), closing=closing)


def _unify_quotes(ours: Branch, entries: Sequence[Entry]) -> list[Entry]:
    """Give the items of a list the quotes that all of the project's have."""
    texts = [entry.node.text for entry in ours.entries if isinstance(entry.node, Leaf)]
    styles = {text[:1] for text in texts if text[:1] in _QUOTES}
    if len(styles) != 1:
        return list(entries)
    quote = styles.pop()
    unified = []
    for entry in entries:
        node = entry.node
        if isinstance(node, Leaf) and node.text[:1] in _QUOTES - {quote}:
            inner = node.text[1:-1]
            if not set(inner) & {*_QUOTES, "\\", "\n"}:
                node = node._replace(text=f"{quote}{inner}{quote}")
        unified.append(entry._replace(node=node))
    return unified


def _merge_edge(base: str, ours: str, theirs: str) -> str:
    """Merge the comments at the start or the end of a branch."""
    try:
        return pick(base, ours, theirs)
    except NotSure:
        end = ours.rpartition("\n")[2]  # the bracket, if it is on a line of its own
        try:
            if not all(side.endswith(f"\n{end}") for side in (base, ours, theirs)):
                return merge_lead(base, ours, theirs)
            sides = (side.removesuffix(end) for side in (base, ours, theirs))
            return merge_lead(*sides) + end
        except NotSure as doubt:
            return choice.choose(ours, theirs, doubt)


def _apply_style(
    style: Branch, ours: Branch, theirs: Branch, entries: Sequence[Entry]
) -> list[Entry]:
    """Give each member the white space that its new place asks for."""
    leads = [member.lead for member in style.entries]
    if not _spans_lines(style):
        if any(split_comments(e.lead) or COMMENT.search(e.tail + e.gap) for e in entries):
            raise NotSure("a comment inside one line")
        first = leads[0] if leads else (" " if style.closing[:1] == " " else "")
        rest = leads[1] if len(leads) > 1 else " "
        return [e._replace(lead=rest if index else first) for index, e in enumerate(entries)]
    crowded = any("\n" not in lead for lead in leads[1:])  # some line holds several members
    margin = "\n" + " " * (_find_column(style) or 0)
    firsts = [side.entries[0].lead for side in (style, ours, theirs) if side.entries]
    members = []
    for index, entry in enumerate(entries):
        fresh = entry
        if "\n" not in entry.lead and (index == 0 or entry.lead in firsts or not crowded):
            fresh = shift_entry(entry, 0, True)._replace(lead=margin)
            if index == 0 and leads and "\n" not in leads[0]:
                fresh = entry._replace(lead=leads[0])
        members.append(fresh)
    return members
