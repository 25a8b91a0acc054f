"""The lines of a project that an adoption replaces: whatever the reason, the report quotes them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from lisa_scaffold.project.facts import Facts


@dataclass(frozen=True)
class Replaced:
    """A line that is no longer in its file: the path, the number that it had, and its text."""

    path: str
    line: int
    text: str


def replaced(before: Facts, after: Facts, paths: Iterable[str]) -> Iterator[Replaced]:
    """The lines of some files that are gone.

    A line that only moved, or gained a comma since another follows it, is still there.
    """
    for path in paths:
        there = Counter(map(_plain, after.lines(path)))
        for number, line in enumerate(before.lines(path), 1):
            if not _plain(line):
                continue
            if there[_plain(line)]:
                there[_plain(line)] -= 1
            else:
                yield Replaced(path, number, line)


def _plain(line: str) -> str:
    return line.strip().removesuffix(",").rstrip()
