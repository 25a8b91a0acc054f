"""Notes on a merge, and the template's changes that it declined because the project differs.

The report shows a declined change as a patch.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence
from typing import TypeAlias

from lisa_scaffold.formats.diff import patch, to_lines, to_text
from lisa_scaffold.merge.effort import spend
from lisa_scaffold.pattern import compile_lazily

_WORD = compile_lazily(r"[^\s,;()\[\]{}'\"`]+")
_KEY = compile_lazily(r"""["']?([\w.-]+)["']?\s*[:=]""")
_VERSION = compile_lazily(r"(?<![\w.])\d++(?:\.\d++)++(?:(?:a|b|rc|post|dev)\d++)?(?![\w])")
_MARGIN = "\n    "
REWRITTEN = "The project has rewritten the passage that the template changed."
BOTH_ADDED = "Both sides added this file; where they differ it stays as the project has it."
OWN_HEADING = "The project has the heading “{}” in a form of its own; what comes with it stays out."
COMMENT_WAS = ", the template's was "
"""What stands in a note between it and a comment that is not taken."""
_JOINED = "both sides changed what stands in these lines; they were:"


class Declined:
    """A note on something that stays as the project has it; its text alone identifies it.

    Attributes
    ----------
    note
        The text.
    before
        What the template changed.
    after
        What the template made of it; empty where it removed it.
    stays
        The project's text; empty where the project removed it.
    patch
        The change as a patch, where it is known already.
    """

    __slots__ = ("after", "before", "note", "patch", "stays")

    def __init__(
        self, note: str, before: str = "", after: str = "", stays: str = "", patch: str = ""
    ) -> None:
        self.note, self.before, self.after = note, before, after
        self.stays, self.patch = stays, patch

    def __eq__(self, other: object) -> bool:
        """Whether it is the same note."""
        return isinstance(other, Declined) and self.note == other.note

    def __hash__(self) -> int:
        """Follow the note."""
        return hash(self.note)

    def __str__(self) -> str:
        """The note."""
        return self.note


Note: TypeAlias = str | Declined
MergedText: TypeAlias = tuple[str, tuple[Note, ...]]
"""A merged text, and what a maintainer should know about it."""


def note_unaccounted(
    sides: tuple[str, str, str], merged: str, notes: Sequence[str], patch: str
) -> tuple[str, ...]:
    """Add every line of either side that nothing accounts for to the notes on a merge.

    Parameters
    ----------
    sides
        Base, ours and theirs.
    merged
        The result.
    notes, patch
        What is reported of the merge already.

    Returns
    -------
    tuple
        The notes. A line is quoted below the first note that names what is new in it, or its key,
        or else below a last note. White space around a line, a comma at its end and the kind of
        quotes do not count.
    """
    base, ours, theirs = sides
    reported = "\n".join([*notes, patch])
    result, joined = list(notes), ""
    known = _words(base)
    present = {_plain(line) for line in (*_lines(base), *_lines(merged))}
    for side, text in ("project", ours), ("template", theirs):
        for line in dict.fromkeys(_lines(text)):
            spend(len(reported) // 50)
            if _plain(line) in present or line in reported:
                continue
            # The longest new word says most; and a note on a member names it.
            longest = max(sorted(_words(line) - known), key=len, default="")
            spend(sum(map(len, notes)))
            naming = [i for i, note in enumerate(notes) if longest and longest in _words(note)]
            if not naming and (key := _KEY.match(line)):
                named = f".{key[1]}"
                heads = (note.partition(": ")[0] for note in notes)
                naming = [i for i, head in enumerate(heads) if head.endswith(named)]
            naming = naming or [
                i for i, note in enumerate(notes) if _tells_version(str(note), line, present)
            ]
            at = naming[0] if naming else None
            quote = f"{_MARGIN}{side}: {line}"
            if at is None:
                joined += quote
            else:
                # A comment that the note has at its end stands in the line that follows.
                told = COMMENT_WAS + line[line.find("#") :]
                whole = result[at]
                result[at] = f"{whole.removesuffix(told)}." if whole.endswith(told) else whole
                result[at] += quote
    return (*result, _JOINED + joined) if joined else tuple(result)


def _lines(text: str) -> list[str]:
    return [line.strip().removesuffix(",").rstrip() for line in text.splitlines()]


def _tells_version(note: str, line: str, present: Container[str]) -> bool:
    """Whether a note names the version in a line beside the one that the line has now."""
    own = set(_VERSION.findall(line))
    told = set(_VERSION.findall(note)) if own else own
    return any(
        _plain(line.replace(version, other)) in present
        for version in own & told
        for other in told - own
    )


def _plain(line: str) -> str:
    return line.replace("'", '"')


def _words(text: str) -> set[str]:
    # Bounds are written in many ways, and a note on a pin may give its number alone.
    return {word.strip(".:<>=~!") for word in _WORD.findall(text)}


def note_removed(what: str, before: str, after: str) -> Declined:
    """Note that the project has something no longer, or never had it, and the template changed it.

    What an adoption left out is in the base, too.
    """
    return Declined(
        f"{what}: the project does not have it, the template changed it; it stays out.",
        *(before, after, ""),
    )


def note_changed(what: str, before: str, stays: str) -> Declined:
    """Note that the project changed something, and the template removed it."""
    return Declined(
        f"{what}: the template no longer has it, the project changed it; it stays.",
        *(before, "", stays),
    )


def note_own_items(what: str, before: str, stays: str) -> Declined:
    """Note that the project added to a list, and the template removed it."""
    return Declined(
        f"{what}: the template no longer has it; what the project added to it stays.",
        *(before, "", stays),
    )


def note_rewritten(what: str, before: str, after: str, stays: str) -> Declined:
    """Note that the project rewrote something, and the template changed it."""
    return Declined(
        f"{what}: the project rewrote it, the template changed it; it stays as the project has it.",
        *(before, after, stays),
    )


def note_carried_over(what: str, ours: str, theirs: str) -> Declined:
    """Note that both sides added nearly the same: the project copied it and edited the copy."""
    return Declined(
        f"{what}: both sides added it, nearly alike; it stays as the project has it.",
        *(ours, theirs, ours),
    )


def note_own_words(what: str, ours: str, theirs: str) -> Declined:
    """Note that both sides described something, each in its own words."""
    return Declined(
        f"{what}: both sides wrote it, each in its own words; it stays as the project has it.",
        *(ours, theirs, ours),
    )


def note_filled(what: str, ours: str, theirs: str) -> Declined:
    """Note that both sides added something, and that the template says nothing there."""
    return Declined(
        f"{what}: both sides added it, the template without content; it stays as the project has "
        "it.",
        *(ours, theirs, ours),
    )


def note_strayed(what: str, comments: str) -> Declined:
    """Note that the template has comments about what is above something that both sides added."""
    return Declined(
        f"{what}: the template's comments above it are about what stands there; they stay out.",
        *("", comments, ""),
    )


def note_own_comment(what: str, ours: str, theirs: str) -> Declined:
    """Note that both sides wrote the comment above something, each in its own words."""
    return Declined(
        f"{what}: both sides wrote the comment above it, each in its own words; it stays as the "
        "project has it.",
        *(ours, theirs, ours),
    )


def note_slash(what: str, ours: str, theirs: str) -> Declined:
    """Note that two addresses differ only in a slash at the end, which may matter."""
    return Declined(
        f"{what}: both sides give the same address, but for the slash at its end; it stays as the "
        "project has it.",
        *(ours, theirs, ours),
    )


def note_unused(what: str, after: str) -> Declined:
    """Note that the template added something that nothing here uses."""
    return Declined(f"{what}: nothing here uses it; the template's is left out.", "", after, "")


def note_unmet(what: str, before: str, after: str, stays: str) -> Declined:
    """Note that the template's change uses something that the project has not."""
    return Declined(
        f"{what}: the template's uses what the project has removed; it is not taken.",
        *(before, after, stays),
    )


def note_needed(what: str, before: str, stays: str) -> Declined:
    """Note that the template removed something, and the project uses it."""
    return Declined(
        f"{what}: the template no longer has it, the project uses it; it stays.",
        *(before, "", stays),
    )


def note_crowded_out(where: str, added: str, removed: str) -> Declined:
    """Note that the template added a version next to one that the project removed."""
    return Declined(
        f"{where}: the template adds {added} next to {removed}, which the project does not have; "
        "it is left out.",
        *("", added, ""),
    )


def write_patch(notes: Iterable[Note], path: str) -> str:
    """The template's declined changes, each as a unified diff.

    What the template removed is a change to the project's text: that is there.
    """
    return "".join(
        # A part of a line stands for the line.
        note.patch
        or patch(
            to_text(to_lines(note.before if note.after else note.stays or note.before)),
            to_text(to_lines(note.after)),
            path,
        )
        for note in notes
        if isinstance(note, Declined)
    )
