"""Temporary folders: each belongs to one process, and is removed by it or by a later one.

A folder has a file that its process keeps locked while it lives. The lock of a killed process is
free: its folder is dead, and the next command that needs one in the same place removes it. What
does not have exactly this form, belongs to another user, or is a link, is not touched.
"""

from __future__ import annotations

import errno
import fcntl
import os
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from lisa_scaffold.errors import LisaError, RoomError
from lisa_scaffold.pattern import compile_lazily

_NAME = compile_lazily(r"\.?lisa-scaffold-[0-9a-f]{16}")
_OWNER = ".owner"
_INNER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_LOCK = os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_STEP = 60
"""Seconds that no command needs from making a folder to locking it."""

_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)

# Messages of a git that cannot write there; it does not always say why.
_LIMITED = "File too large"
_SAID = compile_lazily(f"{_LIMITED}|[Uu]nable to write|write error|No space left|quota exceeded")

_cleared: set[str] = set()


@contextmanager
def folder(beside: Path | None = None) -> Iterator[Path]:
    """A new folder that nobody else may enter; it is removed afterwards.

    Parameters
    ----------
    beside
        The folder to make it in, hidden; by default the one for temporary files.

    Raises
    ------
    LisaError
        If the folder cannot be made, or there is no room left where it is.
    """
    place = beside or _find_temporary()
    hint = "Choose a folder that you may write to, and that has room."
    if beside is None:
        hint = "Free some room there, or name another folder for temporary files: TMPDIR=FOLDER."
    clear(place)
    try:
        made, lock = _make(place, "lisa-scaffold-" if beside is None else ".lisa-scaffold-")
    except OSError as error:
        kind = RoomError if error.errno in _NO_ROOM else LisaError
        raise kind(f"{place}: {error.strerror or error}", hint) from error
    try:
        yield made
    except Exception as error:
        if _has_no_room(error, made):
            raise RoomError(f"{place}: no room is left there", hint) from error
        raise
    finally:
        with suppress(OSError):
            inner = os.open(made, _INNER)
            try:
                _empty(inner)
            finally:
                os.close(inner)
            made.rmdir()
        os.close(lock)


def _find_temporary() -> Path:
    """The folder for temporary files; never the current one, which may be anybody's."""
    named = (os.environ.get(name) for name in ("TMPDIR", "TEMP", "TMP"))
    places = (Path(each).absolute() for each in named if each)
    return next((each for each in places if each.is_dir()), Path("/tmp"))  # noqa: S108


def _make(place: Path, prefix: str) -> tuple[Path, int]:
    """A new folder, and the lock that shows that it is in use."""
    while True:
        made = place / f"{prefix}{os.urandom(8).hex()}"
        made.mkdir(mode=0o700)
        lock = os.open(made / _OWNER, _LOCK | os.O_CREAT | os.O_EXCL, 0o600)
        with suppress(BlockingIOError):
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if os.fstat(lock).st_nlink:
                return made, lock
        os.close(lock)  # another process came in between, and took the folder for a dead one


def clear(place: Path | None = None) -> None:
    """Remove what killed processes have left in a folder, as far as possible; once per process.

    Parameters
    ----------
    place
        The folder; by default the one for temporary files.
    """
    place = place or _find_temporary()
    if str(place) in _cleared:
        return
    _cleared.add(str(place))
    try:
        above = os.open(place, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError:
        return
    try:
        for name in filter(_NAME.fullmatch, os.listdir(above)):  # noqa: PTH208 - of a descriptor
            with suppress(OSError):  # in use, another user's, or no such folder at all
                _remove_dead(above, name)
    finally:
        os.close(above)


def _remove_dead(above: int, name: str) -> None:
    """Remove a folder that was certainly made here, and whose process has ended."""
    inner = os.open(name, _INNER, dir_fd=above)
    try:
        found = os.fstat(inner)
        _refuse_foreign(found, stat.S_IFDIR | 0o700)
        try:
            lock = os.open(_OWNER, _LOCK, dir_fd=inner)
        except FileNotFoundError:
            # Killed at its first or last step, unless the folder is just being made.
            if time.time() - found.st_mtime > _STEP:
                os.rmdir(name, dir_fd=above)
            return
        try:
            _refuse_foreign(os.fstat(lock), stat.S_IFREG | 0o600)
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            _empty(inner)
            os.rmdir(name, dir_fd=above)
        finally:
            os.close(lock)
    finally:
        os.close(inner)


def _empty(folder: int) -> None:
    """Empty a folder; the owner's file last, which identifies the rest."""
    names = [*(name for name in os.listdir(folder) if name != _OWNER), _OWNER]
    for name in names:
        if stat.S_ISDIR(os.lstat(name, dir_fd=folder).st_mode):
            import shutil  # takes longer to import than all the rest takes, as a rule

            shutil.rmtree(name, dir_fd=folder)
        else:
            os.unlink(name, dir_fd=folder)


def _refuse_foreign(found: os.stat_result, mode: int) -> None:
    actual = stat.S_IFMT(found.st_mode) | found.st_mode & 0o777
    if found.st_uid != os.geteuid() or actual != mode:
        raise PermissionError


def _has_no_room(error: BaseException | None, made: Path) -> bool:
    """Whether an error says, or comes from one that says, that a folder's disk is full."""
    while error is not None:
        if isinstance(error, OSError) and error.errno in _NO_ROOM:
            place = error.filename2 or error.filename
            if place is None:
                if error.errno == errno.EFBIG or _is_full(made):
                    return True
            elif place and Path(os.fsdecode(place)).is_relative_to(made):
                return True
        elif isinstance(error, LisaError) and _SAID.search(error.message):
            # Git may have written to the project's disk, which another message names.
            return _LIMITED in error.message or has_git_no_room(error, made)
        error = error.__cause__ or error.__context__
    return False


def has_git_no_room(error: BaseException, folder: Path) -> bool:
    """Whether git says that it cannot write, and the disk of a folder is full."""
    is_said = isinstance(error, LisaError) and _SAID.search(error.message)
    return bool(is_said) and _is_full(folder)


def _is_full(folder: Path) -> bool:
    room = os.statvfs(folder)
    return room.f_bavail * room.f_frsize < 1 << 20 or room.f_favail == 0
