"""Programs that tests run: those of the test environment, and git."""

from __future__ import annotations

import os
import subprocess
import sysconfig
from collections.abc import Mapping
from pathlib import Path


def program(name: str) -> str:
    """Path of a program that is installed beside the running Python."""
    path = Path(sysconfig.get_path("scripts"), name)
    assert path.is_file(), f"{path} is missing: the test environment is not complete"
    return str(path)


def run(
    *command: str | Path, cwd: Path, env: Mapping[str, str] | None = None, timeout: float = 600
) -> subprocess.CompletedProcess[str]:
    """Run a command and catch what it prints, both streams in one text."""
    return subprocess.run(
        [os.fspath(word) for word in command],
        cwd=cwd,
        env={**os.environ, **(env or {})},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        timeout=timeout,
        check=False,
    )


def passes(
    *command: str | Path, cwd: Path, env: Mapping[str, str] | None = None, timeout: float = 600
) -> str:
    """Run a command that must exit with 0; what it prints."""
    done = run(*command, cwd=cwd, env=env, timeout=timeout)
    assert done.returncode == 0, f"$ {' '.join(map(str, command))}\n{done.stdout}"
    return done.stdout


IDENTITY = {
    "GIT_AUTHOR_NAME": "Ada Example",
    "GIT_AUTHOR_EMAIL": "ada@example.org",
    "GIT_AUTHOR_DATE": "2026-01-02T03:04:05+00:00",
    "GIT_COMMITTER_NAME": "Ada Example",
    "GIT_COMMITTER_EMAIL": "ada@example.org",
    "GIT_COMMITTER_DATE": "2026-01-02T03:04:05+00:00",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    "LC_ALL": "C.UTF-8",
}


def git(*arguments: str | Path, cwd: Path) -> str:
    """Run git as somebody fixed; what it prints."""
    return passes("git", *arguments, cwd=cwd, env=IDENTITY)


def commit_all(folder: Path, message: str = "Change") -> None:
    """Commit every file, making the folder a repository where it is none."""
    if not (folder / ".git").exists():
        git("init", "--quiet", "--initial-branch=main", cwd=folder)
    git("add", "--all", cwd=folder)
    git("commit", "--quiet", "--allow-empty", f"--message={message}", cwd=folder)


def unpacked(archive: Path, folder: Path) -> Path:
    """The one folder that an archive holds; not by Python, whose safe way Debian's 3.11 lacks."""
    folder.mkdir()
    passes("tar", "--extract", "--file", archive, "--directory", folder, cwd=folder)
    (root,) = folder.iterdir()
    return root
