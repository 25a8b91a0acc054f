"""Other people's checkers are content with a project."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from ..conftest import ROOT
from ..docs.test_repo_review_page import rows
from ..support.answers import Answers, answers, template
from ..support.tools import passes, program, run
from .conftest import Project
from .parts.cache import cached

# What repo-review misses, and why a project on GitLab goes without it.
MISSED = {
    "GH100": "the workflows of GitHub's own CI",
    "PC140": "mypy as a hook: its environment would know none of the packages that nox knows",
    "PC901": "pre-commit.ci, a service for GitHub alone: the message of its updates",
    "PC902": "the same: the message of its fixes",
    "PC903": "the same: its schedule",
}


def checker(group: str, name: str) -> Path:
    """A program in an environment of its own, with what the lock has for a group."""
    lock = ROOT / "requirements" / f"{group}.txt"

    def make(path: Path) -> None:
        # It is moved when it is complete.
        passes(program("uv"), "venv", "--quiet", "--relocatable", path, cwd=lock.parent)
        install = (program("uv"), "pip", "install", "--quiet", f"--python={path / 'bin/python'}")
        # What comes as source is built with what is locked, too.
        locked = ("--require-hashes", f"--build-constraints={lock}", f"--requirements={lock}")
        passes(*install, *locked, cwd=lock.parent)

    return cached(f"checkers-{group}", [sys.version, lock.read_bytes()], make) / "bin" / name


def test_repo_review_finds_only_what_is_left_out_on_purpose(project: Project) -> None:
    done = run(checker("review", "repo-review"), "--format=json", ".", cwd=project.root)
    checks: dict[str, dict[str, Any]] = json.loads(done.stdout)["checks"]
    assert len(checks) > 60
    failures = {code for code, check in checks.items() if check["result"] is False}
    no_docs = set() if project.answers["docs"] else {"PY004"}
    assert failures == MISSED.keys() | no_docs


def test_the_page_names_every_check_of_the_pinned_version() -> None:
    code = "from repo_review.processor import collect_all; print(*collect_all().checks)"
    listed = passes(checker("review", "python"), "-c", code, cwd=ROOT).split()
    # It is validate-pyproject's own, and is there where that is installed too.
    assert sorted(rows().keys() - {"VPP001"}) == sorted({*listed} - {"VPP001"})


def test_citation_file(project: Project) -> None:
    shown = passes(checker("citation", "cffconvert"), "--validate", cwd=project.root)
    assert "Citation metadata are valid" in shown


def test_metadata(project: Project) -> None:
    """What is built from them is looked at by a session of the project's own."""
    validate = (program("validate-pyproject"), "pyproject.toml")
    assert "Valid" in passes(*validate, cwd=project.root)


def python_of_a_project() -> Path:
    """A Python that has what a new project and its tests need to run."""
    lock, tests = ROOT / "includes/locks/3.11.txt", ROOT / "requirements/e2e.txt"

    def make(path: Path) -> None:
        passes(program("uv"), "venv", "--quiet", "--relocatable", path, cwd=lock.parent)
        install = (program("uv"), "pip", "install", "--quiet", f"--python={path / 'bin/python'}")
        passes(*install, "--require-hashes", f"--requirements={lock}", cwd=lock.parent)
        passes(*install, f"--constraints={tests}", "pytest", cwd=lock.parent)

    held = (sys.version, lock.read_bytes(), tests.read_bytes())
    return cached("typed", held, make) / "bin/python"


def test_types_are_right_to_others_than_mypy(project: Project) -> None:
    python = python_of_a_project()
    pyright = (checker("typing", "pyright"), f"--pythonpath={python}", "src", "tests")
    assert "0 errors, 0 warnings" in passes(*pyright, cwd=project.root)
    ty = (checker("typing", "ty"), "check", f"--python={python}", "src", "tests")
    assert "All checks passed!" in passes(*ty, cwd=project.root)


@pytest.mark.parametrize(
    "chosen",
    [
        {"compiled": "nanobind", "cuda": ["12", "13"]},
        {"compiled": "pybind11"},
        {"compiled": "cython"},
    ],
    ids=str,
)
def test_types_of_a_compiled_project_are_right_before_it_is_compiled(
    chosen: Answers, tmp_path: Path
) -> None:
    template().render(answers(**chosen), tmp_path / "project")
    python = python_of_a_project()
    pyright = (checker("typing", "pyright"), f"--pythonpath={python}", "src", "tests")
    shown = passes(*pyright, cwd=tmp_path / "project")
    # Pyright warns that a stub stands there without its module, and of nothing else.
    warned = [line for line in shown.splitlines() if " - warning: " in line]
    assert "0 errors" in shown
    assert [line for line in warned if "reportMissingModuleSource" not in line] == []
    ty = (checker("typing", "ty"), "check", f"--python={python}", "src", "tests")
    assert "All checks passed!" in passes(*ty, cwd=tmp_path / "project")


def test_pipeline(project: Project) -> None:
    check = (program("check-jsonschema"), "--builtin-schema", "vendor.gitlab-ci")
    jobs = sorted((project.root / ".gitlab/ci").glob("*.yml"))
    passes(*check, "--data-transform", "gitlab-ci", ".gitlab-ci.yml", *jobs, cwd=project.root)


def test_dockerfile(project: Project) -> None:
    if project.answers["container"]:
        assert passes(program("hadolint"), "Dockerfile", cwd=project.root) == ""
    else:
        assert "Dockerfile" not in project.files
