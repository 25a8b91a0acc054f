"""Three-way merge of one file, by its type.

A merger that is not sure returns ``None``, and git's conflict stays.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import NamedTuple

from lisa_scaffold.formats import diff, encoding
from lisa_scaffold.merge import (
    choice,
    commented,
    declined,
    effort,
    kinds,
    markers,
    own_version,
)
from lisa_scaffold.merge.declined import Note
from lisa_scaffold.merge.effort import TooMuchError
from lisa_scaffold.model import Declined, Merged, Partial
from lisa_scaffold.pattern import compile_lazily

_REPLACED = "The project has replaced this file with one of its own."
_CARRIED_OVER = "Both sides added this file, nearly alike; it stays as the project has it."
_UNLIKE = "Both sides added this file, with nothing in common; it stays as the project has it."
_BROKEN = "Both sides added this file; the template's cannot be read, so the project's stays."
_TOO_LARGE = "It is too large to be merged by its parts: git has merged its lines."
_GENERATED = "A tool writes this file as a whole: the project's stays, to be written anew."
_EMPTIED = "The template has emptied this file, and the project has made more of it."

# In data, each key is somebody's decision, however much else the project has changed.
_CODE = ("dockerfile", "python", "recipes", "text")
# Here white space at the beginning of a line says nothing.
_FREE = ("json", "prose", "text", "toml")
_LITTLE = 0.25
_HALF = 0.5
_NEARLY = 0.9
_FEW_LINES = 10
_HASH = compile_lazily(r"@[0-9a-f]{40}\b")


class _Result(NamedTuple):
    """A merged text.

    Attributes
    ----------
    patch
        What was declined.
    reason
        Why, where that is not said by the notes.
    """

    text: str
    notes: tuple[Note, ...] = ()
    patch: str = ""
    reason: str = ""


def merge_file(
    path: str, base: bytes | None, ours: bytes, theirs: bytes, *, keep_prose: bool = True
) -> Merged | Declined | None:
    """Merge the template's change (``base`` → ``theirs``) into the project's file ``ours``.

    Parameters
    ----------
    path
        The file's path in the project; its name tells its type.
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
    if ours in (base, theirs) or theirs == base:
        return Merged(ours if theirs == base else theirs)
    base, theirs, kept = _settle(path, base, ours, theirs)
    done = _merge_decoded(path, base, ours, theirs, keep_prose=keep_prose)
    if kept and isinstance(done, Declined):
        return done._replace(reason="\n  ".join((done.reason, *kept)))
    return done._replace(notes=(*kept, *done.notes)) if kept and isinstance(done, Merged) else done


def _merge_decoded(
    path: str, base: bytes | None, ours: bytes, theirs: bytes, *, keep_prose: bool
) -> Merged | Declined | None:
    if theirs == base:
        return Merged(ours)
    sides = encoding.decode(base, ours, theirs)
    if sides is None or not effort.fits(*sides.texts):
        return None
    try:
        with effort.bounded():
            done = _merge(path, sides, keep_prose=keep_prose)
            content = encoding.encode(done.text, sides) if done else None
            if done is None or content is None:
                return None
            notes = tuple(map(str, done.notes))
            is_declined = done.reason or (done.patch and content == ours)
            if is_declined:
                notes = (" ".join(filter(None, (done.reason, *notes))),)
            # Without a base, a text that is neither side's is somebody's decision.
            if choice.is_reported() or sides.new:
                notes = declined.note_unaccounted(sides.texts, done.text, notes, done.patch)
    except (TooMuchError, RecursionError):
        return None
    if is_declined:
        return Declined(content, done.patch, "\n  ".join(notes))
    return Merged(content, notes, done.patch)


def merge_openly(
    path: str, base: bytes | None, ours: bytes, theirs: bytes, *, keep_prose: bool = True
) -> Partial | None:
    """Merge what can be merged of a file that `merge_file` has no sure merge of.

    Parameters are those of `merge_file`.

    Returns
    -------
    Partial | None
        Of data the merge with the fewest lines between markers, of all else the surest; ``None``
        where there is none that is right with either side's lines.
    """
    base, theirs, kept = _settle(path, base, ours, theirs)
    sides = encoding.decode(base, ours, theirs)
    if sides is None or not effort.fits(*sides.texts):
        return None
    file_type = kinds.find_file_type(path, sides.ours.text)
    try:
        with effort.bounded():
            merges = (
                done
                for merge in _mergers_in_doubt(path, sides, file_type)
                if (done := _merge_in_doubt(path, sides, merge, keep_prose=keep_prose))
            )
            if kinds.is_merged_by_line(file_type):
                made = next(merges, (0, None))[1]
            else:
                made = min(merges, key=lambda each: each[0], default=(0, None))[1]
            return made and made._replace(notes=(*kept, *made.notes))
    except (TooMuchError, RecursionError):
        return None


def _settle(
    path: str, base: bytes | None, ours: bytes, theirs: bytes
) -> tuple[bytes | None, bytes, tuple[str, ...]]:
    """Base and template without what the project decides: its version, and what it has set."""
    if base is None or encoding.is_binary(base + ours + theirs):
        return base, theirs, ()
    before, mine, offered = (content.decode("latin-1") for content in (base, ours, theirs))
    if not effort.fits(before, mine, offered):
        return base, theirs, ()
    offered, notes = own_version.keep_own(path, before, mine, offered)
    if kinds.find_file_type(path, mine) == "toml":
        before, offered, told = commented.settle(before, mine, offered)
        notes = (*notes, *told)
    return before.encode("latin-1"), offered.encode("latin-1"), notes


def _mergers_in_doubt(path: str, sides: encoding.Sides, file_type: str) -> Iterator[kinds.Merge]:
    if file_type == "prose":
        from lisa_scaffold.merge import text

        yield partial(text.merge_prose_openly, path=path)
    yield from kinds.choose_mergers_in_doubt(file_type, new=sides.new)


def _merge_in_doubt(
    path: str, sides: encoding.Sides, merge: kinds.Merge, *, keep_prose: bool
) -> tuple[int, Partial] | None:
    """A file as a merger makes it with each side's text in doubt, and how many lines differ."""
    made: list[declined.MergedText] = []
    for side in (choice.OURS, choice.THEIRS):
        with choice.favouring(side):
            done = merge(*sides.texts)
            if done is None or kinds.find_problem(path, *sides.texts, *done) is not None:
                return None
            made.append(done)
    (our_text, our_notes), (their_text, their_notes) = made
    file_type = kinds.find_file_type(path, sides.ours.text)
    by_line = kinds.is_merged_by_line(file_type)
    marked = markers.mark(our_text, their_text, by_line=by_line)
    if marked and marked.places > 1:
        torn = _find_torn(file_type, marked.text, our_text, their_text)
        if torn:
            joined = slice(torn[0], torn[-1] + 1)
            marked = markers.mark(our_text, their_text, by_line=by_line, joined=joined)
            if marked and _find_torn(file_type, marked.text, our_text, their_text):
                marked = markers.mark(our_text, their_text, by_line=by_line, joined=slice(None))
    if marked is None or not marked.places:
        return None
    notes = tuple(note for note in our_notes if note in their_notes)
    told = (*notes, *marked.disputed)
    if any(kinds.find_loss(path, sides.texts, text, told) for text, _ in made):
        return None
    patch = declined.write_patch(notes, path)
    shown = encoding.encode(marked.text, sides)
    ours, theirs = encoding.encode(our_text, sides), encoding.encode(their_text, sides)
    if (patch and not keep_prose) or shown is None or ours is None or theirs is None:
        return None
    texts = tuple(map(str, notes))
    if choice.is_reported():
        texts = declined.note_unaccounted(sides.texts, marked.text, texts, patch)
    return len(marked.disputed), Partial(shown, ours, theirs, marked.places, texts, patch)


def mark_whole(
    path: str, base: bytes | None, ours: bytes, theirs: bytes, marked: bytes
) -> Partial | None:
    """All that differs as one conflict, where git's could not be read with a side's lines.

    Parameters are those of `merge_file`, and the file with git's markers.

    Returns
    -------
    Partial | None
        ``None`` where each of git's conflicts can be settled by itself, or nothing can be told.
    """
    sides = encoding.decode(base, ours, theirs)
    if sides is None or not effort.fits(*sides.texts):
        return None
    file_type = kinds.find_file_type(path, sides.ours.text)
    _, *texts = sides.texts
    try:
        with effort.bounded():
            if not _find_torn(file_type, marked.decode(errors="replace"), *texts):
                return None
            found = markers.mark(*texts, by_line=True, joined=slice(None))
    except (TooMuchError, RecursionError):
        return None
    shown = encoding.encode(found.text, sides) if found else None
    return None if shown is None else Partial(shown, ours, theirs, 1, (), "")


def _find_torn(file_type: str, marked: str, *sides: str) -> list[int]:
    """The conflicts in which one side's lines alone make unreadable what both have readable."""
    if any(kinds.is_broken(file_type, side) for side in sides):
        return []
    torn = []
    for one, text in markers.mix(marked):
        effort.spend(2 * len(text))
        if kinds.is_broken(file_type, text):
            torn.append(one)
    return torn


def explain_excess(*versions: bytes | None) -> str | None:
    """Why versions of a file are merged only by their lines; ``None`` where they are not."""
    texts = (version.decode("latin-1") for version in versions if version)
    return None if effort.fits(*texts) else _TOO_LARGE


def find_moved_pins(path: str, base: bytes, ours: bytes) -> list[str]:
    """The lines that the project changed in a file where it only moved pinned versions.

    None where it changed more, or nothing.
    """
    sides = encoding.decode(base, ours, ours)
    if sides is None or not effort.fits(*sides.texts):
        return []
    try:
        with effort.bounded():
            if not kinds.has_only_moved_pins(path, sides.base.text, sides.ours.text):
                return []
    except (TooMuchError, RecursionError):
        return []
    before = {line.strip() for line in sides.base.text.splitlines()}
    lines = [line.strip() for line in sides.ours.text.splitlines() if line.strip() not in before]
    # What stands behind a hash says which version that is.
    return [line if _HASH.search(line) else line.partition(" #")[0].rstrip() for line in lines]


def has_only_reformatted(path: str, base: bytes, ours: bytes) -> bool:
    """Whether the project changed no more in a file than white space, or quotes and line breaks."""
    if base.split() == ours.split():
        return True
    sides = encoding.decode(base, ours, ours)
    if sides is None or not effort.fits(*sides.texts):
        return False
    try:
        with effort.bounded():
            return kinds.has_only_reformatted(path, sides.base.text, sides.ours.text)
    except (TooMuchError, RecursionError):
        return False


def check_clean(
    path: str, base: bytes | None, ours: bytes, theirs: bytes, merged: bytes
) -> str | None:
    """Describe what is wrong with a file that git merged cleanly; ``None`` if nothing is.

    Only what both sides had right, and what is surely wrong now, is held against the merge.
    """
    if merged in (ours, theirs) or encoding.is_binary(merged):
        return None
    texts = [content.decode("utf-8", "replace") for content in (base or b"", ours, theirs, merged)]
    if not effort.fits(*texts):
        return None
    try:
        with effort.bounded():
            return kinds.find_problem(path, *texts, by_git=True)
    except (TooMuchError, RecursionError):
        return None


def _merge(path: str, sides: encoding.Sides, *, keep_prose: bool) -> _Result | None:
    base, ours, theirs = sides.texts
    if ours in (base, theirs) or theirs == base:
        return _Result(ours if theirs == base else theirs)
    file_type = kinds.find_file_type(path, ours)
    if keep_prose and (whole := _keep_whole(path, sides, file_type)):
        return whole
    if file_type == "prose":
        from lisa_scaffold.merge import text

        prose = text.merge_prose(base, ours, theirs, path)
        if prose is None or (prose.patch and not keep_prose):
            return None
        return _Result(prose.text, prose.notes, prose.patch, prose.reason)
    for merge in kinds.choose_mergers(file_type, new=sides.new):
        done = merge(base, ours, theirs)
        if done is None or kinds.find_problem(path, base, ours, theirs, *done) is not None:
            continue
        patch = declined.write_patch(done[1], path)
        if keep_prose or not patch:
            return _Result(*done, patch)
    return _keep_ours(path, sides, file_type) if keep_prose else None


def _keep_whole(path: str, sides: encoding.Sides, file_type: str) -> _Result | None:
    """The project's file as it is, where there is nothing to be merged into it."""
    _, ours, theirs = sides.texts
    if not sides.new and not theirs.strip():
        return _Result(ours, reason=_EMPTIED)
    if sides.new and file_type == "python" and _are_unlike(ours, theirs):
        return _Result(ours, (), diff.patch(ours, theirs, path), _UNLIKE)
    return None


def _keep_ours(path: str, sides: encoding.Sides, file_type: str) -> _Result | None:
    """The project's file as it is, where the template's change is of no use to it."""
    base, ours, theirs = sides.texts
    if file_type == "generated":
        offered = diff.patch(ours if sides.new else base, theirs, path)
        return _Result(ours, (), offered, _GENERATED)
    if sides.new:
        # Whether one text has every line of the other, in order, and few more.
        less, more = sorted((ours.splitlines(), theirs.splitlines()), key=len)
        nearly = len(less) >= _NEARLY * len(more) and diff.is_subsequence(less, more)
        nearly = nearly or (file_type in _FREE and ours.split() == theirs.split())
        offered = diff.patch(ours, theirs, path)
        if kinds.is_broken(file_type, theirs) and not kinds.is_broken(file_type, ours):
            return _Result(ours, (), offered, _BROKEN)
        if not nearly:
            return None
        return _Result(ours, (), offered, _CARRIED_OVER)
    share, count = _share_left(base, ours)
    if file_type in _CODE and count >= _FEW_LINES and share < _LITTLE:
        return _Result(ours, (), diff.patch(base, theirs, path), _REPLACED)
    return None


def _are_unlike(ours: str, theirs: str) -> bool:
    """Whether two modules have no line in common, and no name but that of what they export."""
    from lisa_scaffold.formats import python

    trees = [python.parse(text) for text in (ours, theirs)]
    names = [python.find_bindings(tree) - {"*", "__all__"} for tree in trees if tree and tree.body]
    lines = [
        {line for line in map(str.strip, text.split("\n")) if line.strip("()[]{},\"'")}
        for text in (ours, theirs)
    ]
    common = lines[0] & lines[1] - {"else:", "pass", "return"}
    return len(names) == len(trees) and not common and not names[0] & names[1]


def _share_left(base: str, ours: str) -> tuple[float, int]:
    """How much of the base's lines is left in the project, and how many they are."""
    lines = [line.strip() for line in base.split("\n") if line.strip()]
    left = {line.strip() for line in ours.split("\n")}
    return sum(line in left for line in lines) / max(len(lines), 1), len(lines)


def is_replaced(base: bytes, ours: bytes) -> bool:
    """Whether nothing to speak of is left of a file: the project has emptied or replaced it.

    Of a few lines each may have been edited: then their words and letters decide.
    """
    from lisa_scaffold.merge import words

    if encoding.is_binary(base + ours):
        return False
    before, after = base.decode("latin-1"), ours.decode("latin-1")
    share, count = _share_left(before, after)
    if count >= _FEW_LINES or share or not after.strip():
        return count > 0 and share < _LITTLE
    lines = before.split("\n"), after.split("\n")
    return (
        words.measure_likeness_of_words(*lines) < _LITTLE
        and words.measure_likeness(before, after) < _HALF
    )
