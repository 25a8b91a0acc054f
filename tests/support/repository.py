"""A repository of the template with several versions, made anew from the files as they stand."""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from hatch_build import find_released

from lisa_scaffold.template import CANONICAL_URL, Template

from ..conftest import ROOT
from .tools import commit_all, git

BEFORE, AFTER = "v99.0.0", "v99.0.1"
"""The files as they stand, and the same with a few harmless changes."""

PARTS = ("copier.yml", "includes", "template")


def released_versions() -> list[str]:
    """The versions that this checkout knows: none in an unpacked sdist or a shallow clone."""
    return [*find_released(ROOT)]


@dataclass(frozen=True)
class Repository:
    """The template's repository: one commit and tag for each version."""

    folder: Path

    def template(self, version: str) -> Template:
        """The template at one version, as it is recorded by projects of the real repository."""
        copy = self.folder.with_name(f"{self.folder.name}-{version}")
        if not copy.exists():
            git("worktree", "add", "--quiet", "--detach", copy, version, cwd=self.folder)
        return Template(version, copy)

    def stand_in(self) -> dict[str, str]:
        """Variables by which git takes this repository for the canonical one."""
        return {
            "GIT_CONFIG_COUNT": "1",
            "GIT_CONFIG_KEY_0": f"url.{self.folder.as_uri()}.insteadOf",
            "GIT_CONFIG_VALUE_0": CANONICAL_URL,
        }


def make_repository(folder: Path) -> Repository:
    """The repository with every released version, BEFORE and AFTER."""
    folder.mkdir()
    git("init", "--quiet", "--initial-branch=main", cwd=folder)
    for version, commit in find_released(ROOT).items():
        git("fetch", "--quiet", "--no-tags", ROOT, f"{commit}:refs/tags/{version}", cwd=folder)
    for part in PARTS:
        copy = shutil.copytree if (ROOT / part).is_dir() else shutil.copy2
        copy(ROOT / part, folder / part)
    _commit(folder, BEFORE)
    change_harmlessly(folder)
    _commit(folder, AFTER)
    return Repository(folder)


def change_harmlessly(folder: Path) -> None:
    """What a small release does: to a tool's version, to files of each owner, and a new file."""
    replace(folder / "includes/versions.jinja", r'("ruff": \{"version": ")[^"]*', r"\g<1>99.0.0")
    replace(folder / "template/.gitignore.jinja", r"\Z", "/a-new-line/\n")
    replace(folder / "template/.gitlab/ci/quality.yml", r"\A", "# A new comment.\n")
    replace(folder / "template/CHANGELOG.md.jinja", r"\Z", "\nA change that no old project sees.\n")
    replace(folder / "template/README.md.jinja", r"## Cite", "## How to cite")
    (folder / "template/.gitlab/new.md").write_text("# New\n", encoding="utf-8")


def replace(path: Path, pattern: str, by: str) -> None:
    text = path.read_text(encoding="utf-8")
    changed = re.sub(pattern, by, text, count=1)
    assert changed != text, f"{path}: {pattern} is not there"
    path.write_text(changed, encoding="utf-8")


def _commit(folder: Path, version: str) -> None:
    commit_all(folder, version)
    git("tag", version, cwd=folder)
