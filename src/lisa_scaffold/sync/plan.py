"""What an update will write, laid down in full before anything in the project is touched.

A plan is a folder below git's own, on the same disk as the project as a rule: its files only need
to be renamed to be in place, which takes no room and can be taken back.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

from lisa_scaffold import git
from lisa_scaffold.errors import LisaError
from lisa_scaffold.git import Blob, Repository
from lisa_scaffold.sync.trees import Synced

LINK = "120000"
EXECUTABLE = "100755"


def write(repository: Repository, synced: Synced, draft: Path, unseen: Collection[str]) -> None:
    """Lay down a merge in an empty folder: contents, objects, the new index, and ``plan.json``.

    Parameters
    ----------
    repository
        The project's repository.
    synced
        The merge.
    draft
        The folder.
    unseen
        Paths that a sparse checkout has in its index alone.

    Raises
    ------
    LisaError
        If something stands in the way.
    """
    root = repository.top / repository.prefix
    contents = {path: blob for path, blob in synced.shown().items() if path not in unseen}
    removed = {path for path, blob in contents.items() if blob is None}
    for path in contents.keys() - removed:
        _refuse_obstacle(root, path, removed)
    git.refuse_foreign_filters(repository, contents.keys() - removed)
    (draft / "content").mkdir(parents=True)
    (draft / "kept").mkdir()
    writer = git.ObjectWriter(repository, draft / "objects")
    names = _write_index(repository, synced, draft, writer, unseen)
    out = _check_out(repository, synced, draft, writer, contents.keys() - removed)
    steps = []
    # What goes makes room for what comes: a file may become a folder, and a folder a file.
    for number, path in enumerate([*sorted(removed, reverse=True), *(contents.keys() - removed)]):
        blob, content = contents[path], draft / "content" / str(number)
        if blob and path in synced.conflicts and blob.mode != LINK:
            content.write_bytes(writer.filtered(names[blob], repository.prefix + path))
        elif blob:
            (out / path).rename(content)
        if blob and not content.is_symlink():
            content.chmod(_mode(root / path, blob.mode))
        steps.append({"path": path, "old": fingerprint(root / path), "new": fingerprint(content)})
    index = fingerprint(repository.git_dir / "index")
    (draft / "plan.json").write_text(json.dumps({"steps": steps, "index": index}))


def _write_index(
    repository: Repository,
    synced: Synced,
    draft: Path,
    writer: git.ObjectWriter,
    unseen: Collection[str],
) -> Mapping[Blob, str]:
    """Prepare the index and the objects that it names; returns their names."""
    sides = [side for conflict in synced.conflicts.values() for side in conflict.stages.values()]
    blobs = [blob for blob in [*synced.shown().values(), *sides] if blob]
    names = dict(zip(blobs, writer.write(blobs, draft / "content"), strict=True))
    info = b"".join(os.fsencode(line) + b"\0" for line in _index_info(repository, synced, names))
    (draft / "index-info").write_bytes(info)
    index = repository.git_dir / "index"
    if index.exists():
        shutil.copyfile(index, draft / "index")
    writer.update_index(draft / "index", info)
    hidden = [repository.prefix + path for path in unseen if synced.files.get(path)]
    if hidden:
        writer.skip_in_work_tree(draft / "index", hidden)
    return names


def _index_info(repository: Repository, synced: Synced, names: Mapping[Blob, str]) -> Iterator[str]:
    """Lines for ``git update-index --index-info``: each path is cleared, then set."""
    zeros = "0" * len(repository.head or "")
    paths = [*synced.files, *synced.conflicts]
    yield from (f"0 {zeros}\t{repository.prefix}{path}" for path in paths)
    for path in paths:
        full = repository.prefix + path
        blob = synced.files.get(path)
        if blob:
            yield f"{blob.mode} {names[blob]} 0\t{full}"
        elif path in synced.conflicts:
            for number, side in sorted(synced.conflicts[path].stages.items()):
                yield f"{side.mode} {names[side]} {number}\t{full}"


def _check_out(
    repository: Repository,
    synced: Synced,
    draft: Path,
    writer: git.ObjectWriter,
    paths: Collection[str],
) -> Path:
    """The files and links as git would put them into the work tree, below a folder."""
    out = draft / "out"
    clean = [path for path in paths if path in synced.files]
    writer.check_out(draft / "index", [repository.prefix + path for path in clean], out)
    root = out / repository.prefix
    for path in paths:
        blob = synced.conflicts[path].content if path in synced.conflicts else None
        if blob and blob.mode == LINK:
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).symlink_to(os.fsdecode(blob.data))
    return root


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


def fingerprint(path: Path) -> str | None:
    """What identifies the state of a file: nothing where it is absent."""
    if path.is_symlink():
        return f"link {path.readlink()}"
    if not path.is_file():
        return None  # a folder in its place is emptied before, or refused
    mode = "x" if path.stat().st_mode & 0o100 else "-"
    with path.open("rb") as file:
        return f"{mode} {hashlib.file_digest(file, 'sha256').hexdigest()}"


def _mode(path: Path, mode: str) -> int:
    """Permissions of a file: those that it has, or a new one's, and whether it can be run."""
    free = 0o777 & ~_umask()
    there = path.is_file() and not path.is_symlink()
    bits = path.stat().st_mode & 0o777 if there else 0o666 & free
    executable = (bits & 0o444) >> 2 & free if mode == EXECUTABLE else 0
    return bits & ~0o111 | executable


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
