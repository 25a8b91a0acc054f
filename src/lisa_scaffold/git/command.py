"""Run git, and report its errors."""

from __future__ import annotations

import re
import signal
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from subprocess import CompletedProcess

from lisa_scaffold import files, process
from lisa_scaffold.errors import LisaError
from lisa_scaffold.git import environment
from lisa_scaffold.git.environment import Variables
from lisa_scaffold.pattern import compile_lazily

MEMORY = 1_000_000_000
"""Bytes that git may allocate; packs and large files are mapped, and do not count."""

SECONDS = 30
"""Seconds of processor time for git, and for each process of its own; the status of a million files
takes ten."""

LONGEST = 900
"""Seconds for git where it may have to wait for another machine."""

LISTED = 120
"""Seconds for another repository to say what it has."""

MOST_SAID = 100_000_000
"""Bytes of what another repository says; a million references have some."""

MOST_FETCHED = 4_000_000_000
"""Bytes of a file that git writes, such as what it fetches."""

_OUT_OF_MEMORY = compile_lazily(rb"out of memory|cannot allocate memory", re.I)

_OUT_OF_TIME = compile_lazily(rb"died of signal %d\b" % signal.SIGXCPU)

_TOO_LARGE = compile_lazily(
    rb"died of signal %d\b|File too large|invalid index-pack output" % signal.SIGXFSZ
)

# Whoever serves a clone without its files fetches none of them on behalf of others.
_LACKS = compile_lazily(r"lazy fetching disabled")

BROKEN = compile_lazily(
    r"(?i)bad (?:tree |blob |commit )?object"
    r"|(?:object|file|pack) \S+ (?:\(stored in .*\) )?is (?:corrupt|empty)"
    r"|(?:unable to|could not) read (?:tree|blob|commit|object|[0-9a-f]{40})|failed to read object"
    r"|missing (?:blob|tree|commit|tag|object) "
    r"|not a tree object|could not get object info"
    r"|did not send all necessary objects|index file corrupt|inflate: data stream error"
)
"""What git says where a repository has lost a part, or has a broken one."""

VERSION_TAG = compile_lazily(r"v(\d+)\.(\d+)\.(\d+)")


class GitError(LisaError):
    """Git is installed and refuses."""


def complete(  # noqa: PLR0913 - as many as git is told of
    *arguments: str | Path,
    cwd: Path | None = None,
    env: Variables | None = None,
    stdin: bytes = b"",
    codes: Sequence[int] = (0,),
    most: int | None = None,
    longest: float | None = None,
    reads: Path | None = None,
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
    longest
        Seconds that it may take, where it may wait for another machine.
    reads
        The folder in which a pipe would hold git up, where that is not ``cwd``.

    Raises
    ------
    GitError
        If git refuses; the message is git's own.
    LisaError
        If git is not installed, waits in vain, or takes more memory or time than it may.
    TooMuchError
        If git prints more than it may.
    """
    variables = {**environment.make_base(), **(env or {})}
    looked_at = reads or cwd
    hindered = partial(files.find_hindrance, looked_at) if looked_at else None
    command = ["git", *arguments]
    waits_for_nobody = variables.items() >= environment.OFFLINE.items()
    done = process.run(
        command,
        cwd=cwd,
        env=variables,
        stdin=stdin,
        hindered=hindered,
        most=most,
        memory=MEMORY,
        seconds=SECONDS,
        longest=None if waits_for_nobody else longest or LONGEST,
        written=None if waits_for_nobody else MOST_FETCHED,
        waits_for_nobody=waits_for_nobody,
    )
    verb = _find_verb(arguments)
    # Whatever else an exit code would mean to the caller, this is not it.
    if done.returncode and _OUT_OF_MEMORY.search(done.stderr):
        raise LisaError(
            f"git {verb}: takes more than {MEMORY // 1_000_000} MB of memory",
            "Look for a huge file, or a link to a device, among those that git reads: .gitignore, "
            ".gitattributes, .mailmap, those in .git, and those that .git/config names.",
        )
    if done.returncode == -signal.SIGXCPU or (done.returncode and _OUT_OF_TIME.search(done.stderr)):
        raise LisaError(
            f"git {verb}: takes more than {SECONDS} s of processor time",
            "Look for patterns with many stars in .gitignore, .gitattributes and those in .git: "
            "each ** makes git try every folder of a path anew.",
        )
    too_large = done.returncode == -signal.SIGXFSZ or _TOO_LARGE.search(done.stderr)
    if done.returncode and too_large:
        raise LisaError(
            f"git {verb}: what comes is no pack, or one of more than {MOST_FETCHED // 10**9} GB",
            "Look at the repository that it comes from, and at its size.",
        )
    if done.returncode not in codes:
        message = done.stderr.decode(errors="replace").strip() or f"exit code {done.returncode}"
        if _LACKS.search(message):
            raise GitError(
                f"git {verb}: a partial clone, whose files are not all here",
                "`git checkout` there brings those of its branch; or clone it whole.",
            )
        if BROKEN.search(message):
            raise lost_part(verb, message)
        raise GitError(f"git {verb}: {message}", "Mend what git says and try again.")
    return done


def lost_part(verb: str, message: str) -> GitError:
    """The error that a repository has lost a part, or has a broken one."""
    again = "A part of the repository is missing or broken: clone it again."
    return GitError(f"git {verb}: {message}", again)


def _find_verb(arguments: Sequence[str | Path]) -> str:
    words = map(str, arguments)
    return next(word for word in words if word[:1] != "-" and "=" not in word)


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


def talk(
    *arguments: str | Path,
    env: Variables,
    cwd: Path | None = None,
    longest: float | None = None,
    reads: Path | None = None,
) -> str:
    """Run git as :func:`complete` does where it asks another repository, and return what it says.

    Raises
    ------
    LisaError
        If it says more than anybody would want to know.
    """
    try:
        done = complete(*arguments, cwd=cwd, env=env, most=MOST_SAID, longest=longest, reads=reads)
    except process.TooMuchError as error:
        raise LisaError(
            f"git {_find_verb(arguments)}: it is told more than {MOST_SAID // 1_000_000} MB",
            "Look at the repository that is asked.",
        ) from error
    return done.stdout.decode(errors="surrogateescape")


def quote_path(path: str | Path) -> str:
    """A path as git reads it in a list of paths, whatever characters are in it."""
    inner = str(path).replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{inner}"'
