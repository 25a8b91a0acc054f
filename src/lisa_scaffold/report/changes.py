"""What changes in a project's files as one self-contained page: for updates and adoptions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from lisa_scaffold.formats.conflicts import find_marked, replace_marked
from lisa_scaffold.formats.diff import find_hunks, to_lines
from lisa_scaffold.git import SUBMODULE, Blob
from lisa_scaffold.lines import count
from lisa_scaffold.report import note_lines
from lisa_scaffold.report.compare import Piece, Row, compare_texts, mark_words
from lisa_scaffold.report.document import Section
from lisa_scaffold.report.page import build_page
from lisa_scaffold.shown import redacted, redacted_in
from lisa_scaffold.sync.outcome import Conflict, Synced

STATUSES = {
    "conflict": "in conflict",
    "merged": "merged",
    "updated": "updated",
    "corrected": "corrected",
    "kept": "kept",
    "left out": "left out",
    "added": "added",
    "renamed": "renamed",
    "removed": "removed",
}
"""What can happen to a file, in the order of the page, and how the page says it."""

_MOST_ROWS = 1000  # of a file are shown
_MOST_PLACES = 200


class Place(NamedTuple):
    """One conflict: the lines of three sides.

    Attributes
    ----------
    line
        The line of the file with markers that it begins in, counted from 1.
    ours, theirs
        The project's lines and the template's, with their differences from the base marked.
    base
        What the template had there before; ``None`` where that cannot be told.
    """

    line: int
    ours: list[tuple[Piece, ...]]
    base: list[str] | None
    theirs: list[tuple[Piece, ...]]


class File(NamedTuple):
    """A file of the page.

    Attributes
    ----------
    path, was
        Its path, and its old one where it was renamed.
    status
        A key of :data:`STATUSES`.
    rows
        Both versions side by side.
    cut
        How many rows are left out at the end.
    binary
        What is said in place of lines, where there are none.
    places
        Where it is in conflict.
    at
        Notes that stand below a line of the new text, by its number.
    notes
        All other notes.
    patch, quotation
        What was not taken: as a patch, or as lines that belong nowhere.
    """

    path: str
    was: str | None
    status: str
    rows: list[Row]
    cut: int
    binary: str
    places: list[Place]
    at: Mapping[int, list[str]]
    notes: list[str]
    patch: str
    quotation: str


class Changes(NamedTuple):
    """What changes in a project.

    Attributes
    ----------
    synced
        The changes.
    before
        What the project has now, by path; nothing for files that it has not.
    notes
        What is to be said of each file, by its path.
    """

    synced: Synced
    before: Mapping[str, Blob]
    notes: Mapping[str, Sequence[str]]


def build_changes_page(
    command: str, title: str, changes: Changes, sections: Iterable[Section] = ()
) -> str:
    """The page of a change.

    Parameters
    ----------
    command
        The command that makes it, such as ``update``.
    title
        What it does, in a line.
    changes
        The files.
    sections
        What there is to say beside.
    """
    files = [*_list_files(changes)]
    numbers = Counter(each.status for each in files)
    return build_page(
        "changes",
        {},
        command=command,
        title=redacted(title),
        files=files,
        sections=redacted_in([*sections]),
        statuses={key: said for key, said in STATUSES.items() if numbers[key]},
        numbers=numbers,
        places=sum(len(each.places) for each in files),
        tasks={each.path for each in changes.synced.tasks},
        about=count(len(changes.synced.shown()), "changed file"),
    )


def _list_files(changes: Changes) -> Iterator[File]:
    synced, before, notes = changes
    order, shown = [*STATUSES], changes.synced.shown()
    listed = {change.path: change for change in synced.changes}.values()
    for change in sorted(listed, key=lambda each: (order.index(each.status), each.path)):
        path, conflict = change.path, synced.conflicts.get(change.path)
        old = before.get(change.was or path)
        new = shown.get(path, old)
        told = [*map(redacted, notes.get(path, ()))]
        was, now = _decode(old), _decode(new)
        if conflict and now:
            # What is merged is shown beside, and the rest place by place.
            now = _take_ours(now)
        at: dict[int, list[str]] = {}
        rows: list[Row] = []
        binary = ""
        if was is None or now is None:
            binary = _describe_binary(old, new)
        elif was != now:
            at, told = note_lines.place(told, path, now, numbered=conflict is None)
            rows = compare_texts(redacted(was), redacted(now), at)
        elif old and new and old.mode != new.mode:
            binary = f"mode {old.mode} → {new.mode}"
        yield File(
            path,
            change.was,
            change.status,
            rows[:_MOST_ROWS],
            max(len(rows) - _MOST_ROWS, 0),
            binary,
            [*_list_places(conflict)][:_MOST_PLACES] if conflict else [],
            at,
            told,
            redacted(synced.patches.get(path, "")),
            redacted(synced.quotations.get(path, "")),
        )


def _decode(blob: Blob | None) -> str | None:
    """The text of a file, an empty one where there is none; ``None`` for what is no text."""
    if blob is None:
        return ""
    if blob.mode == SUBMODULE or b"\0" in blob.data:
        return None
    try:
        return blob.data.decode().replace("\r\n", "\n")
    except UnicodeDecodeError:
        return None


def _describe_binary(old: Blob | None, new: Blob | None) -> str:
    sizes = [count(len(each.data), "byte") if each else "no file" for each in (old, new)]
    return f"no text: {' → '.join(sizes)}"


def _take_ours(text: str) -> str:
    """A text with the project's lines in each of its conflicts."""
    for place in reversed([*find_marked(text)]):
        text = replace_marked(text, place, place.ours)
    return text


def _list_places(conflict: Conflict) -> Iterator[Place]:
    """The conflicts of a file, from the markers in it."""
    shown = _decode(conflict.content)
    if shown is None:
        return
    stages = {number: _decode(blob) for number, blob in conflict.stages.items()}
    texts = {number: to_lines(text) for number, text in stages.items() if text is not None}
    base = texts.pop(1, None)
    # Beside its conflicts the file has what the template changed, too.
    project = to_lines(_take_ours(shown))
    grown = 0  # lines that the markers and the other sides have brought so far
    for place in find_marked(shown):
        mine, other = ([line.rstrip("\n") for line in side] for side in (place.ours, place.theirs))
        above = place.start - grown
        former = None
        if base is not None:
            span = _find_base(base, project, above, above + len(mine))
            former = span and _leave_out_settled(base, span, texts.values(), (mine, other))
        yield _mark_place(place.start + 1, redacted_in([mine, other]), redacted_in(former))
        grown += place.end - place.start - len(mine)


def _mark_place(line: int, sides: Sequence[list[str]], base: list[str] | None) -> Place:
    """A place with the words marked that each side has changed: where that cannot be told, both."""
    if base:
        ours, theirs = (mark_words(base, side)[1] for side in sides)
    else:
        ours, theirs = mark_words(*sides)
    return Place(line, ours if sides[0] else [], base, theirs if sides[1] else [])


def _find_base(base: Sequence[str], ours: Sequence[str], start: int, end: int) -> slice | None:
    """Which lines of the base lines ``start`` to ``end`` of the project come from."""
    if end > len(ours):
        return None
    grown = 0
    low: int | None = None
    high = 0
    for hunk in find_hunks(base, ours):
        if hunk.other_end < start or (hunk.other_end == start and start < end):
            grown += hunk.growth
            continue
        if hunk.other_start > end or (hunk.other_start == end and start < end):
            break
        low = min(start - grown, hunk.start) if low is None else low
        grown += hunk.growth
        high = max(hunk.end, end - grown)
    low, high = (start - grown, end - grown) if low is None else (low, max(high, end - grown))
    return slice(max(low, 0), max(high, 0))


def _leave_out_settled(
    base: Sequence[str],
    span: slice,
    sides: Iterable[Sequence[str]],
    disputed: Iterable[Sequence[str]],
) -> list[str]:
    """Some lines of the base, without those that one side alone removed beside the conflict."""
    settled: set[int] = set()
    for side in sides:
        settled |= _find_kept(base, side)
    lines = base[span]
    for each in disputed:
        settled -= {span.start + number for number in _find_kept(lines, each)}
    return [line for number, line in enumerate(lines, span.start) if number not in settled]


def _find_kept(before: Sequence[str], after: Sequence[str]) -> set[int]:
    """The numbers of the lines that are there afterwards."""
    gone = {n for hunk in find_hunks(before, after) for n in range(hunk.start, hunk.end)}
    return {*range(len(before))} - gone
