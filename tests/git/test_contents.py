"""What an archive may put into a git folder: git reads it whole, so it is refused before."""

from __future__ import annotations

import os
import shutil
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from lisa_scaffold import cli, git
from lisa_scaffold.errors import ExitCode, LisaError
from lisa_scaffold.git import command, contents

from ..support.sweeps import sampled
from ..support.tools import passes
from ..support.updates import Capture, write

Odd = Callable[[Path], Path]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A repository with one commit."""
    project = tmp_path / "project"
    write(project, {"pyproject.toml": '[project]\nname = "x"\n'})
    passes("git", "init", "--quiet", "--initial-branch=main", cwd=project)
    passes("git", "add", "--all", cwd=project)
    passes("git", "commit", "--quiet", "--message=Start", cwd=project)
    return project


def endless(name: str) -> Odd:
    """A link to a device in place of a file of git's."""

    def make(project: Path) -> Path:
        place = project / ".git" / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.unlink(missing_ok=True)
        place.symlink_to("/dev/zero")
        return place

    return make


def huge(name: str, size: int) -> Odd:
    """A file that is nearly all hole: it takes no room, also in an archive."""

    def make(project: Path) -> Path:
        place = project / ".git" / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.touch()
        os.truncate(place, size)
        return place

    return make


def pipe(project: Path) -> Path:
    place = project / ".git/objects/info/commit-graph"
    os.mkfifo(place)
    return place


def borrow(project: Path, *stores: str) -> None:
    (project / ".git/objects/info").mkdir(exist_ok=True)
    (project / ".git/objects/info/alternates").write_text("".join(f"{each}\n" for each in stores))


def endless_lender(project: Path) -> Path:
    """The folder that objects are borrowed from borrows itself, from a device."""
    borrow(project, "# a comment", "nowhere", r'"../../l\145nder"')
    place = project / "lender/info/alternates"
    place.parent.mkdir(parents=True)
    place.symlink_to("/dev/zero")
    return place


def linked_object_of_a_lender(project: Path) -> Path:
    borrow(project, str(project / "first"))
    write(project, {"first/info/alternates": "../second\n", "second/ab/x": ""})
    place = project / "second/ab/y"
    place.symlink_to("/dev/zero")
    return place


def many_lenders(project: Path) -> Path:
    borrow(project, *map(str, range(101)))
    return project / ".git/objects/info/alternates"


def submodule(project: Path) -> Path:
    shutil.copytree(project / ".git", project.parent / "module")
    shutil.move(project.parent / "module", project / ".git/modules/group/inner")
    return endless("modules/group/inner/refs/heads/main")(project)


def work_tree(project: Path) -> Path:
    passes("git", "worktree", "add", "--quiet", project.parent / "tree", cwd=project)
    return endless("worktrees/tree/ORIG_HEAD")(project)


GB = 1_000_000_000
ODD = {
    "grafts": endless("info/grafts"),
    "sequencer": endless("sequencer/todo"),
    "a new file of git's": endless("whatever/it/is"),
    "an object": endless("objects/ab/cdef"),
    "a pack": endless("objects/pack/pack-1.idx"),
    "a large HEAD": huge("HEAD", 20 * GB),
    "large patterns": huge("info/exclude", 2 * GB),
    "a large branch": huge("refs/heads/main", 20 * GB),
    "large alternates": huge("objects/info/alternates", GB),
    "a large configuration": huge("config", 11_000_000),
    "a large index": huge("index", 20 * GB),
    "large packed references": huge("packed-refs", 20 * GB),
    "a large log": huge("logs/HEAD", 20 * GB),
    "a pipe": pipe,
    "an endless lender": endless_lender,
    "an object of a lender": linked_object_of_a_lender,
    "many lenders": many_lenders,
    "a submodule": submodule,
    "a work tree": work_tree,
}


@pytest.mark.parametrize("make", ODD.values(), ids=ODD)
def test_what_git_would_read_without_end_is_refused(project: Path, make: Odd) -> None:
    place = make(project)
    for look in (git.list_files, git.find_repository):
        with pytest.raises(LisaError) as caught:
            look(project)
        assert caught.value.message.startswith(f"{place}: ")
        assert caught.value.hint == "Clone the project anew."


def test_what_git_and_its_companions_put_there_is_not(project: Path, tmp_path: Path) -> None:
    own = project / ".git"
    (own / "hooks").mkdir(exist_ok=True)
    (own / "hooks/pre-commit").symlink_to("/usr/bin/true")
    for name in ("rr-cache/a/preimage", "lfs/objects/a", "annex/objects/a", "objects/ab/cdef"):
        huge(name, 2 * GB)(project)
    huge("index.lock.old", 900_000_000)(project)
    huge("info/exclude", contents.MOST_TEXT)(project)
    passes("git", "worktree", "add", "--quiet", tmp_path / "tree", cwd=project)
    clone = tmp_path / "clone"
    passes("git", "clone", "--quiet", "--shared", project, clone, cwd=tmp_path)
    borrow(project, str(clone / ".git/objects"))  # in a circle
    contents.refuse_strange(own, set())
    for place in (project, clone, tmp_path / "tree"):
        assert git.find_repository(place).top == place


def test_the_daemon_that_watches_files_has_a_socket(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(project / ".git")  # the name of a socket is short
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind("fsmonitor--daemon.ipc")
        assert git.find_repository(project).top == project


def test_a_file_that_names_the_whole_disk_as_git_s_folder_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    (tmp_path / "disk/link").symlink_to("/dev/zero")
    write(tmp_path / "project", {".git": "gitdir: ../disk\n"})
    with pytest.raises(LisaError, match="no folder of git's that is whole"):
        git.find_repository(tmp_path / "project")


@pytest.mark.parametrize("name", [".gitignore", "inner/.gitignore"])
@pytest.mark.parametrize("verb", ["check", "adopt"])
def test_git_gets_no_more_memory_than_it_needs(
    project: Path, capsys: Capture, verb: str, name: str
) -> None:
    """In the work tree nothing is looked at before git does."""
    (project / name).parent.mkdir(exist_ok=True)
    (project / name).touch()
    os.truncate(project / name, 3 * GB)
    options = ("--defaults",) if verb == "adopt" else ()
    assert cli.main([verb, str(project), *options]) == ExitCode.REFUSED
    said = capsys.readouterr().err
    assert "takes more than 1000 MB of memory\n" in said
    assert ".gitignore" in said


@sampled("name", [".gitignore", ".git/info/exclude"], 2)
@sampled("verb", ["check", "adopt"], 2)
def test_git_gets_no_more_time_than_it_needs(
    project: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch, verb: str, name: str
) -> None:
    """Git tries every way to share the folders of a path among the stars of a pattern."""
    monkeypatch.setattr(command, "SECONDS", 1)
    (project / Path(*["a"] * 100)).mkdir(parents=True)
    (project / Path(*["a"] * 100) / "file").touch()
    (project / name).write_text(f"{'**/a/' * 25}b\n")
    options = ("--defaults",) if verb == "adopt" else ()
    assert cli.main([verb, str(project), *options]) == ExitCode.REFUSED
    said = capsys.readouterr().err
    assert "git ls-files: takes more than 1 s of processor time\n" in said
    assert ".gitignore" in said


@pytest.mark.uncounted
def test_a_nested_repository_costs_no_more_either(project: Path) -> None:
    passes("git", "clone", "--quiet", project, "inner", cwd=project)
    passes("git", "add", "inner", cwd=project)
    endless("refs/heads/main")(project / "inner")
    with pytest.raises(LisaError, match="takes more than 1000 MB of memory"):
        git.read_status(git.find_repository(project))
