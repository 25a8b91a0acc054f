"""One engine for all, and the CDE images that generated projects start from."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache as once
from pathlib import Path

import pytest

from ..conftest import make_project
from ..parts import cache, kaniko
from ..parts import docker as engine
from ..parts.base import PYTHONS, write_context
from ..parts.docker import Docker
from ..parts.gitlab import Event, GitLab, Outcome, pushed
from ..parts.hook_repositories import digest, make_stand_ins


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests that share an engine share a worker."""
    for item in items:
        for name in ("docker", "buildah"):
            if name in getattr(item, "fixturenames", ()):
                item.add_marker(pytest.mark.xdist_group(name))


@pytest.fixture(scope="session")
def docker() -> Iterator[Docker]:
    """A running engine."""
    with engine.started() as started:
        yield started


@dataclass(frozen=True)
class Cde:
    """The two CDE images on one Debian release."""

    release: str
    operations: str
    development: str

    @property
    def python(self) -> str:
        return PYTHONS[self.release]


STAND_IN = """\
FROM localhost/debian:{release}
RUN apt-get update && apt-get install --yes --no-install-recommends \\
    git python3 python3-pip python3-venv \\
    && useradd --create-home lisauser
USER lisauser
WORKDIR /home/lisauser
"""


@pytest.fixture(scope="session")
def cdes(docker: Docker, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Cde]:
    """Build the CDE images on a Debian release, once."""

    @once
    def make(release: str) -> Cde:
        folder = tmp_path_factory.mktemp(release)
        docker.build(write_context(release, folder / "base"), f"localhost/debian:{release}")
        (folder / "cde").mkdir()
        (folder / "cde/Dockerfile").write_text(STAND_IN.format(release=release))
        docker.build(folder / "cde", f"localhost/lisa-cde:{release}")
        return Cde(release, f"localhost/lisa-cde:{release}", f"localhost/lisa-cde:{release}")

    return make


@pytest.fixture(scope="session", params=PYTHONS)
def cde(request: pytest.FixtureRequest, cdes: Callable[[str], Cde]) -> Cde:
    """The CDE images, on each Debian release in turn."""
    release: str = request.param
    return cdes(release)


# --- A runner of GitLab's -------------------------------------------------------------------------

PATH = "LISA/lisa-example"
# What the runner itself needs in containers of its own.
HELPER = """\
FROM localhost/debian:trixie
RUN apt-get update && apt-get install --yes --no-install-recommends rsync
"""
HELPER_IMAGE = "localhost/helper:1"


@dataclass(frozen=True)
class Runner:
    """A pushed project, and an engine that runs its jobs."""

    gitlab: GitLab
    docker: Docker
    variables: dict[str, str]
    options: tuple[str, ...]

    @property
    def root(self) -> Path:
        return self.gitlab.project

    def run(self, event: Event, *jobs: str) -> Outcome:
        happens = Event(event.branch, {**event.variables, **self.variables}, event.unset)
        return self.gitlab.run(self.docker, HELPER_IMAGE, happens, *jobs, options=self.options)


def build_from(docker: Docker, dockerfile: str, folder: Path, image: str) -> None:
    """Build an image that needs a Dockerfile and nothing else."""
    folder.mkdir()
    (folder / "Dockerfile").write_text(dockerfile, encoding="utf-8")
    docker.build(folder, image)


def forget_all_but_caches(state: Path) -> None:
    """A new session begins as a runner's machine does that has run other pipelines."""
    for path in state.glob("*"):
        if path.is_file():
            path.unlink()
        elif path.name != "cache":
            shutil.rmtree(path)


@pytest.fixture(scope="session")
def runner(
    docker: Docker, cdes: Callable[[str], Cde], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Runner]:
    """The project with every job; the hooks' repositories are local ones of the same address."""
    folder = tmp_path_factory.mktemp("jobs")
    development = cdes("trixie").development
    docker("tag", development, f"localhost/python:{PYTHONS['trixie']}")
    docker("tag", cdes("bookworm").operations, f"localhost/python:{PYTHONS['bookworm']}")
    build_from(docker, HELPER, folder / "helper", HELPER_IMAGE)
    build_from(docker, kaniko.DOCKERFILE, folder / "kaniko", kaniko.IMAGE)
    root = make_project("hatchling", folder / "project").root
    stand_ins = make_stand_ins(root, folder / "stand-ins")
    lines = ["[safe]\n\tdirectory = *\n"]
    lines += [
        f'[url "file:///stand-ins/{name}"]\n\tinsteadOf = {url}\n'
        for url, name in stand_ins.items()
    ]
    (folder / "gitconfig").write_text("".join(lines))
    with cache.borrowed(f"gitlab-{digest(root)}", folder / "kept") as (kept, _):
        forget_all_but_caches(kept / "state")
        # Whatever user an image has.
        (kept / "packages").mkdir(exist_ok=True)
        (kept / "packages").chmod(0o777)
        yield Runner(
            pushed(root, PATH, kept / "state"),
            docker,
            {
                "CI_REGISTRY": kaniko.REGISTRY,
                "CI_REGISTRY_IMAGE": f"{kaniko.REGISTRY}/{PATH.lower()}",
                "CI_REGISTRY_PASSWORD": kaniko.PASSWORD,
                "CI_REGISTRY_USER": kaniko.USER,
                "LISA_BUILDER_IMAGE": kaniko.IMAGE,
                "LISA_PYTHON_IMAGE": "localhost/python",
                "LISA_JOB_IMAGE": development,
                "UV_CACHE_DIR": "/packages",
            },
            (
                f"--volume={kept}/packages:/packages",
                f"--volume={folder}/stand-ins:/stand-ins:ro",
                f"--volume={folder}/gitconfig:/etc/gitconfig:ro",
            ),
        )
