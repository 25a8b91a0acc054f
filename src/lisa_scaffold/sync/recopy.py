"""Files that the template has: put anew in the place of the project's, or kept away from it."""

from __future__ import annotations

from lisa_scaffold.git import SUBMODULE, Store
from lisa_scaffold.sync.ignored import take_back_paths
from lisa_scaffold.sync.outcome import Policy, Synced
from lisa_scaffold.sync.seeded import Tree


def take_out_skipped(base: Tree, theirs: Tree, policy: Policy) -> list[str]:
    """Take out of two renders what the project keeps for itself; returns where they differ."""
    missed = []
    for path in {*base, *theirs}:
        if policy.skipped(path) and base.pop(path, None) != theirs.pop(path, None):
            missed.append(path)
    return missed


def recopy_project(store: Store, ours: str, theirs: Tree, policy: Policy) -> Synced:
    """Put a render in the place of what the project has, whatever people wrote there.

    What is not in the render stays, as do paths that the project keeps for itself, or that are
    written only once.

    Parameters
    ----------
    store, ours, policy
        As of :func:`merge_project`.
    theirs
        The render.
    """
    store.record("project", ours)  # which the store shows differences from
    present = store.entries(ours, theirs)
    ignored = policy.ignored(path for path in theirs if path not in present)
    synced, skipped = Synced(), []
    for path, blob in sorted(theirs.items()):
        there = present.get(path)
        if path != policy.answers_file and policy.skipped(path):
            skipped.append(path)
        elif there is None and path in ignored and not policy.locked(path):
            synced.leave_out(path, "the template has it, .gitignore names it.")
        elif there is None:
            synced.settle(path, "added", blob)
        elif there.mode == SUBMODULE:
            synced.keep(path, "a submodule stands where the template has a file.")
        elif not policy.seeded(path) and (there.mode, there.oid) != (
            blob.mode,
            store.oid(blob.data),
        ):
            synced.settle(path, "updated", blob)
    take_back_paths(synced, store, ours, {path for path in ignored if path in synced.files})
    synced.note_skipped(skipped)
    return synced
