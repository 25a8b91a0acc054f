"""A base that is broken, and that both sides have mended."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from lisa_scaffold.formats.diff import to_lines, to_text
from lisa_scaffold.formats.tree import NotSure
from lisa_scaffold.merge.text import follow_lines

Load = Callable[[str], Any]


def mend_base(load: Load, base: str, ours: str, theirs: str) -> str | None:
    """The base with what both sides made of its lines; ``None`` where it need not, or cannot, be.

    What both sides changed in the same way is no change of either to the other. A line that each
    has edited otherwise, and both have indented alike, is indented like that.
    """
    if _can_read(load, base) or not (_can_read(load, ours) and _can_read(load, theirs)):
        return None
    lines = to_lines(base)
    sides = [follow_lines(lines, to_lines(side)).lines for side in (ours, theirs)]
    mended = [
        line
        for old, our_line, their_line in zip(lines, *sides, strict=True)
        if (line := _mend_line(old, our_line, their_line)) is not None
    ]
    text = to_text(mended)
    return text if _can_read(load, text) else None


def _mend_line(old: str, ours: str | None, theirs: str | None) -> str | None:
    if ours == theirs:
        return ours
    if ours is None or theirs is None or old in (ours, theirs):
        return old
    margins = [line[: len(line) - len(line.lstrip())] for line in (ours, theirs)]
    return margins[0] + old.lstrip() if margins[0] == margins[1] else old


def _can_read(load: Load, text: str) -> bool:
    try:
        load(text)
    except (NotSure, RecursionError):
        return False
    return True
