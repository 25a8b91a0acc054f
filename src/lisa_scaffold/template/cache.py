"""The user's cache folder: nobody else fills it, and it stays small.

What is kept is trusted as it is found, and compiled templates are even run, just as Python runs
what it compiled below the user's ``site-packages``. So the folder must certainly be the user's own:
where somebody else may have filled it, in a checkout above all, nothing is kept and nothing read.
That costs nothing but time, as does everything that goes wrong here.
"""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from hashlib import sha256
from pathlib import Path

LARGEST = 4_000_000
"""Bytes of the largest file that is kept; the largest of our own template takes 100 kB."""


def folder(name: str) -> Path | None:
    """The folder for one sort of files; None where it is not certainly the user's own.

    See https://specifications.freedesktop.org/basedir-spec/latest/ for ``XDG_CACHE_HOME``: a
    relative path there is invalid, and ignored.
    """
    named = Path(os.environ.get("XDG_CACHE_HOME", ""))
    try:
        above = named if named.is_absolute() else Path.home() / ".cache"
        # The user may keep it on another disk: what leads there is no concern, where it ends is.
        place = Path(os.path.realpath(above), "lisa-scaffold", name)
        if not above.is_absolute() or _is_in_project(place):
            return None
        # Others who may write further up can only put folders there that are not the user's.
        shut = (stat.S_IWOTH, stat.S_IWGRP | stat.S_IWOTH, stat.S_IRWXG | stat.S_IRWXO)
        for each, bits in zip((place.parents[1], place.parent, place), shut, strict=True):
            each.mkdir(mode=0o700, parents=True, exist_ok=True)
            state = each.lstat()
            own = stat.S_ISDIR(state.st_mode) and state.st_uid == os.geteuid()
            if not own or state.st_mode & bits:
                return None
    except (OSError, RuntimeError, ValueError):
        return None
    return place


def _is_in_project(place: Path) -> bool:
    """Whether a place lies in a checkout or another project, which may hold anybody's files.

    Many people keep their home itself under git. What is tracked there is theirs like the rest of
    their home, which can run anything; but a CI job may have its checkout as home.
    """
    checkout = os.environ.get("CI_PROJECT_DIR")
    if checkout and place.is_relative_to(os.path.realpath(checkout)):
        return True
    home = Path.home()
    at_the_desk = home.is_absolute() and not os.environ.get("CI")
    spared = Path(os.path.realpath(home)) if at_the_desk else None
    return any(
        os.path.lexists(each / ".copier-answers.yml")
        or (os.path.lexists(each / ".git") and each != spared)
        for each in (place, *place.parents)
    )


def write(place: Path, content: bytes) -> None:
    """Write a file in one step; one that cannot be written is just not kept."""
    if len(content) > LARGEST:
        return
    draft = place.with_name(f".{os.urandom(8).hex()}")
    try:
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        with os.fdopen(os.open(draft, flags, 0o600), "wb") as file:
            file.write(_seal(place, content) + content)
        draft.replace(place)
    except OSError:
        with suppress(OSError):
            draft.unlink()


def read(place: Path) -> bytes | None:
    """The content of a file, which counts as a use of it; None where it is not as written."""
    try:
        # A pipe would wait for a writer.
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        handle = os.open(place, flags)
    except OSError:
        return None
    try:
        state = os.fstat(handle)
        own = stat.S_ISREG(state.st_mode) and state.st_uid == os.geteuid()
        shared = state.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
        if not own or shared or state.st_size > LARGEST + sha256().digest_size:
            return None
        sealed = os.read(handle, state.st_size)
        with suppress(OSError):  # a disk that is only read
            os.utime(handle)
    except OSError:
        return None
    finally:
        os.close(handle)
    seal, content = sealed[: sha256().digest_size], sealed[sha256().digest_size :]
    return content if seal == _seal(place, content) else None


def _seal(place: Path, content: bytes) -> bytes:
    """A digest that tells a file written here from one that is cut off, damaged or another's."""
    return sha256(os.fsencode(place.name) + b"\0" + content).digest()


def prune(place: Path, most: int) -> None:
    """Remove the least recently used files until no more than ``most`` are left."""
    used: dict[Path, int] = {}
    with suppress(OSError), os.scandir(place) as found:
        for each in found:
            with suppress(OSError):  # another command may be doing the same
                used[Path(each)] = each.stat(follow_symlinks=False).st_mtime_ns
    for path in sorted(used, key=used.__getitem__, reverse=True)[most:]:
        with suppress(OSError):
            path.unlink()
