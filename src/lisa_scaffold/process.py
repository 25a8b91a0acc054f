"""Run one command."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from lisa_scaffold.errors import LisaError

_echo: Callable[[str], None] | None = None


def echo_commands(show: Callable[[str], None] | None) -> None:
    """Hand every command to somebody who shows it before it runs, or to nobody any longer."""
    global _echo  # noqa: PLW0603 - one switch for the process, set by the command line alone
    _echo = show


def find(program: str) -> str | None:
    """Where a program is installed, if it is."""
    return shutil.which(program, path=_search_path())


def _search_path() -> str:
    """The folders of programs, less those that are meant relative to the current folder.

    What lies in a repository that we work on is no program of the user.
    """
    folders = os.environ.get("PATH", os.defpath).split(os.pathsep)
    return os.pathsep.join(filter(os.path.isabs, folders))


def run(
    command: Sequence[str | Path],
    *,
    cwd: Path | None = None,
    env: Mapping[str, str | None] | None = None,
    stdin: bytes | None = None,
) -> subprocess.CompletedProcess[bytes]:
    """Run a command and catch what it prints; a non-zero exit code is the caller's to judge.

    Parameters
    ----------
    command
        The program and its arguments; no shell reads them.
    cwd
        The folder to run it in.
    env
        Variables to set beside those of this process; None takes one away.
    stdin
        Bytes for its standard input, which is empty otherwise.

    Raises
    ------
    LisaError
        If the program is not installed.
    """
    words = [os.fspath(word) for word in command]
    variables = {**os.environ, "PATH": _search_path(), **(env or {})}
    if _echo:
        _echo(shlex.join(words))
    try:
        return subprocess.run(
            words,
            cwd=cwd,
            env={name: value for name, value in variables.items() if value is not None},
            input=stdin if stdin is not None else b"",
            capture_output=True,
            check=False,
        )
    except FileNotFoundError as error:
        if cwd is not None and not cwd.is_dir():
            raise LisaError(f"{cwd}: no such folder", "Check the path.") from error
        hint = f"Install {words[0]} and try again."
        raise LisaError(f"{words[0]} is not installed", hint) from error
