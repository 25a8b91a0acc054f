"""Files that are written once: changes of the template to them are not merged."""

from __future__ import annotations

from collections.abc import Callable, Container
from typing import NamedTuple

from lisa_scaffold.git import Blob

Tree = dict[str, Blob]
Matches = Callable[[str], bool]


class Held(NamedTuple):
    """What was taken out of a merge.

    Attributes
    ----------
    dropped
        The paths that the template no longer has, and the project keeps.
    missed
        The paths that the template changed and the project has removed, with both contents.
    """

    dropped: list[str]
    missed: dict[str, tuple[Blob, Blob]]


def hold_back(
    base: Tree, theirs: Tree, present: Container[str], seeded: Matches, was_seeded: Matches
) -> Held:
    """Take out of the merge what the template would change in files that are the project's."""
    arrived = {theirs[path].data for path in theirs.keys() - base.keys()}
    folders = {path[:at] for path in theirs for at, sign in enumerate(path) if sign == "/"}
    # A file that only moves is moved in the project too, with what was written in it.
    removed = [
        path
        for path in base
        if path not in theirs
        and was_seeded(path)
        and base[path].data not in arrived
        and path not in folders
    ]
    missed: dict[str, tuple[Blob, Blob]] = {}
    for path in [path for path in theirs if seeded(path)]:
        if path in base:
            if path not in present and base[path] != theirs[path]:
                missed[path] = base[path], theirs[path]
            theirs[path] = base[path]
        elif path in present:
            del theirs[path]
    theirs |= {path: base[path] for path in removed}
    return Held([path for path in removed if path in present], missed)
