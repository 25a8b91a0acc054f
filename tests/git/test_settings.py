"""What of a repository's own configuration git gets to see."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from lisa_scaffold import git
from lisa_scaffold.errors import LisaError

from ..support.tools import passes
from ..support.updates import write


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A repository without a commit, with a file of patterns."""
    write(tmp_path / "project", {"patterns": "*.x\n", "a.x": ""})
    passes("git", "init", "--quiet", cwd=tmp_path / "project")
    return tmp_path / "project"


def configured(project: Path, *settings: tuple[str, str]) -> git.Repository:
    for key, value in settings:
        passes("git", "config", "--local", key, value, cwd=project)
    return git.find_repository(project)


@pytest.mark.parametrize("value", ["patterns", "./patterns", "~/patterns", "{project}/patterns"])
def test_a_file_of_patterns_is_named_by_its_absolute_path(
    project: Path, monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    monkeypatch.setenv("HOME", str(project))
    asked = ("core.excludesFile", value.format(project=project))
    repository = configured(project, asked)
    assert f'excludesfile = "{project}/patterns"\n' in repository.settings.as_config()
    assert git.find_ignored(repository, ["a.x", "b.y"]) == {"a.x"}


@pytest.mark.parametrize("key", ["core.excludesFile", "core.attributesFile"])
@pytest.mark.parametrize(
    "value",
    [
        "%(prefix)/../dev/zero",
        ":(optional)patterns",
        "/dev/zero",
        "~/zero",
        "link",
        "pipe",
        "large",
        "folder",
        "missing",
        "",
    ],
)
def test_what_is_no_file_of_a_usual_size_is_not_named(
    project: Path, monkeypatch: pytest.MonkeyPatch, key: str, value: str
) -> None:
    monkeypatch.setenv("HOME", str(project))
    write(project, {"%(prefix)/x": "", "dev/zero": "", ":(optional)patterns": "*.x\n"})
    for name in ("link", "zero"):
        (project / name).symlink_to("/dev/zero")
    os.mkfifo(project / "pipe")
    (project / "folder").mkdir()
    (project / "large").touch()
    os.truncate(project / "large", 10_000_001)
    assert "sfile" not in configured(project, (key, value)).settings.as_config()


def test_of_extensions_those_that_git_documents_are_kept(project: Path) -> None:
    said = configured(
        project,
        ("core.repositoryFormatVersion", "0"),
        ("extensions.preciousObjects", "true"),
        ("extensions.unheardOf", "/bin/sh"),
        ("extensions.worktreeConfig", "true"),
        ("extensions.noop", "x"),
    ).settings.as_config()
    kept = [line for line in said.splitlines() if line.startswith(("[ext", "\tprecious", "\tunh"))]
    assert kept == ["[extensions]", '\tpreciousobjects = "true"']


@pytest.mark.parametrize("key", ["objectformat", "refstorage", "compatobjectformat"])
def test_a_form_that_is_not_known_is_refused(project: Path, key: str) -> None:
    """Git may know more than we do; what it would read otherwise would be wrong."""
    repository = configured(project)
    entries = [*repository.settings.entries, ("local", f"extensions.{key}", "x://y")]
    odd = repository.settings._replace(
        entries=tuple(type(repository.settings.entries[0])(*each) for each in entries)
    )
    with pytest.raises(LisaError, match=f"extensions.{key} = x://y"):
        odd.as_config()


def test_a_repository_of_sha256_is_read(tmp_path: Path) -> None:
    project = tmp_path / "project"
    write(project, {"a": "a\n"})
    passes("git", "init", "--quiet", "--object-format=sha256", cwd=project)
    passes("git", "add", "--all", cwd=project)
    passes("git", "commit", "--quiet", "--message=Start", cwd=project)
    repository = git.find_repository(project)
    assert repository.git("rev-parse", "HEAD").strip() == repository.head
    assert git.read_status(repository) == {}


def test_nothing_is_fetched_out_of_the_project_s_own_files(project: Path) -> None:
    """A partial clone may name where to fetch from; what came with it is no such place."""
    passes("git", "init", "--quiet", "--bare", "vendored", cwd=project)
    passes("git", "init", "--quiet", "--bare", "outside", cwd=project.parent)
    promising = ("remote.origin.promisor", "true")
    inner = configured(project, promising, ("remote.origin.url", "./vendored"))
    assert inner.settings.promise == ()
    other = configured(project, ("remote.origin.url", "../outside"))
    assert ("remote.promisor-0.url", str(project.parent / "outside")) in other.settings.promise
