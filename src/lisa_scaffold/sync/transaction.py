"""Change a project so that it is as before or as after, whatever happens in between.

Everything that will be written is first laid down in a folder below git's own, or beside the files
where there is no git. Then git's index is locked, by git's own protocol, and the folder is renamed:
from that moment on the change counts as decided. A command that is killed before has touched
nothing; one that is killed later is completed by the next. A step that fails (a full disk, a folder
that may not be written) takes all steps back: until the end, a file that is replaced or removed
keeps a second name.

The folder may have come with the project, from somebody else: it is examined before it is trusted,
and whatever it says, nothing outside the project is written.
"""

from __future__ import annotations

import fcntl
import json
import os
import shlex
import shutil
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from lisa_scaffold import files, git, workplace
from lisa_scaffold.errors import LisaError, RoomError
from lisa_scaffold.git import Blob, Repository
from lisa_scaffold.pattern import compile_lazily
from lisa_scaffold.project.tree import JOURNAL
from lisa_scaffold.sync import kept_report, plan, replay
from lisa_scaffold.sync.outcome import Synced
from lisa_scaffold.template import cache

Step = Mapping[str, Any]

_OBJECT = compile_lazily(r"objects/[0-9a-f]{2}/(?:[0-9a-f]{38}|[0-9a-f]{62})")
_LOCK = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


class Place(NamedTuple):
    """A project, and where the journal of its changes is kept.

    Attributes
    ----------
    top
        The folder of the project's repository, or its own where there is none.
    folder
        The journal's folder.
    repository
        The repository that the project lies in; ``None`` for a folder without git.
    """

    top: Path
    folder: Path
    repository: Repository | None = None

    @property
    def mark(self) -> Path:
        """Without git: the file that names the mark by which the user's own journal is known."""
        return self.folder / "mark"


class Recovered(NamedTuple):
    """What became of a change that a killed command left behind.

    Attributes
    ----------
    message
        The outcome, as a sentence.
    completed
        Whether the project was changed by it.
    """

    message: str
    completed: bool


def find_place(found: Repository | Path) -> Place:
    """Where the journal is kept: in a folder of a repository, below git's own."""
    if isinstance(found, Path):
        if not any(os.path.lexists(above / ".git") for above in (found, *found.resolve().parents)):
            return Place(found, found / JOURNAL)
        found = git.find_repository(found)
    return Place(found.top, found.git_dir / "lisa-scaffold", found)


@contextmanager
def lock_project(place: Place) -> Iterator[Path]:
    """Let one process at a time change a project; the lock of a killed one is free.

    Yields
    ------
    Path
        The folder for the journal.
    """
    without_git = place.repository is None
    if place.repository:
        refuse_unwritable(place.repository)
    if without_git:
        try:
            place.folder.mkdir(mode=0o700)
        except FileExistsError:
            _refuse_foreign(place)
            raise
    try:
        with _lock(place):
            # Anybody may pack a folder of that name into a download: it is only trusted with a
            # mark that nobody but this user has.
            marks = cache.folder("marks") if without_git else None
            if marks:
                mark = os.urandom(16).hex()
                cache.write(marks / mark, b"")
                place.mark.write_text(mark)
            yield place.folder
    finally:
        if without_git and not os.path.lexists(place.folder / "pending"):
            with suppress(OSError):  # what was done stays done; the next command removes the rest
                _remove_folder(place)


@contextmanager
def _lock(place: Place) -> Iterator[None]:
    with files.open_parent(place.folder.parent, f"{place.folder.name}/lock", make=True) as (
        inner,
        name,
    ):
        lock = os.open(name, _LOCK, 0o666, dir_fd=inner)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError as error:
        raise LisaError(
            f"{place.top}: another lisa-scaffold is at work there",
            "Wait until it is done.",
        ) from error
    finally:
        os.close(lock)


def _find_mark(place: Place) -> Path | None:
    """The user's record that a command of theirs made a journal's folder."""
    marks = cache.folder("marks")
    mark = files.read(place.top, f"{JOURNAL}/mark", links=False) or b""
    record = marks and replay.is_mark(mark) and marks / mark.decode()
    return record if record and cache.read(record) is not None else None


def _remove_folder(place: Place) -> None:
    """Remove the journal's folder of a project without git; its mark last."""
    record = _find_mark(place)
    for each in place.folder.iterdir():
        if each != place.mark:
            _remove(each)
    place.mark.unlink(missing_ok=True)
    place.folder.rmdir()
    if record:
        record.unlink(missing_ok=True)


def _refuse_foreign(place: Place) -> None:
    """Raise LisaError unless a journal's folder beside the files was left by a command of ours."""
    lock = place.folder / "lock"
    if lock.is_file() and not lock.is_symlink():
        with _lock(place):
            pass
    if not _find_mark(place):
        raise LisaError(
            f"{place.folder}: not from a command of yours, or its record is lost",
            "Look at what is in it (kept/ has what was replaced, if anything), then remove it.",
        )


def refuse_unwritable(repository: Repository) -> None:
    """Raise LisaError where this user may not write what every change to a repository writes."""
    own = (repository.git_dir, repository.objects, repository.common / "refs")
    for place in own:
        if place.is_dir() and not os.access(place, os.W_OK | os.X_OK):
            raise LisaError(
                f"{place}: you may not write there",
                f"Give yourself the right: chmod -R u+w {shlex.quote(str(repository.common))}",
            )


def refuse_interrupted(found: Repository | Path) -> None:
    """Raise LisaError where a killed command left something behind; nothing is touched."""
    place = find_place(found)
    names = ("pending", "draft", "done") if place.repository else ("",)
    if any(os.path.lexists(place.folder / name) for name in names):
        raise LisaError(
            f"{place.top}: a command was interrupted there, and its change is not complete",
            "Start it again, or lisa-scaffold update: that completes the change, or drops it.",
        )


def recover(found: Repository | Path) -> Recovered | None:
    """Complete or throw away what a killed command left behind.

    Parameters
    ----------
    found
        The project's repository, or its folder where it may have none.

    Returns
    -------
    Recovered or None
        What was done; ``None`` where nothing was left behind.

    Raises
    ------
    LisaError
        If files were edited since, git's index is locked, or what is there is none of ours.
    """
    place = find_place(found)
    folder = place.folder
    if place.repository is None:
        if not os.path.lexists(folder):
            return None
        # A command that was killed at its first step, or its last, leaves nothing to lose.
        is_unused = False
        with suppress(OSError):
            sizes = {each.name: each.lstat().st_size for each in folder.iterdir()}
            is_unused = not folder.is_symlink() and sizes in ({}, {"lock": 0})
        if not is_unused:
            _refuse_foreign(place)
    elif not any(os.path.lexists(folder / name) for name in ("pending", "draft", "done")):
        return None
    with _lock(place):
        recovered = _recover(place)
        if place.repository is None:
            _remove_folder(place)
    return recovered


def _recover(place: Place) -> Recovered | None:
    pending, draft = place.folder / "pending", place.folder / "draft"
    _remove(place.folder / "done")
    if os.path.lexists(pending):
        plan = replay.read_plan(pending, place.top)
        what = "A change" if "index" in plan or "branch" in plan else "A repair"
        change = _Change(place, pending, plan)
        has_report = (pending / kept_report.FILE).exists()
        if change.is_overtaken():
            change.take_back()
            gone = "was dropped: files that it had changed are as before."
            return Recovered(f"{what} that had been interrupted {gone}", False)
        change.finish()
        more = ""
        if "index" in plan:
            shows = "lisa-scaffold update --report" if has_report else "git diff --staged"
            more = f" What it did: {shows}. Take it back, to start it again: git reset --merge."
        return Recovered(f"{what} that had been interrupted was completed.{more}", True)
    if not os.path.lexists(draft):
        return None
    _unlock_index(place, draft)
    _remove(draft)
    return Recovered(
        "A change had been interrupted before it was made: nothing of it is left.", False
    )


def _remove(path: Path) -> None:
    """Remove a folder or file of the journal; a link is removed itself, whatever it leads to."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def apply(
    repository: Repository, synced: Synced, unseen: Collection[str] = (), report: bytes = b""
) -> None:
    """Write a merge into the work tree and stage it, in one step.

    Parameters
    ----------
    repository
        The project's repository.
    synced
        The merge.
    unseen
        Paths that a sparse checkout has only in its index.
    report
        What is told of it, to be kept; empty: the one of the change before is kept.

    Raises
    ------
    LisaError
        If something stands in the way; nothing is changed then.
    OSError
        If the disk is full or a folder may not be written; nothing is changed then.
    """

    def write(draft: Path) -> None:
        plan.write(repository, synced, draft, unseen)
        if report:
            (draft / kept_report.FILE).write_bytes(report)
        _lock_index(repository, draft)

    _decide(find_place(repository), write)


def write_files(
    root: Path, contents: Mapping[str, bytes | None], stamps: Mapping[str, int]
) -> None:
    """Write files of a folder (None: removed) in one step; git's index stays as it is.

    Parameters
    ----------
    root
        The folder.
    contents
        The files.
    stamps
        Of those that are there, the time of the last change that the content knows of.

    Raises
    ------
    LisaError
        If something stands in the way, or a file was edited since; nothing is changed then.
    OSError
        If the disk is full or a folder may not be written; nothing is changed then.
    """
    if contents:
        _decide(find_place(root), lambda draft: plan.write_files(root, contents, stamps, draft))


def commit(
    repository: Repository,
    branch: str,
    message: str,
    files: Mapping[str, Blob | None],
    seal: Callable[[str], str] | None = None,
) -> None:
    """Commit files (None: removed) on a new branch; nothing else in the project changes.

    Parameters
    ----------
    repository
        The project's repository.
    branch
        The branch.
    message
        The message of the commit.
    files
        The files.
    seal
        Makes the end of the message, once the tree of the commit is known.

    Raises
    ------
    LisaError
        If the branch exists already, its name is invalid, or git does not know who commits.
    """
    git.refuse_branch(repository, branch)

    def write(draft: Path) -> None:
        draft.mkdir(mode=0o700)
        store = git.Store(draft / "store.git", repository)
        plan.write_commit(draft, branch, store.commit(repository, message, files, seal))

    _decide(find_place(repository), write)


def _decide(place: Place, write: Callable[[Path], None]) -> None:
    """Lay a change down, decide for it, and carry it out."""
    with lock_project(place) as folder:
        draft, pending = folder / "draft", folder / "pending"
        _remove(draft)
        try:
            write(draft)
            draft.rename(pending)
        except BaseException as error:
            has_no_room = workplace.has_git_no_room(error, folder)
            _unlock_index(place, draft)
            shutil.rmtree(draft, ignore_errors=True)
            if isinstance(error, OSError) and error.filename is None:
                error.filename = str(folder)  # a full disk does not say which it is
            if has_no_room:
                raise RoomError(
                    f"{folder}: no room is left there",
                    "Free some room on that disk, and try again.",
                ) from error
            raise
        _Change(place, pending, json.loads((pending / "plan.json").read_text())).finish()


@dataclass(frozen=True)
class _Change:
    """A decided change: where, the folder that holds it, and its plan."""

    place: Place
    folder: Path
    plan: Mapping[str, Any]

    def finish(self) -> None:
        """Carry the change out, or take it back as a whole; doing it again does no harm."""
        try:
            edited = self.carry_out_all()
        except (LisaError, OSError, KeyboardInterrupt):
            if not self.is_index_in_place():
                self.take_back()
                raise
            edited = []  # too late: everything is done
        self.forget()
        if edited:
            raise LisaError(
                f"{', '.join(edited)}: edited since the update was interrupted, and left as they "
                "are",
                "Compare them with the index: git diff."
                if "index" in self.plan
                else "Check again.",
            )

    @property
    def steps(self) -> list[tuple[int, str, Step]]:
        """The steps, each with its number and its path as seen from the top."""
        prefix, steps = self.plan.get("prefix", ""), self.plan.get("steps", [])
        return [(number, f"{prefix}{step['path']}", step) for number, step in enumerate(steps)]

    def is_overtaken(self) -> bool:
        """Whether somebody has put files back as they were that it had changed already.

        What they were changed to is gone then: ``git reset --hard`` takes away the only copy.
        """
        return any(
            step["new"] not in (None, step["old"])
            and files.identify_state(self.place.top, path) == step["old"]
            and not os.path.lexists(self.folder / "content" / str(number))
            for number, path, step in self.steps
        )

    def carry_out_all(self) -> list[str]:
        """Put files, objects and index in place; returns the paths that somebody has edited."""
        repository = self.place.repository
        if repository and "branch" in self.plan:
            _move_objects(self.folder / "store.git/objects", repository)
            git.start_branch(repository, self.plan["branch"], self.plan["commit"])
            return []
        staged = repository if "index" in self.plan else None
        is_locked = staged is not None and self.lock_index(staged)
        edited = [step["path"] for n, path, step in self.steps if not self.carry_out(n, path, step)]
        if staged:
            _move_objects(self.folder / "objects", staged)
            if is_locked:
                self.replace_index(staged)
            elif not self.is_index_in_place():
                git.update_index(staged, (self.folder / "index-info").read_bytes())
            with suppress(FileNotFoundError):
                (self.folder / kept_report.FILE).replace(self.place.folder / kept_report.FILE)
        return edited

    def carry_out(self, number: int, path: str, step: Step) -> bool:
        """Write or remove one path; False where somebody else has changed it meanwhile."""
        top, now = self.place.top, files.identify_state(self.place.top, path)
        if now != step["old"] or step["new"] == step["old"]:
            is_done: bool = now == step["new"]
            return is_done
        files.keep(top, path, self.folder / "kept" / str(number))
        if step["new"] is None:
            files.remove(top, path)
        else:
            files.move_in(self.folder / "content" / str(number), top, path, step["draft"])
        return True

    def take_back(self) -> None:
        """Undo what was carried out, and forget the change."""
        top = self.place.top
        for number, path, step in reversed(self.steps):
            kept = self.folder / "kept" / str(number)
            if step["new"] == step["old"] or files.identify_state(top, path) != step["new"]:
                continue
            if os.path.lexists(kept):
                files.move_in(kept, top, path, step["draft"])
            elif step["old"] is None:
                files.remove(top, path)
        _unlock_index(self.place, self.folder)
        self.forget()

    def forget(self) -> None:
        """Drop the change; a kill meanwhile leaves no half of it to carry out."""
        done = self.folder.with_name("done")
        shutil.rmtree(done, ignore_errors=True)
        try:
            self.folder.rename(done)
        except OSError:
            done = self.folder  # it is removed all the same
        # What is left of it does no harm, and is removed by the next command.
        shutil.rmtree(done, ignore_errors=True)

    def lock_index(self, repository: Repository) -> bool:
        """Lock the index again; False where it has changed since the change was decided.

        Raises
        ------
        LisaError
            If another git process holds the lock.
        """
        if _is_our_lock(repository.git_dir / "index.lock", self.folder):
            return True
        if files.identify_state(repository.git_dir, "index") != self.plan["index"]:
            return False
        _lock_index(repository, self.folder)
        return True

    def replace_index(self, repository: Repository) -> None:
        """Put the new index in place, under the lock, once it knows the files as they are.

        Otherwise ``git reset --merge`` would take them for edited. Git looks at a copy: a lock that
        it takes itself, and is killed with, would belong to nobody.
        """
        known, last = self.folder / "known", self.folder / "last"
        lock = repository.git_dir / "index.lock"
        known.unlink(missing_ok=True)
        files.copy(self.folder / "index", known)
        git.refresh_index(repository, known)
        last.unlink(missing_ok=True)
        _link(known, last)
        last.replace(lock)
        lock.replace(repository.git_dir / "index")

    def is_index_in_place(self) -> bool:
        repository = self.place.repository
        return repository is not None and _is_same(
            self.folder / "known", repository.git_dir / "index"
        )


def _move_objects(objects: Path, repository: Repository) -> None:
    """Take objects over: no link on the way is followed, and only names of objects count."""
    for path in objects.glob("??/*"):
        inner = f"objects/{path.parent.name}/{path.name}"
        if _OBJECT.fullmatch(inner) and not os.path.lexists(repository.common / inner):
            files.move_in(path, repository.common, inner, files.make_draft_name())


def _lock_index(repository: Repository, folder: Path) -> None:
    """Take git's lock, with the new index as its content: it tells whose lock it is."""
    lock = repository.git_dir / "index.lock"
    aside = folder / "index.lock"
    aside.unlink(missing_ok=True)
    files.copy(folder / "index", aside)
    try:
        _link(aside, lock)
    except FileExistsError as error:
        raise LisaError(
            f"{lock}: another git process is at work",
            "Wait until it is done (or remove the file if none is), then run the command again.",
        ) from error


def _link(path: Path, other: Path) -> None:
    """Give a file a second name that is not taken; without hard links, make a copy there."""
    try:
        os.link(path, other)
    except FileExistsError:
        raise
    except OSError:
        with other.open("xb") as copy:
            copy.write(path.read_bytes())


def _unlock_index(place: Place, folder: Path) -> None:
    """Release git's lock, if a change in this folder has taken it."""
    if place.repository:
        lock = place.repository.git_dir / "index.lock"
        if _is_our_lock(lock, folder):
            lock.unlink()


def _is_our_lock(lock: Path, folder: Path) -> bool:
    return any(_is_same(folder / name, lock) for name in ("index.lock", "known"))


def _is_same(prepared: Path, found: Path) -> bool:
    """Whether a file is the prepared one, by its second name or as a copy."""
    with suppress(FileNotFoundError):
        if os.path.samestat(prepared.lstat(), found.lstat()):
            return True
        one, other = (files.identify_state(each.parent, each.name) for each in (prepared, found))
        return one is not None and one == other
    return False
