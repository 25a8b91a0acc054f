"""Differences of two sequences, and of three.

Patience first (lines that occur once anchor the rest), Myers in what is left, and a cap on the
work: a gap that is too different counts as replaced, which can make a conflict, never a wrong
merge.
"""

from __future__ import annotations

import re
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

    @property
    def growth(self) -> int:
        """How many items longer the second sequence is here."""
        return (self.other_end - self.other_start) - (self.end - self.start)


class Region(NamedTuple):
    """A stretch of the base, and what it became on either side."""

    base: slice
    ours: slice
    theirs: slice
    changed: str
    """Who changed it: ``none``, ``ours``, ``theirs`` or ``both``."""


def find_hunks(first: Items, second: Items) -> list[Hunk]:
    """The differences, in order; two hunks are at least one item apart.

    Insertions and deletions are as far down as repeated items allow, so that each change has one
    form.
    """
    found: list[Hunk] = []
    at, other = 0, 0
    for i, j in [*_pair_equal(first, second), (len(first), len(second))]:
        if at < i or other < j:
            found.append(Hunk(at, i, other, j))
        at, other = i + 1, j + 1
    slid: list[Hunk] = []
    for start, end, other, other_end in reversed(found):
        limit = slid[-1].start if slid else len(first)
        by = 0
        if start == end:
            while end + by < limit and first[end + by] == second[other + by]:
                by += 1
        elif other == other_end:
            while end + by < limit and first[end + by] == first[start + by]:
                by += 1
        hunk = Hunk(start + by, end + by, other + by, other_end + by)
        if slid and hunk.end == limit:
            below = slid.pop()
            hunk = Hunk(hunk.start, below.end, hunk.other_start, below.other_end)
        slid.append(hunk)
    return slid[::-1]


def find_regions(base: Items, ours: Items, theirs: Items) -> Iterator[Region]:
    """The three sequences side by side; changes that touch fall into one region, as in git."""
    left, right = find_hunks(base, ours), find_hunks(base, theirs)
    at = i = j = our_shift = their_shift = 0
    while at < len(base) or i < len(left) or j < len(right):
        upcoming = (*left[i : i + 1], *right[j : j + 1])
        start = end = min((hunk.start for hunk in upcoming), default=len(base))
        our_start, their_start = start + our_shift, start + their_shift
        if at < start:
            before = slice(at + our_shift, our_start), slice(at + their_shift, their_start)
            yield Region(slice(at, start), *before, "none")
            at = start
            continue
        changed = set()
        grown = True
        while grown:
            grown = False
            if i < len(left) and left[i].start <= end:
                end, our_shift = max(end, left[i].end), our_shift + left[i].growth
                i, grown = i + 1, True
                changed.add("ours")
            if j < len(right) and right[j].start <= end:
                end, their_shift = max(end, right[j].end), their_shift + right[j].growth
                j, grown = j + 1, True
                changed.add("theirs")
        after = slice(our_start, end + our_shift), slice(their_start, end + their_shift)
        yield Region(slice(start, end), *after, "both" if len(changed) > 1 else changed.pop())
        at = end


def _pair_equal(first: Items, second: Items) -> list[tuple[int, int]]:
    """Indices of equal items, rising on both sides."""
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
        anchors = _find_anchors(first, second, (lo, hi, other_lo, other_hi))
        if not anchors:
            # At most so many steps along each of the diagonals that are searched.
            steps += min(hi - lo + other_hi - other_lo, _MOST_EDITS) ** 2
            found = _search_shortest(first[lo:hi], second[other_lo:other_hi])
            pairs.extend((lo + i, other_lo + j) for i, j in found)
            continue
        pairs.extend(anchors)
        for i, j in [*anchors, (hi, other_hi)]:
            todo.append((lo, i, other_lo, j))
            lo, other_lo = i + 1, j + 1
    return sorted(pairs)


def _find_anchors(
    first: Items, second: Items, span: tuple[int, int, int, int]
) -> list[tuple[int, int]]:
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


def _search_shortest(first: Items, second: Items) -> list[tuple[int, int]]:
    """Myers' greedy search for the shortest edit; no pairs at all beyond the cap."""
    x, y = len(first), len(second)
    if abs(x - y) > _MOST_EDITS:
        return []
    furthest = {1: 0}
    trace: list[dict[int, int]] = []
    for edits in range(min(x + y, _MOST_EDITS) + 1):
        trace.append(dict(furthest))
        for k in range(-edits, edits + 1, 2):
            at = furthest[k + 1] if _goes_down(furthest, edits, k) else furthest[k - 1] + 1
            while at < x and 0 <= at - k < y and first[at] == second[at - k]:
                at += 1
            furthest[k] = at
            if at >= x and at - k >= y:
                return _walk_back(trace, x, y)
    return []


def _goes_down(furthest: dict[int, int], edits: int, k: int) -> bool:
    """Whether the best path to a diagonal comes from the one above it."""
    return k == -edits or (k != edits and furthest.get(k - 1, -1) < furthest.get(k + 1, -1))


def _walk_back(trace: list[dict[int, int]], x: int, y: int) -> list[tuple[int, int]]:
    pairs: list[tuple[int, int]] = []
    for edits in range(len(trace) - 1, -1, -1):
        furthest = trace[edits]
        k = x - y
        from_k = k + 1 if _goes_down(furthest, edits, k) else k - 1
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


def split_lines(text: str) -> list[str]:
    """The lines of a text, with the line feeds that alone end them."""
    return re.findall(r"[^\n]*\n|[^\n]+", text)


def to_text(lines: list[str]) -> str:
    """Lines as a text."""
    return "".join(f"{line}\n" for line in lines)


def patch(before: str | None, after: str | None, path: str) -> str:
    """A unified diff of two versions of a file, as ``git apply`` takes it.

    Parameters
    ----------
    before, after
        The contents; None where there is no file. Line feeds alone end lines, as in git.
    path
        The path that it names on both sides.

    Returns
    -------
    str
        Nothing where the contents are equal.
    """
    old, new = (split_lines(text or "") for text in (before, after))
    groups: list[list[Hunk]] = []
    for hunk in find_hunks(old, new):
        if groups and hunk.start - groups[-1][-1].end <= 2 * _CONTEXT:
            groups[-1].append(hunk)
        else:
            groups.append([hunk])
    if not groups:
        return ""
    names = [
        "/dev/null" if text is None else _quote_path(f"{side}/{path}")
        for side, text in (("a", before), ("b", after))
    ]
    lines = [f"--- {names[0]}\n", f"+++ {names[1]}\n"]
    for group in groups:
        lo = at = max(group[0].start - _CONTEXT, 0)
        hi = min(group[-1].end + _CONTEXT, len(old))
        body: list[str] = []
        for hunk in group:
            body += [f" {line}" for line in old[at : hunk.start]]
            body += [f"-{line}" for line in old[hunk.start : hunk.end]]
            body += [f"+{line}" for line in new[hunk.other_start : hunk.other_end]]
            at = hunk.end
        body += [f" {line}" for line in old[at:hi]]
        new_lo = lo + group[0].other_start - group[0].start
        spans = []
        for start, length in (
            (lo, hi - lo),
            (new_lo, sum(not line.startswith("-") for line in body)),
        ):
            # A stretch without a line is counted from the line above it; one line needs no length.
            spans.append(f"{start + (length > 0)}{'' if length == 1 else f',{length}'}")
        lines.append(f"@@ -{spans[0]} +{spans[1]} @@\n")
        lines += body
    return "".join(
        line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines
    )


_LONGEST_SHOWN = 300
"""Characters of a line that people look at; an image in a notebook has thousands."""


def fold(changes: str) -> str:
    """A difference for people: of longer lines the beginning, and how much more there is."""
    return "".join(
        line
        if len(line) <= _LONGEST_SHOWN
        else f"{line[:_LONGEST_SHOWN]}… ({len(line.rstrip()) - _LONGEST_SHOWN} more characters)\n"
        for line in split_lines(changes)
    )


def name_binary(was_there: bool, is_there: bool, path: str) -> str:
    """The line of a difference that stands for a binary file; ``git apply`` reads past it."""
    done = {(True, False): "removed", (False, True): "added"}.get((was_there, is_there), "changed")
    return f"{_quote_path(path)}: binary file {done}\n"


def _quote_path(path: str) -> str:
    """Quote a path as git does, so that a line break in it makes no line of its own."""
    escaped = re.sub(r'["\\]', r"\\\g<0>", path)
    escaped = re.sub(r"[\x00-\x1f\x7f]", lambda found: f"\\{ord(found[0]):03o}", escaped)
    return path if escaped == path else f'"{escaped}"'
