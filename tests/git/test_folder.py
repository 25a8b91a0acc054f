"""Git's own folder, as an archive may bring it: what git does not make is refused by every verb."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from lisa_scaffold import cli, git
from lisa_scaffold.errors import ExitCode, LisaError
from lisa_scaffold.git.environment import OFFLINE

from ..support.sweeps import sampled
from ..support.tools import passes
from ..support.updates import TEN, Capture, Workshop, open_workshop, write

VERBS = (
    ("check",),
    ("check", "--fix"),
    ("update", "--defaults", "--dry-run"),
    ("update", "--defaults"),
    ("adopt", "--defaults"),
)


@pytest.fixture
def workshop(tmp_path: Path) -> Workshop:
    """A project that is one version behind its template."""
    workshop = open_workshop(tmp_path, {"template/a.dat": TEN})
    workshop.edit({"pyproject.toml": '[project]\nname = "x"\n'})
    workshop.release("v1.1.0", {"template/a.dat": f"{TEN}more\n"})
    return workshop


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    """A folder of the user's, with a repository and a file in it."""
    folder = tmp_path / "outside"
    write(folder / "victim", {"a": "a\n"})
    passes("git", "init", "--quiet", cwd=folder / "victim")
    passes("git", "add", "--all", cwd=folder / "victim")
    passes("git", "commit", "--quiet", "--message=Start", cwd=folder / "victim")
    (folder / ".bashrc").write_text("# mine\n")
    return folder


def link_to_file(name: str) -> Callable[[Path, Path], None]:
    def make(project: Path, outside: Path) -> None:
        place = project / ".git" / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.unlink(missing_ok=True)
        place.symlink_to(outside / ".bashrc")

    return make


def link_to_folder(name: str) -> Callable[[Path, Path], None]:
    def make(project: Path, outside: Path) -> None:
        place = project / ".git" / name
        if place.exists():
            shutil.move(place, outside / "moved")
        (outside / "moved").mkdir(exist_ok=True)
        place.symlink_to(outside / "moved")

    return make


def pipe(project: Path, _outside: Path) -> None:
    os.mkfifo(project / ".git/refs/heads/pipe")


def link(project: Path, outside: Path) -> None:
    shutil.rmtree(project / ".git")
    (project / ".git").symlink_to(outside / "victim/.git")


def file(project: Path, outside: Path) -> None:
    shutil.rmtree(project / ".git")
    (project / ".git").write_text(f"gitdir: {outside}/victim/.git\n")


def file_of_a_work_tree(project: Path, outside: Path) -> None:
    passes("git", "worktree", "add", "--quiet", outside / "tree", cwd=outside / "victim")
    shutil.rmtree(project / ".git")
    shutil.copy(outside / "tree/.git", project / ".git")


def common_folder(project: Path, outside: Path) -> None:
    (project / ".git/commondir").write_text(f"{outside}/victim/.git\n")


def file_of_a_folder_with_a_common_one(project: Path, outside: Path) -> None:
    """Git's folder lies in the project, under a name with a blank, and shares the victim's."""
    (project / ".git").rename(project / "meta ")
    for name in ("objects", "refs"):
        shutil.rmtree(project / "meta " / name)
    (project / "meta /commondir").write_text(f"{outside}/victim/.git\n")
    (project / ".git").write_text("gitdir: meta \n")


def broken_one_below(project: Path, outside: Path) -> None:
    """What git passes by lies before what it takes."""
    common_folder(project, outside)
    shutil.move(project / ".git", project.parent / ".git")
    for name in ("objects", "refs"):
        (project / ".git" / name).mkdir(parents=True)
    (project / ".git/HEAD").write_text("garbage\n")


def work_tree_around(project: Path, outside: Path) -> None:
    """The project lies in a linked work tree of the user's, and names that as its own."""
    passes("git", "worktree", "add", "--quiet", project.parent / "tree", cwd=outside / "victim")
    shutil.copy(project.parent / "tree/.git", project.parent / ".git")
    passes("git", "config", "core.worktree", "../..", cwd=project)


ODD = {
    "a file and a common folder": file_of_a_folder_with_a_common_one,
    "a broken one below": broken_one_below,
    "a work tree around": work_tree_around,
    "the log of a branch": link_to_file("logs/refs/heads/lisa-scaffold/adopt"),
    "the log of HEAD": link_to_file("logs/HEAD"),
    "a branch": link_to_file("refs/heads/other"),
    "the index": link_to_file("index"),
    "packed-refs": link_to_file("packed-refs"),
    "objects": link_to_folder("objects"),
    "refs": link_to_folder("refs"),
    "a folder of branches": link_to_folder("refs/heads/lisa-scaffold"),
    "the journal": link_to_folder("lisa-scaffold"),
    "a pipe": pipe,
    "a link": link,
    "a file": file,
    "another work tree's file": file_of_a_work_tree,
    "a common folder": common_folder,
}


def state(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.is_symlink()
    }


@pytest.mark.uncounted
@pytest.mark.parametrize("arguments", VERBS, ids=" ".join)
@sampled("odd", ODD.values(), 5, ids=ODD)
def test_an_odd_git_folder_is_refused_and_nothing_is_touched(
    workshop: Workshop,
    outside: Path,
    capsys: Capture,
    odd: Callable[[Path, Path], None],
    arguments: tuple[str, ...],
) -> None:
    odd(workshop.project, outside)
    before = state(outside), state(workshop.project)
    assert cli.main([arguments[0], str(workshop.project), *arguments[1:]]) == ExitCode.REFUSED
    assert "/.git" in capsys.readouterr().err
    assert (state(outside), state(workshop.project)) == before


@pytest.mark.parametrize("name", [".git", ".git/gitdir", ".git/commondir"])
@pytest.mark.parametrize("content", ["gitdir: a\0b\n", "a" * 20_000, "gitdir: loop/a\n", "loop\n"])
def test_a_file_of_git_s_that_names_no_place_is_refused(
    tmp_path: Path, capsys: Capture, name: str, content: str
) -> None:
    project = tmp_path / "project"
    write(project, {"setup.py": ""})
    (project / "loop").symlink_to("loop")
    if name != ".git":
        passes("git", "init", "--quiet", cwd=project)
        (project / ".git/loop").symlink_to("loop")
    (project / name).write_text(content)
    assert cli.main(["adopt", str(project), "--defaults"]) == ExitCode.REFUSED
    assert str(project) in capsys.readouterr().err


def test_linked_work_trees_and_submodules_are_as_git_makes_them(
    tmp_path: Path, workshop: Workshop, outside: Path
) -> None:
    tree = tmp_path / "tree"
    passes("git", "worktree", "add", "--quiet", tree, "-b", "other", cwd=workshop.project)
    assert git.find_repository(tree).top == tree
    own = ("-c", "protocol.file.allow=always", "submodule", "--quiet", "add")
    passes("git", *own, outside / "victim", "inner", cwd=workshop.project)
    assert git.find_repository(workshop.project / "inner").top == workshop.project / "inner"
    assert cli.main(["update", str(tree), "--defaults"]) == ExitCode.DONE
    assert (tree / "a.dat").read_text() == f"{TEN}more\n"


def test_a_git_folder_elsewhere_is_taken_once_it_names_its_work_tree(workshop: Workshop) -> None:
    elsewhere = workshop.project.with_name("elsewhere.git")
    passes("git", "init", "--quiet", f"--separate-git-dir={elsewhere}", cwd=workshop.project)
    with pytest.raises(LisaError, match="does not name it back") as caught:
        git.find_repository(workshop.project)
    words = caught.value.hint.partition(": git ")[2].split()
    passes("git", f"--git-dir={elsewhere}", *words, cwd=workshop.project)
    assert git.find_repository(workshop.project).top == workshop.project


def test_an_empty_git_folder_is_passed_by_as_git_does(workshop: Workshop) -> None:
    (workshop.project / "inner/.git").mkdir(parents=True)
    assert git.find_repository(workshop.project / "inner").top == workshop.project


def test_nobody_can_foresee_by_which_protocol_nothing_is_fetched() -> None:
    """Git of before 2.45 would run ``remote-none`` where a repository makes a command of it."""
    word = OFFLINE["GIT_ALLOW_PROTOCOL"]
    said = passes(
        *(sys.executable, "-c", "from lisa_scaffold.git import environment as e; print(e.OFFLINE)"),
        cwd=Path.cwd(),
    )
    assert word.startswith("none-")
    assert word not in said


def test_a_template_in_the_same_checkout_is_the_projects_own(
    tmp_path: Path, workshop: Workshop
) -> None:
    """A repository may be committed as plain files, beside the project that records it."""
    shutil.rmtree(workshop.project / ".git")
    whole = tmp_path / "whole"
    shutil.move(workshop.project, whole / "project")
    passes("git", "clone", "--quiet", "--bare", workshop.template, whole / "bare.git", cwd=tmp_path)
    passes("git", "init", "--quiet", cwd=whole)
    with pytest.raises(LisaError, match="never read out of the project itself"):
        git.make_clonable("../bare.git", whole / "project", outside=whole / "project")
    # What has a git folder of its own, no clone has brought along.
    shutil.move(workshop.template, whole / "other")
    found = git.make_clonable("../other", whole / "project", outside=whole / "project")
    assert found.url == str(whole / "other")
