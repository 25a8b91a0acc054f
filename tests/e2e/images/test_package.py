"""The image of a generated package, FROM the CDE image."""

from __future__ import annotations

import json
import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from ...support.answers import answers, template
from ...support.tools import commit_all, git
from ...template.test_versions import pins
from ..conftest import VERSION
from ..parts.docker import Docker
from .conftest import Cde

NAME = "lisa-noise"


@dataclass(frozen=True)
class Built:
    """A project and its image."""

    cde: Cde
    root: Path
    image: str


def make_project(root: Path, **given: Any) -> Path:
    """A package with a program, tagged."""
    template().render(answers(distribution=NAME, import_name="lisa_noise", cli=True, **given), root)
    commit_all(root)
    git("tag", "--annotate", f"v{VERSION}", f"--message={VERSION}", cwd=root)
    return root


@pytest.fixture(scope="module")
def built(cde: Cde, docker: Docker, tmp_path_factory: pytest.TempPathFactory) -> Built:
    """The image, built as the first lines of the Dockerfile say, beside things it must not take."""
    root = make_project(tmp_path_factory.mktemp("package") / NAME, cde_image=cde.operations)
    for path in (".env", "data.h5", "src/lisa_noise/__pycache__/noise.cpython-39.pyc"):
        (root / path).parent.mkdir(exist_ok=True)
        (root / path).write_text("not for the image")
    image = f"localhost/{NAME}:{VERSION}-{cde.release}"
    docker.build(root, image, VERSION=VERSION, REVISION=git("rev-parse", "HEAD", cwd=root).strip())
    return Built(cde, root, image)


def inspected(docker: Docker, image: str) -> dict[str, Any]:
    found: list[dict[str, Any]] = json.loads(docker("image", "inspect", image))
    return found[0]


def test_its_version_is_that_of_the_tag(built: Built, docker: Docker) -> None:
    say = "import lisa_noise; print(lisa_noise.__version__)"
    assert docker.run(built.image, "python", "-c", say) == f"{VERSION}\n"
    assert docker.run(built.image, NAME, "--version") == f"{VERSION}\n"
    labels = inspected(docker, built.image)["Config"]["Labels"]
    prefix = "org.opencontainers.image."
    found = {key.removeprefix(prefix): value for key, value in labels.items()}
    url = f"https://gitlab.in2p3.fr/LISA/{NAME}"
    assert (
        found.items()
        >= {
            "base.name": built.cde.operations,
            "licenses": "BSD-3-Clause",
            "revision": git("rev-parse", "HEAD", cwd=built.root).strip(),
            "source": url,
            "title": NAME,
            "url": url,
            "version": VERSION,
        }.items()
    )


def test_it_runs_as_lisauser_on_the_python_of_the_cde(built: Built, docker: Docker) -> None:
    assert inspected(docker, built.image)["Config"]["User"] == "lisauser"
    say = "import getpass, os, sys; print(getpass.getuser(), os.getcwd(), *sys.version_info[:2])"
    said = docker.run(built.image, "python", "-c", say).split()
    assert said == ["lisauser", "/home/lisauser", *built.cde.python.split(".")]
    helped = docker.run(built.image)
    assert helped.startswith(f"usage: {NAME} ")


# As under Apptainer: whoever calls it, and nothing to write to.
FOREIGN = ("--user=12345:54321", "--read-only", "--cap-drop=ALL", "--env=HOME=/nowhere")


def test_it_runs_as_anybody_and_writes_nothing(built: Built, docker: Docker) -> None:
    said = docker.run(built.image, NAME, "1e-3", options=FOREIGN)
    assert said.splitlines()[1].split() == ["1.0000e-03", "1.0443e-29", "3.8250e-21"]
    assert docker.run(built.image, "id", "--user", options=FOREIGN) == "12345\n"


def test_its_tests_pass_inside(built: Built, docker: Docker) -> None:
    """With pytest beside it, for the time of the run; the sources are not importable."""
    install = (
        "set -e; pip=$(which -a python3 | sed -n 2p);"
        " $pip -m pip --quiet --python $(which python) install --target /tmp/tools"
        " pytest pytest-cov;"
        " PYTHONPATH=/tmp/tools python -m pytest -p no:cacheprovider -q tests"
    )
    sources = f"--volume={built.root}:/sources:ro"
    options = (sources, "--workdir=/sources", "--read-only", "--tmpfs=/tmp:exec", "--env=HOME=/tmp")
    said = docker.run(built.image, "sh", "-c", install, options=options)
    assert " passed" in said
    assert "skipped" not in said


def test_it_holds_the_package_and_nothing_of_the_build(built: Built, docker: Docker) -> None:
    ours, cde = (inspected(docker, image) for image in (built.image, built.cde.operations))
    layers = ours["RootFS"]["Layers"]
    assert layers[:-1] == cde["RootFS"]["Layers"], "one more layer than the CDE image"
    home = f"/opt/{NAME}"
    hidden = docker.run(built.image, "find", home, "-not", "-perm", "-o+r", "-not", "-type", "l")
    assert hidden == ""
    assert docker.run(built.image, "ls", home) == "venv\n"


def test_nothing_else_of_the_working_copy_reaches_the_builder(built: Built, docker: Docker) -> None:
    stage = f"{built.image}-build"
    words = ("--network=host", f"--build-arg=VERSION={VERSION}", "--target=build")
    docker("build", *words, f"--tag={stage}", built.root)
    listed = docker.run(stage, "find", "source", "-type", "f", "-printf", "%P\\n")
    made = ("build/", "src/lisa_noise.egg-info/")
    sent = {path for path in listed.splitlines() if not path.startswith(made)}
    assert sent == {
        *(".git_archival.txt", "LICENSE", "MANIFEST.in", "README.md"),
        *("build-constraints.txt", "constraints.txt"),
        *(f"src/lisa_noise/{name}.py" for name in ("__init__", "__main__", "cli", "noise")),
        *("pyproject.toml", "src/lisa_noise/py.typed", "src/lisa_noise/series.py"),
    }


def test_it_has_the_versions_that_are_locked(built: Built, docker: Docker) -> None:
    locked = pins((built.root / "constraints.txt").read_text(encoding="utf-8"), built.cde.python)
    say = (
        "from importlib.metadata import distributions as d;"
        " print(*(f'{each.name.lower()}=={each.version}' for each in d()))"
    )
    found = dict(each.split("==") for each in docker.run(built.image, "python", "-c", say).split())
    assert found.pop(NAME) == VERSION
    assert found == locked


def test_a_lock_that_lacks_something_is_told(built: Built, docker: Docker, tmp_path: Path) -> None:
    root = tmp_path / "project"
    shutil.copytree(built.root, root)
    lock = root / "constraints.txt"
    text = lock.read_text(encoding="utf-8")
    lock.write_text(re.sub(r"(?m)^h5py==[^ ]* \\\n(    --hash=.*\n)+", "", text))
    assert lock.read_text(encoding="utf-8") != text
    said = docker.cannot_build(root, "localhost/none", VERSION=VERSION)
    assert "constraints.txt is out of date: run nox -s lock, and commit it." in said


def test_what_builds_is_what_is_locked(built: Built, docker: Docker, tmp_path: Path) -> None:
    root = tmp_path / "project"
    shutil.copytree(built.root, root)
    lock = root / "build-constraints.txt"
    text = lock.read_text(encoding="utf-8")
    (root / "build-constraints.txt").write_text(re.sub(r"sha256:\w{8}", "sha256:00000000", text))
    said = docker.cannot_build(root, "localhost/none", VERSION=VERSION)
    assert "Hash mismatch for `" in said
    assert "If that is about hashes: run nox -s lock, and commit build-constraints.txt." in said
    lock.write_text(re.sub(r"(?m)^setuptools-scm==[^ ]* \\\n(    --hash=.*\n)+", "", text))
    said = docker.cannot_build(root, "localhost/none", VERSION=VERSION)
    assert "no trusted hash was provided for: `setuptools-scm`" in said


def test_without_a_version_there_is_no_image(built: Built, docker: Docker) -> None:
    said = docker.cannot_build(built.root, "localhost/none")
    assert "VERSION is missing: give --build-arg VERSION=X.Y.Z" in said
