"""Every command of the page on updates, run as it stands there, says what stands below it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from lisa_scaffold import cli

from ..conftest import ROOT
from ..support.repository import PARTS, replace
from ..support.tools import commit_all, git

PAGE = ROOT / "docs/howto/update.md"
BLOCK = re.compile(
    r"^```(?:text|console)\n(.*?)^```$|^(## [^\n]*)$", flags=re.MULTILINE | re.DOTALL
)

CHANGES = """\
# Changelog

## [0.2.0] - 2026-12-01

### Changed

- ruff 0.17.9; tests log at level DEBUG.

## [0.1.0] - 2026-10-01
"""

# They need a network, or an hour: what they do is tried elsewhere.
NOT_RUN = ("pip ", "nox")


@dataclass(frozen=True)
class Step:
    """A command of the page, and what the page says that it prints."""

    section: str
    command: str
    printed: str


def steps(page: str) -> Iterator[Step]:
    section = ""
    for block in BLOCK.finditer(page):
        section = block[2] or section
        for part in re.split(r"^\$ ", block[1] or "", flags=re.MULTILINE)[1:]:
            command, _, printed = part.partition("\n")
            yield Step(section, command, printed)


def make_template(folder: Path) -> None:
    """The template as it stands with the story's versions of ruff: v0.1.0, and v0.2.0."""
    for part in PARTS:
        copy = shutil.copytree if (ROOT / part).is_dir() else shutil.copy2
        copy(ROOT / part, folder / part)
    ruff = r'("ruff": \{"version": ")[^"]*'
    for version, pin in {"0.1.0": "0.17.7", "0.2.0": "0.17.9"}.items():
        (folder / "pyproject.toml").write_text(f'[project]\nversion = "{version}"\n')
        replace(folder / "includes/versions.jinja", ruff, rf"\g<1>{pin}")
        if version == "0.2.0":
            (folder / "CHANGELOG.md").write_text(CHANGES)
            # That of a package: other kinds have one of their own.
            level = r'log_level = "INFO"(?=\n\{% if test_path %\})'
            replace(folder / "template/pyproject.toml.jinja", level, 'log_level = "DEBUG"')
            replace(folder / "template/.gitignore.jinja", r"# Environments and", "# Environments,")
            replace(
                folder / "template/.editorconfig",
                r"(yaml,yml\}\]\nindent_size = 2\n)",
                r"\1max_line_length = 100\n",
            )
        commit_all(folder, version)
        git("tag", f"v{version}", cwd=folder)


def make_project(folder: Path) -> None:
    """The project of the story: what people did to it since it was made."""
    options = ("--defaults", "--to", "v0.1.0", "--data", "author_name=Jane Doe")
    assert cli.new([str(folder), *options]) == 0
    # Of a machine that has pre-commit: it would fetch the hooks.
    (folder / ".git/hooks/pre-commit").unlink(missing_ok=True)
    replace(folder / ".pre-commit-config.yaml", r"rev: v0\.17\.7", "rev: v0.17.8")
    numpy = r'\1dependencies = [ "numpy>=2" ]\n'
    replace(folder / "pyproject.toml", r"(requires-python = .*\n)", numpy)
    replace(folder / "pyproject.toml", r'log_level = "INFO"', 'log_level = "WARNING"')
    replace(folder / ".gitignore", r"\Z", "/data/\n")
    (folder / ".editorconfig").unlink()
    commit_all(folder, "What people did")


def run(command: str, project: Path) -> str:
    programs = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-c", command],
        cwd=project,
        env={**os.environ, "PATH": programs},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL,
        text=True,
        check=False,
    )
    return done.stdout


def tried(page: str, folder: Path) -> Iterator[tuple[Step, str]]:
    """Each step with what its command really prints; a section begins with the project anew."""
    make_project(folder / "story/lisa-noise")
    section, project = "", folder / "lisa-noise"
    for step in steps(page):
        if step.section != section:
            section = step.section
            shutil.rmtree(project, ignore_errors=True)
            shutil.copytree(folder / "story/lisa-noise", project)
        if not step.command.startswith((*NOT_RUN, "cd ")):
            yield step, run(step.command, project)


@pytest.fixture
def template(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "template"
    folder.mkdir()
    make_template(folder)
    monkeypatch.setenv("LISA_SCAFFOLD_TEMPLATE", str(folder))
    return folder


@pytest.mark.sweep
def test_every_command_prints_what_the_page_says(template: Path, tmp_path: Path) -> None:
    del template
    page = PAGE.read_text(encoding="utf-8")
    found = list(tried(page, tmp_path))
    assert len(found) > 15
    for step, printed in found:
        assert printed == step.printed, f"{step.section}: $ {step.command}\n{printed}"
