"""Locked files that a project ignores: its jobs need them, so they come all the same."""

from __future__ import annotations

from collections.abc import Iterable

from lisa_scaffold.formats import encoding
from lisa_scaffold.formats.ignored import IGNORE_FILE, take_back
from lisa_scaffold.git import Blob, Store
from lisa_scaffold.sync.outcome import Synced

_REGULAR = ("100644", "100755")


def take_back_paths(synced: Synced, store: Store, ours: str, paths: Iterable[str]) -> None:
    """Let a project's ``.gitignore`` name some paths no longer, and tell so.

    Parameters
    ----------
    synced
        The merge so far, with these paths.
    store
        Where the objects are.
    ours
        Name of the project's tree.
    paths
        The paths, which git takes only where they are forced on it.
    """
    paths = sorted(paths)
    if not paths:
        return
    present = synced.files.get(IGNORE_FILE) or _read_ignore_file(store, ours)
    content = take_back_bytes(present.data, paths) if present else None
    if present is None or content is None or IGNORE_FILE in synced.conflicts:
        for path in paths:
            synced.note(path, "git is told to ignore it, and the jobs need it: it is added anyway.")
        return
    merged = Blob(present.mode, content)
    if IGNORE_FILE in synced.files:
        synced.files[IGNORE_FILE] = merged
    else:
        synced.settle(IGNORE_FILE, "merged", merged)
    named = ", ".join(paths)
    synced.note(
        IGNORE_FILE, f"it named {named}, which the jobs need: its last lines take that back."
    )


def take_back_bytes(content: bytes, paths: Iterable[str]) -> bytes | None:
    """A ``.gitignore`` that names some paths no longer; ``None`` where it does not name them."""
    sides = encoding.decode(None, content, content)
    if sides is None:
        return None
    text = take_back(sides.ours.text, paths)
    return None if text == sides.ours.text else encoding.encode(text, sides)


def _read_ignore_file(store: Store, ours: str) -> Blob | None:
    stage = store.entries(ours, [IGNORE_FILE]).get(IGNORE_FILE)
    if stage is None or stage.mode not in _REGULAR:
        return None
    return Blob(stage.mode, store.read([stage.oid])[stage.oid])
