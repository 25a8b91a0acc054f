"""A change that was made to one text, fitted to another: as a patch, and the rest as a quotation.

A patch that does not apply is of no use to anybody, and looks as if it were.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from lisa_scaffold.formats import diff
from lisa_scaffold.pattern import compile_lazily

_SPAN = compile_lazily(r"@@ -\d+(?:,(\d+))? \+\d+(?:,(\d+))? @@")
_UNENDED = "\\ No newline at end of file"

Edit = tuple[tuple[str, str], ...]
"""The lines of a hunk, each with its sign: a space, ``-`` or ``+``."""


class Refitted(NamedTuple):
    """A change as it can be offered.

    Attributes
    ----------
    patch
        The hunks that belong somewhere in the text, as a unified diff of that very text.
    quotation
        The others, a line each with its sign in front; empty where there are none.
    """

    patch: str
    quotation: str


def refit(change: str, content: str | None, path: str, known: str = "") -> Refitted:
    """Fit a change to a text.

    Each hunk is looked for by its lines, not by their numbers, and must be for one place alone. A
    new file is a patch already.

    Parameters
    ----------
    change
        Unified diffs, as :func:`~lisa_scaffold.formats.diff.patch` writes them, of any earlier
        states of the text or of parts of it.
    content
        The text; None where there is no file.
    path
        The path that the patch names.
    known
        What is told already: a quotation of nothing else is left out.
    """
    if content is None and change.startswith("--- /dev/null\n"):
        return Refitted(change, "")
    rows = diff.split_lines(content or "")
    plain = [row.rstrip("\r\n") for row in rows]
    end = "\r\n" if rows and rows[0].endswith("\r\n") else "\n"
    places: dict[int, tuple[int, list[str]]] = {}
    quoted = []
    for edit in dict.fromkeys(read_edits(change)):
        found = _find_place(edit, plain)
        spans = ((start, stop) for start, (stop, _) in places.items())
        if found and all(found[1] <= start or stop <= found[0] for start, stop in spans):
            start, stop, inner = found
            places[start] = stop, list(_replace(inner, rows[start:stop], end))
        elif any(sign != " " and line.strip() not in known for sign, line in edit):
            quoted.append("".join(f"{sign}{line}\n" for sign, line in edit))
    result, at = [], 0
    for start, (stop, lines) in sorted(places.items()):
        result += [*rows[at:start], *lines]
        at = stop
    after = "".join([*result, *rows[at:]])
    patch = diff.patch(content, after, path) if places else ""
    return Refitted(patch, "…\n".join(quoted))


def read_edits(change: str) -> Iterator[Edit]:
    """The hunks of unified diffs, without their headers; how a line ends counts for nothing."""
    old = new = 0
    edit: list[tuple[str, str]] = []
    for row in change.split("\n"):
        if not old and not new:
            if span := _SPAN.match(row):
                old, new = (int(length or 1) for length in span.groups())
            continue
        if row == _UNENDED:
            continue
        sign, line = row[:1] or " ", row[1:].removesuffix("\r")
        old, new = old - (sign != "+"), new - (sign != "-")
        edit.append((sign, line))
        if not old and not new:
            sides = ([line for sign, line in edit if sign != side] for side in "+-")
            if next(sides) != next(sides):
                yield tuple(edit)
            edit = []


def _find_place(edit: Edit, plain: Sequence[str]) -> tuple[int, int, Edit] | None:
    """The one stretch of lines that an edit is for, and as much of the edit as is looked for there.

    Unchanged lines at the outside may differ. What only adds lines belongs between two that stand
    next to each other.
    """
    changed = [index for index, (sign, _) in enumerate(edit) if sign != " "]
    first, last = changed[0], changed[-1] + 1
    removes = any(sign == "-" and line.strip() for sign, line in edit)
    least = 0 if removes else 1
    trims = sorted(
        ((lead, trail) for lead in range(first + 1) for trail in range(len(edit) - last + 1)),
        key=sum,
    )
    for lead, trail in trims:
        if first - lead < least or len(edit) - last - trail < least:
            continue
        inner = edit[lead : len(edit) - trail]
        sought = [line for sign, line in inner if sign != "+"]
        if not removes and not any(line.strip() for line in sought):
            continue
        size = len(sought)
        starts = [
            at
            for at in range(len(plain) - size + 1)
            if plain[at] == sought[0] and list(plain[at : at + size]) == sought
        ]
        if len(starts) == 1:
            return starts[0], starts[0] + size, inner
        if starts:
            return None
    return None


def _replace(edit: Edit, rows: Sequence[str], end: str) -> Iterator[str]:
    """The lines of a stretch after an edit; what it leaves alone keeps its form."""
    at, unended = 0, ""
    for sign, line in edit:
        if sign != "-":
            row = rows[at] if sign == " " else f"{line}{end}"
            yield f"{unended}{row}"
            unended = "" if row.endswith("\n") else end
        at += sign != "+"
