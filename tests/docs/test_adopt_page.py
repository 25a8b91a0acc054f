"""What the page about adoption shows is what happens."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from lisa_scaffold import git

from ..conftest import ROOT
from ..support.adopting import BRANCH, REMOTE, SETUPTOOLS, adopt, make
from ..support.updates import Capture

PAGE = (ROOT / "docs/howto/adopt.md").read_text("utf-8")


def block(command: str) -> str:
    """What the page shows below a command, up to the next command or the end of the block."""
    found = re.search(rf"^\$ {re.escape(command)}\n(.*?)(?=^\$ |^```)", PAGE, re.M | re.S)
    assert found, command
    return found[1]


def without_versions(text: str) -> str:
    """A text in which the template's own versions, and those of its tools, do not count."""
    return re.sub(r"\d+(\.\d+){1,2}", "N", text)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return make(tmp_path / "lisa-noise", SETUPTOOLS, REMOTE)


def test_before(project: Path) -> None:
    assert git.git("ls-files", cwd=project) == block("git ls-files")
    for path in (".gitlab-ci.yml", ".pre-commit-config.yaml"):
        assert SETUPTOOLS[path] == block(f"cat {path}")


def test_the_report_and_the_changes(project: Path, capsys: Capture) -> None:
    adopt(project)
    shown = block("lisa-scaffold adopt --defaults")
    assert without_versions(capsys.readouterr().out) == without_versions(shown)
    for path in (".pre-commit-config.yaml", ".gitlab-ci.yml"):
        diff = git.git("diff", f"HEAD...{BRANCH}", "--", path, cwd=project)
        shown = block(f"git diff HEAD...{BRANCH} -- {path}")
        assert without_versions(diff).endswith(without_versions(shown))


def test_every_key_of_the_machine_form_is_described(project: Path, capsys: Capture) -> None:
    adopt(project, "--format", "json")
    keys = re.findall(r'^  "(\w+)": ', capsys.readouterr().out, re.M)
    section = PAGE.partition("## For programs")[2]
    assert keys
    assert [key for key in keys if f"`{key}`" not in section] == []
