"""Branches of a repository at hand, and single commits."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from typing import NamedTuple

from lisa_scaffold.bounds import has_long_number
from lisa_scaffold.git.command import BROKEN, GitError
from lisa_scaffold.git.repository import Repository, spell_out


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


def find_tip(repository: Repository, branch: str, within: str = "heads") -> str:
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
        All tags, and those of the repository's commit; without those with numbers that Python does
        not read.
    day
        The day of that commit, as its author's calendar has it.
    tips
        The newest commit of each branch; empty where that is lost.
    upstream
        The newest commit of a branch at origin, when it was last asked; empty where there is none.
    """

    tags: tuple[str, ...]
    head_tags: tuple[str, ...]
    day: str
    tips: Mapping[str, str]
    upstream: str


def read_references(repository: Repository, upstream: str = "") -> Told:
    """Ask for all that the references of a repository tell, at once.

    Parameters
    ----------
    repository
        The repository.
    upstream
        A branch of which it is asked too what origin had.
    """
    there = f"refs/remotes/origin/{upstream}"
    commits, days = _list_references(repository, "refs/tags", "refs/heads", there)
    heads, tags = "refs/heads/", "refs/tags/"
    head = repository.head or "HEAD"
    day = days.get(head, "")
    if not day:  # no branch ends there
        asked = ("log", "-1", "--format=%ad", "--date=format:%Y-%m-%d", "--end-of-options", head)
        day = os.fsdecode(repository.run(*asked, codes=(0, 128))).strip()
    named = {
        ref.removeprefix(tags): commit
        for ref, commit in commits.items()
        if ref.startswith(tags) and not has_long_number(ref)
    }
    return Told(
        tuple(named),
        tuple(tag for tag, commit in named.items() if commit == repository.head),
        day[:10],
        {ref.removeprefix(heads): at for ref, at in commits.items() if ref.startswith(heads)},
        commits.get(there, ""),
    )


def _list_references(
    repository: Repository, *patterns: str
) -> tuple[dict[str, str], dict[str, str]]:
    """The commit of each reference, and the day of each commit that one names."""
    form = "%(refname)%00%(objectname)%00%(*objectname)%00%(authordate:format:%Y-%m-%d)"
    try:
        output = os.fsdecode(repository.run("for-each-ref", f"--format={form}", *patterns))
    except GitError as error:
        if not BROKEN.search(error.message):
            raise
        return _list_found(repository, patterns), {}
    commits: dict[str, str] = {}
    days: dict[str, str] = {}
    for line in output.split("\n")[:-1]:  # a name may have other ends of a line
        ref, name, inner, days[name] = line.split("\0")
        commits[ref] = inner or name
    return commits, days


def _list_found(repository: Repository, patterns: Collection[str]) -> dict[str, str]:
    """The commit of each reference where some point to what is lost: of these it is empty."""
    listed = os.fsdecode(repository.run("for-each-ref", "--format=%(refname)", *patterns))
    names = listed.split("\n")[:-1]
    asked = "".join(f"{name}^{{commit}}\n" for name in names)
    found = repository.run("cat-file", "--batch-check=%(objectname)", stdin=os.fsencode(asked))
    answers = os.fsdecode(found).split("\n")[:-1]
    return {
        name: "" if answer.endswith(" missing") else answer
        for name, answer in zip(names, answers, strict=True)
    }


def count_beyond(repository: Repository, tip: str, other: str) -> int:
    """How many commits are in the history of one that are not in that of another."""
    return int(repository.run("rev-list", "--count", tip, f"^{other}"))


def brings(repository: Repository, tip: str, head: str) -> bool:
    """Whether a branch has changes that a commit has not, whatever way it was merged."""
    base = repository.run("merge-base", head, tip, codes=(0, 1)).decode().strip()
    if base == tip:
        return False

    def differ(one: str) -> set[bytes]:
        asked = ("diff-tree", "-r", "-z", "--name-only", "--no-renames", one, tip)
        return {*repository.run(*asked).split(b"\0")[:-1]}

    # One commit of all that it changed is no part of its history.
    changed = differ(head)
    return bool(changed and (not base or differ(base) & changed))


def find_blobs(repository: Repository, commit: str, paths: Collection[str]) -> dict[str, str]:
    """The name of the content that a commit has at each of some paths, where it has any."""
    if not paths:
        return {}
    listing = ("--literal-pathspecs", "ls-tree", "-r", "-z", "--full-tree", commit, "--")
    output = os.fsdecode(repository.run(*listing, *spell_out(paths)))
    records = (record.partition("\t") for record in output.split("\0")[:-1])
    return {path: info.split()[2] for info, _, path in records if path in paths}


def list_messages(repository: Repository, tip: str, base: str) -> list[str]:
    """What the commits say that one has in its history and another has not, the newest first."""
    output = repository.run("log", "-z", "--format=%B", tip, f"^{base}")
    return os.fsdecode(output).split("\0") if output else []


def drop_branch(repository: Repository, branch: str, commit: str) -> None:
    """Remove a branch that points to a commit; what it points to stays until git clears it away.

    Raises
    ------
    GitError
        If it points elsewhere meanwhile.
    """
    repository.run("update-ref", "--no-deref", "-d", f"refs/heads/{branch}", commit)
