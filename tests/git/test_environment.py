"""Variables that a user, or a hook around us, has set: git neither goes astray nor misleads."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from lisa_scaffold import cli, git
from lisa_scaffold.errors import ExitCode

from ..support.sweeps import sampled
from ..support.updates import TEN, Capture, Workshop, commit, open_workshop, update, write

ODD = {
    "GIT_DIR": "{other}/.git",
    "GIT_WORK_TREE": "{other}",
    "GIT_COMMON_DIR": "{other}/.git",
    "GIT_INDEX_FILE": "{other}/.git/index",
    "GIT_OBJECT_DIRECTORY": "{other}/.git/objects",
    "GIT_ALTERNATE_OBJECT_DIRECTORIES": "{other}/.git/objects",
    "GIT_NAMESPACE": "other",
    "GIT_REF_PARANOIA": "odd",
    "GIT_COMMIT_GRAPH_PARANOIA": "odd",
    "GIT_CONFIG": "{other}/.git/config",
    "GIT_CONFIG_COUNT": "1",  # of which there is none
    "GIT_DIFF_OPTS": "-u0",
    "GIT_MERGE_VERBOSITY": "5",
    "GIT_TRACE": "1",
    "GIT_TRACE2": "2",
    "GIT_SHALLOW_FILE": "{other}/shallow",
    "GIT_GRAFT_FILE": "{other}/grafts",
    "GIT_REPLACE_REF_BASE": "refs/heads/",
    "GIT_ICASE_PATHSPECS": "1",
    "GIT_EXTERNAL_DIFF": "false",
    "GIT_QUARANTINE_PATH": "{other}",
}


@pytest.fixture
def workshop(tmp_path: Path) -> Workshop:
    """A project with a setting of its own, one version behind."""
    workshop = open_workshop(tmp_path, {"template/a.dat": TEN, "template/sub/b.dat": TEN})
    workshop.edit({"a.dat": TEN.replace("line 2\n", "mine\n")})
    workshop.release(
        "v1.1.0", {"template/a.dat": TEN.replace("line 9\n", "nine\n"), "template/c.dat": "c\n"}
    )
    git.git("config", "core.autocrlf", "true", cwd=workshop.project)
    return workshop


@pytest.fixture
def other(tmp_path: Path) -> Path:
    """Another repository, which is none of our business."""
    folder = tmp_path / "other"
    write(folder, {"own.dat": "own\n"})
    git.git("init", "--quiet", cwd=folder)
    commit(folder)
    return folder


def _everything(folder: Path) -> dict[str, bytes]:
    found = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in found}


@sampled("name", ODD, 3)
def test_an_update_is_the_same_whatever_is_set(
    name: str, workshop: Workshop, other: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert update(workshop.project, "--dry-run") == ExitCode.DONE
    usual, before = capsys.readouterr(), _everything(other)
    monkeypatch.setenv(name, ODD[name].format(other=other))
    assert update(workshop.project, "--dry-run") == ExitCode.DONE
    assert capsys.readouterr() == usual
    assert cli.main(["status", str(workshop.project)]) == ExitCode.DONE
    assert update(workshop.project) == ExitCode.DONE
    monkeypatch.delenv(name)
    assert workshop.status() == ["A  c.dat", "M  .copier-answers.yml", "M  a.dat"]
    merged = TEN.replace("line 2\n", "mine\n").replace("line 9\n", "nine\n")
    assert (workshop.project / "a.dat").read_bytes() == merged.replace("\n", "\r\n").encode()
    assert _everything(other) == before


@pytest.mark.parametrize("name", ["GIT_DIR", "GIT_WORK_TREE"])
def test_a_folder_without_a_repository_is_told_with_what_hides_that(
    name: str, tmp_path: Path, other: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the user's shell, git works there."""
    write(tmp_path / "plain", {".copier-answers.yml": "_commit: v1\n_src_path: x\n"})
    monkeypatch.setenv(name, str(other / ".git"))
    assert update(tmp_path / "plain") == ExitCode.REFUSED
    said = capsys.readouterr().err
    assert "plain: no git repository\n" in said
    assert f"  {name} is set, and makes no difference here" in said


def test_an_error_of_git_is_told_without_its_trace(
    other: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("GIT_TRACE", "1")
    with pytest.raises(git.GitError) as raised:
        git.git("log", "nothing", cwd=other)
    assert "trace:" not in raised.value.message
    # Into a file is where somebody looks.
    monkeypatch.setenv("GIT_TRACE", str(tmp_path / "trace"))
    git.git("log", cwd=other)
    assert "trace: built-in: git log" in (tmp_path / "trace").read_text()


@pytest.mark.parametrize("given", [{}, {"GIT_CONFIG_KEY_0": "a.b"}, {"GIT_CONFIG_VALUE_0": "x"}])
def test_settings_that_are_announced_and_not_there_count_for_nothing(
    given: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    assert git.count_settings() == 0
    assert git.git("config", "--get", "core.fsmonitor") == "false\n"
    assert os.environ["GIT_CONFIG_COUNT"] == "1"
