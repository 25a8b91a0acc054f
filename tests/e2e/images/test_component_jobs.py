"""The jobs that components bring, in containers: what a merge request of each kind runs."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ...support.answers import answers, template
from ...support.tools import commit_all
from ..parts import helm
from ..parts.compose import build_stand_ins
from ..parts.docker import Docker
from ..parts.forge import lead_there, make_forge
from ..parts.gitlab import merge_request, pushed
from .conftest import PATH, Runner, build_from, with_hooks

EVERYWHERE = {"compliance", "secrets", "lint", "type-check", "hooks"}
CODE = {"hadolint", "locked", "tests: [3.13]"}
GIVEN: dict[str, tuple[dict[str, Any], set[str]]] = {
    "package": ({}, {*CODE, "build", "docs"}),
    "compiled": (
        {"compiled": "nanobind", "cuda": []},
        {*CODE, "build", "docs", "gcov", "sanitize", "tidy"},
    ),
    "image": ({"kind": "image"}, {"hadolint"}),
    "pipeline": (
        {"kind": "pipeline", "python_min": "3.13"},
        {"hadolint", "config", "tests: [3.3.0]", "tests: [3.3.2]"},
    ),
    "service": (
        {"kind": "service"},
        {"hadolint", "locked", "chart", "chart-tests", "safety", "tests", "browser"},
    ),
    "fleet": ({"kind": "fleet"}, {"tests"}),
}
"""Kinds of project, with the jobs that they have beside those that all have."""
NOT_HERE = {"audit", "wheels", "wheel-tests", "image-test", "images-test", "container-test"}
"""What asks a database of vulnerabilities, needs the manylinux image, or only calls Kaniko.

The chart of a pipeline is another: it fetches that of Airflow. So is what looks at its manifests.
"""
DATABASE = """\
tests:
  services: []
  variables:
    DB_HOST: 127.0.0.1
"""
"""The jobs have this machine's network, in which no container has a name of its own."""
HELM, ROOT = "localhost/helm:1", "localhost/root:1"


@pytest.fixture(scope="module")
def ready(
    runner: Runner, docker: Docker, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Runner]:
    """The runner, with a database and an image of Helm."""
    folder = tmp_path_factory.mktemp("stand-ins")
    build_stand_ins(docker, folder, "postgres")
    shutil.copy(helm.installed(), folder / "helm")
    (folder / "Dockerfile").write_text("FROM localhost/debian:trixie\nCOPY helm /usr/local/bin/\n")
    docker.build(folder, HELM)
    # The job of the browser installs it, as the user of Python's public image may.
    development = runner.variables["LISA_JOB_IMAGE"]
    build_from(docker, f"FROM {development}\nUSER root\n", folder / "root", ROOT)
    told = {"AIRFLOW_CONSTRAINTS": "", "LISA_HELM_IMAGE": HELM, "UV_LOCK_TIMEOUT": "1800"}
    variables = {"POSTGRES_DB": "service", "POSTGRES_USER": "service"}
    words = [f"--env={key}={value}" for key, value in variables.items()]
    (folder / "password").write_text("none")
    words += [f"--volume={folder}/password:/password:ro", "--env=POSTGRES_PASSWORD_FILE=/password"]
    docker("run", "--detach", "--network=host", "--name=db", *words, "localhost/postgres:test")
    try:
        yield replace(runner, variables={**runner.variables, **told})
    finally:
        docker("rm", "--force", "--volumes", "db")


# Packages are what most projects are: their jobs run at every change, the others' on demand.
CASES = [pytest.param(name, marks=[] if name == "package" else pytest.mark.heavy) for name in GIVEN]


@pytest.mark.parametrize("name", CASES)
def test_the_jobs_of_a_merge_request_pass(
    name: str, request: pytest.FixtureRequest, tmp_path: Path, home: Path
) -> None:
    ready: Runner = request.getfixturevalue("runner" if name == "package" else "ready")
    given, own = GIVEN[name]
    lead_there(make_forge(tmp_path / "forge"), home)
    root = tmp_path / PATH.rpartition("/")[2]
    named = {"debian": "trixie", "distribution": root.name, "ci_rules": "component"}
    template().render(answers(**given, **named), root)
    if name == "service":
        with (root / ".gitlab-ci.yml").open("a") as file:
            file.write(DATABASE)
    commit_all(root)
    hooks = with_hooks(root, tmp_path)
    variables = ready.variables
    if name == "service":
        # What root puts into the cache of all others cannot read.
        variables = {**variables, "LISA_JOB_IMAGE": ROOT, "UV_CACHE_DIR": "/tmp/uv"}  # noqa: S108
        variables["PRE_COMMIT_HOME"] = "/tmp/pre-commit"  # noqa: S108
    ours = replace(
        ready,
        variables=variables,
        gitlab=pushed(root, PATH, tmp_path / "state"),
        options=(*ready.options[:2], *hooks),
    )
    event, jobs = merge_request("main"), EVERYWHERE | own
    done = ours.run(event, *sorted(jobs))
    assert done.failed() == set(), done.said
    assert done.finished() == jobs, done.said
    assert done.code == 0, done.said
    listed = ours.gitlab.jobs(event).keys()
    here = listed - NOT_HERE - ({"chart", "manifests"} if name == "pipeline" else set())
    assert {job.split(":")[0] for job in jobs} == here
