"""One engine for all, and the CDE images that generated projects start from."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

import pytest

from ..parts import docker as engine
from ..parts.base import PYTHONS, write_context
from ..parts.cde import NAME, Repository, make_repository
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
