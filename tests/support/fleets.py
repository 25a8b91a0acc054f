"""Fleets of small projects, made from a small template that passes for ours."""

from __future__ import annotations

import atexit
import shutil
import tempfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from lisa_scaffold import git
from lisa_scaffold.process import run
from lisa_scaffold.template import CANONICAL_URL, SOURCE_VARIABLE, Source

from .updates import ANSWERS, TEN, Files, commit, write

COPIER = (
    "_subdirectory: template\n"
    "_lisa_ownership:\n  locked: [locked.txt]\n"
    "name:\n  type: str\n  help: Name\n  default: demo\n"
)
FIRST: Files = {
    "copier.yml": COPIER,
    "template/.copier-answers.yml.jinja": ANSWERS,
    "template/locked.txt": f"locked\n{TEN}",
    "template/shared.txt.jinja": f"{{{{ name }}}}\n{TEN}",
}
SECOND: Files = {
    "CHANGELOG.md": "# Changelog\n\n## [2.0.0] - 2026-12-01\n\n- Better.\n\n## 1.0.0\n\n- First.\n",
    "template/locked.txt": f"locked again\n{TEN}",
    "template/shared.txt.jinja": f"{{{{ name }}}}\n{TEN}".replace("line 5", "line five"),
}


@dataclass(frozen=True)
class Fleet:
    """A template, and folders of projects made from it.

    Attributes
    ----------
    folder
        Where all of it is.
    work
        The template's work tree; ``template.git`` beside it is what passes for ours.
    """

    folder: Path
    work: Path

    def release(self, version: str, files: Files) -> None:
        """Add a version to the template."""
        write(self.work, files)
        commit(self.work, version)
        git.git("tag", version, cwd=self.work)
        run(["git", "push", "--quiet", "--tags", self.bare, "HEAD"], cwd=self.work)

    @property
    def bare(self) -> Path:
        return self.folder / "template.git"

    @property
    def clones(self) -> Path:
        return self.folder / "clones"

    def add(self, name: str, files: Files | None = None, version: str = "v1.0.0") -> Path:
        """Make a project, with what people wrote in it."""
        place = self.clones / name
        place.parent.mkdir(parents=True, exist_ok=True)
        with Source(str(self.bare), CANONICAL_URL).open(version) as opened:
            opened.replay({}, {"name": name}, place)
        git.git("init", "--quiet", cwd=place)
        commit(place, "Start")
        if files:
            write(place, files)
            commit(place, "Work")
        return place

    def set_up(self, text: str = 'folders = ["clones"]\n') -> Path:
        """Write the settings of the fleet."""
        path = self.folder / "fleet.toml"
        path.write_text(text)
        return path


_kept: dict[str, Path] = {}


def open_fleet(folder: Path, monkeypatch: pytest.MonkeyPatch, **projects: Files | None) -> Fleet:
    """A template of two versions, v1.0.0 and v2.0.0, and projects of the first.

    A second fleet of the same projects is copied from the first.

    Parameters
    ----------
    folder
        An empty folder.
    monkeypatch
        Lets the template pass for ours.
    projects
        What people wrote in each; None for one of the newest version, in which nobody did.
    """
    fleet = Fleet(folder, folder / "template-work")
    wanted = repr(projects)
    if wanted in _kept:
        shutil.copytree(_kept[wanted], folder, symlinks=True, dirs_exist_ok=True)
    else:
        fleet.work.mkdir(parents=True)
        git.git("init", "--quiet", cwd=fleet.work)
        git.git("init", "--quiet", "--bare", fleet.bare, cwd=folder)
        fleet.release("v1.0.0", FIRST)
        fleet.release("v2.0.0", SECOND)
        for name, files in projects.items():
            fleet.add(name, files, "v2.0.0" if files is None else "v1.0.0")
        if not _kept:
            atexit.register(shutil.rmtree, _store(), ignore_errors=True)
        _kept[wanted] = _store() / str(len(_kept))
        shutil.copytree(folder, _kept[wanted], symlinks=True)
    monkeypatch.setenv(SOURCE_VARIABLE, str(fleet.bare))
    return fleet


@cache
def _store() -> Path:
    return Path(tempfile.mkdtemp(prefix="fleets-"))


def lose(clone: Path, path: str) -> str:
    """Make a clone lose a file of its current commit, and keep the file in its work tree."""
    name = git.git("rev-parse", f"HEAD:{path}", cwd=clone).strip()
    (clone / ".git/objects" / name[:2] / name[2:]).unlink()
    return name
