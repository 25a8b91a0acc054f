"""The CDE's own repository: its images, built with Docker, and what they do."""

from __future__ import annotations

import json
import urllib.request
from pathlib import Path
from typing import Any

from ...support.tools import git
from ..parts.cde import HOME, NAME, REPORT, VERSION, all_passed
from ..parts.docker import Docker
from .conftest import Cde, Published

# What the images may weigh here; their own tests know the budget of what is in them.
LARGEST = {"operations": 1.1e9, "development": 2.0e9}


def inspected(docker: Docker, image: str) -> dict[str, Any]:
    found: list[dict[str, Any]] = json.loads(docker("image", "inspect", image))
    return found[0]


def test_the_tests_of_operations_passed_inside_of_it(cde: Cde, docker: Docker) -> None:
    all_passed(docker.run(cde.operations, "cat", REPORT), 30)


def test_the_tests_of_development_passed_inside_of_it(cde: Cde, docker: Docker) -> None:
    all_passed(docker.run(cde.development, "cat", REPORT), 60)


def test_operations_is_what_it_says(cde: Cde, docker: Docker) -> None:
    found = inspected(docker, cde.operations)
    settings = found["Config"]
    assert (settings["User"], settings["WorkingDir"]) == ("lisauser", "/home/lisauser")
    assert settings["Cmd"] == ["bash"]
    prefix = "org.opencontainers.image."
    url = f"https://gitlab.in2p3.fr/LISA/{NAME}"
    assert {key.removeprefix(prefix): value for key, value in settings["Labels"].items()} == {
        "base.name": f"localhost/debian:{cde.release}",
        "licenses": "BSD-3-Clause",
        "revision": git("rev-parse", "HEAD", cwd=cde.repository.root).strip(),
        "source": url,
        "title": f"{NAME} operations",
        "url": url,
        "version": VERSION,
    }
    assert docker.run(cde.operations, "cat", f"{HOME}/contents/version") == f"{VERSION}\n"
    assert found["Size"] < LARGEST["operations"]


def test_it_runs_as_anybody_and_writes_nothing(cde: Cde, docker: Docker) -> None:
    foreign = ("--user=12345:54321", "--read-only", "--cap-drop=ALL", "--env=HOME=/nowhere")
    say = "import astropy, h5py, scipy, sys; print(*sys.version_info[:2])"
    said = docker.run(cde.operations, "python3", "-W", "ignore", "-c", say, options=foreign)
    assert said.split() == cde.python.split(".")


def test_development_is_built_on_operations(cde: Cde, docker: Docker) -> None:
    operations, development = (
        inspected(docker, image) for image in (cde.operations, cde.development)
    )
    # The last two of operations are the version and the report of the tests.
    shared = operations["RootFS"]["Layers"][:-2]
    assert development["RootFS"]["Layers"][: len(shared)] == shared
    assert development["Config"]["Cmd"] == ["jupyter-service"]
    assert development["Config"]["User"] == "lisauser"
    assert set(development["Config"]["ExposedPorts"]) == {"8888/tcp"}
    assert development["Size"] < LARGEST["development"]


# --- Where there can be no image ------------------------------------------------------------------


def test_an_image_that_fails_its_tests_is_never_finished(
    trixie: Cde, docker: Docker, tmp_path: Path
) -> None:
    """The test is the only thing that is changed: all else comes from the cache."""
    git("clone", "--quiet", trixie.repository.root, tmp_path / NAME, cwd=tmp_path)
    test = tmp_path / NAME / "images/tests/test_operations.py"
    changed = test.read_text(encoding="utf-8").replace(
        'HOME = Path("/home/lisauser")', 'HOME = Path("/home/ada")'
    )
    test.write_text(changed, encoding="utf-8")
    base = f"localhost/debian:{trixie.release}"
    said = docker.cannot_build(
        tmp_path / NAME / "images", "localhost/none", BASE_IMAGE=base, VERSION=VERSION
    )
    assert "FAILED test_operations.py::test_the_home_is_the_user_s_own" in said
    assert docker("images", "--quiet", "localhost/none") == ""


def test_without_a_version_there_is_no_image(trixie: Cde, docker: Docker) -> None:
    base = f"localhost/debian:{trixie.release}"
    said = docker.cannot_build(trixie.repository.root / "images", "localhost/none", BASE_IMAGE=base)
    assert "VERSION is missing: give --build-arg VERSION=X.Y.Z" in said


def test_a_runner_without_privilege_is_told_to_take_kaniko(trixie: Cde, docker: Docker) -> None:
    """As on a shared runner: root in a container, under the seccomp profile of Docker."""
    options = ("--user=root", f"--volume={trixie.repository.root}:/builds:ro", "--workdir=/builds")
    variables = ("--env=LISA_BUILDER=buildah", "--env=VERSION=1", "--env=REVISION=abc")
    words = ("run", "--rm", "--pull=never", "--network=host", *options, *variables)
    code, said = docker.tries(*words, trixie.operations, "images/build", "operations")
    assert code == 1
    assert said.startswith(
        "images/build: this machine forbids unshare, which buildah needs\n"
        "  Set LISA_BUILDER to kaniko (and LISA_BUILDER_IMAGE to its image), or LISA_BUILDER_TAG"
    )


# --- Where it is pushed to ------------------------------------------------------------------------


def test_a_push_gives_the_image_and_its_digest(
    published: Published, trixie: Cde, docker: Docker
) -> None:
    host, name = published.reference.split("/", 1)[0], f"lisa/{NAME}"
    url = f"http://{host}/v2/{name}/manifests/{VERSION}"
    form = "application/vnd.docker.distribution.manifest.v2+json"
    request = urllib.request.Request(url, headers={"Accept": form})
    with urllib.request.urlopen(request) as answered:  # noqa: S310
        digest = answered.headers["Docker-Content-Digest"]
        manifest = json.load(answered)
    assert published.pinned == f"{host}/{name}@{digest}"
    assert manifest["config"]["digest"] == inspected(docker, trixie.operations)["Id"]
