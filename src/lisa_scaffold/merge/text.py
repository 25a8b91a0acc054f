"""Merge conflicts of a few lines, examined line by line.

git gives up where changes touch. Here a line that was edited keeps its identity, so that edits
of neighbouring lines, and of different words of one line, are no conflict. These remain
conflicts: two insertions at one place, an insertion beside what the other side removed or rewrote
(it may have belonged there), a line that one side edited and the other removed.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from typing import NamedTuple

from lisa_scaffold.formats.diff import (
    Hunk,
    Region,
    find_hunks,
    find_regions,
    is_subsequence,
    patch,
    to_lines,
    to_text,
)
from lisa_scaffold.merge import choice, in_line
from lisa_scaffold.merge.declined import BOTH_ADDED, OWN_HEADING, REWRITTEN, Declined, MergedText
from lisa_scaffold.merge.headings import find_doubled
from lisa_scaffold.merge.references import add_definitions
from lisa_scaffold.merge.words import (
    LONGEST_LINE,
    measure_likeness,
    measure_likeness_of_words,
    merge_remark,
    merge_words,
    merge_years,
    pick_agreed,
    pick_farther,
    split_words,
)
from lisa_scaffold.pattern import compile_lazily
from lisa_scaffold.versions import pick_newest

_LISTED = compile_lazily(
    r"""[ \t]+(?:[A-Za-z_][\w./@-]*,?|"[A-Za-z_][\w./@-]*",?|'[A-Za-z_][\w./@-]*',?)"""
)
_SETTING = compile_lazily(r"^[ \t]+([\w.-]+) = \S.*")
_ARGUMENT = compile_lazily(r"^[ \t]+\w+=[^\s=].*,")
_ENTRIES = (_LISTED, _SETTING, _ARGUMENT)
_MOST_LINES = 80
_MOST_WORDS = 1000
_HEADING = compile_lazily(r"#{1,6} \S")
_REWRITTEN = 0.5
_REWRAPPED = "the project only broke its lines in other places; the template's words are taken."
_SAME_LINE = 0.6

MergedLines = tuple[list[str], tuple[str, ...]]


class Prose(NamedTuple):
    """Merged prose, and the template's change to what the project had rewritten, with the reason.

    There is a reason only where something was declined.
    """

    text: str
    patch: str
    notes: tuple[str, ...]
    reason: str


class _Passages(NamedTuple):
    """Merged prose.

    Attributes
    ----------
    with_declined
        The base with what was declined.
    instead
        The merge with what was declined.
    """

    lines: list[str]
    notes: tuple[str, ...]
    with_declined: list[str]
    instead: list[str]


class _Block(NamedTuple):
    """Lines inserted by one side in place of the base's lines ``start:end`` (often none)."""

    start: int
    end: int
    lines: list[str]


class _Side(NamedTuple):
    """One side of a conflict: what each base line became (``None``: removed), and insertions."""

    lines: list[str | None]
    blocks: list[_Block]


def merge(base: str, ours: str, theirs: str) -> tuple[str, tuple[str, ...]] | None:
    """Merge texts; ``None`` where one change has no sure place beside the other."""
    done = merge_lines(to_lines(base), to_lines(ours), to_lines(theirs))
    return None if done is None else (to_text(done[0]), done[1])


def merge_unknown(base: str, ours: str, theirs: str) -> tuple[str, tuple[str, ...]] | None:
    """Merge texts whose syntax is not known: nothing else tells that a list is one.

    What is in doubt is that of the side that is taken then, if any.
    """
    sides = to_lines(base), to_lines(ours), to_lines(theirs)
    done = merge_lines(*sides, in_doubt=choice.find_side(), listed=True)
    return None if done is None else (to_text(done[0]), done[1])


def merge_openly(base: str, ours: str, theirs: str) -> tuple[str, tuple[str, ...]] | None:
    """Merge texts; a change without a sure place is the one of the side that is taken in doubt."""
    done = merge_lines(
        to_lines(base), to_lines(ours), to_lines(theirs), in_doubt=choice.find_side()
    )
    return None if done is None else (to_text(done[0]), done[1])


def merge_lines(
    base: list[str],
    ours: list[str],
    theirs: list[str],
    *,
    in_doubt: int = choice.NOBODY,
    listed: bool = False,
) -> MergedLines | None:
    """Merge lists of lines; where that is not sure, take those of one side, if any.

    Parameters
    ----------
    listed
        Whether a list in brackets, with a word on each line, is told by its lines.
    """
    merged: list[str] = []
    notes: tuple[str, ...] = ()
    for region in find_regions(base, ours, theirs):
        done = _merge_region(region, base, ours, theirs)
        if done is None and listed:
            done = _merge_listed(region, base, ours, theirs)
        if done is None:
            if not in_doubt:
                return None
            done = _pick_side(region, ours, theirs, in_doubt)
        merged += done[0]
        notes += done[1]
    doubled = _find_doubled((base, ours, theirs), merged, _ENTRIES if listed else (_ARGUMENT,))
    return [line for at, line in enumerate(merged) if at not in doubled], notes


def find_problem(base: str, ours: str, theirs: str, merged: str) -> str | None:
    """Describe what is wrong with a merged text of unknown syntax."""
    lines = to_lines(merged)
    sides = to_lines(base), to_lines(ours), to_lines(theirs)
    doubled = _find_doubled(sides, lines, _ENTRIES)
    return f"it has “{lines[min(doubled)].strip()}” twice" if doubled else None


def _find_doubled(
    sides: tuple[list[str], list[str], list[str]],
    merged: list[str],
    forms: Sequence[re.Pattern[str]],
) -> set[int]:
    """Where a merge has a line of one of the forms once more, as both sides added it.

    They stand in one run of such lines, and no version has it twice in one.
    """
    known = {line for side in sides for _, line in _find_repeated(side, forms)}
    own = {line: before for before, line in zip(["", *sides[1]], sides[1], strict=False)}
    out: set[int] = set()
    for places, line in _find_repeated(merged, forms):
        if line not in known:
            stay = [at for at in places if at and merged[at - 1] == own.get(line)]
            out |= {*places} - {(stay or places)[0]}
    return out


def _find_repeated(
    lines: list[str], forms: Sequence[re.Pattern[str]]
) -> Iterator[tuple[list[int], str]]:
    """The lines that stand twice or more in one run of lines of some forms, with their places."""
    run: dict[str, list[int]] = {}
    for at, line in enumerate([*lines, ""]):
        if any(form.fullmatch(line) for form in forms):
            run.setdefault(line, []).append(at)
            continue
        yield from ((places, each) for each, places in run.items() if len(places) > 1)
        run = {}


def merge_prose(base: str, ours: str, theirs: str, path: str) -> Prose | None:
    """Merge prose; a passage that the project rewrote stays as the project has it.

    A passage is rewritten where the project's words and the base's have less than half in
    common, or where that holds for the whole file. The template's words are taken where the
    project only wrapped its lines in other places.
    """
    sides = to_lines(base), to_lines(ours), to_lines(theirs)
    done = _merge_passages(*sides, frozenset())
    if done is None:
        return None
    doubled = find_doubled(*sides, done.lines, path)
    if doubled:
        done = _merge_passages(*sides, doubled.keys()) or done
    if find_doubled(*sides, done.lines, path):
        return None
    merged = done.lines
    with_definitions = add_definitions(merged, sides[1], sides[2], path)
    taken = {line for line in with_definitions if line not in merged} - {*sides[0]}
    if base:
        with_declined = [line for line in done.with_declined if line not in taken]
        offered = patch(base, to_text(with_declined), path)
    else:
        # Where both sides added it, there is no common text that the template has changed.
        offered = patch(to_text(merged), to_text(done.instead), path)
    reason = REWRITTEN if base else BOTH_ADDED
    if doubled:
        reason = OWN_HEADING.format(next(iter(doubled.values())))
    return Prose(to_text(with_definitions), offered, done.notes, reason if offered else "")


def _merge_passages(
    base: list[str], ours: list[str], theirs: list[str], doubled: AbstractSet[int]
) -> _Passages | None:
    """Merge prose passage by passage; `None` where nobody can be sure.

    Parameters
    ----------
    doubled
        Indices of lines of theirs that are declined, as the project has them in another form.
    """
    sides = base, ours, theirs
    rewritten = measure_likeness_of_words(base, ours) < _REWRITTEN
    merged: list[str] = []
    notes: tuple[str, ...] = ()
    with_declined: list[str] = []
    instead: list[str] = []
    for region in find_regions(*sides):
        before = sides[0][region.base]
        our_lines, their_lines = sides[1][region.ours], sides[2][region.theirs]
        done, declined = _merge_region(region, *sides), False
        if region.changed != "none" and not doubled.isdisjoint(
            range(*region.theirs.indices(len(theirs)))
        ):
            done, declined = (our_lines, ()), True
        elif done is None:
            words = [" ".join(lines).split() for lines in (before, our_lines, their_lines)]
            sections = None if any(before) or not base else _place_sections(region, ours, theirs)
            farther = _pick_farther_words(*words)
            if sections is not None:
                done = sections, ()
            elif farther is not None:
                done = (our_lines if farther == words[1] else their_lines), ()
            elif words[1] == words[0] != words[2]:
                first = their_lines[0] if their_lines else before[0]
                done = their_lines, (f"{first}: {_REWRAPPED}",)
            elif words[2] in words[:2]:
                done = our_lines, ()
            elif rewritten or (
                any(before) and measure_likeness_of_words(before, our_lines) < _REWRITTEN
            ):
                done, declined = (our_lines, ()), True
            elif choice.find_side():
                done = _pick_side(region, sides[1], sides[2], choice.find_side())
            else:
                return None
        merged += done[0]
        notes += done[1]
        with_declined += their_lines if declined else before
        instead += their_lines if declined else done[0]
    return _Passages(merged, notes, with_declined, instead)


def _pick_farther_words(base: list[str], ours: list[str], theirs: list[str]) -> list[str] | None:
    """The words of the side that has made each change that the other has made, and more."""
    if not base or max(map(len, (base, ours, theirs))) > _MOST_WORDS:
        return None
    merged: list[str] = []
    for region in find_regions(base, ours, theirs):
        our_words, their_words = ours[region.ours], theirs[region.theirs]
        if region.changed == "both" and our_words != their_words:
            return None
        merged += their_words if region.changed == "theirs" else our_words
    return merged if merged in (ours, theirs) and base not in (ours, theirs) else None


def _place_sections(region: Region, ours: list[str], theirs: list[str]) -> list[str] | None:
    """What both sides inserted at one place, where that is sections, and maybe a text above them.

    A text without a heading belongs to the section above.
    """
    sides = [[*side[place]] for side, place in ((ours, region.ours), (theirs, region.theirs))]
    starts = [next((line for line in side if line.strip()), "") for side in sides]
    are_sections = [bool(_HEADING.match(start)) for start in starts]
    is_fenced = sum(line.startswith("```") for line in ours[: region.ours.start]) % 2
    if not all(starts) or not any(are_sections) or is_fenced:
        return None
    if not all(are_sections) and any(map(_HEADING.match, sides[are_sections.index(False)])):
        return None
    first, second = sides if are_sections[1] else sides[::-1]
    parted = not first[-1].strip() or not second[0].strip()
    return [*first, *([] if parted else [""]), *second]


def merge_prose_openly(base: str, ours: str, theirs: str, path: str) -> MergedText | None:
    """Merge prose; a passage that is not rewritten is that of the side that is taken in doubt."""
    done = merge_prose(base, ours, theirs, path)
    if done is None:
        return None
    patched = (Declined(done.reason, patch=done.patch),) if done.patch else ()
    return done.text, (*done.notes, *patched)


def _pick_side(region: Region, ours: list[str], theirs: list[str], side: int) -> MergedLines:
    return (ours[region.ours] if side == choice.OURS else theirs[region.theirs]), ()


def _merge_region(
    region: Region, base: list[str], ours: list[str], theirs: list[str]
) -> MergedLines | None:
    our_lines, their_lines = ours[region.ours], theirs[region.theirs]
    if region.changed != "both":
        return their_lines if region.changed == "theirs" else our_lines, ()
    if our_lines == their_lines:
        return our_lines, ()
    return _resolve(base[region.base], our_lines, their_lines)


def _merge_listed(
    region: Region, base: list[str], ours: list[str], theirs: list[str]
) -> MergedLines | None:
    """Merge a list in brackets, with a word on each line: one side adds, the other only removes.

    What is added in the place of something similar may be that, edited.
    """
    before, own, offered = base[region.base], ours[region.ours], theirs[region.theirs]
    if own[-1:] == offered[-1:] == [""]:
        offered = offered[:-1]  # one blank line parts both from what follows
    if not before and _are_independent([line for line in own if line], offered):
        return [*offered, *own], ()
    added = [line for line in (*own, *offered) if line not in before]
    more, less = (own, offered) if {*added} <= {*own} else (offered, own)
    gone = [line for line in before if line not in less]
    if not added or not before or not is_subsequence(before, more) or not _is_listed(region, base):
        return None
    if not is_subsequence(less, before) or not all(map(_LISTED.fullmatch, (*before, *more))):
        return None
    if len({_indent(line) for line in (*before, *more)}) > 1 or len({*more}) < len(more):
        return None
    for one in added:
        for other in gone:
            short, long = sorted((one.strip(" \t\"',"), other.strip(" \t\"',")), key=len)
            if long.startswith(short[: max(len(short) * 2 // 3, 1)]):
                return None
    return [line for line in more if line not in gone], ()


def _are_independent(ours: list[str], theirs: list[str]) -> bool:
    """Whether both sides added settings that end in a semicolon, and none that names another."""
    settings = [[_SETTING.fullmatch(line) for line in side] for side in (ours, theirs)]
    if not all(match and match[0].endswith(";") for side in settings for match in side):
        return False
    names = [{match[1] for match in side if match} for side in settings]
    words = [{*re.findall(r"[\w-]+", "\n".join(side))} for side in (ours, theirs)]
    return not names[0] & words[1] and not names[1] & words[0]


def _is_listed(region: Region, base: list[str]) -> bool:
    """Whether nothing but words stands around a region, up to the brackets of a list."""
    above = next(
        (line for line in base[: region.base.start][::-1] if not _LISTED.fullmatch(line)), ""
    )
    below = next((line for line in base[region.base.stop :] if not _LISTED.fullmatch(line)), "")
    return above.rstrip().endswith(("[", "(", "{")) and below.strip()[:1] in ("]", ")", "}")


def _resolve(base: list[str], ours: list[str], theirs: list[str]) -> MergedLines | None:
    """Merge lines that both sides changed; ``None`` for a real conflict."""
    if max(len(base), len(ours), len(theirs)) > _MOST_LINES:
        return None
    more = pick_farther(base, ours, theirs)
    if more is not None:
        return list(more), ()
    if len(ours) == len(theirs) == 1 and base:
        line = _resolve_line(base, ours, theirs)
        if line is not None:
            return line, ()
    common = _add_common_line(base, ours, theirs)
    merge_parts = _merge_edits if common is None else merge_lines
    done = merge_parts(base if common is None else common, ours, theirs)
    if done is None:
        return None
    # A line that both sides added must not be there once for each.
    before, after = Counter(base), Counter(done[0])
    our_count, their_count = Counter(ours), Counter(theirs)
    doubled = any(
        line.strip() and after[line] > max(our_count[line], their_count[line])
        for line in (our_count - before) & (their_count - before)
    )
    return None if doubled else done


def _resolve_line(base: list[str], ours: list[str], theirs: list[str]) -> list[str] | None:
    """Merge what is one line on both sides, and was one line or several."""
    if max(map(len, (*base, *ours, *theirs))) > LONGEST_LINE:
        return None
    if len(base) == 1:
        # However little the versions share, this is one line, edited.
        words = [split_words(side[0]) for side in (base, ours, theirs)]
        farther = pick_farther(*words)
        if farther is not None:
            return ours if farther == words[1] else theirs
        lines = base[0], ours[0], theirs[0]
        line = merge_years(*lines) or in_line.extend(*lines) or merge_remark(*lines)
        if line is not None:
            return [line]
    # What stood on several lines both sides may have written anew, alike in part.
    agreed = pick_agreed(*("\n".join(side) for side in (base, ours, theirs)))
    return None if agreed is None else [agreed]


def _add_common_line(base: list[str], ours: list[str], theirs: list[str]) -> list[str] | None:
    """The base with the first line in it that both sides added."""
    before = Counter(base)
    both = (Counter(ours) - before) & (Counter(theirs) - before)
    for side in (theirs, ours):
        for hunk in find_hunks(base, side):
            for line in side[hunk.other_start : hunk.other_end]:
                if hunk.start == hunk.end and line.strip() and line in both:
                    return [*base[: hunk.start], line, *base[hunk.start :]]
    return None


def _merge_edits(base: list[str], ours: list[str], theirs: list[str]) -> MergedLines | None:
    """Merge each base line by itself, with the insertions between them."""
    our_side, their_side = follow_lines(base, ours), follow_lines(base, theirs)
    if not (_fits(base, our_side, their_side) and _fits(base, their_side, our_side)):
        return None
    inserted = {block.start: block.lines for block in (*our_side.blocks, *their_side.blocks)}
    merged, notes = list(inserted.get(0, [])), list[str]()
    for index, line in enumerate(base):
        our_line, their_line = our_side.lines[index], their_side.lines[index]
        if their_line in (our_line, line):
            result = our_line
        elif our_line == line:
            result = their_line
        elif our_line is None or their_line is None:
            return None
        elif pin := pick_newest(line, our_line, their_line):
            result = pin.text
            notes.append(pin.note)
        else:
            result = merge_remark(line, our_line, their_line)
            result = merge_words(line, our_line, their_line) if result is None else result
            if result is None:
                return None
        merged += [] if result is None else [result]
        merged += inserted.get(index + 1, [])
    return merged, tuple(notes)


def _fits(base: list[str], side: _Side, other: _Side) -> bool:
    """Whether the insertions of one side have a sure place among the other side's changes."""
    for block in side.blocks:
        if block in other.blocks:
            continue
        if any(block.start <= rival.end and rival.start <= block.end for rival in other.blocks):
            return False
        if any(other.lines[i] != base[i] for i in range(block.start, block.end)):
            return False
        # A neighbour holds its place if at most some words of it changed, not its depth.
        neighbours = (i for i in (block.start - 1, block.end) if 0 <= i < len(base))
        if any(
            (line := other.lines[i]) is None or _indent(line) != _indent(base[i])
            for i in neighbours
        ):
            return False
    return True


def _indent(line: str) -> str:
    return line[: len(line) - len(line.lstrip())]


def follow_lines(base: list[str], lines: list[str]) -> _Side:
    """What became of each line of the base on a side, and what that side inserted."""
    became: list[str | None] = list(base)
    blocks: list[_Block] = []
    for hunk in find_hunks(base, lines):
        at, other = hunk.start, hunk.other_start
        for i, j in [*_pair_lines(base, lines, hunk), (hunk.end, hunk.other_end)]:
            became[at:i] = [None] * (i - at)
            if other < j:
                blocks.append(_Block(at, i, lines[other:j]))
            if i < hunk.end:
                became[i] = lines[j]
            at, other = i + 1, j + 1
    return _Side(became, blocks)


def _pair_lines(base: list[str], lines: list[str], hunk: Hunk) -> tuple[tuple[int, int], ...]:
    """Pair the lines of a hunk that are edits of each other, for the most in common overall."""
    columns = range(hunk.other_start, hunk.other_end)
    best: list[list[tuple[float, tuple[tuple[int, int], ...]]]] = [[(0.0, ())] * (len(columns) + 1)]
    for i in range(hunk.start, hunk.end):
        row = [best[-1][0]]
        for place, j in enumerate(columns):
            options = [best[-1][place + 1], row[place]]
            alike = measure_likeness(base[i], lines[j])
            if alike >= _SAME_LINE and base[i].strip():
                score, pairs = best[-1][place]
                options.append((score + alike, (*pairs, (i, j))))
            row.append(max(options, key=lambda option: option[0]))
        best.append(row)
    return best[-1][-1][1]
