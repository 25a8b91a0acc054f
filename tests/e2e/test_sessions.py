"""A generated project passes its own sessions."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from ..support.tools import git, passes, run
from .conftest import PROJECTS, Project, make_project

PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"
SESSIONS = {
    name: [
        *("lint", "types", f"tests-{PYTHON}", "build"),
        *(["locked"] if given.get("container", True) else []),
        *(["docs"] if given.get("docs", True) else []),
        *(["notebooks"] if given.get("notebooks") else []),
    ]
    for name, given in PROJECTS.items()
}


# Of the other one, the jobs of a pipeline run every session: images/test_jobs.py.
@pytest.mark.parametrize("project", sorted(PROJECTS.keys() - {"hatchling"}), indirect=True)
def test_its_sessions_pass_and_leave_nothing_for_git(project: Project) -> None:
    passes(
        "nox", "--error-on-missing-interpreters", "-s", *SESSIONS[project.name], cwd=project.root
    )
    assert git("status", "--porcelain", cwd=project.root) == ""
    reports = {path.name for path in (project.root / "reports").iterdir()}
    wanted = {"code-quality.json", "ruff.json", "mypy.xml", "junit.xml", "coverage.xml"}
    assert reports == wanted
    tests = ET.parse(project.root / "reports/junit.xml").getroot()[0].attrib  # noqa: S314
    assert (tests["errors"], tests["failures"], tests["skipped"]) == ("0", "0", "0")
    coverage = ET.parse(project.root / "reports/coverage.xml").getroot().attrib  # noqa: S314
    assert float(coverage["line-rate"]) > 0.9


def test_its_notebooks_run_and_leave_nothing_for_git(tmp_path: Path) -> None:
    root = make_project("hatchling", tmp_path / "project").root
    passes("nox", "-s", "notebooks", cwd=root)
    assert git("status", "--porcelain", cwd=root) == ""
    assert [path.name for path in (root / "reports").iterdir()] == ["notebooks.xml"]


def test_the_sessions_that_run_by_default_are_those_tried_here(project: Project) -> None:
    listed = passes("nox", "--list", cwd=project.root)
    default = {line.split()[1] for line in listed.splitlines() if line.startswith("* ")}
    others = {name for name in default if name.startswith("tests-")}
    assert default - others == set(SESSIONS[project.name]) - {f"tests-{PYTHON}"}
    assert f"tests-{PYTHON}" in others


# The others' faults are seen by jobs: images/test_jobs.py.
FAULTS = {
    "docs": ("docs/usage.md", "[gone](gone.md)\n", "gone.md"),
    "types": ("src/lisa_example/noise.py", "LENGTH: int = 'x'\n", "Incompatible types"),
}


@pytest.mark.parametrize("session", FAULTS)
def test_a_session_sees_a_fault(session: str, tmp_path: Path) -> None:
    project = make_project("default", tmp_path / "project")
    path, fault, said = FAULTS[session]
    with (project.root / path).open("a", encoding="utf-8") as file:
        file.write(fault)
    done = run("nox", "-s", session, cwd=project.root)
    assert done.returncode == 1, done.stdout
    assert said in done.stdout


def test_an_audit_would_ask_about_every_package_that_is_installed(tmp_path: Path) -> None:
    """The database of vulnerabilities itself is out of reach."""
    project = make_project("default", tmp_path / "project")
    said = passes("nox", "-s", "audit", "--", "--dry-run", cwd=project.root)
    found = re.search(r"Dry run: would have audited (\d+) packages", said)
    assert found, said
    assert int(found[1]) > 10
