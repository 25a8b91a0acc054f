"""Locks that other requirements make stale: a tool writes them anew, and nobody merges them."""

from __future__ import annotations

from collections.abc import Mapping

from lisa_scaffold.aftercare.work import Work
from lisa_scaffold.git import SUBMODULE, Blob
from lisa_scaffold.lines import join_names
from lisa_scaffold.model import Weight
from lisa_scaffold.project.facts import Facts
from lisa_scaffold.rules.metadata_locks import (
    HEAD,
    MADE_FOR,
    OTHERS,
    OURS,
    SESSION,
    explain_stale,
    list_asked,
)
from lisa_scaffold.rules.quality_sessions import find_sessions
from lisa_scaffold.sync.outcome import Renewal, Synced
from lisa_scaffold.sync.seeded import Tree
from lisa_scaffold.versions import normalize_name

_ORPHAN = (
    f"the session `{SESSION}`, which renews it, is gone from noxfile.py: delete it, unless "
    "something of yours reads it."
)

_METADATA = "pyproject.toml"
_SESSIONS = "noxfile.py"
_MADE_ELSEWHERE = {
    "Cargo.lock": "cargo update --workspace",
    "flake.lock": "nix flake lock",
    "package-lock.json": "npm install --package-lock-only",
    "pixi.lock": "pixi lock",
}
"""Locks for what other files ask for."""


def is_lock(blob: Blob) -> bool:
    """Whether a file is a lock that the project renews by itself."""
    return OURS.encode() in blob.data[:HEAD]


def tell_stale(synced: Synced, work: Work, theirs: Tree) -> None:
    """Tell of each lock that is out of date once the update is in, and what renews it.

    Where the requirements themselves are in conflict, that may hold with one side's lines alone.

    Parameters
    ----------
    synced
        The merge.
    work
        What people have written.
    theirs
        The render of the wanted version.
    """
    commands = {**dict.fromkeys(MADE_FOR, OURS), **OTHERS, **_MADE_ELSEWHERE}
    read = (_METADATA, _SESSIONS, *commands)
    present = work.store.paths(work.ours)
    wanted = [path for path in read if path in present]
    before = {
        path: blob
        for path, blob in work.store.contents(work.ours, wanted).items()
        if blob.mode != SUBMODULE
    }
    # A lock may have been renewed and wait to be committed, or the requirements have grown.
    uncommitted = work.read_uncommitted(read).items()
    before |= {path: blob for path, blob in uncommitted if path in wanted}
    ours, other = (
        {**before, **{path: blob for path, blob in side.items() if path in read}}
        for side in (synced.decided(), synced.offered())
    )
    for path, command in commands.items():
        if path in MADE_FOR and not (_has_session(ours) or _has_session(other)):
            if _has_session(before) and (lock := ours.get(path)) and is_lock(lock):
                synced.assign(path, _ORPHAN)
            continue
        said, elsewise = (_explain(path, synced, before, after, theirs) for after in (ours, other))
        if not said and not elsewise:
            continue
        where = ""
        if not said or not elsewise:
            whose = "the template's lines come" if elsewise else "the project's lines stay"
            where = f"if {whose} in the conflict of {_METADATA}"
        why = f"{where}: {said or elsewise}" if where else said
        synced.note(path, f"{why}. Renew it with: {command}", weight=Weight.ASKS)
        synced.stale[path] = Renewal(command, where)


def _explain(
    path: str,
    synced: Synced,
    before: Mapping[str, Blob | None],
    after: Mapping[str, Blob | None],
    theirs: Tree,
) -> str:
    """Why a lock is out of date; empty where it is not, or where it is none."""
    lock = after.get(path)
    if not lock or (path in MADE_FOR and not is_lock(lock)):
        return ""
    if path in MADE_FOR:
        facts = _read_facts(after)
        if told := [what for _, what in explain_stale(facts, path)]:
            return "; ".join(told)
        if lock is synced.files.get(path):
            # What the lock has for requirements that are not the project's.
            names = {*map(normalize_name, list_asked(facts, path))}
            meant = list_asked(_read_facts(theirs), path)
            if more := [each for each in meant if normalize_name(each) not in names]:
                return f"was made for {join_names(more)} too, which the project does not ask for"
    if path in {*synced.patches, *synced.quotations}:
        return "the template's was made for more or other requirements"
    is_other = path not in synced.files and _asks(before, path) != _asks(after, path)
    return "was made for other requirements" if is_other and path not in _MADE_ELSEWHERE else ""


def _has_session(files: Mapping[str, Blob | None]) -> bool:
    """Whether nox has what writes the template's locks, as far as that can be told."""
    if (sessions := files.get(_SESSIONS)) is None:
        return True
    found = find_sessions(Facts.of({_SESSIONS: sessions.data}))
    return found is None or SESSION in found


def _read_facts(files: Mapping[str, Blob | None]) -> Facts:
    """The requirements of a project, and its locks."""
    read = {path: files.get(path) for path in (_METADATA, *MADE_FOR)}
    return Facts.of({path: blob.data for path, blob in read.items() if blob})


def _asks(files: Mapping[str, Blob | None], lock: str) -> tuple[object, object]:
    """What a lock is made for: the Pythons and the requirements."""
    project = _read_facts(files).pyproject
    stated = MADE_FOR.get(lock, ("project", "dependencies"))
    return project.get("project", "requires-python"), project.get(*stated)
