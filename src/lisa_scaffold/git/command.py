"""Run git, and report its errors."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from subprocess import CompletedProcess

from lisa_scaffold import files, process
from lisa_scaffold.errors import LisaError
from lisa_scaffold.git import environment
from lisa_scaffold.git.environment import Variables

VERSION_TAG = re.compile(r"v(\d+)\.(\d+)\.(\d+)")


class GitError(LisaError):
    """Git is installed and refuses."""


def complete(
    *arguments: str | Path,
    cwd: Path | None = None,
    env: Variables | None = None,
    stdin: bytes = b"",
    codes: Sequence[int] = (0,),
    most: int | None = None,
) -> CompletedProcess[bytes]:
    """Run git and return what it prints, its messages included.

    Parameters
    ----------
    arguments
        The subcommand and its arguments.
    cwd, env, stdin
        Folder, variables and standard input.
    codes
        The exit codes that count as success.
    most
        Bytes that git may print.

    Raises
    ------
    GitError
        If git refuses; the message is git's own.
    LisaError
        If git is not installed, or waits in vain.
    TooMuchError
        If git prints more than it may.
    """
    variables = {**environment.base(), **(env or {})}
    hindered = partial(files.hindrance, cwd) if cwd else None
    command = ["git", *arguments]
    done = process.run(
        command,
        cwd=cwd,
        env=variables,
        stdin=stdin,
        hindered=hindered,
        most=most,
        waits_for_nobody=variables.items() >= environment.OFFLINE.items(),
    )
    if done.returncode not in codes:
        message = done.stderr.decode(errors="replace").strip() or f"exit code {done.returncode}"
        name = next(word for word in map(str, arguments) if word[0] != "-" and "=" not in word)
        raise GitError(f"git {name}: {message}", "Mend what git says and try again.")
    return done


def run(
    *arguments: str | Path,
    cwd: Path | None = None,
    env: Variables | None = None,
    stdin: bytes = b"",
    codes: Sequence[int] = (0,),
) -> bytes:
    """Run git as :func:`complete` does, and return what it prints."""
    return complete(*arguments, cwd=cwd, env=env, stdin=stdin, codes=codes).stdout


def git(*arguments: str | Path, cwd: Path | None = None, env: Variables | None = None) -> str:
    """Run git as :func:`run` does, and return what it prints as text."""
    return run(*arguments, cwd=cwd, env=env).decode(errors="surrogateescape")


def quoted(path: str | Path) -> str:
    """A path as git reads it in a list of paths, whatever characters are in it."""
    inner = str(path).replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{inner}"'
