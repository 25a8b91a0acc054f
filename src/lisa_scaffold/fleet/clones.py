"""Clones of a server's projects, kept between runs for as long as somebody needs them."""

from __future__ import annotations

import fcntl
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from hashlib import sha256
from pathlib import Path

from lisa_scaffold import workplace
from lisa_scaffold.template import cache

DAYS = 60
"""Days after which a clone is removed that no command has used."""

_DAY = 86_400  # seconds
_FLAGS = os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC


@contextmanager
def open_clones() -> Iterator[Path]:
    """The folder for clones: it is kept where the user's cache is certainly the user's own."""
    with ExitStack() as stack:
        kept = cache.folder("clones")
        if kept:
            _drop_unused(kept)
        yield kept or stack.enter_context(workplace.folder())


def _drop_unused(clones: Path) -> None:
    """Remove the clones of projects that have left every fleet, each unless it is in use.

    Their locks stay: whoever waits for one must not get another file of the same name.
    """
    long_ago = time.time() - DAYS * _DAY
    for lock in clones.glob("*.lock"):
        clone = lock.with_suffix("")
        with suppress(OSError):  # in use, or another command does the same
            if clone.is_dir() and lock.lstat().st_mtime < long_ago:
                handle = os.open(lock, _FLAGS)
                try:
                    fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    if os.fstat(handle).st_mtime < long_ago:
                        shutil.rmtree(clone)
                finally:
                    os.close(handle)


def find_clone(clones: Path, address: str) -> Path:
    """The folder of the clone of an address, below that of all clones."""
    return clones / sha256(address.encode()).hexdigest()[:24]


@contextmanager
def hold_clone(clones: Path, address: str) -> Iterator[Path]:
    """The folder of the clone of an address, for this command alone: another one waits.

    Clones are kept, and two commands may work on a fleet at once. A clone that is brought to
    another commit, or is made anew, while somebody looks at it would be seen with half its files.
    """
    place = find_clone(clones, address)
    lock = os.open(place.with_suffix(".lock"), _FLAGS | os.O_CREAT, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        os.utime(lock)
        yield place
    finally:
        # Not by closing it alone: a process that was forked meanwhile has it open as well.
        fcntl.flock(lock, fcntl.LOCK_UN)
        os.close(lock)
