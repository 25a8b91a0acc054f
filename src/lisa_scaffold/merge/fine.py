"""A conflict of a few lines, looked at line by line.

git gives up where changes touch. Here a line that was edited keeps its identity, so that edits
of neighbouring lines, and of different words of one line, are no conflict. What stays one: two
insertions at one place, an insertion beside what the other side removed or rewrote (it may have
belonged there), a line that one side edited and the other removed.
"""

from __future__ import annotations

from collections import Counter
from typing import NamedTuple

from lisa_scaffold.merge.diff import Hunk, hunks, regions
from lisa_scaffold.merge.pins import newest
from lisa_scaffold.merge.words import contained, farther, likeness, merge_words

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
