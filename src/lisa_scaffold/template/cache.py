"""The user's folder for what can be made again: nobody else may write there, and it stays small."""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from pathlib import Path


def folder(name: str) -> Path | None:
    """The folder for one sort of kept files; None where nobody else may be kept out of it.

    See https://specifications.freedesktop.org/basedir-spec/latest/ for ``XDG_CACHE_HOME``.
    """
    named = os.environ.get("XDG_CACHE_HOME", "")
    try:
        # A relative one counts as none: it would lie in whatever folder is the current one.
        base = Path(named) if os.path.isabs(named) else Path.home() / ".cache"
        place = base / "lisa-scaffold" / name
        place.mkdir(mode=0o700, parents=True, exist_ok=True)
        state = place.stat()
    except (OSError, RuntimeError):
        return None
    # What is kept is believed as it is found: it must be the user's own.
    private = not stat.S_IMODE(state.st_mode) & (stat.S_IWGRP | stat.S_IWOTH)
    return place if private and state.st_uid == os.geteuid() else None


def write(place: Path, content: bytes) -> None:
    """Put a file there in one step; a cache that cannot be written is none, and no trouble."""
    draft = place.with_name(f".{place.name}.{os.getpid()}")
    try:
        draft.write_bytes(content)
        draft.replace(place)
    except OSError:
        draft.unlink(missing_ok=True)


def read(place: Path) -> bytes | None:
    """What a file there holds, which counts as a use of it; None where it is missing."""
    try:
        content = place.read_bytes()
        os.utime(place)
    except OSError:
        return None
    return content


def prune(place: Path, most: int) -> None:
    """Remove the files that were used longest ago, until no more than so many are left."""
    with suppress(OSError):  # another command may be doing the same
        files = sorted(place.iterdir(), key=lambda each: each.stat().st_mtime_ns, reverse=True)
        for old in files[most:]:
            old.unlink(missing_ok=True)
