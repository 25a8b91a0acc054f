"""The commit of a project that an update is made on, and a folder in which it is checked out."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from lisa_scaffold import git, template, workplace
from lisa_scaffold.errors import LisaError
from lisa_scaffold.fleet import seal
from lisa_scaffold.fleet.forge import BRANCHES
from lisa_scaffold.lines import count
from lisa_scaffold.project import find_unfinished
from lisa_scaffold.versions import is_newer


class Base(NamedTuple):
    """Where a local clone stands, and which of its commits an update is made on.

    Attributes
    ----------
    commit
        The commit that an update is made on.
    note
        What there is to say of that.
    is_sure
        Whether that is the default branch's, or of one that is called as if it were.
    checkout
        What is checked out, where that is not the default branch.
    lacks
        How many commits of that branch were fetched from origin, and not merged.
    told
        What the references tell.
    target
        The branch that an update is merged into; empty where nobody knows.
    ahead
        How many commits of that branch origin did not have, when it was last asked.
    """

    commit: str
    note: str
    is_sure: bool
    checkout: str
    lacks: int
    told: git.Told
    target: str
    ahead: int = 0


def find_base(repository: git.Repository) -> Base:
    """Where a local clone stands; what origin has is what was fetched from it."""
    head = repository.head or ""
    branch, default = git.find_checkout(repository.git_dir, repository.common)
    told = git.read_references(repository, default)
    tip = told.tips.get(default, "")
    if not default or not (tip or told.upstream):
        why = "the clone does not say which branch is the default"
        note = f"made on {branch or _name(head)}, which is checked out: {why}"
        is_sure = branch in {"main", "master"}
        if is_sure:
            return Base(head, "", is_sure, "", 0, told, branch)
        # Merged into another work of somebody's, an update would be lost.
        return Base(head, note, is_sure, branch or _name(head), 0, told, "")
    apart = tip and told.upstream and tip != told.upstream
    lacks = git.count_beyond(repository, told.upstream, tip) if apart else 0
    ahead = git.count_beyond(repository, tip, told.upstream) if apart else 0
    notes = []
    if branch != default:
        notes.append(f"made on {default}, while {branch or 'a commit'} is checked out")
    if lacks:
        pull = say_pull(str(repository.top), default)
        notes.append(f"made without {count(lacks, 'commit')} of origin/{default}: {pull}")
    checkout = "" if branch == default else branch or _name(head)
    commit = tip or told.upstream
    if commit != head:
        told = git.read_references(repository._replace(head=commit), default)
    return Base(commit, "; ".join(notes), True, checkout, lacks, told, default, ahead)


def _name(commit: str) -> str:
    return f"the commit {commit[:8]}"


def say_there(place: str, branch: str, command: str) -> str:
    """A command for a branch of a local clone, which is right whatever is checked out there."""
    return f"git -C {shlex.quote(place)} switch {shlex.quote(branch)} && {command}"


def say_log(place: str, branch: str) -> str:
    """The command that shows what the commit of a branch of a local clone says."""
    return f"git -C {shlex.quote(place)} log -1 {shlex.quote(branch)}"


def say_pull(place: str, branch: str) -> str:
    """The command that merges what was fetched of a branch into that branch."""
    return say_there(place, branch, f"git -C {shlex.quote(place)} pull")


class Obstacle(NamedTuple):
    """What stands in the way of merging anything in a local clone as it is.

    Attributes
    ----------
    said
        What it is; empty where nothing stands in the way.
    command
        The command that shows it, or does away with it.
    """

    said: str = ""
    command: str = ""


def find_obstacle(repository: git.Repository, target: str) -> Obstacle:
    """What stands in the way of merging into a branch, which is empty where nobody knows it."""
    begins = f"git -C {shlex.quote(str(repository.top))}"
    if not target:
        said = "nothing says which branch is the default"
        if any(each.key.startswith("remote.origin.") for each in repository.settings.entries):
            return Obstacle(said, f"{begins} remote set-head origin --auto")
        return Obstacle(f"it has no origin, and {said}: switch to that one", f"{begins} branch")
    if other := git.find_other_work_tree(repository.git_dir, repository.common, target):
        said = f"{target} is checked out in another work tree"
        return Obstacle(said, f"git -C {shlex.quote(str(other))} status")
    said, command = "", f"{begins} status"
    lock = repository.git_dir / "index.lock"
    if unfinished := find_unfinished(repository.git_dir)[0]:
        said = f"a {unfinished} is not finished there"
    elif lock.exists():
        said = "git's index is locked: a command of git's is at work there, or was killed"
        command = f"ls -l {shlex.quote(str(lock))}"
    elif git.has_changes(repository):
        said = "there are changes that are not committed"
    return Obstacle(said, command) if said else Obstacle()


class Waiting(NamedTuple):
    """A branch of the fleet in a local clone that somebody has to look at.

    Attributes
    ----------
    branch
        Its name; empty where there is none.
    state
        ``ready`` to be merged, with ``tasks`` for somebody, in ``conflict``, ``touched`` by people,
        ``unresolved`` where these have left conflicts in it, or ``lost``.
    conflicts
        The files that are in conflict still.
    """

    branch: str = ""
    state: str = ""
    conflicts: tuple[str, ...] = ()


TOUCHED = frozenset(["touched", "unresolved"])
"""States of a branch that people have committed to."""


def find_waiting(repository: git.Repository, told: git.Told, names: Sequence[str]) -> Waiting:
    """The first of some branches that brings anything to the repository's commit."""
    for name in names:
        if (tip := told.tips.get(name)) is None:
            continue
        try:
            if tip and not git.brings(repository, tip, repository.head or ""):
                continue
            mark = seal.read_mark(git.read_commit(repository, tip)) if tip else None
        except git.GitError as error:
            if not git.BROKEN.search(error.message):
                raise
            tip = mark = None
        if not tip:
            return Waiting(name, "lost")
        if mark is None:
            left = find_unresolved(repository, tip, repository.head or "")
            return Waiting(name, "unresolved" if left else "touched", left)
        state = mark.result if mark.result in {"conflict", "tasks"} else "ready"
        return Waiting(name, state, tuple(each.path for each in mark.conflicts))
    return Waiting()


def find_unresolved(repository: git.Repository, tip: str, head: str) -> tuple[str, ...]:
    """The files of a branch that people have committed to, and in which conflicts are left.

    No marker is ever committed: a file that is in conflict has there what the project had.
    """
    conflicts = seal.find_conflicts(git.list_messages(repository, tip, head))
    found = git.find_blobs(repository, tip, [each.path for each in conflicts])
    return tuple(each.path for each in conflicts if found.get(each.path, "-") == each.blob)


def _is_torn(repository: git.Repository, tip: str) -> bool:
    """Whether a branch has conflicts that were resolved elsewhere: nobody merges it any more.

    Once they are, it may have nothing that is not in the project.
    """
    try:
        mark = seal.read_mark(git.read_commit(repository, tip)) if tip else None
        is_torn = mark is not None and mark.result == "conflict"
        return is_torn and git.count_beyond(repository, tip, repository.head or "") > 0
    except git.GitError as error:
        if not git.BROKEN.search(error.message):
            raise
        return False


class Older(NamedTuple):
    """Branches of versions before another one that bring anything to what is checked out.

    Attributes
    ----------
    touched
        The newest of those that people have committed to, if a project does not have its version
        yet; empty where there is none.
    passed
        Those that nobody has committed to, and whose version a project has or is past; also one
        whose conflicts were resolved elsewhere.
    left
        Those that nobody has committed to, and that would still bring it forward.
    """

    touched: str
    passed: tuple[str, ...]
    left: tuple[str, ...]


def find_older(repository: git.Repository, told: git.Told, recorded: str, newest: str) -> Older:
    """The branches of versions before the newest, in a project of a recorded version."""
    versions = (name.removeprefix(BRANCHES) for name in told.tips if name.startswith(BRANCHES))
    found: dict[tuple[bool, bool], list[str]] = {}
    for version in template.sort_versions(versions, ours=True):
        branch, is_ahead = f"{BRANCHES}{version}", is_newer(version, recorded)
        if is_newer(newest, version):
            waiting = find_waiting(repository, told, [branch])
            is_ours = waiting.state in {"ready", "tasks", "conflict"}
            if is_ours or waiting.state in TOUCHED:
                found.setdefault((is_ours, is_ahead), []).append(branch)
                continue
        if not is_ahead and _is_torn(repository, told.tips[branch]):
            found.setdefault((True, False), []).append(branch)
    touched = found.get((False, True), [""])[-1]
    passed, left = (tuple(found.get((True, is_ahead), ())) for is_ahead in (False, True))
    return Older(touched, passed, left)


@contextmanager
def open_at(repository: git.Repository, commit: str, *, whole: bool = False) -> Iterator[Path]:
    """A folder that has a commit of a clone and nothing else: the clone itself, or another one."""
    # What is not committed is nobody's yet.
    if commit == repository.head and git.is_clean(repository):
        yield repository.top
        return
    with workplace.folder() as scratch:
        folder = scratch / repository.top.name
        git.bring_clone(git.make_clonable(repository.top.as_uri()), folder, commit, whole=whole)
        try:
            yield folder
        except LisaError as error:
            # Whoever reads it finds no copy any more.
            error.message = error.message.replace(str(folder), str(repository.top))
            raise
