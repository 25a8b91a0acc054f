"""Everything that is asked of git."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from lisa_scaffold import process
from lisa_scaffold.errors import LisaError
from lisa_scaffold.model import Identity

VERSION_TAG = re.compile(r"v(\d+)\.(\d+)\.(\d+)")

# git's own messages are read in places: they must not depend on the user's language.
_ENVIRONMENT = {"LC_ALL": "C.UTF-8", "GIT_TERMINAL_PROMPT": "0"}


class GitError(LisaError):
    """Git is there and says no."""


def git(
    *arguments: str | Path, cwd: Path | None = None, env: Mapping[str, str] | None = None
) -> str:
    """Run git and return what it prints.

    Raises
    ------
    GitError
        If git says no; the message is git's own.
    LisaError
        If git is not installed.
    """
    done = process.run(["git", *arguments], cwd=cwd, env={**_ENVIRONMENT, **(env or {})})
    if done.returncode != 0:
        said = done.stderr.decode(errors="replace").strip() or f"exit code {done.returncode}"
        raise GitError(f"git {arguments[0]}: {said}", "Mend what git says and try again.")
    return done.stdout.decode(errors="surrogateescape")


def identity() -> Identity:
    """Who commits, as git's configuration says."""
    done = process.run(
        ["git", "config", "--includes", "--get-regexp", "^user\\.(name|email)$"], env=_ENVIRONMENT
    )
    # Later lines win, as in git itself.
    values = dict(
        line.split(" ", 1)
        for line in done.stdout.decode(errors="replace").splitlines()
        if " " in line
    )
    return Identity(values.get("user.name", "").strip(), values.get("user.email", "").strip())


def version_tags(repository: str | Path) -> list[str]:
    """Tags ``vX.Y.Z`` of a repository (a path, a bundle or an address), oldest version first.

    Raises
    ------
    LisaError
        If the repository cannot be reached.
    """
    lines = git("ls-remote", "--tags", "--refs", repository).splitlines()
    found = (VERSION_TAG.fullmatch(line.rpartition("/")[2]) for line in lines)
    tags = [match for match in found if match]
    return [match[0] for match in sorted(tags, key=lambda match: tuple(map(int, match.groups())))]


def clone_at(repository: str | Path, tag: str, folder: Path) -> None:
    """Put the files of a repository at a tag into a new folder.

    Raises
    ------
    LisaError
        If the repository cannot be reached or has no such tag.
    """
    git(
        *("-c", "advice.detachedHead=false", "-c", "core.hooksPath=/dev/null"),
        *("clone", "--quiet", "--single-branch", "--no-tags", "--branch", tag, repository, folder),
    )


def start_repository(folder: Path, message: str, remote: str, author: Identity) -> None:
    """Make a folder a repository with one commit of all its files on ``main``.

    The user's hooks and signing key stay out of it: neither knows this project yet, and a
    pass phrase that is asked for unseen would look like a hang.

    Raises
    ------
    LisaError
        If git says no.
    """
    git("init", "--quiet", "--initial-branch=main", cwd=folder)
    git("remote", "add", "origin", remote, cwd=folder)
    git("add", "--all", cwd=folder)
    git(
        *("-c", "commit.gpgSign=false", "-c", "core.hooksPath=/dev/null"),
        *("commit", "--quiet", "--no-verify", f"--message={message}"),
        cwd=folder,
        env={
            "GIT_AUTHOR_NAME": author.name,
            "GIT_AUTHOR_EMAIL": author.email,
            "GIT_COMMITTER_NAME": author.name,
            "GIT_COMMITTER_EMAIL": author.email,
        },
    )
