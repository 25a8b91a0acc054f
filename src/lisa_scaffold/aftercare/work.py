"""What people have written: what is committed, which an update merges into, and what is not yet."""

from __future__ import annotations

from contextlib import suppress
from typing import NamedTuple

from lisa_scaffold import files, git
from lisa_scaffold.errors import LisaError
from lisa_scaffold.git import Blob, Store
from lisa_scaffold.project import Project
from lisa_scaffold.project.tree import NEVER


class Work(NamedTuple):
    """The work in a project.

    Attributes
    ----------
    project
        The project.
    store, ours
        What is committed: the project's tree.
    """

    project: Project
    store: Store
    ours: str

    def read_uncommitted(self, suffixes: tuple[str, ...]) -> dict[str, Blob]:
        """Files as the folder has them, where the current commit has them not, or not so.

        Parameters
        ----------
        suffixes
            How the names of the files end that are wanted.
        """
        root, repository = self.project.root, self.project.repository
        prefix = repository.prefix
        changed = [path.removeprefix(prefix) for path in git.read_status(repository)]
        fresh = [path for path, mode in (git.list_files(root) or {}).items() if mode is None]
        found = {}
        for path in sorted({*changed, *fresh}):
            if path.endswith(suffixes) and NEVER.isdisjoint(path.split("/")):
                # What is no regular file, or leads out of the project, is no module of its.
                with suppress(LisaError):
                    if (content := files.read(root, path)) is not None:
                        found[path] = Blob("100644", content)
        return found
