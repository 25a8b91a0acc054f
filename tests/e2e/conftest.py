"""Generated projects as repositories with a released version, and caches that outlive a test."""

from __future__ import annotations

import os
import shutil
import sysconfig
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from ..conftest import ROOT
from ..support.answers import Answers, answers, template
from ..support.files import contents
from ..support.tools import commit_all, git, passes, program
from .parts import cache

VERSION = "1.2.3"
PROJECTS: dict[str, Answers] = {
    "default": {},
    "hatchling": {
        "author_email": "ada@example.org",
        "backend": "hatchling",
        "cli": True,
        "license": "LGPL-3.0-or-later",
        "notebooks": True,
    },
    "namespace": {
        "author_orcid": "0000-0002-1825-0097",
        "cli": True,
        "distribution": "lisa-foo",
        "doi": "10.5281/zenodo.1234567",
        "extras": ["renovate", "devcontainer", "benchmarks", "conduct", "security"],
        "import_name": "lisa.foo",
        "keywords": "LISA, noise",
        "other_authors": "Jo Roe <jo@example.org> 0000-0002-1825-0097; The B Team",
    },
    "minimal": {
        "container": False,
        "docs": False,
        "forge": "gitlab",
        "license": "MIT",
        "python_min": "3.11",
        "sonar": False,
    },
}


@dataclass(frozen=True)
class Project:
    """A generated project, committed and tagged, with the paths that it began with."""

    name: str
    answers: Answers
    root: Path
    files: frozenset[str]

    @property
    def package(self) -> str:
        """Folder of the package, as in a wheel."""
        return str(self.answers["import_name"]).replace(".", "/")


SHORT = {"test_cache.py", "test_checkers.py", "test_copier_traps.py", "test_pipelines.py"}
"""Files of many short tests: where they come last, no worker waits long for the other."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark everything in this folder, and let short tests come last."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.e2e)
    items.sort(key=lambda item: item.path.name in SHORT)


@pytest.fixture(scope="session", autouse=True)
def _cache() -> Iterator[None]:
    """What is kept between sessions, trimmed first."""
    with cache.in_use():
        yield


@pytest.fixture(autouse=True)
def _tools(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Caches that are shared, the programs of the test environment, and nothing of pytest's."""
    monkeypatch.setenv("UV_CACHE_DIR", str(cache.folder("uv")))
    monkeypatch.setenv("PIP_CACHE_DIR", str(cache.folder("pip")))
    # Without compiling what is installed and mostly never imported.
    monkeypatch.setenv("PIP_NO_COMPILE", "1")
    # A worker has mypy's cache for itself.
    worker = os.environ.get("PYTEST_XDIST_WORKER", "alone")
    monkeypatch.setenv("MYPY_CACHE_DIR", str(cache.folder(f"mypy-{worker}")))
    monkeypatch.setenv("PRE_COMMIT_HOME", str(home / "pre-commit"))
    # The lists of other projects' pages are out of reach.
    monkeypatch.setenv("SPHINX_OFFLINE", "1")
    monkeypatch.setenv("PATH", sysconfig.get_path("scripts"), prepend=os.pathsep)
    for name in list(os.environ):
        # nox names the environment of its session, and uv would install into that.
        theirs = name in ("UV_PROJECT_ENVIRONMENT", "UV_PYTHON", "VIRTUAL_ENV")
        if theirs or name.startswith(("PYTEST_", "COV_", "NOX_")):
            monkeypatch.delenv(name)


def make_project(name: str, root: Path) -> Project:
    """Render and commit one of the projects, with a section for its version, and tag it."""
    complete = answers(**PROJECTS[name])
    template().render(complete, root)
    changelog = root / "CHANGELOG.md"
    section = f"## [Unreleased]\n\n## [{VERSION}] - 2026-01-01\n"
    changelog.write_text(
        changelog.read_text("utf-8").replace("## [Unreleased]\n", section, 1), "utf-8"
    )
    commit_all(root)
    git("tag", "--annotate", f"v{VERSION}", f"--message={VERSION}", cwd=root)
    return Project(name, complete, root, frozenset(contents(root)))


@pytest.fixture(params=PROJECTS)
def project(request: pytest.FixtureRequest, tmp_path: Path) -> Project:
    """Each of the projects in turn."""
    name: str = request.param
    return make_project(name, tmp_path / "project")


@pytest.fixture(scope="session")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """This repository's files as they stand, committed."""
    folder = tmp_path_factory.mktemp("repository")
    for name in git("ls-files", "-co", "--exclude-standard", "-z", cwd=ROOT).split("\0")[:-1]:
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, folder / name)
    commit_all(folder)
    return folder


@pytest.fixture(scope="session")
def wheel(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """lisa-scaffold as it is published, with the template in it."""
    folder = tmp_path_factory.mktemp("wheel")
    lock = ("--require-hashes", "--build-constraints=requirements/build-system.txt")
    passes(program("uv"), "build", "--quiet", "--wheel", *lock, "--out-dir", folder, cwd=repository)
    (built,) = folder.glob("*.whl")
    return built
