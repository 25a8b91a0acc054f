"""``lisa_scaffold`` run as a module, in a folder that somebody else filled."""

from __future__ import annotations

import sys
from pathlib import Path

from .conftest import ROOT
from .support.tools import run


def test_as_the_page_has_it_nothing_of_the_current_folder_runs(tmp_path: Path) -> None:
    page = (ROOT / "docs/reference/command-line.md").read_text()
    words = page.partition("`python ")[2].partition("`")[0].split()
    (tmp_path / "lisa_scaffold").mkdir()
    for name in ("lisa_scaffold/__init__.py", "argparse.py", "pkgutil.py", "runpy.py"):
        (tmp_path / name).write_text("open('sprung', 'a').close()\n")
    run(sys.executable, *words, "--version", cwd=tmp_path)
    assert not (tmp_path / "sprung").exists()
