"""Every command of the page on fleets, run as it stands there, on a fleet of local clones."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import pytest
import yaml

from lisa_scaffold import cli
from lisa_scaffold.errors import ExitCode
from lisa_scaffold.fleet import settings

from ..conftest import ROOT
from ..support.fleets import open_fleet
from ..support.updates import TEN, Capture

PAGE = (ROOT / "docs/howto/fleet.md").read_text("utf-8")
COMMANDS = [
    line.removeprefix("$ ")
    for block in re.findall(r"^```console\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    for line in block.splitlines()
]


def test_every_command_does_what_the_page_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    torn = {"shared.txt": f"torn\n{TEN}".replace("line 5", "line V")}
    fleet = open_fleet(tmp_path, monkeypatch, plain={}, torn=torn, current=None)
    fleet.set_up()
    monkeypatch.chdir(tmp_path)
    codes = []
    for command in COMMANDS:
        program, *words = shlex.split(command)
        assert program == "lisa-scaffold"
        codes.append((words[1], cli.main(words)))
    assert codes == [
        ("status", ExitCode.DONE),
        ("update", ExitCode.FINDINGS),
        ("update", ExitCode.FINDINGS),
        ("page", ExitCode.DONE),
    ]
    assert len(json.loads((tmp_path / "status.json").read_text())["projects"]) == 3
    assert (
        "<h1>3 projects, 33&nbsp;% up to date, 33&nbsp;% follow the practice</h1>"
        in (tmp_path / "fleet.html").read_text()
    )
    assert len(list((tmp_path / "history").iterdir())) == 1
    assert "Updated (2)" in capsys.readouterr().out


def test_the_settings_that_it_shows_are_valid(tmp_path: Path) -> None:
    (first,) = re.findall(r"^```toml\n(folders.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    (tmp_path / "clones").mkdir()
    (tmp_path / "fleet.toml").write_text(first)
    server = settings.read(tmp_path).server
    assert server
    assert server.groups == ("LISA",)


def test_the_jobs_that_it_shows_are_written_by_its_own_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (block,) = re.findall(r"^```yaml\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    jobs = yaml.safe_load(block)
    (tmp_path / "clones").mkdir()
    (tmp_path / "fleet.toml").write_text('folders = ["clones"]\n')
    monkeypatch.chdir(tmp_path)
    assert cli.main(shlex.split(jobs["plan"]["script"])[1:]) == ExitCode.DONE
    made = yaml.safe_load((tmp_path / jobs["plan"]["artifacts"]["paths"][0]).read_text())
    assert len(made["page"]["needs"]) == 4
