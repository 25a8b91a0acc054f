"""What follows from another answer in files that are the project's own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from lisa_scaffold.aftercare.locks import is_lock
from lisa_scaffold.formats.edit import set_value
from lisa_scaffold.formats.literal import quoted
from lisa_scaffold.git import SUBMODULE, Blob, Store
from lisa_scaffold.lines import join_names
from lisa_scaffold.project import licences, stated
from lisa_scaffold.project.facts import Facts
from lisa_scaffold.sync.outcome import Synced, patch
from lisa_scaffold.sync.seeded import Matches, Tree

ASKED = "it is yours, and these answers ask for more in it: see below."
"""What is said of a file that stays, and that other answers ask something of."""

_METADATA = "pyproject.toml"
_SESSIONS = "noxfile.py"
_OTHER = "other"
_REFERENCE = "docs/api.md"
_MOST_NAMED = 6


class Change(NamedTuple):
    """The answers, and what the template makes of them, before and after."""

    before: Mapping[str, Any]
    after: Mapping[str, Any]
    base: Tree
    theirs: Tree


def offer_seeded(synced: Synced, store: Store, ours: str, change: Change, seeded: Matches) -> None:
    """Offer what other answers ask of files that are written once, and are the project's since."""
    base, theirs = change.base, change.theirs
    differing = [
        path
        for path in sorted(base.keys() & theirs.keys() - synced.shown().keys())
        if seeded(path) and base[path].data != theirs[path].data
        # A lock is made anew from what is asked for.
        if not is_lock(theirs[path])
    ]
    for path, present in store.contents(ours, differing).items() if differing else ():
        if present.mode != SUBMODULE and present.data != theirs[path].data:
            synced.keep(path, ASKED)
            synced.offer(path, patch(path, base[path], theirs[path]), present)


def follow_licence(synced: Synced, store: Store, ours: str, change: Change) -> None:
    """Let the project's metadata name another licence, and tell where the README does not."""
    old, new = (str(each.get("license", "")) for each in (change.before, change.after))
    if new in (old, _OTHER):
        return
    from lisa_scaffold.rules.licence import readme_agrees

    tree = [path for path in store.paths(ours) if "/" not in path]
    files = {**store.contents(ours, tree), **synced.decided()}
    present = {path: blob for path, blob in files.items() if blob and blob.mode != SUBMODULE}
    if change.after.get("adopted") and (found := present.get(_METADATA)):
        present[_METADATA] = _state(synced, found, old, new)
    facts = Facts.of({path: blob.data for path, blob in present.items()})
    for hit in readme_agrees.hits(facts) if licences.list_licence_files(facts) else ():
        if hit.path not in synced.conflicts:
            synced.assign(hit.path, f"line {hit.line}: {hit.message}.")


def state_missing(synced: Synced, store: Store, ours: str, change: Change) -> None:
    """Let the metadata of an adopted project state new answers, where they say nothing."""
    if not change.after.get("adopted") or _METADATA in synced.conflicts:
        return
    files = {**store.contents(ours, [_METADATA]), **synced.decided()}
    present = files.get(_METADATA)
    if present is None or present.mode == SUBMODULE:
        return
    before, after = change.before, change.after
    given = {
        key: after.get(key)
        for key in ("description", "code_url")
        if after.get(key) != before.get(key)
    }
    text = present.data.decode(errors="replace")
    if (stating := stated.state_missing(text, given)[0]) != text:
        synced.changes = [each for each in synced.changes if each.path != _METADATA]
        synced.settle(_METADATA, "merged", Blob(present.mode, stating.encode()))


def tell_reference(synced: Synced, store: Store, ours: str, change: Change) -> None:
    """Tell that the new Reference page of an adopted project shows its package alone."""
    paths = store.paths(ours)
    if not change.after.get("adopted") or not synced.files.get(_REFERENCE) or _REFERENCE in paths:
        return
    inner = str(change.after.get("import_name") or "").replace(".", "/")
    parts = [f"/{path}".partition(f"/{inner}/")[2] for path in paths if path.endswith(".py")]
    own = [path for path in parts if path and not path.rpartition("/")[2].startswith("_")]
    modules = [f"{inner}/{path.removesuffix('.py')}".replace("/", ".") for path in own]
    if modules:
        named = join_names(sorted(modules), most=_MOST_NAMED)
        text = f"shows what the package itself has: repeat its block for each module ({named})."
        synced.note(_REFERENCE, text)


def tell_sessions(synced: Synced, store: Store, ours: str) -> None:
    """Tell of sessions of nox that CI asks for from now on, and the project has not.

    What the template brings to one of the two files may be kept as the project has it in the other.
    """
    changed = {path for path in synced.shown() if path == _SESSIONS or _is_yaml(path)}
    if not changed:
        return
    from lisa_scaffold.rules.quality_sessions import sessions_exist

    tree = [path for path in store.paths(ours) if path == _SESSIONS or _is_yaml(path)]
    before = store.contents(ours, tree)
    sides = (before, {**before, **synced.decided()}, {**before, **synced.offered()})
    known, found, in_theirs = (
        [
            *sessions_exist.hits(
                Facts.of({p: b.data for p, b in files.items() if b and b.mode != SUBMODULE})
            )
        ]
        for files in sides
    )
    told = {hit.message for hit in known}
    # In a file in conflict, what either side leaves so is told; its line the markers have moved.
    sure = {hit.message for hit in in_theirs}
    for hit in found:
        if hit.message in told:
            continue
        if hit.path not in synced.conflicts:
            synced.assign(hit.path, f"line {hit.line}: {hit.message}.")
        elif hit.message in sure:
            synced.assign(hit.path, f"{hit.message}.")


def _is_yaml(path: str) -> bool:
    return path.endswith((".yml", ".yaml"))


def _state(synced: Synced, present: Blob, old: str, new: str) -> Blob:
    """The metadata with the new licence, where they named the old one or none."""
    text = present.data.decode(errors="replace")
    facts = Facts.of({_METADATA: text})
    stated = facts.pyproject.get("project", "license")
    is_free = stated == old or (stated is None and "license" not in facts.package.unknown)
    if facts.package.form != "project" or not is_free or _METADATA in synced.conflicts:
        return present
    named = Blob(present.mode, set_value(("project", "license"), quoted(new))(text).encode())
    synced.changes = [each for each in synced.changes if each.path != _METADATA]
    synced.settle(_METADATA, "merged", named)
    return named
