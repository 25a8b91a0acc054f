"""Things that are slow to make and the same every time: kept by the hash of their recipe."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

# Read while pytest collects: a test's home begins empty, and would make everything anew.
CACHE = Path(
    os.environ.get("LISA_E2E_CACHE")
    or Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "lisa-scaffold-e2e"
)


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
    return path
