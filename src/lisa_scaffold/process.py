"""Run one command."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from lisa_scaffold.errors import LisaError

PATIENCE = 10.0
"""Seconds after which it is checked what a command is waiting for."""

_echo: Callable[[str], None] | None = None


def echo_commands(show: Callable[[str], None] | None) -> None:
    """Call a function with every command before it runs; None calls nothing any longer."""
    global _echo  # noqa: PLW0603 - one switch for the process, set by the command line alone
    _echo = show


def find(program: str) -> str | None:
    """Where a program is installed, if it is."""
    return shutil.which(program, path=_search_path())


def _search_path() -> str:
    """``PATH`` without folders that are relative to the current one.

    What lies in a repository that we work on is not a program of the user's.
    """
    folders = os.environ.get("PATH", os.defpath).split(os.pathsep)
    return os.pathsep.join(filter(os.path.isabs, folders))


def run(
    command: Sequence[str | Path],
    *,
    cwd: Path | None = None,
    env: Mapping[str, str | None] | None = None,
    stdin: bytes | None = None,
    hindered: Callable[[], str] | None = None,
) -> subprocess.CompletedProcess[bytes]:
    """Run a command and capture its output; the caller judges a non-zero exit code.

    Parameters
    ----------
    command
        The program and its arguments; no shell reads them.
    cwd
        The folder to run it in.
    env
        Variables to set beside those of this process; None removes one.
    stdin
        Bytes for its standard input, which is empty otherwise.
    hindered
        Called when the command has been running for a while: tells what it is waiting for; if
        anything, the command is ended.

    Raises
    ------
    LisaError
        If the program is not installed, or waits for something that will not come.
    """
    words = [os.fspath(word) for word in command]
    variables = {**os.environ, "PATH": _search_path(), **(env or {})}
    if _echo:
        _echo(shlex.join(words))
    pipe = subprocess.PIPE
    given = {name: value for name, value in variables.items() if value is not None}
    try:
        with (
            subprocess.Popen(
                words, cwd=cwd, env=given, stdin=pipe, stdout=pipe, stderr=pipe
            ) as started,
            _watched(started, hindered),
        ):
            try:
                output, errors = started.communicate(stdin or b"")
            except BaseException:
                started.kill()
                raise
            return subprocess.CompletedProcess(words, started.returncode, output, errors)
    except FileNotFoundError as error:
        if cwd is not None and not cwd.is_dir():
            raise LisaError(f"{cwd}: no such folder", "Check the path.") from error
        hint = f"Install {words[0]} and try again."
        raise LisaError(f"{words[0]} is not installed", hint) from error


@contextmanager
def _watched(
    started: subprocess.Popen[bytes], hindered: Callable[[], str] | None
) -> Iterator[None]:
    """End a command that waits in vain, and tell what for."""
    if hindered is None:
        yield
        return
    found = []

    def look() -> None:
        if why := hindered():
            found.append(why)
            started.kill()

    # Waiting with a timeout would be simpler, but take a millisecond longer for each command.
    watch = threading.Timer(PATIENCE, look)
    watch.daemon = True
    watch.start()
    try:
        yield
    finally:
        watch.cancel()
    if found:
        raise LisaError(found[0], "Remove it.")
