"""Where a project may lie, and what its surroundings may be set to."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from lisa_scaffold import git
from lisa_scaffold.errors import ExitCode

from ..support.sweeps import sampled
from ..support.tools import passes
from ..support.updates import TEN, Capture, Workshop, commit, open_workshop, update

THEIRS = TEN.replace("line 9\n", "theirs\n")


@pytest.fixture
def workshop(tmp_path: Path) -> Workshop:
    workshop = open_workshop(tmp_path, {"template/a.dat": TEN})
    workshop.release("v1.1.0", {"template/a.dat": THEIRS, "template/c.dat": "c\n"})
    return workshop


def assert_updated(project: Path) -> None:
    said = git.git("status", "--porcelain", cwd=project)
    assert sorted(said.splitlines()) == ["A  c.dat", "M  .copier-answers.yml", "M  a.dat"]
    assert (project / "a.dat").read_text() == THEIRS


def test_variables_of_another_repository_do_not_mislead(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A hook, and `git rebase --exec`, run their commands with these set."""
    before = git.git("rev-parse", "HEAD", cwd=workshop.template)
    with monkeypatch.context() as patch:
        patch.setenv("GIT_DIR", str(workshop.template / ".git"))
        patch.setenv("GIT_WORK_TREE", str(workshop.template))
        patch.setenv("GIT_INDEX_FILE", str(workshop.template / "nowhere.index"))
        patch.setenv("GIT_OBJECT_DIRECTORY", str(workshop.template / "nowhere"))
        patch.setenv("GIT_PREFIX", "nowhere/")
        patch.setenv("GIT_LITERAL_PATHSPECS", "1")
        patch.setenv("GIT_EXTERNAL_DIFF", "false")
        assert update(workshop.project) == ExitCode.DONE
    assert_updated(workshop.project)
    assert git.git("rev-parse", "HEAD", cwd=workshop.template) == before
    assert git.git("status", "--porcelain", cwd=workshop.template) == ""


SETTINGS = {
    "color.ui": "always",
    "core.fsmonitor": "false",
    "core.ignoreCase": "true",
    "core.quotePath": "true",
    "core.splitIndex": "true",
    "core.untrackedCache": "true",
    "diff.noprefix": "true",
    "diff.renames": "false",
    "feature.manyFiles": "true",
    "merge.conflictStyle": "diff3",
    "merge.renames": "false",
    "status.renames": "copies",
    "submodule.recurse": "true",
}


def test_settings_of_all_kinds(workshop: Workshop) -> None:
    for key, value in SETTINGS.items():
        git.git("config", key, value, cwd=workshop.project)
    assert update(workshop.project) == ExitCode.DONE
    git.git("config", "color.ui", "never", cwd=workshop.project)
    git.git("config", "status.renames", "false", cwd=workshop.project)
    assert_updated(workshop.project)
    git.git("fsck", "--strict", cwd=workshop.project)


@sampled("name", ["line\nbreak", "-dash", "b\u00fccher und \u2603", 'quo"te', "a:b"], 3)
def test_names_of_the_folder(workshop: Workshop, name: str) -> None:
    moved = workshop.project.rename(workshop.project.with_name(name))
    assert update(moved) == ExitCode.DONE
    assert_updated(moved)


def test_a_shallow_clone(workshop: Workshop) -> None:
    workshop.edit({"own.dat": "own\n"})
    clone = workshop.project.with_name("clone")
    source = workshop.project.as_uri()
    passes("git", "clone", "--quiet", "--depth=1", source, clone, cwd=workshop.project)
    assert update(clone) == ExitCode.DONE
    assert_updated(clone)
    assert update(clone, "--branch", "too-late") == ExitCode.DONE


def test_git_s_folder_elsewhere(workshop: Workshop, tmp_path: Path) -> None:
    shutil.rmtree(workshop.project / ".git")
    elsewhere = tmp_path / "elsewhere.git"
    git.git("init", "--quiet", f"--separate-git-dir={elsewhere}", cwd=workshop.project)
    git.git("config", "core.worktree", str(workshop.project), cwd=workshop.project)
    commit(workshop.project)
    assert update(workshop.project) == ExitCode.DONE
    assert_updated(workshop.project)
    kept = sorted(path.name for path in (elsewhere / "lisa-scaffold").iterdir())
    assert kept == ["lock", "report.json"]


def test_a_link_to_the_project(workshop: Workshop, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(workshop.project)
    assert update(tmp_path / "link") == ExitCode.DONE
    assert_updated(workshop.project)


def test_a_fault_names_the_place(workshop: Workshop, capsys: Capture) -> None:
    """A file stands where git's folder needs one of ours."""
    (workshop.project / ".git/lisa-scaffold").write_text("")
    assert update(workshop.project) == ExitCode.REFUSED
    err = capsys.readouterr().err
    assert f"{workshop.project}/.git/lisa-scaffold" in err
    assert workshop.status() == []
