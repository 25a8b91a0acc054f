"""The files of a project and their contents, on disk or in memory."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple, Protocol

from lisa_scaffold import files, git
from lisa_scaffold.errors import LisaError
from lisa_scaffold.files import MOST
from lisa_scaffold.formats.ignored import match_patterns

NEVER = frozenset([".git", ".hg", ".svn", ".venv", "venv", "node_modules", "__pycache__"])
"""Folders that are never part of a project, for projects without git."""

JOURNAL = ".lisa-scaffold"
"""The folder of an unfinished change in a project without git; never part of the project."""

_SUBMODULE = "160000"


class File(NamedTuple):
    """One file of a project.

    Attributes
    ----------
    path
        Relative to the project, with slashes.
    size
        In bytes.
    tracked
        Whether git tracks it; false in a folder without git.
    link
        Whether it is a symbolic link.
    executable
        Whether it is executable.
    target
        What a symbolic link leads to, as it is written.
    stamp
        What changes whenever the file does; 0 in memory.
    """

    path: str
    size: int
    tracked: bool
    link: bool = False
    executable: bool = False
    target: str = ""
    stamp: int = 0


class Tree(Protocol):
    """Files by path, and their contents."""

    @property
    def files(self) -> Mapping[str, File]:
        """Every file, sorted by path."""

    def read(self, path: str, most: int = MOST) -> bytes | None:
        """The content of a file; ``None`` where it is unreadable or a link out of the project."""


class Memory:
    """Files in memory.

    Parameters
    ----------
    contents
        The content of each file.
    """

    def __init__(self, contents: Mapping[str, bytes], *, tracked: bool = True) -> None:
        self._contents = dict(contents)
        self.files: Mapping[str, File] = {
            path: File(path, len(content), tracked) for path, content in sorted(contents.items())
        }

    def read(self, path: str, most: int = MOST) -> bytes | None:  # noqa: ARG002
        """The content of a file."""
        return self._contents.get(path)


class Disk:
    """The files of a folder; in a repository, those that git tracks or does not ignore.

    Parameters
    ----------
    root
        The folder.
    listed
        Its files with their modes, as :func:`lisa_scaffold.git.list_files` has them; ``None``: git
        is asked.

    Raises
    ------
    LisaError
        If git refuses the folder.
    """

    def __init__(self, root: Path, listed: Mapping[str, str | None] | None = None) -> None:
        self._root = root
        if listed is None:
            listed = git.list_files(root)
        found = listed.items() if listed else ((path, None) for path in _walk_folder(root))
        self.files: Mapping[str, File] = {
            path: file for path, mode in sorted(found) if (file := _stat_file(root, path, mode))
        }

    def read(self, path: str, most: int = MOST) -> bytes | None:
        """The content of a file; ``None`` where it cannot be read, or is larger than that."""
        try:
            return files.read(self._root, path, most)
        except LisaError:
            return None


class Overlay:
    """A tree with some files changed.

    Parameters
    ----------
    below
        The tree.
    changes
        The new content of files; ``None`` where a file is removed.
    """

    def __init__(self, below: Tree, changes: Mapping[str, bytes | None]) -> None:
        self._below = below
        self._changes = dict(changes)
        files = dict(below.files)
        for path, content in changes.items():
            old = files.pop(path, None)
            if content is not None:
                mode = old.executable if old else False
                files[path] = File(path, len(content), old.tracked if old else True, False, mode)
        self.files: Mapping[str, File] = dict(sorted(files.items()))

    def read(self, path: str, most: int = MOST) -> bytes | None:
        """The changed content, or that of the tree below."""
        return self._changes[path] if path in self._changes else self._below.read(path, most)


def _stat_file(root: Path, path: str, mode: str | None) -> File | None:
    """The file on disk; ``None`` where it is missing or no file."""
    try:
        found = os.lstat(f"{root}/{path}")
        link = stat.S_ISLNK(found.st_mode)
        target = str(Path(root, path).readlink()) if link else ""
    except OSError:
        return None
    if mode == _SUBMODULE or not (link or stat.S_ISREG(found.st_mode)):
        return None
    executable = bool(found.st_mode & stat.S_IXUSR)
    return File(
        *(path, found.st_size, mode is not None, link, executable, target, found.st_ctime_ns)
    )


def _walk_folder(root: Path) -> Iterator[str]:
    """Files of a folder without git, except those that its ``.gitignore`` files cover."""
    ignoring: dict[str, Callable[[str], bool]] = {}
    for folder, names, found in os.walk(root):
        prefix = Path(folder).relative_to(root).as_posix()
        prefix = "" if prefix == "." else f"{prefix}/"
        if ".gitignore" in found:
            # Git does not follow a .gitignore that is a link either.
            try:
                content = files.read(root, f"{prefix}.gitignore", links=False) or b""
            except LisaError:
                content = b""
            lines = content.decode("utf-8", errors="replace").splitlines()
            ignoring[prefix] = match_patterns(lines)

        def ignored(path: str) -> bool:
            return any(
                path.startswith(top) and is_ignored(path[len(top) :])
                for top, is_ignored in ignoring.items()
            )

        names[:] = sorted(
            name
            for name in names
            if name not in NEVER
            and not (name == JOURNAL and not prefix)
            and not ignored(f"{prefix}{name}/")
        )
        yield from (f"{prefix}{name}" for name in found if not ignored(f"{prefix}{name}"))
