"""One engine for all, and the CDE images that generated projects start from."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache

import pytest

from ..parts import docker as engine
from ..parts.base import PYTHONS, write_context
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

    @cache
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
