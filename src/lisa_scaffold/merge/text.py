"""A conflict of a few lines, looked at line by line.

git gives up where changes touch. Here a line that was edited keeps its identity, so that edits
of neighbouring lines, and of different words of one line, are no conflict. What stays one: two
insertions at one place, an insertion beside what the other side removed or rewrote (it may have
belonged there), a line that one side edited and the other removed.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import NamedTuple

from lisa_scaffold.formats.diff import Hunk, Region, hunks, patch, regions, to_lines, to_text
from lisa_scaffold.merge.effort import spend
from lisa_scaffold.versions import newest

_REWRITTEN = 0.5


class Prose(NamedTuple):
    """Merged prose; where the project had rewritten a passage, the template's change to it."""

    text: str
    patch: str
    notes: tuple[str, ...]


def merge(base: str, ours: str, theirs: str) -> tuple[str, tuple[str, ...]] | None:
    """Merge texts; ``None`` where one change has no sure place beside the other."""
    done = merge_lines(to_lines(base), to_lines(ours), to_lines(theirs))
    return None if done is None else (to_text(done[0]), done[1])


def merge_lines(
    base: list[str], ours: list[str], theirs: list[str]
) -> tuple[list[str], tuple[str, ...]] | None:
    """Merge lists of lines."""
    merged: list[str] = []
    notes: list[str] = []
    for region in regions(base, ours, theirs):
        done = _region(region, base, ours, theirs)
        if done is None:
            return None
        merged += done[0]
        notes += done[1]
    return merged, tuple(notes)


def merge_prose(base: str, ours: str, theirs: str, path: str) -> Prose | None:
    """Merge prose; a passage that the project rewrote stays as the project has it.

    A passage is rewritten where the project's words and the base's have less than half in
    common, or where that holds for the whole file.
    """
    split = to_lines(base), to_lines(ours), to_lines(theirs)
    whole = _rewritten(split[0], split[1])
    merged: list[str] = []
    notes: list[str] = []
    declined: list[str] = []
    for region in regions(*split):
        done = _region(region, *split)
        before, mine, yours = split[0][region.base], split[1][region.ours], split[2][region.theirs]
        done = done or _reflowed(before, mine, yours)
        if done is None:
            if not whole and not (any(before) and _rewritten(before, mine)):
                return None
            done, before = (mine, []), yours
        merged += done[0]
        notes += done[1]
        declined += before
    return Prose(to_text(merged), patch(split[0], declined, path), tuple(notes))


def _reflowed(
    base: list[str], ours: list[str], theirs: list[str]
) -> tuple[list[str], list[str]] | None:
    """A passage in which one side, or both alike, only broke the lines in other places."""
    words = [" ".join(lines).split() for lines in (base, ours, theirs)]
    if words[1] == words[0] != words[2]:
        note = "the project only broke its lines in other places; the template's words are taken."
        return theirs, [f"{theirs[0] if theirs else base[0]}: {note}"]
    return (ours, []) if words[2] in words[:2] else None


def _rewritten(base: list[str], ours: list[str]) -> bool:
    return likeness_of_words(base, ours) < _REWRITTEN


def _region(
    region: Region, base: list[str], ours: list[str], theirs: list[str]
) -> tuple[list[str], list[str]] | None:
    mine, yours = ours[region.ours], theirs[region.theirs]
    if region.changed != "both":
        return yours if region.changed == "theirs" else mine, []
    return (mine, []) if mine == yours else resolve(base[region.base], mine, yours)


# A reference such as `owner/name@v2` or `name>=1,<2` is one word: a part of one side's reference
# glued to a part of the other's would be something that nobody wrote.
_WORD = re.compile(r"[^\s,;()\[\]{}\"'`]+|\s+|.", re.DOTALL)
_MEANS = re.compile(r"\w")
_LONGEST_LINE = 2000
_LIKENESS = 100  # steps of the shortest comparison


def merge_words(base: str, ours: str, theirs: str) -> str | None:
    """One line with the changes of both sides, where an unchanged word lies between them."""
    if max(map(len, (base, ours, theirs))) > _LONGEST_LINE:
        return None
    split = [_WORD.findall(text) for text in (base, ours, theirs)]
    more = farther(*split)
    if more is not None:
        return "".join(more)
    merged: list[str] = []
    last, apart = "none", True
    for region in regions(*split):
        words = _take(region, split[1][region.ours], split[2][region.theirs])
        if words is None:
            return None
        if region.changed == "none":
            apart = apart or any(_MEANS.search(word) for word in words)
        else:
            if not apart and {last, region.changed} == {"ours", "theirs"}:
                return None
            last, apart = region.changed, False
        merged += words
    return "".join(merged)


def _take(region: Region, ours: list[str], theirs: list[str]) -> list[str] | None:
    """The words of a region that one side alone changed, or both in the same way."""
    if region.changed == "both":
        return ours if ours == theirs else None
    return theirs if region.changed == "theirs" else ours


def farther(
    base: Sequence[str], ours: Sequence[str], theirs: Sequence[str]
) -> Sequence[str] | None:
    """The side that adds all that the other adds, and more; both take nothing away, or all."""
    if base and not set(base) & {*ours, *theirs}:
        base = ()
    if _holds(ours, theirs) and _holds(theirs, base) and _told(base, theirs):
        return ours
    if _holds(theirs, ours) and _holds(ours, base) and _told(base, ours):
        return theirs
    return None


def contained(base: str, ours: str, theirs: str) -> str | None:
    """The side that adds all the words that the other adds, and more; white space aside."""
    if max(map(len, (base, ours, theirs))) > _LONGEST_LINE:
        return None
    split = {
        text: tuple(word for word in _WORD.findall(text) if word.strip())
        for text in (base, ours, theirs)
    }
    more = farther(split[base], split[ours], split[theirs])
    return None if more is None else ours if more == split[ours] else theirs


def _holds(more: Sequence[str], less: Sequence[str]) -> bool:
    """Whether all items of one sequence stand in the other, in the same order."""
    rest = iter(more)
    return all(item in rest for item in less)


def _told(base: Sequence[str], side: Sequence[str]) -> bool:
    """Whether what a side adds is more than punctuation, which stands everywhere."""
    return any(_MEANS.search(item) for item in Counter(side) - Counter(base))


def likeness(first: str, second: str) -> float:
    """How much two lines share, from 0 to 1, indentation aside."""
    pairs = _pairs(first.strip()), _pairs(second.strip())
    spend(_LIKENESS + len(pairs[0]) + len(pairs[1]))
    return _share(*pairs)


def likeness_of_words(first: Iterable[str], second: Iterable[str]) -> float:
    """How much two texts share, from 0 to 1, in words."""
    return _share(
        Counter(word for line in first for word in line.split()),
        Counter(word for line in second for word in line.split()),
    )


@lru_cache(maxsize=4096)
def _pairs(text: str) -> Counter[str]:
    return Counter(text[i : i + 2] for i in range(max(len(text) - 1, 1)))


def _share(first: Counter[str], second: Counter[str]) -> float:
    total = first.total() + second.total()
    return 2 * (first & second).total() / total if total else 1.0


_ALIKE = 0.6
_MOST_LINES = 80


class Block(NamedTuple):
    """Lines inserted by one side in place of the base's lines ``start:end`` (often none)."""

    start: int
    end: int
    lines: list[str]


class Side(NamedTuple):
    """One side of a conflict: what became of each line of the base, and what is new."""

    kept: list[str | None]
    blocks: list[Block]


def resolve(
    base: list[str], ours: list[str], theirs: list[str]
) -> tuple[list[str], list[str]] | None:
    """The lines of both sides together with notes, or ``None`` for a real conflict."""
    if max(len(base), len(ours), len(theirs)) > _MOST_LINES:
        return None
    more = farther(base, ours, theirs)
    if more is not None:
        return list(more), []
    if len(base) == len(ours) == len(theirs) == 1:
        # However little they share, it is one line, edited.
        whole = contained(base[0], ours[0], theirs[0])
        if whole is not None:
            return [whole], []
    shared = _shared(base, ours, theirs)
    merge = _by_lines if shared is None else _anew
    done = merge(base if shared is None else shared, ours, theirs)
    return None if done is None or _doubled(base, ours, theirs, done[0]) else done


def _shared(base: list[str], ours: list[str], theirs: list[str]) -> list[str] | None:
    """The base as it were with a line in it that both sides added."""
    was = Counter(base)
    both = (Counter(ours) - was) & (Counter(theirs) - was)
    for side in (theirs, ours):
        for hunk in hunks(base, side):
            for line in side[hunk.other_start : hunk.other_end]:
                if hunk.start == hunk.end and line.strip() and line in both:
                    return [*base[: hunk.start], line, *base[hunk.start :]]
    return None


def _anew(
    base: list[str], ours: list[str], theirs: list[str]
) -> tuple[list[str], list[str]] | None:
    merged: list[str] = []
    notes: list[str] = []
    for region in regions(base, ours, theirs):
        mine, yours = ours[region.ours], theirs[region.theirs]
        done: tuple[list[str], list[str]] | None = (mine, [])
        if region.changed == "theirs":
            done = yours, []
        elif region.changed == "both" and mine != yours:
            done = resolve(base[region.base], mine, yours)
        if done is None:
            return None
        merged += done[0]
        notes += done[1]
    return merged, notes


def _doubled(base: list[str], ours: list[str], theirs: list[str], merged: list[str]) -> bool:
    """Whether a line that both sides added stands there once for each."""
    was, after = Counter(base), Counter(merged)
    mine, yours = Counter(ours), Counter(theirs)
    both = (mine - was) & (yours - was)
    return any(line.strip() and after[line] > max(mine[line], yours[line]) for line in both)


def _by_lines(
    base: list[str], ours: list[str], theirs: list[str]
) -> tuple[list[str], list[str]] | None:
    mine, yours = _side(base, ours), _side(base, theirs)
    if not (_fits(base, mine, yours) and _fits(base, yours, mine)):
        return None
    blocks = {block.start: block.lines for block in (*mine.blocks, *yours.blocks)}
    merged, notes = list(blocks.get(0, [])), list[str]()
    for index, line in enumerate(base):
        won = _line(line, mine.kept[index], yours.kept[index])
        if won is None:
            return None
        merged += won[0]
        notes += won[1]
        merged += blocks.get(index + 1, [])
    return merged, notes


def _line(base: str, ours: str | None, theirs: str | None) -> tuple[list[str], list[str]] | None:
    """Three-way for one line, where ``None`` is a line that is gone."""
    if theirs in (ours, base):
        return [] if ours is None else [ours], []
    if ours == base:
        return [] if theirs is None else [theirs], []
    if ours is None or theirs is None:
        return None
    pin = newest(base, ours, theirs)
    if pin is not None:
        return [pin.text], [pin.note]
    words = merge_words(base, ours, theirs)
    return None if words is None else ([words], [])


def _fits(base: list[str], one: Side, other: Side) -> bool:
    """Whether the insertions of one side have a sure place in what the other side made."""
    for block in one.blocks:
        if block in other.blocks:
            continue
        if any(_rivals(block, rival) for rival in other.blocks):
            return False
        if any(other.kept[i] != base[i] for i in range(block.start, block.end)):
            return False
        for i in (block.start - 1, block.end):
            if 0 <= i < len(base) and not _still_there(base[i], other.kept[i]):
                return False
    return True


def _rivals(block: Block, rival: Block) -> bool:
    return block.start <= rival.end and rival.start <= block.end


def _still_there(base: str, line: str | None) -> bool:
    """Whether a neighbour holds its place: at most some words of it changed, not its depth."""
    return line is not None and _indent(line) == _indent(base)


def _indent(line: str) -> str:
    return line[: len(line) - len(line.lstrip())]


def _side(base: list[str], lines: list[str]) -> Side:
    kept: list[str | None] = list(base)
    blocks: list[Block] = []
    for hunk in hunks(base, lines):
        pairs = _alike(base, lines, hunk)
        at, other = hunk.start, hunk.other_start
        for i, j in [*pairs, (hunk.end, hunk.other_end)]:
            kept[at:i] = [None] * (i - at)
            if other < j:
                blocks.append(Block(at, i, lines[other:j]))
            if i < hunk.end:
                kept[i] = lines[j]
            at, other = i + 1, j + 1
    return Side(kept, blocks)


def _alike(base: list[str], lines: list[str], hunk: Hunk) -> list[tuple[int, int]]:
    """Which lines of a hunk are the same line, edited: the pairing with the most in common."""
    rows = range(hunk.start, hunk.end)
    columns = range(hunk.other_start, hunk.other_end)
    best: list[list[tuple[float, tuple[tuple[int, int], ...]]]] = [[(0.0, ())] * (len(columns) + 1)]
    for i in rows:
        row = [best[-1][0]]
        for place, j in enumerate(columns):
            options = [best[-1][place + 1], row[place]]
            alike = likeness(base[i], lines[j])
            if alike >= _ALIKE and base[i].strip():
                score, pairs = best[-1][place]
                options.append((score + alike, (*pairs, (i, j))))
            row.append(max(options, key=lambda option: option[0]))
        best.append(row)
    return list(best[-1][-1][1])
