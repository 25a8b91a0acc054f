"""The CDE's images, built with buildah, as root and with chroot isolation."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from ..parts import buildah as storage
from ..parts.base import write_context
from ..parts.buildah import Buildah
from ..parts.cde import HOME, NAME, REPORT, VERSION, Repository, all_passed, make_repository

RELEASE = "trixie"


@pytest.fixture(scope="module")
def buildah(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Buildah]:
    with storage.stored(tmp_path_factory.mktemp("buildah") / "storage") as stored:
        yield stored


@pytest.fixture(scope="module")
def repository(buildah: Buildah, tmp_path_factory: pytest.TempPathFactory) -> Repository:
    folder: Path = tmp_path_factory.mktemp(RELEASE)
    context = write_context(RELEASE, folder / "base")
    buildah("build", "--layers", "--network=host", f"--tag=localhost/debian:{RELEASE}", context)
    return make_repository(folder / NAME, RELEASE)


def test_both_images_are_built_and_pass_their_tests(
    repository: Repository, buildah: Buildah
) -> None:
    """Development is built on the operations that comes to be on the way."""
    for image, number in ("development", 60), ("operations", 30):
        name = repository.build(image, buildah.program, buildah.environment)
        all_passed(buildah.run(name, "cat", REPORT), number)
        assert buildah.run(name, "id", "--user", "--name") == "lisauser\n"
        assert buildah.run(name, "cat", f"{HOME}/contents/version") == f"{VERSION}\n"
