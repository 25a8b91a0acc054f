"""Two versions of a text side by side, with the words marked in which their lines differ."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import zip_longest
from typing import NamedTuple

from lisa_scaffold.formats.diff import Hunk, find_hunks, to_lines
from lisa_scaffold.pattern import compile_lazily

CONTEXT = 3
"""Lines that are shown around each change."""

_WORD = compile_lazily(r"\w+|[^\w\n]|\n")
_ALIKE = 0.4  # of the words of two passages: with fewer, marks would be all over them
_LONGEST = 400  # characters of a line in which words are looked for
_MOST_WORDS = 4000


class Piece(NamedTuple):
    """A part of a line, and whether the other side has it otherwise."""

    text: str
    marked: bool = False


Marked = tuple[list[tuple[Piece, ...]], list[tuple[Piece, ...]]]
"""The lines of two passages, in pieces."""


class Line(NamedTuple):
    """A line with its number, counted from 1."""

    number: int
    pieces: tuple[Piece, ...]

    @property
    def text(self) -> str:
        """The line as it stands in its file."""
        return "".join(piece.text for piece in self.pieces)


class Row(NamedTuple):
    """What stands side by side.

    Attributes
    ----------
    before, after
        The line on either side, where there is one.
    changed
        Whether they differ.
    skipped
        The number of equal lines that are left out in this place; 0 in all other rows.
    """

    before: Line | None
    after: Line | None
    changed: bool = False
    skipped: int = 0


def compare_texts(before: str, after: str, shown: Iterable[int] = ()) -> list[Row]:
    """The rows of two versions of a file, without the equal ones that are far from a change.

    Parameters
    ----------
    before, after
        The texts; an empty one for a file that is not there.
    shown
        Numbers of lines of the new text that are shown in any case, counted from 1.
    """
    old, new = to_lines(before), to_lines(after)
    rows: list[Row] = []
    at = other = 0
    for hunk in [*find_hunks(old, new), Hunk(len(old), len(old), len(new), len(new))]:
        for _ in range(at, hunk.start):
            at, other = at + 1, other + 1
            rows.append(Row(_whole(at, old[at - 1]), _whole(other, new[other - 1])))
        rows += _pair(old[at : hunk.end], new[other : hunk.other_end], at, other)
        at, other = hunk.end, hunk.other_end
    return [*_fold(rows, {*shown})]


def _whole(number: int, text: str) -> Line:
    return Line(number, (Piece(text),))


def _pair(old: Sequence[str], new: Sequence[str], at: int, other: int) -> Iterator[Row]:
    """The rows of a change; ``at`` and ``other`` lines stand above it."""
    left, right = mark_words(old, new)
    for step, (one, two) in enumerate(zip_longest(left, right), 1):
        yield Row(
            Line(at + step, one) if one is not None else None,
            Line(other + step, two) if two is not None else None,
            changed=True,
        )


def mark_words(old: Sequence[str], new: Sequence[str]) -> Marked:
    """The lines of two passages in pieces; those are marked that the other passage has otherwise.

    Nothing is marked where one of them is empty, or where they have little in common.
    """
    plain: Marked = [(Piece(line),) for line in old], [(Piece(line),) for line in new]
    if not old or not new or any(len(line) > _LONGEST for line in (*old, *new)):
        return plain
    words = [_WORD.findall("\n".join(lines)) for lines in (old, new)]
    if sum(map(len, words)) > _MOST_WORDS:
        return plain
    changed: tuple[set[int], set[int]] = set(), set()
    for hunk in find_hunks(*words):
        changed[0].update(range(hunk.start, hunk.end))
        changed[1].update(range(hunk.other_start, hunk.other_end))
    least = min(len(words[0]) - len(changed[0]), len(words[1]) - len(changed[1]))
    if least < _ALIKE * max(map(len, words)):
        return plain
    return _join(words[0], changed[0]), _join(words[1], changed[1])


def _join(words: Sequence[str], changed: set[int]) -> list[tuple[Piece, ...]]:
    """Words as lines, with those of one sort in one piece."""
    lines: list[list[Piece]] = [[]]
    for number, word in enumerate(words):
        marked = number in changed
        if word == "\n":
            lines.append([])
        elif lines[-1] and lines[-1][-1].marked == marked:
            lines[-1][-1] = Piece(lines[-1][-1].text + word, marked)
        else:
            lines[-1].append(Piece(word, marked))
    return [tuple(line) or (Piece(""),) for line in lines]


def _fold(rows: Sequence[Row], shown: set[int]) -> Iterator[Row]:
    """Leave equal rows out that are far from a change, and say how many."""
    near: set[int] = set()
    for number, row in enumerate(rows):
        if row.changed or (row.after and row.after.number in shown):
            near.update(range(number - CONTEXT, number + CONTEXT + 1))
    skipped = 0
    for number, row in enumerate(rows):
        if number in near:
            if skipped:
                yield Row(None, None, skipped=skipped)
            skipped = 0
            yield row
        else:
            skipped += 1
    if skipped:
        yield Row(None, None, skipped=skipped)
