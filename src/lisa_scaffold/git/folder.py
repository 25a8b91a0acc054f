"""Git's own folder of a project, looked at before git works in it.

Unpacked from an archive it may be anything: links in it lead git's writes elsewhere, a device or a
pipe in place of a file holds git up, and a file ``.git`` makes git work in somebody else's
repository. Git itself makes nothing of the sort, so what is not as git makes it is refused.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Collection
from pathlib import Path

from lisa_scaffold import files
from lisa_scaffold.errors import LisaError
from lisa_scaffold.git import command
from lisa_scaffold.git.contents import explain_foreign_content, refuse_strange
from lisa_scaffold.git.environment import NOWHERE
from lisa_scaffold.pattern import compile_lazily

_LONGEST = 10_000
_HASH = compile_lazily(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")


def refuse_odd(folder: Path) -> frozenset[str]:
    """Look at every git folder that git might find from a folder, before it looks for one.

    Returns
    -------
    frozenset
        What was looked at, without links in the paths.

    Raises
    ------
    LisaError
        If it is a link, or has links, special files or endless ones where git makes none.
    """
    passed = False
    seen: set[str] = set()
    for above in (folder.resolve(), *folder.resolve().parents):
        entry = above / ".git"
        if not os.path.lexists(entry):
            continue
        mode = entry.lstat().st_mode
        if stat.S_ISREG(mode):
            git_dir = _read_target(entry)
        elif stat.S_ISDIR(mode):
            git_dir = entry
        elif passed:
            continue  # that of a folder around the project, which git finds only without ours
        else:
            raise explain_foreign_content(entry, "neither a folder nor a file")
        for place in (git_dir, git_dir / (_read_line(git_dir / "commondir") or ".")):
            refuse_strange(place, seen)
        passed = True
    return frozenset(seen)


def find_head(folder: Path) -> str:
    """The current commit of a repository, read from its files.

    Where they are not as git usually has them, that is nothing: git itself is asked then.
    """
    inner = folder / ".git"
    try:
        if inner.is_symlink() or not inner.is_dir():
            return ""
        head = (files.read(inner, "HEAD") or b"").decode().rstrip()
        if not head.startswith("ref: refs/heads/"):
            return head if _HASH.fullmatch(head) else ""
        ref = head.removeprefix("ref: ")
        loose = (files.read(inner, ref) or b"").decode().rstrip()
        if loose:
            return loose if _HASH.fullmatch(loose) else ""
        packed = files.read(inner, "packed-refs", files.LARGE) or b""
        # It may have millions of lines, of which one is looked for.
        end = max(packed.find(f" {ref}\n".encode()), 0)
        hashed = packed[packed.rfind(b"\n", 0, end) + 1 : end].decode()
    except (LisaError, OSError, ValueError):
        return ""
    return hashed if _HASH.fullmatch(hashed) else ""


def refuse_other(top: Path, git_dir: Path, common: Path, seen: Collection[str] = ()) -> None:
    """Look at what git has found, however it came to that.

    Parameters
    ----------
    top
        The folder of the work tree.
    git_dir
        Git's folder for it.
    common
        Git's folder for all work trees of the repository.
    seen
        What :func:`refuse_odd` has looked at, which is not looked at again.

    Raises
    ------
    LisaError
        If one of them belongs to another repository, or is as :func:`refuse_odd` has it.
    """
    entry = top / ".git"
    mode = entry.lstat().st_mode if os.path.lexists(entry) else 0
    if stat.S_ISDIR(mode):
        if not _are_same(entry, git_dir):
            raise explain_foreign_work_tree(git_dir, top)
        if not _are_same(common, git_dir):
            raise explain_foreign_content(
                entry / "commondir", "it makes git work in another repository"
            )
    elif not mode:
        raise explain_foreign_work_tree(git_dir, top)
    elif not stat.S_ISREG(mode):
        raise explain_foreign_content(entry, "neither a folder nor a file")
    elif not (_are_same(_read_target(entry), git_dir) and _points_back(git_dir, common, entry)):
        raise LisaError(
            f"{entry}: names {_read_target(entry)} as git's folder, which does not name it back",
            f"If you made it so, tell git: git config core.worktree {top}",
        )
    known = set(seen)
    for place in (git_dir, common):
        refuse_strange(place, known)


def is_linked(folder: Path) -> bool:
    """Whether the git folder that git finds may lie elsewhere, so that it has to be asked where."""
    entries = [above / ".git" for above in (folder.resolve(), *folder.resolve().parents)]
    return any(each.is_file() or os.path.lexists(each / "commondir") for each in entries)


def explain_foreign_work_tree(git_dir: Path, top: Path) -> LisaError:
    """The error that a configuration makes a foreign folder the work tree."""
    return LisaError(
        f"{git_dir}: its configuration makes {top} the work tree, which is not its own",
        "Take core.worktree out of it, if you trust the rest.",
    )


def _points_back(git_dir: Path, common: Path, entry: Path) -> bool:
    """Whether git's folder, of a linked work tree or of a submodule, is the one of a file."""
    if back := _read_line(git_dir / "gitdir"):
        linked = _are_same(git_dir.parent, common / "worktrees")
        return linked and _are_same(git_dir / back, entry)
    asked = ("--file", git_dir / "config", "--get", "core.worktree")
    tree = os.fsdecode(command.run("config", *asked, env=NOWHERE, codes=(0, 1, 3, 128)))
    named = _are_same(git_dir / tree.removesuffix("\n"), entry.parent)
    return bool(tree) and named and _are_same(common, git_dir)


def _are_same(one: Path, other: Path) -> bool:
    """Whether two paths lead to one place; links in a circle lead nowhere, and are no error."""
    return os.path.realpath(one) == os.path.realpath(other)


def _read_target(entry: Path) -> Path:
    """The folder that a file ``.git`` names, as git reads it."""
    return entry.parent / _read_line(entry).removeprefix("gitdir: ")


def _read_line(path: Path) -> str:
    """A small file without the line ends that git does not count; nothing where there is none."""
    content = os.fsdecode(files.read_head(path, _LONGEST))
    if len(content) >= _LONGEST or "\0" in content:
        raise explain_foreign_content(path, "no line of text")
    return content.rstrip("\r\n")
