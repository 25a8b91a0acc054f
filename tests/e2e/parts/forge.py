"""The repository of lisa-scaffold where pipelines look for their components."""

from __future__ import annotations

import shutil
from pathlib import Path

from lisa_scaffold.template import CANONICAL_URL

from ...conftest import ROOT
from ...support.components import VERSION
from ...support.tools import commit_all, git


def make_forge(folder: Path) -> Path:
    """A repository with the components of this checkout, in the version that projects name."""
    shutil.copytree(ROOT / "templates", folder / "templates")
    commit_all(folder)
    git("tag", VERSION, cwd=folder)
    git("config", "uploadpack.allowFilter", "true", cwd=folder)
    return folder


def lead_there(folder: Path, home: Path) -> None:
    """Let git find that repository at the address of the real one."""
    with (home / ".gitconfig").open("a", encoding="utf-8") as file:
        file.write(f'[url "file://{folder}"]\n\tinsteadOf = {CANONICAL_URL}\n')
