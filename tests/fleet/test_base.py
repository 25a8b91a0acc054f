"""Which commit of a local clone an update is made on, and where it is checked out."""

from __future__ import annotations

from pathlib import Path

import pytest

from lisa_scaffold import git
from lisa_scaffold.fleet.base import find_base, open_at
from lisa_scaffold.process import run

from ..support.updates import commit, write

pytestmark = pytest.mark.usefixtures("own_cache")


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A clone of a project whose default branch is `main`."""
    origin = tmp_path / "origin"
    origin.mkdir()
    git.git("init", "--quiet", "--initial-branch=main", cwd=origin)
    write(origin, {"a.txt": "one\n"})
    commit(origin, "One")
    run(["git", "clone", "--quiet", origin, tmp_path / "clone"])
    return tmp_path / "clone"


def name_of(clone: Path, revision: str) -> str:
    return git.git("rev-parse", revision, cwd=clone).strip()


def work_on(clone: Path, branch: str) -> None:
    git.git("checkout", "--quiet", "-b", branch, cwd=clone)
    write(clone, {"a.txt": "two\n"})
    commit(clone, "Two")


def test_the_default_branch_that_is_checked_out(clone: Path) -> None:
    assert find_base(git.repository(clone)) == (name_of(clone, "main"), "")


def test_the_default_branch_while_another_is_checked_out(clone: Path) -> None:
    work_on(clone, "try-out")
    said = "made on main, while try-out is checked out"
    assert find_base(git.repository(clone)) == (name_of(clone, "main"), said)
    git.git("branch", "--quiet", "-D", "main", cwd=clone)
    assert find_base(git.repository(clone)) == (name_of(clone, "origin/main"), said)
    git.git("checkout", "--quiet", "--detach", cwd=clone)
    said = "made on main, while a commit is checked out"
    assert find_base(git.repository(clone)) == (name_of(clone, "origin/main"), said)


@pytest.mark.parametrize(
    ("branch", "said"),
    [
        (
            "try-out",
            "made on try-out, which is checked out: the clone does not say which branch is the "
            "default",
        ),
        ("master", ""),
    ],
)
def test_what_is_checked_out_where_no_default_is_known(clone: Path, branch: str, said: str) -> None:
    git.git("remote", "set-head", "origin", "--delete", cwd=clone)
    work_on(clone, branch)
    assert find_base(git.repository(clone)) == (name_of(clone, branch), said)


def test_a_commit_is_opened_beside_the_clone_unless_it_is_there(clone: Path) -> None:
    first = name_of(clone, "main")
    work_on(clone, "try-out")
    repository = git.repository(clone)
    with open_at(repository, name_of(clone, "try-out")) as place:
        assert place == clone
    with open_at(repository, first) as place:
        assert (place.name, (place / "a.txt").read_text()) == ("clone", "one\n")
    assert not place.exists()
    assert (clone / "a.txt").read_text() == "two\n"
