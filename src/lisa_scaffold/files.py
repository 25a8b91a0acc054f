"""The only writer and reader of files that somebody else may have laid out.

A path is relative to a root, and every folder on its way is opened by the descriptor of the one
above it: what was checked is what is used, even if a folder is swapped for a link meanwhile.
Nothing is written through a link. Only regular files inside the root are read, up to a bounded
size: links are followed as long as they stay there. Nothing below a ``.git`` is reached, however it
is written.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable, Collection, Iterator
from contextlib import closing, contextmanager, suppress
from functools import lru_cache
from pathlib import Path

from lisa_scaffold.errors import LisaError
from lisa_scaffold.pattern import compile_lazily

MOST = 1_000_000
"""Size in bytes above which no file is read, by default."""

LARGE = 100_000_000
"""Size in bytes above which not even files that are merged or compared are read."""

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
_INNER = _FOLDER | os.O_NOFOLLOW
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_DRAFT = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_DRAFT_NAME = compile_lazily(r"\.[0-9a-f]{16}\.lisa-scaffold")
_PIECE = 1 << 20

_READ_BY_GIT = (".gitignore", ".gitattributes", ".gitmodules", ".mailmap")

# As many as Linux follows.
_MOST_LINKS = 40

_OWN_DESCRIPTORS = ("/dev/fd", "/proc/self/fd")

# Apple's file systems ignore these characters in a name: ".g\u200cit" is ".git" there.
_UNSEEN = dict.fromkeys([*range(0x200C, 0x2010), *range(0x202A, 0x202F), *range(0x206A, 0x2070)])
_UNSEEN[0xFEFF] = None


class _OutError(Exception):
    """A link leads out of the root, or below a ``.git``."""


@lru_cache(maxsize=4096)
def is_git_folder(name: str) -> bool:
    """Whether some file system takes a name for ``.git``, by git's own rules."""
    seen = name if name.isascii() else name.translate(_UNSEEN)
    return seen.partition(":")[0].rstrip(" .").lower() in (".git", "git~1")


def make_draft_name() -> str:
    """An unpredictable name for a file that is not in its place yet."""
    return f".{os.urandom(8).hex()}.lisa-scaffold"


def is_draft_name(name: str) -> bool:
    """Whether a name is one that :func:`make_draft_name` gives."""
    return bool(_DRAFT_NAME.fullmatch(name))


def read(root: Path, path: str, most: int = MOST, *, links: bool = True) -> bytes | None:
    """The content of a file in a folder.

    Parameters
    ----------
    root
        The folder.
    path
        The file, relative to it.
    most
        The size in bytes above which it is not read.
    links
        Whether links that stay inside the folder are followed.

    Returns
    -------
    bytes or None
        The content; ``None`` where there is no such file.

    Raises
    ------
    LisaError
        If it is not a regular file, leads out of the folder or below a ``.git``, is too large, or
        must not be read.
    """
    place = _shown(root, path)
    try:
        with closing(_Descent(root)) as descent:
            descriptor = descent.open(path, links=links)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except _OutError as error:
        raise _refused(place, str(error)) from error
    except (OSError, ValueError) as error:
        raise _refused(place, _reason(error)) from error
    return _read_and_close(descriptor, place, most)


def read_named(path: Path, most: int = MOST) -> bytes:
    """The content of a file that the user names, wherever links lead.

    A pipe that the shell has opened for this process (``<(…)``) is read as well.

    Raises
    ------
    LisaError
        If there is none, or it is too large or not a regular file.
    """
    try:
        descriptor = os.open(path, _FILE & ~os.O_NOFOLLOW)
    except (OSError, ValueError) as error:
        raise LisaError(f"{path}: {_reason(error)}", "Check the path.") from error
    handed = str(path) == "/dev/stdin" or str(path.parent) in _OWN_DESCRIPTORS
    if handed and stat.S_ISFIFO(os.fstat(descriptor).st_mode):
        os.set_blocking(descriptor, True)
        return _read_and_close(descriptor, str(path), most, pipe=True)
    return _read_and_close(descriptor, str(path), most)


def read_head(path: Path, size: int) -> bytes:
    """The first bytes of a file that the user or a project names; none where there is no file."""
    try:
        descriptor = os.open(path, _FILE & ~os.O_NOFOLLOW)
    except (OSError, ValueError):
        return b""
    try:
        regular = stat.S_ISREG(os.fstat(descriptor).st_mode)
        return os.read(descriptor, size) if regular else b""
    except OSError:
        return b""
    finally:
        os.close(descriptor)


def write(root: Path, path: str, content: bytes) -> None:
    """Write a file of a folder in one step: it has either its old content or the new one.

    It keeps its permissions. Missing folders are made.

    Raises
    ------
    LisaError
        If the path leads out of the folder, through a link or below a ``.git``, or something other
        than a file stands there.
    OSError
        If it cannot be written; nothing is changed then.
    """
    with open_parent(root, path, make=True) as (folder, name):
        mode = None
        with suppress(FileNotFoundError):
            found = os.lstat(name, dir_fd=folder)
            if not stat.S_ISREG(found.st_mode):
                what = "a link" if stat.S_ISLNK(found.st_mode) else "no regular file"
                raise LisaError(
                    f"{_shown(root, path)}: {what}, which is not written to", "Move it away."
                )
            mode = found.st_mode & 0o777
        draft = make_draft_name()
        try:
            with os.fdopen(os.open(draft, _DRAFT, 0o666, dir_fd=folder), "wb") as file:
                file.write(content)
                if mode is not None:
                    os.fchmod(file.fileno(), mode)
                file.flush()
                os.fsync(file.fileno())
            os.replace(draft, name, src_dir_fd=folder, dst_dir_fd=folder)
        except BaseException:
            with suppress(OSError):
                os.unlink(draft, dir_fd=folder)
            raise
        _sync_folder(folder)


def write_named(path: Path, content: bytes, checkouts: Collection[Path] = ()) -> None:
    """Write a file that the user names.

    Whoever filled a checkout must not choose where the user writes: inside one, no link is
    followed, and the current folder counts as one. Elsewhere links are followed, and a device such
    as ``/dev/null`` is written to.

    Parameters
    ----------
    path
        The file.
    content
        Its new content.
    checkouts
        Folders with files of others, beside every repository.

    Raises
    ------
    LisaError
        If it lies behind a link in a checkout, or below a ``.git``.
    OSError
        If it cannot be written.
    """
    place = os.path.abspath(path)  # noqa: PTH100 - Path.resolve() would follow links
    if found := _in_checkout(place, checkouts):
        write(*found, content)
        return
    if os.path.exists(place) and not os.path.isfile(place):  # noqa: PTH110, PTH113
        with os.fdopen(os.open(place, os.O_WRONLY | os.O_NONBLOCK | os.O_CLOEXEC), "wb") as file:
            os.set_blocking(file.fileno(), True)
            file.write(content)
    else:
        real = Path(os.path.realpath(place))
        real.parent.mkdir(parents=True, exist_ok=True)
        write(real.parent, real.name, content)


def refuse_linked(folder: Path) -> None:
    """Raise LisaError where a folder that the user names lies behind a link in a checkout.

    The same holds for it as for :func:`write_named`; nothing need be there yet.
    """
    place = os.path.abspath(folder)  # noqa: PTH100 - Path.resolve() would follow links
    if os.path.realpath(folder) != os.path.realpath(place):
        raise LisaError(f"{folder}: leads through a link and back", "Name it without ..")
    if found := _in_checkout(place, ()):
        root, path = found
        above = ""
        for part in path.split("/"):
            above = f"{above}/{part}".lstrip("/")
            if (root / above).is_symlink():
                message = f"{_shown(root, above)}: a link, which is not written to"
                raise LisaError(message, "Move it away.")


def _in_checkout(place: str, checkouts: Collection[Path]) -> tuple[Path, str] | None:
    """The outermost checkout that an absolute path lies in, and the path in it."""
    real = Path(os.path.realpath(os.path.dirname(place)), os.path.basename(place))  # noqa: PTH119, PTH120
    folders = [*checkouts, Path()]
    known = {os.path.abspath(each) for each in folders}  # noqa: PTH100
    known |= {os.path.realpath(each) for each in folders}
    # As it was typed, and as it is: a checkout may have been reached through a link.
    for each in (Path(place), real):
        roots = [
            above
            for above in each.parents
            if str(above) in known or os.path.lexists(above / ".git")
        ]
        if roots:
            return roots[-1], os.path.relpath(each, roots[-1])
    return None


@contextmanager
def open_parent(root: Path, path: str, *, make: bool = False) -> Iterator[tuple[int, str]]:
    """Open the folder that a path lies in; no link below the root is followed.

    Yields
    ------
    tuple
        Descriptor of the folder, and the name in it.

    Raises
    ------
    LisaError
        If the path leads out, below a ``.git``, or through something that is not a folder.
    OSError
        If a folder is missing and not to be made, or cannot be opened. Errors raised inside the
        context get the whole path, too.
    """
    *above, name = _parts(root, path)
    folder = os.open(root, _FOLDER)
    try:
        for number, part in enumerate(above, 1):
            if make:
                with suppress(FileExistsError):
                    os.mkdir(part, dir_fd=folder)
            try:
                inner = os.open(part, _INNER, dir_fd=folder)
            except OSError as error:
                if error.errno not in (errno.ELOOP, errno.ENOTDIR):
                    raise
                place = _shown(root, "/".join(above[:number]))
                message = f"{place}: not a folder, but {path} belongs below it"
                raise LisaError(message, "Move it away.") from error
            os.close(folder)
            folder = inner
        yield folder, name
    except OSError as error:
        error.filename, error.filename2 = _shown(root, path), None
        raise
    finally:
        os.close(folder)


def move_in(prepared: Path, root: Path, path: str, draft: str) -> None:
    """Move a file or link of ours into its place in one step, also from another disk.

    Parameters
    ----------
    prepared
        What is moved.
    root, path
        The folder, and the place in it.
    draft
        A name beside it for a copy from another disk, as :func:`make_draft_name` gives it.

    Raises
    ------
    LisaError
        If the path leads out of the folder, through a link or below a ``.git``.
    OSError
        If that is not possible; nothing is changed then.
    """
    with open_parent(root, path, make=True) as (folder, name):
        try:
            os.replace(prepared, name, dst_dir_fd=folder)
        except OSError as error:
            if error.errno != errno.EXDEV:
                raise
        else:
            return
        with suppress(FileNotFoundError):
            os.unlink(draft, dir_fd=folder)  # of a command that was killed here
        try:
            _copy(prepared, draft, folder, sync=True)
            os.replace(draft, name, src_dir_fd=folder, dst_dir_fd=folder)
        except OSError:
            with suppress(OSError):
                os.unlink(draft, dir_fd=folder)
            raise
    prepared.unlink()


def keep(root: Path, path: str, kept: Path) -> None:
    """Give a file or link of a folder a second name, from which it can be brought back.

    Where there is neither, nothing is done.

    Raises
    ------
    OSError
        If there is no room for a copy, on a disk without hard links.
    """
    with suppress(FileNotFoundError), open_parent(root, path) as (folder, name):
        mode = os.lstat(name, dir_fd=folder).st_mode
        if not (stat.S_ISREG(mode) or stat.S_ISLNK(mode)):
            return
        kept.unlink(missing_ok=True)
        try:
            os.link(name, kept, src_dir_fd=folder, follow_symlinks=False)
        except OSError:
            _copy(name, kept, source_folder=folder)


def copy(source: Path, place: Path) -> None:
    """Copy a file or link, with its permissions, to a new place of ours."""
    _copy(source, place)


def refuse(root: Path, path: str) -> None:
    """Raise LisaError where a path leads out of the folder or below a ``.git``."""
    _parts(root, path)


def sync(path: Path) -> None:
    """Wait until a file or folder of ours is on the disk."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        _sync_folder(descriptor)
    finally:
        os.close(descriptor)


def remove(root: Path, path: str) -> None:
    """Remove a file or link of a folder, and the folders that become empty.

    Raises
    ------
    LisaError
        If the path leads out of the folder, through a link or below a ``.git``.
    OSError
        If it cannot be removed.
    """
    with suppress(FileNotFoundError), open_parent(root, path) as (folder, name):
        os.unlink(name, dir_fd=folder)
    above = path.rpartition("/")[0]
    while above:
        try:
            with open_parent(root, above) as (folder, name):
                os.rmdir(name, dir_fd=folder)
        except OSError:
            return  # not empty, as a rule
        above = above.rpartition("/")[0]


def find_hindrance(folder: Path, is_over: Callable[[], bool]) -> str:
    """What makes git wait for ever in a folder: a pipe in place of a file; empty where none is.

    Git itself cannot have put it there, but an archive can.

    Parameters
    ----------
    folder
        The folder, which may be large.
    is_over
        Whether nobody wants to know any longer: asked once in each folder below.
    """
    read = [above / name for above in folder.resolve().parents for name in _READ_BY_GIT]
    for above, _, names in os.walk(folder):
        if is_over():
            return ""
        own = ".git" in Path(above).parts
        read += [Path(above, name) for name in names if own or name in _READ_BY_GIT]
    pipe = next((place for place in read if place.is_fifo()), None)
    return f"{pipe}: no regular file, and git waits for what comes out of it" if pipe else ""


def identify_state(root: Path, path: str) -> str | None:
    """An identifier of the state of a file or link; ``None`` where it is absent.

    A folder in its place counts as absent, and so does what lies behind a link.
    """
    import hashlib  # 5 ms, which a merge driver does without

    try:
        with open_parent(root, path) as (folder, name):
            mode = os.lstat(name, dir_fd=folder).st_mode
            if stat.S_ISLNK(mode):
                return f"link {os.readlink(name, dir_fd=folder)}"
            if not stat.S_ISREG(mode):
                return None
            with os.fdopen(os.open(name, _FILE, dir_fd=folder), "rb") as file:
                executable = "x" if os.fstat(file.fileno()).st_mode & 0o100 else "-"
                return f"{executable} {hashlib.file_digest(file, 'sha256').hexdigest()}"
    except (FileNotFoundError, LisaError):
        return None


def _shown(root: Path, path: str) -> str:
    """A path as messages show it."""
    return path if str(root) == "." else f"{root}/{path}"


def _parts(root: Path, path: str) -> list[str]:
    parts = path.split("/")
    if "\0" in path or any(part in ("", ".", "..") for part in parts):
        raise LisaError(
            f"{_shown(root, path)}: leads out of the folder", "Name a file inside of it."
        )
    if any(map(is_git_folder, parts)):
        raise LisaError(f"{_shown(root, path)}: below a folder of git's own", "Name another file.")
    return parts


class _Descent:
    """The way from a root down to a file; each step starts from the folder that was opened last.

    So a folder that is swapped for a link meanwhile is recognised as one.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._folders = [os.open(root, _FOLDER)]
        self._hops = 0

    def open(self, path: str, *, links: bool) -> int:
        """Open a file, following links as the system would as long as they stay inside."""
        todo = path.split("/")[::-1]
        while todo:
            part = todo.pop()
            if part == "..":
                if len(self._folders) == 1:
                    raise _OutError("leads out of the folder, so it is not read")
                os.close(self._folders.pop())
            elif part not in ("", "."):
                if is_git_folder(part):
                    raise _OutError("leads below a folder of git's own, so it is not read")
                todo += self._step(part, _INNER if todo else _FILE, links=links)[::-1]
        return self._folders.pop()

    def close(self) -> None:
        """Close every folder that is open."""
        while self._folders:
            os.close(self._folders.pop())

    def _step(self, name: str, flags: int, *, links: bool) -> list[str]:
        """Open what is there; the parts of a link's target, if it is one."""
        try:
            self._folders.append(os.open(name, flags, dir_fd=self._folders[-1]))
        except OSError as error:
            if error.errno not in (errno.ELOOP, errno.ENOTDIR):
                raise
            try:
                target = os.readlink(name, dir_fd=self._folders[-1])
            except OSError:
                raise error from None  # no link, but a file where a folder is needed
        else:
            return []
        self._hops += 1
        if not links or self._hops > _MOST_LINKS:
            raise _OutError("a link, which is not followed")
        if not target.startswith("/"):
            return target.split("/")
        # An absolute target starts again from the root that it leads into.
        for root in (os.path.abspath(self._root), os.path.realpath(self._root)):  # noqa: PTH100
            if target == root or target.startswith(f"{root.rstrip('/')}/"):
                while len(self._folders) > 1:
                    os.close(self._folders.pop())
                return target[len(root) :].split("/")
        raise _OutError("leads out of the folder, so it is not read")


def _read_and_close(descriptor: int, place: str, most: int, *, pipe: bool = False) -> bytes:
    try:
        found = os.fstat(descriptor)
        if not (pipe or stat.S_ISREG(found.st_mode)):
            folder = stat.S_ISDIR(found.st_mode)
            raise _refused(place, os.strerror(errno.EISDIR) if folder else "no regular file")
        # A file that grows is noticed by one byte more than it should have.
        size = most if pipe else found.st_size
        pieces, left = [], size + 1
        while size <= most and left and (piece := os.read(descriptor, left)):
            pieces.append(piece)
            left -= len(piece)
    except OSError as error:
        raise _refused(place, _reason(error)) from error
    finally:
        os.close(descriptor)
    if size > most or (pipe and not left):
        raise _refused(place, f"larger than {most / 1_000_000:g} MB")
    return b"".join(pieces)


def _refused(place: str, why: str) -> LisaError:
    return LisaError(f"{place}: {why}", "Put a file of a usual size there, or remove it.")


def _reason(error: Exception) -> str:
    if isinstance(error, OSError):
        # That is what a socket says.
        return "no regular file" if error.errno == errno.ENXIO else str(error.strerror or error)
    return str(error)


def _copy(
    source: Path | str,
    copy: Path | str,
    folder: int | None = None,
    source_folder: int | None = None,
    *,
    sync: bool = False,
) -> None:
    """Copy a file or link, with its permissions, to a new name."""
    found = os.lstat(source, dir_fd=source_folder)
    if stat.S_ISLNK(found.st_mode):
        os.symlink(os.readlink(source, dir_fd=source_folder), copy, dir_fd=folder)
        return
    with (
        os.fdopen(os.open(source, _FILE, dir_fd=source_folder), "rb") as old,
        os.fdopen(os.open(copy, _DRAFT, 0o600, dir_fd=folder), "wb") as new,
    ):
        while piece := old.read(_PIECE):
            new.write(piece)
        os.fchmod(new.fileno(), found.st_mode & 0o777)
        if sync:
            new.flush()
            os.fsync(new.fileno())


def _sync_folder(folder: int) -> None:
    with suppress(OSError):  # some file systems cannot
        os.fsync(folder)
