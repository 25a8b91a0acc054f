"""Changes of the template that a merge did not take, because the project decided otherwise.

A note says so, and carries what the template changed: the report shows it as a patch.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Self

from lisa_scaffold.merge.effort import spend

_WORD = re.compile(r"[^\s,;()\[\]{}'\"`]+")
_MARGIN = "\n    "
_JOINED = "both sides changed what stands in these lines; they were:"


def quoted(
    sides: tuple[str, str, str], merged: str, notes: Sequence[str], patch: str
) -> tuple[str, ...]:
    """The notes on a merge, with every line of a side that is nowhere to be found.

    Parameters
    ----------
    sides
        Base, ours and theirs.
    merged
        What came of them.
    notes, patch
        What is told of the merge already.

    Returns
    -------
    tuple
        The notes: a line stands below the first note that tells what was new in it, or else below
        a last one. White space around a line and a comma at its end count for nothing.
    """
    base, ours, theirs = sides
    told = "\n".join([*notes, patch])
    found, joined = list(notes), ""
    known = _words(base)
    for side, text in (("project", ours), ("template", theirs)):
        for line in _missing(base, text, merged, told):
            quote = f"{_MARGIN}{side}: {line}"
            at = _teller(_words(line) - known, notes)
            if at is None:
                joined += quote
            else:
                found[at] += quote
    return (*found, _JOINED + joined) if joined else tuple(found)


def _missing(base: str, side: str, merged: str, told: str) -> Iterator[str]:
    """The lines that a side has of its own and the result has not, each once."""
    present = {*_lines(base), *_lines(merged)}
    for line in dict.fromkeys(_lines(side)):
        spend(len(told) // 50)
        if line not in present and line not in told:
            yield line


def _lines(text: str) -> list[str]:
    return [line.strip().removesuffix(",").rstrip() for line in text.splitlines()]


def _teller(news: set[str], notes: Sequence[str]) -> int | None:
    """The first note that names what is new in a line: the longest word says most."""
    longest = max(sorted(news), key=len, default="")
    spend(sum(map(len, notes)))
    return next((at for at, note in enumerate(notes) if longest and longest in _words(note)), None)


def _words(text: str) -> set[str]:
    # What a bound is put to varies: the note on a pin may name its number alone.
    return {word.strip(".:<>=~!") for word in _WORD.findall(text)}


class Kept(str):
    """A note on something that stays as the project has it.

    Attributes
    ----------
    before
        The text that the template changed.
    after
        What the template made of it; empty where it removed it.
    stays
        The project's text; empty where the project removed it.
    """

    before: str
    after: str
    stays: str

    def __new__(cls, note: str, before: str, after: str, stays: str) -> Self:
        """Make the note."""
        made = super().__new__(cls, note)
        made.before, made.after, made.stays = before, after, stays
        return made


def removed(what: str, before: str, after: str) -> Kept:
    """The project removed something, and the template changed it."""
    return Kept(
        f"{what}: the project removed it, the template changed it; it stays removed, "
        "the template's change is in the patch.",
        *(before, after, ""),
    )


def changed(what: str, before: str, stays: str) -> Kept:
    """The project changed something, and the template removed it."""
    return Kept(
        f"{what}: the template no longer has it, the project changed it; it stays.",
        *(before, "", stays),
    )


def own_items(what: str, before: str, stays: str) -> Kept:
    """The project added to a list, and the template removed it."""
    return Kept(
        f"{what}: the template no longer has it; what the project added to it stays.",
        *(before, "", stays),
    )


def rewritten(what: str, before: str, after: str, stays: str) -> Kept:
    """The project rewrote something, and the template changed it."""
    return Kept(
        f"{what}: the project rewrote it, the template changed it; it stays as the project has "
        "it, the template's change is in the patch.",
        *(before, after, stays),
    )


def carried_over(what: str, ours: str, theirs: str) -> Kept:
    """Both sides added nearly the same: the project took it over and edited it."""
    return Kept(
        f"{what}: both sides added it, nearly alike; it stays as the project has it, what the "
        "template has instead is in the patch.",
        *(ours, theirs, ours),
    )


def slash(what: str, ours: str, theirs: str) -> Kept:
    """Both sides gave the same address, but for a slash at its end, which may mean something."""
    return Kept(
        f"{what}: both sides give the same address, but for the slash at its end; it stays as the "
        "project has it, the template's is in the patch.",
        *(ours, theirs, ours),
    )


def left_out(what: str, after: str) -> Kept:
    """The template added something for a place that stays as the project has it."""
    return Kept(f"{what}: nothing here uses it; the template's is left out.", "", after, "")


def crowded_out(where: str, added: str, removed: str) -> Kept:
    """The template added a version next to one that the project removed."""
    return Kept(
        f"{where}: the template adds {added} next to {removed}, which the project removed; "
        "it is left out.",
        *("", added, ""),
    )


def patch(notes: Iterable[str], path: str) -> str:
    """What the template changed in the places that stay, as a unified diff of each of them."""
    from lisa_scaffold.formats import diff

    pairs = [(note.before, note.after) for note in notes if isinstance(note, Kept)]
    return "".join(
        diff.patch(diff.to_lines(_ended(before)), diff.to_lines(_ended(after)), path)
        for before, after in pairs
    )


def _ended(said: str) -> str:
    return said if not said or said.endswith("\n") else f"{said}\n"
