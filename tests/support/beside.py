"""The same project for two programs: plain Copier, and ours."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from .updates import Workshop


def twin_of(workshop: Workshop, name: str = "twin") -> Path:
    """A copy of the project; its folder has the project's name where it lies in another one."""
    place = workshop.project.with_name(name)
    return Path(shutil.copytree(workshop.project, place, symlinks=True))


def copier(project: Path, *options: str, verb: str = "update") -> subprocess.CompletedProcess[str]:
    """Plain Copier, as a person calls it."""
    return _run("copier", verb, "--defaults", "--quiet", *options, cwd=project)


def ours(project: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """Our update, as a person calls it."""
    return _run("lisa-scaffold", "update", "--defaults", *options, cwd=project)


def _run(name: str, *options: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    program = Path(sys.executable).parent / name
    return subprocess.run([program, *options], cwd=cwd, capture_output=True, text=True, check=False)
