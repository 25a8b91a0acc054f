"""Projects whose files pass through real filters: Git LFS and git-crypt."""

from __future__ import annotations

import hashlib
import subprocess
from pathlib import Path

import pytest

from lisa_scaffold.errors import ExitCode

from ..support.tools import git, passes, program, run
from ..support.updates import TEN, Workshop, open_workshop
from .parts.machine import need

OLD, NEW = b"\0old\n" * 400, b"\0new\n" * 400


def pointer(content: bytes) -> str:
    """What git has of a file that lies in the large file storage."""
    digest = hashlib.sha256(content).hexdigest()
    head = "version https://git-lfs.github.com/spec/v1"
    return f"{head}\noid sha256:{digest}\nsize {len(content)}\n"


@pytest.fixture
def workshop(tmp_path: Path) -> Workshop:
    return open_workshop(tmp_path, {"template/a.txt": TEN, "template/a.bin": OLD})


def update(project: Path, *options: str) -> subprocess.CompletedProcess[str]:
    return run(program("lisa-scaffold"), "update", "--defaults", *options, cwd=project)


def test_large_files_are_updated(workshop: Workshop) -> None:
    """The project keeps its files in Git LFS, which the template knows nothing of."""
    need("git-lfs")
    project = workshop.project
    passes("git", "lfs", "install", cwd=project)
    passes("git", "lfs", "track", "*.bin", cwd=project)
    git("add", "--renormalize", ".", cwd=project)
    workshop.edit({"own.bin": b"\0own\n" * 400, "a.txt": TEN.replace("line 2\n", "mine\n")})
    assert git("show", "HEAD:a.bin", cwd=project) == pointer(OLD)
    theirs = TEN.replace("line 9\n", "theirs\n")
    workshop.release(
        "v1.1.0", {"template/a.bin": NEW, "template/b.bin": OLD, "template/a.txt": theirs}
    )
    done = update(project)
    assert done.returncode == ExitCode.DONE, done.stdout
    assert (project / "a.bin").read_bytes() == NEW
    assert (project / "b.bin").read_bytes() == OLD
    assert (project / "own.bin").read_bytes() == b"\0own\n" * 400
    assert (project / "a.txt").read_text() == theirs.replace("line 2\n", "mine\n")
    workshop.edit({})
    for name, content in ("a.bin", NEW), ("b.bin", OLD):
        assert git("show", f"HEAD:{name}", cwd=project) == pointer(content)
    assert workshop.status() == []
    assert "OK" in passes("git", "lfs", "fsck", cwd=project)


def test_a_branch_with_large_files_has_their_pointers(workshop: Workshop) -> None:
    need("git-lfs")
    project = workshop.project
    passes("git", "lfs", "install", cwd=project)
    passes("git", "lfs", "track", "*.bin", cwd=project)
    git("add", "--renormalize", ".", cwd=project)
    workshop.edit({})
    workshop.release("v1.1.0", {"template/a.bin": NEW})
    done = update(project, "--branch", "news")
    assert done.returncode == ExitCode.DONE, done.stdout
    assert git("show", "news:a.bin", cwd=project) == pointer(NEW)
    assert (project / "a.bin").read_bytes() == OLD
    passes("git", "switch", "--quiet", "news", cwd=project)
    assert (project / "a.bin").read_bytes() == NEW


def test_encrypted_files_are_not_touched_by_a_filter_of_the_repository_alone(
    workshop: Workshop,
) -> None:
    """git-crypt sets its filter up in the repository; the user vouches for it, or it waits."""
    crypt = need("git-crypt")
    project = workshop.project
    passes(crypt, "init", cwd=project)
    workshop.edit({".gitattributes": "*.bin filter=git-crypt diff=git-crypt\n", "a.bin": OLD + OLD})
    before = git("rev-parse", "HEAD:a.bin", cwd=project)
    workshop.release("v1.1.0", {"template/a.bin": NEW, "template/a.txt": f"{TEN}more\n"})
    done = update(project)
    assert done.returncode == ExitCode.REFUSED
    assert "a.bin" in done.stdout
    assert "git config --global" in done.stdout
    assert workshop.status() == []
    for key in ("clean", "smudge", "required"):
        value = git("config", f"filter.git-crypt.{key}", cwd=project).strip()
        passes("git", "config", "--global", f"filter.git-crypt.{key}", value, cwd=project)
    done = update(project)
    # Both sides have changed the file: it is binary, so that only people can tell.
    assert done.returncode == ExitCode.FINDINGS, done.stdout
    assert workshop.read("a.txt") == f"{TEN}more\n"
    assert (project / "a.bin").read_bytes() == OLD + OLD
    assert before == git("rev-parse", "HEAD:a.bin", cwd=project)
