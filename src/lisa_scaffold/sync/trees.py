"""Merge a newer render into a project, path by path."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from lisa_scaffold import files, merge
from lisa_scaffold.errors import LisaError
from lisa_scaffold.files import is_git_folder
from lisa_scaffold.formats import diff
from lisa_scaffold.git import Blob, Difference, Stage, Store
from lisa_scaffold.model import Change, Declined, Merged, Partial
from lisa_scaffold.project import find_conflict_marker
from lisa_scaffold.sync.clashes import BASE, OURS, THEIRS, Clash, find_clashes
from lisa_scaffold.sync.dependents import find_broken, find_places
from lisa_scaffold.sync.seeded import Matches, Tree, hold_back

SUBMODULE = "160000"
LINK = "120000"
REGULAR = frozenset({"100644", "100755"})

# In a file that both sides renamed, git makes the markers longer and names both paths.
_LONG_MARKER = re.compile(rb"^(<{7}|={7}|>{7})[<=>](?=$| (?:project|template):)", re.MULTILINE)

Sides = tuple[Blob | None, Blob, Blob | None]


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
    keep_prose
        Whether prose that the project has rewritten stays the project's.
    """

    recorded_in: str
    answers_file: str
    version: str
    locked: Matches
    seeded: Matches
    was_seeded: Matches
    ignored: Callable[[Iterable[str]], set[str]]
    drivers: Callable[[Iterable[str]], Mapping[str, str]]
    keep_prose: bool = True


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

    def conflict(self, path: str, conflict: Conflict, was: str | None = None) -> None:
        """Record that no merge of a path was safe."""
        self.conflicts[path] = conflict
        self.changes.append(Change(path, "conflict", was))

    def shown(self) -> dict[str, Blob | None]:
        """What will stand in the work tree at each path that changes, conflicts included."""
        return {**self.files, **{path: each.content for path, each in self.conflicts.items()}}

    def decided(self) -> dict[str, Blob | None]:
        """New content of each path, with the project's lines where no merge was safe."""
        ours = {path: each.ours for path, each in self.conflicts.items() if each.ours}
        return {**self.files, **ours}

    def keep(self, path: str, note: str, was: str | None = None) -> None:
        """Record that a path stays as the project has it."""
        self.changes.append(Change(path, "kept", was))
        self.notes.append(f"{path}: {note}")

    def decline(self, path: str, note: str, old: Blob | None, new: Blob | None) -> None:
        """Record that the template's change to a path is not taken, with the change as a patch."""
        self.keep(path, note)
        if difference := patch(path, old, new):
            self.patches[path] = difference


def read_tree(folder: Path) -> Tree:
    """The files and links below a folder, with the modes that git would give them.

    Raises
    ------
    LisaError
        If a path leads into a folder of git's own, where programs are run from, or is no file.
    """
    tree: Tree = {}
    for place, folders, names in os.walk(folder):
        linked = [name for name in folders if Path(place, name).is_symlink()]
        for name in (*names, *linked):
            path = Path(place, name)
            mode = path.lstat().st_mode
            inner = path.relative_to(folder).as_posix()
            if any(map(is_git_folder, inner.split("/"))):
                raise LisaError(
                    f"{inner}: the template writes into a folder of git's own",
                    "That is no honest template; choose another version of it with --to.",
                )
            if stat.S_ISLNK(mode):
                tree[inner] = Blob(LINK, os.fsencode(path.readlink()))
            else:
                content = files.read(folder, inner, files.LARGE, links=False) or b""
                tree[inner] = Blob("100755" if mode & stat.S_IXUSR else "100644", content)
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
    records = {policy.recorded_in, policy.answers_file}
    present = store.entries(ours, {*base, *theirs, *records})
    base, theirs = dict(base), dict(theirs)
    base.pop(policy.recorded_in, None)
    answers = theirs.pop(policy.answers_file, None)
    held = hold_back(base, theirs, present, policy.seeded, policy.was_seeded)
    replaced = _find_replaced(store, base, theirs, present)
    for path in replaced:
        # A rename follows the content, and that is gone here: the template's new file is new.
        del base[path]
    merged = store.merge(base, ours, theirs)
    differences = {each.path: each for each in store.changed(ours, merged.tree)}
    # The content of every object that a decision needs is read at once.
    stages = [stage for sides in merged.conflicts.values() for stage in sides.values()]
    stages += [stage for each in differences.values() for stage in (each.old, each.new)]
    wanted = (stage.oid for stage in stages if stage.exists and stage.mode != SUBMODULE)
    settling = _Settling(store, policy, ours, base, theirs, present, store.read(wanted))
    synced = settling.synced
    for path in held.dropped:
        synced.keep(path, "the template no longer has it; it is the project's: kept.")
    for path in replaced:
        synced.keep(path, "the template no longer has it; the project has replaced it: kept.")
    for path, (old, new) in held.missed.items():
        settling.settle_missed(path, old, new)
    clashes = find_clashes(merged)
    changed = [path for path, each in differences.items() if each.old.exists and each.new.exists]
    both = {path for path in changed if settling.is_edited(differences[path])}
    both |= {clash.path for clash in clashes if {OURS, THEIRS} <= clash.stages.keys()}
    settling.drivers = policy.drivers(path for path in sorted(both) if not policy.locked(path))
    for clash in clashes:
        settling.settle_clash(clash, differences.get(clash.path))
    taken = {path for clash in clashes for path in clash.paths}
    clean = {path: each for path, each in differences.items() if path not in taken}
    blocked = {clash.below: clash for clash in clashes if clash.below}
    added = [path for path, each in clean.items() if each.is_addition]
    # Git looks at nothing below a link.
    ignored = policy.ignored(path for path in added if not path.startswith(tuple(blocked)))
    for path, difference in clean.items():
        if path in ignored:
            synced.keep(path, "the template adds it, .gitignore names it: not added.")
        elif below := next(filter(path.startswith, blocked), None):
            what = "link" if blocked[below].stages[OURS].mode == LINK else "file"
            note = f"the template has a folder where the project has a {what}: left out."
            synced.decline(path, note, None, settling.blob(difference.new))
        else:
            settling.settle_clean(difference)
    settling.leave_out_broken()
    settling.settle_answers(answers)
    synced.changes.sort(key=lambda change: change.path)
    return synced


def _find_replaced(
    store: Store, base: Tree, theirs: Tree, present: Mapping[str, Stage]
) -> list[str]:
    """Files that the template moves or deletes, and of which the project has left nothing."""
    edited = {
        path: present[path].oid
        for path, blob in base.items()
        if path not in theirs and path in present and {blob.mode, present[path].mode} <= REGULAR
        if present[path].oid != store.oid(blob.data)
    }
    contents = store.read(edited.values())
    return [
        path for path, oid in edited.items() if merge.is_replaced(base[path].data, contents[oid])
    ]


@dataclass
class _Settling:
    """Settles a merge path by path: the sides, and what has come of it so far."""

    store: Store
    policy: Policy
    ours: str
    base: Tree
    theirs: Tree
    present: Mapping[str, Stage]
    objects: Mapping[str, bytes]
    synced: Synced = field(default_factory=Synced)
    drivers: Mapping[str, str] = field(default_factory=dict)

    def blob(self, stage: Stage) -> Blob:
        return Blob(stage.mode, self.objects[stage.oid])

    def is_edited(self, difference: Difference) -> bool:
        """Whether a path that the template changes was changed by the project before."""
        path = difference.was or difference.path
        base = self.base.get(path if path in self.base else self.origins.get(path, path))
        return base is None or self.store.oid(base.data) != difference.old.oid

    @cached_property
    def origins(self) -> Mapping[str, str]:
        """Where the project moved files of the template: new path → old path."""
        found = self.store.changed("base", self.ours)
        return {each.path: each.was for each in found if each.was}

    def settle_answers(self, answers: Blob | None) -> None:
        """The answers file, which the template may have moved, or writes no longer.

        Raises
        ------
        LisaError
            If the project has a file of its own where the template would write it.
        """
        was, path, synced = self.policy.recorded_in, self.policy.answers_file, self.synced
        recorded = self.present.get(was)
        if answers is None and recorded:
            old = self.store.read([recorded.oid])[recorded.oid]
            version = self.policy.version.encode()
            # A hash may read as a number.
            line = b"_commit: '%s'" % version if version[:1].isdigit() else b"_commit: %s" % version
            new = re.sub(rb"^_commit:.*$", line, old, count=1, flags=re.M)
            synced.notes.append(
                f"{was}: the template writes no answers file any more; what it records as _commit "
                "was moved on, so that the next update begins here."
            )
            answers, path = Blob(recorded.mode, new), was
        if answers is None:
            return
        if path != was and path in self.present:
            raise LisaError(
                f"{path}: the template writes its answers file there, and the project has a file "
                "of that name",
                "Move that file away, and commit.",
            )
        if path != was and recorded:
            synced.files[was] = None
            synced.settle(path, "renamed", answers, was)
        elif recorded is None or self.store.oid(answers.data) != recorded.oid:
            synced.settle(path, "updated", answers)

    def settle_missed(self, path: str, old: Blob, new: Blob) -> None:
        """A seeded path that the template changed and the project has removed."""
        place = next((now for now, was in self.origins.items() if was == path), "")
        what = f"has moved it to {place}" if place else "deleted it"
        note = f"written once; the project {what}, the template changed it: left out."
        self.synced.decline(path, note, old, new)

    def settle_clean(self, difference: Difference) -> None:
        """A path that git merged without a conflict."""
        path, was, synced = difference.path, difference.was, self.synced
        if not difference.new.exists:
            synced.settle(path, "removed", None)
            return
        new = self.blob(difference.new)
        if was:
            # The template moved it; what both sides changed in it must still be right.
            base, theirs = self.base.get(was), self.theirs.get(path)
            ours = self.blob(difference.old)
            synced.files[was] = None
            if base and theirs and base.data not in (theirs.data, ours.data):
                self.settle_merged(path, (base, ours, theirs), new, was)
            else:
                synced.settle(path, "renamed", new, was)
        elif difference.is_addition:
            synced.settle(path, "added", new)
        else:
            origin = path if path in self.base else self.origins.get(path, path)
            base = self.base.get(origin)
            if base and self.store.oid(base.data) == difference.old.oid:
                synced.settle(path, "updated", new)
            else:
                sides = base, self.blob(difference.old), self.theirs.get(origin)
                self.settle_merged(path, sides, new)

    def settle_merged(self, path: str, sides: Sides, new: Blob, was: str | None = None) -> None:
        """A path that both sides changed in different places: right as text, if not more."""
        base, ours, theirs = sides
        if path in self.drivers and base and theirs:
            self.settle_driven(path, {BASE: base, OURS: ours, THEIRS: theirs}, was)
            return
        problem = None
        if base and theirs and {base.mode, ours.mode, theirs.mode} <= REGULAR:
            problem = merge.check_clean(path, base.data, ours.data, theirs.data, new.data)
        if problem is None or base is None or theirs is None:
            self.synced.settle(path, "merged", new, was)
            return
        self.synced.notes.append(f"{path}: git's merge of the text is wrong: {problem}")
        whole = b"<<<<<<< project\n%s\n=======\n%s\n>>>>>>> template\n" % (
            ours.data.removesuffix(b"\n"),
            theirs.data.removesuffix(b"\n"),
        )
        blobs = {BASE: base, OURS: ours, THEIRS: theirs}
        self.settle_content(path, blobs, Blob(ours.mode, whole), was)

    def settle_driven(self, path: str, blobs: Mapping[int, Blob], was: str | None) -> None:
        """A path that both sides changed, and that is not merged as text, as attributes say."""
        base, ours, theirs = blobs.get(BASE), blobs[OURS], blobs[THEIRS]
        driver = self.drivers[path]
        if driver == "union":
            sides = (base.data if base else b"", ours.data, theirs.data)
            self.synced.settle(path, "merged", Blob(ours.mode, self.store.unite(*sides)), was)
            return
        if driver == "ours":
            note = "its attribute merge=ours keeps it: the template's change is left out."
            self.synced.decline(path, note, base, theirs)
        else:
            self.synced.conflict(path, Conflict(blobs, ours), was)
            was = None
            self.synced.notes.append(
                f"{path}: its attributes let nobody merge it: it is as the project has it; for the "
                "template's, git checkout --theirs."
            )
        if was:
            self.synced.files[path] = ours

    def settle_clash(self, clash: Clash, marked: Difference | None) -> None:
        """A file that git left in conflict; ``marked`` is what git put in its place."""
        path, was = clash.path, marked.was if marked else None
        if any(stage.mode == SUBMODULE for stage in clash.stages.values()):
            self.synced.keep(path, "a submodule stands where the template has a file: left alone.")
            return
        blobs = {number: self.blob(stage) for number, stage in clash.stages.items()}
        sides = self.base.get(path), blobs.get(OURS), blobs.get(THEIRS)
        link = _find_link(*sides)
        if clash.renamed:
            self.settle_renamed(path, clash.renamed, blobs[OURS], marked)
        elif link and link is sides[1]:
            note = "the project has made a link of it, the template changed the file: left alone."
            self.synced.decline(path, note, sides[0], sides[2])
        elif link:
            self.synced.settle(path, "updated", link)
        elif OURS in blobs and THEIRS in blobs:
            shown = self.blob(marked.new) if marked and marked.new.exists else blobs[OURS]
            shown = shown if shown.mode == blobs[OURS].mode else blobs[OURS]
            self.settle_content(path, blobs, shown, was)
        elif OURS in blobs:
            self.settle_dropped(path, blobs.get(BASE), blobs[OURS])
        elif BASE in blobs:
            note = "the project deleted it, the template changed it: left out."
            self.synced.decline(path, note, blobs[BASE], blobs.get(THEIRS, blobs[BASE]))
        elif clash.folder:
            note = "the project has a folder where the template has a file: left out."
            self.synced.decline(path, note, None, blobs[THEIRS])
        else:
            self.synced.settle(path, "added", blobs[THEIRS])
        # Once the content of a moved path has arrived, its old name is removed.
        if was and self.synced.shown().get(path):
            self.synced.files.setdefault(was, None)

    def settle_dropped(self, path: str, base: Blob | None, ours: Blob) -> None:
        """A path that the template no longer has, and that the project edited."""
        if base is None:
            self.synced.keep(path, "the template has a folder of that name: kept.")
            return
        moved = merge.find_moved_pins(path, base.data, ours.data)
        if ours.mode == LINK != base.mode:
            note = "the template no longer has it; the project has made a link of it: kept."
            self.synced.keep(path, note)
            return
        if base.data.split() == ours.data.split():
            what = "changed only white space in it"
        elif moved:
            what = f"only moved versions in it ({'; '.join(moved)})"
        else:
            self.synced.keep(path, "the template no longer has it; the project edited it: kept.")
            return
        self.synced.settle(path, "removed", None)
        note = f"{path}: the template no longer has it; the project {what}: removed."
        self.synced.notes.append(note)

    def settle_renamed(
        self, path: str, names: tuple[str, str], whole: Blob, marked: Difference | None
    ) -> None:
        """A file that both sides renamed, each to another name: the project's name stays.

        ``whole`` is git's merge of both sides' content, with markers where they conflict.
        """
        before, there = names
        note = f"the template moves {before} to {there}, the project has moved it here."
        ours = self.blob(marked.old) if marked else whole
        base, theirs = self.base[before], self.theirs[there]
        whole = Blob(whole.mode, _LONG_MARKER.sub(rb"\1", whole.data))
        if ours.data == whole.data:
            self.synced.keep(path, note)
            return
        self.synced.notes.append(f"{path}: {note}")
        if ours.data == base.data:
            self.synced.settle(path, "updated", whole)
        elif find_conflict_marker(whole.data) and not find_conflict_marker(ours.data):
            self.settle_content(path, {BASE: base, OURS: ours, THEIRS: theirs}, whole)
        else:
            self.settle_merged(path, (base, ours, theirs), whole)

    def leave_out_broken(self) -> None:
        """Leave out what needs a Python module that is left out."""
        synced, known = self.synced, {**self.present}
        statuses = {change.path: change for change in synced.changes}
        brought: dict[str, tuple[bytes, bytes]] = {}
        for path, blob in synced.files.items():
            change = statuses.get(path)
            if blob and change and not change.was and path in self.theirs and path.endswith(".py"):
                known[path] = Stage(blob.mode, "")
                old = self.present.get(path)
                brought[path] = self.objects[old.oid] if old else b"", blob.data
        absent = [path for path in self.theirs if path.endswith(".py") and path not in known]
        if not brought or not absent:
            return
        known |= self.store.entries(self.ours, {p for path in absent for p in find_places(path)})
        gone = {path for path, blob in synced.files.items() if blob is None}
        broken = find_broken(brought, self.theirs, known.keys() - gone)
        for path, module in broken.items():
            synced.changes.remove(statuses[path])
            del synced.files[path]
            synced.patches.pop(path, None)
            note = f"it needs {module}, which the project has not: left out."
            synced.decline(path, note, self.base.get(path), self.theirs[path])

    def merge_contents(
        self, path: str, base: bytes | None, ours: bytes, theirs: bytes
    ) -> Merged | Declined | Partial | None:
        """The surest merge that there is for a file's type."""
        keep_prose = self.policy.keep_prose
        result = merge.merge_file(path, base, ours, theirs, keep_prose=keep_prose)
        if result is None and not self.policy.locked(path):
            return merge.merge_openly(path, base, ours, theirs, keep_prose=keep_prose)
        return result

    def settle_content(
        self, path: str, blobs: Mapping[int, Blob], marked: Blob, was: str | None = None
    ) -> None:
        """Both sides have a path: a merger for its type, then ownership, then a conflict."""
        if path in self.drivers:
            self.settle_driven(path, blobs, was)
            return
        base, ours, theirs = blobs.get(BASE), blobs[OURS], blobs[THEIRS]
        former = base and base.data
        regular = {side.mode for side in (base, ours, theirs) if side} <= REGULAR
        contents = former, ours.data, theirs.data
        result = self.merge_contents(path, *contents) if regular else None
        mode = theirs.mode if base and base.mode == ours.mode else ours.mode
        synced = self.synced
        if isinstance(result, Merged | Partial):
            content = Blob(mode, result.content)
            if isinstance(result, Partial):
                chosen = Blob(mode, result.ours), Blob(mode, result.theirs)
                synced.conflict(path, Conflict(blobs, content, result.places, *chosen), was)
            else:
                synced.settle(path, "merged", content, was)
            synced.notes += [f"{path}: {note}" for note in result.notes]
            if result.patch:
                synced.patches[path] = result.patch
        elif self.policy.locked(path):
            synced.settle(path, "updated", theirs, was)
            synced.notes.append(f"{path}: locked, the template's lines win; yours are in a patch.")
            synced.patches[path] = patch(path, base or theirs, ours)
        elif isinstance(result, Declined):
            synced.keep(path, result.reason, was)
            synced.patches[path] = result.patch
            if result.content != ours.data or path not in self.present:
                synced.files[path] = Blob(mode, result.content)
        else:
            places = sum(line.startswith(b"<<<<<<< ") for line in marked.data.splitlines())
            synced.conflict(path, Conflict(blobs, marked, max(places, 1)), was)
            if large := merge.explain_excess(*contents):
                synced.notes.append(f"{path}: {large}")


def patch(path: str, old: Blob | None, new: Blob | None) -> str:
    """The difference of two contents as a unified diff; None stands for no file."""
    was, now = (side.data if side else b"" for side in (old, new))
    if b"\0" in was + now:
        return f"Binary file {path} differs\n"
    before, after = (
        side and side.data.decode(errors="replace").replace("\r\n", "\n") for side in (old, new)
    )
    return diff.patch(before, after, path)


def _find_link(base: Blob | None, ours: Blob | None, theirs: Blob | None) -> Blob | None:
    """The link that only one side has put in the place of a file, if that settles the matter.

    The project's stays whatever the template changed in the file. The template's comes if the
    project left the content as it was; whether a link is executable means nothing.
    """
    if base is None or ours is None or theirs is None or base.mode not in REGULAR:
        return None
    if ours.mode == LINK and theirs.mode in REGULAR:
        return ours
    unchanged = ours.mode in REGULAR and ours.data == base.data
    return theirs if theirs.mode == LINK and unchanged else None
