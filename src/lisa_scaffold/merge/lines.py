"""Three-way merge of line sets: ignore files, attributes, code owners, manifests.

Every line is a unit; comments and blank lines head the block below them, and a line that one side
adds stays in its block. Attributes and owners are named by their pattern.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from lisa_scaffold.merge.pins import newest
from lisa_scaffold.merge.survey import lost
from lisa_scaffold.merge.text import to_lines, to_text
from lisa_scaffold.merge.units import Both, Gone, Unit, in_blocks, merge_units, project_decides
from lisa_scaffold.merge.units import to_lines as joined
from lisa_scaffold.merge.words import merge_words

_PATTERN_AND_MORE = re.compile(r"(\S+)\s+\S")
# In a manifest the last word wins: between additions that take in and additions that leave out,
# the order decides.
_VERBS = {
    **dict.fromkeys(("include", "recursive-include", "global-include", "graft"), "in"),
    **dict.fromkeys(("exclude", "recursive-exclude", "global-exclude", "prune"), "out"),
}


class Rules(NamedTuple):
    """How the lines of one sort of file are merged.

    Attributes
    ----------
    both, gone
        What becomes of a line that both sides changed, or that one changed and the other removed.
    heirs
        Whether a line may have been renamed into another that is much like it.
    free
        Whether the order of the lines means nothing.
    """

    both: Both
    gone: Gone
    heirs: bool = True
    free: bool = False


def merge(base: str, ours: str, theirs: str) -> tuple[str, tuple[str, ...]] | None:
    """Merge line sets; ``None`` where the two sides contradict each other."""
    sides = [read(text) for text in (base, ours, theirs)]
    gone = project_decides(lambda unit: unit.lines[0].strip())
    return merge_read((base, ours, theirs), sides, Rules(_both, gone))


def merge_read(
    texts: tuple[str, str, str], sides: Sequence[tuple[list[Unit], int]], rules: Rules
) -> tuple[str, tuple[str, ...]] | None:
    """Merge three texts that were read as units, and the numbers of blank lines below them."""
    (before, was), (mine, tail), (yours, end) = sides
    both, gone, heirs, free = rules
    done = merge_units(before, mine, yours, both, _together, gone=gone, heirs=heirs, free=free)
    if done is None:
        return None
    blank = [""] * (end if tail == was else tail)
    text = to_text([*joined(done[0]), *blank])
    return None if lost(*texts, text, done[1]) else (text, done[1])


def read(text: str) -> tuple[list[Unit], int]:
    """The lines of a file as units, and the number of blank lines below them."""
    units: list[Unit] = []
    gap = 0
    for line in to_lines(text):
        if line.strip():
            units.append(Unit(_key(line), gap, (line,)))
            gap = 0
        else:
            gap += 1
    return units, gap


def _key(line: str) -> str:
    stripped = line.strip()
    word = stripped.split(maxsplit=1)[0]
    if stripped.startswith(("#", "-")) or word in _VERBS:
        return stripped
    if _PATTERN_AND_MORE.match(stripped) and not re.match(r"\S+\s*[<>=!~;@#]", stripped):
        return f"{word} …"
    return stripped


def _both(
    base: Unit | None, ours: Unit, theirs: Unit
) -> tuple[tuple[str, ...], tuple[str, ...]] | None:
    """One line that both sides changed."""
    if base is None:
        return None
    before, mine, yours = base.lines[0], ours.lines[0], theirs.lines[0]
    pin = newest(before, mine, yours)
    if pin:
        return (pin.text,), (pin.note,)
    words = merge_words(before, mine, yours)
    return None if words is None else ((words,), ())


def _together(before: Unit | None, mine: list[Unit], yours: list[Unit]) -> list[Unit] | None:
    """Additions of both sides at one place: each stays in its block, sorted if the block is."""
    if not _commute(mine, yours):
        # The last word wins: the project's, unless the template makes exceptions of its own.
        return None if "out" in _directions(yours) else [*yours, *mine]
    return in_blocks(before, mine, yours, _rank, heads)


def _rank(unit: Unit) -> str:
    return unit.lines[0].casefold()


def heads(unit: Unit) -> bool:
    """Whether a line is a comment, which heads the lines below it."""
    return unit.lines[0].lstrip().startswith("#")


def _commute(mine: list[Unit], yours: list[Unit]) -> bool:
    """Whether additions mean the same in either order."""
    directions = [_directions(side) for side in (mine, yours)]
    return not directions[0] or not directions[1] or len(directions[0] | directions[1]) == 1


def _directions(units: list[Unit]) -> set[str]:
    return {_direction(unit) for unit in units} - {""}


def _direction(unit: Unit) -> str:
    line = unit.lines[0].strip()
    if line.startswith("#"):
        return ""
    return _VERBS.get(line.split()[0], "out" if line.startswith("!") else "in")
