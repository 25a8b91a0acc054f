"""A project: what it records, whether it may be changed now, and the facts that rules look at."""

from lisa_scaffold.project.recorded import (
    ANSWERS_FILE,
    Project,
    find_answers_files,
    find_conflict_marker,
    find_rejected,
    find_unfinished,
    has_answers,
    read,
    read_answers,
    refuse_dirty,
    refuse_half_updated,
    refuse_unfinished,
    refuse_unmerged,
)

__all__ = [
    "ANSWERS_FILE",
    "Project",
    "find_answers_files",
    "find_conflict_marker",
    "find_rejected",
    "find_unfinished",
    "has_answers",
    "read",
    "read_answers",
    "refuse_dirty",
    "refuse_half_updated",
    "refuse_unfinished",
    "refuse_unmerged",
]
