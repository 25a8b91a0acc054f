"""The project that a folder is part of."""

from __future__ import annotations

from pathlib import Path

import pytest

from lisa_scaffold.project.above import find_above, has_metadata


@pytest.fixture
def inner(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "outer/project/src/package"
    folder.mkdir(parents=True)
    monkeypatch.chdir(folder)
    return folder


def test_the_nearest_project_counts(inner: Path) -> None:
    top = inner.parents[1]
    (top / ".git").mkdir()
    (top / "pyproject.toml").touch()
    assert find_above(Path(), has_metadata) == Path("../..")
    (inner / "setup.py").touch()
    assert find_above(Path(), has_metadata) == Path()


def test_nothing_above_the_repository_counts(inner: Path) -> None:
    """Whoever may write above it would choose what is changed."""
    (inner.parents[1] / ".git").touch()
    (inner.parents[2] / "answers.yml").touch()
    assert find_above(Path(), lambda each: (each / "answers.yml").exists()) == Path()
    assert find_above(Path(), has_metadata) == Path("../..")


def test_without_a_repository_the_folder_itself_counts(inner: Path) -> None:
    (inner.parents[1] / "pyproject.toml").touch()
    assert find_above(Path(), has_metadata) == Path()


def test_the_way_goes_up_as_it_came_down(
    inner: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A link into another project leads to that one, and to its project."""
    other = tmp_path / "other"
    (other / ".git").mkdir(parents=True)
    (other / "link").symlink_to(inner)
    monkeypatch.chdir(other / "link")
    (inner.parents[1] / ".git").mkdir()
    assert find_above(Path(), has_metadata) == Path("../..")
