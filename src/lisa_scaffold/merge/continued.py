"""Lists of words, one on each line that a backslash continues."""

from __future__ import annotations

import re

from lisa_scaffold.formats.stretches import Unit, join_units
from lisa_scaffold.merge.units import MergedUnit, merge_units, place_in_blocks


def merge_words(base: Unit, ours: Unit, theirs: Unit) -> MergedUnit | None:
    """Merge a list of words (packages, targets), with one on each line, as a set."""
    sides = [
        [
            Unit(line.strip(), 0, (line,))
            for line in (line.rstrip().removesuffix("\\").rstrip() for line in unit.lines)
        ]
        for unit in (base, ours, theirs)
    ]
    done = merge_units(sides[0], sides[1], sides[2], lambda *_: None, _place_words)
    if done is None:
        return None
    lines = join_units(done[0])
    joined = [line if line.lstrip().startswith("#") else f"{line} \\" for line in lines[:-1]]
    return [*joined, lines[-1]], done[1]


def _place_words(before: Unit | None, ours: list[Unit], theirs: list[Unit]) -> list[Unit] | None:
    """Place words of one list in order; a command that follows the list comes below them."""
    word = re.compile(r"\s+[\w.+:=~*-]+")
    are_words = [all(word.fullmatch(unit.lines[0]) for unit in side) for side in (ours, theirs)]
    # What parts a command from the one above may begin its line.
    follows = [
        side[0].lines[0].lstrip().startswith(("&&", "||", ";", "|")) for side in (ours, theirs)
    ]
    if all(are_words):
        # What begins the list is no word of it.
        above = before if before and word.fullmatch(before.lines[0]) else None
        return place_in_blocks(above, ours, theirs, lambda _: False)
    if are_words[0] and follows[1]:
        return ours + theirs
    if are_words[1] and follows[0]:
        return theirs + ours
    return None
