"""Which commit of a local clone an update is made on, and where it is checked out."""

from __future__ import annotations

import shutil
from pathlib import Path
from urllib.parse import quote

import pytest

from lisa_scaffold import git
from lisa_scaffold.fleet.base import (
    Waiting,
    find_base,
    find_obstacle,
    find_unresolved,
    find_waiting,
    open_at,
)
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
    assert find_base(git.find_repository(clone))[:2] == (name_of(clone, "main"), "")


def test_the_default_branch_while_another_is_checked_out(clone: Path) -> None:
    work_on(clone, "try-out")
    said = "made on main, while try-out is checked out"
    assert find_base(git.find_repository(clone))[:2] == (name_of(clone, "main"), said)
    git.git("branch", "--quiet", "-D", "main", cwd=clone)
    assert find_base(git.find_repository(clone))[:2] == (name_of(clone, "origin/main"), said)
    git.git("checkout", "--quiet", "--detach", cwd=clone)
    said = "made on main, while a commit is checked out"
    assert find_base(git.find_repository(clone))[:2] == (name_of(clone, "origin/main"), said)


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
    assert find_base(git.find_repository(clone))[:2] == (name_of(clone, branch), said)


@pytest.mark.parametrize(
    "name", ["master", "--upload-pack=touch", "a\x1b[31mb", "a\u202eb", "a..b", "main lock"]
)
def test_a_default_branch_that_is_not_there_or_no_name_is_none(clone: Path, name: str) -> None:
    (clone / ".git/refs/remotes/origin/HEAD").write_text(f"ref: refs/remotes/origin/{name}\n")
    base = find_base(git.find_repository(clone))
    assert base[:4] == (name_of(clone, "main"), "", True, "")
    work_on(clone, "try-out")
    said = "made on try-out, which is checked out: the clone does not say which branch is the"
    base = find_base(git.find_repository(clone))
    assert (base.note, base.is_sure, base.checkout) == (f"{said} default", False, "try-out")


@pytest.mark.parametrize("name", ["--upload-pack=touch", "a\x1b[31mb"])
def test_what_is_checked_out_has_a_name_or_none(clone: Path, name: str) -> None:
    head = name_of(clone, "main")
    (clone / ".git/packed-refs").write_text(f"# pack-refs with: peeled\n{head} refs/heads/{name}\n")
    (clone / ".git/HEAD").write_text(f"ref: refs/heads/{name}\n")
    said = find_base(git.find_repository(clone)).note
    assert said == "made on main, while a commit is checked out"


def test_what_was_fetched_and_not_merged_is_told(clone: Path) -> None:
    first = name_of(clone, "main")
    work_on(clone, "more")
    git.git("update-ref", "refs/remotes/origin/main", "more", cwd=clone)
    git.git("checkout", "--quiet", "main", cwd=clone)
    base = find_base(git.find_repository(clone))
    pull = f"git -C {clone} switch main && git -C {clone} pull"
    assert base[:2] == (first, f"made without 1 commit of origin/main: {pull}")
    assert (base.lacks, base.checkout, base.told.upstream) == (1, "", name_of(clone, "more"))


def test_what_is_not_pushed_is_told(clone: Path) -> None:
    write(clone, {"a.txt": "two\n"})
    commit(clone, "Two")
    base = find_base(git.find_repository(clone))
    assert (base.lacks, base.ahead, base.note) == (0, 1, "")


def test_what_stands_in_the_way_of_a_merge_is_told_with_what_helps(
    clone: Path, tmp_path: Path
) -> None:
    def look(target: str = "main") -> tuple[str, str]:
        return find_obstacle(git.find_repository(clone), target)

    begins = f"git -C {clone}"
    assert look() == ("", "")
    write(clone, {"new.txt": "new\n"})
    assert look() == ("", "")  # what git has not is in nobody's way
    write(clone, {"a.txt": "mine\n"})
    assert look() == ("there are changes that are not committed", f"{begins} status")
    git.git("checkout", "--quiet", "--", "a.txt", cwd=clone)
    lock = clone / ".git/index.lock"
    lock.touch()
    locked = "git's index is locked: a command of git's is at work there, or was killed"
    assert look() == (locked, f"ls -l {lock}")
    lock.unlink()
    (clone / ".git/MERGE_HEAD").write_text(f"{name_of(clone, 'main')}\n")
    assert look() == ("a merge is not finished there", f"{begins} status")
    (clone / ".git/MERGE_HEAD").unlink()
    said = "nothing says which branch is the default"
    assert look("") == (said, f"{begins} remote set-head origin --auto")
    git.git("remote", "remove", "origin", cwd=clone)
    assert look("") == (f"it has no origin, and {said}: switch to that one", f"{begins} branch")
    git.git("switch", "--quiet", "--create", "try-out", cwd=clone)
    beside = tmp_path / "beside"
    git.git("worktree", "add", "--quiet", beside, "main", cwd=clone)
    assert look() == ("main is checked out in another work tree", f"git -C {beside} status")
    assert look("try-out") == ("", "")
    shutil.rmtree(beside)
    assert look() == ("", "")


def test_in_a_linked_work_tree_it_is_known_what_is_checked_out(clone: Path, tmp_path: Path) -> None:
    beside = tmp_path / "beside"
    git.git("worktree", "add", "--quiet", "-b", "try-out", beside, cwd=clone)
    base = find_base(git.find_repository(beside))
    said = "made on main, while try-out is checked out"
    assert base[:4] == (name_of(clone, "main"), said, True, "try-out")


def test_of_what_is_lost_only_what_depends_on_it_is_unknown(clone: Path) -> None:
    """A branch and a tag that point to nothing, and a branch that has lost a tree."""
    work_on(clone, "lisa-scaffold/v1.0.0")
    lost = name_of(clone, "HEAD")
    git.git("tag", "v1.0.0", cwd=clone)
    write(clone, {"b.txt": "three\n"})
    commit(clone, "Three")
    git.git("branch", "lisa-scaffold/fix", cwd=clone)
    tree = name_of(clone, "HEAD^{tree}")
    git.git("checkout", "--quiet", "main", cwd=clone)
    for name in (lost, tree):
        (clone / ".git/objects" / name[:2] / name[2:]).unlink()
    (clone / ".git/refs/heads/lisa-scaffold/v1.0.0").write_text(f"{lost}\n")
    repository = git.find_repository(clone)
    told = find_base(repository).told
    assert (told.tags, told.head_tags, len(told.day)) == (("v1.0.0",), (), len("2026-01-01"))
    assert told.tips["main"] == told.upstream == name_of(clone, "main")
    for name in ("lisa-scaffold/v1.0.0", "lisa-scaffold/fix"):
        assert find_waiting(repository, told, [name]) == Waiting(name, "lost")
    assert find_waiting(repository, told, ["lisa-scaffold/none"]) == Waiting()


def test_what_was_merged_as_one_commit_of_its_own_waits_no_more(clone: Path) -> None:
    work_on(clone, "lisa-scaffold/fix")
    git.git("checkout", "--quiet", "main", cwd=clone)
    write(clone, {"b.txt": "beside\n"})
    commit(clone, "Beside")
    name = "lisa-scaffold/fix"

    def look() -> Waiting:
        repository = git.find_repository(clone)
        return find_waiting(repository, find_base(repository).told, [name])

    assert look() == Waiting(name, "touched")
    git.git("merge", "--quiet", "--squash", name, cwd=clone)
    commit(clone, "Squashed")
    assert look() == Waiting()


def test_a_commit_is_opened_beside_the_clone_unless_it_is_there(clone: Path) -> None:
    first = name_of(clone, "main")
    work_on(clone, "try-out")
    repository = git.find_repository(clone)
    with open_at(repository, name_of(clone, "try-out")) as place:
        assert place == clone
    with open_at(repository, first) as place:
        assert (place.name, (place / "a.txt").read_text()) == ("clone", "one\n")
    assert not place.exists()
    assert (clone / "a.txt").read_text() == "two\n"


def test_tags_and_day_are_those_of_the_default_branch(clone: Path) -> None:
    git.git("tag", "v1.0.0", cwd=clone)
    git.git("switch", "--quiet", "--create", "try-out", cwd=clone)
    write(clone, {"a.txt": "two\n"})
    git.git("add", "--all", cwd=clone)
    words = ["git", "commit", "--quiet", "--date=2001-02-03T12:00:00", "--message", "Two"]
    run(words, cwd=clone)
    git.git("tag", "--annotate", "--message", "Mine", "v2.0.0", cwd=clone)
    told = git.read_references(git.find_repository(clone), "main")
    assert (told.head_tags, told.day) == (("v2.0.0",), "2001-02-03")
    told = find_base(git.find_repository(clone)).told
    assert told.head_tags == ("v1.0.0",)
    assert told.day != "2001-02-03"
    git.git("branch", "--quiet", "-D", "main", cwd=clone)
    git.git("update-ref", "-d", "refs/remotes/origin/main", cwd=clone)
    git.git("tag", "--delete", "v2.0.0", cwd=clone)
    git.git("switch", "--quiet", "--detach", cwd=clone)
    git.git("branch", "--quiet", "-D", "try-out", cwd=clone)
    assert git.read_references(git.find_repository(clone)).day == "2001-02-03"


def test_what_it_is_merged_into(clone: Path) -> None:
    work_on(clone, "try-out")
    assert find_base(git.find_repository(clone)).target == "main"
    git.git("remote", "set-head", "origin", "--delete", cwd=clone)
    base = find_base(git.find_repository(clone))
    assert (base.target, base.checkout) == ("", "try-out")  # whatever it is, it is no default
    git.git("switch", "--quiet", "main", cwd=clone)
    assert find_base(git.find_repository(clone)).target == "main"
    git.git("switch", "--quiet", "--detach", cwd=clone)
    assert find_base(git.find_repository(clone)).target == ""


def test_what_is_left_in_conflict_is_what_nobody_has_changed_or_brought(clone: Path) -> None:
    write(clone, {"b c.txt": "one\n", "d.txt": "one\n"})
    commit(clone, "More")
    base = name_of(clone, "main")
    git.git("switch", "--quiet", "--create", "update", cwd=clone)
    blobs = {path: name_of(clone, f"main:{path}") for path in ("a.txt", "b c.txt", "d.txt")}
    assert git.name_blob(b"one\n", base) == blobs["d.txt"]
    listed = [f"Template-Conflict: {blobs[path]} {quote(path)}\n" for path in blobs]
    write(clone, {"more.txt": "more\n"})
    git.git("add", "--all", cwd=clone)
    message = f"Update\n\n{''.join(listed)}Template-Conflict: - gone.txt\n"
    git.git("commit", "--quiet", "--message", message, cwd=clone)

    def left() -> tuple[str, ...]:
        return find_unresolved(git.find_repository(clone), name_of(clone, "update"), base)

    assert left() == ("a.txt", "b c.txt", "d.txt", "gone.txt")
    write(clone, {"a.txt": "two\n", "d.txt": None, "gone.txt": "here\n"})
    commit(clone, "Mine")
    assert left() == ("b c.txt",)
