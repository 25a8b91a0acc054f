"""The control repository of a fleet: its sessions, its jobs, and a night of its pipeline."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from ..support.answers import answers, template
from ..support.files import load_yaml
from ..support.fleets import Fleet, open_fleet
from ..support.tools import commit_all, git, passes
from .parts.gitlab import Event, GitLab, merge_request, pushed
from .test_pipelines import on

JOBS = ".gitlab/ci/fleet.yml"
NAME = "lisa-fleet"
PATH = f"LISA/{NAME}"
MAIN = Event("main")
CHECKS = {"compliance", "secrets", "lint", "type-check", "hooks", "audit", "tests"}
NIGHT = {"plan", "fleet", "pages"}
NIGHTLY = on(MAIN, CI_PIPELINE_SOURCE="schedule")


def make_repository(root: Path) -> Path:
    template().render(answers(kind="fleet"), root)
    commit_all(root)
    return root


def test_its_sessions_pass_and_leave_nothing_for_git(
    tmp_path: Path, wheel: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LISA_SCAFFOLD", str(wheel))
    root = make_repository(tmp_path / NAME)
    passes("nox", cwd=root)
    assert git("status", "--porcelain", cwd=root) == ""
    reports = {path.name for path in (root / "reports").iterdir()}
    assert reports == {"code-quality.json", "ruff.json", "mypy.xml", "junit.xml"}


def test_jobs_of_an_event(tmp_path: Path) -> None:
    root = make_repository(tmp_path / NAME)
    ours = pushed(root, PATH, tmp_path / "state")
    assert ours.jobs(merge_request("main")).keys() == CHECKS
    assert ours.jobs(MAIN).keys() == CHECKS
    assert ours.jobs(NIGHTLY).keys() == CHECKS | NIGHT
    git("remote", "set-url", "origin", f"https://gitlab.in2p3.fr/ada/{NAME}.git", cwd=root)
    assert GitLab(root, tmp_path / "fork").jobs(NIGHTLY).keys() == CHECKS


@pytest.mark.heavy
def test_what_its_jobs_install_is_lisa_scaffold_by_its_lock(tmp_path: Path, wheel: Path) -> None:
    root = make_repository(tmp_path / NAME)
    (install,) = load_yaml((root / JOBS).read_text())[".with-fleet"]["before_script"]
    script = f"{install}\nlisa-scaffold --version; pip list; command -v lisa-scaffold"
    told = {"CI_PROJECT_DIR": str(root), "LISA_SCAFFOLD": str(wheel)}
    said = passes("sh", "-euc", script, cwd=root, env=told)
    assert "python-gitlab" in said
    assert str(root) not in said.splitlines()[-1]


SSH = """\
#!/bin/sh
# In ssh's place: the server's folder is one of this machine.
for last; do :; done
exec sh -c "$(printf '%s' "$last" | sed "s|'/|'{folder}/|")"
"""


def test_a_night_of_its_pipeline(
    tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Planned, shared between two jobs, kept in the branch of the history, shown: twice.

    What the jobs install is on this machine already.
    """
    root, remote = make_repository(tmp_path / NAME), tmp_path / f"{PATH}.git"
    fleet: Fleet = open_fleet(tmp_path / "it", monkeypatch, one={}, two={}, three=None)
    (root / "fleet.toml").write_text(f'folders = ["{fleet.clones}"]\n')
    jobs = (root / JOBS).read_text()
    installed = re.sub(
        r"(?s)(?<=<<'END'\n).*?(?=^ *END$)", "      : is installed\n", jobs, flags=re.M
    )
    assert installed.count("is installed") == 1
    (root / JOBS).write_text(installed)
    commit_all(root)
    git("init", "--quiet", "--bare", str(remote), cwd=tmp_path)
    ssh = tmp_path / "ssh"
    ssh.write_text(SSH.format(folder=tmp_path))
    ssh.chmod(0o755)
    with (home / ".gitconfig").open("a") as file:
        file.write(f"[core]\n\tsshCommand = {ssh}\n[ssh]\n\tvariant = simple\n")
    ours = pushed(root, PATH, tmp_path / "state")
    git("remote", "set-url", "origin", f"ssh://git@gitlab.in2p3.fr/{PATH}.git", cwd=root)
    # Who runs the jobs has told git nothing of who commits, as on GitLab.
    config = (home / ".gitconfig").read_text()
    (home / ".gitconfig").write_text(config.replace("[user]", "[nobody]"))
    for updates in ("no", ""):
        night = on(NIGHTLY, LISA_FLEET_PARTS="2", LISA_FLEET_UPDATE=updates)
        done = ours.run_by_shell(night, *sorted(NIGHT))
        assert done.code == 0, done.said
    names = git("ls-tree", "--name-only", "fleet-history", cwd=remote).split()
    assert len(names) == 2
    last = json.loads(git("show", f"fleet-history:{names[-1]}", cwd=remote))
    assert [each["name"] for each in last["projects"]] == ["one", "three", "two"]
    # The second night has updated, on a branch of each clone.
    branches = git("branch", "--list", "lisa-scaffold/*", cwd=fleet.clones / "one").split()
    assert branches == ["lisa-scaffold/v2.0.0"]
    who = git("log", "-1", "--format=%cn <%ce>", *branches, cwd=fleet.clones / "one").strip()
    assert who == "lisa-scaffold <lisa-scaffold@gitlab.in2p3.fr>"
    public = ours.artifacts("pages") / "public"
    page = (public / "index.html").read_text()
    assert "<h1>3 projects, 33&nbsp;% up to date, 33&nbsp;% follow the practice</h1>" in page
    assert "<polyline" in page
    assert {path.stem for path in (public / "badges").iterdir()} == {"one", "two", "three"}
