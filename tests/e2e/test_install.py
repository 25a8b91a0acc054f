"""lisa-scaffold installed as users install it, and used without a network."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from lisa_scaffold import git

from ..conftest import ROOT

pytestmark = pytest.mark.e2e

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
VERSION = f"v{PROJECT['version']}"


def run(*command: str | Path, cwd: Path | None = None) -> str:
    """Run a command; where it fails, show all that it said."""
    done = subprocess.run(
        [str(word) for word in command], cwd=cwd, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"$ {command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def installed(folder: Path, requirement: str) -> Path:
    """The programs of a fresh environment with the requirement installed, and what is locked."""
    run(sys.executable, "-m", "venv", folder)
    install = (folder / "bin/python", "-m", "pip", "install", "--quiet")
    locked = [
        f"--requirement={ROOT}/requirements/{name}.txt" for name in ("runtime", "build-system")
    ]
    run(*install, "--require-hashes", "--only-binary=:all:", *locked)
    run(*install, "--no-deps", "--no-build-isolation", requirement)
    run(folder / "bin/python", "-m", "pip", "check")
    return folder / "bin"


@pytest.fixture(scope="module")
def from_clone(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Installed from a clone like CI's: one commit and no tag."""
    folder = tmp_path_factory.mktemp("from-clone")
    source = folder / "clone"
    run("git", "clone", "-q", "--depth=1", "--no-tags", f"file://{repository}", source)
    return installed(folder / "venv", str(source))


@pytest.fixture(scope="module")
def from_git(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Installed by pip from the address of the repository."""
    folder = tmp_path_factory.mktemp("from-git")
    return installed(folder / "venv", f"git+file://{repository}")


@pytest.mark.xdist_group("installed")
@pytest.mark.parametrize("source", ["from_clone", "from_git"])
def test_every_way_to_install_carries_the_template(
    source: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    programs: Path = request.getfixturevalue(source)
    made = run(programs / "lisa-new", "--defaults", tmp_path / "lisa-noise")
    assert f"template {VERSION}" in made
    recorded = (tmp_path / "lisa-noise/.copier-answers.yml").read_text()
    assert f"_commit: {VERSION}\n" in recorded


@pytest.mark.xdist_group("installed")
def test_a_project_is_made_without_a_network(from_clone: Path, tmp_path: Path) -> None:
    """In a network namespace of its own, which has no route anywhere."""
    alone = ["unshare", "--net"] if os.geteuid() == 0 else ["unshare", "--user", "--net"]
    routes = run(*alone, "cat", "/proc/net/route").splitlines()
    assert routes[1:] == [], "the namespace has a route: this would prove nothing"
    made = run(*alone, from_clone / "lisa-new", "--defaults", tmp_path / "lisa-noise")
    assert made.startswith("Created lisa-noise in ")


def test_plain_copier_copies_and_updates_without_trust(repository: Path, tmp_path: Path) -> None:
    """The template is an ordinary Copier template: the other program serves as well."""
    copier = Path(sys.executable).parent / "copier"
    project = tmp_path / "project"
    git.git("tag", "--force", VERSION, cwd=repository)
    run(copier, "copy", "--quiet", "--defaults", f"git+file://{repository}", project)
    for command in (["init", "-q"], ["add", "--all"], ["commit", "-q", "-m", "Start"]):
        git.git(*command, cwd=project)
    run(copier, "update", "--quiet", "--defaults", "--data", "license=MIT", cwd=project)
    assert git.git("diff", "--name-only", cwd=project).split() == [
        *(".copier-answers.yml", "CITATION.cff", "Dockerfile"),
        *("LICENSE", "README.md", "pyproject.toml"),
    ]
