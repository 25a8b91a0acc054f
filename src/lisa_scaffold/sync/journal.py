"""Apply a merge to the work tree so that a kill at any moment leaves it as before or as after.

Everything that will be written is first laid down in a folder below git's own, which is then
renamed: from that moment on the change counts as decided, and whoever comes next completes it.
Before that moment nothing in the project has been touched, and the folder is thrown away.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from lisa_scaffold import git
from lisa_scaffold.errors import LisaError
from lisa_scaffold.git import Blob, Repository
from lisa_scaffold.sync.trees import Synced

LINK = "120000"


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
        except OSError as error:
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
    if not (folder / "pending").exists() and not (folder / "draft").exists():
        return None
    with only_one(repository):
        if (folder / "pending").exists():
            _finish(repository, folder / "pending")
            return "An update that had been interrupted was completed."
        shutil.rmtree(folder / "draft")
        return "An update had been interrupted before it changed anything: start it again."


def apply(repository: Repository, synced: Synced) -> None:
    """Write a merge into the work tree and stage it, in one step.

    Raises
    ------
    LisaError
        If something stands in the way; nothing is changed then.
    """
    with only_one(repository) as folder:
        draft = folder / "draft"
        shutil.rmtree(draft, ignore_errors=True)
        (draft / "content").mkdir(parents=True)
        try:
            _write_plan(repository, synced, draft)
        except Exception:
            shutil.rmtree(draft)
            raise
        draft.rename(folder / "pending")
        _finish(repository, folder / "pending")


def _write_plan(repository: Repository, synced: Synced, draft: Path) -> None:
    contents = synced.shown()
    root = repository.top / repository.prefix
    removed = {path for path, blob in contents.items() if blob is None}
    for path in contents.keys() - removed:
        _refuse_obstacle(root, path, removed)
    staged = [blob for conflict in synced.conflicts.values() for blob in conflict.stages.values()]
    blobs = [blob for blob in [*contents.values(), *staged] if blob]
    writer = git.ObjectWriter(repository, draft / "objects")
    names = dict(zip(blobs, writer.write(blobs, draft / "content"), strict=True))
    (draft / "index-info").write_bytes(_index_info(repository, synced, names))
    index = repository.git_dir / "index"
    if index.exists():
        shutil.copy(index, draft / "index")
    writer.update_index(draft / "index", (draft / "index-info").read_bytes())
    clean = [path for path, blob in synced.files.items() if blob and blob.mode != LINK]
    writer.check_out(draft / "index", [repository.prefix + path for path in clean], draft / "out")
    steps = []
    # What goes makes room for what comes: a file may become a folder, and a folder a file.
    for number, path in enumerate([*sorted(removed, reverse=True), *(contents.keys() - removed)]):
        blob = contents[path]
        if blob is not None:
            target = draft / "content" / str(number)
            full = repository.prefix + path
            if path in synced.conflicts:
                target.write_bytes(writer.filtered(names[blob], full))
            elif blob.mode == LINK:
                target.write_bytes(blob.data)
            else:
                (draft / "out" / full).rename(target)
        mode = blob.mode if blob else None
        steps.append({"path": path, "mode": mode, "old": _fingerprint(root / path)})
    (draft / "plan.json").write_text(json.dumps({"steps": steps, "index": _fingerprint(index)}))


def _index_info(repository: Repository, synced: Synced, names: Mapping[Blob, str]) -> bytes:
    """Lines for ``git update-index --index-info``: each path is cleared, then set."""
    zeros = "0" * len(repository.head or "")
    paths = [*synced.files, *synced.conflicts]
    lines = [f"0 {zeros}\t{repository.prefix}{path}" for path in paths]
    for path in paths:
        full = repository.prefix + path
        blob = synced.files.get(path)
        if blob:
            lines.append(f"{blob.mode} {names[blob]} 0\t{full}")
        elif path in synced.conflicts:
            for number, side in sorted(synced.conflicts[path].stages.items()):
                lines.append(f"{side.mode} {names[side]} {number}\t{full}")
    return b"".join(os.fsencode(line) + b"\0" for line in lines)


def _refuse_obstacle(root: Path, path: str, removed: set[str]) -> None:
    """Raise LisaError where a path leads out of the project, or a folder stands in its place."""
    place = root
    for part in Path(path).parts[:-1]:
        place /= part
        if place.relative_to(root).as_posix() in removed:
            break
        if place.is_symlink() or (place.exists() and not place.is_dir()):
            raise LisaError(f"{place}: not a folder, but {path} belongs below it", "Move it away.")
    folder = root / path
    if not folder.is_dir() or folder.is_symlink():
        return
    inside = [each for each in folder.rglob("*") if not each.is_dir() or each.is_symlink()]
    if not inside or any(each.relative_to(root).as_posix() not in removed for each in inside):
        raise LisaError(f"{root / path}: a folder where a file belongs", "Move it away.")


def _fingerprint(path: Path) -> str | None:
    """What identifies the state of a file: nothing where it is absent."""
    if path.is_symlink():
        return f"link {path.readlink()}"
    if not path.is_file():
        return None  # a folder in its place is emptied before, or refused
    mode = "x" if path.stat().st_mode & 0o100 else "-"
    return f"{mode} {hashlib.sha256(path.read_bytes()).hexdigest()}"


def _finish(repository: Repository, pending: Path) -> None:
    """Carry a decided change out; doing it again does no harm."""
    plan: dict[str, Any] = json.loads((pending / "plan.json").read_text())
    root = repository.top / repository.prefix
    edited = []
    _move_objects(pending / "objects", repository.objects)
    for number, step in enumerate(plan["steps"]):
        content = pending / "content" / str(number)
        if not _carry_out(root, step, content):
            edited.append(step["path"])
    _swap_index(repository, pending, plan["index"])
    # Without a look at the files, `git reset --merge` would take them for edited.
    git.refresh_index(repository)
    shutil.rmtree(pending)
    if edited:
        raise LisaError(
            f"{', '.join(edited)}: edited since the update was interrupted, and left as they are",
            "Compare them with the index: git diff.",
        )


def _move_objects(objects: Path, target: Path) -> None:
    for path in objects.glob("??/*"):
        place = target / path.parent.name / path.name
        if not place.exists():
            place.parent.mkdir(exist_ok=True)
            path.rename(place)


def _carry_out(root: Path, step: Mapping[str, Any], content: Path) -> bool:
    """Write or remove one path; False where somebody else has changed it meanwhile."""
    path, mode = root / step["path"], step["mode"]
    if _fingerprint(path) != step["old"]:
        return _is_done(path, mode, content)
    if mode is None:
        path.unlink(missing_ok=True)
        _remove_empty_parents(path, root)
        return True
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f".{path.name[:200]}.lisa-scaffold")
    aside.unlink(missing_ok=True)
    if mode == LINK:
        aside.symlink_to(os.fsdecode(content.read_bytes()))
    else:
        shutil.copyfile(content, aside)
        bits = path.stat().st_mode & 0o777 if path.exists() and not path.is_symlink() else 0o666
        executable = (bits & 0o444) >> 2 if mode == "100755" else 0
        kept = bits if path.exists() else bits & ~_umask()
        aside.chmod(kept & ~0o111 | (executable & ~_umask()))
    aside.replace(path)
    return True


def _is_done(path: Path, mode: str | None, content: Path) -> bool:
    if mode is None:
        return not path.is_symlink() and not path.exists()
    if mode == LINK:
        return path.is_symlink() and os.fsencode(path.readlink()) == content.read_bytes()
    return path.is_file() and path.read_bytes() == content.read_bytes()


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _remove_empty_parents(path: Path, root: Path) -> None:
    for parent in path.parents:
        if parent == root or any(parent.iterdir()):
            return
        parent.rmdir()


def _swap_index(repository: Repository, pending: Path, old: str | None) -> None:
    """Put the prepared index in place, by git's own protocol: lock, write, rename."""
    index, lock = repository.git_dir / "index", repository.git_dir / "index.lock"
    prepared = (pending / "index").read_bytes()
    if lock.exists() and lock.read_bytes() == prepared:
        lock.replace(index)  # a killed run had come as far as this
        return
    if _fingerprint(index) != old:
        if index.exists() and index.read_bytes() == prepared:
            return
        git.update_index(repository, (pending / "index-info").read_bytes())
        return
    aside = pending / "index.swap"
    shutil.copyfile(pending / "index", aside)
    try:
        os.link(aside, lock)
    except FileExistsError as error:
        raise LisaError(
            f"{lock}: another git process is at work",
            "Wait until it is done (or remove the file if none is), then run the command again.",
        ) from error
    lock.replace(index)
