"""One engine for all, and the CDE images that generated projects start from."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

import pytest

from ..parts import apptainer, registry
from ..parts import docker as engine
from ..parts.apptainer import Apptainer
from ..parts.base import PYTHONS, write_context
from ..parts.cde import NAME, VERSION, Repository, make_repository
from ..parts.docker import Docker


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
    """The two CDE images on one Debian release, each built when somebody asks for it."""

    repository: Repository
    docker: Docker

    @property
    def release(self) -> str:
        return self.repository.release

    @property
    def python(self) -> str:
        return PYTHONS[self.release]

    @cached_property
    def operations(self) -> str:
        """Name of the operations image."""
        return self._built("operations", "")

    @cached_property
    def development(self) -> str:
        """Name of the development image."""
        return self._built("development", "-dev")

    def _built(self, image: str, suffix: str) -> str:
        name = self.repository.build(image, self.docker.client, self.docker.environment)
        kept = f"localhost/{NAME}:{self.release}{suffix}"
        self.docker("tag", name, kept)
        return kept


@pytest.fixture(scope="session")
def cdes(docker: Docker, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Cde]:
    """The CDE images on a Debian release."""

    @cache
    def make(release: str) -> Cde:
        folder: Path = tmp_path_factory.mktemp(release)
        docker.build(write_context(release, folder / "base"), f"localhost/debian:{release}")
        return Cde(make_repository(folder / NAME, release), docker)

    return make


@pytest.fixture(scope="session", params=PYTHONS)
def cde(request: pytest.FixtureRequest, cdes: Callable[[str], Cde]) -> Cde:
    """The CDE images, on each Debian release in turn."""
    release: str = request.param
    return cdes(release)


@pytest.fixture(scope="session")
def trixie(cdes: Callable[[str], Cde]) -> Cde:
    """The CDE images on the newest of them."""
    return cdes("trixie")


@dataclass(frozen=True)
class Published:
    """The operations image in a registry.

    Attributes
    ----------
    reference
        Its name there, with its version as tag.
    pinned
        The same by its digest.
    """

    reference: str
    pinned: str


@pytest.fixture(scope="session")
def published(
    trixie: Cde, docker: Docker, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Published]:
    """Push the operations image as the pipeline does."""
    assert trixie.operations
    with registry.serving(tmp_path_factory.mktemp("registry")) as host:
        name = f"{host}/lisa/{NAME}"
        repository, client = trixie.repository, docker.client
        repository.build("operations", client, docker.environment, f"{name}:{VERSION}")
        yield Published(f"{name}:{VERSION}", f"{name}@{repository.digest}")


@pytest.fixture(scope="session")
def cluster(
    trixie: Cde,
    docker: Docker,
    published: Published,
    tmp_path_factory: pytest.TempPathFactory,
) -> Apptainer:
    """Apptainer, and what it made: the operations image as in the pipeline, from the registry."""
    made = apptainer.installed(tmp_path_factory.mktemp("cluster"))
    made("build", "operations.sif", f"docker://{published.pinned}")
    made("push", "operations.sif", f"oras://{published.reference}-sif")
    archive = made.work / "development.tar"
    docker("save", f"--output={archive}", trixie.development)
    archive.chmod(0o644)
    made("build", "development.sif", "docker-archive:development.tar")
    archive.unlink()
    made("push", "development.sif", f"oras://{published.reference}-dev-sif")
    return made
