"""Merge a newer render into a project, path by path."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from lisa_scaffold import files, merge
from lisa_scaffold.errors import LisaError
from lisa_scaffold.files import is_git_folder
from lisa_scaffold.git import SUBMODULE, Blob, Difference, Stage, Store
from lisa_scaffold.model import Declined, Merged, Partial, Weight
from lisa_scaffold.pattern import compile_lazily
from lisa_scaffold.project import find_conflict_marker
from lisa_scaffold.project.gitlab import FILE, name_overrides
from lisa_scaffold.sync import forgotten
from lisa_scaffold.sync.clashes import BASE, OURS, THEIRS, Clash, find_clashes
from lisa_scaffold.sync.dependents import find_broken, find_places
from lisa_scaffold.sync.ignored import take_back_paths
from lisa_scaffold.sync.outcome import LOCKED, Conflict, Policy, Synced, patch
from lisa_scaffold.sync.recopy import take_out_skipped
from lisa_scaffold.sync.seeded import Tree, hold_back

LINK = "120000"
REGULAR = frozenset({"100644", "100755"})

# In a file that both sides renamed, git makes the markers longer and names both paths.
_LONG_MARKER = compile_lazily(rb"^(<{7}|={7}|>{7})[<=>](?=$| (?:project|template):)", re.MULTILINE)

Sides = tuple[Blob | None, Blob, Blob | None]


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
    base, theirs = dict(base), dict(theirs)
    base.pop(policy.recorded_in, None)
    answers = theirs.pop(policy.answers_file, None)
    missed = take_out_skipped(base, theirs, policy)
    present = store.entries(ours, {*base, *theirs, *records})
    edited = _find_edited(store, base, present)
    held = hold_back(base, theirs, present, policy.seeded, policy.was_seeded)
    replaced = _find_replaced(store, base, theirs, edited)
    for path in replaced:
        # A rename follows the content, and that is gone here: the template's new file is new.
        del base[path]
    merged = store.merge(base, ours, theirs)
    differences = {each.path: each for each in store.changed(ours, merged.tree)}
    # The content of every object that a decision needs is read at once.
    stages = [stage for sides in merged.conflicts.values() for stage in sides.values()]
    stages += [stage for each in differences.values() for stage in (each.old, each.new)]
    stages += edited.values()
    wanted = (stage.oid for stage in stages if stage.exists and stage.mode != SUBMODULE)
    settling = _Settling(store, policy, ours, base, theirs, present, edited, store.read(wanted))
    synced = settling.synced
    synced.note_skipped(missed)
    for path in held.dropped:
        synced.keep(path, "the template no longer has it; it is the project's.")
    for path in held.moved:
        synced.note(path, "it moves with its folder; where it names that, the change is yours.")
    for path in replaced:
        synced.keep(path, f"{settling.say_dropped(path)}; the project has replaced it.")
    for path in held.missed:
        # Written once: neither comes it back, nor does a report tell of it each time.
        synced.leave_out(path)
    clashes = find_clashes(merged)
    changed = [path for path, each in differences.items() if each.old.exists and each.new.exists]
    both = {path for path in changed if settling.is_edited(differences[path])}
    both |= {clash.path for clash in clashes if {OURS, THEIRS} <= clash.stages.keys()}
    settling.drivers = policy.drivers(path for path in sorted(both) if not policy.locked(path))
    taken = {path for clash in clashes for path in clash.paths}
    clean = {path: each for path, each in differences.items() if path not in taken}
    settling.added = added = [path for path, each in clean.items() if each.is_addition]
    for clash in clashes:
        settling.settle_clash(clash, differences.get(clash.path))
    blocked = {clash.below: clash for clash in clashes if clash.below}
    # Git looks at nothing below a link.
    ignored = policy.ignored(path for path in added if not path.startswith(tuple(blocked)))
    for path, difference in clean.items():
        if path in ignored and not policy.locked(path):
            synced.leave_out(path, "the template adds it, .gitignore names it.")
        elif below := next(filter(path.startswith, blocked), None):
            what = "link" if blocked[below].stages[OURS].mode == LINK else "file"
            synced.leave_out(path, f"the template has a folder where the project has a {what}.")
            synced.offer(path, patch(path, None, settling.blob(difference.new)), None)
        else:
            settling.settle_clean(difference)
    take_back_paths(synced, store, ours, {path for path in ignored if path in synced.files})
    settling.leave_out_broken()
    settling.settle_deleted()
    settling.settle_answers(answers)
    settling.note_forgotten()
    synced.changes.sort(key=lambda change: change.path)
    return synced


def _find_edited(store: Store, base: Tree, present: Mapping[str, Stage]) -> dict[str, Stage]:
    """The files of the template that the project has otherwise than the recorded version."""
    return {
        path: stage
        for path, stage in present.items()
        if stage.mode in REGULAR
        if path not in base or stage.oid != store.oid(base[path].data)
    }


def _find_replaced(
    store: Store, base: Tree, theirs: Tree, edited: Mapping[str, Stage]
) -> list[str]:
    """Files that the template moves or deletes, and of which the project has left nothing."""
    oids = {
        path: stage.oid
        for path, stage in edited.items()
        if path in base and path not in theirs and base[path].mode in REGULAR
    }
    contents = store.read(oids.values())
    return [path for path, oid in oids.items() if merge.is_replaced(base[path].data, contents[oid])]


@dataclass
class _Settling:
    """Settles a merge path by path: the sides, and what has come of it so far."""

    store: Store
    policy: Policy
    ours: str
    base: Tree
    theirs: Tree
    present: Mapping[str, Stage]
    edited: Mapping[str, Stage]
    objects: Mapping[str, bytes]
    synced: Synced = field(default_factory=Synced)
    drivers: Mapping[str, str] = field(default_factory=dict)
    added: Sequence[str] = ()
    deleted: dict[str, tuple[Blob, Blob]] = field(default_factory=dict)

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
            synced.note(
                was,
                "the template writes no answers file any more; what it records as _commit was "
                "moved on, so that the next update begins here.",
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

    def say_dropped(self, path: str) -> str:
        """That the template no longer has a path, and where it seems to have its file instead."""
        was = path if path in self.base else self.origins.get(path, path)
        name, stem = was.rpartition("/")[2], was.rpartition(".")[0] or was
        new = [each for each in self.theirs if each not in self.base]
        places = [each for each in new if each.rpartition("/")[2] == name]
        places = places or [each for each in new if each.rpartition(".")[0] == stem]
        known = "" if was == path else f", which the project moved here from {was}"
        instead = f", but {places[0]}" if len(places) == 1 else ""
        return f"the template no longer has it{known}{instead}"

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
        if forgotten.find_conflicts(path, ours, base, theirs):
            if base and theirs and not forgotten.are_kept(path, ours, new):
                self.settle_forgotten(path, {BASE: base, OURS: ours, THEIRS: theirs}, was)
            else:
                self.synced.settle(path, "merged", new, was)
            return
        problem = None
        if base and theirs and {base.mode, ours.mode, theirs.mode} <= REGULAR:
            problem = merge.check_clean(path, base.data, ours.data, theirs.data, new.data)
        if problem is None or base is None or theirs is None:
            self.synced.settle(path, "merged", new, was)
            return
        whole = b"<<<<<<< project\n%s\n=======\n%s\n>>>>>>> template\n" % (
            ours.data.removesuffix(b"\n"),
            theirs.data.removesuffix(b"\n"),
        )
        blobs = {BASE: base, OURS: ours, THEIRS: theirs}
        self.settle_content(path, blobs, Blob(ours.mode, whole), was)
        conflict = self.synced.conflicts.get(path)
        if self.policy.locked(path):
            return  # the template's stands there
        if conflict is None:
            todo = "it was merged by its parts instead: look it over"
        elif conflict.content.data == whole:
            todo = "both sides stand there as a whole: put them together by hand"
        else:
            todo = "put together by hand what stands between the markers"
        self.synced.note(
            path,
            f"git's merge of its lines is wrong ({problem.rstrip('.')}); {todo}.",
            weight=Weight.ASKS,
        )

    def settle_driven(self, path: str, blobs: Mapping[int, Blob], was: str | None) -> None:
        """A path that both sides changed, and that is not merged as text, as attributes say."""
        base, ours, theirs = blobs.get(BASE), blobs[OURS], blobs[THEIRS]
        driver = self.drivers[path]
        if driver == "union":
            sides = (base.data if base else b"", ours.data, theirs.data)
            self.synced.settle(path, "merged", Blob(ours.mode, self.store.unite(*sides)), was)
            return
        if driver == "ours":
            self.synced.keep(path, "its attribute merge=ours keeps it.")
            self.synced.offer(path, patch(path, base, theirs), ours)
        else:
            self.synced.conflict(path, Conflict(blobs, ours), was)
            was = None
            self.synced.note(
                path,
                "its attributes let nobody merge it: it is as the project has it; for the "
                "template's, git checkout --theirs.",
            )
        if was:
            self.synced.files[path] = ours

    def settle_forgotten(self, path: str, blobs: Mapping[int, Blob], was: str | None) -> None:
        """A path that the template changes where the project has committed a conflict.

        Markers around markers are no help to anybody: the project's stays, the change beside it.
        """
        ours = blobs[OURS]
        if self.policy.locked(path):
            self.settle_locked(path, blobs, was)
            return
        if was:
            self.synced.settle(path, "renamed", ours, was)
        else:
            self.synced.keep(path)
        self.synced.note(path, "the template's change is not taken, as a conflict is in the way.")
        self.synced.offer(path, patch(path, blobs.get(BASE), blobs[THEIRS]), ours)

    def settle_locked(self, path: str, blobs: Mapping[int, Blob], was: str | None) -> None:
        """A path that belongs to the template, where no merge was safe."""
        theirs = blobs[THEIRS]
        self.synced.settle(path, "updated", theirs, was)
        kept = name_overrides(path, blobs.get(BASE, theirs).data, blobs[OURS].data)
        remedy = f" To have them all the same, write in {FILE}: {kept}." if kept else ""
        self.synced.note(path, f"{LOCKED}{remedy}", weight=Weight.ASKS)
        self.synced.offer(path, patch(path, blobs.get(BASE, theirs), blobs[OURS]), theirs)

    def note_forgotten(self) -> None:
        """Say where the project has committed conflicts, in whatever file the template has."""
        synced = self.synced
        origins = {change.path: change.was for change in synced.changes if change.was}
        now = {path: self.blob(stage) for path, stage in self.edited.items()} | synced.shown()
        for path in sorted(now.keys() - synced.conflicts.keys()):
            sides = self.base.get(origins.get(path, path)), self.theirs.get(path)
            if found := forgotten.find_conflicts(path, now[path], *sides):
                synced.note(path, forgotten.describe(found), weight=Weight.ASKS)

    def settle_clash(self, clash: Clash, marked: Difference | None) -> None:
        """A file that git left in conflict; ``marked`` is what git put in its place."""
        path, was, synced = clash.path, marked.was if marked else None, self.synced
        if any(stage.mode == SUBMODULE for stage in clash.stages.values()):
            synced.keep(path, "a submodule stands where the template has a file.")
            return
        blobs = {number: self.blob(stage) for number, stage in clash.stages.items()}
        sides = self.base.get(path), blobs.get(OURS), blobs.get(THEIRS)
        link = _find_link(*sides)
        if clash.renamed:
            self.settle_renamed(path, clash.renamed, blobs[OURS], marked)
        elif link and link is sides[1]:
            synced.keep(path, "the project has made a link of it, the template changed the file.")
            synced.offer(path, patch(path, sides[0], sides[2]), None)
        elif link:
            synced.settle(path, "updated", link)
        elif OURS in blobs and THEIRS in blobs:
            shown = self.blob(marked.new) if marked and marked.new.exists else blobs[OURS]
            shown = shown if shown.mode == blobs[OURS].mode else blobs[OURS]
            self.settle_content(path, blobs, shown, was)
        elif OURS in blobs:
            self.settle_dropped(path, blobs.get(BASE), blobs[OURS])
        elif BASE in blobs:
            self.deleted[path] = blobs[BASE], blobs.get(THEIRS, blobs[BASE])
        elif clash.folder:
            synced.leave_out(path, "the project has a folder where the template has a file.")
            synced.offer(path, patch(path, None, blobs[THEIRS]), None)
        else:
            synced.settle(path, "added", blobs[THEIRS])
        # Once the content of a moved path has arrived, its old name is removed.
        if was and synced.shown().get(path):
            synced.files.setdefault(was, None)

    def settle_deleted(self) -> None:
        """Paths that the project deleted and the template changed: of old ones nothing is said."""
        origins = {path: self.find_origin(path, old) for path, (old, _) in self.deleted.items()}
        settled = self.policy.settled(origins.values()) if origins else set()
        for path, (old, new) in self.deleted.items():
            origin = origins[path]
            if origin in settled:
                self.synced.leave_out(path)
                continue
            if origin != path:
                note = f"the project deleted {origin}, which the template has moved here."
            else:
                note = "the project deleted it, the template changed it."
            self.synced.leave_out(path, note)
            self.synced.offer(path, patch(path, old, new), None)

    def find_origin(self, path: str, old: Blob) -> str:
        """Where the recorded version has a file that the template may have moved."""
        if path in self.base:
            return path
        return next((each for each, blob in self.base.items() if blob.data == old.data), path)

    def settle_dropped(self, path: str, base: Blob | None, ours: Blob) -> None:
        """A path that the template no longer has, and that the project edited."""
        if base is None:
            self.synced.keep(path, "the template has a folder of that name.")
            return
        moved, dropped = merge.find_moved_pins(path, base.data, ours.data), self.say_dropped(path)
        if ours.mode == LINK != base.mode:
            self.synced.keep(path, f"{dropped}; the project has made a link of it.")
            return
        if base.data == ours.data and path not in self.base:
            self.synced.keep(path, f"{dropped}.")
            return
        if base.data.split() == ours.data.split():
            what = "changed only white space in it"
        elif moved:
            what = f"only moved versions in it ({'; '.join(moved)})"
        elif merge.has_only_reformatted(path, base.data, ours.data):
            what = "only formatted it otherwise"
        else:
            self.synced.keep(path, f"{dropped}; the project edited it.")
            return
        self.synced.settle(path, "removed", None)
        self.synced.note(path, f"{dropped}; the project {what}.")

    def settle_renamed(
        self, path: str, names: tuple[str, str], whole: Blob, marked: Difference | None
    ) -> None:
        """A file that both sides renamed, each to another name: the project's name stays.

        ``whole`` is git's merge of both sides' content, with markers where they conflict.
        """
        before, there = names
        note = f"the template moves {before} to {there}, the project has moved it here"
        ours = self.blob(marked.old) if marked else whole
        base, theirs = self.base[before], self.theirs[there]
        whole = Blob(whole.mode, _LONG_MARKER.sub(rb"\1", whole.data))
        if ours.data == whole.data:
            self.synced.keep(path, f"{note}.")
            return
        in_conflict = find_conflict_marker(whole.data) and not find_conflict_marker(ours.data)
        if in_conflict and self.is_in_new_folder(there):
            # Each side has made something of its own of one file, with more beside it.
            self.synced.keep(path, f"{note}; the template's comes beside it.")
            self.synced.settle(there, "added", theirs)
            return
        self.synced.note(path, f"{note}.")
        if ours.data == base.data:
            self.synced.settle(path, "updated", whole)
        elif in_conflict:
            self.settle_content(path, {BASE: base, OURS: ours, THEIRS: theirs}, whole)
        else:
            self.settle_merged(path, (base, ours, theirs), whole)

    def is_in_new_folder(self, path: str) -> bool:
        """Whether the update brings others of a file's folder, which is new to the project."""
        folder = path.rpartition("/")[0] + "/"
        is_new = not any(known.startswith(folder) for known in self.present)
        return is_new and any(each.startswith(folder) for each in self.added)

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
            synced.notes = [note for note in synced.notes if note.path != path]
            for offered in (synced.patches, synced.quotations):
                offered.pop(path, None)
            note = f"the template's needs {module}, which the project has not."
            old = self.present.get(path)
            present = self.blob(old) if old else None
            (synced.keep if present else synced.leave_out)(path, note)
            before = (self.base.get(path) or present) if present else None
            synced.offer(path, patch(path, before, self.theirs[path]), present)

    def merge_contents(
        self, path: str, base: bytes | None, ours: bytes, theirs: bytes
    ) -> Merged | Declined | Partial | None:
        """The surest merge that there is for a file's type."""
        keep_prose = self.policy.keep_prose
        result = merge.merge_file(path, base, ours, theirs, keep_prose=keep_prose)
        if result is None:
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
        if forgotten.find_conflicts(path, ours, base, theirs):
            self.settle_forgotten(path, blobs, was)
            return
        if self.policy.locked(path):
            # Whatever could be made of both: in such a file nothing of the project's is to stand
            # where the template changes something.
            self.settle_locked(path, blobs, was)
            return
        former = base and base.data
        regular = {side.mode for side in (base, ours, theirs) if side} <= REGULAR
        contents = former, ours.data, theirs.data
        result = self.merge_contents(path, *contents) if regular else None
        if regular and result is None:
            result = merge.mark_whole(path, *contents, marked.data)
        mode = theirs.mode if base and base.mode == ours.mode else ours.mode
        synced = self.synced
        if isinstance(result, Partial):
            chosen = Blob(mode, result.ours), Blob(mode, result.theirs)
            shown = Blob(mode, result.content)
            synced.conflict(path, Conflict(blobs, shown, result.places, *chosen), was)
        elif isinstance(result, Merged | Declined):
            shown = Blob(mode, result.content)
            if was or shown != ours:
                synced.settle(path, "renamed" if was and shown == ours else "merged", shown, was)
            else:
                synced.keep(path)
        else:
            places = sum(line.startswith(b"<<<<<<< ") for line in marked.data.splitlines())
            synced.conflict(path, Conflict(blobs, marked, max(places, 1)), was)
            if large := merge.explain_excess(*contents):
                synced.note(path, large)
            return
        synced.note(path, *([result.reason] if isinstance(result, Declined) else result.notes))
        if result.patch:
            synced.offer(path, result.patch, shown)


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
