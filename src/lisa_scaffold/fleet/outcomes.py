"""What a fleet brings into its projects, where each of them stands, and what became of it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, TypeAlias

from lisa_scaffold import git
from lisa_scaffold.fleet.find import Member
from lisa_scaffold.fleet.forge import MergeRequest
from lisa_scaffold.fleet.seal import Mark
from lisa_scaffold.fleet.settings import Updates
from lisa_scaffold.model import Checked, Weight
from lisa_scaffold.rules import Selection
from lisa_scaffold.template.pristine import Origins
from lisa_scaffold.verbs import check
from lisa_scaffold.verbs.update import Updated

if TYPE_CHECKING:
    from lisa_scaffold.verbs.adopt import Adopted

# What becomes of a file where it is the template's own change alone: of what is left out there is
# a note, unless it is as it was.
_PLAIN = frozenset({"updated", "added", "removed", "renamed", "left out"})


class Repaired(NamedTuple):
    """What the repairs of a check change in a project.

    Attributes
    ----------
    checked
        The check, with what was repaired.
    files
        The new content of files; ``None`` where one goes.
    """

    checked: Checked
    files: Mapping[str, git.Blob | None]


Work: TypeAlias = "Updated | Adopted | Repaired"
"""What is brought into a project."""


class Words(Protocol):
    """What is said of what is brought: commits and merge requests."""

    def commit(self, work: Work) -> str:
        """The message of the commit."""

    def title(self, work: Work) -> str:
        """The title of the merge request."""

    def is_own_title(self, title: str) -> bool:
        """Whether a title is one of ours, and nobody's own."""

    def description(self, work: Work, commit: str) -> str:
        """The description of the merge request, for the commit that it brings."""

    def described(self, description: str) -> str | None:
        """The commit that a description of ours is for; None where people have changed it."""

    def touched(self, branch: str, version: str) -> str:
        """What is said where people have committed to the branch."""

    def superseded(self, url: str, version: str) -> str:
        """What is said where another merge request takes the place of this one."""


class Wanted(NamedTuple):
    """What a run is asked for.

    Attributes
    ----------
    to
        The version; ``None``: the newest.
    dry_run
        Whether nothing is to be changed.
    limit
        How many projects it may begin with; ``None``: any number.
    merge
        Whether merge requests that are the template's own change alone are merged once a pipeline
        has passed.
    updates
        The settings of the fleet.
    adopt
        Whether projects without the template get it.
    fix
        Whether projects that are not behind get the safe repairs of a check.
    fix_all
        Whether projects without the template get them too.
    """

    to: str | None = None
    dry_run: bool = False
    limit: int | None = None
    merge: bool = False
    updates: Updates = Updates()
    adopt: bool = False
    fix: bool = False
    fix_all: bool = False


@dataclass(frozen=True)
class Outcome:
    """What became of one project.

    Attributes
    ----------
    name
        The project.
    action
        ``current``, ``newer`` (than this lisa-scaffold), ``no template``, ``another
        template``, ``opted out``, ``updated``, ``right``, ``open`` (its conflicts wait),
        ``touched`` (people have committed to the branch), ``declined``, ``merged``, ``waiting``,
        ``due`` or ``failed``.
    version, to
        The version that it records, and the one that it gets.
    branch
        The branch that brings that.
    url
        Its merge request.
    changes
        How many files change.
    conflicts
        The files in which no merge was safe.
    notes
        How many notes there are.
    said
        What there is to say besides.
    stopped
        Whether it waits because too many pipelines have failed.
    files
        The files that change.
    place
        Its local clone; empty for a project of a server.
    superseded
        Branches of older versions in it, to which nobody has committed, and whose place this one's
        takes.
    target
        The branch of a local clone that its branch is merged into; empty where nobody knows.
    tasks
        What somebody has to do once it is brought in.
    obstacle, remedy
        What stands in the way of merging it in a local clone, and the command that shows it or
        does away with it; empty where nothing does.
    """

    name: str
    action: str
    version: str = ""
    to: str = ""
    branch: str = ""
    url: str = ""
    changes: int = 0
    conflicts: tuple[str, ...] = ()
    notes: int = 0
    said: str = ""
    stopped: bool = False
    files: tuple[str, ...] = ()
    place: str = ""
    superseded: tuple[str, ...] = ()
    target: str = ""
    tasks: tuple[str, ...] = ()
    obstacle: str = ""
    remedy: str = ""


class Place(NamedTuple):
    """Where a project stands before a run.

    Attributes
    ----------
    member
        The project.
    outcome
        What is known of it already.
    brings
        What the branch brings: a version, or ``fix``.
    head, tip
        The commits of its default branch, and of the branch that brings the version.
    mark
        What that branch's commit says of itself; ``None`` where people have committed to it.
    opened
        The open merge request of that branch.
    older
        Open merge requests of older versions.
    note
        What there is to say of the branch that it is made on.
    bare
        Whether the branch that brings the version has no commit of its own.
    """

    member: Member
    outcome: Outcome
    brings: str = ""
    head: str = ""
    tip: str = ""
    mark: Mark | None = None
    opened: MergeRequest | None = None
    older: tuple[MergeRequest, ...] = ()
    note: str = ""
    bare: bool = False

    def settle(self, action: str, said: str = "", **more: Any) -> Place:
        """The same place with an outcome."""
        return self._replace(outcome=replace(self.outcome, action=action, said=said, **more))


def list_files(work: Work) -> Mapping[str, git.Blob | None]:
    """The files that change; where no merge was safe, with the project's lines."""
    return work.files if isinstance(work, Repaired) else work.synced.decided()


def list_tasks(work: Work) -> tuple[str, ...]:
    """What somebody has to do once it is brought in, or to decide, as its report says."""
    if isinstance(work, Repaired):
        return ()
    if isinstance(work, Updated):
        return tuple(str(note) for note in work.notes if note.weight is Weight.ASKS)
    asked = (str(note) for note in work.synced.notes if note.weight is Weight.ASKS)
    return (*asked, *(text for _, text in work.list_decisions()))


def name_kind(work: Work) -> str:
    """What an adoption takes a project for; empty for what is no adoption."""
    if isinstance(work, Updated | Repaired):
        return ""
    kind = next(str(each.value) for each in work.answers if each.key == "kind")
    return f"of the kind {kind}"


def judge_result(work: Work) -> str:
    """What the branch is, in one of the words of a mark.

    Notes that only inform, such as of a new question that has its default, make nothing else of
    it; nor does a file that stays away as before.
    """
    if isinstance(work, Repaired):
        return "merged"
    synced = work.synced
    if synced.conflicts:
        return "conflict"
    if list_tasks(work):
        return "tasks"
    is_plain = (
        isinstance(work, Updated)
        and all(note.weight is Weight.INFORMS for note in work.notes)
        and {each.status for each in synced.changes} <= _PLAIN
    )
    return "plain" if is_plain else "merged"


def repair(folder: Path) -> Repaired:
    """The safe repairs of a check in a project."""
    # The same rules as the status has: strict ones are for those who ask for them.
    wanted = check.Wanted(Selection(strict=False), date.today(), fixes=True)
    result, _ = check.check_one(folder, wanted, Origins())
    files: dict[str, git.Blob | None] = {}
    for path, content in result.changes.items():
        place = folder / path
        mode = "100755" if place.is_file() and os.access(place, os.X_OK) else "100644"
        files[path] = None if content is None else git.Blob(mode, content)
    return Repaired(result.checked, files)


def stands(place: Place) -> bool:
    """Whether the branch has a commit of ours that brings the version to the project as it is."""
    mark = place.mark
    return mark is not None and mark.version == place.brings and mark.base == place.head
