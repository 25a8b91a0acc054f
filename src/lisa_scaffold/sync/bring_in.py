"""Bring the changes that were worked out into a project: its work tree, or a new branch."""

from __future__ import annotations

import os
from contextlib import suppress

from lisa_scaffold import files, git, project
from lisa_scaffold.errors import LisaError
from lisa_scaffold.formats.ignored import match_patterns
from lisa_scaffold.project import Project
from lisa_scaffold.sync import transaction
from lisa_scaffold.sync.kept_report import KeptReport
from lisa_scaffold.sync.outcome import Synced


def bring_in(current: Project, synced: Synced, told: tuple[str, str] | None = None) -> None:
    """Bring changes into the work tree of a project and stage them, in one step.

    Parameters
    ----------
    current
        The project.
    synced
        The changes.
    told
        The report to be kept of them, and what is left to be done beside conflicts.

    Raises
    ------
    LisaError
        If uncommitted changes or untracked files stand in the way; nothing is changed then.
    """
    project.refuse_dirty(current, synced.shown())
    unseen = _find_unseen(current, synced)
    written = {path: blob for path, blob in synced.shown().items() if blob and path not in unseen}
    tracked = git.find_unseen_edits(current.repository, written)
    for path, blob in written.items():
        place = current.root / path
        if path in tracked:
            if tracked[path] and (path not in synced.conflicts or os.path.lexists(place)):
                hint = "Lift that: git update-index --no-assume-unchanged --no-skip-worktree FILE."
                raise LisaError(f"{path}: git is told not to look at this file", hint)
        elif os.path.lexists(place) and not place.is_dir():
            found = None
            with suppress(LisaError):
                found = files.read(current.root, path, len(blob.data), links=False)
            if found != blob.data:
                raise LisaError(
                    f"{path}: the template adds it, and an untracked file stands there",
                    "Commit the file, or move it away.",
                )
    report = b""
    if told:
        repository = current.repository
        conflicts = tuple(repository.prefix + path for path in synced.conflicts)
        report = KeptReport(*told, repository.head or "", conflicts).encode()
    transaction.apply(current.repository, synced, unseen, report)


def commit_on_branch(current: Project, synced: Synced, branch: str, message: str) -> None:
    """Commit changes on a new branch; work tree and index stay as they are.

    What is in conflict is as the project has it there.

    Raises
    ------
    LisaError
        If the branch exists, its name is invalid, or git does not know who commits.
    """
    transaction.commit(current.repository, branch, message, synced.decided())


def _find_unseen(current: Project, synced: Synced) -> set[str]:
    """Paths without a conflict that a sparse checkout has, and will have, only in its index."""
    patterns = git.read_sparse_patterns(current.repository)
    if not patterns:
        return set()
    is_inside, prefix = match_patterns(patterns), current.repository.prefix
    absent = {path for path in synced.files if not os.path.lexists(current.root / path)}
    hidden = git.find_unseen_edits(current.repository, absent)
    new = {path for path in absent - hidden.keys() if not is_inside(prefix + path)}
    return {path for path, skipped in hidden.items() if skipped} | new
