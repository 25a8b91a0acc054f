"""The commit of a project that an update is made on, and a folder in which it is checked out."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from lisa_scaffold import git, workplace
from lisa_scaffold.errors import LisaError


def find_base(repository: git.Repository) -> tuple[str, str]:
    """The commit of a local clone that an update is made on, and what there is to say of that."""
    head = repository.head or ""
    branch, default = git.find_checkout(repository.top)
    if default and branch != default:
        tip = git.tip_of(repository, default)
        tip = tip or git.tip_of(repository, f"origin/{default}", "remotes")
        return tip or head, f"made on {default}, while {branch or 'a commit'} is checked out"
    if not default and branch not in {"main", "master"}:
        why = "the clone does not say which branch is the default"
        return head, f"made on {branch or f'the commit {head[:8]}'}, which is checked out: {why}"
    return head, ""


@contextmanager
def open_at(repository: git.Repository, commit: str, *, whole: bool = False) -> Iterator[Path]:
    """A folder that has a commit of a clone and nothing else: the clone itself, or another one."""
    # What is not committed is nobody's yet.
    if commit == repository.head and git.is_clean(repository):
        yield repository.top
        return
    with workplace.folder() as scratch:
        folder = scratch / repository.top.name
        git.bring_clone(git.clonable(repository.top.as_uri()), folder, commit, whole=whole)
        try:
            yield folder
        except LisaError as error:
            # Whoever reads it finds no copy any more.
            error.message = error.message.replace(str(folder), str(repository.top))
            raise
