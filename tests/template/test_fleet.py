"""Control repositories of fleets: their files, their settings, what runs beside their token."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from lisa_scaffold.fleet import pipeline, settings
from lisa_scaffold.project.facts import Facts, Given
from lisa_scaffold.project.gitlab import Pipeline

from ..conftest import ROOT
from ..support.answers import answers, template
from ..support.components import KNOWN
from ..support.tools import program
from .conftest import Render
from .test_renders import of_name

sys.path.insert(0, str(ROOT / "requirements"))
import lock

OWN = {
    *(".gitlab/ci/fleet.yml", "fleet.toml", "fleet.txt", "tests/test_fleet.py"),
}
# Words of what is a package, or makes an image.
LEFTOVERS = re.compile(
    r"acceleration|LISA_(?:PUBLISH_INDEX|ZENODO|CDE_IMAGE|BUILDER)|publish-package|\bsdist\b"
    r"|MANIFEST|git_archival|--editable|id: hadolint|\[project\]"
)
JOBS = ROOT / "template/.gitlab/ci/fleet.yml"


def test_it_has_its_own_files_and_none_of_others(fleet: Render, renders: list[Render]) -> None:
    jobs = {".gitlab/ci/fleet.yml"} if fleet.answers["ci_rules"] == "component" else set()
    assert set(fleet.files) >= OWN - jobs
    common = set.intersection(
        *(set(each.files) for each in renders if each.answers["kind"] == "image")
    )
    more = {*OWN, "CODE_OF_CONDUCT.md", "SECURITY.md", "renovate.json", "LICENSE.GPL-3.0"}
    more |= {"sonar-project.properties", ".gitlab/ci/pysonar.txt", ".gitlab/ci/sonar.yml"}
    more |= {f".gitlab/ci/{name}.yml" for name in ("common", "compliance", "quality")}
    more |= {f".gitlab/ci/{name}.yml" for name in ("release", "security", "workflow")}
    assert set(fleet.files) - common - more == set()
    others = [each for each in renders if each.answers["kind"] != "fleet"]
    assert not any(OWN & set(each.files) for each in others)
    skipped = re.compile(r"\.copier-answers|\.gitignore|LICENSE|fleet\.txt|\.gitlab/ci/.*\.txt")
    found = {
        path: words
        for path, content in fleet.files.items()
        if not skipped.match(path) and (words := LEFTOVERS.findall(content.decode()))
    }
    assert found == {}


def test_its_settings_are_those_of_the_forge(fleet: Render) -> None:
    told = settings.read(fleet.root)
    assert told.server is not None
    assert told.server.url == f"https://{fleet.answers['forge_host']}"
    assert told.server.groups == (fleet.answers["namespace"].split("/")[0],)
    assert pipeline.make_pipeline(told, pipeline.Wanted(branch="fleet-history"))


def test_the_lock_is_what_this_checkout_installs() -> None:
    found = (ROOT / "template/fleet.txt").read_text(encoding="utf-8")
    assert found == lock.make_fleet_lock(ROOT / "requirements"), "renew it: nox -s lock"


def test_all_that_is_installed_beside_the_token_is_locked(tmp_path: Path) -> None:
    """By a Python and a git that note what they are told."""
    programs, notes = tmp_path / "bin", tmp_path / "notes"
    programs.mkdir()
    venv = '[ "$3" != venv ] || { mkdir -p "$4/bin"; cp "$0" "$4/bin/python"; }\n'
    (programs / "python3").write_text(f'#!/bin/sh\necho "$*" >> {notes}\n{venv}')
    (programs / "python3").chmod(0o755)
    (install,) = yaml.safe_load(JOBS.read_text())[".with-fleet"]["before_script"]
    script = f"PATH={programs}:$PATH; set -eu\n{install}\ncommand -v python; env"
    told = {"CI_PROJECT_DIR": "/builds/it", "LISA_SCAFFOLD": "it @ git+https://x", "PATH": "/bin"}
    done = subprocess.run(
        ["sh", "-c", script], env=told, capture_output=True, text=True, check=True
    )
    made, locked, own = notes.read_text().splitlines()
    assert made.startswith("-I -m venv /")
    wanted = ("-I -m pip install", "--no-deps", "--no-cache-dir")
    assert all(word in line for line in (locked, own) for word in wanted)
    assert locked.endswith("--only-binary :all: --require-hashes --requirement fleet.txt")
    assert own.endswith("--no-build-isolation -- it @ git+https://x")
    assert done.stdout.startswith(made.split()[-1])
    assert "GIT_CONFIG_VALUE_0=/builds/it\n" in done.stdout


def read(fleet: Render) -> Pipeline:
    return Facts.of(fleet.files, Given(tags=(), components=KNOWN)).pipeline


def test_only_a_schedule_or_a_hand_runs_the_fleet(fleet: Render) -> None:
    jobs = read(fleet).jobs
    for name in ("plan", "fleet", "pages"):
        ends = [each["if"].rpartition(" == ")[2] for each in jobs[name].rules[1:]]
        assert (name, ends) == (name, ['"schedule"', '"web"'])
    assert jobs["fleet"].data["trigger"]["include"] == [{"artifact": "fleet.yml", "job": "plan"}]


def plan(folder: Path, **variables: str) -> list[str]:
    """What the job `plan` asks of lisa-scaffold."""
    template().render(answers(kind="fleet"), folder)
    jobs = yaml.safe_load((folder / ".gitlab/ci/fleet.yml").read_text())
    main = yaml.safe_load((folder / ".gitlab-ci.yml").read_text())
    notes = folder.parent / "notes"
    (folder.parent / "install").write_text("installs\nit\n")
    begin = [
        f"install={folder.parent}/install",
        f'lisa-scaffold() {{ printf "%s\\n" "$@" > {notes}; }}',
    ]
    script = "\n".join([*begin, *jobs["plan"]["script"]])
    told = {**main["variables"], **variables, "PATH": "/bin:/usr/bin"}
    subprocess.run(["bash", "-euc", script], env=told, cwd=folder, check=True)
    return notes.read_text().splitlines()


@pytest.mark.parametrize(
    ("variables", "more"),
    [
        ({}, []),
        ({"LISA_FLEET_UPDATE": ""}, ["--update="]),
        ({"LISA_FLEET_UPDATE": "--limit 3; x"}, ["--update=--limit 3; x"]),
    ],
)
def test_what_a_schedule_asks_for(
    variables: dict[str, str], more: list[str], tmp_path: Path
) -> None:
    assert plan(tmp_path / "it", **variables) == [
        *("fleet", "pipeline", "--parts", "4", "--image", "docker.io/library/python:3.11"),
        *("--install", "installs", "it", "--history-branch", "fleet-history"),
        *("--output", "fleet.yml", *more),
    ]


def test_its_history_is_the_one_that_its_page_reads(fleet: Render) -> None:
    commands = "\n".join(read(fleet).jobs["pages"].commands)
    made: dict[str, Any] = yaml.safe_load(
        pipeline.make_pipeline(
            settings.read(fleet.root), pipeline.Wanted(branch="fleet-history", parts=1)
        )
    )
    kept = "git archive refs/fleet/history | tar --extract --directory=history"
    assert kept in commands
    assert kept in "".join(made["page"]["script"])
    assert read(fleet).variables["LISA_FLEET_HISTORY"] == "fleet-history"


def test_gitlabs_own_schema_takes_its_jobs(renders: list[Render]) -> None:
    check = (program("check-jsonschema"), "--builtin-schema", "vendor.gitlab-ci")
    paths = of_name(renders, ".gitlab/ci/fleet.yml")
    done = subprocess.run([*check, *paths], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_the_version_of_lisa_scaffold_is_the_same_for_the_desk_and_the_jobs(fleet: Render) -> None:
    groups = tomllib.loads(fleet.files["pyproject.toml"].decode())["dependency-groups"]
    assert groups["fleet"] == [read(fleet).variables["LISA_SCAFFOLD"]]
