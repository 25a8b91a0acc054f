"""The CDE's images for computing centres, made from the very images that Docker has."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from ..parts import apptainer as system
from ..parts.apptainer import QUICK, Apptainer
from ..parts.cde import HOME
from ..parts.docker import Docker
from .conftest import Cde


@pytest.fixture(scope="module")
def apptainer(
    cdes: Callable[[str], Cde], docker: Docker, tmp_path_factory: pytest.TempPathFactory
) -> Apptainer:
    """Apptainer beside the images that it has made."""
    made = system.installed(tmp_path_factory.mktemp("apptainer"))
    for image in "operations", "development":
        docker("save", f"--output={made.work / image}.tar", getattr(cdes("trixie"), image))
        made("build", "--mksquashfs-args", QUICK, f"{image}.sif", f"docker-archive:{image}.tar")
        (made.work / f"{image}.tar").unlink()
    return made


IMAGES = ["operations", "development"]


@pytest.mark.parametrize("image", IMAGES)
def test_the_image_runs(image: str, apptainer: Apptainer) -> None:
    say = "import h5py, sys; print(h5py.__file__.startswith(sys.prefix), sys.prefix)"
    said = apptainer("exec", "--no-privs", f"{image}.sif", "python3", "-c", say)
    assert said.split() == ["True", f"{HOME}/venv"]


def test_development_brings_its_tools(apptainer: Apptainer) -> None:
    said = apptainer("exec", "--no-privs", "development.sif", "ruff", "--version")
    assert said.startswith("ruff ")


def test_the_labels_come_along(apptainer: Apptainer) -> None:
    said = apptainer("inspect", "--labels", "operations.sif")
    assert "org.opencontainers.image.version: 1.2.3\n" in said
