"""The commit of a project that an update is made on, and a folder in which it is checked out."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from lisa_scaffold import git, workplace


def find_base(repository: git.Repository) -> tuple[str, str]:
    """The commit of a local clone that an update is made on, and what there is to say of that."""
    head = repository.head or ""
    branch, default = git.find_checkout(repository.top)
    if default and branch != default:
        tip = git.tip_of(repository, default)
        tip = tip or git.tip_of(repository, f"origin/{default}", "remotes")
        return tip or head, f"made on {default}, while {branch or 'a commit'} is checked out"
    if branch and not default and branch not in {"main", "master"}:
        why = "the clone does not say which branch is the default"
        return head, f"made on {branch}, which is checked out: {why}"
    return head, ""


@contextmanager
def open_at(repository: git.Repository, commit: str, *, whole: bool = False) -> Iterator[Path]:
    """A folder in which a commit of a clone is checked out: the clone itself, or another one."""
    if commit == repository.head:
        yield repository.top
        return
    with workplace.folder() as scratch:
        folder = scratch / repository.top.name
        git.bring_clone(git.clonable(repository.top.as_uri()), folder, commit, whole=whole)
        yield folder
