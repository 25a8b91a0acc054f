"""Templates of several versions, and projects made from them, small enough to see through."""

from __future__ import annotations

import atexit
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from lisa_scaffold import cli, git
from lisa_scaffold.errors import ExitCode
from lisa_scaffold.template import Source

Capture = pytest.CaptureFixture[str]
Files = Mapping[str, str | bytes | None]

ANSWERS = "{{ _copier_answers|to_nice_yaml -}}\n"
TEN = "".join(f"line {number}\n" for number in range(1, 11))
QUESTIONS = "_subdirectory: template\nname:\n  type: str\n  help: Name\n  default: demo\n"


def write(folder: Path, files: Files) -> None:
    """Write files, given by path and content; a content of None removes the file."""
    for name, content in files.items():
        path = folder / name
        if content is None:
            path.unlink()
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        data = content if isinstance(content, bytes) else content.encode()
        path.write_bytes(data)


def commit(folder: Path, message: str = "Change") -> None:
    """Commit everything in a folder."""
    git.git("add", "--all", cwd=folder)
    git.git("commit", "--quiet", "--message", message, cwd=folder)


@dataclass(frozen=True)
class Workshop:
    """A template repository and a project made from its first version.

    Attributes
    ----------
    template
        The template's repository, with a tag for each version.
    project
        The project's repository.
    """

    template: Path
    project: Path

    def release(self, version: str, files: Files) -> None:
        """Add a version to the template; paths of the output tree begin with ``template/``."""
        write(self.template, files)
        commit(self.template, version)
        git.git("tag", version, cwd=self.template)

    def edit(self, files: Files) -> None:
        """Commit what people write in the project."""
        write(self.project, files)
        commit(self.project)

    def read(self, name: str) -> str:
        return (self.project / name).read_text()

    def status(self) -> list[str]:
        said = git.git("status", "--porcelain", cwd=self.project)
        return sorted(said.splitlines())


_kept: dict[str, tuple[Workshop, Path]] = {}


def open_workshop(folder: Path, files: Files, **answers: Any) -> Workshop:
    """Make a template of one version, v1.0.0, and a project from it.

    A second one of the same files, in the same settings of git, is copied from the first: git takes
    ten processes to make it.

    Parameters
    ----------
    folder
        An empty folder.
    files
        Files of the output tree, and ``copier.yml`` where it is more than the usual one.
    answers
        Answers of the project.
    """
    workshop = Workshop(folder / "template", folder / "project")
    settings = [f"{key}={os.environ[key]}" for key in sorted(os.environ) if key.startswith("GIT_")]
    own = Path.home() / ".gitconfig"
    wanted = repr((files, answers, settings, own.read_bytes() if own.exists() else b""))
    if wanted in _kept:
        first, kept = _kept[wanted]
        shutil.copytree(kept, folder, symlinks=True, dirs_exist_ok=True)
        for path in workshop.project.rglob("*"):
            if path.is_file() and ".git" not in path.relative_to(workshop.project).parts:
                said = path.read_bytes()
                now = said.replace(bytes(first.template), bytes(workshop.template))
                if now != said:
                    path.write_bytes(now)
        git.git("commit", "--quiet", "--all", "--amend", "--no-edit", cwd=workshop.project)
        return workshop
    workshop.template.mkdir(parents=True)
    git.git("init", "--quiet", cwd=workshop.template)
    usual = {"copier.yml": QUESTIONS, "template/.copier-answers.yml.jinja": ANSWERS}
    workshop.release("v1.0.0", {**usual, **files})
    make_project(workshop.template, workshop.project, **answers)
    if not _kept:
        atexit.register(shutil.rmtree, _store(), ignore_errors=True)
    kept = _store() / str(len(_kept))
    for place in (workshop.template, workshop.project):
        shutil.copytree(place, kept / place.name, symlinks=True)
    _kept[wanted] = workshop, kept
    return workshop


@cache
def _store() -> Path:
    return Path(tempfile.mkdtemp(prefix="workshops-"))


def make_project(template: Path, folder: Path, **answers: Any) -> None:
    """Render a template's version v1.0.0 into a new repository."""
    with Source(str(template), str(template)).open("v1.0.0") as opened:
        opened.replay({}, answers, folder.with_name("render"))
    shutil.move(folder.with_name("render"), folder)
    git.git("init", "--quiet", cwd=folder)
    commit(folder, "Start")


Opener = Callable[..., Workshop]


def update(project: Path, *options: str) -> int:
    return cli.main(["update", str(project), "--defaults", *options])


def report(workshop: Workshop, capsys: Capture, *options: str) -> dict[str, Any]:
    """Update and return the machine form."""
    capsys.readouterr()
    code = update(workshop.project, "--format", "json", *options)
    result: dict[str, Any] = json.loads(capsys.readouterr().out)
    assert code == (ExitCode.FINDINGS if result["conflicts"] else ExitCode.DONE)
    return result


def statuses(result: dict[str, Any]) -> dict[str, str]:
    """What happened to each path, the answers file left out."""
    answers = ".copier-answers.yml"
    return {each["path"]: each["status"] for each in result["changes"] if each["path"] != answers}
