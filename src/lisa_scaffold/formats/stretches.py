"""Stretches of lines that have a name: a pattern, an instruction, a definition, with comments."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Sequence
from typing import Any, NamedTuple


class Unit(NamedTuple):
    """Some lines with a name, and the number of blank lines above them."""

    key: Hashable
    gap: int
    lines: tuple[str, ...]


Units = Sequence[Unit]


def number_units(units: Units) -> list[Unit]:
    """Units with names that occur once: a name that is repeated carries its number."""
    seen: Counter[Hashable] = Counter()
    found = []
    for unit in units:
        seen[unit.key] += 1
        found.append(unit._replace(key=(unit.key, seen[unit.key])))
    return found


def strip_number(unit: Unit) -> Any:
    """The key that a unit was given, without the number that it carries during a merge."""
    match unit.key:
        case (key, int()):
            return key
    return unit.key


def join_units(units: Units) -> list[str]:
    """The lines of units one after the other, blank lines included."""
    return [line for unit in units for line in (*[""] * unit.gap, *unit.lines)]
