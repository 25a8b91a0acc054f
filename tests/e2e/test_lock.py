"""The lock of this repository: what is not in it is not installed, and it can be made anew."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from ..support.tools import passes, run

# What projects of the kind "fleet" install follows from these locks.
FLEET = "template/fleet.txt"


@pytest.fixture
def copy(repository: Path, tmp_path: Path) -> Path:
    """What nox needs of this repository."""
    shutil.copytree(repository / "requirements", tmp_path / "requirements")
    (tmp_path / FLEET).parent.mkdir(parents=True)
    for name in ("noxfile.py", "pyproject.toml", FLEET):
        shutil.copy(repository / name, tmp_path / name)
    return tmp_path


@pytest.mark.parametrize("backend", ["uv", "virtualenv"])
def test_another_file_of_the_same_version_is_not_installed(backend: str, copy: Path) -> None:
    lock = copy / "requirements/lint.txt"
    lock.write_text(re.sub(r"sha256:\w{8}", "sha256:00000000", lock.read_text(encoding="utf-8")))
    done = run("nox", "--default-venv-backend", backend, "-s", "lint", cwd=copy)
    assert done.returncode == 1
    # pip speaks of hashes that do not match, uv of a mismatch.
    assert re.search(r"hash mismatch|do not match the hashes", done.stdout, re.IGNORECASE)


def test_locking_anew_without_upgrades_keeps_every_version(copy: Path, repository: Path) -> None:
    def pins() -> dict[str, list[str]]:
        files = sorted((copy / "requirements").glob("*.txt"))
        texts = {path.name: path.read_text(encoding="utf-8") for path in files}
        return {name: re.findall(r"^[^ #].*", text, re.MULTILINE) for name, text in texts.items()}

    before = pins()
    # Its version stands in pyproject.toml.
    passes("nox", "-s", "lock", "--", "--upgrade-package=ruff", cwd=copy)
    assert pins() == before
    assert (copy / FLEET).read_bytes() == (repository / FLEET).read_bytes()
