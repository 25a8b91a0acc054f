"""Files of the template that come in for others of its files alone, which the project goes without.

What a job installs is of no use without the job.
"""

from __future__ import annotations

from collections.abc import Collection

from lisa_scaffold.lines import join_names
from lisa_scaffold.shown import visible
from lisa_scaffold.sync.outcome import Synced
from lisa_scaffold.sync.seeded import Matches, Tree


def leave_out_unneeded(
    synced: Synced, present: Collection[str], theirs: Tree, locked: Matches
) -> None:
    """Leave out locked files that are new and that only files name which the project has not.

    Parameters
    ----------
    synced
        The merge.
    present
        The paths that the project has.
    theirs
        The render of the wanted version.
    locked
        Whether a path is the template's alone.
    """
    there = {*present, *(path for path, blob in synced.shown().items() if blob is not None)}
    absent = {path: blob for path, blob in theirs.items() if path not in there}
    if not absent:
        return
    for change in [each for each in synced.changes if each.status == "added"]:
        path = change.path
        # A name without a folder may stand anywhere.
        if not locked(path) or "/" not in path or path not in theirs:
            continue
        name = path.encode()
        users = [each for each, blob in theirs.items() if each != path and name in blob.data]
        if users and all(each in absent for each in users):
            synced.changes.remove(change)
            del synced.files[path]
            said = (
                f"only {join_names(map(visible, users))} would use it, which the project has not."
            )
            synced.leave_out(path, said)
