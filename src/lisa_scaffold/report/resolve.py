"""What ``lisa-scaffold resolve`` shows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from textwrap import wrap

from lisa_scaffold.formats.diff import split_lines
from lisa_scaffold.lines import Paint, count, strip_style
from lisa_scaffold.shown import harmless, visible
from lisa_scaffold.verbs.resolve import Open

AROUND = 4
"""Lines that are shown above and below a conflict."""
_MOST = 40  # lines of one side

_WAYS = "Edit it, or take one side's file"
_NAMES = {"project": "the project's", "template": "the template's"}


def name_sides(found: Open, number: int | None = None) -> tuple[str, str]:
    """How to call the two sides: by the markers of a place, or as git does."""
    if number is None:
        return "our side", "the other side"
    ours, theirs = found.places[number].names
    return (
        _NAMES.get(ours, f"ours ({visible(ours)})"),
        _NAMES.get(theirs, f"theirs ({visible(theirs)})"),
    )


def place(found: Open, number: int, mark: str, width: int = 0, paint: Paint = strip_style) -> str:
    """A conflict with its sides, and the lines around it.

    Parameters
    ----------
    found
        The file.
    number
        Which of its conflicts, counted from 0.
    mark
        How far the person has come.
    width
        Columns of the terminal: longer lines go on below, and around the conflict are cut; 0: none
        shows them.
    paint
        Gives words a style.
    """
    marked = found.places[number]
    lines = split_lines(found.text or "")
    heading = f"{visible(found.path)}:{marked.start + 1}"
    parts = [f"{paint('title', heading)} {paint('hint', mark)}".rstrip()]
    parts += _quote(lines[max(marked.start - AROUND, 0) : marked.start], "   ", width)
    for name, side, style in zip(
        name_sides(found, number), (marked.ours, marked.theirs), ("should", "code"), strict=True
    ):
        parts.append(paint(style, f"-- {name}{'' if side else ' (nothing)'}"))
        parts += _quote(side, " | ", width, wrapped=True)
    parts.append(paint("hint", "--"))
    parts += _quote(lines[marked.end : marked.end + AROUND], "   ", width)
    return "\n".join(parts)


def _quote(lines: Sequence[str], start: str, width: int, *, wrapped: bool = False) -> Iterator[str]:
    for line in lines[:_MOST]:
        shown = harmless(line.rstrip("\r\n").expandtabs(4))
        whole = f"{start}{shown}".rstrip()
        if not width or len(whole) <= width:
            yield whole
        elif wrapped:
            # What differs may stand at the end.
            room = max(width - len(start), 1)
            pieces = wrap(shown, room, break_on_hyphens=False, drop_whitespace=False)
            yield from (f"{start}{piece}".rstrip() for piece in pieces[:_MOST])
        else:
            yield f"{whole[: width - 1]}…"


def tell_whole(
    found: Open, mark: str, paint: Paint = strip_style, *, may_go_back: bool = False
) -> str:
    """A file that has no markers, and what its sides did.

    Parameters
    ----------
    found
        The file.
    mark
        How far the person has come.
    paint
        Gives words a style.
    may_go_back
        Whether there is a decision to take back.
    """
    ways = "Edit it, take one side's file, or go back" if may_go_back else _WAYS
    heading = f"{visible(found.path)} {mark}".rstrip()
    if found.leftover:
        told = f"A part of a marker is left in line {found.leftover}. {ways}."
    elif found.problem:
        told = f"As it stands, it cannot be read: {harmless(found.problem)}. {ways}."
    elif found.text is not None and all(found.sides):
        told = "No conflict is marked in it any more."
    else:
        sides = ("is there", "is not there")
        ours, theirs = (sides[number not in found.stages] for number in (2, 3))
        told = f"On our side the file {ours}, on the other side it {theirs}."
    return f"{paint('title', heading)}\n   {told}"


def list_conflicts(found: Sequence[Open]) -> str:
    """Each conflict with its file and line, as editors read them."""
    lines = []
    for each in found:
        path = visible(each.path)
        rest = f"{path}:{each.leftover}" if each.leftover else path
        lines += [f"{path}:{at.start + 1}" for at in each.places] or [rest]
    return "\n".join(lines)


_WHY = "The update's report says why: lisa-scaffold update --report"


def tell_outcome(
    resolved: Sequence[str], left: Sequence[Open], command: str, besides: str = ""
) -> str:
    """What was done, what is left, also beside the conflicts, and how to go on."""
    done = f"{count(len(resolved), 'file')} resolved and staged."
    if not left:
        more = f"\n{harmless(besides)}\n{_WHY}" if besides else ""
        return f"{done} No conflict is left: go on with: {command}{more}"
    rest = "\n".join(f"  {line}" for line in list_conflicts(left).splitlines())
    return f"{done} Left for later:\n{rest}\nGo on with: lisa-scaffold resolve"
