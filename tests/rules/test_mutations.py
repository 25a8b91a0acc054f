"""Break any one thing of a generated project that a rule guards: that rule alone tells of it."""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import chain
from typing import Any

import pytest

from lisa_scaffold import rules

from ..support.answers import KINDS, pairwise
from ..support.checking import changed, clean, edited, findings, found, text
from ..support.sweeps import sampled

# Each rule has tests of its own: lines that only these would reach are not tested.
pytestmark = pytest.mark.uncounted

Files = dict[str, Any]
TOML = "pyproject.toml"
FAMILIES = (
    *("FIL", "LIC", "MET", "PKG", "QTY", "CI", "CON", "CMP", "SON", "DAG"),
    *("DOC", "CIT", "SEC"),
)


def put(path: str, content: str | bytes | None, **answers: Any) -> Callable[[], Files]:
    """A project with one file added, replaced or removed."""
    return lambda: changed(clean(**answers), {path: content})


def edit(path: str, old: str, new: str, **answers: Any) -> Callable[[], Files]:
    """A project with one text in a file replaced."""
    return lambda: edited(clean(**answers), path, old, new)


SMALL_DAG = """\
from datetime import datetime, timedelta
from airflow.sdk import DAG, task
ARGS = {"retries": 1, "execution_timeout": timedelta(minutes=1)}
DAG("a", schedule="@daily", start_date=datetime(2026, 1, 1), catchup=False, default_args=ARGS)
# Here
"""


def dag(old: str, new: str) -> Callable[[], Files]:
    """A pipeline of Airflow with one more DAG, in which one text is replaced."""
    assert SMALL_DAG.count(old) == 1
    return put("dags/small.py", SMALL_DAG.replace(old, new), kind="pipeline")


def static() -> Files:
    """A project whose version stands in its metadata, and in its changelog."""
    files = edited(clean(), TOML, 'dynamic = [ "version" ]', 'version = "1.0.0"')
    return edited(files, "CHANGELOG.md", "### Added", "## [1.0.0] - 2026-01-01\n\n### Added")


DOCKER = "Dockerfile"
COMPOSE = "compose.yaml"
CDE = "gitlab-registry.in2p3.fr/lisa/lisa-cde:0.4.0"
SONAR = "sonar-project.properties"
HOOKS = ".pre-commit-config.yaml"


def without(*words: str) -> Files:
    """A project whose settings, hooks and tasks do not name a tool."""
    files: Files = dict(clean(sonar=False))
    for path in (each for each in files if each.endswith((".toml", ".yaml", ".yml", ".py"))):
        content = text(files, path)
        for word in words:
            content = re.sub(rf"(?m)^\[tool\.{word}[\s\S]*?(?=^\[|\Z)", "", content)
            content = re.sub(rf"(?m)^  - repo: .*{word}[\s\S]*?(?=^  - repo|\Z)", "", content)
            content = content.replace(word, "x")
        files[path] = content
    return files


MERGE = '$CI_PIPELINE_SOURCE == "merge_request_event"'
PUBLISH = """\
publish-docs:
  extends: .python
  interruptible: false
  script: [git push origin pages]

# The project's own"""
NEVER = """\
    - if: $CI_COMMIT_BRANCH && $CI_OPEN_MERGE_REQUESTS && $CI_PIPELINE_SOURCE == "push"
      when: never
"""

LICENSE = 'license = "BSD-3-Clause"'
CLASSIFIERS = "classifiers = [\n"
SYSTEM = text(clean(), TOML).partition("[project]")[0]
SECRET = "glpat-" + "aB3dE6gH9jK2mN5pQ8sT"
KEY = "-----BEGIN " + "RSA PRIVATE KEY-----\n" + "aB3d" * 16 + "\n"

MUTATIONS: dict[str, Callable[[], Files]] = {
    "FIL001": lambda: changed(
        edited(clean(backend="hatchling"), TOML, 'readme = "README.md"\n', ""),
        {"README.md": None},
    ),
    "FIL002": put(".gitignore", None),
    "FIL004": put("lisa_example/__init__.py", ""),
    "FIL005": put("notes.txt", "@sampled("answers", [*chain(*map(pairwise, KINDS))], 4, ids=str)
def test_no_generated_project_has_a_finding(answers: dict[str, Any]) -> None:
    for letters in FAMILIES:
        assert found(clean(**answers), letters) == []
