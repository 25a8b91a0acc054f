"""Run git, and tell what it says."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from lisa_scaffold import process
from lisa_scaffold.errors import LisaError

VERSION_TAG = re.compile(r"v(\d+)\.(\d+)\.(\d+)")

# git's own messages are read in places: they must not depend on the user's language.
_ENVIRONMENT = {"LC_ALL": "C.UTF-8", "GIT_TERMINAL_PROMPT": "0"}

# A repository is named by its folder. What a hook of another repository, or a shell, has set
# about places (`git rev-parse --local-env-vars`, less settings) and pathspecs must not mislead.
_PLACES = (
    *("GIT_DIR", "GIT_WORK_TREE", "GIT_IMPLICIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_COMMON_DIR"),
    *("GIT_OBJECT_DIRECTORY", "GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_PREFIX", "GIT_NAMESPACE"),
    *("GIT_GRAFT_FILE", "GIT_SHALLOW_FILE", "GIT_NO_REPLACE_OBJECTS", "GIT_REPLACE_REF_BASE"),
    *("GIT_LITERAL_PATHSPECS", "GIT_GLOB_PATHSPECS", "GIT_NOGLOB_PATHSPECS"),
    *("GIT_ICASE_PATHSPECS", "GIT_ATTR_SOURCE", "GIT_QUARANTINE_PATH", "GIT_EXTERNAL_DIFF"),
)

ALONE = {"GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_NOSYSTEM": "1"}
"""Environment that makes git deaf to the user's settings: the same result for everybody."""


class GitError(LisaError):
    """Git is there and says no."""


def run(
    *arguments: str | Path,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    stdin: bytes = b"",
    codes: Sequence[int] = (0,),
) -> bytes:
    """Run git and return what it prints.

    Parameters
    ----------
    arguments
        The subcommand and its arguments.
    cwd, env, stdin
        Folder, variables and standard input.
    codes
        The exit codes that are fine.

    Raises
    ------
    GitError
        If git says no; the message is git's own.
    LisaError
        If git is not installed.
    """
    environment = {**dict.fromkeys(_PLACES), **_ENVIRONMENT, **(env or {})}
    done = process.run(["git", *arguments], cwd=cwd, env=environment, stdin=stdin)
    if done.returncode not in codes:
        said = done.stderr.decode(errors="replace").strip() or f"exit code {done.returncode}"
        name = next(word for word in map(str, arguments) if word[0] != "-" and "=" not in word)
        raise GitError(f"git {name}: {said}", "Mend what git says and try again.")
    return done.stdout


def git(
    *arguments: str | Path, cwd: Path | None = None, env: Mapping[str, str] | None = None
) -> str:
    """Run git as :func:`run` does, and return what it prints as text."""
    return run(*arguments, cwd=cwd, env=env).decode(errors="surrogateescape")


def quoted(path: str | Path) -> str:
    """A path as git reads it in a list of paths, whatever characters are in it."""
    inner = str(path).replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{inner}"'
