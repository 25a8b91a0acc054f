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
        If uncommitted changes or untracked files stand in the way, or somebody has committed since
        the project was read; nothing is changed then.
    """
    # Staged beside another commit, the changes would take back what that one brought.
    if git.find_repository(current.root).head != current.repository.head:
        raise LisaError(
            f"{current.root}: another commit is checked out than when this began",
            "Run the command again.",
        )
    project.refuse_dirty(current, synced.shown())
    unseen = _find_unseen(current, synced)
    written = {path: blob for path, blob in synced.shown().items() if blob and path not in unseen}
    tracked = git.find_unseen_edits(current.repository, written)
    for path, blob in written.items():
        if path in tracked:
            place = current.root / path
            if tracked[path] and (path not in synced.conflicts or os.path.lexists(place)):
                hint = "Lift that: git update-index --no-assume-unchanged --no-skip-worktree FILE."
                raise LisaError(f"{path}: git is told not to look at this file", hint)
        elif _is_another(current, path, blob):
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


def commit_on_branch(current: Project, synced: Synced, branch: str, message: str) -> list[str]:
    """Commit changes on a new branch; work tree and index stay as they are.

    What is in conflict is as the project has it there.

    Returns
    -------
    list
        Paths that the branch adds and where another, untracked file stands: git will not merge
        the branch over it.

    Raises
    ------
    LisaError
        If the branch exists, its name is invalid, or git does not know who commits.
    """
    decided = synced.decided()
    transaction.commit(current.repository, branch, message, decided)
    written = {path: blob for path, blob in decided.items() if blob}
    tracked = git.find_unseen_edits(current.repository, written)
    new = ((path, blob) for path, blob in written.items() if path not in tracked)
    return [path for path, blob in new if _is_another(current, path, blob)]


def _is_another(current: Project, path: str, blob: git.Blob) -> bool:
    """Whether a file stands at a path, and is not the one that comes there."""
    place = current.root / path
    if not os.path.lexists(place) or place.is_dir():
        return False
    with suppress(LisaError):
        return files.read(current.root, path, len(blob.data), links=False) != blob.data
    return True


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
