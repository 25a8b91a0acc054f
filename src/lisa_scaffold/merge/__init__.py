"""Three-way merge of one file, by what the file is.

A merger that is not sure returns ``None``, and git's conflict stays.
"""

from __future__ import annotations

from typing import NamedTuple

from lisa_scaffold.formats import encoding
from lisa_scaffold.merge import declined as declined_module
from lisa_scaffold.merge import effort, kinds
from lisa_scaffold.merge.effort import TooMuchError
from lisa_scaffold.model import Declined, Merged

_REWRITTEN = "The project has rewritten the passage that the template changed."
_REPLACED = "The project has replaced this file with one of its own."
_CARRIED_OVER = "Both sides added this file, nearly alike; it stays as the project has it."
_TOO_LARGE = "It is too large to be merged by its parts: git has merged its lines."
_EMPTIED = "The template has emptied this file, and the project has made more of it."

# Of data, each key is somebody's decision, however much else the project has changed.
_CODE = ("dockerfile", "python", "text")
_LITTLE = 0.25
_NEARLY = 0.9
_FEW_LINES = 10


class _Result(NamedTuple):
    """A merged text; a patch is what was declined: with a reason the whole of it, or else parts."""

    text: str
    notes: tuple[str, ...] = ()
    patch: str = ""
    reason: str = ""


def merge_file(
    path: str, base: bytes | None, ours: bytes, theirs: bytes, *, keep_prose: bool = True
) -> Merged | Declined | None:
    """Merge the template's change (``base`` → ``theirs``) into the project's file ``ours``.

    Parameters
    ----------
    path
        The file's path in the project; its name tells what sort of file it is.
    base
        The file as the recorded version rendered it; ``None`` where it had none.
    keep_prose
        Whether prose that the project has rewritten stays as it is, with the template's change in
        a patch, and so do files that it has replaced, and what one side has removed and the other
        changed; otherwise such a file is a conflict.

    Returns
    -------
    Merged | Declined | None
        ``None`` where there is no sure merge.
    """
    if ours in (base, theirs):
        return Merged(theirs)
    if theirs == base:
        return Merged(ours)
    sides = encoding.decode(base, ours, theirs)
    if sides is None or not effort.fits(*sides.texts):
        return None
    try:
        with effort.bounded():
            return _merge_sides(path, sides, ours, keep_prose=keep_prose)
    except (TooMuchError, RecursionError):
        return None


def excess(*versions: bytes | None) -> str | None:
    """Why versions of a file are merged by their lines alone; ``None`` where they are not."""
    texts = (version.decode("latin-1") for version in versions if version)
    return None if effort.fits(*texts) else _TOO_LARGE


def _merge_sides(
    path: str, sides: encoding.Sides, ours: bytes, *, keep_prose: bool
) -> Merged | Declined | None:
    done = _merge(path, sides, keep_prose=keep_prose)
    content = encoding.encode(done.text, sides) if done else None
    if done is None or content is None:
        return None
    declined = done.patch and (done.reason or content == ours)
    said = (" ".join(filter(None, (done.reason, *done.notes))),) if declined else done.notes
    notes = declined_module.quoted(sides.texts, done.text, said, done.patch)
    if declined:
        return Declined(content, done.patch, "\n  ".join(notes))
    return Merged(content, notes, done.patch)


def moved_pins(path: str, base: bytes, ours: bytes) -> list[str]:
    """The lines that the project changed in a file where it only moved pinned versions.

    None where it changed more, or nothing.
    """
    sides = encoding.decode(base, ours, ours)
    if sides is None or not effort.fits(*sides.texts):
        return []
    try:
        with effort.bounded():
            moved = kinds.only_pins(path, sides.base.text, sides.ours.text)
    except (TooMuchError, RecursionError):
        moved = False
    if not moved:
        return []
    before = {line.strip() for line in sides.base.text.splitlines()}
    return [line.strip() for line in sides.ours.text.splitlines() if line.strip() not in before]


def check_clean(
    path: str, base: bytes | None, ours: bytes, theirs: bytes, merged: bytes
) -> str | None:
    """What is wrong with a file that git merged cleanly; ``None`` for nothing.

    Only what both sides had right, and what is surely wrong now, is held against the merge.
    """
    if merged in (ours, theirs) or encoding.is_binary(merged):
        return None
    was, mine, yours, after = (
        content.decode("utf-8", "replace") for content in (base or b"", ours, theirs, merged)
    )
    if not effort.fits(was, mine, yours, after):
        return None
    try:
        with effort.bounded():
            return kinds.problem(path, was, mine, yours, after, by_git=True)
    except (TooMuchError, RecursionError):
        return None


def _merge(path: str, sides: encoding.Sides, *, keep_prose: bool) -> _Result | None:
    base, ours, theirs = sides.texts
    if ours in (base, theirs) or theirs == base:
        return _Result(ours if theirs == base else theirs)
    if keep_prose and not sides.new and not theirs.strip():
        return _Result(ours, (), _patch(path, base, theirs), _EMPTIED)
    kind = kinds.kind(path, ours)
    if kind == "prose":
        return _prose(path, sides, keep_prose=keep_prose)
    for merge in kinds.mergers(kind, new=sides.new):
        done = merge(base, ours, theirs)
        if done is None or kinds.problem(path, base, ours, theirs, *done) is not None:
            continue
        patch = declined_module.patch(done[1], path)
        if keep_prose or not patch:
            return _Result(*done, patch)
    return _whole(path, sides, kind) if keep_prose else None


def _whole(path: str, sides: encoding.Sides, kind: str) -> _Result | None:
    """The project's file as it is, where the template's change is of no use to it."""
    base, ours, theirs = sides.texts
    if sides.new:
        known = kind != "generated" and _nearly(ours, theirs)
        return _Result(ours, (), _patch(path, ours, theirs), _CARRIED_OVER) if known else None
    if kind in _CODE and _replaced(base, ours):
        return _Result(ours, (), _patch(path, base, theirs), _REPLACED)
    return None


def _prose(path: str, sides: encoding.Sides, *, keep_prose: bool) -> _Result | None:
    from lisa_scaffold.merge import text

    done = text.merge_prose(*sides.texts, path)
    if done is None or (done.patch and not keep_prose):
        return None
    return _Result(done.text, done.notes, done.patch, _REWRITTEN)


def _nearly(ours: str, theirs: str) -> bool:
    """Whether one text has every line of the other, in order, and few more."""
    less, more = sorted((ours.splitlines(), theirs.splitlines()), key=len)
    rest = iter(more)
    return len(less) >= _NEARLY * len(more) and all(line in rest for line in less)


def _replaced(base: str, ours: str) -> bool:
    """Whether next to nothing of the base is left; of a few lines nobody can tell."""
    lines = [line.strip() for line in base.split("\n") if line.strip()]
    if len(lines) < _FEW_LINES:
        return False
    left = {line.strip() for line in ours.split("\n")}
    return sum(line in left for line in lines) < _LITTLE * len(lines)


def _patch(path: str, base: str, theirs: str) -> str:
    from lisa_scaffold.formats import diff

    return diff.patch(diff.to_lines(base), diff.to_lines(theirs), path)
