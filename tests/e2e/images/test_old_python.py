"""A CDE image whose Python is older than the package supports."""

from __future__ import annotations

from pathlib import Path

import pytest

from ..conftest import VERSION
from ..parts.docker import Docker
from .conftest import Cde
from .test_package import make_project


@pytest.mark.parametrize("cde", ["bookworm"], indirect=True)
def test_uv_is_asked_for_a_newer_python_and_the_old_one_is_not_used(
    cde: Cde, docker: Docker, tmp_path: Path
) -> None:
    """The download itself cannot run here: no registry has those archives."""
    root = make_project(tmp_path / "project", python_min="3.13", cde_image=cde.operations)
    said = docker.cannot_build(root, "localhost/none", VERSION=VERSION)
    asked, fetched, refused = (
        said.index("CDE image: no Python 3.13 or newer. uv fetches it."),
        said.index("/cpython-3.13."),
        said.index("No Python 3.13: take a newer CDE image (--build-arg CDE_IMAGE=...), or build"),
    )
    assert asked < fetched < refused
