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
    moved
        The paths that the project's files move to because their folder has another name.
    """

    dropped: list[str]
    missed: dict[str, tuple[Blob, Blob]]
    moved: list[str]


def _find_moved(
    base: Tree, theirs: Tree, seeded: Matches, was_seeded: Matches
) -> list[tuple[str, str]]:
    """Paths whose folder has another name now, such as a package's whose import name changed.

    Their content may name the folder, and be another one for that.
    """
    gone = [path for path in base if path not in theirs and was_seeded(path)]
    new = [path for path in theirs if path not in base and seeded(path)]
    moves: dict[str, list[tuple[str, tuple[str, str]]]] = {}
    for path in gone:
        before = path.split("/")
        for there in new:
            after = there.split("/")
            differing = [
                each for each in zip(before[:-1], after[:-1], strict=False) if len({*each}) > 1
            ]
            if len(before) == len(after) and before[-1] == after[-1] and len(differing) == 1:
                moves.setdefault(path, []).append((there, differing[0]))
    sole = {path: found[0] for path, found in moves.items() if len(found) == 1}
    names = {names for _, names in sole.values()}
    # One folder became one other: what is not so simple is no rename.
    if len(names) != 1 or len({there for there, _ in sole.values()}) != len(sole):
        return []
    return [(path, there) for path, (there, _) in sole.items()]


def hold_back(
    base: Tree, theirs: Tree, present: Container[str], seeded: Matches, was_seeded: Matches
) -> Held:
    """Take out of the merge what the template would change in files that are the project's."""
    moved = []
    for path, there in _find_moved(base, theirs, seeded, was_seeded):
        if there not in present:
            theirs[there] = base[path]
            moved += [there] if path in present else []
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
    return Held([path for path in removed if path in present], missed, moved)
