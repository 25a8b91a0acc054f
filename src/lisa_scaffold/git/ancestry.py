"""Which commit a name stands for, and which came first."""

from __future__ import annotations

from pathlib import Path

from lisa_scaffold.git.command import complete, git, run
from lisa_scaffold.git.environment import ALONE
from lisa_scaffold.pattern import compile_lazily

# Alone, or as `git describe` gives it.
_HASH = compile_lazily(r"(.+-\d+-g)?[0-9a-f]{7,64}")


def commit_of(git_dir: Path, version: str) -> str | None:
    """The hash of the commit that a tag or a hash stands for, and no branch; None without one."""
    hashes = [version] if _HASH.fullmatch(version) else []
    for name in (f"refs/tags/{version}", *hashes):
        asked = ("--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}")
        output = run("rev-parse", *asked, env=_in(git_dir), codes=(0, 1, 128))
        if found := output.decode().strip():
            return found.splitlines()[-1]
    return None


def is_ancestor(git_dir: Path, first: str, second: str) -> bool:
    """Whether a commit is part of the history of another one."""
    asked = ("merge-base", "--is-ancestor", first, second)
    return complete(*asked, env=_in(git_dir), codes=(0, 1, 128)).returncode == 0


def count_commits(git_dir: Path, first: str, last: str) -> int | None:
    """How many commits came after one, up to another; None where one of them is not there."""
    commits = [commit_of(git_dir, each) for each in (first, last)]
    if None in commits:
        return None
    return int(git("rev-list", "--count", f"{commits[0]}..{commits[1]}", env=_in(git_dir)))


def commit_before(git_dir: Path, branch: str, moment: int) -> str | None:
    """The newest commit of a branch at a moment (seconds since 1970); None before the first."""
    asked = ("--first-parent", "--max-count=1", f"--before={moment}", f"refs/heads/{branch}")
    return git("rev-list", *asked, env=_in(git_dir)).strip() or None


def _in(git_dir: Path) -> dict[str, str | None]:
    return {**ALONE, "GIT_DIR": str(git_dir)}
