"""Conflicts that git records under several paths, put together again.

``git merge-tree`` gives each side of a conflict a path of its own where the sides differ in type or
place: ``name~project`` for a file that a folder or a link displaces, and three names for a file
that both sides renamed. A project has one file there, or none.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from lisa_scaffold.git import Stage, TreeMerge

BASE, OURS, THEIRS = 1, 2, 3
_NAMES = 3


@dataclass(frozen=True)
class Clash:
    """A conflict about one file.

    Attributes
    ----------
    path
        Where the project has the file, or the template puts it.
    stages
        The sides that have the file: 1 the base, 2 the project's, 3 the template's.
    paths
        All paths of the merged tree that belong to the conflict.
    renamed
        Where both sides renamed the file: its name before, and the template's name for it.
    folder
        Whether the other side has a folder at the path.
    """

    path: str
    stages: Mapping[int, Stage]
    paths: frozenset[str]
    renamed: tuple[str, str] | None = None
    folder: bool = False

    @property
    def below(self) -> str | None:
        """Where the template's files would need the place of a file of the project's."""
        return f"{self.path}/" if self.folder and OURS in self.stages else None


def find_clashes(merged: TreeMerge) -> list[Clash]:
    """The conflicts of a merge, one for each file."""
    left = dict(merged.conflicts)

    def take(*paths: str) -> dict[int, Stage]:
        return {number: side for path in paths for number, side in left.pop(path, {}).items()}

    clashes = []
    for paths, message, _ in merged.messages:
        if message == "CONFLICT (rename/rename)" and len(set(paths)) == _NAMES:
            before, ours, theirs = paths
            clash = Clash(ours, take(*paths), frozenset(paths), renamed=(before, theirs))
        elif message == "CONFLICT (distinct modes)":
            clash = Clash(paths[0], take(*paths), frozenset(paths))
        elif message == "CONFLICT (file/directory)":
            moved, path = paths
            clash = Clash(path, take(moved), frozenset(paths), folder=True)
        else:
            continue
        if clash.stages:
            clashes.append(clash)
    plain = [Clash(path, sides, frozenset([path])) for path, sides in left.items()]
    return [*clashes, *plain]
