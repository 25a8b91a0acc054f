"""Projects of a fleet that may not be read, or not be written."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from lisa_scaffold import git
from lisa_scaffold.errors import ExitCode

from ..support.fleets import Fleet, open_fleet
from ..support.rights import read_only, run_bound, without_rights
from ..support.sweeps import sampled

pytestmark = pytest.mark.usefixtures("own_cache")

BRANCH = "lisa-scaffold/v2.0.0"


@pytest.fixture
def fleet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Fleet:
    return open_fleet(tmp_path, monkeypatch, alpha={}, beta={}, gamma={})


def ask(fleet: Fleet, *words: str) -> tuple[int, dict[str, Any], str]:
    settings = fleet.folder / "fleet.toml"
    if not settings.exists():
        fleet.set_up()
    done = run_bound("fleet", *words, settings, "--format", "json", cwd=fleet.folder)
    assert done.stdout, done.stderr
    rows = {each["name"]: each for each in json.loads(done.stdout)["projects"]}
    return done.returncode, rows, done.stderr


@pytest.mark.uncounted
@sampled("inner", ["", ".git", ".git/HEAD", ".git/objects", ".git/refs"], 5)
def test_a_clone_that_may_not_be_read_is_a_row(inner: str, fleet: Fleet) -> None:
    place = fleet.clones / "beta" / inner
    with without_rights(place):
        code, rows, _ = ask(fleet, "status")
        assert code == ExitCode.FINDINGS
        assert {name: row["state"] for name, row in rows.items()} == {
            "alpha": "behind",
            "beta": "unreadable",
            "gamma": "behind",
        }
        problem = rows["beta"]["problem"]
        assert str(place) in problem
        assert "Permission denied" in problem or "you may not read it" in problem
        assert "defect" not in problem
        assert "git init" not in problem
        code, rows, _ = ask(fleet, "update")
    assert code == ExitCode.FINDINGS
    assert {name: row["action"] for name, row in rows.items()} == {
        "alpha": "updated",
        "beta": "failed",
        "gamma": "updated",
    }
    assert rows["beta"]["said"] == problem


@pytest.mark.uncounted
def test_a_folder_of_clones_that_may_not_be_read_is_a_row(fleet: Fleet) -> None:
    more = fleet.folder / "more"
    (more / "inner").mkdir(parents=True)
    fleet.set_up('folders = ["clones", "more", "more/inner"]\n')
    with without_rights(more):
        code, rows, _ = ask(fleet, "status")
    assert (code, rows["more"]["state"], rows["inner"]["state"]) == (
        *(ExitCode.FINDINGS, "unreadable", "unreadable"),
    )
    assert rows["more"]["problem"].startswith(f"{more}/.git: Permission denied. ")
    assert rows["alpha"]["state"] == "behind"


@pytest.mark.sweep
def test_a_repository_that_may_not_be_written_is_told_by_the_dry_run_too(fleet: Fleet) -> None:
    place = fleet.clones / "beta"
    said = f"{place / '.git'}: you may not write there. Give yourself the right: chmod -R u+w"
    with read_only(place / ".git"):
        for options in (["--dry-run"], []):
            code, rows, _ = ask(fleet, "update", *options)
            assert (code, rows["beta"]["action"]) == (ExitCode.FINDINGS, "failed")
            assert rows["beta"]["said"] == f"{said} {place / '.git'}"
    assert rows["alpha"]["action"] == rows["gamma"]["action"] == "updated"
    assert git.find_tip(git.find_repository(place), BRANCH) == ""


@pytest.mark.sweep
def test_an_update_at_the_desk_says_the_same(fleet: Fleet) -> None:
    place = fleet.clones / "beta"
    for words in (["--branch", "new"], []):
        with read_only(place / ".git"):
            done = run_bound("update", place, *words, cwd=fleet.folder)
        assert done.returncode == ExitCode.REFUSED
        assert f"{place / '.git'}: you may not write there" in done.stderr
