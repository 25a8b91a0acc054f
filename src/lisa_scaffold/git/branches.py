"""Branches of a repository at hand, and single commits."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import NamedTuple

from lisa_scaffold.bounds import has_long_number
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


class Told(NamedTuple):
    """What the references of a repository tell.

    Attributes
    ----------
    tags, head_tags
        All tags, and those of the current commit; without those with numbers that Python does not
        read.
    day
        The day of the current commit, as its author's calendar has it.
    tips
        The newest commit of each branch whose name begins as was asked for.
    """

    tags: tuple[str, ...]
    head_tags: tuple[str, ...]
    day: str
    tips: Mapping[str, str]


def read_references(repository: Repository, beginning: str) -> Told:
    """Ask for all that the references of a repository tell, and for some branches, at once."""
    form = "%(refname)%00%(objectname)%00%(*objectname)%00%(HEAD)%(authordate:format:%Y-%m-%d)"
    asked = ("refs/tags", "refs/heads")
    output = os.fsdecode(repository.run("for-each-ref", f"--format={form}", *asked))
    commits: dict[str, str] = {}
    tips: dict[str, str] = {}
    day = ""
    for line in output.splitlines():
        ref, name, inner, last = line.split("\0")
        if ref.startswith("refs/tags/") and not has_long_number(ref):
            commits[ref.removeprefix("refs/tags/")] = inner or name
        elif ref.startswith(f"refs/heads/{beginning}"):
            tips[ref.removeprefix("refs/heads/")] = name
        if last.startswith("*"):
            day = last[1:]
    if not day:  # no branch is checked out
        day = os.fsdecode(
            repository.run("log", "-1", "--format=%ad", "--date=format:%Y-%m-%d", codes=(0, 128))
        ).strip()
    head_tags = (tag for tag, commit in commits.items() if commit == repository.head)
    return Told(tuple(commits), tuple(head_tags), day[:10], tips)


def drop_branch(repository: Repository, branch: str, commit: str) -> None:
    """Remove a branch that points to a commit; what it points to stays until git clears it away.

    Raises
    ------
    GitError
        If it points elsewhere meanwhile.
    """
    repository.run("update-ref", "--no-deref", "-d", f"refs/heads/{branch}", commit)
