"""A final check of a merged file, git's clean merges included."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Sequence
from collections.abc import Set as AbstractSet
from importlib import import_module
from itertools import pairwise
from typing import TypeAlias

from lisa_scaffold.formats.diff import find_hunks
from lisa_scaffold.formats.tree import Indistinct, NotSure, Path, Value
from lisa_scaffold.merge import choice, identities, match, moves, needs, values
from lisa_scaffold.merge.declined import Declined, MergedText, Note
from lisa_scaffold.merge.words import fold_comment
from lisa_scaffold.pattern import compile_lazily

Load = Callable[[str], Value]
Maybe: TypeAlias = "Value | None"

_COMMENT_LINE = compile_lazily(r"^[ \t]*+((?:#|//).*+)$", re.MULTILINE)
_HASH = compile_lazily(r"(?:^|@)[0-9a-f]{40}$")


def find_problem(  # noqa: PLR0913, PLR0917 - three versions and what came of them
    form: str,
    base: str,
    ours: str,
    theirs: str,
    merged: str,
    notes: Sequence[Note] = (),
    *,
    by_git: bool = False,
) -> str | None:
    """Describe what is wrong with a merged file of keys (`form`: toml, yaml, json), if anything is.

    A side that was invalid before cannot be compared; the result must then be valid only if
    both sides are. Where git merged it (`by_git`), a merge of lines that nothing tells apart stands
    as long as nothing is wrong with it.
    """
    if by_git and merged in (ours, theirs):
        return None
    load: Load = import_module(f"lisa_scaffold.formats.{form}").load
    loaded: list[Maybe] = []
    for text in (base, ours, theirs, merged):
        try:
            loaded.append(load(text))
        except (NotSure, RecursionError):
            loaded.append(None)
    before, our_value, their_value, after = loaded
    if our_value is None or their_value is None:
        return None
    if after is None:
        return "the merged file is invalid, though both sides are valid."
    if before is None:
        return None
    moving = form == "toml" or not choice.find_side()
    problem = _find_disagreement(
        before, our_value, their_value, after, by_git=by_git, moving=moving
    )
    return problem or find_lost_comment(base, ours, theirs, merged, notes)


def refuse_unsound(
    load: Load, sides: tuple[str, str, str], merged: MergedText | None, *, moving: bool = False
) -> MergedText | None:
    """A merged text with its notes, unless it is invalid or says what it should not.

    Where the merger follows no keys to another table (`moving`), a change to one that is elsewhere
    now is in doubt: it is no doubt about the keys of the side that is taken then.
    """
    moving = moving or not choice.find_side()
    if merged is None:
        return None
    try:
        base, ours, theirs, after = (load(text) for text in (*sides, merged[0]))
    except (NotSure, RecursionError):
        return None
    problem = _find_disagreement(base, ours, theirs, after, moving=moving)
    if problem or find_lost_comment(*sides, *merged):
        return None
    return merged


def find_lost_comment(
    base: str, ours: str, theirs: str, merged: str, notes: Iterable[Note]
) -> str | None:
    """The first comment that a side added, and that neither the merged text nor a note has.

    Where one side's text is taken in doubt, the other's stands beside it in the end.
    """
    if choice.find_side():
        return None
    known = {*_find_comments(base), *_find_comments(merged)}
    for note in notes:
        if isinstance(note, Declined):
            known |= {*_find_comments(note.before), *_find_comments(note.after)}
    known = {_squeeze(fold_comment(each)) for each in known}
    for side, text in ("project", ours), ("template", theirs):
        for comment in _find_comments(text):
            if _squeeze(fold_comment(comment)) not in known and not any(
                comment in str(note) for note in notes
            ):
                return f"a comment of the {side} is lost: {comment}"
    return None


def _find_comments(text: str) -> list[str]:
    """The comments that have lines of their own, without white space around them."""
    return [comment.rstrip(" \t") for comment in _COMMENT_LINE.findall(text)]


def drop_revived_comments(base: str, ours: str, theirs: str, merged: str) -> str:
    """A merged text without the comments that the project took out, or wrote otherwise.

    One may come with what the template adds below it: it is the template's as little as before.
    """
    return _drop_comments(merged, _find_removed(base, ours, theirs))


def drop_removed_comments(base: str, ours: str, theirs: str) -> tuple[str, str, str]:
    """The three versions without the comments that the project took out, or wrote otherwise."""
    gone = _find_removed(base, ours, theirs)
    return _drop_comments(base, gone), ours, _drop_comments(theirs, gone)


def _find_removed(base: str, ours: str, theirs: str) -> set[str]:
    before, own, new = (_find_comments(text) for text in (base, ours, theirs))
    gone = {*before} & {*new} - {*own}
    squeezed = {*map(_squeeze, before)} - {*map(_squeeze, own)}
    return gone | {each for each in new if _squeeze(each) in squeezed}


def _drop_comments(text: str, gone: AbstractSet[str]) -> str:
    """A text without some comments, and without what they leave of blank lines."""
    lines: list[str] = []
    has_dropped = False
    for line in text.split("\n"):
        if line.strip(" \t") in gone:
            has_dropped = True
        elif line.strip() or not has_dropped or (lines and lines[-1].strip()):
            lines.append(line)
            has_dropped = has_dropped and not line.strip()
    return "\n".join(lines)


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


def _squeeze(comment: str) -> str:
    return "".join(comment.split())


def drop_doubled_comments(base: str, ours: str, theirs: str, merged: str) -> str:
    """A merged text in which a comment stands once, though one side put something new below it."""
    counts = [Counter(_find_comments(text)) for text in (base, ours, theirs, merged)]
    before, own, new = ({*map(str.strip, text.split("\n"))} for text in (base, ours, theirs))
    known = before | (own & new)
    lines = merged.split("\n")
    for comment, count in counts[3].items():
        surplus = count - max(side[comment] for side in counts[:3])
        places = [at for at, line in enumerate(lines) if line.strip() == comment]
        for above, at in reversed([*pairwise(places)]):
            between = [line.strip() for line in lines[above + 1 : at]]
            code = [line for line in between if line not in counts[3]]
            is_new = all(between) and code and not known & {*code}
            if surplus > 0 and is_new and _indent(lines[above]) == _indent(lines[at]):
                del lines[at]
                surplus -= 1
        if surplus > 0 and all(side[comment] == 1 for side in counts[:3]):
            lines = _keep_own_place(comment, ours.split("\n"), lines)
    return "\n".join(lines)


def _keep_own_place(comment: str, ours: Sequence[str], merged: Sequence[str]) -> list[str]:
    """Merged lines in which a comment stands where the project has it, and nowhere else.

    The template has it above something else, as what stood below it is gone there.
    """
    lines = [*merged]
    own = _find_below(ours, [line.strip() for line in ours].index(comment))
    places = [at for at, line in enumerate(lines) if line.strip() == comment]
    others = [at for at in places if _find_below(lines, at) != own]
    if len(places) - len(others) != 1:
        return lines
    for at in reversed(others):
        start = at
        is_parted = not "".join(lines[at + 1 : at + 2]).strip()
        while start and is_parted and not lines[start - 1].strip():
            start -= 1
        del lines[start : at + 1]
    return lines


def _find_below(lines: Sequence[str], at: int) -> str:
    """The first line of code below a comment."""
    below = (line.strip() for line in lines[at + 1 :])
    return next((line for line in below if line and not line.startswith(("#", "//"))), "")


def find_miscounted_line(base: str, ours: str, theirs: str, merged: str) -> str | None:
    """A line that a merge has more often than both sides account for, or less often than all.

    Mere brackets do not count: a merge may lay out a list in another way.
    """
    counts = [
        Counter(line for line in map(str.strip, text.split("\n")) if line.strip("[](){},;"))
        for text in (base, ours, theirs, merged)
    ]
    for line, times in counts[3].items():
        before, *after = (count[line] for count in counts[:3])
        if times > max(1, before + sum(max(count - before, 0) for count in after)):
            return line
    for line in counts[0]:
        if counts[3][line] < min(count[line] for count in counts[:3]):
            return line
    return None


def _find_disagreement(  # noqa: PLR0913 - as above
    base: Value,
    ours: Value,
    theirs: Value,
    merged: Value,
    *,
    by_git: bool = False,
    moving: bool = True,
) -> str | None:
    """Where a merged file says what it should not, as a sentence; ``None`` for nowhere.

    What nothing tells apart cannot be compared: that is held against a merger, which must be sure,
    and not against git (`by_git`), which saw the lines around it. There, each leaf must still
    be there as often as the two sides have it.
    """
    if not choice.find_side() and (missing := needs.find_dangling(ours, theirs, merged)):
        return f"one side uses {missing}, which the other has removed."
    try:
        # What one side moved is put in its new place everywhere.
        by_ours, by_theirs = moves.Moves(), moves.Moves()
        if moving:
            moves.settle_withdrawn(base, ours, theirs)
            by_ours = moves.find_moves(base, theirs, ours)
            by_theirs = moves.find_moves(base, ours, theirs)
        before = moves.apply_moves(moves.apply_moves(base, by_theirs), by_ours)
        sides = moves.apply_moves(ours, by_theirs), moves.apply_moves(theirs, by_ours)
        with needs.settling(needs.find_open(ours, theirs, merged)):
            return _check((), (before, *sides), merged)
    except NotSure as unsure:
        if not (by_git and isinstance(unsure, Indistinct)):
            return f"nothing can be said about the merge: {unsure}."
    old, our_leaves, their_leaves, new = map(match.count_leaves, (base, ours, theirs, merged))
    for leaf in sorted({*old, *our_leaves, *their_leaves, *new}, key=repr):
        in_ours, in_theirs = our_leaves[leaf], their_leaves[leaf]
        allowed = (in_ours, in_theirs, in_ours + in_theirs - old[leaf])
        if not min(allowed) <= new[leaf] <= max(allowed):
            path = tuple(".".join(part) for part in leaf[:-1] if isinstance(part, tuple))
            return f"{values.show_path(path)}: neither side accounts for what stands there."
    return None


def _check(path: Path, sides: Sequence[Maybe], merged: Maybe) -> str | None:
    """Compare one value; ``None`` among the values is one that is not there.

    Where a side is taken in doubt, its value is right wherever no other would be.
    """
    side = choice.find_side()
    if not side:
        problem = _check_value(path, sides, merged)
        is_own = problem and merged == sides[choice.OURS] and any(needs.unsettled())
        return None if is_own and needs.excuses(path, *sides) else problem
    try:
        problem = _check_value(path, sides, merged)
    except NotSure as doubt:
        problem = f"{values.show_path(path)}: {doubt}"
    return None if merged == sides[side] else problem


def _check_value(path: Path, sides: Sequence[Maybe], merged: Maybe) -> str | None:
    base, ours, theirs = sides
    if theirs in (ours, base) or ours == base:
        problem = _expect(path, ours if theirs in (ours, base) else theirs, merged)
        is_divided = isinstance(ours, dict | list) and isinstance(theirs, dict | list)
        is_open = choice.find_side() or any(needs.unsettled())
        if problem is None or not (is_divided and is_open):
            return problem
    match base, ours, theirs, merged:
        case ((dict() | None), dict(), dict(), dict()):
            return _check_mapping(path, (base or {}, ours, theirs), merged)
        case ((str() | tuple() as one), list(), list(), list()) if one in ours and one in theirs:
            return _check_sequence(path, ([one], ours, theirs), merged)
        case None, list(), list(), list() if values.is_last_wins(path):
            fresh = [item for item in theirs if item not in ours]
            return _expect(path, [*fresh, *ours] if fresh else ours, merged)
        case ((list() | None), list(), list(), list()):
            return _check_sequence(path, (base or [], ours, theirs), merged)
    return _check_scalar(path, sides, merged)


def _expect(path: Path, expected: Maybe, merged: Maybe) -> str | None:
    if merged == expected:
        return None
    return f"{values.show_path(path)}: not what the only side that changed it made of it."


def _check_scalar(path: Path, sides: Sequence[Maybe], merged: Maybe) -> str | None:
    base, ours, theirs = sides
    if ours is None or theirs is None:
        return _check_one_sided(path, sides, merged)
    if base is None and values.is_filled(ours, theirs):
        return _expect(path, ours, merged)
    decision = values.decide_scalar(path, base, ours, theirs)
    if decision is None:
        # A comment behind a hash tells its version: the merger has read it.
        hashed = any(_HASH.search(values.text_of(side) or "") for side in (ours, theirs))
        is_own = merged == ours and (
            values.are_alike(path, ours, theirs) or values.are_own_words(path, base, ours, theirs)
        )
        if is_own or (merged in (ours, theirs) and hashed):
            return None
        return f"{values.show_path(path)}: both sides changed it differently."
    # Of what both sides added, the project may have said why it has another version.
    if values.text_of(merged) != decision.text and (base is not None or merged != ours):
        return f"{values.show_path(path)}: neither what one side made of it nor a safe choice."
    return None


def _check_one_sided(path: Path, sides: Sequence[Maybe], merged: Maybe) -> str | None:
    """Compare a value that one side has removed."""
    base, ours, theirs = sides
    if isinstance(base, dict) and merged in (ours, theirs) and _are_new(base, merged):
        return None
    if values.has_only_moved_pins(path, base, theirs if ours is None else ours):
        return _expect(path, None, merged)
    # The project's decision stands, with a note.
    own = None if base is None or ours is None else values.find_own_part(path, base, ours)
    return _expect(path, own or ours, merged)


def _are_new(base: Value, merged: Maybe) -> bool:
    """Whether a table has nothing of what the base had in its place, which both sides removed."""
    return isinstance(merged, dict) and not match.count_leaves(base) & match.count_leaves(merged)


def _check_mapping(
    path: Path,
    sides: Sequence[dict[tuple[str, ...], Value]],
    merged: dict[tuple[str, ...], Value],
) -> str | None:
    if values.have_recast_jobs(path, *sides):
        return f"{values.show_path(path)}: both sides changed the jobs that it makes."
    items: list[list[match.Item]] = [list(side.items()) for side in sides]
    slots = match.match_by_likeness(*items, keyed=True)
    left = dict(merged)
    for key, versions in _list_members(slots, items):
        if not isinstance(key, tuple):
            continue
        problem = _check((*path, *key), versions, left.pop(key, None))
        if problem:
            return problem
    if left:
        return f"{values.show_path((*path, *next(iter(left))))}: neither side has it."
    return None


def _list_members(
    slots: match.Slots, items: Sequence[Sequence[match.Item]]
) -> list[tuple[Hashable, list[Maybe]]]:
    """The key that each member has in the result, and its three versions."""
    numbers = (slots.base, slots.ours, slots.theirs)
    sides = [dict(zip(n, side, strict=True)) for n, side in zip(numbers, items, strict=True)]
    members: list[tuple[Hashable, list[Maybe]]] = []
    for slot in dict.fromkeys([*slots.ours, *slots.theirs, *slots.base]):
        versions = [side.get(slot) for side in sides]
        keys: list[Hashable | None] = [version and version[0] for version in versions]
        base, ours, theirs = keys
        if ours is None or theirs is None:
            key = ours or theirs or base
        else:
            # One side may have renamed it, or both.
            both = base not in (ours, theirs)
            is_theirs = ours == base or (both and choice.find_side() == choice.THEIRS)
            key = theirs if is_theirs else ours
        members.append((key, [version and version[1] for version in versions]))
    return members


def _check_sequence(
    path: Path, sides: tuple[list[Value], list[Value], list[Value]], merged: list[Value]
) -> str | None:
    base, ours, theirs = sides
    where = values.show_path(path)
    counts = [Counter(repr(item) for item in side) for side in (*sides, merged)]
    # A member merged from both sides is new; a copy of it is not.
    if any(
        count > max(1, *(side[item] for side in counts[:3])) for item, count in counts[3].items()
    ):
        return f"{where}: an item stands there more often than on either side."
    form = values.classify_list(path, *sides)
    if form == "ordered":
        texts = [[repr(item) for item in side] for side in (*sides, merged)]
        picks = match.diff3(*texts[:3]) or match.diff3_edited(*texts[:3])
        picks = picks or match.diff3(*texts[:3], in_doubt=choice.find_side())
        in_order = [texts[side][index] for side, index in picks or ()]
        if (picks is not None and texts[3] == in_order) or merged == values.merge_one_by_one(
            base, ours, theirs
        ):
            return None
        return f"{where}: both sides changed a list whose order counts."
    if form == "set" and (choice.is_reported() or choice.find_side() != choice.THEIRS):
        out = values.find_crowded_out(base, ours, theirs)
        theirs = [item for index, item in enumerate(theirs) if index not in out]
    compared = (base, ours, theirs, merged)
    if form == "records":
        keys = identities.identify(*compared)
    else:
        keys = values.make_item_keys(form, *compared)
    items: list[list[match.Item]] = [
        list(zip(k, side, strict=True)) for k, side in zip(keys, compared, strict=True)
    ]
    slots = match.match_by_likeness(*items[:3], keyed=form != "records")
    # Every member must have its place in the merged list, and nothing else be there.
    left = items[3]
    is_own = form == "records" and choice.is_reported() and slots.have_replaced_all()
    for key, versions in _list_members(slots, items[:3]):
        if is_own and versions[1] is None:
            continue
        problem = _check_member(path, key, versions, left)
        if problem:
            return problem
    repeated = next((repr(key) for key, _ in left), None)
    return f"{where}: more than both sides have: {repeated}." if left else None


def _check_member(
    path: Path, key: Hashable, versions: list[Maybe], left: list[match.Item]
) -> str | None:
    """Take a member of a list from what is left of the merged list."""
    name = str(key[1]) if isinstance(key, tuple) and isinstance(key[0], tuple) else ""
    path = (*path, name)
    problem: str | None = None
    for item in [item for item in left if item[0] == key]:
        problem = _check(path, versions, item[1])
        if problem is None:
            left.remove(item)
            return None
    absent = _check(path, versions, None)
    return absent and (problem or absent)


_RUN = compile_lazily(r"[\w.@:/*-]+")
_MEANS = compile_lazily(r"\w")


def find_lost_word(
    base: str, ours: str, theirs: str, merged: str, notes: Iterable[Note]
) -> str | None:
    """A word that one side added and the merge lacks, or that it has although one side removed it.

    Words in a note, and in the texts that it carries, are accounted for. Where one side's text is
    taken in doubt, the other's stands beside it in the end.
    """
    if choice.find_side():
        return None
    before, after = _count_words(base), _count_words(merged)
    added: list[Counter[str]] = []
    removed: list[Counter[str]] = []
    lines = base.split("\n")
    for side in (ours.split("\n"), theirs.split("\n")):
        found = find_hunks(lines, side)
        old = [line for hunk in found for line in lines[hunk.start : hunk.end]]
        new = [line for hunk in found for line in side[hunk.other_start : hunk.other_end]]
        removed.append(_count_words("\n".join(old)))
        added.append(_count_words("\n".join(new)))
    texts = [str(note) for note in notes]
    for note in notes:
        if isinstance(note, Declined):
            texts += (note.before, note.after, note.stays)
    named = set(_count_words("\n".join(texts)))
    for word in {*before, *after, *added[0], *added[1]} - named:
        if re.split("[:@]", word)[-1] in named:
            continue
        more, fewer = [each[word] for each in added], [each[word] for each in removed]
        least = before[word] - sum(fewer) + max(more)
        most = before[word] + sum(more) - max(fewer)
        if not least <= after[word] <= most:
            return word
    return None


def _count_words(text: str) -> Counter[str]:
    return Counter(word.strip(".:") for word in _RUN.findall(text) if _MEANS.search(word))
