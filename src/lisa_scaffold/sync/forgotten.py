"""Conflicts of an earlier merge that somebody has committed, markers and all.

People have known of them, so they hold no update up. But what the template changes there must not
be merged into either side of an old conflict, nor new markers be put around old ones.
"""

from __future__ import annotations

from collections.abc import Sequence

from lisa_scaffold.formats.conflicts import Marked, find_forgotten
from lisa_scaffold.git import Blob
from lisa_scaffold.lines import count, join_names
from lisa_scaffold.project import find_conflict_marker


def find_conflicts(path: str, ours: Blob | None, *others: Blob | None) -> list[Marked]:
    """The conflicts that a project has committed in a file.

    Parameters
    ----------
    path
        The file.
    ours
        The project's.
    others
        What the template has, or had: a conflict in it is an example.
    """
    known = {_content(each) for other in others for each in _find(path, other)}
    return [each for each in _find(path, ours) if _content(each) not in known]


def are_kept(path: str, ours: Blob, merged: Blob) -> bool:
    """Whether the conflicts of a file stand in its merge as they were, and no other ones."""
    return [*map(_content, _find(path, ours))] == [*map(_content, _find(path, merged))]


def _find(path: str, blob: Blob | None) -> list[Marked]:
    if blob is None or not find_conflict_marker(blob.data):
        return []
    return find_forgotten(path, blob.data.decode(errors="replace"))


def _content(found: Marked) -> tuple[object, ...]:
    return found.ours, found.theirs, found.base


def describe(found: Sequence[Marked]) -> str:
    """Where the conflicts of a file are, and what to do."""
    where = "line" if len(found) == 1 else "lines"
    lines = join_names(str(each.start + 1) for each in found)
    said = f"{count(len(found), 'conflict')} of an earlier merge, committed with its markers"
    return f"{said} ({where} {lines}): choose a side there, and delete the markers."
