"""A fleet of 200 projects on the GitLab of the tests, from status to merge; and killed runs."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lisa_scaffold.process import run

from ..support.fleets import Fleet, open_fleet
from ..support.gitlab import TOKEN, GitLab, serve
from ..support.updates import TEN

pytestmark = pytest.mark.usefixtures("own_cache")

BRANCH = "lisa-scaffold/v2.0.0"
TORN = {"shared.txt": f"torn\n{TEN}".replace("line 5", "line V")}


@pytest.fixture
def fleet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Fleet:
    monkeypatch.setenv("LISA_FLEET_TOKEN", TOKEN)
    return open_fleet(tmp_path, monkeypatch, plain={}, torn=TORN, current=None)


@pytest.fixture
def gitlab(tmp_path: Path) -> Iterator[GitLab]:
    with serve(tmp_path / "gitlab") as server:
        yield server
        assert server.faults == []


def settle(fleet: Fleet, gitlab: GitLab) -> str:
    return str(fleet.set_up(f'[gitlab]\nurl = "{gitlab.url}"\ngroups = ["lisa"]\n'))


def command(verb: str, settings: str, *options: str) -> list[str]:
    words = ["fleet", verb, settings, "--format", "json", "--jobs", "2", *options]
    return [sys.executable, "-m", "lisa_scaffold", *words]


def ask(verb: str, settings: str, *options: str) -> tuple[int, list[dict[str, Any]]]:
    done = subprocess.run(
        command(verb, settings, *options), capture_output=True, text=True, check=False
    )
    assert TOKEN not in done.stdout + done.stderr
    assert done.returncode in {0, 1}, done.stderr
    projects: list[dict[str, Any]] = json.loads(done.stdout)["projects"]
    return done.returncode, projects


def test_200_projects_from_status_to_merge(fleet: Fleet, gitlab: GitLab) -> None:
    kinds = {"plain": 120, "torn": 20, "current": 50}
    for name, count in kinds.items():
        for number in range(count):
            gitlab.add(f"lisa/{name}/{number:03}", fleet.clones / name)
    for number in range(10):
        gitlab.add(f"lisa/old/{number}", None, archived=True)
    gitlab.projects[3].status = 403
    gitlab.failing, gitlab.busy = 0.02, 4
    settings = settle(fleet, gitlab)
    code, rows = ask("status", settings)
    states = Counter(row["state"] for row in rows)
    assert (code, states) == (1, {"behind": 139, "current": 50, "unreadable": 1})
    code, told = ask("update", settings)
    actions = Counter(each["action"] for each in told)
    assert (code, actions) == (1, {"updated": 139, "current": 50, "failed": 1})
    opened = [each for one in gitlab.projects.values() for each in one.requests]
    assert Counter(each["title"][:6] for each in opened) == {"Update": 119, "Draft:": 20}
    gitlab.projects[3].status = 200
    gitlab.asked.clear()
    _, told = ask("update", settings, "--merge-when-green")
    actions = Counter(each["action"] for each in told)
    assert actions == {"merged": 120, "open": 20, "current": 50}
    assert gitlab.count("POST .*/notes") == 0
    _, rows = ask("status", settings)
    assert Counter(row["state"] for row in rows) == {"current": 170, "behind": 20}


def test_runs_that_are_killed_at_any_moment(fleet: Fleet, gitlab: GitLab, tmp_path: Path) -> None:
    for number in range(12):
        gitlab.add(f"lisa/{number:02}", fleet.clones / ("torn" if number % 3 == 0 else "plain"))
    settings = settle(fleet, gitlab)
    dice = random.Random(7)  # noqa: S311 - the same moments every time
    started = time.monotonic()
    ask("status", settings)
    usual = time.monotonic() - started
    for _ in range(8):
        process = subprocess.Popen(
            command("update", settings),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        time.sleep(dice.uniform(0.1, 1.5) * usual)
        os.killpg(process.pid, dice.choice([signal.SIGKILL, signal.SIGTERM, signal.SIGINT]))
        process.wait()
    code, told = ask("update", settings)
    assert {each["action"] for each in told} <= {"updated", "right", "open"}
    for one in gitlab.projects.values():
        (request,) = one.requests
        tip = gitlab.tip(one, BRANCH)
        assert tip
        assert tip in request["description"]
        assert sum(map(len, one.notes.values())) == 0
        bare = gitlab.repository(one)
        count = run(["git", "-C", bare, "rev-list", "--count", f"main..{BRANCH}"]).stdout
        assert count == b"1\n"
    gitlab.asked.clear()
    code, told = ask("update", settings)
    assert (code, {each["action"] for each in told}) == (1, {"right", "open"})
    assert gitlab.count("^(POST|PUT)") == 0
    for path in tmp_path.rglob("*"):
        if path.is_file() and not path.is_symlink():
            assert TOKEN.encode() not in path.read_bytes(), path
