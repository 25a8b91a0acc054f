"""What an editor does with the devcontainer of a generated package, on a CDE image."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from ...support.tools import git
from ..parts.docker import Docker
from .conftest import Cde
from .test_package import make_project


def test_after_its_command_the_tests_pass(trixie: Cde, docker: Docker, tmp_path: Path) -> None:
    """As the user of the image, to whom editors give the user number of who works there."""
    answers = {"cde_image": trixie.operations, "extras": ["devcontainer"]}
    root = make_project(tmp_path / "project", **answers)
    told = json.loads((root / ".devcontainer/devcontainer.json").read_text("utf-8"))
    owner = int(docker.run(told["image"], "id", "--user"))
    assert owner > 0
    for path in (root, *root.rglob("*")):
        shutil.chown(path, owner)
    place = "/workspaces/project"
    options = ("--detach", "--init", "--pull=never", "--network=host", "--env=PIP_NO_COMPILE=1")
    mounted = (f"--volume={root}:{place}", f"--workdir={place}")
    container = docker("run", *options, *mounted, told["image"], "sleep", "infinity").strip()
    try:
        docker("exec", container, "sh", "-c", told["postCreateCommand"])
        session = f"tests-{trixie.python}"
        said = docker("exec", container, ".venv/bin/nox", "--sessions", session)
        # What editors are told to use is there, and has the package and its tools.
        python = told["customizations"]["vscode"]["settings"]["python.defaultInterpreterPath"]
        docker("exec", container, python, "-c", "import lisa_noise.noise, nox, pre_commit")
    finally:
        docker("rm", "--force", container)
    assert f"Python {trixie.python}." in said
    assert " passed" in said
    assert "skipped" not in said
    assert git("-c", "safe.directory=*", "status", "--porcelain", cwd=root) == ""
