"""The commands for a fleet of local clones on the page from a tag to the fleet, run by a shell."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from lisa_scaffold import git
from lisa_scaffold.fleet import settings
from lisa_scaffold.process import run

from ..conftest import ROOT
from ..support.fleets import open_fleet
from ..support.updates import TEN, commit, write

PAGE = (ROOT / "docs/howto/release-to-fleet.md").read_text("utf-8")


def test_what_has_no_conflict_is_merged_and_pushed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    torn = {"shared.txt": f"torn\n{TEN}".replace("line 5", "line V")}
    merged = {"shared.txt": f"merged\n{TEN}more of ours\n"}
    fleet = open_fleet(
        tmp_path,
        monkeypatch,
        plain={},
        merged=merged,
        torn=torn,
        current=None,
        locked={"locked.txt": f"mine\n{TEN}"},
        apart={},
        detached={},
        mended=None,
    )
    fleet.set_up()
    write(fleet.clones / "mended", {"locked.txt": "mine\n"})
    commit(fleet.clones / "mended")
    origins = tmp_path / "origins"
    fleet.clones.rename(origins)
    fleet.clones.mkdir()
    names = ["apart", "current", "detached", "locked", "mended", "merged", "plain", "torn"]
    for name in names:
        run(["git", "clone", "--quiet", "--bare", origins / name, origins / f"{name}.git"])
        run(["git", "clone", "--quiet", origins / f"{name}.git", fleet.clones / name])
    # Where something else is checked out, nothing is merged, and nothing is pushed.
    run(["git", "switch", "--quiet", "--create", "feature"], cwd=fleet.clones / "apart")
    run(["git", "branch", "--set-upstream-to", "origin/main"], cwd=fleet.clones / "apart")
    run(["git", "switch", "--quiet", "--detach"], cwd=fleet.clones / "detached")
    before = {name: git.git("rev-parse", "HEAD", cwd=fleet.clones / name) for name in names}
    # What is fetched counts: one project has moved on at its server.
    (origins / "plain/own.txt").write_text("ours\n")
    run(["git", "add", "own.txt"], cwd=origins / "plain")
    run(["git", "commit", "--quiet", "--message", "Ours"], cwd=origins / "plain")
    run(["git", "push", "--quiet", origins / "plain.git", "HEAD"], cwd=origins / "plain")
    (block,) = re.findall(r"^```sh\n(clones=.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    # What is no clone, or has a server that is gone, is a line, and no message of git's.
    (fleet.clones / "folder").mkdir()
    run(["git", "remote", "set-url", "origin", tmp_path / "gone"], cwd=fleet.clones / "current")
    script = block.replace("v0.3.0", "v2.0.0")
    script = script.replace("lisa-scaffold fleet update", '"$@" fleet update --fix')
    words = ["sh", "-c", script, "sh", sys.executable, "-m", "lisa_scaffold"]
    done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "shared.txt in conflict" in done.stdout
    assert "fatal" not in done.stderr + done.stdout
    assert "clones/folder/: the default branch is not checked out, or not known\n" in done.stdout
    assert "clones/current/: not pulled, git -C clones/current/ pull --ff-only" in done.stdout
    run(
        ["git", "remote", "set-url", "origin", origins / "current.git"],
        cwd=fleet.clones / "current",
    )
    for name in ("locked", "torn"):  # nobody has seen yet what there is to do
        branch = "lisa-scaffold/v2.0.0 tells what there is to do"
        assert f"clones/{name}/: not merged, git -C clones/{name}/ log -1 {branch}\n" in done.stdout
    for name in ("apart", "detached"):
        said = f"clones/{name}/: the default branch is not checked out, or not known\n"
        assert said in done.stdout
        repository = git.find_repository(fleet.clones / name)
        assert git.find_tip(repository, "lisa-scaffold/v2.0.0")
        heads = run(["git", "ls-remote", "--heads", "origin"], cwd=fleet.clones / name)
        assert heads.stdout.decode().split() == [before[name].strip(), "refs/heads/main"]
    after = {name: git.git("rev-parse", "HEAD", cwd=fleet.clones / name) for name in names}
    assert [name for name in names if after[name] != before[name]] == ["mended", "merged", "plain"]
    for name in names:
        there = run(["git", "ls-remote", "origin", "HEAD"], cwd=fleet.clones / name)
        assert there.stdout.decode().split()[0] == after[name].strip()
    files = git.git("ls-files", cwd=fleet.clones / "plain").split()
    assert "own.txt" in files
    assert "_commit: v2.0.0" in (fleet.clones / "plain/.copier-answers.yml").read_text()


def test_the_settings_that_it_shows_are_valid(tmp_path: Path) -> None:
    (block,) = re.findall(r"^```toml\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    (tmp_path / "clones").mkdir()
    (tmp_path / "fleet.toml").write_text(f'folders = ["clones"]\n{block}')
    updates = settings.read(tmp_path).updates
    assert (updates.wave, updates.stop_at) == (0.1, 0.2)
    assert updates.canaries == ("lisa/noise", "lisa/pipelines/*")
