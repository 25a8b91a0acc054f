"""Comments that silence a check: one side writes one otherwise, the other drops it, or its line.

A check that a side no longer silences, or code that it no longer has, needs no comment in another
form.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from lisa_scaffold.formats.diff import Hunk, find_hunks, to_lines, to_text
from lisa_scaffold.merge.words import LONGEST_LINE, measure_likeness
from lisa_scaffold.pattern import compile_lazily

_MARK = compile_lazily(
    r"(?:(?P<file>(?:ruff|flake8):\s?noqa|ruff:\s?file-ignore)"
    r"|(?P<line>noqa|ruff:\s?ignore)"
    r"|(?P<type>(?:type|mypy):\s?ignore)"
    r"|(?P<tool>(?:pyright|pyrefly|ty):\s?ignore|pylint:\s?disable|nosec|pragma:\s?no\s?cover))"
    r"(?P<codes>[:=]\s?[\w-]+(?:,\s?[\w-]+)*|\[[\w, -]*\])?"
)
_MOST_MARKS = 5
_SAME_LINE = 0.6


class _Line(NamedTuple):
    """A line without the comments that silence a check, and these."""

    code: str
    marks: tuple[str, ...]


def settle(base: str, ours: str, theirs: str) -> tuple[str, tuple[str, ...]]:
    """The base with every such comment in the form of the side that did no more than rewrite it.

    So what the other side dropped is gone. What a note has to tell is returned as well.
    """
    texts = [to_lines(text) for text in (base, ours, theirs)]
    sides = [[_split(line) for line in text] for text in texts]
    if not any(line.marks for side in sides for line in side):
        return base, ()
    codes = [[line.code for line in side] for side in sides]
    hunks = [find_hunks(codes[0], own) for own in codes]
    became = [_follow(len(codes[0]), own) for own in hunks]
    settled, notes = list(texts[0]), list[str]()
    for at, line in enumerate(sides[0]):
        for one, other, who in (1, 2, "template"), (2, 1, "project"):
            here, there = became[one][at], became[other][at]
            if here is None or sides[one][here].marks == line.marks:
                continue
            if there is None:
                hunk = next(each for each in hunks[other] if each.start <= at < each.end)
                rivals = codes[other][hunk.other_start : hunk.other_end]
                is_gone = all(measure_likeness(line.code, each) < _SAME_LINE for each in rivals)
            else:
                is_gone = not sides[other][there].marks
                is_gone = is_gone and _is_respelled(line.marks, sides[one][here].marks)
            if is_gone:
                settled[at] = texts[one][here]
                what = texts[one][here].strip()
                notes.append(f"{what}: the {who} has dropped what that comment was for.")
    return to_text(settled), tuple(dict.fromkeys(notes))


def _split(line: str) -> _Line:
    """A line and the comments behind it; one of such comments alone has their kinds as code."""
    start = line.find("#")
    while start >= 0 and line.count("#", start) > _MOST_MARKS:
        start = line.find("#", start + 1)
    while 0 <= start < LONGEST_LINE:
        marks = tuple(mark.strip() for mark in line[start + 1 :].split("#"))
        if all(map(_MARK.fullmatch, marks)):
            code = line[:start].rstrip()
            return _Line(code or f"{line[:start]}# {' '.join(map(_find_kind, marks))}", marks)
        start = line.find("#", start + 1)
    return _Line(line, ())


def _find_kind(mark: str) -> str:
    match = _MARK.fullmatch(mark)
    kinds = ("file", "line", "type") if match else ()
    return next((kind for kind in kinds if match and match[kind]), (match and match["tool"]) or "")


def _is_respelled(before: Sequence[str], after: Sequence[str]) -> bool:
    """Whether the same kinds of comments name as many codes as before."""
    forms = [[(_find_kind(mark), mark.count(",")) for mark in marks] for marks in (before, after)]
    return bool(before) and forms[0] == forms[1]


def _follow(size: int, hunks: Sequence[Hunk]) -> list[int | None]:
    """The place of each of some lines on a side that has it; None where it has not."""
    places: list[int | None] = []
    shift = 0
    for hunk in hunks:
        places += [at + shift for at in range(len(places), hunk.start)]
        places += [None] * (hunk.end - hunk.start)
        shift += hunk.growth
    return places + [at + shift for at in range(len(places), size)]
