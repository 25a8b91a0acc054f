"""The child pipeline that shares a fleet between several jobs."""

from __future__ import annotations

import json
import subprocess
import time
from importlib.metadata import version
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml

from lisa_scaffold import cli, template
from lisa_scaffold.errors import ExitCode

from ..support.fleets import Fleet, open_fleet
from ..support.tools import git, program
from ..support.updates import Capture


@pytest.fixture
def settings(tmp_path: Path) -> Path:
    (tmp_path / "clones").mkdir()
    path = tmp_path / "fleet.toml"
    path.write_text('folders = ["clones"]\n')
    return path


def make(settings: Path, capsys: Capture, *options: str) -> dict[str, Any]:
    capsys.readouterr()
    assert cli.main(["fleet", "pipeline", str(settings), *options]) == ExitCode.DONE
    made: dict[str, Any] = yaml.safe_load(capsys.readouterr().out)
    return made


@pytest.mark.parametrize(
    "server", ["", '[gitlab]\nurl = "https://gitlab.example.org"\ngroups = ["a"]\n']
)
def test_local_clones_alone_are_told(server: str, settings: Path, capsys: Capture) -> None:
    settings.write_text(f"{settings.read_text()}{server}")
    assert cli.main(["fleet", "pipeline", str(settings)]) == ExitCode.DONE
    said = "local clones alone" in " ".join(capsys.readouterr().err.split())
    assert said == ("[gitlab]" not in settings.read_text())


def test_each_job_takes_its_part_and_the_last_joins_them(settings: Path, capsys: Capture) -> None:
    made = make(settings, capsys, "--parts", "3", "--update=--merge-when-green")
    jobs = [f"fleet {number} of 3" for number in (1, 2, 3)]
    assert [name for name in made if name.startswith("fleet")] == jobs == made["page"]["needs"]
    folder = settings.parent
    assert made[jobs[1]]["script"] == [
        f"lisa-scaffold fleet update {folder} --shard 2/3 --merge-when-green --format markdown"
        " > update-2.md && echo 0 > update-2.code || echo $? > update-2.code",
        "cat update-2.md",
        f"lisa-scaffold fleet status {folder} --shard 2/3 --format json --output status-2.json"
        " || [ $? -eq 1 ]",
        '[ "$(cat update-2.code)" -le 1 ]',
    ]
    assert made[jobs[1]]["artifacts"]["paths"] == ["status-2.json", "update-2.md"]
    assert "status-1.json status-2.json status-3.json --join" in made["page"]["script"][1]
    assert "update" not in made
    # What only joins and publishes needs no token.
    scoped = {name for name, job in made.items() if "environment" in job}
    assert scoped == {*jobs}
    assert made[jobs[0]]["environment"] == {"name": "fleet", "action": "access"}
    # In the image of a job, git does not know who commits.
    assert made["variables"] == {
        "GIT_COMMITTER_NAME": "lisa-scaffold",
        "GIT_COMMITTER_EMAIL": "lisa-scaffold@$CI_SERVER_HOST",
    }


def test_jobs_install_the_version_that_has_written_them(
    settings: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = make(settings, capsys)
    address = "lisa-scaffold[gitlab] @ git+https://gitlab.in2p3.fr/LISA/lisa-scaffold.git@"
    own = f"v{version('lisa-scaffold')}"
    assert made["default"]["before_script"] == [f"pip install '{address}{own}'"]
    assert "variables" not in made  # nothing is committed
    monkeypatch.setattr(template.Source, "find_released", lambda *_: "a" * 40)
    made = make(settings, capsys)
    assert made["default"]["before_script"] == [f"pip install '{address}{'a' * 40}'"]
    assert "before_script" not in make(settings, capsys, "--install", "")["default"]


def test_the_commit_of_an_installation_is_that_of_the_repository(
    settings: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch, small_template: Path
) -> None:
    """The bundle that a wheel carries has a history of its own."""
    bundle = settings.parent / "template.bundle"
    git("bundle", "create", "--quiet", bundle, "--all", cwd=small_template)
    monkeypatch.setattr(template.source, "BUNDLE", bundle)
    own = "v0.2.0"
    assert template.find_default_source().commit_of(own)
    monkeypatch.setattr("lisa_scaffold.fleet.pipeline.version", lambda _: own[1:])
    (line,) = make(settings, capsys)["default"]["before_script"]
    assert line.endswith("/lisa-scaffold.git@v0.2.0'")
    told = json.dumps({"url": "https://example.org", "vcs_info": {"commit_id": "b" * 40}})
    installed = SimpleNamespace(read_text=lambda name: told if name == "direct_url.json" else None)
    monkeypatch.setattr("lisa_scaffold.fleet.pipeline.distribution", lambda _: installed)
    (line,) = make(settings, capsys)["default"]["before_script"]
    assert line.endswith(f"/lisa-scaffold.git@{'b' * 40}'")


@pytest.mark.parametrize(
    ("more", "options"),
    [
        ('wave = "5%"\n', ""),
        ('canaries = ["a"]\n', ""),
        ("", "--limit 10"),
        ("", "--wave 10%"),
        ("", "--limit=1 --merge-when-green"),
    ],
)
def test_what_is_counted_in_the_whole_fleet_is_one_job(
    more: str, options: str, settings: Path, capsys: Capture
) -> None:
    settings.write_text(f'folders = ["clones"]\n[update]\n{more}')
    made = make(settings, capsys, f"--update={options}", "--parts", "2")
    words = " ".join(["fleet update", str(settings.parent), *options.split()])
    assert made["update"]["script"] == [
        f"lisa-scaffold {words} --format markdown > update.md && echo 0 > update.code "
        "|| echo $? > update.code",
        "cat update.md",
        '[ "$(cat update.code)" -le 1 ]',
    ]
    assert made["update"]["artifacts"]["paths"] == ["update.md"]
    assert {name for name, job in made.items() if "environment" in job} == {*made} - {
        *("workflow", "stages", "default", "variables", "page")
    }
    looks = [made[f"fleet {number} of 2"] for number in (1, 2)]
    assert "update" not in "".join(line for job in looks for line in job["script"])
    assert [job["when"] for job in looks] == ["always", "always"]


def test_waves_are_of_the_fleet_as_a_whole(settings: Path, capsys: Capture) -> None:
    settings.write_text('folders = ["clones"]\n[update]\nwave = "5%"\n')
    words = ["fleet", "update", str(settings), "--shard", "1/2"]
    (settings.parent / "clones/a/.git").mkdir(parents=True)
    assert cli.main(words) == ExitCode.REFUSED
    assert "waves are counted in the fleet as a whole" in capsys.readouterr().err


@pytest.mark.parametrize("number", ["0", "41"])
def test_numbers_that_gitlab_would_make_no_pipeline_of(
    number: str, settings: Path, capsys: Capture
) -> None:
    words = ["fleet", "pipeline", str(settings), "--parts", number]
    assert cli.main(words) == ExitCode.REFUSED
    assert "from 1 to 40" in capsys.readouterr().err


@pytest.mark.uncounted
def test_gitlabs_own_schema_takes_it(settings: Path, tmp_path: Path) -> None:
    output = tmp_path / "child.yml"
    words = ["--parts", "40", "--update", "", "--history", "history", "--output", str(output)]
    assert cli.main(["fleet", "pipeline", str(settings), *words]) == ExitCode.DONE
    check = (program("check-jsonschema"), "--builtin-schema", "vendor.gitlab-ci")
    done = subprocess.run([*check, output], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--history-branch", "a b"), "no name of a branch"),
        (("--history-branch=-x",), "no name of a branch"),
        (("--history-branch", "a/../b"), "no name of a branch"),
        (("--history-branch", "$(x)"), "no name of a branch"),
        (("--history-branch", "kept", "--history", "kept"), "name one of them"),
        (("--update=--to 'v1",), "Close the quotation"),
        (("--update=yes",), "--update yes: more than was expected: yes"),
        (("--update=--dryrun",), "--update --dryrun: no such option: --dryrun"),
        (("--update=--dryrun",), "Did you mean --dry-run?"),
        (("--update=--limit ten",), "ten: a number is expected"),
        (("--update=--wave 5",), "--update --wave 5: 5: no share"),
        (("--update=--stop-at x",), "no share"),
        (("--update=--shard 1/2",), "Leave --shard out"),
        (("--update=--to latest",), "latest: there is no such version of the template"),
        (("--update=--help",), "no such option: --help"),
        (("--update=-V",), "no such option: -V"),
        (("--update=--limit 3; rm -rf / $(x)",), "3;: a number is expected"),
        (("--update=; rm -r $(x)",), "no such option: -r"),
    ],
)
def test_what_no_pipeline_is_made_of(
    options: tuple[str, ...], said: str, settings: Path, capsys: Capture
) -> None:
    assert cli.main(["fleet", "pipeline", str(settings), *options]) == ExitCode.REFUSED
    assert said in capsys.readouterr().err


def test_options_of_an_update_are_words_and_no_commands(settings: Path, capsys: Capture) -> None:
    made = make(settings, capsys, "--update=--jobs 3 --to='0.2.0' ")
    line = made["fleet 1 of 4"]["script"][0]
    assert "--shard 1/4 --jobs 3 --to=0.2.0 --format markdown > update-1.md" in line


@pytest.mark.uncounted
def test_a_status_is_written_where_the_update_fails(
    tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By a shell, as a runner does; the job fails in the end."""
    fleet: Fleet = open_fleet(tmp_path / "it", monkeypatch, one={})
    made = make(fleet.set_up(), capsys, "--parts", "1", "--update=--to=2.0.0", "--install", "")
    fleet.set_up('folders = ["clones"]\n[update]\nwave = "10%"\n')  # refused with --shard
    scripts = Path(program("lisa-scaffold")).parent
    monkeypatch.setenv("PATH", str(scripts), prepend=":")
    script = "\n".join(made["fleet 1 of 1"]["script"])
    words = ["sh", "-ec", script]
    done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "waves are counted in the fleet as a whole" in done.stderr
    told = json.loads((tmp_path / "status-1.json").read_text())
    assert [each["state"] for each in told["projects"]] == ["behind"]
    assert made["page"]["when"] == "always"


def run_jobs(made: dict[str, Any], checkout: Path) -> None:
    """Run each line of each job: those of one job by one shell, as a runner does."""
    for job in (*made["page"]["needs"], "page"):
        script = "\n".join(made[job]["script"])
        words = ["sh", "-ec", script]
        done = subprocess.run(words, cwd=checkout, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.sweep
def test_the_history_is_kept_in_a_branch(
    tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    fleet: Fleet = open_fleet(tmp_path / "it", monkeypatch, one={}, two=None)
    remote, checkout = tmp_path / "control.git", tmp_path / "control"
    git("init", "--quiet", "--bare", str(remote), cwd=tmp_path)
    git("init", "--quiet", str(checkout), cwd=tmp_path)
    (checkout / ".gitignore").write_text("*.json\n")  # which the history has no regard for
    git("add", ".gitignore", cwd=checkout)
    git("commit", "--quiet", "--message=Begin", cwd=checkout)
    git("remote", "add", "origin", str(remote), cwd=checkout)
    options = ("--parts", "1", "--install", "", "--history-branch", "kept/fleet")
    made = make(fleet.set_up(), capsys, *options)
    scripts = Path(program("lisa-scaffold")).parent
    monkeypatch.setenv("PATH", str(scripts), prepend=":")
    run_jobs(made, checkout)
    fleet.add("three")
    first = git("rev-parse", "kept/fleet", cwd=remote).strip()
    time.sleep(1)  # a file of the history is named after the second of its status
    run_jobs(made, checkout)
    assert git("rev-parse", "kept/fleet~1", cwd=remote).strip() == first
    names = git("ls-tree", "--name-only", "kept/fleet", cwd=remote).split()
    assert len(names) == 2
    counts = [
        len(json.loads(git("show", f"kept/fleet:{name}", cwd=remote))["projects"]) for name in names
    ]
    assert counts == [2, 3]
    assert "<polyline" in (checkout / "public/index.html").read_text()
    assert git("status", "--porcelain", "--untracked-files=no", cwd=checkout) == ""
    # Nobody may push there: the job says what to allow, and fails.
    (remote / "hooks/pre-receive").write_text("#!/bin/sh\nexit 1\n")
    (remote / "hooks/pre-receive").chmod(0o755)
    script = "\n".join(made["page"]["script"])
    words = ["sh", "-ec", script]
    done = subprocess.run(words, cwd=checkout, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "allow the job token to push" in done.stderr


@pytest.mark.sweep
def test_its_commands_do_what_they_are_for(
    tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each line of each job, by a shell."""
    fleet: Fleet = open_fleet(tmp_path / "it", monkeypatch, one={}, two={}, three=None)
    (fleet.clones / "broken/.git").mkdir(parents=True)
    made = make(fleet.set_up(), capsys, "--parts", "2", "--update", "--install", "")
    scripts = Path(program("lisa-scaffold")).parent
    monkeypatch.setenv("PATH", str(scripts), prepend=":")
    for job in (*made["page"]["needs"], "page"):
        for line in made[job]["script"]:
            subprocess.run(["sh", "-ec", line], cwd=tmp_path, check=True, capture_output=True)
    states = {
        each["name"]: each["state"]
        for number in (1, 2)
        for each in json.loads((tmp_path / f"status-{number}.json").read_text())["projects"]
    }
    assert states == {
        "one": "behind",
        "two": "behind",
        "three": "current",
        "broken": "unreadable",
    }
    assert (
        "<h1>4 projects, 25&nbsp;% up to date, 25&nbsp;% follow the practice</h1>"
        in (tmp_path / "public/index.html").read_text()
    )
    assert len(list((tmp_path / "public/badges").iterdir())) == 4
