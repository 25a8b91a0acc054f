"""What lies in a git folder, looked at before git reads it.

Git reads texts whole and follows links: a reference that links to a device, or a list of patterns
with a hole of gigabytes in it, takes all memory. It makes nothing of the sort itself.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from lisa_scaffold import files
from lisa_scaffold.errors import LisaError

MOST_TEXT = 10_000_000
"""Bytes of a text, such as a reference or a list of patterns."""

MOST_TABLE = 1_000_000_000
"""Bytes of the index, the packed references, or the log of a branch."""

_MOST_ALTERNATES = 100_000
_MOST_BORROWED = 100  # folders; few borrow from more than one
_LENGTH_OF_FAN = 2  # objects lie in folders by the first two digits of their names
_DEEPEST = 5  # borrowed from one that borrows itself: git goes no further


class _Kind(NamedTuple):
    """What lies in a folder, by which its entries are judged.

    Attributes
    ----------
    name
        What the folder is.
    most
        The size in bytes above which a file in it is refused; ``None``: no size is.
    depth
        Of an object folder: by how many loans it is reached.
    """

    name: str
    most: int | None
    depth: int = 0


_GIT = _Kind("git", MOST_TEXT)
_HOLDER = _Kind("git folders, or folders of such", MOST_TEXT)
_STORE = _Kind("objects", None)
_STORE_INFO = _Kind("info of objects", None)
_LOGS = _Kind("logs", MOST_TABLE)
_TABLES = _Kind("tables", MOST_TABLE)
_TEXT = _Kind("texts", MOST_TEXT)
_ANY = _Kind("anything", None)

# Others hold texts. Git does not read hooks; the journal is examined where it is used; and what
# tools keep for large files or for long histories may be large.
_BELOW_GIT = {
    **dict.fromkeys(["hooks", "lisa-scaffold"]),
    **dict.fromkeys(["modules", "worktrees"], _HOLDER),
    **dict.fromkeys(["annex", "filter-repo", "lfs", "lost-found", "rr-cache"], _ANY),
    "logs": _LOGS,
    "objects": _STORE,
    "reftable": _TABLES,
}
_MOST_IN_INFO = {"alternates": _MOST_ALTERNATES, "http-alternates": MOST_TEXT, "packs": MOST_TEXT}


def refuse_strange(git_dir: Path, seen: set[str]) -> None:
    """Look at all that git may read in a git folder, and where it borrows objects.

    The git folders of submodules and linked work trees lie in it. Objects are not asked for their
    size: git maps them, or reads them piece by piece.

    Parameters
    ----------
    git_dir
        The git folder; anything that does not look like one is passed by.
    seen
        What was looked at already, without links in the paths; this one is added.

    Raises
    ------
    LisaError
        If there is a link, a pipe, a device, or a file larger than anybody's.
    """
    # What a file names as git's folder may be the whole disk.
    if not any(os.path.lexists(git_dir / name) for name in ("HEAD", "objects")):
        return
    todo = [(os.path.realpath(git_dir), _GIT)]
    borrowed = 0
    while todo:
        folder, kind = todo.pop()
        if kind.name in (_GIT.name, _STORE.name):
            if folder in seen:
                continue
            seen.add(folder)
        todo += _look(folder, kind)
        if kind.name == _STORE.name and kind.depth < _DEEPEST:
            lenders = list(_lenders(folder))
            borrowed += len(lenders)
            if borrowed > _MOST_BORROWED:
                raise explain_foreign_content(
                    f"{folder}/info/alternates", f"more than {_MOST_BORROWED} folders of objects"
                )
            todo += ((each, kind._replace(depth=kind.depth + 1)) for each in lenders)


def explain_foreign_content(place: Path | str, why: str) -> LisaError:
    """The error that git's folder has something that git does not put there."""
    return LisaError(f"{place}: {why}, and git makes none there", "Clone the project anew.")


def _look(folder: str, kind: _Kind) -> Iterator[tuple[str, _Kind]]:
    """Judge the entries of a folder, and give the folders in it with their kinds."""
    try:
        entries = os.scandir(folder)
    except OSError:  # gone meanwhile, or for nobody to read: git will tell
        return
    with entries:
        for entry in entries:
            if entry.is_file(follow_symlinks=False):
                if kind is not _ANY:  # nearly all files are objects
                    _refuse_large(kind, entry)
            elif kind is _GIT and entry.name == "hooks":
                continue
            elif not entry.is_dir(follow_symlinks=False):
                _refuse_special(entry)
            elif below := _kind_below(kind, entry):
                yield entry.path, below


def _kind_below(kind: _Kind, entry: os.DirEntry[str]) -> _Kind | None:
    """The kind of a folder in a folder; ``None`` where git does not look into it."""
    if kind is _GIT:
        return _BELOW_GIT.get(entry.name, _TEXT)
    if kind is _HOLDER:
        return _GIT if os.path.lexists(f"{entry.path}/HEAD") else _HOLDER
    if kind.name == _STORE.name:
        if entry.name == "info":
            return _STORE_INFO
        return _ANY if len(entry.name) == _LENGTH_OF_FAN or entry.name == "pack" else None
    return _ANY if kind is _STORE_INFO else kind


def _refuse_large(kind: _Kind, entry: os.DirEntry[str]) -> None:
    """Refuse a file that is too large, or has a second name where it may have but one."""
    most = kind.most
    if kind is _GIT and entry.name.startswith(("index", "sharedindex", "packed-refs")):
        most = MOST_TABLE
    elif kind is _STORE_INFO:
        most = _MOST_IN_INFO.get(entry.name)
    if most is None:
        return
    try:
        found = entry.stat(follow_symlinks=False)
    except FileNotFoundError:
        return
    if found.st_size > most:
        raise explain_foreign_content(entry.path, f"a file of more than {most / 1_000_000:g} MB")
    if kind is _LOGS and found.st_nlink > 1:
        raise explain_foreign_content(entry.path, "a second name of a file")


def _refuse_special(entry: os.DirEntry[str]) -> None:
    if entry.is_symlink():
        raise explain_foreign_content(entry.path, "a link")
    try:
        mode = entry.stat(follow_symlinks=False).st_mode
    except FileNotFoundError:
        return
    if not stat.S_ISSOCK(mode):  # git's daemon that watches files has one
        raise explain_foreign_content(entry.path, "a pipe or a device")


def _lenders(store: str) -> Iterator[str]:
    """The folders that an object folder borrows from, as git reads their list."""
    content = files.read_head(Path(store, "info/alternates"), _MOST_ALTERNATES)
    for line in content.partition(b"\0")[0].split(b"\n"):
        name = line
        if line[:1] == b'"' == line[-1:]:
            try:
                name = line[1:-1].decode("unicode_escape").encode("latin-1")
            except UnicodeError:
                continue  # git does not take it either
        if name and not name.startswith(b"#"):
            yield os.path.realpath(os.path.join(store, os.fsdecode(name)))  # noqa: PTH118
