"""Git's own folder of a project, looked at before git works in it.

Unpacked from an archive it may be anything: links in it lead git's writes elsewhere, a device or a
pipe in place of a file holds git up, and a file ``.git`` makes git work in somebody else's
repository. Git itself makes nothing of the sort, so what is not as git makes it is refused.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

from lisa_scaffold import files
from lisa_scaffold.errors import LisaError
from lisa_scaffold.git import command
from lisa_scaffold.git.environment import NOWHERE

_FOLDERS = ("info", "lisa-scaffold", "logs", "objects", "objects/info", "objects/pack", "refs")
_FILES = (
    *("HEAD", "commondir", "config", "config.worktree", "gitdir", "index"),
    *("packed-refs", "shallow", "info/attributes", "info/exclude", "info/sparse-checkout"),
    *("objects/info/alternates", "objects/info/commit-graph"),
)

_IsRight = Callable[[int], bool]


def refuse_odd(folder: Path) -> None:
    """Look at the git folder that git would find from a folder, if there is one.

    Raises
    ------
    LisaError
        If it is a link, has links or special files in it where git makes none, or belongs to
        another work tree.
    """
    for above in (folder.resolve(), *folder.resolve().parents):
        entry = above / ".git"
        if not os.path.lexists(entry):
            continue
        git_dir, common = _folders_of(entry)
        for place in {git_dir, common}:
            _refuse_links(place)
        # What is no repository git passes by, and looks further up.
        parts = (git_dir / "HEAD", common / "objects", common / "refs")
        if all(map(os.path.lexists, parts)):
            return


def _folders_of(entry: Path) -> tuple[Path, Path]:
    """Git's folder for a work tree, and the one for all work trees of its repository."""
    mode = entry.lstat().st_mode
    if stat.S_ISDIR(mode):
        if os.path.lexists(entry / "commondir"):
            raise _refused(entry / "commondir", "it makes git work in another repository")
        return entry, entry
    if not stat.S_ISREG(mode):
        raise _refused(entry, "neither a folder nor a file")
    git_dir = entry.parent / _content(entry).removeprefix("gitdir:").strip()
    common = git_dir / (_content(git_dir / "commondir").strip() or ".")
    if not _points_back(git_dir, common, entry):
        raise LisaError(
            f"{entry}: names {git_dir} as git's folder, which does not name it back",
            f"If you made it so, tell git: git config core.worktree {entry.parent}",
        )
    return git_dir, common


def _points_back(git_dir: Path, common: Path, entry: Path) -> bool:
    """Whether git's folder, of a linked work tree or of a submodule, is the one of a file.

    One that was put elsewhere from the start (``git init --separate-git-dir``) names no work tree;
    one called ``.git`` is that of the folder which it lies in.
    """
    if back := _content(git_dir / "gitdir").strip():
        linked = git_dir.resolve().parent == common.resolve() / "worktrees"
        return linked and (git_dir / back).resolve() == entry.resolve()
    asked = ("--file", git_dir / "config", "--get", "core.worktree")
    said = command.run("config", *asked, env=NOWHERE, codes=(0, 1, 3, 128))
    tree = os.fsdecode(said).removesuffix("\n")
    if not tree:
        return git_dir.resolve().name != ".git"
    return (git_dir / tree).resolve() == entry.parent.resolve()


def _content(path: Path) -> str:
    """What a small file holds; nothing where there is none."""
    return os.fsdecode(files.read_head(path, 10_000))


def _refuse_links(git_dir: Path) -> None:
    for name in _FOLDERS:
        _refuse_other(git_dir / name, stat.S_ISDIR)
    for name in _FILES:
        _refuse_other(git_dir / name, stat.S_ISREG)
    for name in ("refs", "logs"):
        for place, is_right in _walk(git_dir / name):
            _refuse_other(place, is_right)


def _walk(top: Path) -> Iterator[tuple[Path, _IsRight]]:
    for above, folders, names in os.walk(top):
        yield from ((Path(above, name), stat.S_ISDIR) for name in folders)
        yield from ((Path(above, name), stat.S_ISREG) for name in names)


def _refuse_other(place: Path, is_right: _IsRight) -> None:
    try:
        mode = place.lstat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        return
    if not is_right(mode):
        what = "a link" if stat.S_ISLNK(mode) else "not what git puts there"
        raise _refused(place, what)


def _refused(place: Path, why: str) -> LisaError:
    return LisaError(f"{place}: {why}, and git makes none there", "Clone the project anew.")
