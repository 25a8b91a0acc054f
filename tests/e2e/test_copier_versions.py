"""Copier's inner interface, on which we depend, in every release that is allowed."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from ..support.answers import Answers
from ..support.files import contents
from ..support.repository import AFTER, BEFORE, make_repository
from ..support.tools import git, passes, program, run
from .parts import cache

OLDER = ("9.19.0",)
"""The releases before the locked one, as far as the bounds in pyproject.toml go."""
TOO_OLD = "9.18.2"
"""The last release whose questions have no ``ask``."""
IMAGE: Answers = {"kind": "image", "debian": "trixie"}


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bare repository of the template: a checkout would have its present files as a version."""
    folder = tmp_path_factory.mktemp("template")
    make_repository(folder / "repository")
    git("clone", "--quiet", "--bare", folder / "repository", folder / "bare.git", cwd=folder)
    return folder / "bare.git"


def installed(version: str) -> Path:
    """A folder from which Python imports that Copier, with the dependencies of the present one."""
    folder = cache.folder(f"copier-{version}")
    if not (folder / "copier").is_dir():
        options = ("--quiet", "--no-deps", f"--target={folder}", f"--python={sys.executable}")
        passes(program("uv"), "pip", "install", *options, f"copier=={version}", cwd=folder)
    return folder


def make_and_update(
    folder: Path, given: Answers, settings: dict[str, str]
) -> list[dict[str, bytes]]:
    """A new project and its update; the files of both."""
    folder.mkdir()
    data = [f"--data={key}={value}" for key, value in given.items()]
    options = ("--defaults", f"--to={BEFORE}")
    passes(program("lisa-new"), *options, *data, "lisa-noise", cwd=folder, env=settings)
    project = folder / "lisa-noise"
    made = contents(project)
    update = (program("lisa-scaffold"), "update", "--defaults", f"--to={AFTER}")
    passes(*update, "--data=description=Another one", cwd=project, env=settings)
    return [made, contents(project)]


@pytest.mark.parametrize("version", OLDER)
@pytest.mark.parametrize("given", [{}, IMAGE], ids=["package", "image"])
def test_an_older_copier_makes_and_updates_the_same(
    given: Answers, version: str, template: Path, tmp_path: Path
) -> None:
    ours = {"LISA_SCAFFOLD_TEMPLATE": str(template)}
    older = {**ours, "PYTHONPATH": str(installed(version))}
    named = "from importlib.metadata import version; print(version('copier'))"
    assert passes(sys.executable, "-c", named, cwd=tmp_path, env=older) == f"{version}\n"
    newest = make_and_update(tmp_path / "newest", given, ours)
    assert newest[0] != newest[1]
    assert make_and_update(tmp_path / "older", given, older) == newest


def test_a_copier_that_does_not_know_what_the_template_uses_says_so(
    template: Path, tmp_path: Path
) -> None:
    older = {"PYTHONPATH": str(installed(TOO_OLD))}
    command = (sys.executable, "-m", "copier", "copy", "--defaults", template, "lisa-noise")
    done = run(*command, cwd=tmp_path, env=older)
    assert done.returncode != 0
    assert "requires Copier version >= 9.19" in done.stdout
    assert not (tmp_path / "lisa-noise").exists()
