"""Changes of the template that a merge did not take, because the project decided otherwise.

A note says so, and carries what the template changed: the report shows it as a patch.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Self


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
    from lisa_scaffold.merge import text

    pairs = [(note.before, note.after) for note in notes if isinstance(note, Kept)]
    return "".join(
        text.patch(text.to_lines(_ended(before)), text.to_lines(_ended(after)), path)
        for before, after in pairs
    )


def _ended(said: str) -> str:
    return said if not said or said.endswith("\n") else f"{said}\n"
