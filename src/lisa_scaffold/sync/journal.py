"""Change a project so that it is as before or as after, whatever comes between.

Everything that will be written is first laid down in a folder below git's own, or beside the files
where there is no git. Then git's index is
locked, by git's own protocol, and the folder renamed: from that moment on the change counts as
decided. A command that is killed before has touched nothing; one that is killed later is completed
by whoever comes next. A step that fails (a disk that is full, a folder that may not be written)
takes all steps back: a file that is replaced or removed is kept, by a second name, to the end.

What lies there may have come with the project, from somebody else: it is looked through before it
is believed, and whatever it says, nothing outside of the project is written.
"""

from __future__ import annotations

import fcntl
import json
import os
import re
import shutil
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple

from lisa_scaffold import files, git
from lisa_scaffold.errors import LisaError
from lisa_scaffold.git import Blob, Repository
from lisa_scaffold.project.tree import JOURNAL
from lisa_scaffold.sync import plan, replay
from lisa_scaffold.sync.trees import Synced
from lisa_scaffold.template import cache

Step = Mapping[str, Any]

_OBJECT = re.compile(r"objects/[0-9a-f]{2}/(?:[0-9a-f]{38}|[0-9a-f]{62})")
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
        """In a folder without git: the file that says which mark of the user's is its own."""
        return self.folder / "mark"


class Recovered(NamedTuple):
    """What became of a change that a killed command left behind.

    Attributes
    ----------
    message
        That in a sentence.
    completed
        Whether the project was changed by it.
    """

    message: str
    completed: bool


def place_of(found: Repository | Path) -> Place:
    """Where the journal is kept: in a folder of a repository, below git's own."""
    if isinstance(found, Path):
        if not any(os.path.lexists(above / ".git") for above in (found, *found.resolve().parents)):
            return Place(found, found / JOURNAL)
        found = git.repository(found)
    return Place(found.top, found.git_dir / "lisa-scaffold", found)


@contextmanager
def only_one(place: Place) -> Iterator[Path]:
    """Let one process at a time change a project; a killed one gives way by itself.

    Yields
    ------
    Path
        The folder for the journal.
    """
    alone = place.repository is None
    if alone:
        try:
            place.folder.mkdir(mode=0o700)
        except FileExistsError:
            _refuse_foreign(place)
            raise
    try:
        with _locked(place):
            if alone:
                _write_mark(place)
            yield place.folder
    finally:
        if alone and not os.path.lexists(place.folder / "pending"):
            with suppress(OSError):  # what was done stays done; the next command removes the rest
                _remove_folder(place)


@contextmanager
def _locked(place: Place) -> Iterator[None]:
    with files.parent(place.folder.parent, f"{place.folder.name}/lock", make=True) as (inner, name):
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


def _write_mark(place: Place) -> None:
    """Mark the journal's folder of a project without git with what only this user has.

    Anybody may pack a folder of that name into what is downloaded: one without such a mark is
    never believed.
    """
    marks = cache.folder("marks")
    if marks is not None:
        mark = os.urandom(16).hex()
        cache.write(marks / mark, b"")
        place.mark.write_text(mark)


def _remove_folder(place: Place) -> None:
    """Remove the journal's folder of a project without git; its mark last."""
    kept = _kept_mark(place)
    for each in place.folder.iterdir():
        if each == place.mark:
            continue
        if each.is_dir() and not each.is_symlink():
            shutil.rmtree(each)
        else:
            each.unlink()
    place.mark.unlink(missing_ok=True)
    place.folder.rmdir()
    if kept:
        kept.unlink(missing_ok=True)


def _kept_mark(place: Place) -> Path | None:
    """What shows that a journal's folder was made by a command of this user."""
    marks = cache.folder("marks")
    said = files.read(place.top, f"{JOURNAL}/mark", links=False) or b""
    kept = marks and replay.is_mark(said) and marks / said.decode()
    return kept if kept and cache.read(kept) is not None else None


def _refuse_foreign(place: Place) -> None:
    """Raise LisaError unless a journal's folder beside the files is a dead one of ours."""
    lock = place.folder / "lock"
    if lock.is_file() and not lock.is_symlink():
        with _locked(place):
            pass
    if not _kept_mark(place):
        raise LisaError(
            f"{place.folder}: not from a command of yours, or its record is lost",
            "Look at what is in it (kept/ has what was replaced, if anything), then remove it.",
        )


def _is_unused(place: Place) -> bool:
    """Whether a command was killed at its first step, or its last: there is nothing to lose."""
    with suppress(OSError):
        found = {each.name: each.lstat().st_size for each in place.folder.iterdir()}
        return not place.folder.is_symlink() and found in ({}, {"lock": 0})
    return False


def refuse_interrupted(found: Repository | Path) -> None:
    """Raise LisaError where a killed command has left something behind; nothing is touched."""
    place = place_of(found)
    names = ("pending", "draft", "done") if place.repository else ("",)
    if any(os.path.lexists(place.folder / name) for name in names):
        raise LisaError(
            f"{place.top}: a command was interrupted there, and its change is not complete",
            "Run the command without --dry-run first: that completes the change, or drops it.",
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
    place = place_of(found)
    folder = place.folder
    if place.repository is None:
        if not os.path.lexists(folder):
            return None
        if not _is_unused(place):
            _refuse_foreign(place)
    elif not any(os.path.lexists(folder / name) for name in ("pending", "draft", "done")):
        return None
    with _locked(place):
        said = _recover(place)
        if place.repository is None:
            _remove_folder(place)
    return said


def _recover(place: Place) -> Recovered | None:
    folder = place.folder
    _remove(folder / "done")
    if os.path.lexists(folder / "pending"):
        change = replay.checked(folder / "pending", place.top)
        what = "An update" if "index" in change or "branch" in change else "A repair"
        _finish(place, folder / "pending", change)
        return Recovered(f"{what} that had been interrupted was completed.", True)
    if not os.path.lexists(folder / "draft"):
        return None
    _unlock(place, folder / "draft")
    _remove(folder / "draft")
    return Recovered("A change had been interrupted before it was made: start it again.", False)


def _remove(folder: Path) -> None:
    """Remove a folder of the journal; a link of that name is none, and goes itself."""
    if folder.is_symlink():
        folder.unlink()
    elif folder.exists():
        shutil.rmtree(folder)


def apply(repository: Repository, synced: Synced, unseen: Collection[str] = ()) -> None:
    """Write a merge into the work tree and stage it, in one step.

    Parameters
    ----------
    repository
        The project's repository.
    synced
        The merge.
    unseen
        Paths that a sparse checkout has in its index alone.

    Raises
    ------
    LisaError
        If something stands in the way; nothing is changed then.
    OSError
        If the disk is full or a folder may not be written; nothing is changed then.
    """

    def write(draft: Path) -> None:
        plan.write(repository, synced, draft, unseen)
        _lock_index(repository, draft)

    _decide(place_of(repository), write)


def repair(root: Path, contents: Mapping[str, bytes | None]) -> None:
    """Write files of a folder (None: removed) in one step; git's index stays as it is.

    Raises
    ------
    LisaError
        If something stands in the way; nothing is changed then.
    OSError
        If the disk is full or a folder may not be written; nothing is changed then.
    """
    if contents:
        _decide(place_of(root), lambda draft: plan.write_files(root, contents, draft))


def commit(
    repository: Repository, branch: str, message: str, files: Mapping[str, Blob | None]
) -> None:
    """Commit files (None: removed) on a new branch; nothing else in the project changes.

    Raises
    ------
    LisaError
        If the branch exists already, its name is none, or git knows nobody who commits.
    """
    git.refuse_branch(repository, branch)

    def write(draft: Path) -> None:
        draft.mkdir(mode=0o700)
        store = git.Store(draft / "store.git", repository)
        plan.write_commit(draft, branch, store.commit(repository, message, files))

    _decide(place_of(repository), write)


def _decide(place: Place, write: Callable[[Path], None]) -> None:
    """Lay a change down, decide for it, and carry it out."""
    with only_one(place) as folder:
        draft = folder / "draft"
        _remove(draft)
        try:
            write(draft)
            draft.rename(folder / "pending")
        except BaseException as error:
            _unlock(place, draft)
            shutil.rmtree(draft, ignore_errors=True)
            if isinstance(error, OSError) and error.filename is None:
                error.filename = str(folder)  # a disk that is full does not say which
            raise
        _finish(place, folder / "pending", json.loads((folder / "pending/plan.json").read_text()))


def _finish(place: Place, pending: Path, change: Mapping[str, Any]) -> None:
    """Carry a decided change out, or take it back whole; doing it again does no harm."""
    try:
        edited = _carry_out_all(place, pending, change)
    except (LisaError, OSError, KeyboardInterrupt):
        if not _is_in_place(place, pending):
            _take_back(place, pending, change)
            raise
        edited = []  # too late: all is done
    _forget(pending)
    if edited:
        raise LisaError(
            f"{', '.join(edited)}: edited since the update was interrupted, and left as they are",
            "Compare them with the index: git diff." if "index" in change else "Check again.",
        )


def _carry_out_all(place: Place, pending: Path, change: Mapping[str, Any]) -> list[str]:
    """Put files, objects and index in their places; returns paths that somebody has edited."""
    repository = place.repository
    if repository and "branch" in change:
        _move_objects(pending / "store.git/objects", repository)
        git.start_branch(repository, change["branch"], change["commit"])
        return []
    staged = repository if "index" in change else None
    locked = staged and _lock_again(staged, pending, change["index"])
    edited = [
        step["path"]
        for number, (path, step) in enumerate(_steps(change))
        if not _carry_out(place.top, path, step, pending, number)
    ]
    if staged:
        _move_objects(pending / "objects", staged)
        if locked:
            _replace_index(staged, pending)
        elif not _is_in_place(place, pending):
            git.update_index(staged, (pending / "index-info").read_bytes())
    return edited


def _replace_index(repository: Repository, pending: Path) -> None:
    """Put the new index in place, under the lock, once it knows the files as they are.

    Without a look at them, ``git reset --merge`` would take them for edited. Git looks at a copy:
    a lock that it takes itself and is killed with would be nobody's.
    """
    known, last, lock = pending / "known", pending / "last", repository.git_dir / "index.lock"
    known.unlink(missing_ok=True)
    files.copy(pending / "index", known)
    git.refresh_index(repository, known)
    last.unlink(missing_ok=True)
    _link(known, last)
    last.replace(lock)
    lock.replace(repository.git_dir / "index")


def _steps(change: Mapping[str, Any]) -> list[tuple[str, Step]]:
    """The steps of a change, each with its path as seen from the top."""
    prefix = change.get("prefix", "")
    return [(f"{prefix}{step['path']}", step) for step in change.get("steps", [])]


def _take_back(place: Place, pending: Path, change: Mapping[str, Any]) -> None:
    """Undo what was carried out of a change, and forget it."""
    for number, (path, step) in reversed([*enumerate(_steps(change))]):
        kept = pending / "kept" / str(number)
        if step["new"] == step["old"] or files.fingerprint(place.top, path) != step["new"]:
            continue
        if os.path.lexists(kept):
            files.move_in(kept, place.top, path, step["draft"])
        elif step["old"] is None:
            files.remove(place.top, path)
    _unlock(place, pending)
    _forget(pending)


def _forget(pending: Path) -> None:
    """Drop a change that needs nothing more; a kill meanwhile leaves no half of it to carry out."""
    done = pending.with_name("done")
    shutil.rmtree(done, ignore_errors=True)
    try:
        pending.rename(done)
    except OSError:
        done = pending  # it goes all the same
    # What is left of it is no trouble, and goes with the next command.
    shutil.rmtree(done, ignore_errors=True)


def _move_objects(objects: Path, repository: Repository) -> None:
    """Take objects over; no link on the way is followed, and no other name is one of an object."""
    for path in objects.glob("??/*"):
        inner = f"objects/{path.parent.name}/{path.name}"
        if _OBJECT.fullmatch(inner) and not os.path.lexists(repository.common / inner):
            files.move_in(path, repository.common, inner, files.draft_name())


def _carry_out(top: Path, path: str, step: Step, pending: Path, number: int) -> bool:
    """Write or remove one path; False where somebody else has changed it meanwhile."""
    now = files.fingerprint(top, path)
    if now != step["old"] or step["new"] == step["old"]:
        done: bool = now == step["new"]
        return done
    files.keep(top, path, pending / "kept" / str(number))
    if step["new"] is None:
        files.remove(top, path)
    else:
        files.move_in(pending / "content" / str(number), top, path, step["draft"])
    return True


def _lock_index(repository: Repository, folder: Path) -> None:
    """Take git's lock, with the new index as its content: whoever finds it knows whose it is."""
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
    """Give a file a second name that is not taken; on a disk without such, make a copy there."""
    try:
        os.link(path, other)
    except FileExistsError:
        raise
    except OSError:
        with other.open("xb") as copy:
            copy.write(path.read_bytes())


def _lock_again(repository: Repository, pending: Path, before: str | None) -> bool:
    """Whether the index is locked for the new one; False where it has changed since.

    Raises
    ------
    LisaError
        If another git process holds the lock.
    """
    lock = repository.git_dir / "index.lock"
    if _is_ours(lock, pending):
        return True
    if files.fingerprint(repository.git_dir, "index") != before:
        return False
    _lock_index(repository, pending)
    return True


def _unlock(place: Place, folder: Path) -> None:
    if place.repository is None:
        return
    lock = place.repository.git_dir / "index.lock"
    if _is_ours(lock, folder):
        lock.unlink()


def _is_ours(lock: Path, folder: Path) -> bool:
    """Whether git's lock is the one that a change in this folder has taken."""
    return any(_is_same(folder / name, lock) for name in ("index.lock", "known"))


def _is_in_place(place: Place, pending: Path) -> bool:
    if place.repository is None:
        return False
    return _is_same(pending / "known", place.repository.git_dir / "index")


def _is_same(prepared: Path, found: Path) -> bool:
    """Whether a file is the prepared one, by its second name or as a copy."""
    with suppress(FileNotFoundError):
        if os.path.samestat(prepared.lstat(), found.lstat()):
            return True
        one, other = (files.fingerprint(each.parent, each.name) for each in (prepared, found))
        return one is not None and one == other
    return False
