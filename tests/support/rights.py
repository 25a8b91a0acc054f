"""Commands that keep to the rights of files, whoever runs the tests."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def run_bound(*words: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run ``lisa-scaffold`` by somebody for whom rights count: root without its privileges."""
    alone = []
    if os.geteuid() == 0:
        program = shutil.which("setpriv")
        assert program, "setpriv is missing: root reads what nobody may read"
        rights = "--bounding-set=-dac_override,-dac_read_search"
        alone = [program, rights, rights.replace("bounding-set", "inh-caps")]
    return subprocess.run(
        [*alone, sys.executable, "-m", "lisa_scaffold", *map(str, words)],
        cwd=cwd,
        capture_output=True,
        text=True,
        check=False,
    )


@contextmanager
def without_rights(path: Path, mode: int = 0) -> Iterator[None]:
    """Take rights of a file or folder, and give them back."""
    before = path.stat().st_mode
    path.chmod(mode)
    try:
        yield
    finally:
        path.chmod(before)


@contextmanager
def read_only(folder: Path) -> Iterator[None]:
    """Let nobody write below a folder."""
    before = {each: each.stat().st_mode for each in (folder, *folder.rglob("*"))}
    for each, mode in before.items():
        each.chmod(mode & ~0o222)
    try:
        yield
    finally:
        for each, mode in before.items():
            each.chmod(mode)
