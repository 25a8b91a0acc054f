"""Things that are slow to make and the same every time: kept by the hash of their recipe."""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import shutil
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from ...support.tools import passes
from .machine import need

# Read while pytest collects: a test's home begins empty, and would make everything anew.
CACHE = Path(
    os.environ.get("LISA_E2E_CACHE")
    or Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "lisa-scaffold-e2e"
)

RECIPE = re.compile(r"[0-9a-f]{16}")
"""Name of the folder of what is made by a recipe: its hash."""
KEPT = 14 * 24 * 3600
"""For how many seconds something is kept that no session uses."""
LARGEST = {
    "buildah": 4_000_000_000,
    "docker": 12_000_000_000,
    "gitlab": 2_000_000_000,
    "mypy": 500_000_000,
    "pip": 1_000_000_000,
    "pre-commit": 1_000_000_000,
    "registry": 3_000_000_000,
    "uv": 3_000_000_000,
}
"""How many bytes a folder may hold between sessions, by its name without a hash."""
RECIPES = 3_000_000_000
"""How many bytes all that is made by recipes may hold: what was used longest ago goes first."""


def folder(name: str) -> Path:
    """A folder below the cache that is kept while sessions use it."""
    path = CACHE / name
    path.mkdir(parents=True, exist_ok=True)
    os.utime(path)
    return path


@contextmanager
def borrowed(name: str, otherwise: Path) -> Iterator[tuple[Path, IO[str]]]:
    """A kept folder that one session at a time may have, and its lock to hand on to a process.

    Parameters
    ----------
    name
        Its name.
    otherwise
        The folder for a session that comes while another one has it.
    """
    kept = folder(name)
    with (CACHE / f"{name}.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            kept = otherwise
            kept.mkdir(parents=True)
        yield kept, lock


@contextmanager
def in_use() -> Iterator[None]:
    """Hold the cache for a session; before it what is unused is dropped, after it what is too much.

    Nothing is dropped while another session holds it.
    """
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / "sessions.lock").open("w") as lock:
        if _is_alone(lock):
            _drop_unused()
        fcntl.flock(lock, fcntl.LOCK_SH)
        try:
            yield
        finally:
            if _is_alone(lock):
                _drop_too_large()
                _drop_locks()


def _is_alone(lock: IO[str]) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _drop_unused() -> None:
    """Drop what was left half made, and what is unused for long."""
    for path in filter(Path.is_dir, CACHE.iterdir()):
        _unmount_below(path)
        if path.suffix == ".draft" or path.stat().st_mtime < time.time() - KEPT:
            shutil.rmtree(path)


def _drop_too_large() -> None:
    """Drop the folders that have grown too large, and of what recipes made the oldest."""
    sizes = _sizes()
    room = RECIPES
    for path in sorted(sizes, key=lambda path: path.stat().st_mtime, reverse=True):
        if RECIPE.fullmatch(path.name):
            room -= sizes[path]
            too_large = room < 0
        else:
            most = LARGEST.get(path.name) or LARGEST.get(path.name.rpartition("-")[0])
            too_large = most is not None and sizes[path] > most
        if too_large:
            _unmount_below(path)
            shutil.rmtree(path)


def _drop_locks() -> None:
    """Drop the locks of what is there no more."""
    for left in CACHE.glob("*.lock"):
        if left.name != "sessions.lock" and not left.with_suffix("").exists():
            left.unlink()


def _sizes() -> dict[Path, int]:
    """Bytes in each folder of the cache; du counts a million files, Python would take long."""
    folders = [path for path in CACHE.iterdir() if path.is_dir()]
    told = passes("du", "--bytes", "--summarize", *folders, cwd=CACHE) if folders else ""
    lines = (line.split("\t") for line in told.splitlines())
    return {Path(path): int(size) for size, path in lines}


def _unmount_below(path: Path) -> None:
    """An engine that was killed leaves its containers' file systems mounted."""
    table = Path("/proc/self/mounts").read_text(encoding="utf-8")
    points = [line.split()[1] for line in table.splitlines()]
    for point in reversed(points):
        if point.startswith(f"{path}/"):
            passes(need("umount"), "--lazy", point, cwd=Path("/"))


@contextmanager
def alone(lock: Path) -> Iterator[None]:
    """Wait until no other process holds this lock, and hold it."""
    lock.parent.mkdir(parents=True, exist_ok=True)
    with lock.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def cached(name: str, recipe: Iterable[str | bytes], make: Callable[[Path], None]) -> Path:
    """A file or folder that is made once for each recipe.

    Parameters
    ----------
    name
        Its name, with the suffix that programs want to see.
    recipe
        Everything that it is made from: another recipe is another file.
    make
        Makes it under the path that it is given.
    """
    parts = (part.encode() if isinstance(part, str) else part for part in recipe)
    digest = hashlib.sha256(b"\0".join(parts)).hexdigest()[:16]
    path = CACHE / digest / name
    with alone(CACHE / f"{digest}.lock"):
        if not path.exists():
            draft = CACHE / f"{digest}.draft"
            shutil.rmtree(draft, ignore_errors=True)
            draft.mkdir()
            make(draft / name)
            draft.rename(path.parent)
        os.utime(path.parent)
    return path
