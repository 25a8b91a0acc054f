"""Everything that an update will write, laid down before anything in the project is touched.

A plan is a folder below git's own, usually on the same disk as the project: its files only need to
be renamed into place, which takes no space and can be taken back.
"""

from __future__ import annotations

import json
import os
from collections.abc import Collection, Mapping
from pathlib import Path

from lisa_scaffold import files, git
from lisa_scaffold.errors import LisaError
from lisa_scaffold.git import Blob, Repository
from lisa_scaffold.sync.outcome import Synced

LINK = "120000"
EXECUTABLE = "100755"


def write_files(
    root: Path, contents: Mapping[str, bytes | None], stamps: Mapping[str, int], draft: Path
) -> None:
    """Lay down files of a folder (None: removed) that git's index is not told about.

    Raises
    ------
    LisaError
        If something stands in the way, or a file has another stamp than it had.
    """
    ordered = _prepare(root, contents, draft)
    steps = []
    for number, path in enumerate(ordered):
        content, place = contents[path], draft / "content" / str(number)
        if content is not None:
            place.write_bytes(content)
            there = root / path
            if there.is_file() and not there.is_symlink():
                place.chmod(there.stat().st_mode & 0o777)
            files.sync(place)
        steps.append(_step(root, path, draft, number))
        # Who edits it from now on is noticed by the step.
        _refuse_unread(root / path, stamps.get(path))
    (draft / "plan.json").write_text(json.dumps({"steps": steps}))
    for each in (draft / "plan.json", draft / "content", draft):
        files.sync(each)


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
        Paths that a sparse checkout has only in its index.

    Raises
    ------
    LisaError
        If something stands in the way.
    """
    root = repository.top / repository.prefix
    contents = {path: blob for path, blob in synced.shown().items() if path not in unseen}
    written = [path for path, blob in contents.items() if blob is not None]
    ordered = _prepare(root, contents, draft, repository)
    writer = git.ObjectWriter(repository, draft / "objects")
    names = _write_index(repository, synced, draft, writer, unseen)
    # Files and links as git would put them into the work tree.
    out = draft / "out"
    clean = [repository.prefix + path for path in written if path in synced.files]
    writer.check_out(draft / "index", clean, out)
    out = out / repository.prefix
    for path in written:
        blob = synced.conflicts[path].content if path in synced.conflicts else None
        if blob and blob.mode == LINK:
            (out / path).parent.mkdir(parents=True, exist_ok=True)
            (out / path).symlink_to(os.fsdecode(blob.data))
    steps = []
    for number, path in enumerate(ordered):
        blob, content = contents[path], draft / "content" / str(number)
        if blob and path in synced.conflicts and blob.mode != LINK:
            content.write_bytes(writer.filtered(names[blob], repository.prefix + path))
        elif blob:
            (out / path).rename(content)
        if blob and not content.is_symlink():
            content.chmod(_permissions(root / path, blob.mode))
        steps.append(_step(root, path, draft, number))
    index = files.identify_state(repository.git_dir, "index")
    plan = {"prefix": repository.prefix, "steps": steps, "index": index}
    (draft / "plan.json").write_text(json.dumps(plan))


def write_commit(draft: Path, branch: str, name: str) -> None:
    """Lay down that a new branch is to point to a commit."""
    (draft / "plan.json").write_text(json.dumps({"branch": branch, "commit": name}))


def _prepare(
    root: Path, contents: Mapping[str, object], draft: Path, repository: Repository | None = None
) -> list[str]:
    """Refuse obstacles, make the folders of a plan, and put the paths in order.

    What is removed comes first, to make room: a file may become a folder, and a folder a file.
    """
    removed = {path for path, content in contents.items() if content is None}
    written = contents.keys() - removed
    for path in written:
        _refuse_obstacle(root, path, removed)
    if repository:
        git.refuse_foreign_filters(repository, written)
    # Nobody else may look at, or change, what is going to be written.
    draft.mkdir(mode=0o700)
    for name in ("content", "kept"):
        (draft / name).mkdir()
    return [*sorted(removed, reverse=True), *written]


def _refuse_unread(place: Path, stamp: int | None) -> None:
    """Raise LisaError for a file or link that is not as it was when it had a stamp, or no file."""
    try:
        now = place.lstat().st_ctime_ns
    except (FileNotFoundError, NotADirectoryError):
        now = None
    if now == stamp:
        return
    if stamp is None:
        what, hint = "there already, and not a part of the project", "Move it away, or add it."
    else:
        what, hint = "changed since it was read, and left as it is", "Run the command again."
    raise LisaError(f"{place}: {what}", hint)


def _step(root: Path, path: str, draft: Path, number: int) -> dict[str, str | None]:
    """What happens to one path, and how its states before and after are recognised."""
    old, new = files.identify_state(root, path), files.identify_state(draft, f"content/{number}")
    return {"path": path, "old": old, "new": new, "draft": files.make_draft_name()}


def _write_index(
    repository: Repository,
    synced: Synced,
    draft: Path,
    writer: git.ObjectWriter,
    unseen: Collection[str],
) -> Mapping[Blob, str]:
    """Prepare the index and its objects; returns the objects' names."""
    sides = [side for conflict in synced.conflicts.values() for side in conflict.stages.values()]
    blobs = [blob for blob in [*synced.shown().values(), *sides] if blob]
    names = dict(zip(blobs, writer.write(blobs, draft / "content"), strict=True))
    # Input of `git update-index --index-info`: each path is cleared, then set.
    prefix, zeros = repository.prefix, "0" * len(repository.head or "")
    paths = [*synced.files, *synced.conflicts]
    lines = [f"0 {zeros}\t{prefix}{path}" for path in paths]
    for path in paths:
        blob = synced.files.get(path)
        if blob:
            lines.append(f"{blob.mode} {names[blob]} 0\t{prefix}{path}")
        elif path in synced.conflicts:
            for number, side in sorted(synced.conflicts[path].stages.items()):
                lines.append(f"{side.mode} {names[side]} {number}\t{prefix}{path}")
    info = b"".join(os.fsencode(line) + b"\0" for line in lines)
    (draft / "index-info").write_bytes(info)
    index = repository.git_dir / "index"
    if index.exists():
        files.copy(index, draft / "index")
    writer.update_index(draft / "index", info)
    hidden = [prefix + path for path in unseen if synced.files.get(path)]
    if hidden:
        writer.skip_in_work_tree(draft / "index", hidden)
    return names


def _refuse_obstacle(root: Path, path: str, removed: set[str]) -> None:
    """Raise LisaError where a path leads out of the project, or a folder stands in its place."""
    files.refuse(root, path)
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


def _permissions(path: Path, mode: str) -> int:
    """A file's own permissions, or those of a new one, executable as git's mode says."""
    mask = os.umask(0)
    os.umask(mask)
    free = 0o777 & ~mask
    is_there = path.is_file() and not path.is_symlink()
    bits = path.stat().st_mode & 0o777 if is_there else 0o666 & free
    executable = (bits & 0o444) >> 2 & free if mode == EXECUTABLE else 0
    return bits & ~0o111 | executable
