"""Three trees into one: git merges, the structural mergers take what is left, ownership decides."""

from __future__ import annotations

import difflib
import os
import stat
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from lisa_scaffold import merge
from lisa_scaffold.git import Blob, Difference, Stage, Store, TreeMerge
from lisa_scaffold.model import Change, Declined, Merged

BASE, OURS, THEIRS = 1, 2, 3
REGULAR = frozenset({"100644", "100755"})
SUBMODULE = "160000"

Tree = dict[str, Blob]
Matches = Callable[[str], bool]


@dataclass(frozen=True)
class Policy:
    """What holds for the paths of a project.

    Attributes
    ----------
    answers_file
        The path that always takes the template's new content.
    locked, seeded
        Whether a path is of this kind of ownership.
    ignored
        Of some paths, those that the project's ``.gitignore`` names.
    keep_prose
        Whether prose that the project has rewritten stays the project's.
    """

    answers_file: str
    locked: Matches
    seeded: Matches
    ignored: Callable[[Iterable[str]], set[str]]
    keep_prose: bool = True


@dataclass(frozen=True)
class Conflict:
    """A path where no merge was safe.

    Attributes
    ----------
    stages
        The sides: 1 the base, 2 the project's, 3 the template's, as far as each has the path.
    content
        What stands in the work tree: text with conflict markers, or the project's side.
    """

    stages: Mapping[int, Blob]
    content: Blob


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
        Changes that were not taken, as unified diffs, by path.
    """

    files: dict[str, Blob | None] = field(default_factory=dict)
    conflicts: dict[str, Conflict] = field(default_factory=dict)
    changes: list[Change] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    patches: dict[str, str] = field(default_factory=dict)

    def settle(self, path: str, status: str, content: Blob | None, was: str | None = None) -> None:
        """Record the new content of a path."""
        self.files[path] = content
        self.changes.append(Change(path, status, was))

    def shown(self) -> dict[str, Blob | None]:
        """What will stand in the work tree at each path that changes, conflicts included."""
        return {**self.files, **{path: each.content for path, each in self.conflicts.items()}}

    def keep(self, path: str, note: str) -> None:
        """Record that a path stays as the project has it."""
        self.changes.append(Change(path, "kept"))
        self.notes.append(f"{path}: {note}")


def read_tree(folder: Path) -> Tree:
    """The files and links below a folder, with the modes that git would give them."""
    tree: Tree = {}
    for place, folders, names in os.walk(folder):
        linked = [name for name in folders if Path(place, name).is_symlink()]
        for name in (*names, *linked):
            path = Path(place, name)
            mode = path.lstat().st_mode
            if stat.S_ISLNK(mode):
                blob = Blob("120000", os.fsencode(path.readlink()))
            else:
                blob = Blob("100755" if mode & stat.S_IXUSR else "100644", path.read_bytes())
            tree[path.relative_to(folder).as_posix()] = blob
    return tree


def merge_project(store: Store, ours: str, base: Tree, theirs: Tree, policy: Policy) -> Synced:
    """Merge a newer render into a project.

    Parameters
    ----------
    store
        Where objects go that the project must not keep.
    ours
        Name of the project's tree.
    base, theirs
        The renders of the recorded and of the wanted version.
    policy
        What holds for the paths.
    """
    present = store.entries(ours, {*base, *theirs})
    base, theirs = dict(base), dict(theirs)
    base.pop(policy.answers_file, None)
    answers = theirs.pop(policy.answers_file, None)
    _hold_seeded(base, theirs, present, policy)
    merged = store.merge(base, ours, theirs)
    differences = {each.path: each for each in store.changed(ours, merged.tree)}
    objects = _read(store, merged, differences.values())
    settling = _Settling(store, policy, base, theirs, present, objects)
    for path, stages in merged.conflicts.items():
        marked = differences.get(path)
        settling.conflict(path, stages, marked.new if marked else None)
        settling.leave(marked.was if marked else None, path)
    clean = {path: each for path, each in differences.items() if path not in merged.conflicts}
    ignored = policy.ignored(path for path, each in clean.items() if each.is_addition)
    for path, difference in clean.items():
        if path in ignored:
            settling.synced.keep(path, "the template adds it, .gitignore names it: not added.")
        else:
            settling.clean(difference)
    recorded = present.get(policy.answers_file)
    if answers and (recorded is None or store.oid(answers.data) != recorded.oid):
        settling.synced.settle(policy.answers_file, "updated", answers)
    settling.synced.changes.sort(key=lambda change: change.path)
    return settling.synced


def _hold_seeded(base: Tree, theirs: Tree, present: Mapping[str, Stage], policy: Policy) -> None:
    """Take out of the merge what the template would change in files that are the project's."""
    for path in [path for path in theirs if policy.seeded(path)]:
        if path in base:
            theirs[path] = base[path]
        elif path in present:
            del theirs[path]


def _read(
    store: Store, merged: TreeMerge, differences: Iterable[Difference]
) -> Mapping[str, bytes]:
    """Content of every object that a decision needs, by its name, read at once."""
    stages = [stage for each in merged.conflicts.values() for stage in each.values()]
    stages += [stage for each in differences for stage in (each.old, each.new)]
    return store.read(stage.oid for stage in stages if stage.exists and stage.mode != SUBMODULE)


@dataclass
class _Settling:
    """Decides path by path; the sides of the merge, and what came of it."""

    store: Store
    policy: Policy
    base: Tree
    theirs: Tree
    present: Mapping[str, Stage]
    objects: Mapping[str, bytes]
    synced: Synced = field(default_factory=Synced)

    def blob(self, stage: Stage) -> Blob:
        return Blob(stage.mode, self.objects[stage.oid])

    def clean(self, difference: Difference) -> None:
        """A path that git merged without a conflict."""
        path, synced = difference.path, self.synced
        if not difference.new.exists:
            synced.settle(path, "removed", None)
            return
        new = self.blob(difference.new)
        if difference.was:
            self.moved(difference, new)
        elif difference.is_addition:
            synced.settle(path, "added", new)
        elif path in self.base and self.store.oid(self.base[path].data) == difference.old.oid:
            synced.settle(path, "updated", new)
        else:
            self.merged(path, self.blob(difference.old), new)

    def moved(self, difference: Difference, new: Blob) -> None:
        """A path that the template moved; what both sides changed in it must still be right."""
        path, was = difference.path, difference.was or ""
        base, theirs, ours = self.base.get(was), self.theirs.get(path), self.blob(difference.old)
        self.synced.files[was] = None
        if base and theirs and {base.mode, ours.mode, theirs.mode} <= REGULAR:
            problem = merge.check_clean(path, base.data, ours.data, theirs.data, new.data)
            if problem:
                self.synced.notes.append(f"{path}: git's merge of the text is wrong: {problem}")
                whole = Blob(ours.mode, _whole_in_conflict(ours.data, theirs.data))
                self.content(path, {BASE: base, OURS: ours, THEIRS: theirs}, whole)
                return
        self.synced.settle(path, "renamed", new, was)

    def merged(self, path: str, ours: Blob, new: Blob) -> None:
        """A path that both sides changed, apart from each other: right as text, perhaps no more."""
        base, theirs = self.base.get(path), self.theirs.get(path)
        problem = None
        if base and theirs and {base.mode, ours.mode, theirs.mode} <= REGULAR:
            problem = merge.check_clean(path, base.data, ours.data, theirs.data, new.data)
        if problem is None or base is None or theirs is None:
            self.synced.settle(path, "merged", new)
            return
        self.synced.notes.append(f"{path}: git's merge of the text is wrong: {problem}")
        whole = Blob(ours.mode, _whole_in_conflict(ours.data, theirs.data))
        self.content(path, {BASE: base, OURS: ours, THEIRS: theirs}, whole)

    def conflict(self, path: str, stages: Mapping[int, Stage], marked: Stage | None) -> None:
        """A path that git left in conflict."""
        if any(stage.mode == SUBMODULE for stage in stages.values()):
            self.synced.keep(path, "a submodule stands where the template has a file: left alone.")
            return
        blobs = {number: self.blob(stage) for number, stage in stages.items()}
        if OURS in blobs and THEIRS in blobs:
            shown = self.blob(marked) if marked and marked.exists else blobs[OURS]
            self.content(path, blobs, shown)
        elif OURS in blobs:
            self.synced.keep(path, "the template no longer has it; the project edited it: kept.")
        elif BASE in blobs:
            self.synced.keep(path, "the project deleted it, the template changed it: left out.")
            self.synced.patches[path] = patch(path, blobs[BASE], blobs.get(THEIRS, blobs[BASE]))
        else:
            self.synced.settle(path, "added", blobs[THEIRS])

    def content(self, path: str, blobs: Mapping[int, Blob], marked: Blob) -> None:
        """Both sides have a path: a merger for its type, then ownership, then a conflict."""
        base, ours, theirs = blobs.get(BASE), blobs[OURS], blobs[THEIRS]
        result = self.structural(path, base, ours, theirs)
        mode = theirs.mode if base and base.mode == ours.mode else ours.mode
        synced = self.synced
        if isinstance(result, Merged):
            synced.settle(path, "merged", Blob(mode, result.content))
            synced.notes += [f"{path}: {note}" for note in result.notes]
            if result.patch:
                synced.patches[path] = result.patch
        elif self.policy.locked(path):
            synced.settle(path, "updated", theirs)
            synced.notes.append(f"{path}: locked, the template's lines win; yours are in a patch.")
            synced.patches[path] = patch(path, base or theirs, ours)
        elif isinstance(result, Declined):
            synced.keep(path, result.reason)
            synced.patches[path] = result.patch
            if result.content != ours.data or path not in self.present:
                synced.files[path] = Blob(mode, result.content)
        else:
            synced.conflicts[path] = Conflict(blobs, marked)
            synced.changes.append(Change(path, "conflict"))

    def leave(self, was: str | None, path: str) -> None:
        """Remove the old name of a path that was moved, once its content has arrived."""
        if was and self.synced.shown().get(path):
            self.synced.files.setdefault(was, None)

    def structural(
        self, path: str, base: Blob | None, ours: Blob, theirs: Blob
    ) -> Merged | Declined | None:
        """What the merger for the file's type makes of it; None where it is not sure."""
        if not {side.mode for side in (base, ours, theirs) if side} <= REGULAR:
            return None
        before = base.data if base else None
        keep_prose = self.policy.keep_prose
        return merge.merge_file(path, before, ours.data, theirs.data, keep_prose=keep_prose)


def _whole_in_conflict(ours: bytes, theirs: bytes) -> bytes:
    """Both versions of a file between conflict markers."""
    sides = (ours.removesuffix(b"\n"), theirs.removesuffix(b"\n"))
    return b"<<<<<<< project\n%s\n=======\n%s\n>>>>>>> template\n" % sides


def patch(path: str, old: Blob, new: Blob) -> str:
    """The difference of two contents as a unified diff."""
    if b"\0" in old.data + new.data:
        return f"Binary file {path} differs\n"
    before = old.data.decode(errors="replace").splitlines(keepends=True)
    after = new.data.decode(errors="replace").splitlines(keepends=True)
    lines = difflib.unified_diff(before, after, f"a/{path}", f"b/{path}")
    ends = (
        line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines
    )
    return "".join(ends)
