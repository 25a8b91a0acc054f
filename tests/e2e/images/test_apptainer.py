"""The CDE's images for computing centres, made from the very images that Docker has."""

from __future__ import annotations

import pytest

from ..parts.apptainer import Apptainer
from ..parts.cde import HOME, VERSION

IMAGES = ["operations", "development"]


@pytest.mark.parametrize("image", IMAGES)
def test_the_image_runs_as_anybody(image: str, cluster: Apptainer) -> None:
    say = "import getpass, h5py, sys; print(getpass.getuser(), h5py.__version__, sys.prefix)"
    user, version, prefix = cluster("exec", f"{image}.sif", "python3", "-c", say).split()
    assert (user, prefix) == ("ada", f"{HOME}/venv")
    assert f"h5py=={version}\n" in cluster(
        "exec", f"{image}.sif", "cat", f"{HOME}/contents/python.txt"
    )


def test_development_brings_its_tools(cluster: Apptainer) -> None:
    assert cluster("exec", "development.sif", "ruff", "--version").startswith("ruff ")
    assert cluster("exec", "development.sif", "gcc", "--version").startswith("gcc (Debian")


def test_the_labels_come_along(cluster: Apptainer) -> None:
    said = cluster("inspect", "--labels", "operations.sif")
    assert f"org.opencontainers.image.version: {VERSION}\n" in said
