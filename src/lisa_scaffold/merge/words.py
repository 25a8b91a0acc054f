"""Merge inside lines: how alike they are, and changes to different words of one line."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import lru_cache

from lisa_scaffold.merge.diff import Region, regions
from lisa_scaffold.merge.effort import spend

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
