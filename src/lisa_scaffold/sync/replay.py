"""Examine a change that a killed command laid down, before it is trusted.

It may have come with the project, in an archive that somebody unpacked.
"""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lisa_scaffold import files
from lisa_scaffold.errors import LisaError
from lisa_scaffold.pattern import compile_lazily

_MARK = compile_lazily(rb"[0-9a-f]{32}")
_OBJECT = compile_lazily(r"[0-9a-f]{40,64}")
_STATE = compile_lazily(r"(?s:link .+)|[x-] [0-9a-f]{64}")

# The only folders that may hold links: those of the project, new or replaced.
_HOLD_LINKS = ("content", "kept")


def is_mark(content: bytes) -> bool:
    """Whether bytes have the form of a mark by which a user's own journal is known."""
    return bool(_MARK.fullmatch(content))


def read_plan(pending: Path, top: Path) -> Mapping[str, Any]:
    """The plan of a laid down change, once it is certain to stay inside a project.

    Raises
    ------
    LisaError
        If it is damaged, another user's, has links in it, or leads out.
    """
    try:
        _refuse_links(pending)
        content = files.read(pending, "plan.json", files.LARGE, links=False)
        plan: Mapping[str, Any] = json.loads(content or b"")
        match plan:
            case {"branch": str(branch), "commit": str(commit)} if _OBJECT.fullmatch(commit):
                _refuse_unwritable(branch)
            case {"steps": list(steps), **rest}:
                prefix, index = rest.get("prefix", ""), rest.get("index")
                if not isinstance(prefix, str) or not isinstance(index, str | None):
                    raise ValueError
                _refuse_unwritable(prefix)
                for number, step in enumerate(steps):
                    _refuse_step(step, number, prefix, pending, top)
            case _:
                raise ValueError
    except (LisaError, OSError, ValueError, RecursionError) as error:
        raise LisaError(
            f"{pending}: no change that lisa-scaffold has laid down, or it is damaged",
            "Look at what is in it, then remove it.",
        ) from error
    return plan


def _refuse_step(step: Any, number: int, prefix: str, pending: Path, top: Path) -> None:
    """Raise ValueError for what is no step, and LisaError for one that leads out."""
    match step:
        case {"path": str(path), "old": old, "new": new, "draft": str(draft)}:
            states = [each for each in (old, new) if each is not None]
            known = all(isinstance(each, str) and _STATE.fullmatch(each) for each in states)
            # Content that is in its place already is no longer here.
            prepared = files.identify_state(pending, f"content/{number}")
            if not known or not files.is_draft_name(draft) or prepared not in (None, new):
                raise ValueError
            for each in (path, *states):
                _refuse_unwritable(each)
            files.refuse(top, prefix + path)
        case _:
            raise ValueError


def _refuse_unwritable(text: str) -> None:
    """Raise ValueError for what can be no name: JSON holds a NUL, and halves of characters."""
    if "\0" in text:
        raise ValueError
    os.fsencode(text)


def _refuse_links(pending: Path) -> None:
    """Raise ValueError for links, special files and files of others."""

    def fail(error: OSError) -> None:
        raise error

    if pending.is_symlink() or pending.stat().st_uid != os.geteuid():
        raise ValueError
    for folder, names, found in os.walk(pending, onerror=fail):
        for name in (*names, *found):
            place = Path(folder, name)
            state = place.lstat()
            above = place.parent.relative_to(pending).as_posix()
            link = stat.S_ISLNK(state.st_mode) and above in _HOLD_LINKS
            usual = stat.S_ISREG(state.st_mode) or stat.S_ISDIR(state.st_mode)
            if not (link or usual) or state.st_uid != os.geteuid():
                raise ValueError
