"""How the paths of a project are treated, and what comes of a merge."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from lisa_scaffold.formats import diff
from lisa_scaffold.formats.refit import refit
from lisa_scaffold.git import Blob
from lisa_scaffold.model import Change, Note, Weight
from lisa_scaffold.sync.seeded import Matches

LOCKED = "locked: the template's lines win, yours are not taken."
"""What is said of a locked file that the project had changed."""


@dataclass(frozen=True)
class Policy:
    """How the paths of a project are treated.

    Attributes
    ----------
    recorded_in, answers_file
        The answers file as the project has it, and the path that the template writes it to: there
        it always takes the template's new content.
    version
        The version that it records then.
    locked, seeded
        Whether a path has this ownership.
    was_seeded
        Whether a path was seeded in the recorded version.
    ignored
        Of some paths, those that match the project's ``.gitignore``.
    drivers
        Of some paths, those that the project's attributes let nobody merge as text, each with how
        it is merged: ``binary`` (not at all), ``union`` or ``ours``.
    settled
        Of some paths that the project has not, those that it had not either when it recorded its
        version.
    keep_prose
        Whether prose that the project has rewritten stays the project's.
    skipped
        Whether the project keeps a path for itself: no update touches it.
    """

    recorded_in: str
    answers_file: str
    version: str
    locked: Matches
    seeded: Matches
    was_seeded: Matches
    ignored: Callable[[Iterable[str]], set[str]]
    drivers: Callable[[Iterable[str]], Mapping[str, str]]
    settled: Callable[[Iterable[str]], set[str]]
    keep_prose: bool = True
    skipped: Matches = lambda path: False  # noqa: ARG005 - nothing is skipped


@dataclass(frozen=True)
class Conflict:
    """A path where no merge was safe.

    Attributes
    ----------
    stages
        The sides that have the path: 1 the base, 2 the project's, 3 the template's.
    content
        What stands in the work tree: text with conflict markers, or the project's side.
    places
        The number of conflicts in the file.
    ours, theirs
        The content with the lines of one side in all of them; ``None`` where the rest is not
        merged.
    """

    stages: Mapping[int, Blob]
    content: Blob
    places: int = 1
    ours: Blob | None = None
    theirs: Blob | None = None


class Renewal(NamedTuple):
    """What renews a lock that is out of date.

    Attributes
    ----------
    command
        The command.
    where
        On what the lock's being out of date depends; empty for nothing.
    """

    command: str
    where: str = ""


@dataclass
class Synced:
    """The merge of a project with a newer render.

    Attributes
    ----------
    files
        New content of each path that changes; ``None`` where it is removed.
    conflicts
        The paths where no merge was safe.
    changes
        What happened to each path.
    notes
        What a maintainer should know, a sentence each.
    patches
        Changes that were not taken, by path: unified diffs of what the project has then.
    quotations
        Lines of those that belong nowhere in it, by path, each with its sign in front.
    tasks
        Those notes that leave something to do before the project is right again.
    stale
        The locks that are out of date then, each with what renews it.
    """

    files: dict[str, Blob | None] = field(default_factory=dict)
    conflicts: dict[str, Conflict] = field(default_factory=dict)
    changes: list[Change] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    patches: dict[str, str] = field(default_factory=dict)
    quotations: dict[str, str] = field(default_factory=dict)
    tasks: list[Note] = field(default_factory=list)
    stale: dict[str, Renewal] = field(default_factory=dict)

    def settle(self, path: str, status: str, content: Blob | None, was: str | None = None) -> None:
        """Record the new content of a path."""
        self.files[path] = content
        self.changes.append(Change(path, status, was))

    def conflict(self, path: str, conflict: Conflict, was: str | None = None) -> None:
        """Record that no merge of a path was safe."""
        self.conflicts[path] = conflict
        self.changes.append(Change(path, "conflict", was))

    def shown(self) -> dict[str, Blob | None]:
        """What will stand in the work tree at each path that changes, conflicts included."""
        return {**self.files, **{path: each.content for path, each in self.conflicts.items()}}

    def concerned(self) -> set[str]:
        """Each path that something is told of, the old names of renamed ones included."""
        named = {path for each in self.changes for path in (each.path, each.was) if path}
        return named | self.shown().keys()

    def decided(self) -> dict[str, Blob | None]:
        """New content of each path, with the project's lines where no merge was safe."""
        ours = {path: each.ours for path, each in self.conflicts.items() if each.ours}
        return {**self.files, **ours}

    def offered(self) -> dict[str, Blob | None]:
        """New content of each path, with the template's lines where no merge was safe."""
        theirs = {path: each.theirs for path, each in self.conflicts.items() if each.theirs}
        return {**self.files, **theirs}

    def note(self, path: str, *notes: str, weight: Weight = Weight.TELLS) -> None:
        """Record what a maintainer should know of a path."""
        self.notes += [Note(text, path, weight) for text in notes]

    def assign(self, path: str, task: str) -> None:
        """Record what a person has to do in a path."""
        self.note(path, task, weight=Weight.ASKS)
        self.tasks.append(self.notes[-1])

    def keep(self, path: str, *notes: str) -> None:
        """Record that a path stays as the project has it."""
        self.changes.append(Change(path, "kept"))
        self.note(path, *notes)

    def leave_out(self, path: str, *notes: str) -> None:
        """Record that the project does without a path that the template has."""
        self.changes.append(Change(path, "left out"))
        self.note(path, *notes)

    def offer(self, path: str, change: str, present: Blob | None) -> None:
        """Offer a change that is not taken: as a patch where it applies, or else as a quotation.

        Parameters
        ----------
        path
            Where the project has the file then.
        change
            The change, as unified diffs of whatever it was made to.
        present
            What the project has there then.
        """
        try:
            content = present.data.decode() if present else None
        except UnicodeDecodeError:
            content = ""
        told = "\n".join(note.text for note in self.notes if note.path == path)
        found = refit(change, content, path, told)
        for offered, part in (self.patches, found.patch), (self.quotations, found.quotation):
            if part:
                offered[path] = part

    def note_skipped(self, paths: Sequence[str]) -> None:
        """Say once what the project keeps for itself, and the template has otherwise."""
        if paths:
            text = f"Skipped, as the project's settings ask for: {', '.join(sorted(paths))}."
            self.notes.append(Note(text))


def patch(path: str, old: Blob | None, new: Blob | None) -> str:
    """The difference of two contents as a unified diff; None stands for no file."""
    was, now = (side.data if side else b"" for side in (old, new))
    if b"\0" in was + now:
        return f"Binary file {path} differs\n"
    before, after = (
        side and side.data.decode(errors="replace").replace("\r\n", "\n") for side in (old, new)
    )
    return diff.patch(before, after, path)
