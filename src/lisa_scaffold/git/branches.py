"""Branches of a repository at hand, and single commits."""

from __future__ import annotations

import os
from typing import NamedTuple

from lisa_scaffold.git.repository import Repository


class Commit(NamedTuple):
    """A commit.

    Attributes
    ----------
    name
        Its hash.
    tree
        The hash of its tree.
    parents
        The hashes of the commits before it.
    message
        What it says.
    """

    name: str
    tree: str
    parents: tuple[str, ...]
    message: str


def tip_of(repository: Repository, branch: str, within: str = "heads") -> str:
    """The newest commit of a branch, here or of a remote; empty where there is no such branch."""
    asked = (
        "rev-parse",
        "--verify",
        "--quiet",
        "--end-of-options",
        f"refs/{within}/{branch}^{{commit}}",
    )
    return repository.run(*asked, codes=(0, 1, 128)).decode().strip().partition("\n")[0]


def read_commit(repository: Repository, name: str) -> Commit:
    """Read a commit.

    Raises
    ------
    GitError
        If there is none of that name.
    """
    content = os.fsdecode(repository.run("cat-file", "commit", name))
    head, _, message = content.partition("\n\n")
    lines = [line.partition(" ") for line in head.splitlines()]
    tree = next((value for key, _, value in lines if key == "tree"), "")
    return Commit(name, tree, tuple(value for key, _, value in lines if key == "parent"), message)


def last_activity(repository: Repository) -> str:
    """The day of the current commit, as its author's calendar has it."""
    asked = ("log", "-1", "--format=%ad", "--date=format:%Y-%m-%d")
    return os.fsdecode(repository.run(*asked, codes=(0, 128))).strip()[:10]


def drop_branch(repository: Repository, branch: str, commit: str) -> None:
    """Remove a branch that points to a commit; what it points to stays until git clears it away.

    Raises
    ------
    GitError
        If it points elsewhere meanwhile.
    """
    repository.run("update-ref", "--no-deref", "-d", f"refs/heads/{branch}", commit)
