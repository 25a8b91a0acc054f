"""One conflict that git records under several paths, put together again.

``git merge-tree`` gives every side of a conflict a path of its own where the sides differ in kind
or place: ``name~project`` for a file that a folder or a link displaces, and three names for a file
that both sides renamed. A project has one file there, or none.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

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
        The sides: 1 the base, 2 the project's, 3 the template's, as far as each has the file.
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


@dataclass
class _Conflicts:
    """The conflicts by path, as far as they are not put together yet."""

    left: dict[str, dict[int, Stage]]
    clashes: list[Clash] = field(default_factory=list)

    def take(self, paths: tuple[str, ...]) -> dict[int, Stage]:
        return {number: side for path in paths for number, side in self.left.pop(path, {}).items()}

    def read(self, paths: tuple[str, ...], kind: str) -> None:
        """Put together what a message of git's is about."""
        if kind == "CONFLICT (rename/rename)" and len(set(paths)) == _NAMES:
            before, ours, theirs = paths
            clash = Clash(ours, self.take(paths), frozenset(paths), renamed=(before, theirs))
        elif kind == "CONFLICT (distinct modes)":
            clash = Clash(paths[0], self.take(paths), frozenset(paths))
        elif kind == "CONFLICT (file/directory)":
            moved, path = paths
            clash = Clash(path, self.take((moved,)), frozenset(paths), folder=True)
        else:
            return
        if clash.stages:
            self.clashes.append(clash)


def untangle(merged: TreeMerge) -> list[Clash]:
    """The conflicts of a merge, one for each file."""
    conflicts = _Conflicts({path: dict(stages) for path, stages in merged.conflicts.items()})
    for paths, kind, _ in merged.messages:
        conflicts.read(paths, kind)
    plain = [Clash(path, sides, frozenset([path])) for path, sides in conflicts.left.items()]
    return [*conflicts.clashes, *plain]
