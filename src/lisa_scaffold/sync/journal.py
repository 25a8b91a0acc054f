"""Apply a merge to a project so that it is as before or as after, whatever comes between.

Everything that will be written is first laid down in a folder below git's own. Then git's index is
locked, by git's own protocol, and the folder renamed: from that moment on the change counts as
decided. A command that is killed before has touched nothing; one that is killed later is completed
by whoever comes next. A step that fails (a disk that is full, a folder that may not be written)
takes all steps back: a file that is replaced or removed is kept, by a second name, to the end.
"""

from __future__ import annotations

import errno
import fcntl
import json
import os
import shutil
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from lisa_scaffold import git
from lisa_scaffold.errors import LisaError
from lisa_scaffold.git import Blob, Repository
from lisa_scaffold.sync import plan
from lisa_scaffold.sync.plan import fingerprint
from lisa_scaffold.sync.trees import Synced

Step = Mapping[str, Any]


@contextmanager
def only_one(repository: Repository) -> Iterator[Path]:
    """Let one process at a time change a project; a killed one gives way by itself.

    Yields
    ------
    Path
        The folder for the journal, below git's own folder.
    """
    folder = repository.git_dir / "lisa-scaffold"
    folder.mkdir(exist_ok=True)
    with (folder / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise LisaError(
                f"{repository.top}: another lisa-scaffold is at work there",
                "Wait until it is done.",
            ) from error
        yield folder


def recover(repository: Repository) -> str | None:
    """Complete or throw away what a killed command left behind.

    Returns
    -------
    str or None
        What was done, in a sentence; ``None`` where nothing was left behind.

    Raises
    ------
    LisaError
        If files were edited since, or git's index is locked.
    """
    folder = repository.git_dir / "lisa-scaffold"
    if not any((folder / name).exists() for name in ("pending", "draft", "done")):
        return None
    with only_one(repository):
        shutil.rmtree(folder / "done", ignore_errors=True)
        if (folder / "pending").exists():
            _finish(repository, folder / "pending")
            return "An update that had been interrupted was completed."
        if not (folder / "draft").exists():
            return None
        _unlock(repository, folder / "draft")
        shutil.rmtree(folder / "draft")
        return "An update had been interrupted before it changed anything: start it again."


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

    _decide(repository, write)


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
        draft.mkdir()
        store = git.Store(draft / "store.git", repository)
        name = store.commit(repository, message, files)
        (draft / "plan.json").write_text(json.dumps({"branch": branch, "commit": name}))

    _decide(repository, write)


def _decide(repository: Repository, write: Callable[[Path], None]) -> None:
    """Lay a change down, decide for it, and carry it out."""
    with only_one(repository) as folder:
        draft = folder / "draft"
        shutil.rmtree(draft, ignore_errors=True)
        try:
            write(draft)
            draft.rename(folder / "pending")
        except BaseException as error:
            _unlock(repository, draft)
            shutil.rmtree(draft, ignore_errors=True)
            if isinstance(error, OSError) and error.filename is None:
                error.filename = str(folder)  # a disk that is full does not say which
            raise
        _finish(repository, folder / "pending")


def _finish(repository: Repository, pending: Path) -> None:
    """Carry a decided change out, or take it back whole; doing it again does no harm."""
    change: dict[str, Any] = json.loads((pending / "plan.json").read_text())
    try:
        if "branch" in change:
            _move_objects(pending / "store.git/objects", repository.objects)
            git.start_branch(repository, change["branch"], change["commit"])
            edited = []
        else:
            edited = _carry_out_all(repository, pending, change)
    except (git.GitError, OSError, KeyboardInterrupt):
        if not _is_in_place(repository, pending):
            _take_back(repository, pending, change.get("steps", []))
            raise
        edited = []  # too late: all is done
    # Without a look at the files, `git reset --merge` would take them for edited.
    git.refresh_index(repository)
    _forget(pending)
    if edited:
        raise LisaError(
            f"{', '.join(edited)}: edited since the update was interrupted, and left as they are",
            "Compare them with the index: git diff.",
        )


def _carry_out_all(repository: Repository, pending: Path, change: Mapping[str, Any]) -> list[str]:
    """Put files, objects and index in their places; returns paths that somebody has edited."""
    root = repository.top / repository.prefix
    edited = []
    locked = _lock_again(repository, pending, change["index"])
    for number, step in enumerate(change["steps"]):
        if not _carry_out(root, step, pending, str(number)):
            edited.append(step["path"])
    _move_objects(pending / "objects", repository.objects)
    if locked:
        (repository.git_dir / "index.lock").replace(repository.git_dir / "index")
    elif not _is_in_place(repository, pending):
        git.update_index(repository, (pending / "index-info").read_bytes())
    return edited


def _take_back(repository: Repository, pending: Path, steps: list[Step]) -> None:
    """Undo what was carried out of a change, and forget it."""
    root = repository.top / repository.prefix
    for number, step in reversed([*enumerate(steps)]):
        path, kept = root / step["path"], pending / "kept" / str(number)
        if step["new"] == step["old"] or fingerprint(path) != step["new"]:
            continue
        if os.path.lexists(kept):
            path.parent.mkdir(parents=True, exist_ok=True)
            _place(kept, path)
        elif step["old"] is None:
            path.unlink()
            _remove_empty_parents(path, root)
    _unlock(repository, pending)
    _forget(pending)


def _forget(pending: Path) -> None:
    """Drop a change that needs nothing more; a kill meanwhile leaves no half of it to carry out."""
    done = pending.with_name("done")
    shutil.rmtree(done, ignore_errors=True)
    try:
        pending.rename(done)
    except OSError:
        done = pending  # it goes all the same
    shutil.rmtree(done)


def _move_objects(objects: Path, target: Path) -> None:
    for path in objects.glob("??/*"):
        place = target / path.parent.name / path.name
        if not place.exists():
            place.parent.mkdir(exist_ok=True)
            _place(path, place)


def _carry_out(root: Path, step: Step, pending: Path, number: str) -> bool:
    """Write or remove one path; False where somebody else has changed it meanwhile."""
    path, content = root / step["path"], pending / "content" / number
    now = fingerprint(path)
    if now != step["old"] or step["new"] == step["old"]:
        done: bool = now == step["new"]
        return done
    _keep(path, pending / "kept" / number)
    if step["new"] is None:
        path.unlink(missing_ok=True)
        _remove_empty_parents(path, root)
    else:
        path.parent.mkdir(parents=True, exist_ok=True)
        _place(content, path)
    return True


def _keep(path: Path, kept: Path) -> None:
    """Give a file or link a second name, from where it can be brought back."""
    if not os.path.lexists(path) or (path.is_dir() and not path.is_symlink()):
        return
    kept.unlink(missing_ok=True)
    try:
        os.link(path, kept, follow_symlinks=False)
    except OSError:
        # Another disk, or one without second names.
        shutil.copy2(path, kept, follow_symlinks=False)


def _place(content: Path, path: Path) -> None:
    """Move a file or link into place at once, from another disk too."""
    try:
        content.replace(path)
        return
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
    aside = path.with_name(f".{content.name}.lisa-scaffold")
    try:
        aside.unlink(missing_ok=True)
        shutil.copy2(content, aside, follow_symlinks=False)
        aside.replace(path)
    except OSError:
        aside.unlink(missing_ok=True)
        raise
    content.unlink()


def _remove_empty_parents(path: Path, root: Path) -> None:
    for parent in path.parents:
        if parent == root or any(parent.iterdir()):
            return
        parent.rmdir()


def _lock_index(repository: Repository, folder: Path) -> None:
    """Take git's lock, with the new index as its content: whoever finds it knows whose it is."""
    lock = repository.git_dir / "index.lock"
    aside = folder / "index.lock"
    aside.unlink(missing_ok=True)
    shutil.copyfile(folder / "index", aside)
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
    if fingerprint(repository.git_dir / "index") != before:
        return False
    _lock_index(repository, pending)
    return True


def _unlock(repository: Repository, folder: Path) -> None:
    lock = repository.git_dir / "index.lock"
    if _is_ours(lock, folder):
        lock.unlink()


def _is_ours(lock: Path, folder: Path) -> bool:
    """Whether git's lock is the one that a change in this folder has taken."""
    return _is_same(folder / "index.lock", lock)


def _is_in_place(repository: Repository, pending: Path) -> bool:
    return _is_same(pending / "index.lock", repository.git_dir / "index")


def _is_same(prepared: Path, found: Path) -> bool:
    """Whether a file is the prepared one, by its second name or as a copy."""
    try:
        return prepared.samefile(found) or prepared.read_bytes() == found.read_bytes()
    except FileNotFoundError:
        return False
