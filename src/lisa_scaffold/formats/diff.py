"""Where two sequences differ, and where three do.

Patience first (lines that occur once anchor the rest), Myers in what is left, and a cap on the
work: a gap that is too different counts as replaced, which can make a conflict, never a wrong
merge.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Hashable, Iterator, Sequence
from typing import NamedTuple

Items = Sequence[Hashable]

_MOST_EDITS = 400
_MOST_STEPS = 2_000_000


class Hunk(NamedTuple):
    """Items ``start:end`` of the first sequence became ``other_start:other_end`` of the second."""

    start: int
    end: int
    other_start: int
    other_end: int


class Region(NamedTuple):
    """A stretch of the base, and what it became on either side."""

    base: slice
    ours: slice
    theirs: slice
    changed: str
    """Who changed it: ``none``, ``ours``, ``theirs`` or ``both``."""


def hunks(first: Items, second: Items) -> list[Hunk]:
    """What differs, in order; two hunks are at least one item apart."""
    pairs = _pairs(first, second)
    found: list[Hunk] = []
    at, other = 0, 0
    for i, j in [*pairs, (len(first), len(second))]:
        if at < i or other < j:
            found.append(Hunk(at, i, other, j))
        at, other = i + 1, j + 1
    return _slid_down(found, first, second)


def regions(base: Items, ours: Items, theirs: Items) -> Iterator[Region]:
    """The three sequences side by side; changes that touch fall into one region, as in git."""
    left, right = hunks(base, ours), hunks(base, theirs)
    at = shift_ours = shift_theirs = 0
    i = j = 0
    while i < len(left) or j < len(right):
        start = min(hunk.start for hunk in (*left[i : i + 1], *right[j : j + 1]))
        end, next_i, next_j = _together(left, right, i, j, start)
        mine, yours = left[i:next_i], right[j:next_j]
        if at < start:
            yield _region(at, start, (shift_ours, shift_ours), (shift_theirs, shift_theirs), "none")
        after_ours = shift_ours + sum(_growth(hunk) for hunk in mine)
        after_theirs = shift_theirs + sum(_growth(hunk) for hunk in yours)
        changed = "both" if mine and yours else "ours" if mine else "theirs"
        yield _region(start, end, (shift_ours, after_ours), (shift_theirs, after_theirs), changed)
        at, shift_ours, shift_theirs, i, j = end, after_ours, after_theirs, next_i, next_j
    if at < len(base):
        yield _region(at, len(base), (shift_ours, shift_ours), (shift_theirs, shift_theirs), "none")


def _together(
    left: list[Hunk], right: list[Hunk], i: int, j: int, start: int
) -> tuple[int, int, int]:
    """The end of all hunks that touch one another from ``start`` on, and how far that is."""
    end = start
    grown = True
    while grown:
        grown = False
        if i < len(left) and left[i].start <= end:
            end, i, grown = max(end, left[i].end), i + 1, True
        if j < len(right) and right[j].start <= end:
            end, j, grown = max(end, right[j].end), j + 1, True
    return end, i, j


def _region(
    start: int, end: int, ours: tuple[int, int], theirs: tuple[int, int], changed: str
) -> Region:
    return Region(
        slice(start, end),
        slice(start + ours[0], end + ours[1]),
        slice(start + theirs[0], end + theirs[1]),
        changed,
    )


def _growth(hunk: Hunk) -> int:
    return (hunk.other_end - hunk.other_start) - (hunk.end - hunk.start)


def _slid_down(found: list[Hunk], first: Items, second: Items) -> list[Hunk]:
    """Insertions and deletions as far down as repeated lines allow: one form for each change."""
    slid: list[Hunk] = []
    for hunk in reversed(found):
        start, end, other, other_end = hunk
        limit = slid[-1].start if slid else len(first)
        if start == end:
            while end < limit and first[end] == second[other]:
                start, end, other, other_end = start + 1, end + 1, other + 1, other_end + 1
        elif other == other_end:
            while end < limit and first[end] == first[start]:
                start, end, other, other_end = start + 1, end + 1, other + 1, other_end + 1
        if slid and end == slid[-1].start:
            below = slid.pop()
            slid.append(Hunk(start, below.end, other, below.other_end))
        else:
            slid.append(Hunk(start, end, other, other_end))
    return slid[::-1]


def _pairs(first: Items, second: Items) -> list[tuple[int, int]]:
    """Indices of items that are the same, rising on both sides."""
    pairs: list[tuple[int, int]] = []
    steps = 0
    todo = [(0, len(first), 0, len(second))]
    while todo:
        lo, hi, other_lo, other_hi = todo.pop()
        while lo < hi and other_lo < other_hi and first[lo] == second[other_lo]:
            pairs.append((lo, other_lo))
            lo, other_lo = lo + 1, other_lo + 1
        while lo < hi and other_lo < other_hi and first[hi - 1] == second[other_hi - 1]:
            hi, other_hi = hi - 1, other_hi - 1
            pairs.append((hi, other_hi))
        steps += hi - lo + other_hi - other_lo
        if lo == hi or other_lo == other_hi or steps > _MOST_STEPS:
            continue
        anchors = _anchors(first, second, (lo, hi, other_lo, other_hi))
        if not anchors:
            # At most so many steps along each of the diagonals that are looked at.
            steps += min(hi - lo + other_hi - other_lo, _MOST_EDITS) ** 2
            found = _myers(first[lo:hi], second[other_lo:other_hi])
            pairs.extend((lo + i, other_lo + j) for i, j in found)
            continue
        pairs.extend(anchors)
        for i, j in [*anchors, (hi, other_hi)]:
            todo.append((lo, i, other_lo, j))
            lo, other_lo = i + 1, j + 1
    return sorted(pairs)


def _anchors(first: Items, second: Items, span: tuple[int, int, int, int]) -> list[tuple[int, int]]:
    """The longest rising run of items that occur once on both sides."""
    lo, hi, other_lo, other_hi = span
    counts = Counter(first[lo:hi])
    other_counts = Counter(second[other_lo:other_hi])
    where = {second[j]: j for j in range(other_lo, other_hi)}
    once = [
        (i, where[first[i]])
        for i in range(lo, hi)
        if counts[first[i]] == 1 and other_counts.get(first[i]) == 1
    ]
    ends: list[int] = []
    chain: list[int] = []
    before: list[int] = [-1] * len(once)
    for index, (_, j) in enumerate(once):
        place = bisect_left(ends, j)
        before[index] = chain[place - 1] if place else -1
        ends[place : place + 1] = [j]
        chain[place : place + 1] = [index]
    found: list[tuple[int, int]] = []
    index = chain[-1] if chain else -1
    while index >= 0:
        found.append(once[index])
        index = before[index]
    return found[::-1]


def _myers(first: Items, second: Items) -> list[tuple[int, int]]:
    """Myers' greedy search for the shortest edit; no pairs at all beyond the cap."""
    width, height = len(first), len(second)
    if abs(width - height) > _MOST_EDITS:
        return []
    furthest = {1: 0}
    trace: list[dict[int, int]] = []
    for edits in range(min(width + height, _MOST_EDITS) + 1):
        trace.append(dict(furthest))
        for k in range(-edits, edits + 1, 2):
            down = k == -edits or (k != edits and furthest.get(k - 1, -1) < furthest.get(k + 1, -1))
            x = furthest[k + 1] if down else furthest[k - 1] + 1
            while x < width and 0 <= x - k < height and first[x] == second[x - k]:
                x += 1
            furthest[k] = x
            if x >= width and x - k >= height:
                return _walk_back(trace, width, height)
    return []


def _walk_back(trace: list[dict[int, int]], x: int, y: int) -> list[tuple[int, int]]:
    pairs: list[tuple[int, int]] = []
    for edits in range(len(trace) - 1, -1, -1):
        furthest = trace[edits]
        k = x - y
        down = k == -edits or (k != edits and furthest.get(k - 1, -1) < furthest.get(k + 1, -1))
        from_k = k + 1 if down else k - 1
        from_x = furthest[from_k] if edits else 0
        from_y = from_x - from_k if edits else 0
        while x > from_x and y > from_y and x > 0 and y > 0:
            x, y = x - 1, y - 1
            pairs.append((x, y))
        x, y = from_x, from_y
    return pairs[::-1]


_CONTEXT = 3


def is_subsequence(less: Items, more: Items) -> bool:
    """Whether all items of one sequence are in the other, in the same order."""
    rest = iter(more)
    return all(item in rest for item in less)


def to_lines(text: str) -> list[str]:
    """The lines of a text that ends in a line end, without their ends."""
    lines = text.split("\n")
    if not lines[-1]:
        lines.pop()
    return lines


def to_text(lines: list[str]) -> str:
    """Lines as a text."""
    return "".join(f"{line}\n" for line in lines)


def patch(before: list[str], after: list[str], path: str) -> str:
    """A unified diff."""
    found = hunks(before, after)
    groups: list[list[int]] = []
    for index, hunk in enumerate(found):
        if groups and hunk.start - found[index - 1].end <= 2 * _CONTEXT:
            groups[-1].append(index)
        else:
            groups.append([index])
    lines = [f"--- a/{path}", f"+++ b/{path}"] if found else []
    for group in groups:
        lo = max(found[group[0]].start - _CONTEXT, 0)
        hi = min(found[group[-1]].end + _CONTEXT, len(before))
        body: list[str] = []
        at = lo
        for hunk in (found[index] for index in group):
            body += [f" {line}" for line in before[at : hunk.start]]
            body += [f"-{line}" for line in before[hunk.start : hunk.end]]
            body += [f"+{line}" for line in after[hunk.other_start : hunk.other_end]]
            at = hunk.end
        body += [f" {line}" for line in before[at:hi]]
        shift = found[group[0]].other_start - found[group[0]].start
        old, new = hi - lo, sum(not line.startswith("-") for line in body)
        lines += [f"@@ -{lo + 1},{old} +{lo + shift + 1},{new} @@", *body]
    return to_text(lines)
